//! 65,536 consecutive rows: which of them hold a twin, and a lane for each path they have.

mod image;

use std::sync::OnceLock;

use twindex_kernels::LaneVec;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::assemble::Layout;
use crate::catalog::{Catalog, shrink_vec};
use crate::lane::cells::{Before, New};
use crate::lane::plane::SharedRows;
use crate::lane::row_stamps::{RowStamps, UNUSED};
use crate::lane::string::{TextLane, place_at, set_place};
use crate::lane::{Lane, Reading};
use crate::lane_table::LaneTable;
use crate::snapshot::Ts;
use crate::span::Span;
use crate::texts::Texts;
use crate::undo::Undo;

/// Places for stamps that a row may keep beside as many as it uses.
const SPARE_STAMPS: usize = 16;

/// One segment.
#[derive(Debug)]
pub(crate) struct Segment {
    live: Mask,
    n_live: u32,
    /// Rows below it are all live.
    first_free: usize,
    lanes: Vec<Lane>,
    /// Rows outside of which a lane has none, by place in `lanes`. They lie together, so that who
    /// asks what a row has passes over a hundred thousand lanes of other rows in no time.
    spans: Vec<Span>,
    /// Stamps that lanes of a row share.
    stamps: RowStamps,
    /// Places in `lanes` by path.
    by_path: LaneTable,
    /// Whether the segment was full once.
    is_settled: bool,
    /// Number of the last write of a whole twin.
    pub(crate) n_writes: u32,
    /// Lanes in the order of the document; built when a twin is assembled.
    layout: OnceLock<Layout>,
    /// Rewrites of the places of stamps, in lanes that keep their values.
    pub(crate) n_compactions: u32,
    /// Grows with every change of the rows that live.
    live_mark: u64,
    /// The mark of a lane that is made: greater than any of a lane that was dropped.
    lane_mark: u64,
    undo: Undo,
    /// Whether the index knows that there may be undo.
    pub(crate) is_listed: bool,
}

/// What a write changes in a segment beside rows that live.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// Every lane.
    pub(crate) lanes: &'a mut [Lane],
    /// Rows outside of which a lane has none.
    pub(crate) spans: &'a [Span],
    /// Stamps that lanes of a row share.
    pub(crate) stamps: &'a RowStamps,
    /// Before-images.
    pub(crate) undo: &'a mut Undo,
}

impl Segment {
    /// A segment without rows.
    pub(crate) fn new() -> Self {
        Self {
            live: Mask::empty(),
            n_live: 0,
            first_free: 0,
            lanes: Vec::new(),
            spans: Vec::new(),
            stamps: RowStamps::default(),
            by_path: LaneTable::default(),
            is_settled: false,
            n_writes: 0,
            layout: OnceLock::new(),
            n_compactions: 0,
            live_mark: 0,
            lane_mark: 0,
            undo: Undo::default(),
            is_listed: false,
        }
    }

    /// The rows that hold a twin.
    pub(crate) fn live(&self) -> &Mask {
        &self.live
    }

    /// Grows with every change of the rows that live and of the stamps that lanes share.
    pub(crate) fn mark(&self) -> u64 {
        self.live_mark + self.stamps.mark
    }

    /// Number of rows that hold a twin.
    pub(crate) fn n_live(&self) -> u32 {
        self.n_live
    }

    /// The lowest row below `rows_max` that holds no twin.
    pub(crate) fn free_row(&mut self, rows_max: usize) -> Option<u16> {
        if self.n_live as usize >= rows_max {
            return None;
        }
        let is_free = |row: &usize| !self.live.get(*row as u16);
        let row = (self.first_free..rows_max).find(is_free)?;
        self.first_free = row;
        Some(row as u16)
    }

    /// Says that a row holds a twin.
    pub(crate) fn set_live(&mut self, row: u16) {
        if !self.live.get(row) {
            self.live_mark += 1;
            self.live.set(row);
            self.n_live += 1;
        }
    }

    /// Says that a row holds no twin any more.
    pub(crate) fn set_free(&mut self, row: u16) {
        if self.live.get(row) {
            self.live_mark += 1;
            self.live.clear_row(row);
            self.n_live -= 1;
            self.first_free = self.first_free.min(usize::from(row));
        }
    }

    /// Every lane, in the order they were made.
    pub(crate) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// Every lane, to be written.
    pub(crate) fn lanes_mut(&mut self) -> &mut [Lane] {
        &mut self.lanes
    }

    /// Every lane, with what keeps its cells from before.
    pub(crate) fn parts_mut(&mut self) -> Parts<'_> {
        let Self { lanes, spans, stamps, undo, .. } = self;
        Parts { lanes, spans, stamps, undo }
    }

    /// Before-images.
    #[inline]
    pub(crate) fn undo(&self) -> &Undo {
        &self.undo
    }

    /// Before-images, to be written.
    pub(crate) fn undo_mut(&mut self) -> &mut Undo {
        &mut self.undo
    }

    /// Keeps the cell of a row that `ts` is about to write; false, and nothing kept, if the write
    /// would leave it as it is.
    pub(crate) fn keep(
        &mut self,
        ts: Ts,
        (row, path): (u16, PathId),
        new: New<'_>,
        texts: &Texts,
    ) -> bool {
        let before = match self.by_path.get(path).and_then(|place| self.lanes.get(place)) {
            Some(lane) => lane.before(row, Reading { texts, stamps: &self.stamps }),
            None => Before::Cell(Cell::Undefined),
        };
        let is_change = !before.is(new);
        if is_change {
            self.undo.note(ts, (row, path), &before);
        }
        is_change
    }

    /// The lane of a path.
    #[inline]
    pub(crate) fn lane(&self, path: PathId) -> Option<&Lane> {
        self.lanes.get(self.by_path.get(path)?)
    }

    /// Place of the lane of a path in [`Segment::lanes`].
    pub(crate) fn lane_place(&self, path: PathId) -> Option<usize> {
        self.by_path.get(path)
    }

    /// The lane of a path, to be written, and the stamps that lanes share.
    #[inline]
    pub(crate) fn lane_mut(&mut self, path: PathId) -> Option<(&mut Lane, &mut RowStamps)> {
        Some((self.lanes.get_mut(self.by_path.get(path)?)?, &mut self.stamps))
    }

    /// Drops the lane of a path, in which no row has a value; false if there is none.
    pub(crate) fn remove_lane(&mut self, path: PathId) -> bool {
        let Some(place) = self.by_path.remove(path) else { return false };
        let dropped = self.lanes.swap_remove(place);
        self.lane_mark = self.lane_mark.max(dropped.mark + 1);
        self.spans.swap_remove(place);
        if let Some(moved) = self.lanes.get(place) {
            self.by_path.set(moved.path, place, self.lanes.len());
        }
        self.layout = OnceLock::new();
        true
    }

    /// Gives back memory of tables that have become far larger than needed.
    pub(crate) fn shrink(&mut self) {
        shrink_vec(&mut self.lanes);
        shrink_vec(&mut self.spans);
        if self.is_settled {
            let mut shared = SharedRows::default();
            self.lanes.iter_mut().for_each(|lane| lane.kinds.share(&mut shared));
        }
        self.stamps.tidy();
        if self.n_live == 0 {
            let mark = self.stamps.mark + 1;
            self.stamps = RowStamps::default();
            self.stamps.mark = mark;
            self.is_settled = false;
        }
        if self.by_path.is_roomy(self.lanes.len()) {
            self.by_path = LaneTable::default();
            for (place, lane) in self.lanes.iter().enumerate() {
                self.by_path.set(lane.path, place, self.lanes.len());
            }
        }
    }

    /// What reading a cell needs beside its lane.
    pub(crate) fn reading<'a>(&'a self, texts: &'a Texts) -> Reading<'a> {
        Reading { texts, stamps: &self.stamps }
    }

    /// Stamps that lanes of a row share.
    pub(crate) fn stamps(&self) -> &RowStamps {
        &self.stamps
    }

    /// Stamps that lanes of a row share, to be written.
    pub(crate) fn stamps_mut(&mut self) -> &mut RowStamps {
        &mut self.stamps
    }

    /// Saves memory once the segment is full: properties of one model are in the same rows, so
    /// their lanes share them, and text arenas drop the room they had to grow.
    pub(crate) fn settle(&mut self) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let mut shared = SharedRows::default();
        self.lanes.iter_mut().for_each(|lane| lane.settle(&mut shared));
        self.stamps.shrink();
    }

    /// Leaves the stamps of crowded rows that no lane uses any more, and gives the room back if it
    /// is far more than needed.
    pub(crate) fn tidy_stamps(&mut self) {
        for row in self.stamps.take_crowded() {
            let mut is_used = UNUSED;
            for (_, places, slot) in shared_at((&mut self.lanes, &self.spans), row) {
                is_used[usize::from(place_at(places, slot))] = true;
            }
            let n_used = is_used.iter().filter(|is_used| **is_used).count();
            if n_used * 2 + SPARE_STAMPS > self.stamps.n_places(row) {
                self.stamps.vacate(row, &is_used);
                continue;
            }
            self.n_compactions = self.n_compactions.wrapping_add(1);
            let moved = self.stamps.compact(row, &is_used);
            for (mark, places, slot) in shared_at((&mut self.lanes, &self.spans), row) {
                *mark += 1;
                let place = moved[usize::from(place_at(places, slot))];
                set_place(places, slot, place);
            }
        }
    }

    /// The lane of a path, made if there is none, for a row to be written, and the stamps that
    /// lanes share.
    #[inline]
    pub(crate) fn lane_or_new(
        &mut self,
        (row, path): (u16, PathId),
        catalog: &Catalog,
    ) -> (&mut Lane, &mut RowStamps) {
        let place = match self.by_path.get(path) {
            Some(place) => place,
            None => self.add_lane(path, catalog),
        };
        if self.spans[place].widen(row)
            && let Some(layout) = self.layout.get_mut()
        {
            layout.widen(place, row);
        }
        (&mut self.lanes[place], &mut self.stamps)
    }

    /// The lanes that a row may have a cell in.
    pub(crate) fn lanes_at(&self, row: u16) -> impl Iterator<Item = &Lane> {
        let lanes = self.lanes.iter().zip(&self.spans);
        lanes.filter(move |(_, span)| span.has(row)).map(|(lane, _)| lane)
    }

    /// Rows outside of which each lane has none, by place in [`Segment::lanes`].
    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    fn add_lane(&mut self, path: PathId, catalog: &Catalog) -> usize {
        self.by_path.set(path, self.lanes.len(), self.lanes.len() + 1);
        let mut lane = Lane::new(path, catalog);
        lane.mark = self.lane_mark;
        self.lanes.push(lane);
        self.spans.push(Span::NONE);
        self.layout = OnceLock::new();
        self.lanes.len() - 1
    }

    /// Place in the layout's terms: the lanes in the order of the document.
    pub(crate) fn layout(&self, catalog: &Catalog) -> &Layout {
        self.layout.get_or_init(|| Layout::new((&self.lanes, &self.spans), catalog))
    }

    /// Whether the layout, if there is one, knows which rows its lanes have.
    pub(crate) fn is_layout_valid(&self) -> bool {
        self.layout.get().is_none_or(|layout| layout.has_spans(&self.spans))
    }

    /// Bytes of the tables, lanes apart.
    pub(crate) fn table_bytes(&self) -> usize {
        self.by_path.bytes()
            + self.lanes.capacity() * size_of::<Lane>()
            + self.spans.capacity() * size_of::<Span>()
            + size_of::<twindex_kernels::Words>()
            + self.layout.get().map_or(0, Layout::bytes)
    }
}

/// The lanes in which a row has a shared stamp: mark, places, and the slot of the row.
fn shared_at<'a>(
    (lanes, spans): (&'a mut [Lane], &'a [Span]),
    row: u16,
) -> impl Iterator<Item = (&'a mut u64, &'a mut LaneVec<u8>, usize)> {
    let lanes = lanes.iter_mut().zip(spans).filter(move |(_, span)| span.has(row));
    lanes.filter_map(move |(lane, _)| match lane.strings.as_deref_mut() {
        Some(TextLane::Shared(places)) => match lane.kinds.find(row) {
            Some((slot, Kind::String)) => Some((&mut lane.mark, places, slot)),
            _ => None,
        },
        _ => None,
    })
}
