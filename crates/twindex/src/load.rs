//! Loading: documents are framed on the caller's thread, read on the engine's pool, and applied on
//! the caller's thread again.
//!
//! Reading a batch and applying the one before it run at the same time. Only the caller's thread
//! ever takes the write lock, and never from inside the pool, so a query that holds the read lock
//! and waits for the pool is never waited for by it. A strict load holds the lock from end to end:
//! nobody sees half of it, and when it stops it takes back what it did.

mod batch;
mod report;
mod undo;

use std::io::Read;
use std::path::Path;
use std::time::Instant;

use parking_lot::RwLockWriteGuard;
use twindex_index::index::Index;
use twindex_io::document::DocumentReader;
use twindex_model::json::reader::Strictness;

use crate::engine::{Inner, Twindex, Writing};
use crate::error::Error;
use crate::load::batch::{Batch, Framed, Outcome};
use crate::load::undo::Undo;

pub use report::{BadDocument, LoadError, LoadProgress, LoadReport, LoadWarnings, Place};

/// How to load.
#[derive(Clone, Copy, Default)]
pub struct LoadOptions<'a> {
    /// What to do with a document that is no twin or is past a hub's limits.
    pub on_bad_input: OnBadInput,
    /// Called on the loading thread after every batch.
    pub progress: Option<&'a dyn Fn(LoadProgress)>,
}

/// What to do with input that is not as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBadInput {
    /// Skip bad documents and count them; keep, with a counted warning, what a hub would refuse.
    #[default]
    Skip,
    /// Stop at the first of either and leave the twins as they were.
    Stop,
}

impl Twindex {
    /// Loads twins: JSON Lines, a JSON array or single documents, plain, gzip or zstd; twins as a
    /// hub returns them, or lines of a registry export. A twin that is there already is replaced in
    /// its row. Never more than a few batches of the input are in memory.
    ///
    /// # Errors
    /// [`Error::Load`] when reading fails (what came before it stays loaded) or, under
    /// [`OnBadInput::Stop`], at the first bad document (nothing stays).
    pub fn load(
        &self,
        input: impl Read + Send,
        options: &LoadOptions<'_>,
    ) -> Result<LoadReport, Error> {
        let mut load = Load::new(self.inner(), options);
        let outcome = load.run(DocumentReader::new(input));
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
    started: Instant,
    /// Held from end to end by a strict load.
    strict: Option<(Writing<'a>, RwLockWriteGuard<'a, Index>, Undo)>,
}

impl<'a> Load<'a> {
    fn new(inner: &'a Inner, options: &'a LoadOptions<'a>) -> Self {
        let is_strict = options.on_bad_input == OnBadInput::Stop;
        let strict =
            is_strict.then(|| (inner.write_batch(), inner.shared.write(), Undo::default()));
        Self { inner, options, report: LoadReport::default(), started: Instant::now(), strict }
    }

    /// Frames, reads and applies, one batch behind the other.
    fn run<R: Read>(&mut self, mut documents: DocumentReader<R>) -> Result<(), LoadError> {
        let strictness = match self.options.on_bad_input {
            OnBadInput::Skip => Strictness::Forgiving,
            OnBadInput::Stop => Strictness::Strict,
        };
        let mut framed = Batch::default();
        let mut read = Batch::default();
        loop {
            let fed = framed.frame(&mut documents);
            let applied = match self.inner.pool() {
                Some(pool) => pool.in_place_scope(|scope| {
                    scope.spawn(|_| framed.read_in_pool(strictness));
                    self.apply(&mut read)
                }),
                None => {
                    framed.read(strictness);
                    self.apply(&mut read)
                }
            };
            applied?;
            std::mem::swap(&mut framed, &mut read);
            match fed {
                Framed::More => {}
                Framed::End => return self.apply(&mut read),
                Framed::Broken(source) => {
                    self.apply(&mut read)?;
                    return Err(LoadError::Read { source });
                }
            }
        }
    }

    /// Applies a batch that was read, and empties it.
    fn apply(&mut self, batch: &mut Batch) -> Result<(), LoadError> {
        if batch.is_empty() {
            return Ok(());
        }
        let n_bytes = batch.n_bytes();
        let report = &mut self.report;
        match &mut self.strict {
            Some((_, index, undo)) => {
                for outcome in batch.outcomes() {
                    apply_strictly(index, undo, report, outcome)?;
                }
            }
            None => {
                let writing = self.inner.write_batch();
                let mut index = self.inner.shared.write();
                for outcome in batch.outcomes() {
                    apply_one(&mut index, report, outcome);
                }
                drop(index);
                writing.publish();
            }
        }
        batch.clear();
        report.n_bytes += n_bytes;
        if let Some(progress) = self.options.progress {
            progress(LoadProgress { n_twins: report.n_loaded, n_bytes: report.n_bytes });
        }
        Ok(())
    }

    fn finish(mut self, outcome: Result<(), LoadError>) -> Result<LoadReport, Error> {
        self.report.elapsed = self.started.elapsed();
        if let Some((writing, mut index, mut undo)) = self.strict {
            if outcome.is_err() {
                undo.take_back(&mut index);
            }
            drop(index);
            writing.publish();
        }
        outcome?;
        Ok(self.report)
    }
}

fn apply_one(index: &mut Index, report: &mut LoadReport, outcome: Outcome<'_>) {
    match outcome.read {
        Ok((leaves, warnings)) => match index.put(leaves) {
            Some(put) => {
                report.n_loaded += 1;
                report.n_replaced += u64::from(put.replaced);
                report.add_warnings(warnings, outcome.place);
            }
            None => report.add_bad(outcome.place, "the collection is full".to_owned()),
        },
        Err(reason) => report.add_bad(outcome.place, reason.to_owned()),
    }
}

fn apply_strictly(
    index: &mut Index,
    undo: &mut Undo,
    report: &mut LoadReport,
    outcome: Outcome<'_>,
) -> Result<(), LoadError> {
    let bad = |reason: String| LoadError::BadDocument { place: outcome.place, reason };
    let leaves = match outcome.read {
        Ok((leaves, _)) => leaves,
        Err(reason) => return Err(bad(reason.to_owned())),
    };
    undo.remember(index, leaves);
    let put = index.put(leaves).ok_or_else(|| bad("the collection is full".to_owned()))?;
    undo.note(put);
    report.n_loaded += 1;
    report.n_replaced += u64::from(put.replaced);
    Ok(())
}
