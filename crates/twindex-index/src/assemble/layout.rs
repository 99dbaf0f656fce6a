//! What is printed of the rows of a segment, in order: its lanes as a document has them.
//!
//! Kept for whole twins while no lane comes or goes, and made for the columns of a query from that
//! in no time. Keys lie in one text in the order in which they are printed, so the printer runs
//! through it instead of visiting the catalogue for each. A key comes with the comma before it and
//! the brace of an object behind it, so that with either, both or none it is one copy.
//!
//! Under generated keys a layout has tens of thousands of entries of which a twin has two or three.
//! Entries come in the order in which their paths were met, so those of one twin mostly stand
//! together: each [`RUN`] of them have one span, which says that all can be passed over.

use twindex_kernels::{Piece, Pieces};
use twindex_model::path::PathId;

use crate::catalog::Catalog;
use crate::lane::Lane;
use crate::segment::Segment;
use crate::span::Span;

/// Lanes in the order of a document: parents first, siblings as they were met.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(super) entries: Vec<Entry>,
    /// `,"key":{` of each entry, escaped.
    keys: Pieces,
    /// `,"key":{"key":{` of each entry whose first child comes next, empty of others: a stamp and
    /// the object around it are printed as one.
    pairs: Pieces,
    /// Between which rows [`RUN`] entries each have cells; none of a short layout.
    runs: Vec<Span>,
    /// Place in `entries` by place in the segment's lanes; empty for columns.
    places: Vec<u32>,
}

/// Entries that have one span beside their own.
pub(super) const RUN: usize = 64;
/// Entries from which they have: a layout of fewer is gone through in a microsecond.
const RUNS_MIN: usize = 1_024;

/// One lane in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) lane: u32,
    /// Keys above this one.
    pub(super) depth: u32,
    /// Where the entries below this one end; all are undefined where this one is.
    pub(super) end: u32,
}

impl Layout {
    /// The layout of all lanes. Each lane's parent has a lane too: objects are written first.
    pub(crate) fn new((lanes, spans): (&[Lane], &[Span]), catalog: &Catalog) -> Self {
        let above = |lane: &u32| catalog.parent(lanes[*lane as usize].path);
        let mut by_parent: Vec<u32> = (0..lanes.len() as u32).collect();
        by_parent.sort_unstable_by_key(|lane| {
            (above(lane), catalog.ordinal(lanes[*lane as usize].path))
        });
        let children = |parent: Option<PathId>| {
            let from = by_parent.partition_point(|lane| above(lane) < parent);
            let n = by_parent[from..].partition_point(|lane| above(lane) == parent);
            from..from + n
        };
        let mut layout = Self { places: vec![0; lanes.len()], ..Self::default() };
        let mut key = String::new();
        // Children still to come, and the entry they belong to.
        let mut open = vec![(children(None), None)];
        while let Some((siblings, parent)) = open.last_mut() {
            let Some(at) = siblings.next() else {
                if let Some(parent) = parent {
                    layout.close(*parent);
                }
                open.pop();
                continue;
            };
            let (lane, depth) = (by_parent[at], open.len() as u32 - 1);
            let path = lanes[lane as usize].path;
            layout.places[lane as usize] = layout.entries.len() as u32;
            fill_key(&mut key, catalog.fragment(path));
            let entry = layout.push((lane, depth), &key);
            open.push((children(Some(path)), Some(entry)));
        }
        layout.pair();
        if layout.entries.len() >= RUNS_MIN {
            let span = |entry: &Entry| spans[entry.lane as usize];
            let runs = layout.entries.chunks(RUN);
            layout.runs = runs.map(|run| run.iter().map(span).fold(Span::NONE, Span::or)).collect();
        }
        layout
    }

    /// The layout of columns, each with its `"name":` and path. Those without a lane are left out.
    pub(crate) fn of_columns<'c>(
        columns: impl Iterator<Item = (&'c str, PathId)>,
        segment: &Segment,
        whole: &Self,
    ) -> Self {
        let (mut layout, mut key) = (Self::default(), String::new());
        for (name, path) in columns {
            let Some(place) = segment.lane_place(path) else { continue };
            let first = whole.places[place];
            let top = whole.entries[first as usize];
            let offset = (layout.entries.len() as u32).wrapping_sub(first);
            fill_key(&mut key, name);
            layout.push((top.lane, 0), &key);
            for at in first + 1..top.end {
                let entry = whole.entries[at as usize];
                let key = whole.keys.get(at as usize).as_str();
                layout.push((entry.lane, entry.depth - top.depth), key);
            }
            for at in first..top.end {
                let end = whole.entries[at as usize].end.wrapping_add(offset);
                layout.entries[at.wrapping_add(offset) as usize].end = end;
            }
        }
        layout.pair();
        layout
    }

    /// Appends an entry with nothing below it.
    fn push(&mut self, (lane, depth): (u32, u32), key: &str) -> u32 {
        self.keys.push(key);
        let place = self.entries.len() as u32;
        self.entries.push(Entry { lane, depth, end: place + 1 });
        place
    }

    /// Joins the keys of entries with those of their first children.
    fn pair(&mut self) {
        let mut pair = String::new();
        for (at, entry) in self.entries.iter().enumerate() {
            pair.clear();
            if entry.end as usize > at + 1 {
                pair.push_str(self.keys.get(at).as_str());
                pair.push_str(self.keys.get(at + 1).without_first(1).as_str());
            }
            self.pairs.push(&pair);
        }
    }

    /// Says that a lane, given by its place, has a cell of a row now.
    #[inline]
    pub(crate) fn widen(&mut self, lane: usize, row: u16) {
        if let Some(entry) = self.places.get(lane)
            && let Some(run) = self.runs.get_mut(*entry as usize / RUN)
        {
            run.widen(row);
        }
    }

    /// Whether the span of each run of entries holds those of its lanes.
    pub(crate) fn has_spans(&self, spans: &[Span]) -> bool {
        let holds = |(run, entries): (&Span, &[Entry])| {
            entries.iter().all(|entry| run.or(spans[entry.lane as usize]) == *run)
        };
        self.runs.iter().zip(self.entries.chunks(RUN)).all(holds)
    }

    /// Whether some entries may have cells between two rows: those from `at` on, which must begin
    /// a run.
    #[inline]
    pub(super) fn run_meets(&self, at: usize, (first, last): (u16, u16)) -> bool {
        self.runs.get(at / RUN).is_none_or(|run| run.meets(first, last))
    }

    /// Says that whatever was appended after an entry lies below it.
    fn close(&mut self, entry: u32) {
        self.entries[entry as usize].end = self.entries.len() as u32;
    }

    /// All entries.
    pub(super) fn all(&self) -> std::ops::Range<usize> {
        0..self.entries.len()
    }

    /// The entries of a path and of what lies below.
    pub(super) fn range_of(&self, path: PathId, segment: &Segment) -> std::ops::Range<usize> {
        let Some(place) = segment.lane_place(path) else { return 0..0 };
        let first = self.places[place] as usize;
        first..self.entries[first].end as usize
    }

    /// `,"key":{` of an entry.
    #[inline]
    pub(super) fn key(&self, entry: u32) -> Piece<'_> {
        self.keys.get(entry as usize)
    }

    /// `,"key":{"key":{` of an entry and its first child; empty if it has none.
    #[inline]
    pub(super) fn pair_of(&self, entry: u32) -> Piece<'_> {
        self.pairs.get(entry as usize)
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
            + self.places.capacity() * 4
            + self.keys.heap_bytes()
            + self.pairs.heap_bytes()
            + self.runs.capacity() * size_of::<Span>()
    }
}

/// Makes `"key":` the key of an entry.
fn fill_key(key: &mut String, fragment: &str) {
    key.clear();
    key.push(',');
    key.push_str(fragment);
    key.push('{');
}
