//! Files as the store sees them: the few operations it needs, so that a test can stand in for the
//! machine and lose power between any two of them.
//!
//! What is promised until a sync: nothing. Written bytes, a file's length, and the existence and
//! name of a file may each be there or not after a crash, in any combination, torn anywhere.

use std::fmt;
use std::io;
use std::path::Path;

use crate::error::StoreError;

/// A flat directory of files.
pub trait Storage: fmt::Debug + Send + Sync {
    /// Makes an empty file, which must not exist. Durable after [`Storage::sync_directory`].
    ///
    /// # Errors
    /// What the machine says.
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// What the machine says.
    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>>;

    /// The names of all files, in no order.
    ///
    /// # Errors
    /// What the machine says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Gives a file another name, replacing a file that has it: at every moment, crashes included,
    /// the name leads to one of the two. Durable after [`Storage::sync_directory`].
    ///
    /// # Errors
    /// What the machine says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Durable after [`Storage::sync_directory`].
    ///
    /// # Errors
    /// What the machine says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes creations, renames and removals durable.
    ///
    /// # Errors
    /// What the machine says.
    fn sync_directory(&self) -> io::Result<()>;

    /// Where it is on the machine, if it is a directory there.
    fn directory(&self) -> Option<&Path> {
        None
    }
}

/// An open file.
pub trait StoredFile: fmt::Debug + Send + Sync {
    /// Reads bytes from `offset` on; fewer than asked for, even none at the end.
    ///
    /// # Errors
    /// What the machine says.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes bytes from `offset` on, perhaps not all; gives how many.
    ///
    /// # Errors
    /// What the machine says.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize>;

    /// The length in bytes.
    ///
    /// # Errors
    /// What the machine says.
    fn n_bytes(&self) -> io::Result<u64>;

    /// Cuts the file, or lets it grow by zeros.
    ///
    /// # Errors
    /// What the machine says.
    fn set_n_bytes(&self, n_bytes: u64) -> io::Result<()>;

    /// Makes what was written, and the length, survive a loss of power.
    ///
    /// # Errors
    /// What the machine says. What of it survives is then unknown, and a later success says nothing
    /// about it.
    fn sync(&self) -> io::Result<()>;
}

/// Signals in a row that a call is tried again after: a machine that does nothing but interrupt is
/// broken, and a loop without an end would hide it.
const INTERRUPTS_MAX: u32 = 100;

/// `call`, again where a signal came in between.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 0..INTERRUPTS_MAX {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            outcome => return outcome,
        }
    }
    call()
}

/// Reads until `into` is full or the file ends; gives the number of bytes read.
pub(crate) fn read_full(
    file: &dyn StoredFile,
    name: &str,
    mut offset: u64,
    into: &mut [u8],
) -> Result<usize, StoreError> {
    let mut n_read = 0;
    while let Some(rest) = into.get_mut(n_read..).filter(|rest| !rest.is_empty()) {
        let n = uninterrupted(|| file.read_at(offset, rest));
        match n.map_err(|error| StoreError::io("read", name, error))? {
            0 => break,
            n => {
                n_read += n;
                offset += n as u64;
            }
        }
    }
    Ok(n_read)
}

/// Writes all of `bytes`, however the machine cuts them up.
pub(crate) fn write_full(
    file: &dyn StoredFile,
    name: &str,
    mut offset: u64,
    mut bytes: &[u8],
) -> Result<(), StoreError> {
    while !bytes.is_empty() {
        let n = match uninterrupted(|| file.write_at(offset, bytes)) {
            Ok(0) => Err(io::Error::from(io::ErrorKind::WriteZero)),
            outcome => outcome,
        };
        let n = n.map_err(|error| StoreError::io("write", name, error))?;
        bytes = bytes.get(n..).unwrap_or_default();
        offset += n as u64;
    }
    Ok(())
}

/// Syncs, again where a signal came in between.
pub(crate) fn sync_full(file: &dyn StoredFile, name: &str) -> Result<(), StoreError> {
    uninterrupted(|| file.sync()).map_err(|error| StoreError::io("sync", name, error))
}

/// The whole of a file that must not be larger than `max`.
pub(crate) fn read_whole(
    storage: &dyn Storage,
    name: &str,
    max: u64,
) -> Result<Vec<u8>, StoreError> {
    let file = storage.open(name).map_err(|error| StoreError::io("open", name, error))?;
    let n_bytes = file.n_bytes().map_err(|error| StoreError::io("measure", name, error))?;
    if n_bytes > max {
        return Err(StoreError::corrupt(name, max, "the file is too large"));
    }
    let mut bytes = vec![0; usize::try_from(n_bytes).unwrap_or(usize::MAX)];
    let n_read = read_full(&*file, name, 0, &mut bytes)?;
    bytes.truncate(n_read);
    Ok(bytes)
}
