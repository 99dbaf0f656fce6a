//! What makes writes survive: each batch is logged before anybody sees it, and checkpoints replace
//! the beginning of the log.
//!
//! A batch is applied first and logged after, while only the writer sees it: so what is logged is
//! what the index made of the batch, and a batch that cannot be logged is rolled back. Logging
//! first was rejected: a write is refused or not by the twin as it is then, which only applying
//! the writes before it tells.

mod backup;
mod checkpoint;
mod compact;
mod copy;
mod fill;
mod open;
mod options;
mod pace;
mod read_only;
mod restore;
mod syncer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use twindex_index::redo::NOTHING;
use twindex_index::snapshot::{Shared, Ts};
use twindex_planted::{Fault, planted};
use twindex_store::error::StoreError;
use twindex_store::log::writer::LogWriter;
use twindex_store::storage::Storage;
use twindex_sync::Mutex;

pub use checkpoint::CheckpointReport;
use checkpoint::Counting;
pub(crate) use checkpoint::{Scope, checkpoint_when_due};
pub use compact::CompactReport;
pub use copy::{CopyOptions, CopyProgress, CopyReport};
pub use open::Recovery;
pub(crate) use open::{Opened, open};
pub use options::{Access, Durability, OnOpening, OpenProgress, StoreOptions};
pub(crate) use read_only::{OpenedReadOnly, ReadOnly, manifest_of, open_read_only};
use syncer::Syncer;

/// Bytes of redo in one frame at most; a larger batch has several (32 MiB).
const CHUNK_BYTES: usize = 32 << 20;
/// First byte of a frame: its redo begins a batch, ends one.
const FIRST: u8 = 1;
const LAST: u8 = 2;
/// Room that a batch may leave behind in the buffer (1 MiB).
const BUFFER_BYTES_KEPT: usize = 1 << 20;

/// What an engine keeps its twins in, besides memory.
#[derive(Debug)]
// There is one for each engine.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Behind {
    Memory,
    Store(Durable),
    ReadOnly(ReadOnly),
}

/// Who is told the version of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Those whose writes were accepted, and the feed.
    Writers,
    /// Nobody.
    Nobody,
}

/// The store behind an engine.
#[derive(Debug)]
pub(crate) struct Durable {
    storage: Arc<dyn Storage>,
    options: StoreOptions,
    log: Arc<Mutex<Log>>,
    /// Batches up to this version survive a loss of power.
    durable_version: Arc<AtomicU64>,
    /// Syncs behind the batches; idle in other modes.
    syncer: Syncer,
    /// The checkpoint that counts. Held by who makes the next one.
    counting: Mutex<Counting>,
    /// Bytes logged since the last checkpoint began.
    logged_bytes: AtomicU64,
    /// Batches that were rolled back after parts may have been copied from them.
    n_rolled_back: AtomicU64,
    /// Whether a failure made it unknown which checkpoint counts: files of either must stay then.
    is_manifest_open: AtomicBool,
    /// While parts are copied nothing is collected: codes would mean something else.
    is_copying: AtomicBool,
    /// The thread that makes checkpoints by itself.
    checkpointer: Mutex<Option<JoinHandle<()>>>,
    recovery: Recovery,
}

#[derive(Debug)]
struct Log {
    writer: LogWriter,
    /// The newest batch that was appended as a whole.
    version: u64,
    /// Redo of a batch, and a frame of it; kept for their room.
    redo: Vec<u8>,
    frame: Vec<u8>,
}

impl Durable {
    /// Logs a batch whose writes are all done, and makes it as durable as the options say. False if
    /// it changed nothing and nobody is told of its version, so that nothing was logged. What
    /// somebody is told of is logged even so: after reopening the version is not given again.
    ///
    /// # Errors
    /// [`StoreError`]: the batch is to be rolled back. But for [`StoreError::Full`] the store is
    /// poisoned.
    pub(crate) fn log(&self, shared: &Shared, ts: Ts, told: Told) -> Result<bool, StoreError> {
        let log = &mut *self.log.lock();
        log.redo.clear();
        let index = shared.read();
        if !index.write_redo(ts, &mut log.redo) {
            match told {
                Told::Nobody => return Ok(false),
                Told::Writers => log.redo.extend_from_slice(NOTHING),
            }
        }
        let has_unlogged = index.has_unlogged();
        drop(index);
        let logged = log.append(ts).and_then(|()| match self.options.durability {
            Durability::Sync if planted(Fault::AckBeforeSync) => Ok(()),
            Durability::Async if self.syncer.note_appended() => Ok(()),
            Durability::None => Ok(()),
            Durability::Sync | Durability::Async => self.sync(log),
        });
        self.logged_bytes.fetch_add(log.redo.len() as u64, Ordering::Relaxed);
        log.redo.shrink_to(BUFFER_BYTES_KEPT);
        log.frame.shrink_to(BUFFER_BYTES_KEPT);
        if logged.is_ok() && has_unlogged {
            shared.write().note_logged();
        }
        logged.map(|()| true)
    }

    /// Makes all that was appended durable.
    fn sync(&self, log: &mut Log) -> Result<(), StoreError> {
        log.writer.sync()?;
        self.durable_version.fetch_max(log.version, Ordering::AcqRel);
        Ok(())
    }

    /// Batches up to this version survive a loss of power.
    pub(crate) fn durable_version(&self) -> u64 {
        self.durable_version.load(Ordering::Acquire)
    }

    /// Waits for the threads that work for the store, once no more batches come.
    pub(crate) fn close(&self) {
        self.join_checkpointer();
        self.syncer.close();
    }

    /// Says that a batch is rolled back, by who has the role: parts copied meanwhile are of no use.
    pub(crate) fn note_rolled_back(&self) {
        self.n_rolled_back.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether memory may be given back now.
    pub(crate) fn may_collect(&self) -> bool {
        !self.is_copying.load(Ordering::SeqCst)
    }

    /// Whether the log has grown enough for the next checkpoint.
    pub(crate) fn is_checkpoint_due(&self) -> bool {
        self.logged_bytes.load(Ordering::Relaxed) >= self.options.checkpoint_log_bytes
            && !self.is_copying.load(Ordering::SeqCst)
            && !self.is_manifest_open.load(Ordering::SeqCst)
    }

    /// What opening found.
    pub(crate) fn recovery(&self) -> &Recovery {
        &self.recovery
    }
}

impl Log {
    /// Appends the redo of a batch, in as many frames as it needs.
    fn append(&mut self, ts: Ts) -> Result<(), StoreError> {
        let n_chunks = self.redo.len().div_ceil(CHUNK_BYTES);
        for (number, chunk) in self.redo.chunks(CHUNK_BYTES).enumerate() {
            let first = if number == 0 { FIRST } else { 0 };
            let last = if number + 1 == n_chunks { LAST } else { 0 };
            self.frame.clear();
            self.frame.push(first | last);
            self.frame.extend_from_slice(chunk);
            // Frames of a batch that broke off are passed over: the next one begins another.
            self.writer.append(ts.0, &self.frame)?;
        }
        self.version = ts.0;
        Ok(())
    }
}
