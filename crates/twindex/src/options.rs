//! What an engine can be opened with.

use std::sync::Arc;

use twindex_index::options::IndexOptions;

use crate::clock::{Clock, SystemClock};

/// Options of an engine. `Options::default()` suits a service of millions of twins.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads of the engine's own pool, for large queries and for parsing while loading. 0: as
    /// many as the machine has cores.
    pub threads: usize,
    /// Longest query text in code points.
    pub query_chars_max: usize,
    /// Where `NOW()` and `AGO()` come from.
    pub clock: Arc<dyn Clock>,
    /// Bytes that old versions may take for readers that are still at them. Past it the oldest
    /// versions are given up.
    pub undo_bytes_max: usize,
    /// When lanes change their form; for tests and measurements.
    pub index: IndexOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 0,
            query_chars_max: 8_192,
            clock: Arc::new(SystemClock),
            undo_bytes_max: 1 << 30,
            index: IndexOptions::default(),
        }
    }
}
