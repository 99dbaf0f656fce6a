//! Opening a store: the manifest first, then the parts it names, then the frames after them.
//!
//! The manifest is the root. It is written last when a store is made, so a directory with files of
//! a log and no manifest is either one whose making was cut off, and is made again, or one that lost
//! its manifest, which is damage.

use std::sync::Arc;

use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::name::{MANIFEST, extents};
use crate::error::StoreError;
use crate::header::{HEADER_BYTES, StoreId};
use crate::log::frame::Frame;
use crate::log::name::{name_of, numbers};
use crate::log::reader::{LogEnd, Torn, look_at_log, read_log};
use crate::log::writer::LogWriter;
use crate::storage::Storage;

/// What a directory turned out to hold.
#[derive(Debug)]
pub enum Found {
    /// A store.
    Store(Manifest),
    /// A new one was made.
    New(Manifest, LogWriter),
}

/// Opens the store in `storage`; one with the id `new` is made if there is none.
///
/// # Errors
/// [`StoreError::Corrupt`], [`StoreError::NewerFormat`], [`StoreError::Io`], [`StoreError::Full`].
pub fn open_or_create(storage: &Arc<dyn Storage>, new: StoreId) -> Result<Found, StoreError> {
    match open(&**storage)? {
        Some(manifest) => Ok(Found::Store(manifest)),
        None => create(storage, new),
    }
}

/// The manifest of the store in `storage`; `None` if there is no store.
///
/// # Errors
/// [`StoreError::Corrupt`], [`StoreError::NewerFormat`], [`StoreError::Io`].
pub fn open(storage: &dyn Storage) -> Result<Option<Manifest>, StoreError> {
    if let Some(manifest) = Manifest::read(storage)? {
        return Ok(Some(manifest));
    }
    let lost = || StoreError::corrupt(MANIFEST, 0, "the file is missing");
    if !extents(storage)?.is_empty() {
        return Err(lost());
    }
    for number in numbers(storage)? {
        let name = name_of(number);
        let failed = |error| StoreError::io("open", &name, error);
        let file = storage.open(&name).map_err(failed)?;
        if file.n_bytes().map_err(failed)? > HEADER_BYTES as u64 {
            return Err(lost());
        }
    }
    Ok(None)
}

fn create(storage: &Arc<dyn Storage>, store: StoreId) -> Result<Found, StoreError> {
    for number in numbers(&**storage)? {
        let name = name_of(number);
        storage.remove(&name).map_err(|error| StoreError::io("remove", &name, error))?;
    }
    let manifest = Manifest::empty(store);
    let log = LogWriter::create(Arc::clone(storage), store, manifest.replay_from)?;
    manifest.write(&**storage)?;
    Ok(Found::New(manifest, log))
}

/// Hands over the frames that are not in the parts of `manifest`, in order, and gives the log to
/// be appended to, with the torn tail that was cut off, if there was one.
///
/// # Errors
/// As [`read_log`], and [`StoreError::Corrupt`] if frames are missing which the checkpoint took for
/// durable.
pub fn replay<E: From<StoreError>>(
    storage: &Arc<dyn Storage>,
    manifest: &Manifest,
    take: impl FnMut(Frame<'_>) -> Result<(), E>,
) -> Result<(LogWriter, Option<Torn>), E> {
    let end = read_log(&**storage, manifest.store, manifest.replay_from, take)?;
    let end = reaching(manifest, end)?;
    let log = LogWriter::resume(Arc::clone(storage), manifest.store, &end)?;
    Ok((log, end.torn))
}

/// The same, and changes nothing: a torn tail is told of and stays.
///
/// # Errors
/// As [`replay`].
pub fn look<E: From<StoreError>>(
    storage: &dyn Storage,
    manifest: &Manifest,
    take: impl FnMut(Frame<'_>) -> Result<(), E>,
) -> Result<LogEnd, E> {
    let end = look_at_log(storage, manifest.store, manifest.replay_from, take)?;
    Ok(reaching(manifest, end)?)
}

/// The end of a log that goes at least as far as its checkpoint took it to be durable.
fn reaching(manifest: &Manifest, end: Option<LogEnd>) -> Result<LogEnd, StoreError> {
    let end = end.filter(|end| end.next_sequence >= manifest.replay_from);
    end.ok_or_else(|| StoreError::corrupt(MANIFEST, 0, "the log ends before its checkpoint"))
}
