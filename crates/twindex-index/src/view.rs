//! Reading one segment: what operators and sinks see.

use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::{Collection, PathId, RowId};
use twindex_model::value::Value;
use twindex_planted::{Fault, planted};

pub use crate::assemble::Below;
use crate::catalog::Catalog;
use crate::coded::{Coded, Found};
use crate::index::Index;
use crate::lane::{Lane, Reading};
use crate::past::{Past, PathPast, RowPast, Then};
use crate::segment::Segment;
use crate::undo::Record;
use crate::{as_of, assemble, coded, columns, group, number_cells, numbers, zone};

/// One segment of a collection at a version, borrowed from the index. Rows of a segment are `u16`
/// places.
///
/// Masks handed in need not leave out the rows that hold no twin: their cells are undefined.
#[derive(Clone, Copy, Debug)]
pub struct SegmentView<'a> {
    index: &'a Index,
    segment: &'a Segment,
    collection: Collection,
    number: usize,
    /// What changed after the version viewed; `None` if nothing did.
    past: Option<&'a Past>,
}

impl<'a> SegmentView<'a> {
    pub(crate) fn new(
        index: &'a Index,
        segment: &'a Segment,
        (collection, number): (Collection, usize),
    ) -> Self {
        Self { index, segment, collection, number, past: None }
    }

    /// The segment as it was before what changed.
    pub(crate) fn as_of(self, past: Option<&'a Past>) -> Self {
        Self { past, ..self }
    }

    /// The segment as it is.
    pub(crate) fn now(&self) -> Self {
        Self { past: None, ..*self }
    }

    /// The segment as it is, whatever the version.
    #[must_use]
    pub fn newest(&self) -> Self {
        self.now()
    }

    /// Whether anything changed after the version viewed.
    #[must_use]
    pub fn has_past(&self) -> bool {
        self.past.is_some()
    }

    /// The rows whose cell at one of `paths` may have changed after the version viewed, each once
    /// and in order; `None` if they may be more than `rows_max`.
    #[must_use]
    pub fn changed_rows(&self, paths: &[PathId], rows_max: usize) -> Option<Vec<u16>> {
        let mut rows = Vec::new();
        for past in paths.iter().filter_map(|path| self.past_at(*path)) {
            let nowhere = past.nowhere().map_or(0, |rows| rows.count() as usize);
            if rows.len() + past.records().len() + nowhere > rows_max {
                return None;
            }
            rows.extend(past.records().iter().map(|record| record.row));
            rows.extend(past.nowhere().into_iter().flatten());
        }
        rows.sort_unstable();
        rows.dedup();
        Some(rows)
    }

    /// What changed at a path after the version viewed; `None` if nothing did.
    #[inline]
    pub(crate) fn past_at(&self, path: PathId) -> Option<&'a PathPast> {
        self.past?.at(path, self.segment.undo())
    }

    /// What changed in a row after the version viewed; `None` if nothing did.
    pub(crate) fn past_of_row(&self, row: u16) -> Option<RowPast> {
        self.past?.row(row, self.segment.undo())
    }

    /// The cells kept at a path of which changed rows of `rows` were, in no order.
    pub(crate) fn for_each_old(
        &self,
        past: &'a PathPast,
        rows: &Mask,
        mut take: impl FnMut(u16, Cell<'a>),
    ) {
        let undo = self.segment.undo();
        for record in past.records().iter().filter(|record| rows.get(record.row)) {
            take(record.row, undo.cell(record));
        }
        let nowhere = past.nowhere().into_iter().flatten();
        nowhere.filter(|row| rows.get(*row)).for_each(|row| take(row, Cell::Undefined));
    }

    /// The cell kept in a record.
    pub(crate) fn old_cell(&self, record: &'a Record) -> Cell<'a> {
        self.segment.undo().cell(record)
    }

    /// The collection it belongs to.
    #[must_use]
    pub fn collection(&self) -> Collection {
        self.collection
    }

    /// Its number in the collection.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The row id of a place.
    #[must_use]
    pub fn row_id(&self, row: u16) -> RowId {
        RowId::new(self.number(), row)
    }

    /// The rows that hold a twin.
    #[must_use]
    pub fn live(&self) -> &'a Mask {
        self.past.and_then(Past::live).map_or(self.segment.live(), |(live, _)| live)
    }

    /// Number of rows that hold a twin.
    #[must_use]
    pub fn n_live(&self) -> u32 {
        self.past.and_then(Past::live).map_or(self.segment.n_live(), |(_, n_live)| n_live)
    }

    /// The cell of one row.
    #[must_use]
    #[inline]
    pub fn cell(&self, path: PathId, row: u16) -> Cell<'a> {
        match self.past_at(path).map_or(Then::Lane, |past| past.then(row)) {
            Then::Lane => self.cell_now(path, row),
            Then::Record(record) => self.old_cell(record),
            Then::Nowhere => Cell::Undefined,
        }
    }

    fn cell_now(&self, path: PathId, row: u16) -> Cell<'a> {
        match self.segment.lane(path) {
            Some(lane) => lane.cell(row, self.reading()),
            None => Cell::Undefined,
        }
    }

    /// The whole value of one row at `path`, objects and arrays spelled out; `None` if undefined.
    #[must_use]
    pub fn value(&self, path: PathId, row: u16) -> Option<Value> {
        assemble::value(self, path, row)
    }

    /// Appends the JSON text of a whole twin. Gathers all cells first and formats after.
    pub fn write_twin(&self, row: u16, out: &mut String) {
        assemble::write_twin(self, row, out);
    }

    /// Appends the JSON texts of whole twins, one after the other, and says where each ends. The
    /// cells of some rows are gathered at once, so this is the way for more than one. No row may
    /// come twice: a lane hands over the cell of a row once.
    pub fn write_twins(&self, rows: &[u16], out: &mut String, ended: impl FnMut(usize)) {
        assemble::write_twins(self, rows, out, ended);
    }

    /// Appends for each row an object of the values at some paths, those that are undefined left
    /// out, and says where each ends. A column is `"name":`, escaped, and a path. No row may come
    /// twice.
    pub fn write_columns<'c>(
        &self,
        columns: impl Iterator<Item = (&'c str, PathId)>,
        rows: &[u16],
        out: &mut String,
        ended: impl FnMut(usize),
    ) {
        assemble::write_columns(self, (columns, rows), out, ended);
    }

    /// Appends the JSON text of the value at `path`; false, and nothing appended, if undefined.
    pub fn write_value(&self, path: PathId, row: u16, out: &mut String) -> bool {
        assemble::write_value(self, path, row, out)
    }

    /// Number of live rows whose cell at `path` is of one of `kinds`, from kept counts.
    #[must_use]
    pub fn n_rows_of_kinds(&self, path: PathId, kinds: KindSet) -> u32 {
        if let Some(past) = self.past_at(path) {
            return as_of::n_rows_of_kinds(self, (path, past), kinds);
        }
        let Some(lane) = self.segment.lane(path) else {
            return if kinds.contains(Kind::Undefined) { self.n_live() } else { 0 };
        };
        let defined = kinds.without(Kind::Undefined);
        let n_defined: u32 = defined.iter().map(|kind| lane.kinds.count(kind)).sum();
        if kinds.contains(Kind::Undefined) {
            n_defined + self.n_live() - lane.kinds.n_defined()
        } else {
            n_defined
        }
    }

    /// Hands over the distinct cells of the rows in `mask` (or of all live rows, from kept counts
    /// where there are such) with the number of rows of each. Undefined and object are cells too.
    /// A value may come more than once, so the taker adds up.
    pub fn count_values(
        &self,
        path: PathId,
        mask: Option<&Mask>,
        mut take: impl FnMut(Cell<'a>, u32),
    ) {
        self.count_found(path, mask, |found, n| take(found.cell, n));
    }

    /// The same with the codes that tell texts apart.
    pub fn count_found(
        &self,
        path: PathId,
        mask: Option<&Mask>,
        mut take: impl FnMut(Found<'a>, u32),
    ) {
        match self.past_at(path).filter(|_| !planted(Fault::CountsOfNow)) {
            Some(past) => as_of::count_found(self, (path, past), mask, &mut take),
            None => group::count_found(self, path, mask, &mut take),
        }
    }

    /// Whether the values at `path` are counted already, so that [`SegmentView::count_values`] of all
    /// rows reads no lane.
    #[must_use]
    pub fn has_counts(&self, path: PathId) -> bool {
        self.past_at(path).is_none() && group::has_counts(self, path)
    }

    /// Whether the values at `path` are counted already, or would be once all rows are asked for:
    /// they are few.
    #[must_use]
    pub fn may_have_counts(&self, path: PathId) -> bool {
        self.past_at(path).is_none() && group::may_have_counts(self, path)
    }

    /// The cells at `path` of the rows of `mask` as small codes; `None` where they have none, or
    /// too many, or are objects. No row of `mask` may be one of [`SegmentView::take_changed`].
    #[must_use]
    pub fn coded(&self, path: PathId, mask: &Mask) -> Option<Coded<'a>> {
        coded::coded(self, path, mask)
    }

    /// Whether texts at `path` have no codes, so that each row's is a value of its own: to count them
    /// for all rows is too much for one step.
    #[must_use]
    pub fn has_raw_texts(&self, path: PathId) -> bool {
        group::has_raw_texts(self, path)
    }

    /// Takes the rows out of `mask` whose cells at some of `paths` are not those of the newest
    /// writes, and gives them, if there are any.
    #[must_use]
    pub fn take_changed(
        &self,
        paths: impl IntoIterator<Item = PathId>,
        mask: &mut Mask,
    ) -> Option<Mask> {
        as_of::take_changed_at(self, paths, mask)
    }

    /// Writes for each row of `mask`, in row order, a number that stands for its cell at `path`, and
    /// gives the cells by those numbers. Equal cells have one number within the segment; numbers
    /// that no row has may occur. Objects are one number (they differ in their leaves: callers that
    /// group by objects build values instead). What `ids` held before is dropped.
    pub fn group_ids(&self, path: PathId, mask: &Mask, ids: &mut Vec<u32>) -> Vec<Cell<'a>> {
        match self.past_at(path) {
            Some(past) => as_of::group_ids(self, (path, past), mask, ids),
            None => number_cells::group_ids(self, path, mask, ids),
        }
    }

    /// The paths below one that have lanes here, by whose cells equal objects are told; `None` if
    /// they are more than `n_max`.
    #[must_use]
    pub fn paths_below(&self, path: PathId, n_max: usize) -> Option<Vec<PathId>> {
        assemble::paths_below(self, path, n_max)
    }

    /// The paths below one that have lanes here, in the order in which objects are compared: siblings
    /// in code-point order of their keys, each before what lies below it; `None` if they are more
    /// than `n_max`.
    #[must_use]
    pub fn ordered_below(&self, path: PathId, n_max: usize) -> Option<Vec<Below>> {
        assemble::ordered_below(self, path, n_max)
    }

    /// The numbers at `path` of the rows of `mask`, in row order; NaN for a row that holds none. No
    /// row of `mask` may be one of [`SegmentView::take_changed`].
    #[must_use]
    pub fn numbers(&self, path: PathId, mask: &Mask) -> Vec<f64> {
        numbers::numbers(self, path, mask)
    }

    /// Hands over the numbers of the rows in `mask` with how often each comes; rows that hold no
    /// number are passed over. Not in row order: a histogram where codes are narrow.
    pub fn count_numbers(&self, path: PathId, mask: &Mask, mut take: impl FnMut(f64, u32)) {
        match self.past_at(path).filter(|_| !planted(Fault::NumbersOfNow)) {
            Some(past) => as_of::count_numbers(self, (path, past), mask, &mut take),
            None => group::count_numbers(self, path, mask, &mut take),
        }
    }

    /// Least and greatest number of each zone of 1,024 rows, `None` for a zone without numbers;
    /// bounds may be wider than the values. An empty list: no lane, no numbers here.
    #[must_use]
    pub fn number_zones(&self, path: PathId) -> Vec<Option<(f64, f64)>> {
        match self.past_at(path).filter(|_| !planted(Fault::ZonesOfNow)) {
            Some(past) => as_of::number_zones(self, (path, past)),
            None => zone::number_zones(self, path),
        }
    }

    /// Keeps in `mask` the rows whose cells at two paths are equal, or are both defined and unequal,
    /// as `wanted` says, by JSON equality. Compares codes where both share a dictionary. Rows where
    /// both hold objects are left for the caller: they are cleared in `mask` and set in the mask it
    /// returns, if there are any.
    pub fn narrow_columns_equal(
        &self,
        paths: (PathId, PathId),
        wanted: Equality,
        mask: &mut Mask,
    ) -> Option<Mask> {
        match self.past {
            Some(_) => as_of::narrow_columns_equal(self, paths, wanted, mask),
            None => columns::narrow_columns_equal(self, paths, wanted, mask),
        }
    }

    /// Keeps in `mask` the rows whose cell at `path` is of one of `kinds`.
    pub fn narrow_kinds(&self, path: PathId, kinds: KindSet, mask: &mut Mask) {
        if let Some(past) = self.past_at(path).filter(|_| !planted(Fault::KindsOfNow)) {
            let now = |now: &SegmentView<'_>, mask: &mut Mask| now.narrow_kinds(path, kinds, mask);
            as_of::narrow(self, past, mask, now, |cell| kinds.contains(cell.kind()));
            return;
        }
        match self.lane(path) {
            Some(lane) => lane.kinds.narrow(kinds, mask.words_mut()),
            None if kinds.contains(Kind::Undefined) => (),
            None => mask.clear(),
        }
    }

    /// The catalogue of the paths.
    #[must_use]
    pub fn catalog(&self) -> &'a Catalog {
        self.index.catalog()
    }

    pub(crate) fn index(&self) -> &'a Index {
        self.index
    }

    pub(crate) fn reading(&self) -> Reading<'a> {
        self.segment.reading(&self.index.texts)
    }

    pub(crate) fn segment(&self) -> &'a Segment {
        self.segment
    }

    pub(crate) fn lane(&self, path: PathId) -> Option<&'a Lane> {
        self.segment.lane(path)
    }
}

/// Which pairs [`SegmentView::narrow_columns_equal`] keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equality {
    /// Equal ones.
    Equal,
    /// Both defined, and unequal.
    Unequal,
}
