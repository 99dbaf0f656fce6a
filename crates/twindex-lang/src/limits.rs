//! Limits of query text. Each has a test at the limit and one past it.

/// Length of a text in code points unless [`Limits`] says otherwise.
pub const QUERY_CHARS_MAX: usize = 8192;

/// How deep a text may nest: each open bracket or call, each `NOT` and each unary sign is a level.
///
/// No option: it bounds the stack of everything that walks a tree, so it holds for all of them.
pub const NESTING_MAX: usize = 64;

/// The limits of query text that an embedding program may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Greatest length of a text in code points.
    pub query_chars_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { query_chars_max: QUERY_CHARS_MAX }
    }
}

impl Limits {
    /// Limits that never refuse a text for its length: canonical text may be longer than what the
    /// user wrote.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { query_chars_max: usize::MAX }
    }
}
