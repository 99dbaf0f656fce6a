//! The shell: a prompt on a terminal, a script off one.

mod dot;
mod interactive;
mod prompt;
mod scripted;
mod session;

pub(crate) use interactive::run_interactive;
pub(crate) use scripted::run_script;
pub(crate) use session::{Session, write_stats};
