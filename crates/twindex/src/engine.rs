//! The handle and what it shares.
//!
//! One reader-writer lock stands around the index: a query reads under it page by page, a load
//! writes under it batch by batch, so each page and each batch is whole.

use std::sync::Arc;

use parking_lot::RwLock;
use rayon::{ThreadPool, ThreadPoolBuilder};
use twindex_index::index::Index;
use twindex_index::stats::Stats;
use twindex_model::path::Collection;

use crate::options::Options;
use crate::query::Query;

/// An engine. Clones are handles to the same twins.
#[derive(Clone, Debug)]
pub struct Twindex {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) index: RwLock<Index>,
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
        let index = RwLock::new(Index::new(options.index.clone()));
        Self { inner: Arc::new(Inner { index, pool: pool.ok(), options }) }
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

    /// The JSON text of one twin.
    #[must_use]
    pub fn twin(&self, device_id: &str, module_id: Option<&str>) -> Option<String> {
        let index = self.inner.index.read();
        let row = index.find(device_id, module_id)?;
        let collection = collection_of(module_id);
        let mut out = String::new();
        index.segment(collection, row.segment()).write_twin(row.place(), &mut out);
        Some(out)
    }

    /// Removes one twin. False if there is none.
    pub fn remove(&self, device_id: &str, module_id: Option<&str>) -> bool {
        let mut index = self.inner.index.write();
        let Some(row) = index.find(device_id, module_id) else { return false };
        index.remove(collection_of(module_id), row)
    }

    /// Number of twins in a collection.
    #[must_use]
    pub fn n_twins(&self, collection: Collection) -> u64 {
        self.inner.index.read().n_rows(collection)
    }

    /// Where the bytes are.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.index.read().stats()
    }

    /// Rebuilds everything derived and compares it with what is kept.
    ///
    /// # Errors
    /// A description of the first difference, which is a defect of the engine.
    pub fn check(&self) -> Result<(), String> {
        self.inner.index.read().validate()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
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
