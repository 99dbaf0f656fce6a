//! The handle and what it shares.
//!
//! Readers take a version of the twins and writers make new ones, see [`twindex_index::snapshot`].
//! There is one writer at a time: who writes a batch holds the role of the writer, waiting for it
//! with nothing else in hand, and no reader ever waits for the role.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use rayon::{ThreadPool, ThreadPoolBuilder};
use twindex_index::index::Index;
use twindex_index::snapshot::{Expired, IndexWrite, Shared, Ts};
use twindex_index::stats::Stats;
use twindex_model::path::Collection;

use crate::options::Options;
use crate::query::Query;
use crate::snapshot::{Snapshot, n_twins_of, twin_of};

/// An engine. Clones are handles to the same twins.
#[derive(Clone, Debug)]
pub struct Twindex {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    /// Held by who writes, from the choice of a batch's timestamp until it is published.
    writer: Mutex<()>,
    /// `None` where the machine refused threads: everything then runs on the caller's.
    pool: Option<ThreadPool>,
    pub(crate) options: Options,
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
        let pool = ThreadPoolBuilder::new()
            .num_threads(options.threads)
            .thread_name(|number| format!("twindex-{number}"))
            .build();
        let shared = Shared::new(Index::new(options.index.clone()));
        Self { inner: Arc::new(Inner { shared, writer: Mutex::new(()), pool: pool.ok(), options }) }
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

    /// Removes one twin. False if there is none.
    pub fn remove(&self, device_id: &str, module_id: Option<&str>) -> bool {
        let writing = self.inner.write_batch();
        let mut index = writing.lock();
        let Some(row) = index.find(device_id, module_id) else { return false };
        let was_there = index.remove(collection_of(module_id), row);
        drop(index);
        writing.publish();
        was_there
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
        let _role = self.inner.writer.try_lock();
        self.inner.shared.read().validate()
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

/// The role of the writer, for one batch.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    inner: &'a Inner,
    _role: MutexGuard<'a, ()>,
    /// Timestamp of the batch.
    ts: Ts,
}

/// How long a batch holds the lock for some of its writes, before readers get their turn.
const SLICE_MAX: Duration = Duration::from_micros(500);

impl Writing<'_> {
    /// The index, for some writes of the batch.
    pub(crate) fn lock(&self) -> IndexWrite<'_> {
        let mut index = self.inner.shared.write();
        index.begin(self.ts);
        index
    }

    /// Writes one item after another until `write` fails, letting readers in between.
    pub(crate) fn each<T, E>(
        &self,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Index, T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut items = items.peekable();
        while items.peek().is_some() {
            let mut index = self.lock();
            let begun = Instant::now();
            for item in items.by_ref() {
                write(&mut index, item)?;
                if begun.elapsed() > SLICE_MAX {
                    break;
                }
            }
            index.unlock_fair();
        }
        Ok(())
    }

    /// Lets readers see the batch, whose writes are all done.
    pub(crate) fn publish(self) {
        self.inner.shared.publish(self.ts);
        self.inner.shared.prune(self.inner.options.undo_bytes_max);
    }

    /// Takes back what the batch wrote.
    pub(crate) fn roll_back(self) {
        self.inner.shared.write().roll_back(self.ts);
    }
}

impl Inner {
    /// Takes the role of the writer, when nobody else has it. To be called without the lock of the
    /// index in hand.
    pub(crate) fn write_batch(&self) -> Writing<'_> {
        let role = self.writer.lock();
        let ts = Ts(self.shared.visible().0 + 1);
        Writing { inner: self, _role: role, ts }
    }

    /// What `read` finds at the newest version.
    fn of_newest<R>(
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

    /// The engine's pool, unless the caller is a worker of some pool itself: such a thread takes up
    /// other jobs of its own pool while it waits for ours, and one of them might want the lock that
    /// it holds.
    pub(crate) fn pool(&self) -> Option<&ThreadPool> {
        self.pool.as_ref().filter(|_| rayon::current_thread_index().is_none())
    }
}

/// The collection of a twin with this module id.
pub(crate) fn collection_of(module_id: Option<&str>) -> Collection {
    if module_id.is_some() { Collection::Modules } else { Collection::Devices }
}
