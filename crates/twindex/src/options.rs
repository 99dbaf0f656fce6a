//! What an engine can be opened with.

use std::sync::Arc;

use twindex_index::options::IndexOptions;

use crate::clock::{Clock, SystemClock};

/// Options of an engine. `Options::default()` suits a service of millions of twins.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads of the engine's own pool, for large queries and for reading while loading, of which
    /// one leaves its core to the thread that loads. 0: as many as the machine has cores.
    pub threads: usize,
    /// Longest query text in code points.
    pub query_chars_max: usize,
    /// Where `NOW()` and `AGO()` come from.
    pub clock: Arc<dyn Clock>,
    /// Writes that may wait to be applied. More are refused by [`crate::Twindex::submit`] and wait
    /// for room in [`crate::Twindex::write`].
    pub queue_ops_max: usize,
    /// Changes that the feed keeps for subscribers that are behind. 0: none, and no feed.
    pub feed_changes_max: usize,
    /// Bytes that these changes may take: with large patches they are fewer.
    pub feed_bytes_max: usize,
    /// Bytes that old versions may take for readers that are still at them. Past it the oldest
    /// versions are given up.
    pub undo_bytes_max: usize,
    /// Bytes that one query may hold while it runs: groups, distinct rows, rows to be sorted, the text
    /// of its page. See [`crate::Query::bytes_max`].
    pub query_bytes_max: usize,
    /// When lanes change their form; for tests and measurements.
    pub index: IndexOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 0,
            query_chars_max: 8_192,
            clock: Arc::new(SystemClock),
            queue_ops_max: 65_536,
            feed_changes_max: 65_536,
            feed_bytes_max: 256 << 20,
            undo_bytes_max: 1 << 30,
            query_bytes_max: 1 << 30,
            index: IndexOptions::default(),
        }
    }
}
