//! What can go wrong with files.

use std::io;

/// Why the store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
// The messages name every field.
#[allow(missing_docs)]
pub enum StoreError {
    /// Reading or writing failed. A writer is poisoned by it.
    #[error("cannot {action} `{file}`")]
    Io { action: &'static str, file: String, source: io::Error },
    /// There is no room. Nothing was appended; the writer goes on once there is.
    #[error("no room for `{file}`")]
    Full { file: String, source: io::Error },
    /// Bytes are not what was written.
    #[error("`{file}` is damaged at byte {offset}: {what}")]
    Corrupt { file: String, offset: u64, what: &'static str },
    /// A file is of a newer format than this program knows.
    #[error("`{file}` is of format {found}; this program reads up to format {known}")]
    NewerFormat { file: String, found: u32, known: u32 },
    /// A file belongs to another store.
    #[error("`{file}` belongs to another store")]
    Foreign { file: String },
    /// A file that must be there is not.
    #[error("`{file}` is missing")]
    Missing { file: String },
    /// What was named is no directory of a store.
    #[error("`{path}` is no store: {why}")]
    NoStore { path: String, why: &'static str },
    /// Another process has the store open.
    #[error("`{path}` is open in another process")]
    Locked { path: String },
    /// A write or sync failed before: what is on disk is known only after opening again.
    #[error("a write failed before; open the store again")]
    Poisoned,
    /// A checkpoint was given up, since a batch was rolled back meanwhile. The one before counts.
    #[error("a batch was rolled back while the checkpoint was made; try again")]
    Interrupted,
    /// A payload or key is larger than the format holds.
    #[error("{what} of {found} bytes; at most {max} fit")]
    TooLarge { what: &'static str, found: u64, max: u64 },
    /// A backup or restore wants a directory of its own.
    #[error("`{path}` is not empty")]
    NotEmpty { path: String },
    /// A backup or restore wants a directory outside of what is copied.
    #[error("`{path}` is inside `{source_path}`, which is to be copied")]
    Inside { path: String, source_path: String },
    /// What was named is no backup.
    #[error("`{path}` is no backup: {why}")]
    NoBackup { path: String, why: &'static str },
    /// A backup is not written to: its seal would be wrong.
    #[error("it is a backup, sealed by its file `{file}`: restore it, or open it read-only")]
    Sealed { file: String },
    /// A backup or restore into the directory did not come to its end.
    #[error("a backup or restore into it was cut off, as its file `{file}` says: remove it")]
    Unfinished { file: String },
    /// The store was opened to be read.
    #[error("the store is open read-only")]
    ReadOnly,
    /// It was to be stopped, and left nothing behind.
    #[error("stopped")]
    Stopped,
}

impl StoreError {
    /// Stable code, never reused.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "S001",
            Self::Full { .. } => "S002",
            Self::Corrupt { .. } => "S003",
            Self::NewerFormat { .. } => "S004",
            Self::Foreign { .. } => "S005",
            Self::Missing { .. } => "S006",
            Self::NoStore { .. } => "S007",
            Self::Locked { .. } => "S008",
            Self::Poisoned => "S009",
            Self::Interrupted => "S010",
            Self::TooLarge { .. } => "S011",
            Self::NotEmpty { .. } => "S020",
            Self::NoBackup { .. } => "S021",
            Self::Sealed { .. } => "S022",
            Self::Unfinished { .. } => "S023",
            Self::ReadOnly => "S024",
            Self::Stopped => "S025",
            Self::Inside { .. } => "S026",
        }
    }

    /// The failure of an action on a file: [`StoreError::Full`] where there is no room.
    pub(crate) fn io(action: &'static str, file: &str, source: io::Error) -> Self {
        let file = file.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full { file, source },
            io::ErrorKind::NotFound => Self::Missing { file },
            _ => Self::Io { action, file, source },
        }
    }

    pub(crate) fn corrupt(file: &str, offset: u64, what: &'static str) -> Self {
        Self::Corrupt { file: file.to_owned(), offset, what }
    }
}
