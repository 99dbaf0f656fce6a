//! Compiled LIKE and regular-expression patterns.

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {}
