//! Backups: a store as of one version, written anew in a directory of its own and sealed.
//!
//! While it is made the checkpoint it is of stays, so no other is made and no log is cut; writes and
//! queries go on. What is read is what was written to the disk, not what is in memory: each part and
//! each frame is checked on the way, and a damaged store gives an error instead of a backup.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use twindex_store::backup::contents::{Contents, fill};
use twindex_store::backup::copy::Source;
use twindex_store::backup::seal::Seal;
use twindex_store::directory::Directory;
use twindex_store::error::StoreError;
use twindex_store::log::frame::Frame;
use twindex_store::storage::Storage;

use crate::durable::Durable;
use crate::durable::copy::{CopyOptions, CopyReport, Following, Newest};
use crate::durable::open::new_id;
use crate::durable::read_only::{ReadOnly, manifest_of};
use crate::engine::Twindex;
use crate::error::Error;

impl Twindex {
    /// Writes a backup of the store into a directory, which is made if it is not there and must be
    /// empty. It holds all twins as of one version, which is reported; writers and readers go on
    /// meanwhile, checkpoints wait.
    ///
    /// A backup is opened by [`Twindex::restore`], or where it lies by [`Twindex::open_read_only`].
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use twindex::{Collection, CopyOptions, NewTwin, TwinId, Twindex, Write};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let (directory, backup, restored) =
    /// #     (folder.path().join("db"), folder.path().join("backup"), folder.path().join("new"));
    /// let db = Twindex::open(&directory)?;
    /// let written = db.write(Write::create(TwinId::device("a")?, NewTwin::new()))?;
    /// let report = db.backup(&backup)?;
    /// assert_eq!(report.version, written.version);
    ///
    /// Twindex::restore(&backup, &restored, &CopyOptions::default())?;
    /// assert_eq!(Twindex::open(&restored)?.n_twins(Collection::Devices), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`]: the directory is not empty or inside the store, the store is damaged or
    /// takes no writes any more, the engine is in memory alone, there is no room, or the machine
    /// fails. Nothing that passes for a backup is left. [`Error::Load`] within a strict load of this
    /// thread.
    pub fn backup(&self, target: impl AsRef<Path>) -> Result<CopyReport, Error> {
        self.backup_with(target, &CopyOptions::default())
    }

    /// The same, followed and stopped by the caller.
    ///
    /// # Errors
    /// As [`Twindex::backup`], and [`crate::ErrorKind::Stopped`].
    pub fn backup_with(
        &self,
        target: impl AsRef<Path>,
        options: &CopyOptions<'_>,
    ) -> Result<CopyReport, Error> {
        self.refuse_backup()?;
        let writer = &self.inner().writer;
        let stored = writer.durable.as_ref().map(|durable| &durable.storage);
        let stored = stored.or(writer.read_only.as_ref().map(|store| &store.storage));
        let source = stored.ok_or_else(memory_alone)?;
        let target = Directory::open_empty_outside(target.as_ref(), &**source)?;
        self.backup_storage(Arc::new(target), options)
    }

    /// The same into storage of any kind.
    ///
    /// # Errors
    /// As [`Twindex::backup_with`].
    pub fn backup_storage(
        &self,
        target: Arc<dyn Storage>,
        options: &CopyOptions<'_>,
    ) -> Result<CopyReport, Error> {
        self.refuse_backup()?;
        let writer = &self.inner().writer;
        let mut following = Following::new(options);
        let report = match (&writer.durable, &writer.read_only) {
            (Some(durable), _) => durable.backup(|| writer.role(), &target, &mut following)?,
            (None, Some(read_only)) => read_only.backup(&target, &mut following)?,
            (None, None) => return Err(memory_alone().into()),
        };
        Ok(report)
    }

    /// Writes a backup of a store that no process has open for writing, without bringing its twins
    /// into memory. The backup of a backup is one too.
    ///
    /// # Errors
    /// As [`Twindex::backup_with`], and if a process has it open.
    pub fn backup_closed(
        store: impl AsRef<Path>,
        target: impl AsRef<Path>,
        options: &CopyOptions<'_>,
    ) -> Result<CopyReport, Error> {
        let name = store.as_ref().display().to_string();
        let source = Directory::open_read_only(store.as_ref())?;
        let manifest = manifest_of(&source, &name)?;
        let mut following = Following::new(options);
        if Contents::of(&source)? == Contents::Backup {
            Seal::read(&source, &name)?.verify(&source, &mut |step| following.step(step))?;
            following.next_walk();
        }
        let target = Directory::open_empty_outside(target.as_ref(), &source)?;
        let target: Arc<dyn Storage> = Arc::new(target);
        let source = Source { storage: &source, manifest: &manifest, last: None };
        Ok(write_sealed(&source, &target, &mut following)?)
    }

    fn refuse_backup(&self) -> Result<(), Error> {
        self.refuse_within_strict_load()?;
        let writer = &self.inner().writer;
        let is_stored = writer.durable.is_some() || writer.read_only.is_some();
        if is_stored { Ok(()) } else { Err(memory_alone().into()) }
    }
}

fn memory_alone() -> StoreError {
    StoreError::NoStore { path: "memory".to_owned(), why: "nothing of it is on a disk" }
}

impl Durable {
    /// Writes a backup. `role` gives the role of the writer, without which no batch is under way.
    fn backup<R>(
        &self,
        role: impl Fn() -> R,
        target: &Arc<dyn Storage>,
        following: &mut Following<'_>,
    ) -> Result<CopyReport, StoreError> {
        let counting = self.counting.lock();
        if self.is_manifest_open.load(Ordering::SeqCst) {
            return Err(StoreError::Poisoned);
        }
        let last = {
            let _role = role();
            let mut log = self.log.lock();
            log.writer.sync()?;
            log.writer.next_sequence() - 1
        };
        let (storage, manifest) = (&*self.storage, &counting.manifest);
        let source = Source { storage, manifest, last: Some(last) };
        write_sealed(&source, target, following)
    }
}

impl ReadOnly {
    fn backup(
        &self,
        target: &Arc<dyn Storage>,
        following: &mut Following<'_>,
    ) -> Result<CopyReport, StoreError> {
        let (storage, last) = (&*self.storage, Some(self.last));
        write_sealed(&Source { storage, manifest: &self.manifest, last }, target, following)
    }
}

/// Copies a store into an empty directory and seals it.
fn write_sealed(
    source: &Source<'_>,
    target: &Arc<dyn Storage>,
    following: &mut Following<'_>,
) -> Result<CopyReport, StoreError> {
    let id = new_id()?;
    let mut newest = Newest(source.manifest.stamp);
    let seal = fill(&**target, "the target", || {
        let see = &mut |frame: &Frame<'_>| newest.see(frame);
        source.copy(target, id, &mut |step| following.step(step), see)?;
        following.next_walk();
        let seal = Seal::new(id, source.manifest.store, newest.0);
        seal.write(&**target, &mut |step| following.step(step))
    })?;
    Ok(CopyReport {
        version: seal.stamp,
        n_files: seal.files.len() as u64 + 1,
        n_bytes: seal.n_bytes(),
        elapsed: following.elapsed(),
    })
}
