//! Reading the log from a sequence to its end.
//!
//! The end is the first place where no whole frame begins. It is a *torn tail* if writing can have
//! been cut off there, and *damage* if it cannot:
//!
//! - In any file but the last: damage, since a file is synced before the next one begins.
//! - In the last file, if a whole frame further on says that the frame wanted here was durable when
//!   it was written: damage.
//! - Otherwise torn: nobody was told that what stood there was durable, or nothing behind it says
//!   so. It is cut off and counted.
//!
//! Zeros to the end of the file are neither: a machine may let a file grow before its bytes arrive.

use twindex_planted::{Fault, planted};

use std::collections::VecDeque;

use crate::error::StoreError;
use crate::files::open_measured;
use crate::header::{FileKind, HEADER_BYTES, Header, StoreId};
use crate::log::frame::{self, FRAME_HEADER_BYTES, Frame};
use crate::log::name::{name_of, numbers};
use crate::storage::{Storage, StoredFile, read_full};

/// Bytes read at once.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// Where the log ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// Number of the last file.
    pub number: u64,
    /// First byte of it that belongs to no frame.
    pub offset: u64,
    /// Sequence of the frame to be written next.
    pub next_sequence: u64,
    /// First byte of it of which no frame says that it was durable.
    pub unproven: u64,
    /// What is cut off there, if anything.
    pub torn: Option<Torn>,
}

/// A torn tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The file.
    pub file: String,
    /// Where it begins.
    pub offset: u64,
    /// Its bytes.
    pub n_bytes: u64,
}

/// Hands over the frames from sequence `from` on, in order, and gives the end of the log; `None` if
/// there is no log. A file whose making was cut off is removed.
///
/// # Errors
/// [`StoreError::Corrupt`] with the place for damage and for frames that are missing,
/// [`StoreError::Foreign`], [`StoreError::NewerFormat`], [`StoreError::Io`], and what `take` gives.
pub fn read_log<E: From<StoreError>>(
    storage: &dyn Storage,
    store: StoreId,
    from: u64,
    take: impl FnMut(Frame<'_>) -> Result<(), E>,
) -> Result<Option<LogEnd>, E> {
    walk_log(storage, store, from, take, |name| {
        storage.remove(name).map_err(|error| StoreError::io("remove", name, error))?;
        // Else it might come back, with an end of the log before it that looks damaged.
        storage.sync_directory().map_err(|error| StoreError::io("sync", ".", error))
    })
}

/// The same, and changes nothing: a file whose making was cut off stays.
///
/// # Errors
/// As [`read_log`].
pub fn look_at_log<E: From<StoreError>>(
    storage: &dyn Storage,
    store: StoreId,
    from: u64,
    take: impl FnMut(Frame<'_>) -> Result<(), E>,
) -> Result<Option<LogEnd>, E> {
    walk_log(storage, store, from, take, |_| Ok(()))
}

/// Bytes of the files that hold the frames from sequence `from` on.
///
/// # Errors
/// As [`read_log`].
pub fn log_bytes(storage: &dyn Storage, store: StoreId, from: u64) -> Result<u64, StoreError> {
    let mut n_bytes = 0;
    for number in needed(storage, store, from)? {
        n_bytes += open_measured(storage, &name_of(number))?.1;
    }
    Ok(n_bytes)
}

fn walk_log<E: From<StoreError>>(
    storage: &dyn Storage,
    store: StoreId,
    from: u64,
    mut take: impl FnMut(Frame<'_>) -> Result<(), E>,
    unfinished: impl FnOnce(&str) -> Result<(), StoreError>,
) -> Result<Option<LogEnd>, E> {
    let mut end: Option<LogEnd> = None;
    let numbers = needed(storage, store, from)?;
    for (place, number) in numbers.iter().enumerate() {
        let is_last = place + 1 == numbers.len();
        let name = name_of(*number);
        let Some(mut file) = LogFile::open(storage, store, *number, is_last)? else {
            unfinished(&name)?;
            break;
        };
        let follows = match &end {
            None => file.next_sequence <= from,
            Some(end) => end.number + 1 == *number && end.next_sequence == file.next_sequence,
        };
        if !follows {
            return Err(gap_before(&file, end.as_ref()).into());
        }
        while let Some(frame) = file.next()? {
            if frame.header.sequence >= from {
                take(frame)?;
            }
        }
        let torn = file.judge_end(is_last)?;
        let (offset, next_sequence) = (file.offset, file.next_sequence);
        let unproven = file.unproven();
        end = Some(LogEnd { number: *number, offset, next_sequence, unproven, torn });
    }
    Ok(end)
}

/// What lies between the files before and one that does not follow them: damage of the last of them,
/// if its frames end too early, or a file that is not there.
fn gap_before(file: &LogFile, before: Option<&LogEnd>) -> StoreError {
    let is_cut_off = |end: &&LogEnd| {
        end.next_sequence < file.next_sequence && name_of(end.number + 1) == file.name
    };
    match before.filter(is_cut_off) {
        Some(end) => StoreError::corrupt(&name_of(end.number), end.offset, "the file is cut off"),
        None => StoreError::corrupt(&file.name, 36, "frames before it are missing"),
    }
}

/// The numbers of the files from the one on that holds frame `from`. Those before it are left over
/// from a [`crate::log::cut`] of which only some removals survived.
pub(crate) fn needed(
    storage: &dyn Storage,
    store: StoreId,
    from: u64,
) -> Result<Vec<u64>, StoreError> {
    let mut numbers = numbers(storage)?;
    for (place, number) in numbers.iter().enumerate().rev() {
        let is_last = place + 1 == numbers.len();
        let file = LogFile::open(storage, store, *number, is_last)?;
        if file.is_some_and(|file| file.next_sequence <= from) {
            return Ok(numbers.split_off(place));
        }
    }
    Ok(numbers)
}

/// A file being read.
struct LogFile {
    name: String,
    file: Box<dyn StoredFile>,
    store: StoreId,
    n_bytes: u64,
    /// Where the next frame begins.
    offset: u64,
    next_sequence: u64,
    /// Sequence and place of each frame that was met and of which none says that it was durable.
    unproven: VecDeque<(u64, u64)>,
    /// Bytes of the file from `at` on.
    chunk: Vec<u8>,
    at: u64,
}

impl LogFile {
    /// `None` for a last file whose making was cut off: its header is not whole and nothing follows.
    fn open(
        storage: &dyn Storage,
        store: StoreId,
        number: u64,
        is_last: bool,
    ) -> Result<Option<Self>, StoreError> {
        let name = name_of(number);
        let file = storage.open(&name).map_err(|error| StoreError::io("open", &name, error))?;
        let n_bytes = file.n_bytes().map_err(|error| StoreError::io("measure", &name, error))?;
        let mut opened = Self {
            name,
            file,
            store,
            n_bytes,
            offset: HEADER_BYTES as u64,
            next_sequence: 0,
            unproven: VecDeque::new(),
            chunk: Vec::new(),
            at: 0,
        };
        let header = opened.bytes(0, HEADER_BYTES)?.to_vec();
        match Header::decode(&opened.name, FileKind::Log, &header) {
            Ok(header) => {
                header.check(&opened.name, store, number)?;
                opened.next_sequence = header.first;
                Ok(Some(opened))
            }
            Err(StoreError::Corrupt { .. })
                if is_last && opened.is_zero_from(HEADER_BYTES as u64)? =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Up to `n_bytes` bytes from `offset` on, fewer at the end of the file. Never allocates more
    /// than the file holds.
    fn bytes(&mut self, offset: u64, n_bytes: usize) -> Result<&[u8], StoreError> {
        let left = usize::try_from(self.n_bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let n_bytes = n_bytes.min(left);
        let begin = offset.checked_sub(self.at).and_then(|begin| usize::try_from(begin).ok());
        let held = begin.and_then(|begin| Some((begin, self.chunk.len().checked_sub(begin)?)));
        let begin = match held {
            Some((begin, n_held)) if n_held >= n_bytes => begin,
            _ => {
                self.chunk.resize(n_bytes.max(CHUNK_BYTES).min(left), 0);
                let n_read = read_full(&*self.file, &self.name, offset, &mut self.chunk)?;
                self.chunk.truncate(n_read);
                self.at = offset;
                0
            }
        };
        let end = (begin + n_bytes).min(self.chunk.len());
        Ok(self.chunk.get(begin..end).unwrap_or_default())
    }

    /// The next frame in order; `None` where none begins.
    fn next(&mut self) -> Result<Option<Frame<'_>>, StoreError> {
        let (offset, store, expected) = (self.offset, self.store, self.next_sequence);
        let head = self.bytes(offset, FRAME_HEADER_BYTES)?;
        let Some(n_bytes) = frame::n_bytes_of(head) else { return Ok(None) };
        let is_next = frame::header_of(head).is_some_and(|header| header.sequence == expected);
        if !is_next || frame::decode(store, self.bytes(offset, n_bytes)?).is_none() {
            return Ok(None);
        }
        self.offset += n_bytes as u64;
        self.next_sequence += 1;
        let durable = frame::header_of(self.bytes(offset, n_bytes)?).map(|header| header.durable);
        while self.unproven.pop_front_if(|(of, _)| Some(*of) <= durable).is_some() {}
        self.unproven.push_back((expected, offset));
        // The same bytes, which were checked: the borrow of the check ended with its answer.
        Ok(frame::unchecked(self.bytes(offset, n_bytes)?))
    }

    /// First byte of which no frame says that it was durable; 0 if that is so of all frames.
    fn unproven(&self) -> u64 {
        match self.unproven.front() {
            Some((_, offset)) if *offset > HEADER_BYTES as u64 => *offset,
            _ => 0,
        }
    }

    /// What lies behind the last frame.
    fn judge_end(&mut self, is_last: bool) -> Result<Option<Torn>, StoreError> {
        let offset = self.offset;
        if self.is_zero_from(offset)? {
            return Ok(None);
        }
        if !is_last {
            return Err(StoreError::corrupt(&self.name, offset, "no frame begins here"));
        }
        if self.has_later_frame_that_saw_it()? && !planted(Fault::DamageTakenForTorn)
            || planted(Fault::TornTakenForDamage)
        {
            return Err(StoreError::corrupt(&self.name, offset, "a durable frame is damaged"));
        }
        let n_bytes = self.n_bytes - offset;
        Ok(Some(Torn { file: self.name.clone(), offset, n_bytes }))
    }

    /// Whether a whole frame behind `offset` says that the frame wanted there was durable.
    fn has_later_frame_that_saw_it(&mut self) -> Result<bool, StoreError> {
        let (store, expected) = (self.store, self.next_sequence);
        for offset in self.offset + 1..self.n_bytes {
            let head = self.bytes(offset, FRAME_HEADER_BYTES)?;
            let is_later = frame::header_of(head).is_some_and(|header| {
                header.durable >= expected
                    && header.durable < header.sequence
                    && header.sequence - expected <= self.n_bytes
            });
            let head = self.bytes(offset, FRAME_HEADER_BYTES)?;
            if let Some(n_bytes) = frame::n_bytes_of(head).filter(|_| is_later)
                && frame::decode(store, self.bytes(offset, n_bytes)?).is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_zero_from(&mut self, mut offset: u64) -> Result<bool, StoreError> {
        while offset < self.n_bytes {
            let bytes = self.bytes(offset, CHUNK_BYTES)?;
            if bytes.is_empty() {
                break;
            }
            if bytes.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            offset += bytes.len() as u64;
        }
        Ok(true)
    }
}
