//! The shell on a pseudo-terminal: prompt, more lines, history, leaving.

use std::time::Duration;

use expectrl::session::OsSession;
use expectrl::{Eof, Expect as _, Regex};

use crate::support::{Folder, command};

/// What a line editor asks of a terminal, and what this one answers: the cursor is at the top left.
const WHERE_IS_THE_CURSOR: &str = "\u{1b}[6n";
const CURSOR_IS_HERE: &str = "\u{1b}[1;1R";

struct Terminal(OsSession);

impl Terminal {
    fn start(folder: &Folder, twins: &str) -> Self {
        let mut command = command(&["shell", "--load", twins]);
        command.env("XDG_STATE_HOME", folder.path("state"));
        command.env("TERM", "xterm").env("NO_COLOR", "1");
        let mut session = OsSession::spawn(command).expect("a pseudo-terminal");
        session.set_expect_timeout(Some(Duration::from_secs(60)));
        Self(session)
    }

    /// Reads until `text` is shown, answering as a terminal does.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        loop {
            let found = self.0.expect(Regex(first_of([text, WHERE_IS_THE_CURSOR])));
            assert!(found.is_ok(), "`{text}` is not shown: {found:?}");
            let found = found.expect("asserted above");
            let is_question = found.matches().any(|bytes| bytes == WHERE_IS_THE_CURSOR.as_bytes());
            if !is_question {
                return;
            }
            self.0.send(CURSOR_IS_HERE).expect("the shell reads");
        }
    }

    #[track_caller]
    fn enter(&mut self, line: &str) {
        self.0.send(format!("{line}\r")).expect("the shell reads");
    }
}

/// A pattern for whichever text comes first, and that alone: without the anchor all occurrences are
/// taken, and what stands between them is lost.
fn first_of(texts: [&str; 2]) -> String {
    let is_special = |c: char| r"\.+*?()|[]{}^$".contains(c);
    let escape = |c: char| if is_special(c) { vec!['\\', c] } else { vec![c] };
    let [left, right] = texts.map(|text| text.chars().flat_map(escape).collect::<String>());
    format!("(?s-u:^.*?)({left}|{right})")
}

#[test]
fn the_prompt_works() {
    let (folder, twins) = Folder::with_twins();
    let mut terminal = Terminal::start(&folder, &twins);
    terminal.wait_for("loaded 6 twins");
    terminal.wait_for("twindex> ");
    terminal.enter("SELECT COUNT() AS devices_here");
    terminal.wait_for("...> ");
    terminal.enter("FROM devices;");
    terminal.wait_for("│            5 │");
    terminal.wait_for("1 row; ");
    terminal.wait_for("twindex> ");
    // An error is drawn and does not end the shell; Ctrl-C clears the line.
    terminal.enter("SELECT deviceId FROM devices WHERE STARTWITH(deviceId, 'd');");
    terminal.wait_for("STARTSWITH");
    terminal.wait_for("twindex> ");
    terminal.0.send("half a statem\u{3}").expect("the shell reads");
    terminal.wait_for("twindex> ");
    terminal.enter(".quit");
    terminal.0.expect(Eof).expect("the shell ends");

    let history = folder.path("state/twindex/history");
    let history = std::fs::read_to_string(history).expect("there is a history");
    assert!(history.contains("devices_here"), "{history}");
}

#[test]
fn ctrl_d_leaves() {
    let (folder, twins) = Folder::with_twins();
    let mut terminal = Terminal::start(&folder, &twins);
    terminal.wait_for("twindex> ");
    terminal.0.send("\u{4}").expect("the shell reads");
    terminal.0.expect(Eof).expect("the shell ends");
}
