//! The prompt on a terminal.

use std::io::{self, Write as _};

use anyhow::Context as _;
use reedline::Signal;

use crate::shell::prompt::{TwindexPrompt, editor};
use crate::shell::session::{Outcome, Session};

/// Asks for inputs until the user leaves. Refused statements are drawn, and do not end it.
pub(crate) fn run_interactive(mut session: Session) -> anyhow::Result<()> {
    writeln!(io::stderr(), "Statements end with `;`. `.help` helps, `.quit` leaves.")?;
    let mut editor = editor();
    loop {
        let input = match editor.read_line(&TwindexPrompt) {
            Ok(Signal::Success(input)) => input,
            Ok(Signal::CtrlD) => return Ok(()),
            // Ctrl-C has cleared the line.
            Ok(_) => continue,
            Err(error) => return Err(error).context("cannot read from the terminal"),
        };
        if session.run(&input)? == Outcome::Leave {
            return Ok(());
        }
    }
}
