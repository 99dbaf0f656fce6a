//! The grouping sink: aggregates by key, segment by segment, merged by value.
//!
//! Groups are tuples of numbers, one for each key, and a key's values are numbered in a column of
//! its own. Within a segment they are small numbers from codes; only once per text of a dictionary,
//! or per segment and group, is a value hashed. Segments can be taken in any order, for no aggregate
//! depends on it.
//!
//! A segment is answered by the first of three ways that can: kept counts, here; codes of all rows
//! at once ([`group_coded`](crate::group_coded)); columns of some rows at a time
//! ([`group_rows`](crate::group_rows)). The groups themselves are
//! [`GroupStates`].

use std::sync::Arc;

use rayon::ThreadPool;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_plan::logical::{AggregateFunction, Groups};

use crate::distinct_set::SharedParts;
use crate::error::ExecError;
use crate::group_bound::Bound;
use crate::group_coded::{CodedPaths, KnownPlaces};
use crate::group_finished::FinishedGroups;
use crate::group_rows::Matching;
use crate::group_shared::SharedGroups;
use crate::group_states::GroupStates;
use crate::key::Key;
use crate::leaf::plain_path;
use crate::physical::Filter;
use crate::runner::Runner;
use crate::segment::{Left, Segment, cut_rows};
use crate::stop::Stop;

const OBJECT: KindSet = KindSet::of(&[Kind::Object]);

/// Rows whose keys are made columns of at once, and how many where they have few values: each value
/// of a slice is made and looked for once.
const SLICE_ROWS: usize = if cfg!(test) { 64 } else { 1 << 13 };
const LONG_SLICE_ROWS: usize = if cfg!(test) { 256 } else { 1 << 16 };
/// For each value of a slice, the rows from which on the next one is long.
const ROWS_PER_VALUE: usize = 16;

/// The groups of some segments.
#[derive(Debug)]
pub(crate) struct GroupTable<'a> {
    groups: &'a Groups,
    states: GroupStates<'a>,
    /// Where codes may do.
    coded: Option<CodedPaths>,
    /// Where groups of codes are, as of the last segment.
    known: Option<KnownPlaces>,
    /// Which groups are wanted, where they are those of a page by the cells at one path.
    bound: Option<Bound<'a>>,
    /// Where many groups are poured out.
    shared: Option<Arc<SharedGroups<'a>>>,
    /// Rows of the next slice.
    slice_rows: usize,
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

impl<'a> GroupTable<'a> {
    /// No group yet; without keys the one group there is. Of a page no more groups than it holds are
    /// kept, about.
    pub(crate) fn new(
        groups: &'a Groups,
        bound: Option<Bound<'a>>,
        pool: Option<&'a ThreadPool>,
    ) -> Self {
        let (states, coded) = (GroupStates::new(groups, pool), CodedPaths::of(groups));
        Self { groups, states, coded, known: None, bound, shared: None, slice_rows: SLICE_ROWS }
    }

    /// What several tables of these groups may fill together: a set for each aggregate that counts
    /// distinct values, where there is one group. Others are met too late for that.
    pub(crate) fn shared_sets(groups: &Groups) -> Vec<Arc<SharedParts>> {
        let aggregates = groups.aggregates.iter().filter(|_| groups.keys.is_empty());
        let sets = aggregates.filter(|of| of.function == AggregateFunction::CountDistinct);
        sets.map(|_| SharedParts::new()).collect()
    }

    /// The same table, which has seen nothing yet, with such sets.
    pub(crate) fn sharing(mut self, sets: &[Arc<SharedParts>]) -> Self {
        self.states.share(sets);
        self
    }

    /// The same table, which has seen nothing yet, of which many groups are poured out. Those of a
    /// page are never many.
    pub(crate) fn pouring_into(mut self, shared: &Arc<SharedGroups<'a>>) -> Self {
        let may_be_many = !self.groups.keys.is_empty() && self.bound.is_none();
        if may_be_many {
            self.states.keep_hashes();
            self.shared = Some(Arc::clone(shared));
        }
        self
    }

    /// The table of a query that counts rows and nothing else, in one group; none for another.
    pub(crate) fn of_rows(groups: &'a Groups) -> Option<Self> {
        (groups.keys.is_empty() && counts_rows_alone(groups)).then(|| Self::new(groups, None, None))
    }

    /// Adds rows to the one group of [`GroupTable::of_rows`].
    pub(crate) fn add_rows(&mut self, n_rows: u64) {
        self.states.add_rows(0, n_rows);
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
        let place = self.states.push(cell);
        self.states.add_rows(place, n_rows);
    }

    /// Whether there is a page whose groups are told apart from others.
    pub(crate) fn is_bounded(&self) -> bool {
        self.bound.is_some()
    }

    /// Adds the rows of a segment that match.
    ///
    /// # Errors
    /// As [`Segment::rows`], and [`ExecError::OverBudget`].
    pub(crate) fn add_segment(
        &mut self,
        segment: &Segment<'_>,
        filter: &Filter,
    ) -> Result<(), ExecError> {
        let counted_path = Self::counted_path(self.groups);
        let known = segment.step(|view| self.add_by_counts(view, filter, counted_path))?;
        let Known::Rows { everything, has_cells_alone } = known else {
            return self.pour_many(segment);
        };
        let mut mask = segment.mask(filter)?;
        if let Some(bound) = &mut self.bound {
            segment.step(|view| bound.narrow(view, &mut mask))?;
        }
        if let Some(path) = counted_path.filter(|_| has_cells_alone) {
            return self.count_rows(path, segment, &mask);
        }
        if let Some(paths) = self.coded.take() {
            let rest = segment.step(|view| self.add_coded(&paths, view, mask));
            self.coded = Some(paths);
            mask = rest?;
        }
        if self.groups.keys.is_empty() {
            return self.states.add_whole(self.groups, segment, (&mask, everything));
        }
        self.add_slices(segment, &mask)?;
        self.cut();
        self.pour_many(segment)
    }

    fn add_slices(&mut self, segment: &Segment<'_>, mask: &Mask) -> Result<(), ExecError> {
        let mut left = Left::of(mask);
        while let Some(mut some) = left.next_rows(self.slice_rows) {
            segment.stop.check()?;
            if let Some(bound) = &self.bound {
                segment.step(|view| bound.narrow_to_new_bar(view, &mut some))?;
            }
            if some.is_empty() {
                continue;
            }
            let n_values = self.states.add_grouped(self.groups, segment, &some)?;
            let are_few = n_values.saturating_mul(ROWS_PER_VALUE) <= some.count() as usize;
            // One slice of few values does not yet say that the next has no more.
            let longer = (2 * self.slice_rows).min(LONG_SLICE_ROWS);
            self.slice_rows = if are_few { longer } else { SLICE_ROWS };
            self.cut();
            self.pour_many(segment)?;
        }
        Ok(())
    }

    /// Pours groups out if they are many.
    fn pour_many(&mut self, segment: &Segment<'_>) -> Result<(), ExecError> {
        let are_many = SharedGroups::are_many(self.states.len());
        if are_many { self.pour(segment.number, segment.stop) } else { Ok(()) }
    }

    fn pour(&mut self, number: usize, stop: &Stop) -> Result<(), ExecError> {
        let Some(shared) = &self.shared else { return Ok(()) };
        self.known = None;
        shared.pour(&mut self.states, number, stop)
    }

    fn has_poured(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.is_used())
    }

    /// Drops groups that are not of the page wanted, once there are many.
    fn cut(&mut self) {
        let n_groups = self.states.len();
        if self.bound.as_ref().is_some_and(|bound| bound.is_full(n_groups)) {
            self.cut_to_page();
        }
    }

    /// Drops groups that are not of the page wanted, and gives the keys that bar others from now on.
    pub(crate) fn cut_to_page(&mut self) -> Option<Box<[Key]>> {
        let bound = self.bound.as_mut()?;
        self.known = None;
        self.states.keep(|keys| bound.cut(keys));
        bound.bar()
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
            self.states.add_rows(0, u64::from(n_rows));
            return Known::All;
        }
        let everything = exact == Some(segment.n_live());
        let has_no_object = |path: PathId| segment.n_rows_of_kinds(path, OBJECT) == 0;
        let has_cells_alone = counted_path.is_some_and(has_no_object);
        let is_bounded = |path| self.bound.is_some() && !segment.may_have_counts(path);
        let is_quick = |path| !is_bounded(path) && !segment.has_raw_texts(path);
        match counted_path {
            Some(path) if everything && has_cells_alone && is_quick(path) => {
                self.count_values(path, segment, None);
                Known::All
            }
            _ => Known::Rows { everything: Matching::of(everything), has_cells_alone },
        }
    }

    /// Counts the rows of a mask by the values of one path.
    fn count_rows(
        &mut self,
        path: PathId,
        segment: &Segment<'_>,
        mask: &Mask,
    ) -> Result<(), ExecError> {
        if segment.step(|view| view.has_raw_texts(path))? {
            for some in cut_rows(mask, SLICE_ROWS) {
                segment.slices(&some, |view, some| self.count_values(path, view, Some(some)))?;
                self.pour_many(segment)?;
            }
            return Ok(());
        }
        segment.step(|view| self.count_values(path, view, Some(mask)))?;
        self.pour_many(segment)
    }

    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.states.heap_bytes()
    }

    /// Adds the groups of `other`.
    ///
    /// # Errors
    /// As [`Runner::check`].
    pub(crate) fn merge(&mut self, mut other: Self, runner: Runner<'_>) -> Result<(), ExecError> {
        if self.has_poured() {
            return other.pour(0, runner.stop);
        }
        self.states.merge(other.states, runner)?;
        self.cut();
        Ok(())
    }

    /// The groups with their aggregates, in no order and some parts.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::OverBudget`].
    pub(crate) fn finish(
        mut self,
        runner: Runner<'a>,
    ) -> Result<Vec<FinishedGroups<'a>>, ExecError> {
        if self.has_poured() {
            self.pour(0, runner.stop)?;
        }
        match &self.shared {
            Some(shared) if shared.is_used() => shared.finish(self.groups, runner),
            _ => Ok(vec![self.states.finish(self.groups, runner.stop)?]),
        }
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

    /// The groups.
    pub(crate) fn states(&mut self) -> &mut GroupStates<'a> {
        &mut self.states
    }

    /// Takes what is known of the places of codes.
    pub(crate) fn take_known(&mut self) -> Option<KnownPlaces> {
        self.known.take()
    }

    /// Keeps it until groups are given other places.
    pub(crate) fn set_known(&mut self, known: Option<KnownPlaces>) {
        self.known = known;
    }

    /// Counts the rows by the values of one path.
    fn count_values(&mut self, path: PathId, segment: &SegmentView<'_>, mask: Option<&Mask>) {
        segment.count_found(path, mask, |found, n| {
            let is_wanted = self.bound.as_ref().is_none_or(|bound| bound.admits(&found.cell));
            if n > 0 && is_wanted {
                self.cut();
                let number = self.states.number_of(0, &found);
                let place = self.states.place(&[number]);
                self.states.add_rows(place, u64::from(n));
            }
        });
    }
}

fn counts_rows_alone(groups: &Groups) -> bool {
    groups.aggregates.iter().all(|aggregate| aggregate.function == AggregateFunction::CountRows)
}
