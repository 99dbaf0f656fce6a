//! How a command ends: the errors that decide the exit code, told apart by type.
//!
//! Everything else is an `anyhow::Error` and exits with 1. Exit codes are part of the contract with
//! scripts, so they are decided in one place.

use std::fmt;
use std::io;

/// The flags do not go together: exit code 2, drawn as clap draws its own.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Something failed and has been told already: exit code 1, nothing more to print.
#[derive(Debug)]
pub(crate) struct AlreadyTold;

impl fmt::Display for AlreadyTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for AlreadyTold {}

/// Ctrl-C stopped it, and what was begun was taken back: exit code 130.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped, nothing is left of it")
    }
}

impl std::error::Error for Interrupted {}

/// An error and its causes in one line. Some name their cause in their own text: it is not said twice.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// Whether the reader of our output went away, which is no error of ours (`twindex … | head`).
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(io_is_broken_pipe)
}

/// The csv crate wraps an `io::Error` without naming it as its source, and is wrapped in another.
fn io_is_broken_pipe(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<csv::Error>());
    let kind = match inner.map(csv::Error::kind) {
        Some(csv::ErrorKind::Io(error)) => error.kind(),
        _ => error.kind(),
    };
    kind == io::ErrorKind::BrokenPipe
}

#[cfg(test)]
mod tests {
    use super::{io, is_broken_pipe, told};

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("no such file").context("cannot read `x`: no such file");
        assert_eq!(
            told(&error.context("cannot load")),
            "cannot load: cannot read `x`: no such file"
        );
    }

    #[test]
    fn broken_pipes_are_found_under_context() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_broken_pipe(&anyhow::Error::from(pipe()).context("while writing")));
        let from_csv = io::Error::from(csv::Error::from(pipe()));
        assert!(is_broken_pipe(&anyhow::Error::from(from_csv)));
        assert!(!is_broken_pipe(&anyhow::Error::from(io::Error::other("no"))));
    }
}
