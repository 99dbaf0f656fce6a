//! What a directory holds, told by the names in it; and filling an empty one, or leaving nothing.

use crate::checkpoint::name::{MANIFEST, extents};
use crate::error::StoreError;
use crate::log::name::numbers;
use crate::storage::Storage;

/// The seal of a backup.
pub const SEAL: &str = "BACKUP";

/// A file without bytes that is there while a backup or restore into the directory is under way.
pub const UNFINISHED: &str = "UNFINISHED";

/// What a directory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// No file of a store.
    Nothing,
    /// A store, or what is left of one.
    Store,
    /// A backup.
    Backup,
    /// A backup or a store made of one, whose making was cut off or is under way.
    Unfinished,
}

impl Contents {
    /// Looks at the names.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn of(storage: &dyn Storage) -> Result<Self, StoreError> {
        let names = names(storage)?;
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        if has(UNFINISHED) {
            return Ok(Self::Unfinished);
        }
        if has(SEAL) {
            return Ok(Self::Backup);
        }
        let is_store = has(MANIFEST) || !numbers(storage)?.is_empty();
        let is_store = is_store || !extents(storage)?.is_empty();
        Ok(if is_store { Self::Store } else { Self::Nothing })
    }

    /// Refuses what is no store to be written to.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] for a backup, [`StoreError::Unfinished`], [`StoreError::Io`].
    pub fn refuse_unless_writable(storage: &dyn Storage) -> Result<(), StoreError> {
        match Self::of(storage)? {
            Self::Nothing | Self::Store => Ok(()),
            Self::Backup => Err(StoreError::Sealed { file: SEAL.to_owned() }),
            Self::Unfinished => Err(StoreError::Unfinished { file: UNFINISHED.to_owned() }),
        }
    }
}

/// Lets `work` fill a directory that is empty. If it fails the directory is empty again; if the
/// machine fails before the end, [`UNFINISHED`] in it says so.
///
/// # Errors
/// [`StoreError::NotEmpty`] with `shown` for the directory's name, [`StoreError::Io`], and what
/// `work` gives.
pub fn fill<T>(
    target: &dyn Storage,
    shown: &str,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    if !names(target)?.is_empty() {
        return Err(StoreError::NotEmpty { path: shown.to_owned() });
    }
    let filled = mark(target).and_then(|()| work()).and_then(|done| {
        unmark(target)?;
        Ok(done)
    });
    filled.inspect_err(|_| clear(target))
}

fn mark(target: &dyn Storage) -> Result<(), StoreError> {
    target.create(UNFINISHED).map_err(|error| StoreError::io("create", UNFINISHED, error))?;
    sync(target)
}

/// Everything else is durable before the mark goes, in that order.
fn unmark(target: &dyn Storage) -> Result<(), StoreError> {
    sync(target)?;
    target.remove(UNFINISHED).map_err(|error| StoreError::io("remove", UNFINISHED, error))?;
    sync(target)
}

/// Removes what was written. What cannot be removed is marked as unfinished.
fn clear(target: &dyn Storage) {
    let Ok(names) = target.list() else { return };
    if !names.iter().any(|name| name == UNFINISHED) && mark(target).is_err() {
        return;
    }
    let others = names.iter().filter(|name| *name != UNFINISHED);
    let n_left = others.filter(|name| target.remove(name).is_err()).count();
    if n_left == 0 && target.sync_directory().is_ok() {
        // Should it come back, it is marked as unfinished and holds nothing.
        drop(target.remove(UNFINISHED));
    }
}

fn names(storage: &dyn Storage) -> Result<Vec<String>, StoreError> {
    storage.list().map_err(|error| StoreError::io("list", ".", error))
}

fn sync(storage: &dyn Storage) -> Result<(), StoreError> {
    storage.sync_directory().map_err(|error| StoreError::io("sync", ".", error))
}
