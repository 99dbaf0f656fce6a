//! The files of a store, as a directory lists them.

use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::name::{MANIFEST, extent_name, extents};
use crate::error::StoreError;
use crate::log::name::{name_of, numbers};
use crate::log::reader::needed;
use crate::storage::{Storage, StoredFile};

/// What the files of a store are and take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreFiles {
    /// Files in all, but for the lock and the seal of a backup.
    pub n_files: u64,
    /// Bytes of them.
    pub n_bytes: u64,
    /// Parts of the checkpoint.
    pub n_parts: u64,
    /// Bytes of the parts.
    pub part_bytes: u64,
    /// Extents that hold them. The bytes of extents that are no parts were parts of earlier
    /// checkpoints.
    pub n_extents: u64,
    /// Log files with batches behind the checkpoint.
    pub n_logs: u64,
    /// Files that are of no use: extents that the checkpoint does not name, and logs before it. The
    /// next checkpoint removes them.
    pub n_unused: u64,
    /// Bytes of those.
    pub unused_bytes: u64,
}

impl StoreFiles {
    /// Looks at the files of the store or backup whose checkpoint is `manifest`.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Foreign`], [`StoreError::NewerFormat`].
    pub fn of(storage: &dyn Storage, manifest: &Manifest) -> Result<Self, StoreError> {
        let live = manifest.live_bytes();
        let logs = needed(storage, manifest.store, manifest.replay_from)?;
        let mut files = Self {
            n_files: store_files(storage)?.len() as u64,
            n_bytes: n_bytes_of_all(storage)?,
            n_parts: manifest.parts.len() as u64,
            part_bytes: live.values().sum(),
            n_extents: live.len() as u64,
            n_logs: logs.len() as u64,
            ..Self::default()
        };
        let old_logs = numbers(storage)?.into_iter().filter(|number| !logs.contains(number));
        let old_extents = extents(storage)?.into_iter().filter(|number| !live.contains_key(number));
        let unused = old_logs.map(name_of).chain(old_extents.map(extent_name));
        for name in unused {
            files.n_unused += 1;
            files.unused_bytes += open_measured(storage, &name)?.1;
        }
        Ok(files)
    }
}

/// Bytes of all files of a store or backup, but for lock and seal.
///
/// # Errors
/// [`StoreError::Io`].
pub fn n_bytes_of_all(storage: &dyn Storage) -> Result<u64, StoreError> {
    let mut n_bytes = 0;
    for name in store_files(storage)? {
        n_bytes += open_measured(storage, &name)?.1;
    }
    Ok(n_bytes)
}

/// The names of all files of a store, sorted.
pub(crate) fn store_files(storage: &dyn Storage) -> Result<Vec<String>, StoreError> {
    let names = storage.list().map_err(|error| StoreError::io("list", ".", error))?;
    let is_ours =
        |name: &String| [MANIFEST, "log-", "extent-"].iter().any(|known| name.starts_with(known));
    let mut names: Vec<String> = names.into_iter().filter(is_ours).collect();
    names.sort_unstable();
    Ok(names)
}

/// A file, and its length.
pub(crate) fn open_measured(
    storage: &dyn Storage,
    name: &str,
) -> Result<(Box<dyn StoredFile>, u64), StoreError> {
    let file = storage.open(name).map_err(|error| StoreError::io("open", name, error))?;
    let n_bytes = file.n_bytes().map_err(|error| StoreError::io("measure", name, error))?;
    Ok((file, n_bytes))
}
