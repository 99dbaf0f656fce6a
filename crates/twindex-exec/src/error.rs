//! Why running a query failed. Operators cannot fail on data, so there is little to say.

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
}

impl ExecError {
    /// Stable code, never reused.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Stopped => "X001",
            Self::ForeignPosition => "X002",
        }
    }
}
