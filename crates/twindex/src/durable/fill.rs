//! Filling an index from a store: parts of the checkpoint, then the batches after it.

use std::collections::HashMap;

use rayon::ThreadPool;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use twindex_index::checkpoint::{Mark, Part as IndexPart, ReadPart};
use twindex_index::index::Index;
use twindex_index::redo::BadRedo;
use twindex_index::restore::Names;
use twindex_index::snapshot::Ts;
use twindex_planted::{Fault, planted};
use twindex_store::checkpoint::manifest::{Manifest, Part};
use twindex_store::error::StoreError;
use twindex_store::log::frame::Frame;
use twindex_store::log::reader::log_bytes;
use twindex_store::storage::Storage;

use crate::durable::open::Recovery;
use crate::durable::options::{OpenProgress, StoreOptions};
use crate::durable::{FIRST, LAST};

/// Lanes read before they are put into their places: bounds the memory they take twice.
const LANES_AT_ONCE: usize = 256;
/// The same of segments, which are larger.
const SEGMENTS_AT_ONCE: usize = 16;
/// Bytes of redo after which it is told how far it has come (1 MiB).
const TOLD_BYTES: u64 = 1 << 20;
/// Name that damage within bytes that the checksum called right is reported under.
const MANIFEST: &str = "MANIFEST";

/// An index being filled.
pub(crate) struct Filling<'a> {
    storage: &'a dyn Storage,
    manifest: &'a Manifest,
    index: &'a mut Index,
    options: &'a StoreOptions,
    progress: OpenProgress,
    /// Bytes of redo when it was last told.
    told_bytes: u64,
    /// Redo of a batch whose last frame is still to come.
    begun: Option<Vec<u8>>,
    recovery: Recovery,
    version: Ts,
}

impl<'a> Filling<'a> {
    pub(crate) fn begin(
        storage: &'a dyn Storage,
        manifest: &'a Manifest,
        index: &'a mut Index,
        options: &'a StoreOptions,
    ) -> Result<Self, StoreError> {
        let progress = OpenProgress {
            parts_total: manifest.parts.len() as u64,
            part_bytes_total: manifest.parts.values().map(|part| part.n_bytes).sum(),
            log_bytes_total: log_bytes(storage, manifest.store, manifest.replay_from)?,
            ..OpenProgress::default()
        };
        let recovery =
            Recovery { checkpoint_bytes: progress.part_bytes_total, ..Recovery::default() };
        let (begun, version) = (None, Ts(manifest.stamp));
        let filling = Self {
            storage,
            manifest,
            index,
            options,
            progress,
            told_bytes: 0,
            begun,
            recovery,
            version,
        };
        filling.tell();
        Ok(filling)
    }

    /// Puts the parts of the checkpoint back: segments, then lanes by many threads, all others
    /// before them in the order of keys.
    pub(crate) fn put_parts(&mut self, pool: Option<&ThreadPool>) -> Result<(), StoreError> {
        let (mut segments, mut lanes) = (Vec::new(), Vec::new());
        for (key, part) in &self.manifest.parts {
            let of = IndexPart::of_key(key).ok_or_else(|| bad(BadRedo))?;
            match of {
                IndexPart::Segment(..) => segments.push((of, *part)),
                IndexPart::Lane(..) => lanes.push((of, *part)),
                _ => {
                    let bytes = self.manifest.read_part(self.storage, part)?;
                    self.index.restore(&of, &bytes).map_err(bad)?;
                    self.note_parts(1, part.n_bytes);
                }
            }
        }
        self.put_by_many(&segments, SEGMENTS_AT_ONCE, pool)?;
        self.put_by_many(&lanes, LANES_AT_ONCE, pool)
    }

    /// Puts parts back that threads can read on their own, some at once.
    fn put_by_many(
        &mut self,
        parts: &[(IndexPart, Part)],
        at_once: usize,
        pool: Option<&ThreadPool>,
    ) -> Result<(), StoreError> {
        for some in parts.chunks(at_once) {
            let read = |(of, part): &(IndexPart, Part)| {
                let bytes = self.manifest.read_part(self.storage, part)?;
                self.index.read_part(of, &bytes).map_err(bad)
            };
            let read: Result<Vec<ReadPart>, StoreError> = match pool {
                Some(pool) => pool.install(|| some.par_iter().map(read).collect()),
                None => some.iter().map(read).collect(),
            };
            for part in read? {
                self.index.put_part(part).map_err(bad)?;
            }
            self.note_parts(some.len(), some.iter().map(|(_, part)| part.n_bytes).sum());
        }
        Ok(())
    }

    /// The states of the parts as they were read, before any redo.
    pub(crate) fn marks(&self) -> HashMap<IndexPart, Mark> {
        let parts = self.manifest.parts.keys().filter_map(|key| IndexPart::of_key(key));
        parts.filter_map(|part| Some((part, self.index.mark_of(&part)?))).collect()
    }

    /// Does the redo of a frame, or keeps it until the last frame of its batch comes.
    pub(crate) fn redo(&mut self, frame: &Frame<'_>) -> Result<(), StoreError> {
        let (flags, redo) = frame.payload.split_first().ok_or_else(|| bad(BadRedo))?;
        self.recovery.log_bytes += redo.len() as u64;
        self.note_frame(frame);
        if flags & FIRST != 0 {
            // One that broke off before was not acknowledged.
            self.begun = None;
        }
        if flags & (FIRST | LAST) == FIRST | LAST {
            self.index.redo(redo).map_err(bad)?;
        } else {
            let mut whole = self.begun.take().unwrap_or_default();
            whole.extend_from_slice(redo);
            if flags & LAST == 0 {
                self.begun = Some(whole);
                return Ok(());
            }
            self.index.redo(&whole).map_err(bad)?;
        }
        self.recovery.n_batches += 1;
        if planted(Fault::VersionOfCheckpoint) {
            return Ok(());
        }
        self.version = self.version.max(Ts(frame.header.stamp));
        Ok(())
    }

    /// Derives the rest; gives what was found and the newest version.
    pub(crate) fn finish(
        mut self,
        pool: Option<&ThreadPool>,
    ) -> Result<(Recovery, Ts), StoreError> {
        self.progress.n_batches = self.recovery.n_batches;
        let segments = self.index.begin_finish();
        let index = &*self.index;
        let names: Result<Vec<Names>, BadRedo> = match pool {
            Some(pool) => {
                let look_through = |of: &_| index.look_through(*of);
                pool.install(|| segments.par_iter().map(look_through).collect())
            }
            None => segments.into_iter().map(|of| index.look_through(of)).collect(),
        };
        self.index.enter_names(names.map_err(bad)?).map_err(bad)?;
        self.tell();
        Ok((self.recovery, self.version))
    }

    fn note_parts(&mut self, n_parts: usize, n_bytes: u64) {
        self.progress.n_parts += n_parts as u64;
        self.progress.part_bytes += n_bytes;
        self.tell();
    }

    fn note_frame(&mut self, frame: &Frame<'_>) {
        self.progress.log_bytes += frame.n_bytes();
        self.progress.n_batches = self.recovery.n_batches;
        if self.progress.log_bytes - self.told_bytes >= TOLD_BYTES {
            self.told_bytes = self.progress.log_bytes;
            self.tell();
        }
    }

    fn tell(&self) {
        if let Some(progress) = &self.options.progress {
            progress(self.progress);
        }
    }
}

/// Bytes that were written as they are, and make no index: a defect, not chance.
pub(crate) fn bad(_: BadRedo) -> StoreError {
    StoreError::Corrupt {
        file: MANIFEST.to_owned(),
        offset: 0,
        what: "checkpoint and log do not give an index",
    }
}
