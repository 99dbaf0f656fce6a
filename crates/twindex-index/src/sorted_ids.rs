//! Row ids in the order of their `deviceId`: for conditions that ask for a range of ids.
//!
//! Built only where such conditions have cost more than that, by those who ask them, a little after
//! each answer; never declared and never stored. An id stays with its row until the twin leaves it,
//! so the order holds for every row in which no twin came or went since. Rows in which one did are
//! few and are looked at one by one, at the version asked for; past a number of them the order is
//! given up, to be built anew once it pays. Merging them in was rejected: it is as long a piece of
//! work as building is, and needs the texts of rows that are gone.

mod buckets;
mod making;
#[cfg(test)]
mod tests;

use std::ops::Bound;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use twindex_model::cell::Cell;
use twindex_model::path::{PathId, RowId};
use twindex_sync::Mutex;
use twindex_sync::atomic::{AtomicBool, Ordering};

use crate::catalog::DEVICE_ID;
use crate::cell_set::TextSet;
use crate::segment::Segment;
use crate::snapshot::Ts;
use crate::texts::Texts;
use making::Making;
pub use making::Step;

/// The path of which an order is kept.
pub const ID_PATH: PathId = DEVICE_ID;
/// Rows for each of which the order keeps the id itself, to search by.
const FENCE: usize = 32;
/// Rows that may change their twins until the order is given up, or one in so many if those are
/// more.
const MOVES_MAX: usize = 4_096;
const MOVES_PART: usize = 256;
/// Moves that are noted at most, should nobody ask for a range any more.
const MOVES_KEPT: usize = 1 << 20;
/// Nanoseconds that each row of the order takes to build.
const ROW_NS: u64 = 80;
/// Building begins once ranges cost so much of that.
const BEGIN_PART: u64 = 4;

/// The order, or what is known of whether one would pay.
#[derive(Debug, Default)]
pub(crate) struct SortedIds {
    sorter: IdSorter,
    /// Rows in which a twin came or went, while an order is there or being built.
    moves: Vec<RowId>,
}

/// What builds an order. Whoever does holds the index only while ids are copied.
#[derive(Clone, Debug, Default)]
pub struct IdSorter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Whether an order is there or being built. Changed with `known` in hand alone.
    is_tracked: AtomicBool,
    known: Mutex<Known>,
    /// Held for a step of building; taken before `known`.
    making: Mutex<Option<Making>>,
}

#[derive(Debug, Default)]
struct Known {
    /// What ranges have cost without an order.
    spent_ns: u64,
    order: Option<Arc<Order>>,
}

/// Row ids in the order of their ids.
#[derive(Debug)]
pub(crate) struct Order {
    rows: Vec<u32>,
    /// The id of each row whose place is a multiple of [`FENCE`].
    fences: Fences,
    /// The newest version when building began. Earlier ones may have had other twins.
    since: Ts,
    /// Where the moves begin that came after.
    first_move: usize,
}

/// Texts one after the other.
#[derive(Debug, Default)]
struct Fences {
    texts: Vec<u8>,
    ends: Vec<usize>,
}

impl Fences {
    fn push(&mut self, text: &[u8]) {
        self.texts.extend_from_slice(text);
        self.ends.push(self.texts.len());
    }

    fn get(&self, at: usize) -> &[u8] {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[begin..self.ends[at]]
    }

    /// Number of texts, from the first on, for which `is_so` holds.
    fn partition_point(&self, is_so: impl Fn(&[u8]) -> bool) -> usize {
        let (mut from, mut to) = (0, self.ends.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            if is_so(self.get(middle)) { from = middle + 1 } else { to = middle }
        }
        from
    }

    fn bytes(&self) -> usize {
        self.texts.capacity() + self.ends.capacity() * size_of::<usize>()
    }
}

/// The rows of a range of ids, as of a version, whatever is written later.
#[derive(Debug)]
pub struct InRange {
    order: Arc<Order>,
    /// Places in the order. Those of moved rows among them count for nothing.
    places: std::ops::Range<usize>,
    /// Rows to be looked at one by one, whatever their places.
    moved: HashSet<RowId, RandomState>,
}

impl InRange {
    /// Rows that the order knows of, at most.
    pub(crate) fn n_max(&self) -> usize {
        self.places.len() + self.moved.len()
    }

    /// The rows in the order of the ids. Of [moved](Self::moved) ones it says nothing.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.order.rows[self.places.clone()]
    }

    /// The rows that hold the twins they held when the order was built, in the order of the ids.
    pub(crate) fn settled(&self) -> impl Iterator<Item = RowId> {
        let rows = self.rows().iter().map(|row| RowId(*row));
        rows.filter(|row| self.moved.is_empty() || !self.moved.contains(row))
    }

    /// How many those are.
    pub(crate) fn n_settled(&self) -> usize {
        if self.moved.is_empty() { self.places.len() } else { self.settled().count() }
    }

    /// Rows that may be in the range or not.
    pub fn moved(&self) -> impl Iterator<Item = RowId> {
        self.moved.iter().copied()
    }
}

impl SortedIds {
    /// Notes that a twin came to a row, or left it.
    #[inline]
    pub(crate) fn note_move(&mut self, row: RowId) {
        if !self.sorter.0.is_tracked.load(Ordering::Relaxed) {
            if !self.moves.is_empty() {
                self.moves = Vec::new();
            }
            return;
        }
        self.moves.push(row);
        if self.moves.len() > MOVES_KEPT {
            *self = Self::default();
        }
    }

    /// The rows whose ids are in a set at version `ts`, if that is a range and there is an order.
    pub(crate) fn range(&self, set: &TextSet, ts: Ts, at: (&[Segment], &Texts)) -> Option<InRange> {
        let range = Bounds::of(set)?;
        let order = self.order(ts)?;
        let moved: HashSet<RowId, RandomState> =
            self.moves.get(order.first_move..)?.iter().copied().collect();
        let place = |is_before: &dyn Fn(&[u8]) -> bool| {
            let block = order.fences.partition_point(is_before).saturating_sub(1) * FENCE;
            let rows = order.rows.get(block..(block + FENCE).min(order.rows.len()));
            let is_behind =
                |row: &u32| !moved.contains(&RowId(*row)) && !with_id(RowId(*row), at, is_before);
            let rows = rows.unwrap_or_default();
            block + rows.iter().position(is_behind).unwrap_or(rows.len())
        };
        let begin = place(&|id| range.is_before(id));
        let end = place(&|id| !range.is_past(id)).max(begin);
        Some(InRange { places: begin..end, moved, order: Arc::clone(&order) })
    }

    fn order(&self, ts: Ts) -> Option<Arc<Order>> {
        let shared = &*self.sorter.0;
        if !shared.is_tracked.load(Ordering::Acquire) {
            return None;
        }
        let mut known = shared.known.lock();
        let order = known.order.clone()?;
        let n_moves = self.moves.len().saturating_sub(order.first_move);
        if n_moves > MOVES_MAX.max(order.rows.len() / MOVES_PART) {
            known.order = None;
            shared.is_tracked.store(false, Ordering::Release);
            return None;
        }
        (order.since <= ts).then_some(order)
    }

    /// What builds an order.
    pub(crate) fn sorter(&self) -> &IdSorter {
        &self.sorter
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let shared = &*self.sorter.0;
        let of_order = |order: &Arc<Order>| order.rows.capacity() * 4 + order.fences.bytes();
        let order = shared.known.lock().order.as_ref().map_or(0, of_order);
        let making = shared.making.lock().as_ref().map_or(0, Making::bytes);
        order + making + self.moves.capacity() * size_of::<RowId>()
    }
}

impl IdSorter {
    /// Notes what a range cost without an order among `n_rows`. True if work on one should follow.
    #[must_use]
    pub fn note_cost(&self, cost_ns: u64, n_rows: u64) -> bool {
        let mut known = self.0.known.lock();
        known.spent_ns = known.spent_ns.saturating_add(cost_ns);
        known.order.is_none() && known.spent_ns > n_rows * ROW_NS / BEGIN_PART
    }
}

/// What `look` says of the bytes of the id in a row.
fn with_id<R>(
    row: RowId,
    (segments, texts): (&[Segment], &Texts),
    look: impl FnOnce(&[u8]) -> R,
) -> R {
    let segment = segments.get(row.segment());
    let Some((segment, lane)) = segment.and_then(|of| Some((of, of.lane(DEVICE_ID)?))) else {
        return look(&[]);
    };
    if let Some(id) = lane.raw_bytes(row.place()) {
        return look(id);
    }
    match lane.cell(row.place(), segment.reading(texts)) {
        Cell::String(id) => look(id.as_bytes()),
        _ => look(&[]),
    }
}

/// Which ids a set has, if they stand together in the order.
enum Bounds<'a> {
    Prefix(&'a [u8]),
    Between(Bound<&'a [u8]>, Bound<&'a [u8]>),
}

impl<'a> Bounds<'a> {
    fn of(set: &'a TextSet) -> Option<Self> {
        let bytes = |text: &'a str| text.as_bytes();
        match set {
            TextSet::Prefix(prefix) => Some(Self::Prefix(prefix.as_bytes())),
            TextSet::Between(low, high) => Some(Self::Between(
                low.as_ref().map(|low| bytes(low)),
                high.as_ref().map(|high| bytes(high)),
            )),
            _ => None,
        }
    }

    fn is_before(&self, id: &[u8]) -> bool {
        match self {
            Self::Prefix(prefix) => id < *prefix,
            Self::Between(low, _) => match low {
                Bound::Included(low) => id < *low,
                Bound::Excluded(low) => id <= *low,
                Bound::Unbounded => false,
            },
        }
    }

    fn is_past(&self, id: &[u8]) -> bool {
        match self {
            Self::Prefix(prefix) => id > *prefix && !id.starts_with(prefix),
            Self::Between(_, high) => match high {
                Bound::Included(high) => id > *high,
                Bound::Excluded(high) => id >= *high,
                Bound::Unbounded => false,
            },
        }
    }
}

/// Whether a set is a range, for which an order would do.
pub(crate) fn is_range(set: &TextSet) -> bool {
    Bounds::of(set).is_some()
}
