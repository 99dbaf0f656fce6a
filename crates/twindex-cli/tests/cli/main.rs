//! The binary from the outside: what scripts rely on, and the shell on a pseudo-terminal.

mod bench;
mod change;
mod demo;
mod generate;
#[cfg(unix)]
mod kill;
mod load;
mod query;
mod shell;
mod stats;
mod store;
mod support;
#[cfg(unix)]
mod terminal;
mod usage;
