//! One statement: ask it, write its answer. Shared by `query`, `shell` and `demo`.
//!
//! Without a page size all rows are wanted. Whole twins are then fetched in large pages and written
//! as they come, since a million of them are gigabytes of text; plain rows are asked for at once,
//! since each page of an ordered or grouped query would order or group anew.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use twindex::{Answer, CancelToken, Diagnostic, Error, Page, Query, RowKind, Twindex};

use crate::args::Format;
use crate::change::{Changed, Consent, change, write_changed, write_dry_run};
use crate::output::{RowsWriter, Shown, write_plan};

/// Whole twins fetched at a time: a segment's worth of rows.
const CHUNK_ROWS: usize = 65_536;

/// How statements are asked and written.
#[derive(Debug, Default)]
pub(crate) struct Manner {
    /// How rows are written.
    pub(crate) format: Format,
    /// Whether a table is cut to the width of the terminal.
    pub(crate) is_terminal: bool,
    /// Rows of the one page wanted; `None` for all rows.
    pub(crate) page_rows: Option<NonZeroUsize>,
    /// Continuation token of the page wanted.
    pub(crate) after: Option<String>,
    /// Stops the query.
    pub(crate) cancel: CancelToken,
    /// Whether changes of twins are meant.
    pub(crate) consent: Consent,
}

/// What there is to tell about an answer that has been written.
#[derive(Debug)]
pub(crate) struct Told {
    /// Rows written; `None` for a plan.
    pub(crate) n_rows: Option<u64>,
    /// Warnings about the query.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Token of the next page, where one page was wanted.
    pub(crate) next: Option<String>,
    /// Whether a table showed whole twins in brief.
    pub(crate) shown: Shown,
    /// How a change of twins went; `None` for what reads.
    pub(crate) changed: Option<Changed>,
    /// Time in the engine, from text to rows; writing them not counted.
    pub(crate) time: Duration,
}

impl Told {
    /// Of an answer shown whole, in no time.
    fn of(n_rows: Option<u64>, warnings: Vec<Diagnostic>) -> Self {
        let (shown, time) = (Shown::Whole, Duration::ZERO);
        Self { n_rows, warnings, next: None, shown, changed: None, time }
    }
}

/// Why a statement has no answer.
#[derive(Debug)]
pub(crate) enum AskError {
    /// The engine refused it.
    Refused(Error),
    /// It would change twins, and nobody has said that this is meant. Holds what it would do.
    Unconfirmed(String),
    /// The answer cannot be written.
    Write(io::Error),
}

impl From<Error> for AskError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<io::Error> for AskError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Asks `text` and writes the answer to `out`. A refused statement writes nothing.
pub(crate) fn answer(
    db: &Twindex,
    text: &str,
    manner: &Manner,
    out: &mut dyn Write,
) -> Result<Told, AskError> {
    if let Some(update) = db.change(text)? {
        let start = Instant::now();
        let changed = change(update, manner.consent, &manner.cancel)?;
        let time = start.elapsed();
        write_changed(&changed, manner.format, out)?;
        return Ok(Told { changed: Some(changed), time, ..Told::of(None, Vec::new()) });
    }
    let query = db.query(text).cancel_with(&manner.cancel);
    let rows = manner.page_rows.map_or(CHUNK_ROWS, NonZeroUsize::get);
    let query = match &manner.after {
        Some(token) => query.after(token),
        None => query,
    };
    let start = Instant::now();
    let answer = query.clone().page_size(rows).execute()?;
    let time = start.elapsed();
    match answer {
        Answer::Plan(plan) => {
            let warnings = plan.warnings().to_vec();
            write_plan(&plan, manner.format, out)?;
            Ok(Told { time, ..Told::of(None, warnings) })
        }
        Answer::DryRun(dry) => {
            write_dry_run(&dry, manner.format, out)?;
            Ok(Told { time, ..Told::of(None, dry.warnings) })
        }
        Answer::Page(page) if manner.page_rows.is_some() => {
            let next = page.next().map(str::to_owned);
            let told = write_page(&page, manner, out)?;
            Ok(Told { next, time, ..told })
        }
        Answer::Page(first) if first.next().is_some() => {
            let told = write_all(&query, first, manner, out)?;
            Ok(Told { time: told.time + time, ..told })
        }
        Answer::Page(page) => Ok(Told { time, ..write_page(&page, manner, out)? }),
    }
}

/// Writes one page. The time is for the caller to fill in.
fn write_page(page: &Page, manner: &Manner, out: &mut dyn Write) -> io::Result<Told> {
    let mut writer = RowsWriter::begin(manner.format, page, out, manner.is_terminal)?;
    writer.page(page)?;
    let shown = writer.end()?;
    let warnings = page.warnings().to_vec();
    let n_rows = Some(page.n_rows() as u64);
    Ok(Told { shown, ..Told::of(n_rows, warnings) })
}

/// Writes all rows of a query, of which `first` are the first. The time is that of the others.
fn write_all(
    query: &Query<'_>,
    first: Page,
    manner: &Manner,
    out: &mut dyn Write,
) -> Result<Told, AskError> {
    if first.kind() == RowKind::Raw {
        drop(first);
        let start = Instant::now();
        let page = query.run()?;
        let time = start.elapsed();
        return Ok(Told { time, ..write_page(&page, manner, out)? });
    }
    let mut writer = RowsWriter::begin(manner.format, &first, out, manner.is_terminal)?;
    let warnings = first.warnings().to_vec();
    let (mut n_rows, mut time) = (0, Duration::ZERO);
    let mut page = first;
    loop {
        writer.page(&page)?;
        n_rows += page.n_rows() as u64;
        let Some(token) = page.next() else { break };
        let next = query.clone().page_size(CHUNK_ROWS).after(token);
        let start = Instant::now();
        page = next.run()?;
        time += start.elapsed();
    }
    let shown = writer.end()?;
    Ok(Told { shown, time, ..Told::of(Some(n_rows), warnings) })
}
