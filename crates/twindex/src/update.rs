//! `UPDATE` and `DELETE` of many twins.
//!
//! The twins that match are those of one version, and what is set is computed from them as they were
//! in it. Each is then written by itself, on condition that its etag is still the one of that
//! version: a twin that changed meanwhile is left alone and reported. One write of them all was
//! rejected: it would hold up every other writer for as long as it takes, and one device over its
//! limits would refuse the whole fleet.

mod change;
mod patch;
mod report;

use std::fmt;

use twindex_exec::ExecError;
use twindex_lang::ast::Statement;
use twindex_lang::diagnostic::Diagnostic;
use twindex_lang::limits::Limits;

use twindex_lang::span::Span;

use crate::cancel::CancelToken;
use crate::engine::Twindex;
use crate::error::Error;
use crate::page::Page;
use crate::query::Query;
use crate::snapshot::Snapshot;
use crate::write_error::WriteError;

pub(crate) use change::{Change, dry_run};
pub use report::{
    DryRun, FleetReport, SampleTwin, SampledChange, StoppedUpdate, TwinFailure, UpdateProgress,
};

/// Twins written in one batch: enough to be quick, few enough to be stopped soon.
const BATCH_TWINS: usize = 1_024;

/// A change of many twins, about to be tried or done. Nothing happens before [`FleetUpdate::run`].
///
/// ```
/// # fn main() -> Result<(), twindex::Error> {
/// use twindex::{LoadOptions, Twindex};
///
/// let db = Twindex::in_memory();
/// let twins = br#"{"deviceId":"d1","tags":{"site":"A"}}
/// {"deviceId":"d2","tags":{"site":"B"}}"#;
/// db.load(&twins[..], &LoadOptions::default())?;
///
/// let update = db.update("UPDATE devices SET tags.old = tags.site WHERE tags.site = 'B'");
/// assert_eq!(update.dry_run()?.n_matched, 1);
/// let report = update.run()?;
/// assert_eq!((report.n_written, report.failures.len()), (1, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is done before `run`"]
pub struct FleetUpdate<'a> {
    db: &'a Twindex,
    query: Query<'a>,
    text_bytes: usize,
    verb: Verb,
    at: Option<Snapshot>,
    after: Option<String>,
    cancel: CancelToken,
    progress: Option<&'a dyn Fn(UpdateProgress)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Update,
    Delete,
}

impl fmt::Debug for FleetUpdate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetUpdate").field("query", &self.query).finish_non_exhaustive()
    }
}

impl Twindex {
    /// An `UPDATE` statement, to be tried or run.
    pub fn update(&self, text: impl Into<String>) -> FleetUpdate<'_> {
        FleetUpdate::new(self, text.into(), Verb::Update)
    }

    /// A `DELETE` statement, to be tried or run. Deleting a device deletes its modules.
    pub fn delete(&self, text: impl Into<String>) -> FleetUpdate<'_> {
        FleetUpdate::new(self, text.into(), Verb::Delete)
    }
}

impl Twindex {
    /// The statement as a change of many twins if it is one, for shells, which take any statement.
    /// `None` if it only reads: a query, `EXPLAIN`, a `DRY RUN`.
    ///
    /// # Errors
    /// [`Error::Query`] when the text is refused.
    pub fn change(&self, text: &str) -> Result<Option<FleetUpdate<'_>>, Error> {
        Ok(match self.query(text).parse()? {
            Statement::Update(update) if !update.dry_run => Some(self.update(text)),
            Statement::Delete(delete) if !delete.dry_run => Some(self.delete(text)),
            _ => None,
        })
    }
}

/// Whether a statement changes twins, without an engine at hand: false for a query, for a `DRY RUN`,
/// and for what would be refused.
#[must_use]
pub fn is_change(text: &str) -> bool {
    match twindex_lang::parse_statement(text, &Limits::default()) {
        Ok(Statement::Update(update)) => !update.dry_run,
        Ok(Statement::Delete(delete)) => !delete.dry_run,
        _ => false,
    }
}

impl<'a> FleetUpdate<'a> {
    fn new(db: &'a Twindex, text: String, verb: Verb) -> Self {
        let text_bytes = text.len();
        let (cancel, query) = (CancelToken::new(), db.query(text));
        Self { db, query, text_bytes, verb, at: None, after: None, cancel, progress: None }
    }

    /// Whether twins are deleted.
    #[must_use]
    pub fn is_delete(&self) -> bool {
        self.verb == Verb::Delete
    }

    /// The twins as they were when `snapshot` was made. Those that changed since are not written.
    /// Without it, as they are when it begins.
    pub fn at(mut self, snapshot: &Snapshot) -> Self {
        self.at = Some(snapshot.clone());
        self
    }

    /// Goes on behind the last twin that was written when a run of the same statement was stopped:
    /// the token is [`StoppedUpdate::resume`]. With [`FleetUpdate::at`] and the snapshot of the
    /// report it is exactly the rest; without, or in another process, the rest of those that match
    /// now.
    pub fn resume(mut self, token: impl Into<String>) -> Self {
        self.after = Some(token.into());
        self
    }

    /// Stops between two batches once `cancel` is cancelled.
    pub fn cancel_with(mut self, cancel: &CancelToken) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Calls `progress` after each batch.
    pub fn on_progress(mut self, progress: &'a dyn Fn(UpdateProgress)) -> Self {
        self.progress = Some(progress);
        self
    }

    /// What [`FleetUpdate::run`] would do now: how many twins match, and the first ten with their
    /// old and new values. Writes nothing.
    ///
    /// # Errors
    /// [`Error::Query`] when the text is refused, [`Error::Run`].
    pub fn dry_run(&self) -> Result<DryRun, Error> {
        let change = self.change()?;
        dry_run(&self.reading(&self.snapshot()), change)
    }

    /// Does it, and waits until all of it is done. A twin that cannot be written is a failure in
    /// the report and stops nothing.
    ///
    /// # Errors
    /// [`Error::Query`] when the text is refused, or says `DRY RUN`; [`Error::Token`] when it
    /// cannot go on there; [`Error::Run`]. Nothing was written then: what stops it later is in the
    /// report.
    pub fn run(&self) -> Result<FleetReport, Error> {
        let change = self.change()?;
        if change.dry_run {
            let message = "the statement says `DRY RUN`, and this call would not be one";
            return Err(self.refused("X005", message, "call `dry_run`"));
        }
        if self.db.is_read_only() {
            return Err(WriteError::ReadOnly.into());
        }
        let snapshot = self.snapshot();
        let reading = self.reading(&snapshot);
        let n_matched = reading.ids_of(&change.query)?.len();
        let mut report = FleetReport::new(snapshot, n_matched);
        let mut after = self.after.clone();
        loop {
            let page = match reading.page_of(&change.query, after.clone()) {
                Ok(page) => page,
                Err(error) if report.n_done() == 0 => return Err(error),
                Err(error) => return Ok(report.stopped_by(error, after)),
            };
            self.write(&change, &page, &mut report);
            if let Some(progress) = self.progress {
                progress(UpdateProgress { n_done: report.n_done(), n_matched });
            }
            let Some(token) = page.next() else { return Ok(report) };
            after = Some(token.to_owned());
            if self.cancel.is_cancelled() {
                return Ok(report.stopped_by(ExecError::Stopped.into(), after));
            }
        }
    }

    fn snapshot(&self) -> Snapshot {
        self.at.clone().unwrap_or_else(|| self.db.snapshot())
    }

    fn reading(&self, snapshot: &Snapshot) -> Query<'a> {
        self.query.clone().at(snapshot).cancel_with(&self.cancel).page_size(BATCH_TWINS)
    }

    /// The statement as reads and writes.
    fn change(&self) -> Result<Change, Error> {
        match (self.query.parse()?, self.verb) {
            (Statement::Update(update), Verb::Update) => Change::of_update(update),
            (Statement::Delete(delete), Verb::Delete) => Ok(Change::of_delete(delete)),
            (_, Verb::Update) => Err(self.refused("X006", "no `UPDATE`", "`UPDATE … SET …`")),
            (_, Verb::Delete) => Err(self.refused("X006", "no `DELETE`", "`DELETE FROM …`")),
        }
    }

    fn refused(&self, code: &'static str, message: &str, suggestion: &str) -> Error {
        let span = Span::new(0, self.text_bytes);
        Error::Query(vec![Diagnostic::new(code, message, span).suggesting(suggestion)])
    }

    /// Writes the twins of a page.
    fn write(&self, change: &Change, page: &Page, report: &mut FleetReport) {
        let mut writes = Vec::with_capacity(page.n_rows());
        let mut rows = Vec::with_capacity(page.n_rows());
        for text in page.rows() {
            let row = change.read_row(text);
            match change.write_of(&row) {
                Ok(Some(write)) => {
                    writes.push(write);
                    rows.push(row);
                }
                Ok(None) => report.n_unchanged += 1,
                Err(error) => report.fail(row, error),
            }
        }
        for (row, outcome) in rows.into_iter().zip(self.db.write_all(writes)) {
            match outcome {
                Ok(_) => report.n_written += 1,
                Err(error) => report.fail(row, error),
            }
        }
    }
}
