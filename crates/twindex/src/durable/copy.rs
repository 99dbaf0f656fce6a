//! What backups and restoring have in common: how they are followed, and what they report.

use std::fmt;
use std::time::{Duration, Instant};

use twindex_store::backup::copy::CopyProgress as Step;
use twindex_store::error::StoreError;
use twindex_store::log::frame::Frame;

use crate::cancel::CancelToken;
use crate::durable::LAST;

/// How a backup is made or restored.
#[derive(Clone, Default)]
pub struct CopyOptions<'a> {
    /// Called on the thread that copies, after each part. It may ask and write, but must not make a
    /// checkpoint or a backup, which would wait for this one.
    pub progress: Option<&'a dyn Fn(CopyProgress)>,
    /// Stops it: nothing that passes for a backup or a store is left then.
    pub cancel: CancelToken,
}

impl fmt::Debug for CopyOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOptions").field("cancel", &self.cancel).finish_non_exhaustive()
    }
}

/// How far a backup or restoring has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyProgress {
    /// Bytes done. Each counts twice: when it is copied, and when it is verified.
    pub n_bytes: u64,
    /// Bytes in all, about.
    pub bytes_total: u64,
}

/// What a backup or restoring did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyReport {
    /// The version whose twins it holds: that of the last batch that changed one.
    pub version: u64,
    /// Files written.
    pub n_files: u64,
    /// Bytes of them.
    pub n_bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// A copy under way: two walks over about the same bytes.
pub(crate) struct Following<'a> {
    options: &'a CopyOptions<'a>,
    begun: Instant,
    /// Bytes of the walk before.
    n_before: u64,
    last: Step,
}

impl<'a> Following<'a> {
    pub(crate) fn new(options: &'a CopyOptions<'a>) -> Self {
        Self { options, begun: Instant::now(), n_before: 0, last: Step::default() }
    }

    /// Tells how far this walk has come.
    ///
    /// # Errors
    /// [`StoreError::Stopped`].
    pub(crate) fn step(&mut self, step: Step) -> Result<(), StoreError> {
        self.last = step;
        if self.options.cancel.is_cancelled() {
            return Err(StoreError::Stopped);
        }
        if let Some(progress) = self.options.progress {
            let n_walks = if self.n_before == 0 { 2 } else { 1 };
            progress(CopyProgress {
                n_bytes: self.n_before + step.n_bytes,
                bytes_total: self.n_before + step.bytes_total * n_walks,
            });
        }
        Ok(())
    }

    /// Begins the next walk.
    pub(crate) fn next_walk(&mut self) {
        self.n_before += self.last.n_bytes;
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// The version that frames lead to.
#[derive(Debug)]
pub(crate) struct Newest(pub(crate) u64);

impl Newest {
    /// Counts a frame: a batch is there as soon as its last one is.
    pub(crate) fn see(&mut self, frame: &Frame<'_>) {
        if frame.payload.first().is_some_and(|flags| flags & LAST != 0) {
            self.0 = self.0.max(frame.header.stamp);
        }
    }
}
