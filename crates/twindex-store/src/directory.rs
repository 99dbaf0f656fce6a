//! A directory of the machine, locked for one process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use twindex_planted::{Fault, planted};

use crate::error::StoreError;
use crate::storage::{Storage, StoredFile};

/// Name of the file whose lock says that the store is open. It is never removed: a process that
/// waits for the lock of a removed file would hold a lock nobody else sees.
const LOCK: &str = "LOCK";

/// A directory, held by this process until it is dropped.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// Keeps the lock.
    _lock: File,
}

/// Whether [`Directory::open`] may make the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// It may.
    Create,
    /// It gives [`StoreError::NoStore`].
    Refuse,
}

impl Directory {
    /// Opens and locks a directory.
    ///
    /// # Errors
    /// [`StoreError::NoStore`] for a path that is no directory, [`StoreError::Locked`],
    /// [`StoreError::Io`].
    pub fn open(path: &Path, if_missing: IfMissing) -> Result<Self, StoreError> {
        let shown = path.display().to_string();
        let failed = |action| {
            let file = shown.clone();
            move |source| StoreError::Io { action, file, source }
        };
        match path.metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                return Err(StoreError::NoStore { path: shown, why: "it is no directory" });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => match if_missing {
                IfMissing::Create => create_durably(path).map_err(failed("create"))?,
                IfMissing::Refuse => {
                    return Err(StoreError::NoStore { path: shown, why: "there is nothing" });
                }
            },
            Err(error) => return Err(failed("open")(error)),
        }
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK));
        let lock = lock.map_err(failed("lock"))?;
        match lock.try_lock() {
            Err(_) if planted(Fault::LockNotTaken) => {
                Ok(Self { path: path.to_owned(), _lock: lock })
            }
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: shown }),
            Err(TryLockError::Error(error)) => Err(failed("lock")(error)),
        }
    }

    /// Whether there are files that no store has.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn has_others(&self) -> Result<bool, StoreError> {
        let names = self.list().map_err(|error| StoreError::io("list", ".", error))?;
        let is_ours = |name: &String| {
            ["log-", "extent-", "MANIFEST"].iter().any(|prefix| name.starts_with(prefix))
        };
        Ok(!names.iter().all(is_ours))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a directory, and those above it that are missing, whose names survive: each is synced into
/// the one above it.
fn create_durably(path: &Path) -> io::Result<()> {
    let above = |path: &Path| match path.parent().filter(|above| !above.as_os_str().is_empty()) {
        Some(above) => above.to_owned(),
        None => PathBuf::from("."),
    };
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let mut missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    missing.reverse();
    for path in missing {
        std::fs::create_dir(path)?;
        File::open(above(path))?.sync_all()?;
    }
    Ok(())
}

impl Storage for Directory {
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let path = self.path.join(name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        Ok(Box::new(DirectoryFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path.join(name))?;
        Ok(Box::new(DirectoryFile(file)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let names = std::fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name()));
        let names: io::Result<Vec<_>> = names.collect();
        // A name that is no text is none of ours.
        let names = names?.into_iter().filter_map(|name| name.into_string().ok());
        Ok(names.filter(|name| name != LOCK).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

#[derive(Debug)]
struct DirectoryFile(File);

impl StoredFile for DirectoryFile {
    #[cfg(unix)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, into, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.0, into, offset)
    }

    #[cfg(unix)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(&self.0, bytes, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_write(&self.0, bytes, offset)
    }

    fn n_bytes(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_n_bytes(&self, n_bytes: u64) -> io::Result<()> {
        self.0.set_len(n_bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
