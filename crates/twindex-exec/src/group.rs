//! The grouping sink: aggregates by key, segment by segment, merged by value.
//!
//! Groups are tuples of numbers, one for each key, and a key's values are numbered in a column of
//! its own. Within a segment they are small numbers from codes; only once per text of a dictionary,
//! or per segment and group, is a value hashed. Segments can be taken in any order, for no aggregate
//! depends on it.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;
use twindex_index::coded::Found;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_plan::expr::Expr;
use twindex_plan::logical::{AggregateFunction, Groups};

use crate::aggregate::Partial;
use crate::budget::sampled;
use crate::column::{Column, Combined};
use crate::error::ExecError;
use crate::group_bound::Bound;
use crate::group_coded::{CodedPaths, KnownPlaces};
use crate::group_finished::{FinishedGroups, GroupKeys};
use crate::group_keys::KeyColumn;
use crate::key::Key;
use crate::leaf::plain_path;
use crate::physical::Filter;
use crate::segment::Segment;
use crate::stop::Stop;

const OBJECT: KindSet = KindSet::of(&[Kind::Object]);
const VALUES: KindSet = KindSet::DEFINED.without(Kind::Null);

/// Groups with the partial states of their aggregates.
#[derive(Debug)]
pub(crate) struct GroupTable<'a> {
    groups: &'a Groups,
    /// The values of each key.
    columns: Vec<KeyColumn>,
    hasher: RandomState,
    /// Places of groups of several keys, found by the hash of their numbers. With one key the place
    /// of a group is the number of its value.
    places: HashTable<u32>,
    /// The numbers of the keys of all groups, group by group.
    numbers: Vec<u32>,
    /// The states of all groups, group by group.
    partials: Vec<Partial>,
    n_groups: usize,
    /// Where codes may do.
    coded: Option<CodedPaths>,
    /// Where groups of codes are, as of the last segment.
    known: Option<KnownPlaces>,
    /// Which groups are wanted, where they are those of a page by the cells at one path.
    bound: Option<Bound<'a>>,
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

impl<'a> GroupTable<'a> {
    /// No group yet; without keys the one group there is.
    pub(crate) fn new(groups: &'a Groups) -> Self {
        let mut table = Self {
            groups,
            columns: groups.keys.iter().map(|_| KeyColumn::default()).collect(),
            hasher: RandomState::default(),
            places: HashTable::new(),
            numbers: Vec::new(),
            partials: Vec::new(),
            n_groups: 0,
            coded: CodedPaths::of(groups),
            known: None,
            bound: None,
        };
        if groups.keys.is_empty() {
            table.grow(&[]);
        }
        table
    }

    /// The table of a query that counts rows and nothing else, in one group; none for another.
    pub(crate) fn of_rows(groups: &'a Groups) -> Option<Self> {
        (groups.keys.is_empty() && counts_rows_alone(groups)).then(|| Self::new(groups))
    }

    /// Adds rows to the one group of [`GroupTable::of_rows`].
    pub(crate) fn add_rows(&mut self, n_rows: u64) {
        self.partials.iter_mut().for_each(|partial| partial.add_rows(n_rows));
    }

    /// The path by whose cells rows are counted, if that is all that is asked.
    pub(crate) fn counted_path(groups: &Groups) -> Option<PathId> {
        match &groups.keys[..] {
            [key] if counts_rows_alone(groups) => plain_path(key),
            _ => None,
        }
    }

    /// Adds a group of a counted path that is not among the others.
    pub(crate) fn push_counted(&mut self, cell: &Cell<'_>, n_rows: u64) {
        let number = self.columns[0].push(Key::of_cell(cell, || None));
        let place = self.grow(&[number]);
        self.partials_of(place).iter_mut().for_each(|partial| partial.add_rows(n_rows));
    }

    /// Whether there is a page whose groups are told apart from others.
    pub(crate) fn is_bounded(&self) -> bool {
        self.bound.is_some()
    }

    /// The same as [`GroupTable::new`] for no more groups than those of a page.
    pub(crate) fn bounded(groups: &'a Groups, bound: Option<Bound<'a>>) -> Self {
        Self { bound, ..Self::new(groups) }
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
        let counted_path = Self::counted_path(self.groups);
        let known = segment.step(|view| self.add_by_counts(view, filter, counted_path))?;
        let Known::Rows { everything, has_cells_alone } = known else { return Ok(()) };
        let mut mask = segment.mask(filter)?;
        if let Some(bound) = &mut self.bound {
            segment.step(|view| bound.narrow(view, &mut mask))?;
        }
        if let Some(path) = counted_path.filter(|_| has_cells_alone) {
            return segment.step(|view| self.count_values(path, view, Some(&mask)));
        }
        if let Some(paths) = self.coded.take() {
            let rest = segment.step(|view| self.add_coded(&paths, view, mask));
            self.coded = Some(paths);
            mask = rest?;
        }
        if self.groups.keys.is_empty() {
            self.add_whole(segment, &mask, everything)?;
        } else if !mask.is_empty() {
            self.add_grouped(segment, &mask)?;
        }
        self.cut();
        Ok(())
    }

    /// Drops groups that are not of the page wanted, once there are many.
    fn cut(&mut self) {
        let n_groups = self.n_groups;
        if self.bound.as_ref().is_some_and(|bound| bound.is_full(n_groups)) {
            self.cut_to_page();
        }
    }

    /// Drops groups that are not of the page wanted, and gives the keys that bar others from now on.
    pub(crate) fn cut_to_page(&mut self) -> Option<Box<[Key]>> {
        let bound = self.bound.as_mut()?;
        let keys = self.columns.iter_mut().map(|column| std::mem::take(column).into_keys());
        let keys = GroupKeys {
            columns: keys.collect(),
            numbers: std::mem::take(&mut self.numbers),
            n_groups: std::mem::take(&mut self.n_groups),
        };
        self.known = None;
        self.places.clear();
        let partials = std::mem::take(&mut self.partials);
        let kept = bound.cut(&keys);
        let bar = bound.bar();
        self.put_back(keys, &kept, partials);
        bar
    }

    /// Enters those of some groups that are kept into an empty table, in the same order.
    fn put_back(&mut self, keys: GroupKeys, kept: &[u32], partials: Vec<Partial>) {
        let GroupKeys { mut columns, numbers: old, .. } = keys;
        let (n_keys, n_partials) = (columns.len(), self.groups.aggregates.len());
        let mut renumbered: Vec<Vec<Option<u32>>> =
            columns.iter().map(|keys| vec![None; keys.len()]).collect();
        let mut numbers = vec![0; n_keys];
        let (mut partials, mut n_passed) = (partials.into_iter(), 0);
        for &group in kept {
            for (i, number) in numbers.iter_mut().enumerate() {
                let old = old[group as usize * n_keys + i] as usize;
                *number = *renumbered[i][old].get_or_insert_with(|| {
                    let key = std::mem::replace(&mut columns[i][old], Key::Undefined);
                    self.columns[i].number_of_key(key)
                });
            }
            let place = self.place(&numbers);
            let n_before = group as usize * n_partials;
            let of_group = partials.by_ref().skip(n_before - n_passed).take(n_partials);
            self.partials_of(place).iter_mut().zip(of_group).for_each(|(to, from)| *to = from);
            n_passed = n_before + n_partials;
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
            self.partials.iter_mut().for_each(|partial| partial.add_rows(u64::from(n_rows)));
            return Known::All;
        }
        let everything = exact == Some(segment.n_live());
        let has_no_object = |path: PathId| segment.n_rows_of_kinds(path, OBJECT) == 0;
        let has_cells_alone = counted_path.is_some_and(has_no_object);
        let is_bounded = |path| self.bound.is_some() && !segment.may_have_counts(path);
        match counted_path {
            Some(path) if everything && has_cells_alone && !is_bounded(path) => {
                self.count_values(path, segment, None);
                Known::All
            }
            _ => Known::Rows { everything: Matching::of(everything), has_cells_alone },
        }
    }

    /// Bytes on the heap, about: states of groups that grow with their values by a sample.
    pub(crate) fn heap_bytes(&self) -> usize {
        let partials = &self.partials;
        self.columns.iter().map(KeyColumn::heap_bytes).sum::<usize>()
            + self.places.capacity() * (size_of::<u32>() + 1)
            + self.numbers.capacity() * size_of::<u32>()
            + partials.capacity() * size_of::<Partial>()
            + sampled(partials.iter().map(Partial::heap_bytes), partials.len())
    }

    /// Adds the groups of `other`.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn merge(&mut self, other: Self, stop: &Stop) -> Result<(), ExecError> {
        let (n_keys, n_partials) = (self.groups.keys.len(), self.groups.aggregates.len());
        let columns = self.columns.iter_mut().zip(other.columns);
        let renumbered: Vec<Vec<u32>> = columns
            .map(|(to, from)| to.numbers_of(from, stop))
            .collect::<Result<_, ExecError>>()?;
        let mut partials = other.partials.into_iter();
        let mut numbers = vec![0; n_keys];
        for group in 0..other.n_groups {
            stop.check_at(group)?;
            for (i, renumbered) in renumbered.iter().enumerate() {
                numbers[i] = renumbered[other.numbers[group * n_keys + i] as usize];
            }
            let place = self.place(&numbers);
            for partial in partials.by_ref().take(n_partials).zip(self.partials_of(place)) {
                partial.1.merge(partial.0, stop)?;
            }
        }
        self.cut();
        Ok(())
    }

    /// The groups with their aggregates, in no order.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn finish(self, stop: &Stop) -> Result<FinishedGroups, ExecError> {
        let functions: Vec<AggregateFunction> =
            self.groups.aggregates.iter().map(|aggregate| aggregate.function).collect();
        let mut partials = self.partials.into_iter();
        let mut aggregates = Vec::with_capacity(partials.len());
        for group in 0..self.n_groups {
            stop.check_at(group)?;
            let of_group = functions.iter().zip(partials.by_ref());
            aggregates.extend(of_group.map(|(&function, partial)| partial.finish(function)));
        }
        let columns = self.columns.into_iter().map(KeyColumn::into_keys).collect();
        let by = GroupKeys { columns, numbers: self.numbers, n_groups: self.n_groups };
        Ok(FinishedGroups { by, aggregates, n_aggregates: functions.len() })
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

    /// The number of a cell, which is no object, among the values of a key.
    pub(crate) fn number_of(&mut self, key: usize, found: &Found<'_>) -> u32 {
        self.columns[key].number_of(found)
    }

    /// The place of the group with these numbers, one for each key; a new one if there is none.
    pub(crate) fn place(&mut self, numbers: &[u32]) -> usize {
        match numbers {
            [] => 0,
            [number] => {
                // Numbers are given in sequence, and each is asked for at once.
                while self.n_groups <= *number as usize {
                    self.grow(&[self.n_groups as u32]);
                }
                *number as usize
            }
            _ => self.place_of_several(numbers),
        }
    }

    fn place_of_several(&mut self, numbers: &[u32]) -> usize {
        let n_keys = numbers.len();
        let hash = self.hasher.hash_one(numbers);
        let all = &self.numbers;
        let at = |all: &[u32], place: u32| -> std::ops::Range<usize> {
            debug_assert!((place as usize + 1) * n_keys <= all.len());
            place as usize * n_keys..(place as usize + 1) * n_keys
        };
        if let Some(&place) = self.places.find(hash, |&place| all[at(all, place)] == *numbers) {
            return place as usize;
        }
        let place = self.grow(numbers);
        let (all, hasher) = (&self.numbers, &self.hasher);
        // Rows have 32-bit ids, and there are no more groups than rows.
        let code = place as u32;
        let hash_of = |&place: &u32| hasher.hash_one(&all[at(all, place)]);
        self.places.insert_unique(hash, code, hash_of);
        place
    }

    /// Adds a group. Here, and nowhere else, the state grows by groups.
    fn grow(&mut self, numbers: &[u32]) -> usize {
        self.numbers.extend_from_slice(numbers);
        let aggregates = self.groups.aggregates.iter();
        self.partials.extend(aggregates.map(|aggregate| Partial::new(aggregate.function)));
        self.n_groups += 1;
        self.n_groups - 1
    }

    /// Takes what is known of the places of codes.
    pub(crate) fn take_known(&mut self) -> Option<KnownPlaces> {
        self.known.take()
    }

    /// Keeps it until groups are given other places.
    pub(crate) fn set_known(&mut self, known: Option<KnownPlaces>) {
        self.known = known;
    }

    pub(crate) fn partials_of(&mut self, place: usize) -> &mut [Partial] {
        let n = self.groups.aggregates.len();
        &mut self.partials[place * n..(place + 1) * n]
    }

    /// Counts the rows by the values of one path.
    fn count_values(&mut self, path: PathId, segment: &SegmentView<'_>, mask: Option<&Mask>) {
        segment.count_found(path, mask, |found, n| {
            let is_wanted = self.bound.as_ref().is_none_or(|bound| bound.admits(&found.cell));
            if n > 0 && is_wanted {
                self.cut();
                let number = self.number_of(0, &found);
                let place = self.place(&[number]);
                let partials = self.partials_of(place).iter_mut();
                partials.for_each(|partial| partial.add_rows(u64::from(n)));
            }
        });
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
        let numbers: Vec<Vec<u32>> = columns
            .iter()
            .zip(&mut self.columns)
            .map(|(from, to)| from.keys.iter().map(|k| to.number_of_key(k.clone())).collect())
            .collect();
        let mut of_group = vec![0; numbers.len()];
        let places: Vec<usize> = (0..combined.len())
            .map(|id| {
                for (i, &place) in combined.places(id).iter().enumerate() {
                    of_group[i] = numbers[i][place as usize];
                }
                self.place(&of_group)
            })
            .collect();
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
            if let Partial::Distinct(seen) = partial {
                seen.add_rows(path, segment, mask);
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
