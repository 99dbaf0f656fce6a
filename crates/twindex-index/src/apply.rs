//! Writing twins: a document's events to the lanes of its paths.
//!
//! The walk keeps a stack of paths, builds no path strings and allocates nothing for a leaf. Every
//! write keeps the catalogue's counts in step. A replaced twin is written over the old one first
//! and what it did not touch is cleared after, so that full planes stay full.

use smallvec::SmallVec;
use twindex_model::cell::{Cell, Text};
use twindex_model::json::read::{Event, Leaf, Leaves, Piece};
use twindex_model::kind::Kind;
use twindex_model::path::{Collection, PathId};
use twindex_planted::{Fault, planted};

use crate::catalog::Catalog;
use crate::lane::cells::{New, WriteScope};
use crate::lane::{Lane, Reading};
use crate::options::IndexOptions;
use crate::segment::{Parts, Segment};
use crate::snapshot::Ts;
use crate::step_paths::Steps;
use crate::texts::Texts;
use crate::totals::{PathTotals, TotalsTable, Writing};
use crate::undo::Fate;

/// Children of a path beyond which those that a row has are looked for among its lanes.
const CROWDED_MIN: usize = 256;

/// One segment with all that a write to it changes.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) catalog: &'a mut Catalog,
    pub(crate) texts: &'a mut Texts,
    pub(crate) totals: &'a mut TotalsTable,
    pub(crate) options: &'a IndexOptions,
    pub(crate) segment: &'a mut Segment,
    pub(crate) collection: Collection,
    /// The batch; [`Ts`] 0 keeps nothing of what stood before.
    pub(crate) ts: Ts,
}

/// The object whose entries are being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    path: Option<PathId>,
    /// Where the next key probably lies among its children.
    next: u32,
}

impl Open {
    /// The document.
    pub(crate) const ROOT: Self = Self { path: None, next: 0 };

    /// The object at a path.
    pub(crate) fn of(path: PathId) -> Self {
        Self { path: Some(path), next: 0 }
    }
}

/// The cell of a leaf.
#[inline]
pub(crate) fn cell_of(leaf: Leaf, leaves: &Leaves) -> Cell<'_> {
    match leaf {
        Leaf::Null => Cell::Null,
        Leaf::Bool(value) => Cell::Bool(value),
        // Adding nothing makes a plain zero of a negative one.
        Leaf::Number(number) => Cell::Number(number + 0.0),
        Leaf::String(text) => Cell::String(Text::Borrowed(leaves.str(text))),
        Leaf::Array(text) => Cell::Array(Text::Borrowed(leaves.str(text))),
    }
}

impl Writer<'_> {
    /// Writes a whole twin over whatever the row holds.
    pub(crate) fn write_twin(&mut self, row: u16, leaves: &Leaves, mut steps: Option<Steps<'_>>) {
        let write = self.begin();
        let root = Open::ROOT;
        let mut open: SmallVec<[Open; 16]> = SmallVec::new();
        let mut innermost = root;
        for (at, event) in leaves.events.iter().enumerate() {
            match event {
                Event::Enter { key } => {
                    let path = self.step(&mut innermost, (leaves, *key), (at, &mut steps));
                    self.write_once(row, path, (&Cell::Object, write));
                    open.push(innermost);
                    innermost = Open::of(path);
                }
                Event::Leave => innermost = open.pop().unwrap_or(root),
                Event::Leaf { key, leaf } => {
                    let path = self.step(&mut innermost, (leaves, *key), (at, &mut steps));
                    self.write_once(row, path, (&cell_of(*leaf, leaves), write));
                }
            }
        }
        if self.segment.live().get(row) {
            self.clear_untouched(row, write);
            self.segment.stamps_mut().look_through(row);
        } else if self.keeps() {
            self.segment.undo_mut().note_fate(self.ts, row, Fate::Born);
        }
        self.segment.set_live(row);
        self.segment.tidy_stamps();
    }

    /// Whether before-images are kept.
    fn keeps(&self) -> bool {
        self.ts != Ts::default()
    }

    /// Number of a new write of a whole twin.
    fn begin(&mut self) -> u32 {
        if self.segment.n_writes == u32::MAX {
            self.segment.n_writes = 0;
            self.segment.lanes_mut().iter_mut().for_each(|lane| lane.touched = 0);
        }
        self.segment.n_writes += 1;
        self.segment.n_writes
    }

    /// The path of the next key of an object, which event number `at` names.
    #[inline]
    pub(crate) fn step(
        &mut self,
        open: &mut Open,
        (leaves, key): (&Leaves, Piece),
        (at, steps): (usize, &mut Option<Steps<'_>>),
    ) -> PathId {
        if let Some(path) = steps.as_ref().and_then(|steps| steps.path(at)) {
            return path;
        }
        let path = self.catalog.child_or_new(open.path, leaves.str(key), open.next);
        open.next = self.catalog.ordinal(path) + 1;
        if let Some(steps) = steps {
            steps.note(at, path);
        }
        path
    }

    /// Writes a cell of a whole twin; of a repeated key the last value stays.
    fn write_once(&mut self, row: u16, path: PathId, (cell, write): (&Cell<'_>, u32)) {
        if self.keeps() && self.segment.live().get(row) {
            if self.segment.lane(path).is_some_and(|lane| lane.touched == write) {
                self.clear_below(row, path);
            }
            self.write(row, path, cell.into(), write);
            return;
        }
        // Of a row that is being filled nothing needs keeping: it was free.
        let (lane, stamps) = self.segment.lane_or_new((row, path), self.catalog);
        if lane.touched == write {
            self.clear_below(row, path);
            self.write(row, path, cell.into(), write);
            return;
        }
        lane.touched = write;
        let mut scope =
            WriteScope { catalog: self.catalog, texts: self.texts, stamps, options: self.options };
        let totals = self.totals.of(self.collection, path);
        let old = write_counted(lane, (row, cell.into()), &mut scope, (totals, self.ts));
        self.catalog.recount(self.collection, path, (old, cell.kind()));
    }

    /// Writes a cell, and notes the write that did; gives the kind before.
    pub(crate) fn write(&mut self, row: u16, path: PathId, cell: New<'_>, write: u32) -> Kind {
        // Of a row that is being filled nothing needs keeping: it was free.
        let is_known = self.keeps()
            && self.segment.live().get(row)
            && !self.segment.keep(self.ts, (row, path), cell, self.texts);
        if is_known {
            self.segment.lane_or_new((row, path), self.catalog).0.touched = write;
            return cell.kind();
        }
        self.write_unkept(row, path, cell, write)
    }

    /// The same, keeping nothing of what stood there: for a row whose fate says it all.
    pub(crate) fn write_unkept(
        &mut self,
        row: u16,
        path: PathId,
        cell: New<'_>,
        write: u32,
    ) -> Kind {
        let (lane, stamps) = self.segment.lane_or_new((row, path), self.catalog);
        lane.touched = write;
        let mut scope =
            WriteScope { catalog: self.catalog, texts: self.texts, stamps, options: self.options };
        let totals = self.totals.of(self.collection, path);
        let old = write_counted(lane, (row, cell), &mut scope, (totals, self.ts));
        self.catalog.recount(self.collection, path, (old, cell.kind()));
        old
    }

    /// Writes a cell below objects, which are made of whatever stood there. What lay below goes.
    pub(crate) fn set(&mut self, row: u16, keys: &[&str], cell: &Cell<'_>) -> Option<PathId> {
        let (last, above) = keys.split_last()?;
        let mut parent = None;
        for key in above {
            let path = self.catalog.child_or_new(parent, key, 0);
            if self.kind(row, path) != Kind::Object {
                self.write(row, path, New::Cell(&Cell::Object), 0);
            }
            parent = Some(path);
        }
        let path = self.catalog.child_or_new(parent, last, 0);
        if self.kind(row, path) == Kind::Object {
            self.clear_below(row, path);
        }
        self.write(row, path, cell.into(), 0);
        self.segment.tidy_stamps();
        Some(path)
    }

    /// Removes the cell of a path and all below; false if there was none.
    pub(crate) fn unset(&mut self, row: u16, path: PathId) -> bool {
        match self.kind(row, path) {
            Kind::Undefined => return false,
            Kind::Object if !planted(Fault::SubtreeKept) => self.clear_below(row, path),
            _ => (),
        }
        self.clear(row, path);
        true
    }

    /// Removes every cell of a row and frees it.
    pub(crate) fn remove(&mut self, row: u16) {
        if self.keeps() {
            self.segment.undo_mut().note_fate(self.ts, row, Fate::Died);
        }
        self.clear_lanes(row, |_| true);
        self.segment.stamps_mut().clear(row);
        self.segment.set_free(row);
    }

    fn clear_untouched(&mut self, row: u16, write: u32) {
        self.clear_lanes(row, |lane| lane.touched != write);
    }

    fn clear_lanes(&mut self, row: u16, is_cleared: impl Fn(&Lane) -> bool) {
        let keeps = self.keeps();
        let Parts { lanes, spans, stamps, undo } = self.segment.parts_mut();
        let lanes = lanes.iter_mut().zip(spans).filter(|(_, span)| span.has(row));
        for lane in lanes.map(|(lane, _)| lane).filter(|lane| is_cleared(lane)) {
            if keeps && lane.kinds.kind(row) != Kind::Undefined {
                let before = lane.before(row, Reading { texts: self.texts, stamps });
                undo.note(self.ts, (row, lane.path), &before);
            }
            if let Some(totals) = self.totals.of(self.collection, lane.path) {
                totals.leave(lane.counted(row), self.ts);
            }
            let old = lane.clear(row);
            self.catalog.recount(self.collection, lane.path, (old, Kind::Undefined));
        }
    }

    /// Clears the cells below an object, walking down only where the row has objects.
    pub(crate) fn clear_below(&mut self, row: u16, path: PathId) {
        let mut objects = vec![path];
        while let Some(object) = objects.pop() {
            if self.catalog.n_entries(Some(object)) > CROWDED_MIN {
                for child in self.children_in_row(row, object) {
                    if self.clear(row, child) == Kind::Object {
                        objects.push(child);
                    }
                }
                continue;
            }
            for at in 0..self.catalog.n_entries(Some(object)) {
                let Some(child) = self.catalog.entry(Some(object), at) else { continue };
                if self.clear(row, child) == Kind::Object {
                    objects.push(child);
                }
            }
        }
    }

    /// The children of a path that a row has.
    fn children_in_row(&self, row: u16, path: PathId) -> Vec<PathId> {
        let is_child = |lane: &&Lane| {
            self.catalog.parent(lane.path) == Some(path) && lane.kinds.find(row).is_some()
        };
        self.segment.lanes_at(row).filter(is_child).map(|lane| lane.path).collect()
    }

    fn clear(&mut self, row: u16, path: PathId) -> Kind {
        if self.keeps() && self.segment.live().get(row) && !planted(Fault::ClearedNotKept) {
            self.segment.keep(self.ts, (row, path), New::Cell(&Cell::Undefined), self.texts);
        }
        let Some((lane, _)) = self.segment.lane_mut(path) else {
            return Kind::Undefined;
        };
        if let Some(totals) = self.totals.of(self.collection, path) {
            totals.leave(lane.counted(row), self.ts);
        }
        let old = lane.clear(row);
        lane.touched = 0;
        self.catalog.recount(self.collection, path, (old, Kind::Undefined));
        old
    }

    /// Writes back a cell as it was before a batch that is taken back.
    pub(crate) fn restore(&mut self, row: u16, path: PathId, cell: New<'_>) {
        match cell {
            New::Cell(Cell::Undefined) => _ = self.clear(row, path),
            cell => _ = self.write(row, path, cell, 0),
        }
    }

    pub(crate) fn kind(&self, row: u16, path: PathId) -> Kind {
        self.segment.lane(path).map_or(Kind::Undefined, |lane| lane.kinds.kind(row))
    }
}

/// Writes a cell in step with the totals of its path, if those are kept; gives the kind before.
#[inline]
fn write_counted(
    lane: &mut Lane,
    (row, cell): (u16, New<'_>),
    scope: &mut WriteScope<'_>,
    (mut totals, ts): (Option<&mut PathTotals>, Ts),
) -> Kind {
    if let Some(totals) = &mut totals {
        totals.leave(lane.counted(row), ts);
    }
    let old = lane.write(row, cell, scope);
    if let Some(totals) = totals {
        let writing = Writing::of(lane, (scope.texts, scope.options.count_values_max));
        totals.enter(lane.counted(row), &writing);
    }
    old
}
