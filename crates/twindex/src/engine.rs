//! The handle and what it shares.
//!
//! Readers take a version of the twins and writers make new ones, see [`twindex_index::snapshot`].
//! There is one writer at a time: who writes a batch holds the role of the writer, waiting for it
//! with nothing else in hand, and no reader ever waits for the role.

use std::path::Path;
use std::sync::Arc;
use std::thread::ThreadId;

use rayon::{ThreadPool, ThreadPoolBuilder};
use twindex_index::index::Index;
use twindex_index::snapshot::{Expired, Shared};
use twindex_index::stats::Stats;
use twindex_model::path::Collection;
use twindex_store::directory::{Directory, IfMissing};
use twindex_store::storage::Storage;
use twindex_sync::Mutex;

use crate::durable::{
    self, Access, Behind, CheckpointReport, Durable, Opened, OpenedReadOnly, Recovery,
    StoreOptions, manifest_of,
};
use crate::error::Error;
use crate::load::LoadError;
use crate::options::Options;
use crate::query::Query;
use crate::sequencer::Sequencer;
use crate::snapshot::{Snapshot, n_twins_of, twin_of};
use crate::writer::Writer;

/// An engine. Clones are handles to the same twins.
#[derive(Clone, Debug)]
pub struct Twindex {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) sequencer: Sequencer,
    /// `None` where the machine refused threads: everything then runs on the caller's.
    pool: Option<ThreadPool>,
    pub(crate) options: Options,
    /// Who called a strict load that is under way, with each of its threads: what these call must not
    /// wait for its end.
    pub(crate) strict_loaders: Mutex<Vec<(ThreadId, ThreadId)>>,
}

impl Default for Twindex {
    fn default() -> Self {
        Self::in_memory()
    }
}

impl Twindex {
    /// An empty engine in memory, with default options.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::with_options(Options::default())
    }

    /// An empty engine in memory.
    #[must_use]
    pub fn with_options(options: Options) -> Self {
        let index = Index::new(options.index.clone());
        let pool = pool_of(&options);
        Self::of_parts(Shared::new(index), Behind::Memory, (pool, options))
    }

    /// Opens the store in a directory, or makes one: what was acknowledged is there again. The
    /// directory is this process's until the last handle is dropped.
    ///
    /// # Errors
    /// [`Error::Store`]: another process has it open, files are damaged (with file and place), or
    /// the machine fails. Nothing is changed, but for a torn tail of the log that is cut off.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(path, Options::default(), StoreOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Twindex::open`], and if there is no store where none may be made.
    pub fn open_with(
        path: impl AsRef<Path>,
        options: Options,
        store: StoreOptions,
    ) -> Result<Self, Error> {
        if store.access == Access::ReadOnly {
            let directory = Directory::open_read_only(path.as_ref())?;
            let store_name = path.as_ref().display().to_string();
            manifest_of(&directory, &store_name)?;
            return Self::open_storage(Arc::new(directory), options, store);
        }
        let if_missing = if store.creates { IfMissing::Create } else { IfMissing::Refuse };
        let directory = Directory::open(path.as_ref(), if_missing)?;
        if !store.creates {
            manifest_of(&directory, &path.as_ref().display().to_string())?;
        }
        Self::open_storage(Arc::new(directory), options, store)
    }

    /// The same in storage of any kind.
    ///
    /// # Errors
    /// As [`Twindex::open`].
    pub fn open_storage(
        storage: Arc<dyn Storage>,
        options: Options,
        store: StoreOptions,
    ) -> Result<Self, Error> {
        let pool = pool_of(&options);
        let index = Index::new(options.index.clone());
        let (store, index, version) = match store.access {
            Access::ReadWrite => {
                let Opened { durable, index, version } =
                    durable::open(storage, index, store, pool.as_ref())?;
                (Behind::Store(durable), index, version)
            }
            Access::ReadOnly => {
                let OpenedReadOnly { read_only, index, version } =
                    durable::open_read_only(storage, index, &store, pool.as_ref())?;
                (Behind::ReadOnly(read_only), index, version)
            }
        };
        let shared = Shared::new(index);
        shared.publish(version);
        Ok(Self::of_parts(shared, store, (pool, options)))
    }

    fn of_parts(
        shared: Arc<Shared>,
        store: Behind,
        (pool, options): (Option<ThreadPool>, Options),
    ) -> Self {
        let writer = Arc::new(Writer::new(Arc::clone(&shared), &options, store));
        let sequencer = Sequencer::new(Arc::clone(&writer), options.queue_ops_max);
        let strict_loaders = Mutex::default();
        Self { inner: Arc::new(Inner { shared, writer, sequencer, pool, options, strict_loaders }) }
    }

    /// What opening the store found; `None` for an engine in memory alone.
    #[must_use]
    pub fn recovery(&self) -> Option<&Recovery> {
        let writer = &self.inner.writer;
        let read_only = writer.read_only.as_ref().map(|store| &store.recovery);
        writer.durable.as_ref().map(Durable::recovery).or(read_only)
    }

    /// Whether the store was opened to be read alone.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.inner.writer.read_only.is_some()
    }

    /// Whether it is a backup that was opened. All its checksums were right then.
    #[must_use]
    pub fn is_backup(&self) -> bool {
        self.inner.writer.read_only.as_ref().is_some_and(|store| store.is_backup)
    }

    /// Batches up to this version survive a loss of power; `None` for an engine in memory alone. It is
    /// the newest version under [`crate::Durability::Sync`], and behind it in other modes.
    #[must_use]
    pub fn durable_version(&self) -> Option<u64> {
        self.inner.writer.durable.as_ref().map(Durable::durable_version)
    }

    /// Writes a checkpoint, so that the store opens without replaying what was logged before, and
    /// cuts the log. Readers and writers go on meanwhile. Nothing in memory alone.
    ///
    /// # Errors
    /// [`Error::Store`]: the checkpoint before counts as it did. [`Error::Load`] within a strict
    /// load of this thread, which would have to end first.
    pub fn checkpoint(&self) -> Result<CheckpointReport, Error> {
        self.refuse_within_strict_load()?;
        Ok(self.inner.writer.checkpoint()?)
    }

    /// Refuses what would wait for a load that waits for this thread.
    pub(crate) fn refuse_within_strict_load(&self) -> Result<(), LoadError> {
        self.inner.refuse_within_strict_load()
    }

    /// A query to be run: a statement of the query language.
    #[must_use]
    pub fn query(&self, text: impl Into<String>) -> Query<'_> {
        Query::statement(&self.inner, text.into())
    }

    /// The twins a condition selects, written as hubs write conditions of jobs and configurations:
    /// what stands after WHERE, `*`, or `FROM devices[.modules] WHERE …`.
    #[must_use]
    pub fn condition(&self, text: impl Into<String>) -> Query<'_> {
        Query::condition(&self.inner, text.into())
    }

    /// The twins as they are now, to be read again later: see [`Query::at`].
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.inner.shared.snapshot())
    }

    /// The version that queries see which begin now. Each batch of writes makes a new one; later
    /// ones are greater.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.inner.shared.visible().0
    }

    /// The JSON text of one twin.
    #[must_use]
    pub fn twin(&self, device_id: &str, module_id: Option<&str>) -> Option<String> {
        self.inner.of_newest(|snapshot| twin_of(snapshot, device_id, module_id))
    }

    /// Removes one twin. False if there is none, or if a store could not log it or is read-only.
    pub fn remove(&self, device_id: &str, module_id: Option<&str>) -> bool {
        if self.is_read_only() {
            return false;
        }
        let writing = self.inner.writer.begin(1);
        let mut index = writing.lock();
        let Some(row) = index.find(device_id, module_id) else { return false };
        let was_there = index.remove(collection_of(module_id), row);
        drop(index);
        writing.finish_untold().is_ok() && was_there
    }

    /// Number of twins in a collection.
    #[must_use]
    pub fn n_twins(&self, collection: Collection) -> u64 {
        self.inner.of_newest(|snapshot| n_twins_of(snapshot, collection))
    }

    /// Where the bytes are.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.shared.read().stats()
    }

    /// Rebuilds everything derived and compares it with what is kept. Writers wait meanwhile,
    /// readers do not.
    ///
    /// # Errors
    /// A description of the first difference, which is a defect of the engine.
    pub fn check(&self) -> Result<(), String> {
        // Readers would wait behind a writer that waits for this, but none waits for the role.
        let _role = self.inner.writer.try_begin();
        self.inner.shared.read().validate()
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Inner {
    /// What `read` finds at the newest version.
    pub(crate) fn of_newest<R>(
        &self,
        read: impl Fn(&twindex_index::snapshot::Snapshot) -> Result<R, Expired>,
    ) -> R {
        loop {
            // A version is given up only after newer ones came, so the next round reads a newer.
            if let Ok(found) = read(&self.shared.snapshot()) {
                return found;
            }
        }
    }

    /// Refuses what would wait for a load that waits for this thread.
    pub(crate) fn refuse_within_strict_load(&self) -> Result<(), LoadError> {
        let this = std::thread::current().id();
        match self.strict_loaders.lock().iter().any(|(_, thread)| *thread == this) {
            true => Err(LoadError::WithinLoad),
            false => Ok(()),
        }
    }

    /// Says that this thread is one of the strict load that `caller` called.
    pub(crate) fn join_strict_load(&self, caller: ThreadId) {
        self.strict_loaders.lock().push((caller, std::thread::current().id()));
    }

    /// Says that the strict load that `caller` called keeps nobody waiting any more.
    pub(crate) fn leave_strict_load(&self, caller: ThreadId) {
        self.strict_loaders.lock().retain(|(other, _)| *other != caller);
    }

    /// The engine's pool, unless the caller is a worker of some pool itself: such a thread takes up
    /// other jobs of its own pool while it waits for ours, and one of them might want the lock that
    /// it holds.
    pub(crate) fn pool(&self) -> Option<&ThreadPool> {
        self.pool.as_ref().filter(|_| rayon::current_thread_index().is_none())
    }
}

/// The engine's own threads; none where the machine refuses them.
fn pool_of(options: &Options) -> Option<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(options.threads);
    pool.thread_name(|number| format!("twindex-{number}")).build().ok()
}

/// The collection of a twin with this module id.
pub(crate) fn collection_of(module_id: Option<&str>) -> Collection {
    if module_id.is_some() { Collection::Modules } else { Collection::Devices }
}
