//! What the shell keeps between two inputs, and doing what an input says.
//!
//! Shared by the prompt and by scripts. Data goes to stdout, everything else to stderr, so a
//! script's output can be piped on.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::num::NonZeroUsize;

use twindex::{Collection, Error, Twindex};

use crate::answer::{AskError, Manner, Told, answer};
use crate::args::{Format, LoadArgs};
use crate::change::{Consent, unconfirmed};
use crate::failure::UsageError;
use crate::interrupt::Interruptible;
use crate::load::load_all;
use crate::output::{Colour, Shown, bytes, count, draw_error, draw_warnings, duration, plural};
use crate::samples::SAMPLES;
use crate::script::{Script, Statement};
use crate::shell::dot::{self, DotCommand};

/// Rows shown at a time at first.
const ROWS_SHOWN: usize = 40;

/// A shell's state.
#[derive(Debug)]
pub(crate) struct Session {
    db: Twindex,
    format: Format,
    /// `None`: all rows.
    rows_shown: Option<NonZeroUsize>,
    shows_time: bool,
    consent: Consent,
    last: Option<Last>,
}

/// A query that has more rows.
#[derive(Debug)]
struct Last {
    text: String,
    token: String,
}

/// How an input went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Fine.
    Done,
    /// Something was refused, and that has been told.
    Refused,
    /// The user wants to leave.
    Leave,
}

impl Session {
    /// A session on `db` that shows the first rows of a query and how long it took.
    pub(crate) fn new(db: Twindex, format: Format) -> Self {
        let rows_shown = NonZeroUsize::new(ROWS_SHOWN);
        Self { db, format, rows_shown, shows_time: true, consent: Consent::Ask, last: None }
    }

    /// The same, but all rows are shown and no times, as a script's reader wants it.
    pub(crate) fn for_script(db: Twindex, format: Format) -> Self {
        let consent = Consent::Missing;
        Self { rows_shown: None, shows_time: false, consent, ..Self::new(db, format) }
    }

    /// The same, but changes of twins are done without asking if `consent` says so.
    pub(crate) fn with_consent(self, consent: Consent) -> Self {
        Self { consent, ..self }
    }

    /// Does what an input says: one dot command, or any number of statements.
    ///
    /// # Errors
    /// Only where the answer cannot be written.
    pub(crate) fn run(&mut self, input: &str) -> anyhow::Result<Outcome> {
        if dot::is_dot_command(input) {
            return self.run_dot(input);
        }
        self.run_statements(input)
    }

    /// Runs statements up to the first that is refused.
    pub(crate) fn run_statements(&mut self, text: &str) -> anyhow::Result<Outcome> {
        let script = Script::new("shell", text);
        for statement in script.statements() {
            if self.ask(&statement, None)? == Outcome::Refused {
                return Ok(Outcome::Refused);
            }
        }
        Ok(Outcome::Done)
    }

    fn ask(&mut self, statement: &Statement<'_>, after: Option<String>) -> anyhow::Result<Outcome> {
        let interruptible = Interruptible::begin();
        let stdout = io::stdout();
        let manner = Manner {
            format: self.format,
            is_terminal: stdout.is_terminal(),
            page_rows: self.rows_shown,
            cancel: interruptible.token().clone(),
            after,
            consent: self.consent,
        };
        let mut out = BufWriter::new(stdout.lock());
        let answered = answer(&self.db, statement.text(), &manner, &mut out);
        out.flush()?;
        match answered {
            Ok(told) => {
                self.tell(statement, &told)?;
                if told.changed.as_ref().is_some_and(|changed| !changed.is_complete) {
                    return Ok(Outcome::Refused);
                }
                let text = statement.text().to_owned();
                self.last = told.next.map(|token| Last { text, token });
                Ok(Outcome::Done)
            }
            Err(AskError::Write(error)) => Err(error.into()),
            Err(AskError::Unconfirmed(what)) => Err(UsageError(unconfirmed(&what)).into()),
            Err(AskError::Refused(error)) => Ok(refuse(statement, &error)?),
        }
    }

    fn tell(&self, statement: &Statement<'_>, told: &Told) -> io::Result<()> {
        let mut err = io::stderr().lock();
        draw_warnings(&mut err, statement, &told.warnings, Colour::of_stderr())?;
        let mut parts = Vec::new();
        parts.extend(told.changed.as_ref().map(|changed| changed.summary.clone()));
        if let Some(n_rows) = told.n_rows {
            let rows = plural(n_rows, "row");
            let first = format!("{rows} shown, `.more` shows the next");
            parts.push(if told.next.is_some() { first } else { rows });
        }
        if self.shows_time {
            parts.push(duration(told.time));
        }
        if told.shown == Shown::Brief {
            parts.push("whole twins in brief, `.format json` shows everything".to_owned());
        }
        if parts.is_empty() { Ok(()) } else { writeln!(err, "{}", parts.join("; ")) }
    }

    fn run_dot(&mut self, input: &str) -> anyhow::Result<Outcome> {
        match dot::parse(input) {
            Ok(command) => self.obey(command),
            Err(message) => {
                writeln!(io::stderr(), "error: {message}")?;
                Ok(Outcome::Refused)
            }
        }
    }

    fn obey(&mut self, command: DotCommand) -> anyhow::Result<Outcome> {
        match command {
            DotCommand::Help => write!(io::stdout(), "{}", dot::HELP)?,
            DotCommand::Samples => write_samples(&mut io::stdout().lock())?,
            DotCommand::More => return self.more(),
            DotCommand::Rows(rows) => self.rows_shown = NonZeroUsize::new(rows),
            DotCommand::Format(format) => self.format = format,
            DotCommand::Timer(on) => self.shows_time = on.unwrap_or(!self.shows_time),
            DotCommand::Load(path) => {
                let input = LoadArgs { load: vec![path], ..LoadArgs::default() };
                if let Err(error) = load_all(&self.db, &input) {
                    writeln!(io::stderr(), "error: {error:#}")?;
                    return Ok(Outcome::Refused);
                }
            }
            DotCommand::Stats => write_stats(&self.db, &mut io::stdout().lock())?,
            DotCommand::Quit => return Ok(Outcome::Leave),
        }
        Ok(Outcome::Done)
    }

    fn more(&mut self) -> anyhow::Result<Outcome> {
        let Some(Last { text, token }) = self.last.take() else {
            writeln!(io::stderr(), "no more rows")?;
            return Ok(Outcome::Done);
        };
        let script = Script::new("shell", text);
        match script.statements().next() {
            Some(statement) => self.ask(&statement, Some(token)),
            None => Ok(Outcome::Done),
        }
    }
}

/// Draws why a statement has no answer.
fn refuse(statement: &Statement<'_>, error: &Error) -> io::Result<Outcome> {
    draw_error(&mut io::stderr().lock(), statement, error, Colour::of_stderr())?;
    Ok(Outcome::Refused)
}

fn write_samples(out: &mut dyn Write) -> io::Result<()> {
    SAMPLES.iter().try_for_each(|sample| writeln!(out, "-- {}\n{};\n", sample.title, sample.query))
}

/// Writes how many twins there are and what they take.
pub(crate) fn write_stats(db: &Twindex, out: &mut dyn Write) -> io::Result<()> {
    let (devices, modules) = (db.n_twins(Collection::Devices), db.n_twins(Collection::Modules));
    let n_bytes = db.stats().bytes_total() as u64;
    let devices_text = plural(devices, "device");
    let modules_text = plural(modules, "module");
    writeln!(out, "twins   {} ({devices_text}, {modules_text})", count(devices + modules))?;
    match n_bytes.checked_div(devices + modules) {
        Some(each) => writeln!(out, "memory  {}, {each} B a twin", bytes(n_bytes)),
        None => writeln!(out, "memory  {}", bytes(n_bytes)),
    }
}
