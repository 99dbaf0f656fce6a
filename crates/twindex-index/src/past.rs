//! A segment as of a version: which rows changed since, and their cells then.
//!
//! Made for each reader of a segment that was written after its version, and only as far as it
//! asks: a path's old cells are picked out of the undo when a question about the path comes, those
//! of a row when it is to be put together. Old copies of lanes were rejected, since a fresh
//! snapshot is a handful of rows behind; so was an order by row, since masks take rows in any.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use twindex_kernels::SEGMENT_ROWS;
use twindex_kernels::mask::Mask;
use twindex_model::path::PathId;
use twindex_planted::{Fault, planted};

use crate::chain::Chain;
use crate::segment::Segment;
use crate::snapshot::Ts;
use crate::undo::{Fate, Record, Undo};

/// Records looked at for single rows until a table by row costs less.
const SEARCHED_RECORDS_MAX: usize = 4 * SEGMENT_ROWS;

/// What changed in a segment after a version. Refers to the undo by place, so it is good while the
/// writer is held off.
#[derive(Debug)]
pub(crate) struct Past {
    /// Place of the first record that is newer than the version.
    from: usize,
    /// `None` while every row holds the twin it held then.
    life: Option<Life>,
    /// `None` where nothing changed.
    by_path: Chain<PathId, Option<PathPast>>,
    by_row: OnceLock<ByRow>,
    /// Records looked at for single rows.
    n_searched: AtomicUsize,
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
    ends: HashMap<u16, u32, RandomState>,
}

/// What changed at one path.
#[derive(Debug)]
pub(crate) struct PathPast {
    /// Rows whose cell may be another one than then.
    rows: Mask,
    /// Those of them without a record: they were undefined. `None` if there are none.
    nowhere: Option<Mask>,
    /// The records of the others, one for each row, oldest first: copies that lie together.
    records: Vec<Record>,
    /// Rows and places in `records`, by row: for single rows.
    by_row: OnceLock<Vec<(u16, u32)>>,
}

/// Where the cell of a row stood at the version.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then<'p> {
    /// Where it stands now.
    Lane,
    /// In a record.
    Record(&'p Record),
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
        Self {
            from,
            life: Life::of(segment, from),
            by_path: Chain::default(),
            by_row: OnceLock::new(),
            n_searched: AtomicUsize::new(0),
        }
    }

    /// The rows that held a twin, if they are not those of now.
    pub(crate) fn live(&self) -> Option<(&Mask, u32)> {
        self.life.as_ref().map(|life| (&life.live, life.n_live))
    }

    /// What changed at a path; `None` if nothing did.
    pub(crate) fn at(&self, path: PathId, undo: &Undo) -> Option<&PathPast> {
        self.by_path.get_or_add(path, || self.find(path, undo)).as_ref()
    }

    fn find(&self, path: PathId, undo: &Undo) -> Option<PathPast> {
        let (mut records, mut rows) = (Vec::new(), None);
        undo.for_each_at(path, self.from, |place, record| {
            // The oldest is what stood there first.
            let recorded = rows.get_or_insert_with(Mask::empty);
            if !recorded.get(record.row) && self.is_of_version(place, record) {
                recorded.set(record.row);
                records.push(*record);
            }
        });
        let Some(life) = &self.life else {
            return rows.map(|rows| PathPast::new(rows, None, records));
        };
        let mut rows = rows.unwrap_or_else(Mask::empty);
        let mut nowhere = life.renewed.clone();
        nowhere.and_not(&rows);
        rows.or(&nowhere);
        Some(PathPast::new(rows, Some(nowhere), records))
    }

    /// Whether a record is of a cell of the twin that its row held at the version.
    #[inline]
    fn is_of_version(&self, place: u32, record: &Record) -> bool {
        record.fate().is_none()
            && self
                .life
                .as_ref()
                .is_none_or(|life| life.ends.get(&record.row).is_none_or(|end| place < *end))
    }

    /// Everything that changed in a row; `None` if nothing did.
    pub(crate) fn row(&self, row: u16, undo: &Undo) -> Option<RowPast> {
        let places = match self.table_by_row(undo) {
            Some(by_row) => SmallVec::from_slice(by_row.places(row)),
            None => self.search(row, undo),
        };
        let is_renewed = self.life.as_ref().is_some_and(|life| life.renewed.get(row));
        if places.is_empty() && !is_renewed {
            return None;
        }
        let mut cells: SmallVec<[(PathId, u32); 16]> =
            places.into_iter().map(|place| (undo.record(place).path, place)).collect();
        cells.sort_unstable();
        cells.dedup_by_key(|cell| cell.0);
        Some(RowPast { cells, is_renewed })
    }

    /// Places of the records of a row, one by one.
    fn search(&self, row: u16, undo: &Undo) -> SmallVec<[u32; 16]> {
        let mut places = SmallVec::new();
        undo.records(self.from).for_each(|(place, record)| {
            if record.row == row && self.is_of_version(place, record) {
                places.push(place);
            }
        });
        places
    }

    /// The records by row, once so many rows were asked for that they pay.
    fn table_by_row(&self, undo: &Undo) -> Option<&ByRow> {
        let n_records = undo.n_records(self.from);
        let n_searched = self.n_searched.fetch_add(n_records, Ordering::Relaxed);
        if n_searched <= SEARCHED_RECORDS_MAX {
            return None;
        }
        Some(self.by_row.get_or_init(|| {
            ByRow::of(|take| {
                undo.records(self.from).for_each(|(place, record)| {
                    if self.is_of_version(place, record) {
                        take(record.row, place);
                    }
                });
            })
        }))
    }
}

/// Places of records by row.
#[derive(Debug)]
struct ByRow {
    /// Where the places of each row begin, and where the last end.
    starts: Box<[u32]>,
    places: Vec<u32>,
}

impl ByRow {
    /// Sorts what `walk` hands over, the same each time, by counting.
    fn of(walk: impl Fn(&mut dyn FnMut(u16, u32))) -> Self {
        let mut starts = vec![0_u32; SEGMENT_ROWS + 1].into_boxed_slice();
        walk(&mut |row, _| starts[usize::from(row) + 1] += 1);
        let mut n_before = 0;
        for start in &mut starts {
            n_before += *start;
            *start = n_before;
        }
        let mut places = vec![0; n_before as usize];
        let mut ends = starts.clone();
        walk(&mut |row, place| {
            let end = &mut ends[usize::from(row)];
            places[*end as usize] = place;
            *end += 1;
        });
        Self { starts, places }
    }

    fn places(&self, row: u16) -> &[u32] {
        let row = usize::from(row);
        &self.places[self.starts[row] as usize..self.starts[row + 1] as usize]
    }
}

impl Life {
    /// The rows that changed their twins from a record on.
    fn of(segment: &Segment, from: usize) -> Option<Self> {
        let mut life: Option<Self> = None;
        for (place, row, fate) in segment.undo().fates(from) {
            let life = life.get_or_insert_with(|| Self {
                live: segment.live().clone(),
                n_live: 0,
                renewed: Mask::empty(),
                ends: HashMap::default(),
            });
            if fate == Fate::Born && !planted(Fault::LaterTwinSeen) {
                life.ends.entry(row).or_insert(place);
            }
            if life.renewed.get(row) {
                continue;
            }
            // The first fate says what the row was before.
            life.renewed.set(row);
            match fate {
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
    fn new(rows: Mask, nowhere: Option<Mask>, records: Vec<Record>) -> Self {
        Self { rows, nowhere, records, by_row: OnceLock::new() }
    }

    /// Rows whose cell may be another one than then.
    pub(crate) fn rows(&self) -> &Mask {
        &self.rows
    }

    /// Those of them that were undefined, being of no twin that has the path.
    pub(crate) fn nowhere(&self) -> Option<&Mask> {
        self.nowhere.as_ref()
    }

    /// The records of the other rows, one for each, in no order of rows.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Where a row's cell stood.
    #[inline]
    pub(crate) fn then(&self, row: u16) -> Then<'_> {
        if self.rows.get(row) { self.then_of_changed(row) } else { Then::Lane }
    }

    fn then_of_changed(&self, row: u16) -> Then<'_> {
        let by_row = self.by_row.get_or_init(|| {
            let rows = self.records.iter().map(|record| record.row);
            let mut by_row: Vec<_> = rows.zip(0..).collect();
            by_row.sort_unstable();
            by_row
        });
        let found = by_row.binary_search_by_key(&row, |of| of.0);
        found.map_or(Then::Nowhere, |at| Then::Record(&self.records[by_row[at].1 as usize]))
    }
}

/// What changed in one row.
#[derive(Clone, Debug)]
pub(crate) struct RowPast {
    /// Places of records by path.
    cells: SmallVec<[(PathId, u32); 16]>,
    is_renewed: bool,
}

impl RowPast {
    /// Where the cell at a path stood.
    pub(crate) fn then<'u>(&self, path: PathId, undo: &'u Undo) -> Then<'u> {
        match self.cells.binary_search_by_key(&path, |cell| cell.0) {
            Ok(at) => Then::Record(undo.record(self.cells[at].1)),
            Err(_) if self.is_renewed => Then::Nowhere,
            Err(_) => Then::Lane,
        }
    }
}
