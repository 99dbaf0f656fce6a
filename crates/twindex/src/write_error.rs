//! Why a write is refused, with what a hub would call it.

use std::sync::Arc;

use twindex_index::write::Refusal;
use twindex_model::patch::PatchError;
use twindex_model::write_code::WriteCode;
use twindex_store::error::StoreError;

use crate::error::{ErrorKind, store_kind};

/// Why a write was refused. Nothing of it was done, and no version moved.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The text holds something that a write may not contain.
    #[error(transparent)]
    InvalidPatch(Arc<PatchError>),
    /// An id is too long, empty, or has a character that ids may not have.
    #[error("`{id}` is no `{field}`")]
    #[allow(missing_docs)]
    InvalidId { field: &'static str, id: String },
    /// The twin, as it is, does not take the write.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// So many writes wait that this one was not taken: try again.
    #[error("{ops_max} writes are waiting")]
    #[allow(missing_docs)]
    QueueFull { ops_max: usize },
    /// The engine no longer takes writes: its last handle was dropped, its thread could not be
    /// started, or it failed. Where a write was submitted before, whether it was done is open.
    #[error("the engine takes no writes any more")]
    Closed,
    /// The store could not log the write, so it was not done. After any failure but a lack of room
    /// the store takes no writes until it is opened again, and whether this one is found then is
    /// open.
    #[error("the write could not be logged: {0}")]
    Store(Arc<StoreError>),
    /// The store was opened to be read.
    #[error("the store is open read-only")]
    ReadOnly,
    /// A callback waited for a write that only its own thread could do.
    #[error("a callback must not wait for a write")]
    WaitInCallback,
}

impl WriteError {
    /// Stable code, never reused: `T…`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidPatch(error) => error.code().code(),
            Self::InvalidId { .. } => WriteCode::IdInvalid.code(),
            Self::Refused(refusal) => refusal.code().code(),
            Self::QueueFull { .. } => "T030",
            Self::Closed => "T031",
            Self::WaitInCallback => "T032",
            Self::ReadOnly => "T033",
            Self::Store(error) => error.code(),
        }
    }

    /// What sort of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidPatch(_) => ErrorKind::InvalidPatch,
            Self::InvalidId { .. } => ErrorKind::InvalidInput,
            Self::Refused(refusal) => kind_of(refusal.code()),
            Self::QueueFull { .. } => ErrorKind::QueueFull,
            Self::Closed => ErrorKind::Closed,
            Self::WaitInCallback => ErrorKind::Misuse,
            Self::ReadOnly => ErrorKind::ReadOnly,
            Self::Store(error) => store_kind(error),
        }
    }

    /// The error with which a hub says the same: number and name. The first three digits are the
    /// status of HTTP.
    #[must_use]
    pub fn hub_error(&self) -> (u32, &'static str) {
        match self {
            Self::InvalidPatch(error) => error.code().hub_error(),
            Self::InvalidId { .. } => WriteCode::IdInvalid.hub_error(),
            Self::Refused(refusal) => refusal.code().hub_error(),
            Self::QueueFull { .. } => (429_001, "ThrottlingException"),
            Self::Closed | Self::ReadOnly => (503_001, "ServiceUnavailable"),
            Self::WaitInCallback => (500_001, "ServerError"),
            Self::Store(_) => (503_001, "ServiceUnavailable"),
        }
    }

    /// Where in the text of the write or in the twin the fault is: keys joined by dots. `None` for
    /// the whole of it, or if it is the fault of neither.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        let path = match self {
            Self::InvalidPatch(error) => &error.path,
            Self::Refused(refusal) => refusal.path(),
            Self::InvalidId { field, .. } => field,
            _ => "",
        };
        (!path.is_empty()).then_some(path)
    }
}

impl From<PatchError> for WriteError {
    fn from(error: PatchError) -> Self {
        Self::InvalidPatch(Arc::new(error))
    }
}

fn kind_of(code: WriteCode) -> ErrorKind {
    match code {
        WriteCode::DeviceNotFound | WriteCode::ModuleNotFound => ErrorKind::NotFound,
        WriteCode::DeviceAlreadyExists | WriteCode::ModuleAlreadyExists => ErrorKind::AlreadyExists,
        WriteCode::EtagMismatch | WriteCode::VersionMismatch => ErrorKind::VersionMismatch,
        WriteCode::TooManyModules | WriteCode::CollectionFull | WriteCode::SectionTooLarge => {
            ErrorKind::LimitExceeded
        }
        _ => ErrorKind::InvalidPatch,
    }
}
