//! Loading: documents are framed on a thread of the load, read there or by the engine's pool, and
//! applied on the caller's thread.
//!
//! Reading a batch and applying the one before it run at the same time ([`ahead`]). Each batch of a forgiving
//! load is a version of its own, and other writers come in between. A strict load is one batch of
//! writes from end to end: nobody sees half of it, other writers wait from its first batch on,
//! readers do not, and when it stops it is taken back, before anything else is waited for. Staging
//! its documents instead was rejected: a fleet may not fit twice. An input that stalls is no error,
//! since nobody but the caller knows how long is too long: there is a switch for that.

mod ahead;
mod batch;
mod report;

use std::convert::Infallible;
use std::io::Read;
use std::path::Path;
use std::thread::{self, ThreadId};
use std::time::Instant;

use twindex_index::bulk::{Bulk, NewTwin};
use twindex_index::collect::trim_process;
use twindex_index::index::{Index, Put};
use twindex_io::document::DocumentReader;
use twindex_model::json::reader::Strictness;

use crate::cancel::CancelToken;
use crate::durable::checkpoint_when_due;
use crate::engine::{Inner, Twindex};
use crate::error::Error;
use crate::load::ahead::{Ahead, Next, WAIT_MAX};
use crate::load::batch::{Batch, Framed, Outcome, runs};
use crate::writer::Writing;

pub use report::{BadDocument, LoadError, LoadProgress, LoadReport, LoadWarnings, Place};

/// Bytes of text after which what was let go on the way is worth giving back to the system.
const TRIM_BYTES_MIN: u64 = 16 << 20;

/// How to load.
#[derive(Clone, Copy, Default)]
pub struct LoadOptions<'a> {
    /// What to do with a document that is no twin or is past a hub's limits.
    pub on_bad_input: OnBadInput,
    /// Called on the loading thread after every batch. It may ask the engine, but under
    /// [`OnBadInput::Stop`] it must not wait for a write, which would wait for the load.
    pub progress: Option<&'a dyn Fn(LoadProgress)>,
    /// Ends the load when it is switched, also while the input gives nothing or another load has the
    /// writers wait: twins stay as under [`OnBadInput`], as if the input had broken off there. Other
    /// writers go on once what a strict load did is taken back; the call itself returns once the
    /// input answers the read that is under way.
    pub cancel: Option<&'a CancelToken>,
}

/// What to do with input that is not as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBadInput {
    /// Skip bad documents and count them; keep, with a counted warning, what a hub would refuse.
    #[default]
    Skip,
    /// Stop at the first of either and leave the twins as they were. From the first thousand
    /// documents on other writers wait until the input has ended: who loads from a pipe or a socket
    /// gives [`LoadOptions::cancel`] a token, or may make them wait for ever.
    Stop,
}

impl Twindex {
    /// Loads twins: JSON Lines, a JSON array or single documents, plain, gzip or zstd; twins as a
    /// hub returns them, or lines of a registry export. A twin that is there already is replaced in
    /// its row. Never more than a few batches of the input are in memory.
    ///
    /// # Errors
    /// [`Error::Load`] when reading fails (what came before it stays loaded) or, under
    /// [`OnBadInput::Stop`], at the first bad document (nothing stays), when it is cancelled, and
    /// when it is called by the progress callback or the input of such a load.
    pub fn load(
        &self,
        input: impl Read + Send,
        options: &LoadOptions<'_>,
    ) -> Result<LoadReport, Error> {
        let mut load = Load::new(self.inner(), options)?;
        let outcome = load.run(input);
        load.finish(outcome)
    }

    /// Loads a file: see [`Twindex::load`].
    ///
    /// # Errors
    /// As [`Twindex::load`], and when the file cannot be opened.
    pub fn load_file(&self, path: &Path, options: &LoadOptions<'_>) -> Result<LoadReport, Error> {
        let file = std::fs::File::open(path)
            .map_err(|source| LoadError::Open { path: path.display().to_string(), source })?;
        self.load(file, options)
    }
}

/// A load under way.
struct Load<'a> {
    inner: &'a Inner,
    options: &'a LoadOptions<'a>,
    report: LoadReport,
    runs: Runs,
    started: Instant,
    /// Who called it.
    caller: ThreadId,
    /// The one batch of writes of a strict load, from its first documents on.
    strict: Option<Writing<'a>>,
}

impl<'a> Load<'a> {
    fn new(inner: &'a Inner, options: &'a LoadOptions<'a>) -> Result<Self, LoadError> {
        inner.refuse_within_strict_load()?;
        if inner.writer.read_only.is_some() {
            return Err(LoadError::ReadOnly);
        }
        let caller = thread::current().id();
        if options.on_bad_input == OnBadInput::Stop {
            inner.join_strict_load(caller);
        }
        let (report, runs, started) = (LoadReport::default(), Runs::default(), Instant::now());
        Ok(Self { inner, options, report, runs, started, caller, strict: None })
    }

    /// Frames, reads and applies, one batch behind the other.
    fn run(&mut self, input: impl Read + Send) -> Result<(), LoadError> {
        let strictness = match self.options.on_bad_input {
            OnBadInput::Skip => Strictness::Forgiving,
            OnBadInput::Stop => Strictness::Strict,
        };
        let (inner, caller, documents) = (self.inner, self.caller, DocumentReader::new(input));
        let begin = move || {
            // The input may ask the engine for what would wait for the load.
            if strictness == Strictness::Strict {
                inner.join_strict_load(caller);
            }
        };
        let pool = inner.pool();
        Ahead::new(documents, pool, strictness, self.options.cancel).each(begin, |next| {
            let taken = self.take(next);
            if taken.is_err() {
                // Before the input is waited for, as others may wait for this.
                self.take_back();
            }
            taken
        })
    }

    /// Applies what was read, if anything was, and looks whether to go on.
    fn take(&mut self, next: Next<'_>) -> Result<(), LoadError> {
        if self.options.cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(LoadError::Cancelled);
        }
        let Next::Read(batch, framed) = next else { return Ok(()) };
        self.apply(batch)?;
        match framed {
            Framed::More | Framed::End => Ok(()),
            Framed::Broken(source) => Err(LoadError::Read { source }),
        }
    }

    /// Applies a batch that was read, and empties it.
    fn apply(&mut self, batch: &mut Batch) -> Result<(), LoadError> {
        if batch.is_empty() {
            return Ok(());
        }
        let n_bytes = batch.n_bytes();
        if self.strict.is_none() && self.options.on_bad_input == OnBadInput::Stop {
            self.strict = Some(self.role()?);
        }
        let own = if self.strict.is_none() { Some(self.role()?) } else { None };
        let (report, kept) = (&mut self.report, &mut self.runs);
        let outcomes: Vec<Outcome<'_>> = batch.outcomes().collect();
        match (own, &self.strict) {
            (None, None) => (),
            (None, Some(writing)) => writing.each(runs(&outcomes), |index, run| {
                apply_strictly((index, &mut *kept), report, run)
            })?,
            (Some(writing), _) => {
                let Ok(()) = writing.each(runs(&outcomes), |index, run| {
                    apply_some((index, &mut *kept), report, run);
                    Ok::<(), Infallible>(())
                });
                writing.finish_untold().map_err(|source| LoadError::Store { source })?;
                checkpoint_when_due(&self.inner.writer);
            }
        }
        batch.clear();
        report.n_bytes += n_bytes;
        if let Some(progress) = self.options.progress {
            progress(LoadProgress { n_twins: report.n_loaded, n_bytes: report.n_bytes });
        }
        Ok(())
    }

    /// The role of the writer, which another load may have for long.
    fn role(&self) -> Result<Writing<'a>, LoadError> {
        let Some(cancel) = self.options.cancel else { return Ok(self.inner.writer.begin(1)) };
        loop {
            if let Some(writing) = self.inner.writer.begin_within(WAIT_MAX) {
                return Ok(writing);
            }
            if cancel.is_cancelled() {
                return Err(LoadError::Cancelled);
            }
        }
    }

    fn finish(mut self, outcome: Result<(), LoadError>) -> Result<LoadReport, Error> {
        self.report.elapsed = self.started.elapsed();
        outcome?;
        self.inner.leave_strict_load(self.caller);
        if let Some(writing) = self.strict.take() {
            writing.finish_untold().map_err(|source| LoadError::Store { source })?;
        }
        if self.report.n_bytes >= TRIM_BYTES_MIN {
            trim_process();
        }
        Ok(std::mem::take(&mut self.report))
    }

    /// Takes back a strict load, which then keeps nobody waiting any more.
    fn take_back(&mut self) {
        if let Some(writing) = self.strict.take() {
            writing.roll_back();
        }
        if self.options.on_bad_input == OnBadInput::Stop {
            self.inner.leave_strict_load(self.caller);
        }
    }
}

impl Drop for Load<'_> {
    /// Takes back a strict load that did not come to its end, for whatever reason.
    fn drop(&mut self) {
        self.take_back();
    }
}

/// What applying documents keeps from run to run.
#[derive(Default)]
struct Runs {
    bulk: Bulk,
    puts: Vec<Option<Put>>,
}

impl Runs {
    /// Puts the twins among some documents, as far as these are good; gives what became of each.
    fn put(&mut self, index: &mut Index, run: &[Outcome<'_>]) -> impl Iterator<Item = Option<Put>> {
        let twins = run.iter().filter_map(|outcome| outcome.read.ok());
        let twins: Vec<NewTwin<'_>> = twins.map(|twin| (twin.leaves, twin.outline)).collect();
        index.put_many(&twins, &mut self.bulk, &mut self.puts);
        self.puts.drain(..)
    }
}

fn apply_some(
    (index, runs): (&mut Index, &mut Runs),
    report: &mut LoadReport,
    run: &[Outcome<'_>],
) {
    let mut puts = runs.put(index, run);
    for outcome in run {
        match outcome.read {
            Ok(document) => match puts.next().flatten() {
                Some(put) => {
                    report.n_loaded += 1;
                    report.n_replaced += u64::from(put.replaced);
                    report.add_warnings(document.warnings, outcome.place);
                }
                None => report.add_bad(outcome.place, "the collection is full".to_owned()),
            },
            Err(reason) => report.add_bad(outcome.place, reason.to_owned()),
        }
    }
}

fn apply_strictly(
    (index, runs): (&mut Index, &mut Runs),
    report: &mut LoadReport,
    run: &[Outcome<'_>],
) -> Result<(), LoadError> {
    let mut puts = runs.put(index, run);
    for outcome in run {
        let bad = |reason: &str| LoadError::BadDocument {
            place: outcome.place,
            reason: reason.to_owned(),
        };
        outcome.read.map_err(bad)?;
        let put = puts.next().flatten().ok_or_else(|| bad("the collection is full"))?;
        report.n_loaded += 1;
        report.n_replaced += u64::from(put.replaced);
    }
    Ok(())
}
