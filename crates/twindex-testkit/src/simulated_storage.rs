//! Storage that loses power and fails on demand.
//!
//! It keeps two states: what the process sees, and what a sync made durable. A crash makes a third,
//! the image that a machine might come up with: of everything in between, in any combination, some
//! is there and some is not. Writes are torn at sectors; a file may have grown without its bytes; a
//! creation, rename or removal counts only once the directory is synced, and a later one may survive
//! without an earlier one.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use twindex_store::memory::MemoryStorage;
use twindex_store::storage::{Storage, StoredFile};

use crate::dice::Dice;

/// Bytes that are written as a whole or not at all.
const SECTOR_BYTES: usize = 512;

/// A directory that can crash. Clones are one directory.
#[derive(Clone, Debug, Default)]
pub struct SimulatedStorage {
    state: Arc<Mutex<State>>,
}

/// What a call that fails does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Fails with this error and does nothing.
    Error(io::ErrorKind),
    /// Writes half, then fails with this error; other calls do nothing.
    Half(io::ErrorKind),
    /// A full disk: what needs room (a file made, bytes written or grown by) fails for want of it,
    /// a write after the half that still fits; all other calls succeed.
    Full,
}

/// Whether a call needs room on the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Room,
    Nothing,
}

/// Which calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// The call of this number, from 0, and no other.
    One(u64),
    /// That one and all after it.
    From(u64),
}

#[derive(Debug, Default)]
struct State {
    files: Vec<FileState>,
    /// The directory as the process sees it, and as it is durable.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Changes of names since the last sync of the directory.
    renamings: Vec<Renaming>,
    n_calls: u64,
    faults: Option<(Calls, Fault)>,
}

#[derive(Clone, Debug)]
enum Renaming {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Clone, Debug, Default)]
struct FileState {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    /// Changes since the last sync of the file.
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl SimulatedStorage {
    /// A directory with the files of `image`, all durable.
    #[must_use]
    pub fn of(image: &MemoryStorage) -> Self {
        let storage = Self::default();
        let mut state = storage.state.lock();
        for name in image.list().unwrap_or_default() {
            let bytes = image.bytes(&name).unwrap_or_default();
            let number = state.files.len();
            state.files.push(FileState { durable: bytes.clone(), bytes, changes: Vec::new() });
            state.names.insert(name.clone(), number);
            state.durable_names.insert(name, number);
        }
        drop(state);
        storage
    }

    /// Lets some of the calls to come fail; they are counted from now on.
    pub fn fail(&self, calls: Calls, fault: Fault) {
        let mut state = self.state.lock();
        state.n_calls = 0;
        state.faults = Some((calls, fault));
    }

    /// Lets all calls succeed again.
    pub fn mend(&self) {
        self.state.lock().faults = None;
    }

    /// Number of calls so far, since the last [`SimulatedStorage::fail`].
    #[must_use]
    pub fn n_calls(&self) -> u64 {
        self.state.lock().n_calls
    }

    /// What a machine might come up with if power were lost now.
    #[must_use]
    pub fn crash(&self, dice: &mut Dice) -> MemoryStorage {
        let state = self.state.lock();
        let image = MemoryStorage::default();
        for (name, number) in state.names_after_crash(dice) {
            if let Some(file) = state.files.get(number) {
                image.set_bytes(&name, file.after_crash(dice));
            }
        }
        image
    }

    /// All that the process sees: a machine that went on, with a process that was killed.
    #[must_use]
    pub fn kill(&self) -> MemoryStorage {
        let state = self.state.lock();
        let image = MemoryStorage::default();
        for (name, number) in &state.names {
            if let Some(file) = state.files.get(*number) {
                image.set_bytes(name, file.bytes.clone());
            }
        }
        image
    }
}

impl State {
    /// Counts a call and says whether it fails.
    fn call(&mut self) -> Option<Fault> {
        let call = self.n_calls;
        self.n_calls += 1;
        let (calls, fault) = self.faults?;
        let fails = match calls {
            Calls::One(number) => call == number,
            Calls::From(number) => call >= number,
        };
        fails.then_some(fault)
    }

    /// Counts a call; an error if it fails.
    fn attempt(&mut self, needs: Needs) -> io::Result<()> {
        match self.call() {
            None => Ok(()),
            Some(Fault::Full) if needs == Needs::Nothing => Ok(()),
            Some(Fault::Full) => Err(io::Error::from(io::ErrorKind::StorageFull)),
            Some(Fault::Error(kind) | Fault::Half(kind)) => Err(io::Error::from(kind)),
        }
    }

    /// The names after those of the unsynced renamings that happened to be written.
    fn names_after_crash(&self, dice: &mut Dice) -> BTreeMap<String, usize> {
        let mut names = self.durable_names.clone();
        let percent = [0, 100, 50, 90][dice.below(4)];
        for renaming in &self.renamings {
            if dice.chance(percent) {
                renaming.apply(&mut names);
            }
        }
        names
    }
}

impl Renaming {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Create(name, number) => {
                names.insert(name.clone(), *number);
            }
            Self::Rename(from, to) => {
                if let Some(number) = names.remove(from) {
                    names.insert(to.clone(), number);
                }
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

impl FileState {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.bytes);
        self.changes.push(change);
    }

    fn sync(&mut self) {
        for change in self.changes.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// A sync that failed: the machine may have dropped the pages and taken them for clean, so that
    /// no later sync writes them.
    fn lose(&mut self) {
        self.changes.clear();
    }

    /// The durable bytes with some sectors of the unsynced writes, in any order.
    fn after_crash(&self, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        // None, some, or all of it: the ends are likelier than chance makes them.
        let percent = [0, 100, 50, 90, 10][dice.below(5)];
        for change in &self.changes {
            match change {
                Change::Length(_) if dice.chance(percent) => change.apply(&mut bytes),
                Change::Length(_) => {}
                Change::Write(at, written) => {
                    if dice.chance(percent) && bytes.len() < at + written.len() {
                        // The file grew, whether its bytes came or not.
                        bytes.resize(at + written.len(), 0);
                    }
                    for (begin, sector) in sectors(*at, written) {
                        if dice.chance(percent) {
                            Change::Write(begin, sector.to_vec()).apply(&mut bytes);
                        }
                    }
                }
            }
        }
        bytes
    }
}

/// The pieces of a write by sector of the file.
fn sectors(at: usize, mut written: &[u8]) -> Vec<(usize, &[u8])> {
    let mut pieces = Vec::new();
    let mut begin = at;
    while !written.is_empty() {
        let to_boundary = SECTOR_BYTES - begin % SECTOR_BYTES;
        let (piece, rest) = written.split_at(to_boundary.min(written.len()));
        pieces.push((begin, piece));
        begin += piece.len();
        written = rest;
    }
    pieces
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(n_bytes) => bytes.resize(*n_bytes, 0),
            Self::Write(at, written) => {
                let end = at + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(written);
            }
        }
    }
}

impl Storage for SimulatedStorage {
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let mut state = self.state.lock();
        state.attempt(Needs::Room)?;
        if state.names.contains_key(name) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        let number = state.files.len();
        state.files.push(FileState::default());
        state.names.insert(name.to_owned(), number);
        state.renamings.push(Renaming::Create(name.to_owned(), number));
        Ok(Box::new(SimulatedFile { state: Arc::clone(&self.state), number }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let mut state = self.state.lock();
        state.attempt(Needs::Nothing)?;
        let number = state.names.get(name).copied();
        let number = number.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(SimulatedFile { state: Arc::clone(&self.state), number }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut state = self.state.lock();
        state.attempt(Needs::Nothing)?;
        Ok(state.names.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.attempt(Needs::Nothing)?;
        if !state.names.contains_key(from) {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        let renaming = Renaming::Rename(from.to_owned(), to.to_owned());
        renaming.apply(&mut state.names);
        state.renamings.push(renaming);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.attempt(Needs::Nothing)?;
        if state.names.remove(name).is_none() {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        state.renamings.push(Renaming::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        state.attempt(Needs::Nothing)?;
        state.durable_names = state.names.clone();
        state.renamings.clear();
        Ok(())
    }
}

#[derive(Debug)]
struct SimulatedFile {
    state: Arc<Mutex<State>>,
    number: usize,
}

impl StoredFile for SimulatedFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state.lock();
        state.attempt(Needs::Nothing)?;
        let bytes = &state.files[self.number].bytes;
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let n = rest.len().min(into.len());
        into[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock();
        let fault = state.call();
        let n = match fault {
            None => bytes.len(),
            Some(Fault::Error(_)) => 0,
            Some(Fault::Half(_) | Fault::Full) => bytes.len() / 2,
        };
        if n > 0 {
            let file = &mut state.files[self.number];
            file.change(Change::Write(offset as usize, bytes[..n].to_vec()));
        }
        match fault {
            None => Ok(n),
            // A short write is no error; the call after it fails.
            Some(Fault::Half(_) | Fault::Full) if n > 0 => Ok(n),
            Some(Fault::Error(kind) | Fault::Half(kind)) => Err(io::Error::from(kind)),
            Some(Fault::Full) => Err(io::Error::from(io::ErrorKind::StorageFull)),
        }
    }

    fn n_bytes(&self) -> io::Result<u64> {
        let mut state = self.state.lock();
        state.attempt(Needs::Nothing)?;
        Ok(state.files[self.number].bytes.len() as u64)
    }

    fn set_n_bytes(&self, n_bytes: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        let is_growth = state.files[self.number].bytes.len() < n_bytes as usize;
        state.attempt(if is_growth { Needs::Room } else { Needs::Nothing })?;
        state.files[self.number].change(Change::Length(n_bytes as usize));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        let attempt = state.attempt(Needs::Nothing);
        let file = &mut state.files[self.number];
        match &attempt {
            Ok(()) => file.sync(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => file.lose(),
        }
        attempt
    }
}
