//! The grouping sink: aggregates by key, segment by segment, merged by value.
//!
//! Within a segment groups are small numbers from codes; only once per segment and group is a value
//! hashed. Segments can be taken in any order, for no aggregate depends on it.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_plan::expr::Expr;
use twindex_plan::logical::{AggregateFunction, Groups};

use crate::aggregate::Partial;
use crate::column::{Column, Combined};
use crate::error::ExecError;
use crate::key::Key;
use crate::leaf::plain_path;
use crate::physical::Filter;
use crate::segment::Segment;

const OBJECT: KindSet = KindSet::of(&[Kind::Object]);
const VALUES: KindSet = KindSet::DEFINED.without(Kind::Null);

/// Groups with the partial states of their aggregates.
#[derive(Debug)]
pub(crate) struct GroupTable<'a> {
    groups: &'a Groups,
    hasher: RandomState,
    /// Places of groups, found by the hash of their keys.
    places: HashTable<u32>,
    /// The keys of all groups, group by group.
    keys: Vec<Key>,
    /// The states of all groups, group by group.
    partials: Vec<Partial>,
    n_groups: usize,
}

/// What kept counts know of a segment.
enum Known {
    /// Everything: it is added.
    All,
    /// What is given here of its rows.
    Rows {
        /// Which of them match.
        everything: Matching,
        /// Whether no cell of the path that groups are counted by is an object.
        has_cells_alone: bool,
    },
}

/// Which rows of a segment match.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Matching {
    All,
    Some,
}

impl Matching {
    fn of(is_everything: bool) -> Self {
        if is_everything { Self::All } else { Self::Some }
    }
}

/// One finished group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) keys: Box<[Key]>,
    pub(crate) aggregates: Box<[Key]>,
}

impl<'a> GroupTable<'a> {
    /// No group yet; without keys the one group there is.
    pub(crate) fn new(groups: &'a Groups) -> Self {
        let mut table = Self {
            groups,
            hasher: RandomState::default(),
            places: HashTable::new(),
            keys: Vec::new(),
            partials: Vec::new(),
            n_groups: 0,
        };
        if groups.keys.is_empty() {
            table.place(&[]);
        }
        table
    }

    /// Adds the rows of a segment that match.
    ///
    /// # Errors
    /// As [`Segment::rows`].
    pub(crate) fn add_segment(
        &mut self,
        segment: &Segment<'_>,
        filter: &Filter,
    ) -> Result<(), ExecError> {
        let counts_rows_alone = counts_rows_alone(self.groups);
        let counted_path = match &self.groups.keys[..] {
            [key] if counts_rows_alone => plain_path(key),
            _ => None,
        };
        let known = segment.step(|view| self.add_by_counts(view, filter, counted_path))?;
        let Known::Rows { everything, has_cells_alone } = known else { return Ok(()) };
        let mut mask = segment.mask(filter)?;
        if let Some(path) = counted_path.filter(|_| has_cells_alone) {
            return segment.step(|view| self.count_values(path, view, Some(&mask)));
        }
        if let [a, b] = &self.groups.keys[..]
            && counts_rows_alone
            && let (Some(a), Some(b)) = (plain_path(a), plain_path(b))
        {
            mask = segment.step(|view| self.count_pairs((a, b), view, &mask))?;
        }
        if self.groups.keys.is_empty() {
            self.add_whole(segment, &mask, everything)
        } else if mask.is_empty() {
            Ok(())
        } else {
            self.add_grouped(segment, &mask)
        }
    }

    /// Adds the rows of a segment if kept counts know how many there are: in all, or by the values
    /// of the path that groups are counted by.
    fn add_by_counts(
        &mut self,
        segment: &SegmentView<'_>,
        filter: &Filter,
        counted_path: Option<PathId>,
    ) -> Known {
        let exact = filter.exact_count(segment);
        if self.groups.keys.is_empty()
            && counts_rows_alone(self.groups)
            && let Some(n_rows) = exact
        {
            self.partials.iter_mut().for_each(|partial| partial.add(&Key::Null, u64::from(n_rows)));
            return Known::All;
        }
        let everything = exact == Some(segment.n_live());
        let has_no_object = |path: PathId| segment.n_rows_of_kinds(path, OBJECT) == 0;
        let has_cells_alone = counted_path.is_some_and(has_no_object);
        match counted_path {
            Some(path) if everything && has_cells_alone => {
                self.count_values(path, segment, None);
                Known::All
            }
            _ => Known::Rows { everything: Matching::of(everything), has_cells_alone },
        }
    }

    /// Adds the groups of `other`.
    pub(crate) fn merge(&mut self, other: Self) {
        let (n_keys, n_partials) = (self.groups.keys.len(), self.groups.aggregates.len());
        let mut partials = other.partials.into_iter();
        for i in 0..other.n_groups {
            let keys: Vec<&Key> = other.keys[i * n_keys..(i + 1) * n_keys].iter().collect();
            let place = self.place(&keys);
            for partial in partials.by_ref().take(n_partials).zip(self.partials_of(place)) {
                partial.1.merge(partial.0);
            }
        }
    }

    /// The groups with their aggregates, in no order.
    pub(crate) fn finish(self) -> Vec<Group> {
        let functions: Vec<AggregateFunction> =
            self.groups.aggregates.iter().map(|aggregate| aggregate.function).collect();
        let mut keys = self.keys.into_iter();
        let mut partials = self.partials.into_iter();
        let n_keys = self.groups.keys.len();
        (0..self.n_groups)
            .map(|_| Group {
                keys: keys.by_ref().take(n_keys).collect(),
                aggregates: functions
                    .iter()
                    .zip(partials.by_ref())
                    .map(|(&function, partial)| partial.finish(function))
                    .collect(),
            })
            .collect()
    }

    /// Whether kept counts alone answer where they answer the filter.
    pub(crate) fn is_answered_by_counts(groups: &Groups) -> bool {
        let has_plain_keys = match &groups.keys[..] {
            [] => true,
            [key] => plain_path(key).is_some(),
            _ => false,
        };
        has_plain_keys && counts_rows_alone(groups)
    }

    /// The place of the group with these keys, a new one if there is none.
    fn place(&mut self, keys: &[&Key]) -> usize {
        let n_keys = self.groups.keys.len();
        let hasher = &self.hasher;
        let hash = hash_of(hasher, keys.iter().copied());
        let all = &self.keys;
        let keys_at = |place: u32| &all[place as usize * n_keys..(place as usize + 1) * n_keys];
        let found = self.places.find(hash, |&place| keys_at(place).iter().eq(keys.iter().copied()));
        if let Some(&place) = found {
            return place as usize;
        }
        let place = self.n_groups;
        // Rows have 32-bit ids, and there are no more groups than rows.
        let code = u32::try_from(place).unwrap_or(u32::MAX);
        self.places.insert_unique(hash, code, |&place| hash_of(hasher, keys_at(place).iter()));
        self.n_groups += 1;
        self.keys.extend(keys.iter().map(|&key| key.clone()));
        let aggregates = self.groups.aggregates.iter();
        self.partials.extend(aggregates.map(|aggregate| Partial::new(aggregate.function)));
        place
    }

    /// The same for keys as cells, none of them an object; keys are not made where the group is
    /// known.
    fn place_of_cells(&mut self, cells: &[Cell<'_>]) -> usize {
        let mut hasher = self.hasher.build_hasher();
        cells.iter().for_each(|cell| Key::hash_cell(cell, &mut hasher));
        let is_it = |&place: &u32| {
            let keys = &self.keys[place as usize * cells.len()..];
            keys.iter().zip(cells).all(|(key, cell)| key.is_of_cell(cell))
        };
        if let Some(&place) = self.places.find(hasher.finish(), is_it) {
            return place as usize;
        }
        let keys: Vec<Key> = cells.iter().map(|cell| Key::of_cell(cell, || None)).collect();
        self.place(&keys.iter().collect::<Vec<_>>())
    }

    fn partials_of(&mut self, place: usize) -> &mut [Partial] {
        let n = self.groups.aggregates.len();
        &mut self.partials[place * n..(place + 1) * n]
    }

    /// Counts the rows by the values of one path.
    fn count_values(&mut self, path: PathId, segment: &SegmentView<'_>, mask: Option<&Mask>) {
        segment.count_values(path, mask, |cell, n| {
            if n > 0 {
                let place = self.place_of_cells(&[cell]);
                for partial in self.partials_of(place) {
                    partial.add(&Key::Null, u64::from(n));
                }
            }
        });
    }

    /// Counts the rows by the values of two paths where lanes have a short way, and gives the rest.
    fn count_pairs(
        &mut self,
        paths: (PathId, PathId),
        segment: &SegmentView<'_>,
        mask: &Mask,
    ) -> Mask {
        segment.count_pairs(paths, mask, |cells, n| {
            let place = self.place_of_cells(&cells);
            for partial in self.partials_of(place) {
                partial.add(&Key::Null, u64::from(n));
            }
        })
    }

    /// Adds rows to the one group of a query without keys.
    fn add_whole(
        &mut self,
        segment: &Segment<'_>,
        mask: &Mask,
        matching: Matching,
    ) -> Result<(), ExecError> {
        let n_rows = u64::from(mask.count());
        let groups = self.groups;
        for (aggregate, partial) in groups.aggregates.iter().zip(&mut self.partials) {
            let Some(argument) = &aggregate.argument else {
                partial.add(&Key::Null, n_rows);
                continue;
            };
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

    /// Adds rows by the values of the key columns.
    fn add_grouped(&mut self, segment: &Segment<'_>, mask: &Mask) -> Result<(), ExecError> {
        let groups = self.groups;
        let keys = groups.keys.iter();
        let columns: Vec<Column> =
            keys.map(|key| Column::new(key, segment, mask)).collect::<Result<_, _>>()?;
        let combined = Combined::new(&columns);
        let places: Vec<usize> =
            (0..combined.len()).map(|id| self.place(&combined.keys(id, &columns))).collect();
        let mut arguments = Arguments::default();
        for (i, aggregate) in groups.aggregates.iter().enumerate() {
            let Some(argument) = &aggregate.argument else {
                let counts = counts_of(&combined.ids, combined.len());
                for (&place, n) in places.iter().zip(counts) {
                    self.partials_of(place)[i].add(&Key::Null, n);
                }
                continue;
            };
            let objects = objects_in(aggregate.function);
            let column = arguments.column((argument, objects), segment, mask)?;
            self.add_argument(i, &combined, &places, column);
        }
        Ok(())
    }

    /// Adds the values of an argument to aggregate `i` of each row's group.
    fn add_argument(&mut self, i: usize, combined: &Combined, places: &[usize], column: &Column) {
        let n_values = column.keys.len();
        let n_pairs = n_values.saturating_mul(places.len());
        let rows = combined.ids.iter().zip(&column.ids);
        if n_pairs <= combined.ids.len() {
            // Fewer pairs than rows: count first, so that each value is added once a group.
            let mut counts = vec![0u64; n_pairs];
            for (&group, &value) in rows {
                counts[group as usize * n_values + value as usize] += 1;
            }
            for (pair, n) in counts.into_iter().enumerate().filter(|pair| pair.1 > 0) {
                let place = places[pair / n_values];
                self.partials_of(place)[i].add(&column.keys[pair % n_values], n);
            }
        } else {
            for (&group, &value) in rows {
                let place = places[group as usize];
                self.partials_of(place)[i].add(&column.keys[value as usize], 1);
            }
        }
    }
}

fn counts_rows_alone(groups: &Groups) -> bool {
    groups.aggregates.iter().all(|aggregate| aggregate.function == AggregateFunction::CountRows)
}

/// Columns of aggregate arguments, made once for each plain path.
#[derive(Default)]
struct Arguments {
    columns: Vec<(Option<(PathId, Objects)>, Column)>,
}

impl Arguments {
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
                self.push(of, column)
            }
            (None, _) => self.push(of, Column::new(argument, segment, mask)?),
        };
        Ok(&self.columns[place].1)
    }

    fn push(&mut self, of: Option<(PathId, Objects)>, column: Column) -> usize {
        self.columns.push((of, column));
        self.columns.len() - 1
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
            if has_objects && matches!(partial, Partial::Distinct(_)) {
                return false;
            }
            let mask = (has_objects || matching == Matching::Some).then_some(mask);
            segment.count_values(path, mask, |cell, n| add_cell(partial, &cell, n));
        }
    }
    true
}

/// Adds a cell that `n` rows have, without copying a string that only counts.
fn add_cell(partial: &mut Partial, cell: &Cell<'_>, n: u32) {
    let n = u64::from(n);
    match cell {
        _ if n == 0 => {}
        Cell::Undefined | Cell::Null => {}
        Cell::Number(number) => partial.add_number(*number, n),
        // No container is a best value, and objects that are told apart do not come here.
        Cell::Object => {}
        Cell::Array(_) if matches!(partial, Partial::Best(..)) => {}
        cell => partial.add(&Key::of_cell(cell, || None), n),
    }
}

/// How often each of `n` ids comes.
fn counts_of(ids: &[u32], n: usize) -> Vec<u64> {
    let mut counts = vec![0; n];
    for &id in ids {
        counts[id as usize] += 1;
    }
    counts
}

fn hash_of<'k>(state: &RandomState, keys: impl Iterator<Item = &'k Key>) -> u64 {
    let mut hasher = state.build_hasher();
    for key in keys {
        key.hash(&mut hasher);
    }
    hasher.finish()
}
