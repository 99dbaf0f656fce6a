//! What a query is asked of, and what it answers.

use serde_json::Value;

/// All twins, each collection in the order of its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// Device twins.
    pub devices: Vec<Value>,
    /// Module twins.
    pub modules: Vec<Value>,
    /// What `NOW()` is, in milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// All rows of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The rows, in order; each an object.
    pub rows: Vec<Value>,
    /// What the rows are.
    pub kind: RowKind,
}

/// What the rows of an answer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// Whole twins.
    Twin,
    /// Plain rows.
    Raw,
    /// Whole jobs.
    DeviceJob,
}
