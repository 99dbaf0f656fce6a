//! Everything that can go wrong at the boundary, with stable codes.

use twindex_exec::{ExecError, TokenError};
use twindex_lang::diagnostic::Diagnostic;
use twindex_pnp::PnpError;
use twindex_store::error::StoreError;

use crate::load::LoadError;
use crate::write_error::WriteError;

/// Why a call was refused or gave up. The twins are as they were before the call, but for a
/// forgiving load whose input broke off: what came before that stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The query was refused before any twin was read. One or more reasons, in text order.
    #[error("{}", first_message(.0))]
    Query(Vec<Diagnostic>),
    /// The continuation token is damaged or belongs to another query.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The query was stopped by its deadline or cancelled, cannot go on from its token, or there is
    /// no such version to read.
    #[error(transparent)]
    Run(#[from] ExecError),
    /// Loading stopped.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A write was refused.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A twin is no digital twin, or an update of one was refused.
    #[error(transparent)]
    DigitalTwin(#[from] PnpError),
    /// The store could not be opened, or a checkpoint or backup not be made or restored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What sort of error it is, for callers that act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The query text is wrong.
    InvalidQuery,
    /// The continuation token is wrong.
    InvalidToken,
    /// A document is wrong.
    InvalidInput,
    /// A deadline passed, or the call was cancelled.
    Stopped,
    /// A version to be read is not there any more, or not yet.
    NoSuchVersion,
    /// Reading failed.
    Io,
    /// There is no such device or module, or no store or backup.
    NotFound,
    /// There is such a device or module already, or files in a directory that must be empty, or it
    /// lies inside the store that is copied to it.
    AlreadyExists,
    /// The etag or the `$version` is not the one that was expected.
    VersionMismatch,
    /// The text of a write holds something that a write may not contain.
    InvalidPatch,
    /// A twin breaks the conventions of Plug and Play, so it has no digital twin.
    NotConformant,
    /// A section, a device's modules or a collection would grow past its limit, or a query past the
    /// memory that it may hold.
    LimitExceeded,
    /// Too many writes wait.
    QueueFull,
    /// The engine takes no writes any more.
    Closed,
    /// There is no room on the disk; it may come.
    NoRoom,
    /// The store saw a failed write and takes no more until it is opened again.
    Poisoned,
    /// Files of the store are damaged, missing, or of another store or a newer format.
    Corrupt,
    /// Another process has the store open.
    Locked,
    /// The store was opened to be read, or is a backup, which is never written to.
    ReadOnly,
    /// A defect of the program that called.
    Misuse,
}

impl Error {
    /// What sort of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Query(_) => ErrorKind::InvalidQuery,
            Self::Token(_) => ErrorKind::InvalidToken,
            Self::Run(ExecError::Stopped) => ErrorKind::Stopped,
            Self::Run(
                ExecError::SnapshotExpired
                | ExecError::VersionNotReached { .. }
                | ExecError::ForeignSnapshot,
            ) => ErrorKind::NoSuchVersion,
            Self::Run(ExecError::OverBudget { .. }) => ErrorKind::LimitExceeded,
            Self::Run(_) => ErrorKind::InvalidToken,
            Self::Load(LoadError::Read { .. } | LoadError::Open { .. }) => ErrorKind::Io,
            Self::Load(LoadError::WithinLoad) => ErrorKind::Misuse,
            Self::Load(LoadError::ReadOnly) => ErrorKind::ReadOnly,
            Self::Load(LoadError::Cancelled) => ErrorKind::Stopped,
            Self::Load(LoadError::Store { source }) => store_kind(source),
            Self::Load(_) => ErrorKind::InvalidInput,
            Self::Write(error) => error.kind(),
            Self::DigitalTwin(PnpError::NotConformant { .. }) => ErrorKind::NotConformant,
            Self::DigitalTwin(_) => ErrorKind::InvalidPatch,
            Self::Store(error) => store_kind(error),
        }
    }

    /// Stable code, never reused: `P…` and `B…` for a query, `T…` for a write, `S…` for a store, `X…`
    /// for the rest.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Query(reasons) => reasons.first().map_or("P000", |reason| reason.code),
            Self::Token(error) => error.code(),
            Self::Run(error) => error.code(),
            Self::Load(LoadError::Read { .. } | LoadError::Open { .. }) => "X020",
            Self::Load(LoadError::Store { source }) => source.code(),
            Self::Load(LoadError::BadDocument { .. }) => "X021",
            Self::Load(LoadError::WithinLoad) => "X022",
            Self::Load(LoadError::ReadOnly) => "X023",
            Self::Load(LoadError::Cancelled) => "X024",
            Self::Write(error) => error.code(),
            Self::DigitalTwin(error) => match error.code() {
                400_004 => "T040",
                400_505 => "T041",
                400_506 => "T042",
                400_507 => "T043",
                _ => "T044",
            },
            Self::Store(error) => error.code(),
        }
    }

    /// The reasons with their places in the query text; empty unless the query is at fault.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Query(reasons) => reasons,
            _ => &[],
        }
    }

    /// The error with which a hub says the same: number and name. `None` unless a write or a digital
    /// twin was refused.
    #[must_use]
    pub fn hub_error(&self) -> Option<(u32, &'static str)> {
        match self {
            Self::Write(error) => Some(error.hub_error()),
            Self::DigitalTwin(error) => Some((error.code(), error.name())),
            _ => None,
        }
    }

    /// Where the fault is in the text of a write: keys joined by dots.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Write(error) => error.path(),
            _ => None,
        }
    }

    /// Whether the same call may succeed later without a change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let kind = self.kind();
        matches!(kind, ErrorKind::Stopped | ErrorKind::QueueFull | ErrorKind::NoRoom)
    }
}

/// What sort of error a store's is.
pub(crate) fn store_kind(error: &StoreError) -> ErrorKind {
    match error {
        StoreError::Full { .. } => ErrorKind::NoRoom,
        StoreError::Poisoned => ErrorKind::Poisoned,
        StoreError::Locked { .. } => ErrorKind::Locked,
        StoreError::Interrupted | StoreError::Stopped => ErrorKind::Stopped,
        StoreError::ReadOnly | StoreError::Sealed { .. } => ErrorKind::ReadOnly,
        StoreError::NotEmpty { .. } | StoreError::Inside { .. } => ErrorKind::AlreadyExists,
        StoreError::TooLarge { .. } => ErrorKind::LimitExceeded,
        StoreError::NoStore { .. } | StoreError::NoBackup { .. } => ErrorKind::NotFound,
        StoreError::Corrupt { .. }
        | StoreError::Unfinished { .. }
        | StoreError::NewerFormat { .. }
        | StoreError::Foreign { .. }
        | StoreError::Missing { .. } => ErrorKind::Corrupt,
        _ => ErrorKind::Io,
    }
}

fn first_message(reasons: &[Diagnostic]) -> &str {
    reasons.first().map_or("the query was refused", |reason| &reason.message)
}
