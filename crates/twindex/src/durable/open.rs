//! Opening a store to work on it, or making one.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use rayon::ThreadPool;
use twindex_index::index::Index;
use twindex_index::snapshot::Ts;
use twindex_store::backup::contents::Contents;
use twindex_store::error::StoreError;
use twindex_store::header::StoreId;
use twindex_store::log::reader::Torn;
use twindex_store::recover::{Found, open_or_create, replay};
use twindex_store::storage::Storage;
use twindex_sync::Mutex;

use crate::durable::checkpoint::Counting;
use crate::durable::fill::Filling;
use crate::durable::options::{Durability, StoreOptions};
use crate::durable::syncer::Syncer;
use crate::durable::{Durable, Log};

/// What opening a store found and did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// Whether there was no store, and a new one was made.
    pub is_new: bool,
    /// Bytes of the checkpoint.
    pub checkpoint_bytes: u64,
    /// Batches of the log that were done again.
    pub n_batches: u64,
    /// Bytes of them.
    pub log_bytes: u64,
    /// A tail that was cut off, or passed over where the store was opened read-only: file, place and
    /// bytes. Nothing in it was acknowledged as durable.
    pub torn: Option<Torn>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A store that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) durable: Durable,
    pub(crate) index: Index,
    /// The newest version.
    pub(crate) version: Ts,
}

/// Opens the store in `storage`, or makes one, and fills `index`, which is empty.
///
/// # Errors
/// [`StoreError`]: nothing was changed, but for a torn tail that may be cut off already.
pub(crate) fn open(
    storage: Arc<dyn Storage>,
    mut index: Index,
    options: StoreOptions,
    pool: Option<&ThreadPool>,
) -> Result<Opened, StoreError> {
    let begun = Instant::now();
    Contents::refuse_unless_writable(&*storage)?;
    let mut recovery = Recovery::default();
    let mut version = Ts::default();
    let (counting, log) = match open_or_create(&storage, new_id()?)? {
        Found::New(manifest, log) => {
            recovery.is_new = true;
            (Counting { manifest, marks: HashMap::new() }, log)
        }
        Found::Store(manifest) => {
            let mut filling = Filling::begin(&*storage, &manifest, &mut index, &options)?;
            filling.put_parts(pool)?;
            let marks = filling.marks();
            let log = replay::<StoreError>(&storage, &manifest, |frame| filling.redo(&frame))?;
            let (log, torn) = log;
            (recovery, version) = filling.finish(pool)?;
            recovery.torn = torn;
            (Counting { manifest, marks }, log)
        }
    };
    index.keep_redo();
    recovery.elapsed = begun.elapsed();
    let writer = log.with_file_bytes(options.log_file_bytes);
    let log = Log { writer, version: version.0, redo: Vec::new(), frame: Vec::new() };
    let log = Arc::new(Mutex::new(log));
    // What was found is durable: the end of the log is synced before it goes on.
    let durable_version = Arc::new(AtomicU64::new(version.0));
    let syncer = match options.durability {
        Durability::Async => Syncer::start(&log, &durable_version),
        Durability::Sync | Durability::None => Syncer::default(),
    };
    let durable = Durable {
        storage,
        options,
        log,
        durable_version,
        syncer,
        counting: Mutex::new(counting),
        logged_bytes: AtomicU64::new(recovery.log_bytes),
        n_rolled_back: AtomicU64::new(0),
        is_manifest_open: AtomicBool::new(false),
        is_copying: AtomicBool::new(false),
        checkpointer: Mutex::new(None),
        recovery,
    };
    Ok(Opened { durable, index, version })
}

/// A random id for a store.
pub(crate) fn new_id() -> Result<StoreId, StoreError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| StoreError::Io {
        action: "make an id for",
        file: "MANIFEST".to_owned(),
        source: std::io::Error::other(error.to_string()),
    })?;
    Ok(StoreId(id))
}
