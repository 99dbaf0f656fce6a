//! Appending frames, and making them durable.
//!
//! A frame is written with one call and counts once it is synced. What is refused for want of room
//! is cut off again and the writer goes on; any other failure poisons it, since nobody can tell
//! what of the frame is in the file.

use std::sync::Arc;

use twindex_planted::{Fault, planted};

use crate::error::StoreError;
use crate::header::{FileKind, HEADER_BYTES, Header, StoreId};
use crate::limits::{FRAME_BYTES_MAX, LOG_FILE_BYTES};
use crate::log::frame::{FRAME_HEADER_BYTES, FrameHeader, encode};
use crate::log::name::{name_of, numbers};
use crate::log::reader::{CHUNK_BYTES, LogEnd};
use crate::storage::{Storage, StoredFile, read_full, sync_full, write_full};

/// The log, to be appended to. One writer has it.
#[derive(Debug)]
pub struct LogWriter {
    storage: Arc<dyn Storage>,
    store: StoreId,
    file: Arc<dyn StoredFile>,
    number: u64,
    /// Invariant: every frame before it is whole.
    offset: u64,
    next_sequence: u64,
    /// Frames up to this one survive.
    durable: u64,
    file_bytes_max: u64,
    is_poisoned: bool,
    /// The frame being written; kept for its room.
    frame: Vec<u8>,
}

/// Room that a frame may leave behind in the buffer (1 MiB).
const BUFFER_BYTES_KEPT: usize = 1 << 20;

impl LogWriter {
    /// Begins the log of a new store: frame `next_sequence` will be its first.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Full`].
    pub fn create(
        storage: Arc<dyn Storage>,
        store: StoreId,
        next_sequence: u64,
    ) -> Result<Self, StoreError> {
        let number = numbers(&*storage)?.last().map_or(1, |last| last + 1);
        let file = begin_file(&*storage, store, (number, next_sequence))?;
        let offset = HEADER_BYTES as u64;
        let end = LogEnd { number, offset, next_sequence, unproven: offset, torn: None };
        Ok(Self::at(storage, store, file.into(), &end))
    }

    /// Goes on where reading the log ended. A torn tail is cut off for good first, and what no frame
    /// says was durable is written once more: where a sync failed, the machine may hold bytes for
    /// clean and show them to every reader, and yet not have them on the disk.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn resume(
        storage: Arc<dyn Storage>,
        store: StoreId,
        end: &LogEnd,
    ) -> Result<Self, StoreError> {
        let name = name_of(end.number);
        let failed = |action| {
            let name = name.clone();
            move |error| StoreError::io(action, &name, error)
        };
        let file = storage.open(&name).map_err(failed("open"))?;
        if !planted(Fault::TornTailKept) {
            file.set_n_bytes(end.offset).map_err(failed("cut"))?;
        }
        write_again(&*file, &name, (end.unproven, end.offset))?;
        sync_full(&*file, &name)?;
        // The same may be true of names: of a manifest, and of files that were made.
        storage.sync_directory().map_err(failed("sync"))?;
        Ok(Self::at(storage, store, file.into(), end))
    }

    fn at(
        storage: Arc<dyn Storage>,
        store: StoreId,
        file: Arc<dyn StoredFile>,
        end: &LogEnd,
    ) -> Self {
        Self {
            storage,
            store,
            file,
            number: end.number,
            offset: end.offset,
            next_sequence: end.next_sequence,
            durable: end.next_sequence - 1,
            file_bytes_max: LOG_FILE_BYTES,
            is_poisoned: false,
            frame: Vec::new(),
        }
    }

    /// Lets files end after `bytes`, for tests.
    #[must_use]
    pub fn with_file_bytes(mut self, bytes: u64) -> Self {
        self.file_bytes_max = bytes;
        self
    }

    /// The sequence that the next frame gets.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Frames up to this one survive a loss of power.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// Number of the file that is being written.
    #[must_use]
    pub fn file_number(&self) -> u64 {
        self.number
    }

    /// Whether a failure made the log's state on disk unknown.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.is_poisoned
    }

    /// Appends a frame and gives its sequence. It is durable after [`LogWriter::sync`].
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] and [`StoreError::Full`]: nothing was appended. Any other error
    /// poisons the log.
    pub fn append(&mut self, stamp: u64, payload: &[u8]) -> Result<u64, StoreError> {
        if self.is_poisoned {
            return Err(StoreError::Poisoned);
        }
        if payload.len() > FRAME_BYTES_MAX as usize {
            return Err(StoreError::TooLarge {
                what: "a batch",
                found: payload.len() as u64,
                max: u64::from(FRAME_BYTES_MAX),
            });
        }
        let n_bytes = (FRAME_HEADER_BYTES + payload.len()) as u64;
        let is_empty = self.offset == HEADER_BYTES as u64;
        if !is_empty && self.offset + n_bytes > self.file_bytes_max {
            self.rotate()?;
        }
        let sequence = self.next_sequence;
        let durable = if planted(Fault::DurableOverstated) { sequence - 1 } else { self.durable };
        let header = FrameHeader { sequence, durable, stamp };
        self.frame.clear();
        encode(&mut self.frame, self.store, &header, payload);
        let name = name_of(self.number);
        let written = write_full(&*self.file, &name, self.offset, &self.frame);
        self.frame.shrink_to(BUFFER_BYTES_KEPT);
        if let Err(error) = written {
            return Err(self.take_back(error));
        }
        self.offset += n_bytes;
        self.next_sequence += 1;
        Ok(sequence)
    }

    /// Makes all frames appended durable.
    ///
    /// # Errors
    /// Any: the log is poisoned, and whether the frames survive is open until the store is opened
    /// again. A second try would prove nothing: the machine may have dropped the pages.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.is_poisoned {
            return Err(StoreError::Poisoned);
        }
        if self.durable + 1 == self.next_sequence {
            return Ok(());
        }
        let is_skipped = planted(Fault::LogNotSynced);
        if !is_skipped && let Err(error) = sync_full(&*self.file, &name_of(self.number)) {
            self.is_poisoned = !planted(Fault::FailedSyncForgotten);
            return Err(unknown(error));
        }
        self.durable = self.next_sequence - 1;
        Ok(())
    }

    /// What is to be synced for all frames appended by now to be durable; `None` if they are. For a
    /// thread that syncs while others append.
    #[must_use]
    pub fn begin_sync(&self) -> Option<Syncing> {
        let last = self.next_sequence - 1;
        let is_due = !self.is_poisoned && self.durable < last;
        let name = name_of(self.number);
        is_due.then(|| Syncing { file: Arc::clone(&self.file), name, last })
    }

    /// Takes note of a sync that was begun by [`LogWriter::begin_sync`] and of how it ended.
    ///
    /// # Errors
    /// As [`LogWriter::sync`].
    pub fn end_sync(
        &mut self,
        syncing: &Syncing,
        outcome: Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match outcome {
            // A file that was left meanwhile was synced before.
            Ok(()) => self.durable = self.durable.max(syncing.last),
            Err(_) => self.is_poisoned = true,
        }
        outcome
    }

    /// Goes on in a new file. All frames of the old one are durable then, so that only the last
    /// file of a log can be torn.
    ///
    /// # Errors
    /// As [`LogWriter::append`].
    pub fn rotate(&mut self) -> Result<(), StoreError> {
        self.sync()?;
        let number = self.number + 1;
        match begin_file(&*self.storage, self.store, (number, self.next_sequence)) {
            Ok(file) => {
                self.file = file.into();
                self.number = number;
                self.offset = HEADER_BYTES as u64;
                Ok(())
            }
            Err(error) => {
                // Half a file without frames is removed here, or when the store is opened.
                let is_gone = match self.storage.remove(&name_of(number)) {
                    Ok(()) => self.storage.sync_directory().is_ok(),
                    Err(error) => error.kind() == std::io::ErrorKind::NotFound,
                };
                self.is_poisoned = !(is_gone && matches!(error, StoreError::Full { .. }));
                Err(error)
            }
        }
    }

    /// Cuts off what a failed append may have left.
    fn take_back(&mut self, error: StoreError) -> StoreError {
        let is_cut = self.file.set_n_bytes(self.offset).is_ok();
        self.is_poisoned = !(is_cut && matches!(error, StoreError::Full { .. }));
        error
    }
}

/// Writes bytes of a file as they are, so that the next sync takes them for new.
fn write_again(
    file: &dyn StoredFile,
    name: &str,
    (mut from, end): (u64, u64),
) -> Result<(), StoreError> {
    let mut bytes = Vec::new();
    while from < end {
        let n_bytes = usize::try_from(end - from).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        bytes.resize(n_bytes, 0);
        if read_full(file, name, from, &mut bytes)? < n_bytes {
            return Err(StoreError::corrupt(name, from, "the file was cut off while it was read"));
        }
        write_full(file, name, from, &bytes)?;
        from += n_bytes as u64;
    }
    Ok(())
}

/// A sync under way, for which the writer is not needed.
#[derive(Debug)]
pub struct Syncing {
    file: Arc<dyn StoredFile>,
    name: String,
    /// The last frame that is in it.
    last: u64,
}

impl Syncing {
    /// Syncs.
    ///
    /// # Errors
    /// What is to be told to [`LogWriter::end_sync`].
    pub fn run(&self) -> Result<(), StoreError> {
        sync_full(&*self.file, &self.name).map_err(unknown)
    }
}

/// A sync that failed is no refusal, even for want of room: what of it survives is open.
fn unknown(error: StoreError) -> StoreError {
    match error {
        StoreError::Full { file, source } => StoreError::Io { action: "sync", file, source },
        error => error,
    }
}

/// Makes a file of the log that survives before any frame is written to it.
fn begin_file(
    storage: &dyn Storage,
    store: StoreId,
    (number, first): (u64, u64),
) -> Result<Box<dyn StoredFile>, StoreError> {
    let name = name_of(number);
    let file = storage.create(&name).map_err(|error| StoreError::io("create", &name, error))?;
    let header = Header { kind: FileKind::Log, store, number, first };
    write_full(&*file, &name, 0, &header.encode())?;
    sync_full(&*file, &name)?;
    if !planted(Fault::LogNameNotSynced) {
        storage.sync_directory().map_err(|error| StoreError::io("sync", &name, error))?;
    }
    Ok(file)
}
