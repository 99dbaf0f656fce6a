//! `twindex query`: answers statements and ends.
//!
//! Everything that only usage decides is checked before the first file is loaded.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use twindex::script::is_change;
use twindex::{Error, Twindex};

use crate::answer::{AskError, Manner, Told, answer};
use crate::args::{Format, LoadArgs, QueryArgs, is_stdin};
use crate::change::{Consent, unconfirmed};
use crate::failure::{AlreadyTold, UsageError};
use crate::output::{Colour, Shown, draw_error, draw_warnings, error_line, plural, write_warnings};
use crate::script::{Script, Statement};
use crate::store::{IfMissing, open_and_load};

/// Bytes gathered before they are written.
const OUT_BYTES: usize = 1 << 16;

/// Loads, then runs every statement in order.
pub(crate) fn run(args: &QueryArgs) -> anyhow::Result<()> {
    let scripts = scripts(args)?;
    let statements: Vec<Statement<'_>> = scripts.iter().flat_map(Script::statements).collect();
    check_usage(args, &statements)?;
    let input = input_of(args, &statements);
    let db = open_and_load(&input, IfMissing::Refuse)?;
    if input.load.is_empty() && input.db.is_none() {
        writeln!(io::stderr(), "there are no twins: give --load FILE or --db DIR")?;
    }
    let stdout = io::stdout();
    let manner = Manner {
        format: args.format,
        is_terminal: stdout.is_terminal(),
        page_rows: args.page_size,
        after: args.after.clone(),
        consent: Consent::of(args.yes, io::stdin().is_terminal() && io::stderr().is_terminal()),
        ..Manner::default()
    };
    let mut out = BufWriter::with_capacity(OUT_BYTES, stdout.lock());
    let (mut n_refused, mut n_incomplete) = (0_u64, 0_u64);
    for statement in &statements {
        let error = match ask(&db, statement, &manner, &mut out)? {
            Ok(Ended::Whole) => continue,
            Ok(Ended::Incomplete) if args.continue_on_error => {
                n_incomplete += 1;
                continue;
            }
            Ok(Ended::Incomplete) => return Err(AlreadyTold.into()),
            Err(error) => error,
        };
        if !args.continue_on_error {
            draw_error(&mut io::stderr().lock(), statement, &error, Colour::of_stderr())?;
            return Err(AlreadyTold.into());
        }
        n_refused += 1;
        writeln!(out, "{}", error_line(statement.text(), &error))?;
    }
    out.flush()?;
    if n_refused > 0 {
        writeln!(io::stderr(), "{} refused", plural(n_refused, "statement"))?;
    }
    if n_refused + n_incomplete > 0 { Err(AlreadyTold.into()) } else { Ok(()) }
}

/// What is opened and loaded. A store is opened to be read alone where no statement changes a twin:
/// so several queries can run at once, and none leaves a trace.
fn input_of(args: &QueryArgs, statements: &[Statement<'_>]) -> LoadArgs {
    let changes = statements.iter().any(|statement| is_change(statement.text()));
    let mut input = args.input.clone();
    input.read_only |= input.load.is_empty() && !changes;
    input
}

/// How far a statement came that was not refused.
enum Ended {
    Whole,
    /// Some twins were not changed.
    Incomplete,
}

/// Writes the answer to one statement and talks about it; gives back why there is none.
fn ask(
    db: &Twindex,
    statement: &Statement<'_>,
    manner: &Manner,
    out: &mut dyn Write,
) -> anyhow::Result<Result<Ended, Error>> {
    let answered = answer(db, statement.text(), manner, out);
    // What is said on stderr comes after what it is about.
    out.flush()?;
    match answered {
        Ok(told) => {
            tell(&mut io::stderr().lock(), statement, &told, manner)?;
            let is_complete = told.changed.is_none_or(|changed| changed.is_complete);
            Ok(Ok(if is_complete { Ended::Whole } else { Ended::Incomplete }))
        }
        Err(AskError::Refused(error)) => Ok(Err(error)),
        Err(AskError::Unconfirmed(what)) => Err(UsageError(unconfirmed(&what)).into()),
        Err(AskError::Write(error)) => Err(error.into()),
    }
}

/// The texts to run: the file first, then the arguments.
fn scripts(args: &QueryArgs) -> anyhow::Result<Vec<Script>> {
    let reads_queries = usize::from(args.file.as_deref().is_some_and(is_stdin));
    if args.input.n_stdin() + reads_queries > 1 {
        let message = "stdin (`-`) can be read once only: give a file for the others";
        return Err(UsageError(message.to_owned()).into());
    }
    let file = args.file.as_deref().map(Script::read).transpose()?;
    let arguments = args.queries.iter().map(|text| Script::new("query", text));
    Ok(file.into_iter().chain(arguments).collect())
}

fn check_usage(args: &QueryArgs, statements: &[Statement<'_>]) -> Result<(), UsageError> {
    if args.after.is_some() && statements.len() != 1 {
        let found = plural(statements.len() as u64, "statement");
        let message = format!("--after goes with exactly one statement, found {found}");
        return Err(UsageError(message));
    }
    Ok(())
}

/// Talks about an answer that is on its way to stdout.
fn tell(
    err: &mut dyn Write,
    statement: &Statement<'_>,
    told: &Told,
    manner: &Manner,
) -> io::Result<()> {
    if io::stderr().is_terminal() {
        draw_warnings(err, statement, &told.warnings, Colour::of_stderr())?;
    } else {
        write_warnings(err, &told.warnings)?;
    }
    if let (Format::Table, Some(n_rows)) = (manner.format, told.n_rows) {
        writeln!(err, "{}", plural(n_rows, "row"))?;
    }
    if let Some(changed) = &told.changed {
        writeln!(err, "{}", changed.summary)?;
    }
    if told.shown == Shown::Brief {
        writeln!(err, "whole twins are shown in brief; --format json shows everything")?;
    }
    if let Some(token) = &told.next {
        writeln!(err, "next: {token}")?;
    }
    Ok(())
}
