//! Everything that can go wrong at the boundary, with stable codes.

use twindex_exec::{ExecError, TokenError};
use twindex_lang::diagnostic::Diagnostic;

use crate::load::LoadError;

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
            Self::Run(_) => ErrorKind::InvalidToken,
            Self::Load(LoadError::Read { .. } | LoadError::Open { .. }) => ErrorKind::Io,
            Self::Load(_) => ErrorKind::InvalidInput,
        }
    }

    /// Stable code, never reused: `P…` and `B…` for a query, `X…` for the rest.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Query(reasons) => reasons.first().map_or("P000", |reason| reason.code),
            Self::Token(error) => error.code(),
            Self::Run(error) => error.code(),
            Self::Load(LoadError::Read { .. } | LoadError::Open { .. }) => "X020",
            Self::Load(LoadError::BadDocument { .. }) => "X021",
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

    /// Whether the same call may succeed later without a change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind(), ErrorKind::Stopped)
    }
}

fn first_message(reasons: &[Diagnostic]) -> &str {
    reasons.first().map_or("the query was refused", |reason| &reason.message)
}
