//! Opening a store: parts of the checkpoint, the batches after it, and what is derived.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use rayon::ThreadPool;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use twindex_index::checkpoint::{Part as IndexPart, ReadLane};
use twindex_index::index::Index;
use twindex_index::redo::BadRedo;
use twindex_index::snapshot::Ts;
use twindex_planted::{Fault, planted};
use twindex_store::checkpoint::manifest::{Manifest, Part};
use twindex_store::error::StoreError;
use twindex_store::header::StoreId;
use twindex_store::log::frame::Frame;
use twindex_store::log::reader::Torn;
use twindex_store::recover::{Found, open_or_create, replay};
use twindex_store::storage::Storage;
use twindex_sync::Mutex;

use crate::durable::options::StoreOptions;
use crate::durable::{Durable, FIRST, LAST, Log};

/// Lanes read before they are put into their places: bounds the memory they take twice.
const LANES_AT_ONCE: usize = 256;
/// Name that damage within bytes that the checksum called right is reported under.
const MANIFEST: &str = "MANIFEST";

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
    /// A tail that was cut off: file, place and bytes. Nothing in it was acknowledged as durable.
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
    let mut recovery = Recovery::default();
    let mut version = Ts::default();
    let (manifest, log) = match open_or_create(&storage, new_id()?)? {
        Found::New(manifest, log) => {
            recovery.is_new = true;
            (manifest, log)
        }
        Found::Store(manifest) => {
            restore(&storage, &manifest, &mut index, pool)?;
            recovery.checkpoint_bytes = manifest.parts.values().map(|part| part.n_bytes).sum();
            version = Ts(manifest.stamp);
            let mut batches = Batches::default();
            let (log, torn) = replay::<StoreError>(&storage, &manifest, |frame| {
                batches.add(&frame, &mut index, &mut version)
            })?;
            (recovery.n_batches, recovery.log_bytes) = (batches.n_batches, batches.n_bytes);
            recovery.torn = torn;
            index.finish_redo().map_err(bad)?;
            (manifest, log)
        }
    };
    index.keep_redo();
    recovery.elapsed = begun.elapsed();
    let writer = log.with_file_bytes(options.log_file_bytes);
    let durable = Durable {
        storage,
        options,
        log: Mutex::new(Log { writer, redo: Vec::new(), frame: Vec::new() }),
        manifest: Mutex::new(manifest),
        logged_bytes: AtomicU64::new(recovery.log_bytes),
        n_rolled_back: AtomicU64::new(0),
        is_manifest_open: AtomicBool::new(false),
        is_copying: AtomicBool::new(false),
        checkpointer: Mutex::new(None),
        recovery,
    };
    Ok(Opened { durable, index, version })
}

/// Puts the parts of a checkpoint back: lanes by many threads, all others in the order of keys.
fn restore(
    storage: &Arc<dyn Storage>,
    manifest: &Manifest,
    index: &mut Index,
    pool: Option<&ThreadPool>,
) -> Result<(), StoreError> {
    let mut lanes = Vec::new();
    for (key, part) in &manifest.parts {
        let of = IndexPart::of_key(key).ok_or_else(|| bad(BadRedo))?;
        if matches!(of, IndexPart::Lane(..)) {
            lanes.push((of, *part));
        } else {
            let bytes = manifest.read_part(&**storage, part)?;
            index.restore(&of, &bytes).map_err(bad)?;
        }
    }
    for some in lanes.chunks(LANES_AT_ONCE) {
        let read = |(of, part): &(IndexPart, Part)| {
            let bytes = manifest.read_part(&**storage, part)?;
            index.read_lane(of, &bytes).map_err(bad)
        };
        let read: Result<Vec<ReadLane>, StoreError> = match pool {
            Some(pool) => pool.install(|| some.par_iter().map(read).collect()),
            None => some.iter().map(read).collect(),
        };
        read?.into_iter().for_each(|lane| index.put_lane(lane));
    }
    Ok(())
}

/// Batches as their frames come.
#[derive(Debug, Default)]
struct Batches {
    /// Redo of a batch whose last frame is still to come.
    begun: Option<Vec<u8>>,
    n_batches: u64,
    n_bytes: u64,
}

impl Batches {
    fn add(
        &mut self,
        frame: &Frame<'_>,
        index: &mut Index,
        version: &mut Ts,
    ) -> Result<(), StoreError> {
        let (flags, redo) = frame.payload.split_first().ok_or_else(|| bad(BadRedo))?;
        self.n_bytes += redo.len() as u64;
        if flags & FIRST != 0 {
            // One that broke off before was not acknowledged.
            self.begun = None;
        }
        if flags & (FIRST | LAST) == FIRST | LAST {
            index.redo(redo).map_err(bad)?;
        } else {
            let mut whole = self.begun.take().unwrap_or_default();
            whole.extend_from_slice(redo);
            if flags & LAST == 0 {
                self.begun = Some(whole);
                return Ok(());
            }
            index.redo(&whole).map_err(bad)?;
        }
        self.n_batches += 1;
        if planted(Fault::VersionOfCheckpoint) {
            return Ok(());
        }
        *version = (*version).max(Ts(frame.header.stamp));
        Ok(())
    }
}

/// Bytes that were written as they are, and make no index: a defect, not chance.
fn bad(_: BadRedo) -> StoreError {
    StoreError::Corrupt {
        file: MANIFEST.to_owned(),
        offset: 0,
        what: "checkpoint and log do not give an index",
    }
}

fn new_id() -> Result<StoreId, StoreError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| StoreError::Io {
        action: "make an id for",
        file: MANIFEST.to_owned(),
        source: std::io::Error::other(error.to_string()),
    })?;
    Ok(StoreId(id))
}
