//! One file a subcommand; this one chooses.

mod bench;
mod check;
mod demo;
mod generate;
mod load;
mod query;
mod run;
mod shell;

pub(crate) use run::run;
