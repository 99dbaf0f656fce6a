//! A store that is read and not written: its twins in memory, and no file made or changed.
//!
//! What opening for writing would mend is passed over and told of: a torn tail stays where it is.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::ThreadPool;
use twindex_index::index::Index;
use twindex_index::snapshot::Ts;
use twindex_store::backup::contents::Contents;
use twindex_store::backup::seal::Seal;
use twindex_store::checkpoint::manifest::Manifest;
use twindex_store::error::StoreError;
use twindex_store::files::StoreFiles;
use twindex_store::recover;
use twindex_store::storage::Storage;

use crate::durable::fill::Filling;
use crate::durable::open::Recovery;
use crate::durable::options::{Access, StoreOptions};
use crate::engine::Twindex;
use crate::error::Error;
use crate::options::Options;

/// What a store was called that has no name.
const UNNAMED: &str = ".";

/// The store behind an engine that does not write.
#[derive(Debug)]
pub(crate) struct ReadOnly {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) manifest: Manifest,
    /// Whether it is a backup, which was verified then.
    pub(crate) is_backup: bool,
    /// The last frame that is in the twins.
    pub(crate) last: u64,
    pub(crate) recovery: Recovery,
}

/// A store that was opened so.
pub(crate) struct OpenedReadOnly {
    pub(crate) read_only: ReadOnly,
    pub(crate) index: Index,
    /// The newest version.
    pub(crate) version: Ts,
}

impl Twindex {
    /// Opens the store in a directory to read it. No file is made or changed, so permission to read
    /// is enough; any number of processes may do so at once, but none while one has it open for
    /// writing, nor the other way round. Writes, loads and checkpoints get an error of kind
    /// [`crate::ErrorKind::ReadOnly`].
    ///
    /// A backup can be opened so too: it is verified first.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use twindex::{Collection, ErrorKind, NewTwin, TwinId, Twindex, Write};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let directory = folder.path().join("fleet.db");
    /// # Twindex::open(&directory)?.write(Write::create(TwinId::device("a")?, NewTwin::new()))?;
    /// let (one, other) = (Twindex::open_read_only(&directory)?, Twindex::open_read_only(&directory)?);
    /// assert_eq!(one.n_twins(Collection::Devices), 1);
    ///
    /// let refused = other.write(Write::delete(TwinId::device("a")?)).unwrap_err();
    /// assert_eq!((refused.kind(), refused.code()), (ErrorKind::ReadOnly, "T033"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`]: there is no store, a process has it open for writing, files are damaged, or
    /// the machine fails.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, Error> {
        let store = StoreOptions { access: Access::ReadOnly, ..StoreOptions::default() };
        Self::open_with(path, Options::default(), store)
    }
}

impl Twindex {
    /// What the files of the store are and take; `None` for an engine in memory alone.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn store_files(&self) -> Result<Option<StoreFiles>, Error> {
        let writer = &self.inner().writer;
        Ok(match (&writer.durable, &writer.read_only) {
            (Some(durable), _) => {
                Some(StoreFiles::of(&*durable.storage, &durable.counting.lock().manifest)?)
            }
            (None, Some(store)) => Some(StoreFiles::of(&*store.storage, &store.manifest)?),
            (None, None) => None,
        })
    }
}

/// Fills `index`, which is empty, from the store in `storage`.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn open_read_only(
    storage: Arc<dyn Storage>,
    mut index: Index,
    options: &StoreOptions,
    pool: Option<&ThreadPool>,
) -> Result<OpenedReadOnly, StoreError> {
    let begun = Instant::now();
    let is_backup = Contents::of(&*storage)? == Contents::Backup;
    if is_backup {
        // A log that was cut off would pass for one with a torn tail.
        Seal::read(&*storage, UNNAMED)?.verify(&*storage, &mut |_| Ok(()))?;
    }
    let manifest = manifest_of(&*storage, UNNAMED)?;
    let mut filling = Filling::begin(&*storage, &manifest, &mut index, options)?;
    filling.put_parts(pool)?;
    let end = recover::look::<StoreError>(&*storage, &manifest, |frame| filling.redo(&frame))?;
    let (mut recovery, version) = filling.finish(pool)?;
    recovery.torn = end.torn;
    recovery.elapsed = begun.elapsed();
    let last = end.next_sequence - 1;
    Ok(OpenedReadOnly {
        read_only: ReadOnly { storage, manifest, is_backup, last, recovery },
        index,
        version,
    })
}

/// The checkpoint of a store or backup that is there.
pub(crate) fn manifest_of(storage: &dyn Storage, shown: &str) -> Result<Manifest, StoreError> {
    if Contents::of(storage)? == Contents::Unfinished {
        return Err(StoreError::Unfinished { file: "UNFINISHED".to_owned() });
    }
    let no_store =
        || StoreError::NoStore { path: shown.to_owned(), why: "its manifest is missing" };
    recover::open(storage)?.ok_or_else(no_store)
}
