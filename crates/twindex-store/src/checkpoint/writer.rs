//! Writing a checkpoint: parts into extents, then the manifest that names them.
//!
//! Nothing counts before [`CheckpointWriter::finish`]: a checkpoint that is dropped or fails leaves
//! the one before as it was, and files that nobody names, which the next one removes.
//!
//! # How much of the disk a checkpoint takes
//!
//! Extents are written once, so what replaces a part leaves a hole. An extent of which less than
//! half would still be named is given up: its parts are written again. So after a checkpoint
//! extents take at most twice the bytes of the parts it names, each part counted up to the next
//! multiple of 64, and 64 bytes for each extent; that is after [`CheckpointWriter::judge_extents`]
//! was told rightly which parts would be kept. While one is made, those of the checkpoint before are
//! there as well. Finding holes to write into was rejected: a part that is being overwritten is
//! lost with the power.

use std::collections::{HashMap, HashSet};

use twindex_planted::{Fault, planted};

use crate::checkpoint::manifest::{Manifest, Part};
use crate::checkpoint::name::{extent_name, extents};
use crate::error::StoreError;
use crate::header::{FileKind, HEADER_BYTES, Header};
use crate::limits::{EXTENT_FILE_BYTES, KEY_BYTES_MAX};
use crate::storage::{Storage, StoredFile, sync_full, write_full};

/// Parts begin at multiples of it, so that a reader may map them.
const ALIGNMENT: u64 = 64;
/// More extents than this are not kept if small ones can be given up (16 MiB).
const EXTENTS_MAX: usize = 64;
const SMALL_BYTES: u64 = 16 << 20;

/// A checkpoint in the making.
#[derive(Debug)]
pub struct CheckpointWriter<'a> {
    storage: &'a dyn Storage,
    before: &'a Manifest,
    next: Manifest,
    extent: Option<Extent>,
    next_extent: u64,
    /// Bytes of the files of extents of the checkpoint before.
    sizes: HashMap<u64, u64>,
    /// Those whose parts are to be written again.
    given_up: HashSet<u64>,
    /// Bytes written.
    n_bytes: u64,
    /// Bytes of the extent being written that may not be durable.
    n_unsynced: u64,
}

#[derive(Debug)]
struct Extent {
    number: u64,
    name: String,
    file: Box<dyn StoredFile>,
    n_bytes: u64,
}

impl<'a> CheckpointWriter<'a> {
    /// Begins a checkpoint after `before`, and removes the files that failed ones left behind.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn begin(storage: &'a dyn Storage, before: &'a Manifest) -> Result<Self, StoreError> {
        remove_unnamed(storage, before)?;
        let mut sizes = HashMap::new();
        for number in before.live_bytes().into_keys() {
            let name = extent_name(number);
            let failed = |action| {
                let name = name.clone();
                move |error| StoreError::io(action, &name, error)
            };
            let file = storage.open(&name).map_err(failed("open"))?;
            sizes.insert(number, file.n_bytes().map_err(failed("measure"))?);
        }
        let next_extent = sizes.keys().max().map_or(1, |last| last + 1);
        let number = before.number + 1;
        let mut writer = Self {
            storage,
            before,
            next: Manifest { number, ..Manifest::empty(before.store) },
            extent: None,
            next_extent,
            sizes,
            given_up: HashSet::new(),
            n_bytes: 0,
            n_unsynced: 0,
        };
        writer.judge_extents(before.parts.keys().map(|key| &**key));
        Ok(writer)
    }

    /// Says which parts of the checkpoint before are unchanged, all of which the caller would keep:
    /// extents are judged by these.
    pub fn judge_extents<'k>(&mut self, unchanged: impl IntoIterator<Item = &'k [u8]>) {
        let mut live: HashMap<u64, u64> = self.sizes.keys().map(|number| (*number, 0)).collect();
        for part in unchanged.into_iter().filter_map(|key| self.before.parts.get(key)) {
            *live.entry(part.extent).or_insert(0) += part.n_bytes.next_multiple_of(ALIGNMENT);
        }
        let size = |number: &u64| self.sizes.get(number).copied().unwrap_or(0);
        let is_sparse = |number: &u64, n_live: u64| size(number) > n_live * 2 + HEADER_BYTES as u64;
        let sparse = live.iter().filter(|(number, n_live)| is_sparse(number, **n_live));
        self.given_up = sparse.map(|(number, _)| *number).collect();
        if self.sizes.len() - self.given_up.len() > EXTENTS_MAX {
            let small = self.sizes.iter().filter(|(_, n_bytes)| **n_bytes < SMALL_BYTES);
            self.given_up.extend(small.map(|(number, _)| *number));
        }
    }

    /// Writes a part, in place of one with the same key.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], [`StoreError::Full`], [`StoreError::Io`]: the checkpoint is to be
    /// dropped.
    pub fn write(&mut self, key: &[u8], bytes: &[u8]) -> Result<(), StoreError> {
        if key.len() > KEY_BYTES_MAX {
            return Err(StoreError::TooLarge {
                what: "a key",
                found: key.len() as u64,
                max: KEY_BYTES_MAX as u64,
            });
        }
        if self.extent.as_ref().is_some_and(|extent| extent.n_bytes > EXTENT_FILE_BYTES) {
            self.close_extent()?;
        }
        let extent = match &mut self.extent {
            Some(extent) => extent,
            none => none.insert(begin_extent(self.storage, self.before, self.next_extent)?),
        };
        // A part without bytes lies at the end of what is there, else it would lie behind the file.
        let aligned = extent.n_bytes.next_multiple_of(ALIGNMENT);
        let offset = if bytes.is_empty() { extent.n_bytes } else { aligned };
        write_full(&*extent.file, &extent.name, offset, bytes)?;
        let n_bytes = bytes.len() as u64;
        extent.n_bytes = offset + n_bytes;
        self.n_bytes += n_bytes;
        self.n_unsynced += n_bytes;
        let crc = crc32fast::hash(bytes);
        let part = Part { extent: extent.number, offset, n_bytes, crc };
        self.next.parts.insert(key.into(), part);
        Ok(())
    }

    /// Names a part of the checkpoint before again. False if there is none, or if it lies in an
    /// extent that had better be given up: the part is to be written then.
    pub fn keep(&mut self, key: &[u8]) -> bool {
        let part = self.before.parts.get(key);
        let Some(part) = part.filter(|part| !self.given_up.contains(&part.extent)) else {
            return false;
        };
        self.next.parts.insert(key.into(), *part);
        true
    }

    /// Bytes written so far.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Bytes written that may not be durable.
    #[must_use]
    pub fn n_unsynced(&self) -> u64 {
        self.n_unsynced
    }

    /// Makes what was written durable. Not needed before [`CheckpointWriter::finish`], but what is
    /// written to the log meanwhile waits for as much as the machine has gathered.
    ///
    /// # Errors
    /// [`StoreError::Io`]: the checkpoint is to be dropped.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if let Some(extent) = &self.extent {
            sync_full(&*extent.file, &extent.name)?;
        }
        self.n_unsynced = 0;
        Ok(())
    }

    /// Makes the checkpoint the one that counts: of version `stamp`, with the frames from
    /// `replay_from` on still to be replayed. Extents that nobody names any more are removed.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Io`]; which checkpoint counts is as
    /// [`Manifest::write`] says.
    pub fn finish(self, stamp: u64, replay_from: u64) -> Result<Manifest, StoreError> {
        self.finish_noting((stamp, replay_from), || ())
    }

    /// The same; calls `in_doubt` before it becomes open which checkpoint counts. After an error
    /// without that call it is still the one before.
    ///
    /// # Errors
    /// As [`CheckpointWriter::finish`].
    pub fn finish_noting(
        mut self,
        (stamp, replay_from): (u64, u64),
        in_doubt: impl FnOnce(),
    ) -> Result<Manifest, StoreError> {
        self.close_extent()?;
        // The extents' names are durable before the manifest that names them.
        if !planted(Fault::ExtentNameNotSynced) {
            self.storage.sync_directory().map_err(|error| StoreError::io("sync", ".", error))?;
        }
        self.next.stamp = stamp;
        self.next.replay_from = replay_from;
        self.next.write_noting(self.storage, in_doubt)?;
        // What is left over is removed by the next checkpoint.
        let _: Result<(), StoreError> = remove_unnamed(self.storage, &self.next);
        Ok(self.next)
    }

    fn close_extent(&mut self) -> Result<(), StoreError> {
        if !planted(Fault::ExtentNotSynced) {
            self.sync()?;
        }
        if let Some(extent) = self.extent.take() {
            self.next_extent = extent.number + 1;
        }
        Ok(())
    }
}

fn begin_extent(
    storage: &dyn Storage,
    before: &Manifest,
    number: u64,
) -> Result<Extent, StoreError> {
    let name = extent_name(number);
    let file = storage.create(&name).map_err(|error| StoreError::io("create", &name, error))?;
    let header = Header { kind: FileKind::Extent, store: before.store, number, first: 0 };
    write_full(&*file, &name, 0, &header.encode())?;
    Ok(Extent { number, name, file, n_bytes: HEADER_BYTES as u64 })
}

/// Removes extents that `manifest`, which counts, does not name: what a checkpoint that failed left
/// behind.
///
/// # Errors
/// [`StoreError::Io`].
pub fn remove_unnamed(storage: &dyn Storage, manifest: &Manifest) -> Result<(), StoreError> {
    let live = manifest.live_bytes();
    for number in extents(storage)?.into_iter().filter(|number| !live.contains_key(number)) {
        let name = extent_name(number);
        storage.remove(&name).map_err(|error| StoreError::io("remove", &name, error))?;
    }
    Ok(())
}
