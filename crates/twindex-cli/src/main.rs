//! The command line of Twindex: `demo`, `shell`, `query`, `load`, `check`, `backup`,
//! `restore`, `compact`, `stats`, `generate`, `bench`.
//!
//! stdout carries data and nothing else; talk, warnings and progress go to stderr. The exit code
//! says how it went: 0 fine, 1 data or query error, 2 usage, 130 Ctrl-C.

mod answer;
mod args;
mod bench;
mod change;
mod commands;
mod copy;
mod failure;
mod fleet;
mod interrupt;
mod load;
mod output;
mod resident;
mod samples;
mod script;
mod shell;
mod store;

use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::failure::{AlreadyTold, Interrupted, UsageError, is_broken_pipe, told};
use crate::output::printable;

/// Exit code of an error in the data or in a query.
const EXIT_FAILED: u8 = 1;
/// Exit code after Ctrl-C, as shells report it.
const EXIT_INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = args::Cli::of_command_line(std::env::args_os());
    interrupt::install();
    match commands::run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit_code(&error),
    }
}

/// Tells what went wrong, if that has not been told, and decides the exit code.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if let Some(usage) = error.downcast_ref::<UsageError>() {
        let kind = clap::error::ErrorKind::ArgumentConflict;
        args::Cli::command().error(kind, usage).exit();
    }
    if !error.is::<AlreadyTold>() {
        let code = error.chain().find_map(|cause| cause.downcast_ref::<twindex::Error>());
        let code = code.map_or_else(String::new, |error| format!("[{}]", error.code()));
        // Nobody is left to tell if stderr is gone.
        let _ = writeln!(std::io::stderr(), "error{code}: {}", printable(&told(error)));
    }
    if error.is::<Interrupted>() {
        return ExitCode::from(EXIT_INTERRUPTED);
    }
    ExitCode::from(EXIT_FAILED)
}
