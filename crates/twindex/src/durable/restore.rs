//! Making a store of a backup.
//!
//! The store gets an id of its own, so all its files are written anew. With the id of the store that
//! was backed up, or with one id for every store restored from a backup, files of stores that went
//! different ways could be mixed without anybody noticing.

use std::path::Path;
use std::sync::Arc;

use twindex_store::backup::contents::fill;
use twindex_store::backup::copy::Source;
use twindex_store::backup::seal::Seal;
use twindex_store::directory::Directory;
use twindex_store::error::StoreError;
use twindex_store::files::StoreFiles;
use twindex_store::log::frame::Frame;
use twindex_store::storage::Storage;

use crate::durable::copy::{CopyOptions, CopyReport, Following, Newest};
use crate::durable::open::new_id;
use crate::durable::read_only::manifest_of;
use crate::engine::Twindex;
use crate::error::Error;

impl Twindex {
    /// Makes a store of a backup, in a directory that is made if it is not there and must be empty.
    /// The whole backup is verified before anything is written. The store opens with the twins, row
    /// ids, versions and etags of the backup's version. It is a store of its own: its files and
    /// those of the store that was backed up cannot be mixed.
    ///
    /// # Errors
    /// [`Error::Store`]: it is no backup, or a damaged one (with file and place), the directory is
    /// not empty or inside the backup, there is no room, it was stopped, or the machine fails. The
    /// directory is empty then but for its lock.
    pub fn restore(
        backup: impl AsRef<Path>,
        directory: impl AsRef<Path>,
        options: &CopyOptions<'_>,
    ) -> Result<CopyReport, Error> {
        let name = backup.as_ref().display().to_string();
        let source = Directory::open_read_only(backup.as_ref())?;
        let open = || {
            let target = Directory::open_empty_outside(directory.as_ref(), &source)?;
            Ok(Arc::new(target) as Arc<dyn Storage>)
        };
        Ok(restore((&source, &name), open, options)?)
    }

    /// The same from and to storage of any kind.
    ///
    /// # Errors
    /// As [`Twindex::restore`].
    pub fn restore_storage(
        backup: &dyn Storage,
        target: Arc<dyn Storage>,
        options: &CopyOptions<'_>,
    ) -> Result<CopyReport, Error> {
        Ok(restore((backup, "the storage"), || Ok(target), options)?)
    }
}

/// Verifies the backup, and only then lets `open` make the target.
fn restore(
    (source, name): (&dyn Storage, &str),
    open: impl FnOnce() -> Result<Arc<dyn Storage>, StoreError>,
    options: &CopyOptions<'_>,
) -> Result<CopyReport, StoreError> {
    let mut following = Following::new(options);
    let seal = Seal::read(source, name)?;
    seal.verify(source, &mut |step| following.step(step))?;
    following.next_walk();
    let manifest = manifest_of(source, name)?;
    let id = new_id()?;
    let mut newest = Newest(manifest.stamp);
    let target = open()?;
    let files = fill(&*target, "the target", || {
        let source = Source { storage: source, manifest: &manifest, last: None };
        let see = &mut |frame: &Frame<'_>| newest.see(frame);
        let copy = source.copy(&target, id, &mut |step| following.step(step), see)?;
        if newest.0 == seal.stamp { StoreFiles::of(&*target, &copy) } else { Err(other_version()) }
    })?;
    Ok(CopyReport {
        version: newest.0,
        n_files: files.n_files,
        n_bytes: files.n_bytes,
        elapsed: following.elapsed(),
    })
}

/// All checksums were right: a defect, not chance.
fn other_version() -> StoreError {
    let what = "the files are of another version than the seal";
    StoreError::Corrupt { file: "BACKUP".to_owned(), offset: 0, what }
}
