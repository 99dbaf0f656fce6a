//! How a store is opened and kept.

use std::fmt;
use std::sync::Arc;

/// What an acknowledgement promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// The write survives a loss of power: its batch was synced to the disk. Nobody sees a write
    /// before that.
    #[default]
    Sync,
    /// The write survives the end of the process, also kill -9. A loss of power may take those of
    /// the last ten milliseconds, whole batches from the newest on, with no gap: a thread begins a
    /// sync at most five milliseconds after a batch, and a disk that takes longer than five for one
    /// makes it so much more. [`crate::Twindex::durable_version`] says how far it has come. If a
    /// sync fails, the next write is told and the store takes no more.
    Async,
    /// The write survives the end of the process; a loss of power may take the last ones, whole
    /// batches from the newest on. The machine writes them when it likes, and a checkpoint syncs.
    None,
}

/// What a store is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// To be read and written, by one process.
    #[default]
    ReadWrite,
    /// To be read alone, by any number of processes but none that writes. No file is made or
    /// changed, so permission to read is enough, and a backup can be opened so.
    ReadOnly,
}

/// How far opening a store has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenProgress {
    /// Parts of the checkpoint that are in memory.
    pub n_parts: u64,
    /// Parts in all.
    pub parts_total: u64,
    /// Bytes of those parts.
    pub part_bytes: u64,
    /// Bytes of parts in all.
    pub part_bytes_total: u64,
    /// Batches of the log that were done again.
    pub n_batches: u64,
    /// Bytes of the log that were read.
    pub log_bytes: u64,
    /// Bytes of log files in all: an upper bound, since the beginning of a file may be passed over.
    pub log_bytes_total: u64,
}

/// Called on the opening thread with how far it has come, some times a second at least.
pub type OnOpening = Arc<dyn Fn(OpenProgress) + Send + Sync>;

/// How a store is opened and kept.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// What an acknowledgement promises.
    pub durability: Durability,
    /// What it is opened for.
    pub access: Access,
    /// Called while the store is opened.
    pub progress: Option<OnOpening>,
    /// Whether a directory is made that is not there.
    pub creates: bool,
    /// Bytes of log after which a checkpoint is made. `u64::MAX`: only when asked.
    pub checkpoint_log_bytes: u64,
    /// Percent of the time that a checkpoint keeps the disk busy while writes are logged; it rests for
    /// the others. 100: no rests.
    pub checkpoint_share: u32,
    /// Bytes after which a log file is followed by the next.
    pub log_file_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Sync,
            access: Access::ReadWrite,
            progress: None,
            creates: true,
            checkpoint_log_bytes: 1 << 30,
            checkpoint_share: 30,
            log_file_bytes: twindex_store::limits::LOG_FILE_BYTES,
        }
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("durability", &self.durability)
            .field("access", &self.access)
            .field("creates", &self.creates)
            .field("checkpoint_log_bytes", &self.checkpoint_log_bytes)
            .field("log_file_bytes", &self.log_file_bytes)
            .finish_non_exhaustive()
    }
}
