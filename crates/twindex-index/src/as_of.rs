//! Answers as of a version: the lanes answer for rows that are as they were, and the others are
//! decided one by one on their old cells.
//!
//! So whatever is kept beside the lanes (counts, postings, zones) is asked of the newest writes
//! only, or of rows that did not change, and never has to know about versions.

use std::hash::{Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use twindex_kernels::ZONE_ROWS;
use twindex_kernels::gather::ZONES;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;

use crate::coded::Found;
use crate::filter::{Estimate, PathFilter};
use crate::past::PathPast;
use crate::undo::Record;
use crate::view::{Equality, SegmentView};

/// Changed rows up to which an estimate is put right row by row.
const CORRECTED_ROWS_MAX: usize = 512;
/// Changed rows that are taken out of a mask one by one: passes over masks would take longer.
const FEW_ROWS_MAX: usize = 64;

/// A path, and what changed there.
pub(crate) type At<'a> = (PathId, &'a PathPast);

/// Takes the rows that changed out of `mask`.
fn take_changed(mask: &mut Mask, past: &PathPast) -> Mask {
    let mut changed = mask.clone();
    changed.and(past.rows());
    mask.and_not(&changed);
    changed
}

/// Narrows `mask` by `now` where the cells are those of now, and by `keeps` where they are not.
pub(crate) fn narrow<'a>(
    view: &SegmentView<'a>,
    past: &'a PathPast,
    mask: &mut Mask,
    now: impl FnOnce(&SegmentView<'_>, &mut Mask),
    keeps: impl Fn(&Cell<'_>) -> bool,
) {
    if let Some(records) = few(past) {
        let asked: SmallVec<[&Record; FEW_ROWS_MAX]> =
            records.iter().filter(|record| mask.get(record.row)).collect();
        asked.iter().for_each(|record| mask.clear_row(record.row));
        now(&view.now(), mask);
        let kept = asked.iter().filter(|record| keeps(&view.old_cell(record)));
        kept.for_each(|record| mask.set(record.row));
        return;
    }
    let changed = take_changed(mask, past);
    now(&view.now(), mask);
    view.for_each_old(past, &changed, |row, cell| {
        if keeps(&cell) {
            mask.set(row);
        }
    });
}

/// The records of all rows that changed, if they are few.
fn few(past: &PathPast) -> Option<&[Record]> {
    let records = Some(past.records()).filter(|records| records.len() <= FEW_ROWS_MAX);
    records.filter(|_| past.nowhere().is_none())
}

/// See [`PathFilter::estimate`].
pub(crate) fn estimate<'a>(
    filter: &PathFilter,
    view: &SegmentView<'a>,
    past: &'a PathPast,
) -> Estimate {
    let now = view.now();
    let estimate = filter.estimate(&now);
    let nowhere = past.nowhere();
    let n_changed = past.records().len() + nowhere.map_or(0, |rows| rows.count() as usize);
    if !estimate.is_exact || n_changed > CORRECTED_ROWS_MAX {
        let rows_max = estimate.rows_max.saturating_add(n_changed as u32).min(view.n_live());
        return Estimate { rows_max, is_exact: false, ..estimate };
    }
    let is_kept = |row: &u16| now.live().get(*row) && filter.keeps(&now.cell(filter.path, *row));
    let rows = past.records().iter().map(|record| record.row);
    let n_now = rows.chain(nowhere.into_iter().flatten()).filter(is_kept).count() as u32;
    let mut n_then = 0;
    view.for_each_old(past, view.live(), |_, cell| n_then += u32::from(filter.keeps(&cell)));
    Estimate { rows_max: estimate.rows_max + n_then - n_now, ..estimate }
}

/// See [`SegmentView::n_rows_of_kinds`].
pub(crate) fn n_rows_of_kinds(view: &SegmentView<'_>, (path, past): At<'_>, kinds: KindSet) -> u32 {
    let now = view.now();
    let kind_now = |row| now.lane(path).map_or(Kind::Undefined, |lane| lane.kinds.kind(row));
    let is_of = |row: &u16| now.live().get(*row) && kinds.contains(kind_now(*row));
    let n_now = past.rows().iter().filter(is_of).count() as u32;
    let recorded = past.records().iter().filter(|record| kinds.contains(record.kind()));
    let undefined = past.nowhere().filter(|_| kinds.contains(Kind::Undefined));
    let n_then = recorded.filter(|record| view.live().get(record.row)).count() as u32
        + undefined.map_or(0, |rows| rows.and_count(view.live()));
    now.n_rows_of_kinds(path, kinds) + n_then - n_now
}

/// See [`SegmentView::count_found`].
pub(crate) fn count_found<'a>(
    view: &SegmentView<'a>,
    (path, past): At<'a>,
    mask: Option<&Mask>,
    take: &mut dyn FnMut(Found<'a>, u32),
) {
    let mut rest = mask.unwrap_or(view.live()).clone();
    let changed = take_changed(&mut rest, past);
    view.now().count_found(path, Some(&rest), &mut *take);
    view.for_each_old(past, &changed, |_, cell| take(Found::plain(cell), 1));
}

/// See [`SegmentView::count_numbers`].
pub(crate) fn count_numbers<'a>(
    view: &SegmentView<'a>,
    (path, past): At<'a>,
    mask: &Mask,
    take: &mut dyn FnMut(f64, u32),
) {
    let mut rest = mask.clone();
    let changed = take_changed(&mut rest, past);
    view.now().count_numbers(path, &rest, &mut *take);
    view.for_each_old(past, &changed, |_, cell| {
        if let Cell::Number(number) = cell {
            take(number, 1);
        }
    });
}

/// See [`SegmentView::number_zones`].
pub(crate) fn number_zones<'a>(
    view: &SegmentView<'a>,
    (path, past): At<'a>,
) -> Vec<Option<(f64, f64)>> {
    let mut zones = view.now().number_zones(path);
    view.for_each_old(past, past.rows(), |row, cell| {
        if let Cell::Number(number) = cell {
            zones.resize(ZONES, None);
            let zone = &mut zones[usize::from(row) / ZONE_ROWS];
            let (min, max) = zone.unwrap_or((number, number));
            *zone = Some((min.min(number), max.max(number)));
        }
    });
    zones
}

/// See [`SegmentView::take_changed`].
pub(crate) fn take_changed_at(
    view: &SegmentView<'_>,
    paths: impl IntoIterator<Item = PathId>,
    mask: &mut Mask,
) -> Option<Mask> {
    let mut changed: Option<Mask> = None;
    for past in paths.into_iter().filter_map(|path| view.past_at(path)) {
        let of_path = take_changed(mask, past);
        match &mut changed {
            Some(changed) => changed.or(&of_path),
            None => changed = Some(of_path),
        }
    }
    changed.filter(|changed| !changed.is_empty())
}

/// See [`SegmentView::narrow_columns_equal`].
pub(crate) fn narrow_columns_equal(
    view: &SegmentView<'_>,
    paths: (PathId, PathId),
    wanted: Equality,
    mask: &mut Mask,
) -> Option<Mask> {
    let changed = take_changed_at(view, [paths.0, paths.1], mask);
    let mut objects = view.now().narrow_columns_equal(paths, wanted, mask);
    for row in changed.iter().flatten() {
        let (a, b) = (view.cell(paths.0, row), view.cell(paths.1, row));
        match (&a, &b) {
            (Cell::Undefined, _) | (_, Cell::Undefined) => (),
            (Cell::Object, Cell::Object) => objects.get_or_insert_with(Mask::empty).set(row),
            _ if (Known(&a) == Known(&b)) == (wanted == Equality::Equal) => mask.set(row),
            _ => (),
        }
    }
    objects
}

/// See [`SegmentView::group_ids`].
pub(crate) fn group_ids<'a>(
    view: &SegmentView<'a>,
    (path, past): At<'a>,
    mask: &Mask,
    ids: &mut Vec<u32>,
) -> Vec<Cell<'a>> {
    let mut rest = mask.clone();
    let changed = take_changed(&mut rest, past);
    let mut cells = view.now().group_ids(path, &rest, ids);
    if changed.is_empty() {
        return cells;
    }
    let mut olds = Vec::with_capacity(changed.count() as usize);
    view.for_each_old(past, &changed, |row, cell| olds.push((row, cell)));
    olds.sort_unstable_by_key(|old| old.0);
    let olds: Vec<Cell<'a>> = olds.into_iter().map(|old| old.1).collect();
    let mut old_ids = number_olds(&olds, &mut cells).into_iter();
    let mut rest_ids = std::mem::take(ids).into_iter();
    ids.extend(mask.iter().map(|row| {
        let id = if changed.get(row) { old_ids.next() } else { rest_ids.next() };
        id.unwrap_or_default()
    }));
    cells
}

/// The number of each old cell: that of its equal among `cells`, to which those new are added.
fn number_olds<'a>(olds: &[Cell<'a>], cells: &mut Vec<Cell<'a>>) -> Vec<u32> {
    let mut distinct: HashMap<Known<'_, 'a>, usize, RandomState> = HashMap::default();
    let places: Vec<usize> = olds
        .iter()
        .map(|old| {
            let n_distinct = distinct.len();
            *distinct.entry(Known(old)).or_insert(n_distinct)
        })
        .collect();
    let mut ids = vec![None; distinct.len()];
    for (id, cell) in (0..).zip(&*cells) {
        if let Some(place) = distinct.get(&Known(cell)) {
            ids[*place] = Some(id);
        }
    }
    let number = |(old, place): (&Cell<'a>, usize)| {
        *ids[place].get_or_insert_with(|| {
            cells.push(old.clone());
            cells.len() as u32 - 1
        })
    };
    olds.iter().zip(places).map(number).collect()
}

/// A cell as a key: equal are cells of one kind with the same value, objects whatever they hold.
struct Known<'k, 'a>(&'k Cell<'a>);

impl PartialEq for Known<'_, '_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Cell::Number(a), Cell::Number(b)) => a == b,
            (Cell::String(a), Cell::String(b)) | (Cell::Array(a), Cell::Array(b)) => **a == **b,
            (a, b) => a.kind() == b.kind(),
        }
    }
}

impl Eq for Known<'_, '_> {}

impl Hash for Known<'_, '_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.kind() as u8).hash(state);
        match self.0 {
            Cell::Number(number) => number.to_bits().hash(state),
            Cell::String(text) | Cell::Array(text) => (**text).hash(state),
            _ => (),
        }
    }
}
