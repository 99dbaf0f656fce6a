//! The shell off a terminal: statements and dot commands from a reader, answered as they come.

use std::io::BufRead;

use twindex::script::is_unfinished;

use crate::failure::AlreadyTold;
use crate::shell::dot::is_dot_command;
use crate::shell::session::{Outcome, Session};

/// Bytes up to which an unfinished input is looked at anew with each line that may end it. Beyond,
/// only each time it has doubled, so that reading takes linear time whatever comes.
const EAGER_BYTES: usize = 1 << 16;

/// Runs a script. A dot command stands alone on its line, between statements.
///
/// # Errors
/// [`AlreadyTold`] at the first statement or command that is refused; the rest is not run.
pub(crate) fn run_script(mut session: Session, input: impl BufRead) -> anyhow::Result<()> {
    let mut pending = String::new();
    let mut look_at_bytes = 0;
    for line in input.lines() {
        let line = line?;
        if pending.trim().is_empty() && is_dot_command(&line) {
            pending.clear();
            match session.run(&line)? {
                Outcome::Done => continue,
                Outcome::Leave => return Ok(()),
                Outcome::Refused => return Err(AlreadyTold.into()),
            }
        }
        pending.push_str(&line);
        pending.push('\n');
        let may_end = line.contains(';') && pending.len() >= look_at_bytes;
        if may_end && !is_unfinished(&pending) {
            run_statements(&mut session, &pending)?;
            pending.clear();
        }
        look_at_bytes = next_look(pending.len(), look_at_bytes, may_end);
    }
    run_statements(&mut session, &pending)
}

/// Length of the input at which it is worth another look.
fn next_look(n_bytes: usize, look_at_bytes: usize, has_looked: bool) -> usize {
    match n_bytes {
        0..EAGER_BYTES => 0,
        _ if has_looked => 2 * n_bytes,
        _ => look_at_bytes,
    }
}

/// The text holds statements alone, even if a line in it looks like a dot command.
fn run_statements(session: &mut Session, text: &str) -> anyhow::Result<()> {
    match session.run_statements(text)? {
        Outcome::Done | Outcome::Leave => Ok(()),
        Outcome::Refused => Err(AlreadyTold.into()),
    }
}
