//! A directory of the machine, locked for one process that writes, or for any that only read.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use twindex_planted::{Fault, planted};

use crate::backup::contents::{SEAL, UNFINISHED};
use crate::checkpoint::name::MANIFEST;
use crate::error::StoreError;
use crate::storage::{Storage, StoredFile};

/// Name of the file whose lock says that the store is open. It is never removed: a process that
/// waits for the lock of a removed file would hold a lock nobody else sees.
const LOCK: &str = "LOCK";

/// A directory, held by this process until it is dropped.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    access: Access,
    /// Keeps the lock. `None` for a reader of a directory that no writer has opened yet.
    _lock: Option<File>,
}

/// What a directory was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Write,
    Read,
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
    /// Opens and locks a directory. One of somebody else's files is left as it is.
    ///
    /// # Errors
    /// [`StoreError::NoStore`] for a path that is no directory, and for a directory that holds files
    /// but none of a store; [`StoreError::Locked`], [`StoreError::Io`].
    pub fn open(path: &Path, if_missing: IfMissing) -> Result<Self, StoreError> {
        if !is_there(path, if_missing)? {
            create_durably(path).map_err(|error| failure("create", path, error))?;
        } else if is_of_others(path).map_err(|error| failure("list", path, error))? {
            let why = "it holds other files";
            return Err(StoreError::NoStore { path: path.display().to_string(), why });
        }
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK));
        let lock = lock.map_err(|error| failure("lock", path, error))?;
        locked(path, lock.try_lock())?;
        Ok(Self { path: path.to_owned(), access: Access::Write, _lock: Some(lock) })
    }

    /// Opens a directory to read it: nothing in it is made or changed, so that permission to read
    /// is enough. Others may read it too; who writes excludes readers, and they him.
    ///
    /// A directory that no writer has opened yet, such as a copy made by other means, has no lock to
    /// hold. A writer that comes while it is read is then not kept away; what it takes from under
    /// the reader is noticed as missing or by its checksum.
    ///
    /// # Errors
    /// As [`Directory::open`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        is_there(path, IfMissing::Refuse)?;
        let lock = match File::open(path.join(LOCK)) {
            Ok(lock) => Some(lock),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failure("lock", path, error)),
        };
        if let Some(lock) = &lock {
            locked(path, lock.try_lock_shared())?;
        }
        Ok(Self { path: path.to_owned(), access: Access::Read, _lock: lock })
    }

    /// Opens and locks a directory without files, made if it is not there.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`], and as [`Directory::open`].
    pub fn open_empty(path: &Path) -> Result<Self, StoreError> {
        // Before the lock is taken, which may be this process's own: a store is no place either.
        refuse_unless_empty(path)?;
        Self::open(path, IfMissing::Create)
    }

    /// The same for a copy of `source`, whose directory is no place for one: what is removed with a
    /// store would take its backups along.
    ///
    /// # Errors
    /// [`StoreError::Inside`], and as [`Directory::open_empty`].
    pub fn open_empty_outside(path: &Path, source: &dyn Storage) -> Result<Self, StoreError> {
        refuse_unless_empty(path)?;
        if let Some(source) = source.directory()
            && is_inside(path, source).map_err(|error| failure("open", path, error))?
        {
            let shown = |path: &Path| path.display().to_string();
            return Err(StoreError::Inside { path: shown(path), source_path: shown(source) });
        }
        Self::open(path, IfMissing::Create)
    }

    fn may_write(&self) -> io::Result<()> {
        match self.access {
            Access::Write => Ok(()),
            Access::Read => Err(io::Error::from(io::ErrorKind::ReadOnlyFilesystem)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether there is a directory; an error for anything else.
fn is_there(path: &Path, if_missing: IfMissing) -> Result<bool, StoreError> {
    let no_store = |why| StoreError::NoStore { path: path.display().to_string(), why };
    match path.metadata() {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => Err(no_store("it is no directory")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match if_missing {
            IfMissing::Create => Ok(false),
            IfMissing::Refuse => Err(no_store("there is nothing")),
        },
        Err(error) => Err(failure("open", path, error)),
    }
}

/// Refuses a directory with files in it.
fn refuse_unless_empty(path: &Path) -> Result<(), StoreError> {
    let is_empty = !is_there(path, IfMissing::Create)?
        || names_in(path).map_err(|error| failure("list", path, error))?.is_empty();
    if is_empty { Ok(()) } else { Err(StoreError::NotEmpty { path: path.display().to_string() }) }
}

/// Whether a path, of which not all need be there, lies in a directory, by whatever names.
fn is_inside(path: &Path, directory: &Path) -> io::Result<bool> {
    let there = path.ancestors().find(|above| above.exists()).unwrap_or(Path::new("."));
    Ok(there.canonicalize()?.starts_with(directory.canonicalize()?))
}

/// Whether a directory without a manifest holds files that no store has.
fn is_of_others(path: &Path) -> io::Result<bool> {
    let names = names_in(path)?;
    let is_ours = |name: &OsString| {
        let begins_with = |prefix: &&str| name.as_encoded_bytes().starts_with(prefix.as_bytes());
        ["log-", "extent-", MANIFEST, SEAL, UNFINISHED].iter().any(begins_with)
    };
    Ok(!names.iter().any(|name| name == MANIFEST) && !names.iter().all(is_ours))
}

/// The names of all files but the lock.
fn names_in(path: &Path) -> io::Result<Vec<OsString>> {
    let names = std::fs::read_dir(path)?.map(|entry| Ok(entry?.file_name()));
    let is_other = |name: &io::Result<OsString>| !matches!(name, Ok(name) if name == LOCK);
    names.filter(is_other).collect()
}

fn failure(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { action, file: path.display().to_string(), source }
}

fn locked(path: &Path, outcome: Result<(), TryLockError>) -> Result<(), StoreError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(_) if planted(Fault::LockNotTaken) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::Locked { path: path.display().to_string() })
        }
        Err(TryLockError::Error(error)) => Err(failure("lock", path, error)),
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
        self.may_write()?;
        let path = self.path.join(name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        Ok(Box::new(DirectoryFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let writes = self.access == Access::Write;
        let file = OpenOptions::new().read(true).write(writes).open(self.path.join(name))?;
        Ok(Box::new(DirectoryFile(file)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        // A name that is no text is none of ours.
        Ok(names_in(&self.path)?.into_iter().filter_map(|name| name.into_string().ok()).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.may_write()?;
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.may_write()?;
        std::fs::remove_file(self.path.join(name))
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.may_write()?;
        File::open(&self.path)?.sync_all()
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.path)
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
