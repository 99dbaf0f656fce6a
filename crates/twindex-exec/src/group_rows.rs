//! Rows of groups by columns of numbers: what kept counts and codes do not answer.
//!
//! Keys and arguments become columns of the values that some rows have, and an aggregate takes a
//! value with the number of rows in a group that have it. Of a segment some thousands of rows are
//! taken at once, which is long enough for columns to pay and short enough to be stopped after.

use twindex_index::coded::Found;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_plan::expr::Expr;
use twindex_plan::logical::{Aggregate, AggregateFunction, Groups};

use crate::aggregate::Partial;
use crate::budget::Hold;
use crate::column::{Column, Combined, renumber};
use crate::error::ExecError;
use crate::group_keys::KeyColumn;
use crate::group_states::GroupStates;
use crate::leaf::plain_path;
use crate::segment::Segment;

const OBJECT: KindSet = KindSet::of(&[Kind::Object]);
const VALUES: KindSet = KindSet::DEFINED.without(Kind::Null);

/// Groups of some rows up to which a mask is made for each.
const MASKS_MAX: usize = 64;

/// Which rows of a segment match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    All,
    Some,
}

impl Matching {
    pub(crate) fn of(is_everything: bool) -> Self {
        if is_everything { Self::All } else { Self::Some }
    }
}

/// The aggregates that have states, with their arguments, in the order of those.
fn stated(groups: &Groups) -> impl Iterator<Item = (&Aggregate, &Expr)> {
    groups.aggregates.iter().filter_map(|one| Some((one, one.argument.as_ref()?)))
}

impl GroupStates<'_> {
    /// Adds rows to the one group of a query without keys.
    ///
    /// # Errors
    /// As [`Segment::rows`].
    pub(crate) fn add_whole(
        &mut self,
        groups: &Groups,
        segment: &Segment<'_>,
        (mask, matching): (&Mask, Matching),
    ) -> Result<(), ExecError> {
        self.add_rows(0, u64::from(mask.count()));
        for ((_, argument), partial) in stated(groups).zip(self.partials_of(0)) {
            if let Some(path) = plain_path(argument)
                && segment.step(|view| add_cells(partial, path, view, (mask, matching)))?
            {
                continue;
            }
            let column = Column::new(argument, segment, mask)?;
            let counts = counts_of(&column.ids, column.keys.len());
            for (key, n) in column.keys.iter().zip(counts).filter(|pair| pair.1 > 0) {
                partial.add(key, n);
            }
        }
        Ok(())
    }

    /// Adds rows by the values of the keys. Gives how many values a key, an argument, or all keys
    /// together had at most.
    ///
    /// # Errors
    /// As [`Segment::rows`], and [`ExecError::OverBudget`].
    pub(crate) fn add_grouped(
        &mut self,
        groups: &Groups,
        segment: &Segment<'_>,
        mask: &Mask,
    ) -> Result<usize, ExecError> {
        let mut hold = segment.budget.hold();
        let keys = groups.keys.iter().enumerate();
        let numbered: Vec<Numbered> = keys
            .map(|(i, key)| Numbered::new(key, self.column(i), (segment, mask), &mut hold))
            .collect::<Result<_, _>>()?;
        let combined = Combined::of(numbered.iter().map(|of| (&*of.ids, of.numbers.len())));
        let mut of_group = vec![0; numbered.len()];
        let places: Vec<usize> = (0..combined.len())
            .map(|id| {
                let places = combined.places(id).iter().zip(&numbered).zip(&mut of_group);
                places.for_each(|((place, of), number)| *number = of.numbers[*place as usize]);
                self.place(&of_group)
            })
            .collect();
        let counts = counts_of(&combined.ids, combined.len());
        places.iter().zip(counts).for_each(|(place, n)| self.add_rows(*place, n));
        let rows = GroupedRows { mask, groups: &combined.ids, places: &places };
        let mut arguments = Arguments { columns: Vec::new(), hold };
        for (i, (aggregate, argument)) in stated(groups).enumerate() {
            segment.stop.check()?;
            if aggregate.function == AggregateFunction::CountDistinct
                && self.add_distinct((i, argument), segment, &rows)?
            {
                continue;
            }
            let objects = objects_in(aggregate.function);
            let column = arguments.column((argument, objects), segment, mask)?;
            self.add_argument(i, &rows, column);
        }
        let of_keys = numbered.iter().map(|of| of.numbers.len());
        let of_arguments = arguments.columns.iter().map(|of| of.1.keys.len());
        Ok(of_keys.chain(of_arguments).fold(combined.len(), usize::max))
    }

    /// Adds the cells at a path to state `i` of few groups, which takes them as they lie; false, and
    /// nothing added, where that does not do.
    fn add_distinct(
        &mut self,
        (i, argument): (usize, &Expr),
        segment: &Segment<'_>,
        rows: &GroupedRows<'_>,
    ) -> Result<bool, ExecError> {
        let Some(path) = plain_path(argument).filter(|_| rows.places.len() <= MASKS_MAX) else {
            return Ok(false);
        };
        if segment.step(|view| view.n_rows_of_kinds(path, OBJECT))? > 0 {
            return Ok(false);
        }
        let mut masks = vec![Mask::empty(); rows.places.len()];
        rows.mask.iter().zip(rows.groups).for_each(|(row, group)| masks[*group as usize].set(row));
        for (place, mask) in rows.places.iter().zip(&masks) {
            segment.stop.check()?;
            let partial = &mut self.partials_of(*place)[i];
            segment.step(|view| add_cells(partial, path, view, (mask, Matching::Some)))?;
        }
        Ok(true)
    }

    /// Adds the values of an argument to state `i` of each row's group.
    fn add_argument(&mut self, i: usize, rows: &GroupedRows<'_>, column: &Column) {
        let n_values = column.keys.len();
        let n_pairs = n_values.saturating_mul(rows.places.len());
        let each = rows.groups.iter().zip(&column.ids);
        if n_pairs <= rows.groups.len() {
            // Fewer pairs than rows: count first, so that each value is added once a group.
            let mut counts = vec![0u64; n_pairs];
            for (&group, &value) in each {
                counts[group as usize * n_values + value as usize] += 1;
            }
            for (pair, n) in counts.into_iter().enumerate().filter(|pair| pair.1 > 0) {
                let place = rows.places[pair / n_values];
                self.partials_of(place)[i].add(&column.keys[pair % n_values], n);
            }
        } else {
            for (&group, &value) in each {
                let place = rows.places[group as usize];
                self.partials_of(place)[i].add(&column.keys[value as usize], 1);
            }
        }
    }
}

/// Rows with their groups.
struct GroupedRows<'a> {
    mask: &'a Mask,
    /// For each row of the mask the number of its group here.
    groups: &'a [u32],
    /// The place of each of these.
    places: &'a [usize],
}

/// A key over some rows.
struct Numbered {
    /// For each row the place of its value in `numbers`.
    ids: Vec<u32>,
    /// The numbers of values in the column of the key.
    numbers: Vec<u32>,
}

impl Numbered {
    fn new(
        key: &Expr,
        to: &mut KeyColumn,
        (segment, mask): (&Segment<'_>, &Mask),
        hold: &mut Hold<'_>,
    ) -> Result<Self, ExecError> {
        if let Some(path) = plain_path(key)
            && let Some(numbered) = segment.step(|view| Self::of_cells(path, to, (view, mask)))?
        {
            return Ok(numbered);
        }
        let Column { ids, keys } = Column::new(key, segment, mask)?;
        hold.add(Column::bytes_of(&keys))?;
        let numbers = keys.iter().map(|key| to.number_of_key(key.borrowed())).collect();
        Ok(Self { ids, numbers })
    }

    /// The cells at a path; none where some are objects.
    fn of_cells(
        path: PathId,
        to: &mut KeyColumn,
        (view, mask): (&SegmentView<'_>, &Mask),
    ) -> Option<Self> {
        if view.n_rows_of_kinds(path, OBJECT) > 0 {
            return None;
        }
        let mut ids = Vec::new();
        let mut cells = view.group_ids(path, mask, &mut ids);
        let used = renumber(&mut ids, cells.len()).into_iter();
        let number = |id: u32| {
            let cell = std::mem::replace(&mut cells[id as usize], Cell::Undefined);
            to.number_of(&Found { cell, code: None })
        };
        Some(Self { ids, numbers: used.map(number).collect() })
    }
}

/// Columns of aggregate arguments, made once for each plain path.
struct Arguments<'a> {
    columns: Vec<(Option<(PathId, Objects)>, Column)>,
    hold: Hold<'a>,
}

impl Arguments<'_> {
    fn column(
        &mut self,
        (argument, objects): (&Expr, Objects),
        segment: &Segment<'_>,
        mask: &Mask,
    ) -> Result<&Column, ExecError> {
        let of = plain_path(argument).map(|path| (path, objects));
        let is_it = |known: &Option<(PathId, Objects)>| match (known, of) {
            (Some((known, told)), Some((path, objects))) => {
                *known == path && (*told == objects || *told == Objects::Apart)
            }
            _ => false,
        };
        let known = self.columns.iter().position(|(known, _)| is_it(known));
        let place = match (known, of) {
            (Some(place), _) => place,
            (None, Some((path, Objects::Alike))) => {
                let column = segment.step(|view| Column::of_cells_alone(path, view, mask))?;
                self.push(of, column)?
            }
            (None, _) => self.push(of, Column::new(argument, segment, mask)?)?,
        };
        Ok(&self.columns[place].1)
    }

    fn push(&mut self, of: Option<(PathId, Objects)>, column: Column) -> Result<usize, ExecError> {
        self.hold.add(Column::bytes_of(&column.keys))?;
        self.columns.push((of, column));
        Ok(self.columns.len() - 1)
    }
}

/// Whether an aggregate tells objects apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Objects {
    Apart,
    Alike,
}

/// `COUNT` counts objects whatever they hold, and the others but `COUNT(DISTINCT)` pass them over.
fn objects_in(function: AggregateFunction) -> Objects {
    match function {
        AggregateFunction::CountDistinct => Objects::Apart,
        _ => Objects::Alike,
    }
}

/// Adds the cells at one path of the rows of a mask; false, and nothing added, where they do not
/// suffice.
fn add_cells(
    partial: &mut Partial,
    path: PathId,
    segment: &SegmentView<'_>,
    (mask, matching): (&Mask, Matching),
) -> bool {
    match partial {
        partial if partial.takes_numbers_alone() => {
            segment.count_numbers(path, mask, |number, n| partial.add_number(number, u64::from(n)));
        }
        Partial::Values(count) if matching == Matching::All => {
            *count += u64::from(segment.n_rows_of_kinds(path, VALUES));
        }
        Partial::Values(count) => {
            let mut values = mask.clone();
            segment.narrow_kinds(path, VALUES, &mut values);
            *count += u64::from(values.count());
        }
        partial => {
            let has_objects = segment.n_rows_of_kinds(path, OBJECT) > 0;
            if has_objects && partial.is_distinct() {
                return false;
            }
            let mask = (has_objects || matching == Matching::Some).then_some(mask);
            if partial.is_distinct() {
                partial.with_set(|seen| seen.add_rows(path, segment, mask));
                return true;
            }
            segment.count_values(path, mask, |cell, n| partial.add_cell(&cell, n));
        }
    }
    true
}

/// How often each of `n` ids comes.
fn counts_of(ids: &[u32], n: usize) -> Vec<u64> {
    let mut counts = vec![0; n];
    for &id in ids {
        counts[id as usize] += 1;
    }
    counts
}
