//! Compaction: all that is of no use any more is given back, in memory and on the disk.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use twindex_store::checkpoint::writer::remove_unnamed;
use twindex_store::error::StoreError;
use twindex_store::files::n_bytes_of_all;

use crate::durable::Durable;
use crate::durable::checkpoint::Scope;
use crate::engine::Twindex;
use crate::error::Error;
use crate::writer::Writer;

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompactReport {
    /// Bytes of the store's files before.
    pub bytes_before: u64,
    /// And after.
    pub bytes_after: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Twindex {
    /// Makes the store as small as it gets: gives back what no twin has any more (paths, texts,
    /// lanes), writes all that is left as a checkpoint into files of their own, and removes the old
    /// ones with the log. Readers and writers go on; what the version of an open snapshot still
    /// needs stays. Row ids, versions, etags and tokens of pages stay valid.
    ///
    /// Until it is done the disk holds the store twice.
    ///
    /// # Errors
    /// [`Error::Store`]: the store is as it was, but for what was given back in memory.
    /// [`Error::Load`] within a strict load of this thread.
    pub fn compact(&self) -> Result<CompactReport, Error> {
        self.refuse_within_strict_load()?;
        Ok(self.inner().writer.compact()?)
    }
}

impl Writer {
    fn compact(&self) -> Result<CompactReport, StoreError> {
        let Some(durable) = &self.durable else {
            let nothing = CompactReport::default();
            return if self.read_only.is_some() { Err(StoreError::ReadOnly) } else { Ok(nothing) };
        };
        let begun = Instant::now();
        let bytes_before = n_bytes_of_all(&*durable.storage)?;
        {
            // No checkpoint is under way meanwhile, which would keep memory from being given back.
            let _counting = durable.counting.lock();
            self.collect_all();
        }
        {
            let _role = self.role();
            // The last file of a log is never cut; so the frames there are must not be in it.
            durable.log.lock().writer.rotate()?;
        }
        if let Err(error) = self.checkpoint_of(Scope::Whole) {
            durable.remove_leftovers();
            return Err(error);
        }
        let bytes_after = n_bytes_of_all(&*durable.storage)?;
        Ok(CompactReport { bytes_before, bytes_after, elapsed: begun.elapsed() })
    }
}

impl Durable {
    /// Removes what a checkpoint that failed has written: its room may be wanted. The next
    /// checkpoint would do so too.
    fn remove_leftovers(&self) {
        let counting = self.counting.lock();
        if !self.is_manifest_open.load(Ordering::SeqCst) {
            drop(remove_unnamed(&*self.storage, &counting.manifest));
        }
    }
}
