//! Files in memory that lose nothing: for tests and for a store that need not outlive its process.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use crate::storage::{Storage, StoredFile};

/// A directory in memory. Clones are one directory.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    files: Arc<Mutex<BTreeMap<String, MemoryFile>>>,
}

/// A file in memory.
#[derive(Clone, Debug, Default)]
struct MemoryFile(Arc<RwLock<Vec<u8>>>);

impl MemoryStorage {
    /// The bytes of a file, if there is one.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.files.lock().get(name).map(|file| file.0.read().clone())
    }

    /// Replaces the bytes of a file, made if there is none.
    pub fn set_bytes(&self, name: &str, bytes: Vec<u8>) {
        *self.files.lock().entry(name.to_owned()).or_default().0.write() = bytes;
    }

    /// A directory with the same bytes of its own.
    #[must_use]
    pub fn to_copy(&self) -> Self {
        let files = self.files.lock();
        let copies = files.iter().map(|(name, file)| {
            let bytes = file.0.read().clone();
            (name.clone(), MemoryFile(Arc::new(RwLock::new(bytes))))
        });
        Self { files: Arc::new(Mutex::new(copies.collect())) }
    }

    fn missing() -> io::Error {
        io::Error::from(io::ErrorKind::NotFound)
    }
}

impl Storage for MemoryStorage {
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let mut files = self.files.lock();
        if files.contains_key(name) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        let file = files.entry(name.to_owned()).or_default();
        Ok(Box::new(file.clone()))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let files = self.files.lock();
        let file = files.get(name).ok_or_else(Self::missing)?;
        Ok(Box::new(file.clone()))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files.lock().keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files.lock();
        let file = files.remove(from).ok_or_else(Self::missing)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.lock().remove(name).map(|_| ()).ok_or_else(Self::missing)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }
}

impl StoredFile for MemoryFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.0.read();
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = bytes.get(from..).unwrap_or_default();
        let n = rest.len().min(into.len());
        into.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(n)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.write();
        let too_far = || io::Error::from(io::ErrorKind::FileTooLarge);
        let from = usize::try_from(offset).map_err(|_| too_far())?;
        let to = from.checked_add(bytes.len()).ok_or_else(too_far)?;
        if all.len() < to {
            all.resize(to, 0);
        }
        all.get_mut(from..to).ok_or_else(too_far)?.copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn n_bytes(&self) -> io::Result<u64> {
        Ok(self.0.read().len() as u64)
    }

    fn set_n_bytes(&self, n_bytes: u64) -> io::Result<()> {
        let n_bytes = usize::try_from(n_bytes);
        let too_far = |_| io::Error::from(io::ErrorKind::FileTooLarge);
        self.0.write().resize(n_bytes.map_err(too_far)?, 0);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
