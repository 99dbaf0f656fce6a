//! Twins that left their rows, for look-ups by readers of versions that still have them there.
//!
//! The table of identities knows the newest writes alone; identities of removed twins lie in the
//! undo, and here is which rows to look at.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use twindex_model::path::RowId;

use crate::snapshot::Ts;

/// Rows that twins left, by the hash of the twin's identity.
#[derive(Debug, Default)]
pub(crate) struct Former {
    by_hash: HashMap<u64, SmallVec<[(Ts, RowId); 1]>, RandomState>,
    /// Hashes, in the order of the removals.
    order: VecDeque<(Ts, u64)>,
}

impl Former {
    /// Notes that `ts` removes the twin of a row.
    pub(crate) fn note(&mut self, ts: Ts, hash: u64, row: RowId) {
        self.by_hash.entry(hash).or_default().push((ts, row));
        self.order.push_back((ts, hash));
    }

    /// Rows that twins of a hash left after `ts`.
    pub(crate) fn left_after(&self, ts: Ts, hash: u64) -> impl Iterator<Item = RowId> {
        let rows = self.by_hash.get(&hash).into_iter().flatten();
        rows.filter(move |(left, _)| *left > ts).map(|(_, row)| *row)
    }

    /// Drops what no version from `oldest` on needs.
    pub(crate) fn prune(&mut self, oldest: Ts) {
        while let Some((_, hash)) = self.order.pop_front_if(|(ts, _)| *ts <= oldest) {
            self.drop_those(hash, |ts| ts <= oldest);
        }
        if self.order.is_empty() {
            *self = Self::default();
        }
    }

    /// Drops what `ts` removed.
    pub(crate) fn take_back(&mut self, ts: Ts) {
        while let Some((_, hash)) = self.order.pop_back_if(|(of, _)| *of == ts) {
            self.drop_those(hash, |of| of == ts);
        }
    }

    fn drop_those(&mut self, hash: u64, is_dropped: impl Fn(Ts) -> bool) {
        if let Some(rows) = self.by_hash.get_mut(&hash) {
            rows.retain(|(ts, _)| !is_dropped(*ts));
            if rows.is_empty() {
                self.by_hash.remove(&hash);
            }
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.by_hash.capacity() * 8 / 7 * (size_of::<(u64, SmallVec<[(Ts, RowId); 1]>)>() + 1)
            + self.order.capacity() * size_of::<(Ts, u64)>()
    }
}
