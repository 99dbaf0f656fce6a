//! From arguments to the command that takes them.

use crate::args::Command;
use crate::commands::{
    backup, bench, check, compact, demo, generate, load, query, restore, shell, stats,
};

/// Runs a command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Shell(args) => shell::run(&args),
        Command::Query(args) => query::run(&args),
        Command::Load(args) => load::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Compact(args) => compact::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Stats(args) => stats::run(&args),
        Command::Bench(args) => bench::run(&args),
    }
}
