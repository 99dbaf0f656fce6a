//! Why running a query failed. Operators cannot fail on data, so there is little to say.

use twindex_index::snapshot::Expired;

/// Why running a query failed. Nothing is left behind in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// The deadline passed, or the caller cancelled.
    #[error("the query was stopped before it ended")]
    Stopped,
    /// The place to go on from is not one that this query can have given.
    #[error("the continuation does not belong to this query")]
    ForeignPosition,
    /// The version read was given up, since keeping it took too much memory.
    #[error("the version read was given up to bound the memory of old versions")]
    SnapshotExpired,
    /// A version was asked for that is not there: nobody has written it, or the snapshot that the
    /// query runs at is older.
    #[error("version {wanted} is not there; the newest to be read is {newest}")]
    VersionNotReached {
        /// The version asked for.
        wanted: u64,
        /// The newest that can be read.
        newest: u64,
    },
    /// The query held more memory than it may.
    #[error(
        "the query holds {held} bytes and may hold {held_max}: narrow it by WHERE, ask for pages, or \
         raise `query_bytes_max`"
    )]
    OverBudget {
        /// Bytes held when that was noticed.
        held: usize,
        /// Bytes that it may hold.
        held_max: usize,
    },
    /// The snapshot that the query was to run at is of another engine.
    #[error("the snapshot is of another engine")]
    ForeignSnapshot,
}

impl ExecError {
    /// Stable code, never reused.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Stopped => "X001",
            Self::ForeignPosition => "X002",
            Self::SnapshotExpired => "X013",
            Self::VersionNotReached { .. } => "X014",
            Self::ForeignSnapshot => "X015",
            Self::OverBudget { .. } => "X016",
        }
    }
}

impl From<Expired> for ExecError {
    fn from(_: Expired) -> Self {
        Self::SnapshotExpired
    }
}
