//! One file a subcommand; this one chooses.

mod backup;
mod bench;
mod check;
mod compact;
mod demo;
mod generate;
mod load;
mod query;
mod restore;
mod run;
mod shell;
mod stats;

pub(crate) use run::run;
