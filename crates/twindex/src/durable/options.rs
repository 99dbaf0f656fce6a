//! How a store is kept.

/// What an acknowledgement promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// The write survives a loss of power: its batch was synced to the disk.
    #[default]
    Sync,
    /// The write survives the end of the process; a loss of power may take the last ones, whole
    /// batches from the newest on. The machine writes them when it likes, and a checkpoint syncs.
    None,
}

/// How a store is opened and kept.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreOptions {
    /// What an acknowledgement promises.
    pub durability: Durability,
    /// Whether a directory is made that is not there.
    pub creates: bool,
    /// Bytes of log after which a checkpoint is made. `u64::MAX`: only when asked.
    pub checkpoint_log_bytes: u64,
    /// Bytes after which a log file is followed by the next.
    pub log_file_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Sync,
            creates: true,
            checkpoint_log_bytes: 1 << 30,
            log_file_bytes: twindex_store::limits::LOG_FILE_BYTES,
        }
    }
}
