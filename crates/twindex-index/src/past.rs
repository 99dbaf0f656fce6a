//! A segment as of a version: which rows changed since, and their cells then.
//!
//! Made for each reader of a segment that was written after its version, and only as far as it
//! asks: a path's old cells are picked out of the undo when a question about the path comes, those
//! of all paths when a whole twin is to be put together. Old copies of lanes were rejected, since a
//! fresh snapshot is a handful of rows behind.

use std::sync::OnceLock;

use hashbrown::HashMap;
use twindex_kernels::mask::Mask;
use twindex_model::path::PathId;

use crate::chain::Chain;
use crate::segment::Segment;
use crate::snapshot::Ts;
use crate::undo::{Fate, Undo};

/// What changed in a segment after a version. Refers to the undo by place, so it is good while the
/// writer is held off.
#[derive(Debug)]
pub(crate) struct Past {
    /// Place of the first record that is newer than the version.
    from: usize,
    /// `None` while every row holds the twin it held then.
    life: Option<Life>,
    by_path: Chain<PathId, PathPast>,
    by_row: OnceLock<Vec<RowCell>>,
}

/// Rows that got a twin or lost one.
#[derive(Debug)]
struct Life {
    live: Mask,
    n_live: u32,
    /// Rows that hold no twin now or did not then, or another one: nothing of their lanes is of
    /// the version.
    renewed: Mask,
    /// Place of the first record by which a row got another twin. From it on its records are of no
    /// twin that the version knows.
    ends: HashMap<u16, u32, foldhash::fast::RandomState>,
}

/// What changed at one path.
#[derive(Debug)]
pub(crate) struct PathPast {
    /// Rows whose cell may be another one than then.
    rows: Mask,
    /// Rows and places of the records with their cells, by row. A renewed row without one was
    /// undefined.
    cells: Vec<(u16, u32)>,
}

/// The record with a row's cell at a path.
type RowCell = (u16, PathId, u32);

/// Where the cell of a row stood at the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Where it stands now.
    Lane,
    /// In a record.
    Record(u32),
    /// Nowhere: it was undefined.
    Nowhere,
}

impl Past {
    /// Whether anything changed after `ts`.
    #[inline]
    pub(crate) fn is_any(segment: &Segment, ts: Ts) -> bool {
        segment.undo().newest().is_some_and(|newest| newest > ts)
    }

    /// What changed after `ts`.
    pub(crate) fn of(segment: &Segment, ts: Ts) -> Self {
        let from = segment.undo().first_after(ts);
        let life = Life::of(segment, from);
        Self { from, life, by_path: Chain::default(), by_row: OnceLock::new() }
    }

    /// The rows that held a twin, if they are not those of now.
    pub(crate) fn live(&self) -> Option<(&Mask, u32)> {
        self.life.as_ref().map(|life| (&life.live, life.n_live))
    }

    /// What changed at a path; `None` if nothing did.
    pub(crate) fn at(&self, path: PathId, undo: &Undo) -> Option<&PathPast> {
        let past = self.by_path.get_or_add(path, || self.find(path, undo));
        (!past.cells.is_empty() || self.life.is_some()).then_some(past)
    }

    fn find(&self, path: PathId, undo: &Undo) -> PathPast {
        let records = undo.records(self.from);
        let of_path = records.filter(|(place, r)| {
            r.path == path && r.fate().is_none() && self.is_of_version(r.row, *place)
        });
        let mut cells: Vec<_> = of_path.map(|(place, record)| (record.row, place)).collect();
        if cells.is_empty() && self.life.is_none() {
            return PathPast { rows: Mask::first(0), cells };
        }
        cells.sort_unstable();
        // The oldest is what stood there first.
        cells.dedup_by_key(|cell| cell.0);
        let mut rows = self.life.as_ref().map_or_else(Mask::empty, |life| life.renewed.clone());
        cells.iter().for_each(|cell| rows.set(cell.0));
        PathPast { rows, cells }
    }

    /// Whether a record is of the twin that its row held at the version.
    fn is_of_version(&self, row: u16, place: u32) -> bool {
        let end = self.life.as_ref().and_then(|life| life.ends.get(&row));
        end.is_none_or(|end| place < *end)
    }

    fn is_renewed(&self, row: u16) -> bool {
        self.life.as_ref().is_some_and(|life| life.renewed.get(row))
    }

    /// Everything that changed in a row; `None` if nothing did.
    pub(crate) fn row(&self, row: u16, undo: &Undo) -> Option<RowPast<'_>> {
        let by_row = self.by_row.get_or_init(|| self.find_all(undo));
        let from = by_row.partition_point(|cell| cell.0 < row);
        let len = by_row[from..].partition_point(|cell| cell.0 == row);
        let is_renewed = self.is_renewed(row);
        (len > 0 || is_renewed).then(|| RowPast { cells: &by_row[from..from + len], is_renewed })
    }

    fn find_all(&self, undo: &Undo) -> Vec<RowCell> {
        let records = undo.records(self.from).filter(|(place, record)| {
            record.fate().is_none() && self.is_of_version(record.row, *place)
        });
        let mut cells: Vec<_> =
            records.map(|(place, record)| (record.row, record.path, place)).collect();
        cells.sort_unstable();
        cells.dedup_by_key(|cell| (cell.0, cell.1));
        cells
    }
}

impl Life {
    /// The rows that changed their twins from a record on.
    fn of(segment: &Segment, from: usize) -> Option<Self> {
        let mut life: Option<Self> = None;
        for (place, row, event) in segment.undo().fates(from) {
            let life = life.get_or_insert_with(|| Self {
                live: segment.live().clone(),
                n_live: 0,
                renewed: Mask::empty(),
                ends: HashMap::default(),
            });
            if event == Fate::Born {
                life.ends.entry(row).or_insert(place);
            }
            if life.renewed.get(row) {
                continue;
            }
            // The first event says what the row was before.
            life.renewed.set(row);
            match event {
                Fate::Born => life.live.clear_row(row),
                Fate::Died => life.live.set(row),
            }
        }
        let mut life = life?;
        life.n_live = life.live.count();
        Some(life)
    }
}

impl PathPast {
    /// Rows whose cell may be another one than then.
    pub(crate) fn rows(&self) -> &Mask {
        &self.rows
    }

    /// Where a row's cell stood.
    #[inline]
    pub(crate) fn then(&self, row: u16) -> Then {
        if !self.rows.get(row) {
            return Then::Lane;
        }
        let found = self.cells.binary_search_by_key(&row, |cell| cell.0);
        found.map_or(Then::Nowhere, |at| Then::Record(self.cells[at].1))
    }
}

/// What changed in one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowPast<'p> {
    cells: &'p [RowCell],
    is_renewed: bool,
}

impl RowPast<'_> {
    /// Where the cell at a path stood.
    pub(crate) fn then(&self, path: PathId) -> Then {
        match self.cells.binary_search_by_key(&path, |cell| cell.1) {
            Ok(at) => Then::Record(self.cells[at].2),
            Err(_) if self.is_renewed => Then::Nowhere,
            Err(_) => Then::Lane,
        }
    }
}
