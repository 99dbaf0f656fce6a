//! Giving up the beginning of the log, which a checkpoint has replaced.

use twindex_planted::{Fault, planted};

use crate::error::StoreError;
use crate::header::{FileKind, HEADER_BYTES, Header};
use crate::log::name::{name_of, numbers};
use crate::storage::{Storage, read_full};

/// Removes the files whose frames are all before `sequence`, oldest first, and never the last one.
/// Only for frames that a durable checkpoint holds. A writer may append meanwhile.
///
/// # Errors
/// [`StoreError::Io`]: files remain, and the next call tries again.
pub fn cut(storage: &dyn Storage, sequence: u64) -> Result<(), StoreError> {
    let mut removed = false;
    for pair in numbers(storage)?.windows(2) {
        let [old, next] = pair else { continue };
        let is_needed = |first| first > sequence && !planted(Fault::LogCutTooEarly);
        if first_sequence(storage, *next)?.is_none_or(is_needed) {
            break;
        }
        let name = name_of(*old);
        storage.remove(&name).map_err(|error| StoreError::io("remove", &name, error))?;
        removed = true;
    }
    if removed {
        storage.sync_directory().map_err(|error| StoreError::io("sync", ".", error))?;
    }
    Ok(())
}

/// The first sequence of a file; `None` for one that is being made.
fn first_sequence(storage: &dyn Storage, number: u64) -> Result<Option<u64>, StoreError> {
    let name = name_of(number);
    let file = storage.open(&name).map_err(|error| StoreError::io("open", &name, error))?;
    let mut bytes = [0; HEADER_BYTES];
    let n_read = read_full(&*file, &name, 0, &mut bytes)?;
    let bytes = bytes.get(..n_read).unwrap_or_default();
    Ok(Header::decode(&name, FileKind::Log, bytes).ok().map(|header| header.first))
}
