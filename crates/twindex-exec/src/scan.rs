//! Rows in the order of their ids: segments are evaluated until the page is full and no further.
//!
//! The first segments are taken one by one, since a page is mostly full after one of them; where
//! few rows match, ever more segments are taken at once, so that the pool can help. A place to go
//! on from is a row id, so earlier segments are not looked at again.

use std::ops::{ControlFlow, Range};
use std::time::Instant;

use twindex_index::filter::PathFilter;
use twindex_index::snapshot::Snapshot;
use twindex_index::sorted_ids::{ID_PATH, Step};
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::path::{Collection, RowId};
use twindex_plan::logical::{LogicalPlan, Output};
use twindex_planted::{Fault, planted};

use crate::catalog_view::twins_of;
use crate::error::ExecError;
use crate::leaf::plain_path;
use crate::page::Request;
use crate::physical::Filter;
use crate::row::RowView;
use crate::runner::Runner;
use crate::segment::{Pace, Segment};
use crate::stop::Stop;

/// Segments evaluated at once at most.
const BATCH_MAX: usize = 64;
/// How much longer than a range without an order the work on one may take that follows.
const SORT_PART: u32 = 2;
/// Rows listed that are judged while the writer is held off.
const LISTED_HELD: usize = 64;

/// What every sink needs to walk the segments of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan<'a> {
    snapshot: &'a Snapshot,
    /// None for a collection that is always empty.
    collection: Option<Collection>,
    n_segments: usize,
    pub(crate) filter: &'a Filter,
    pub(crate) runner: Runner<'a>,
    /// Whether rows are wanted in the order of `deviceId`.
    pub(crate) is_by_id: bool,
}

impl<'a> Scan<'a> {
    /// A scan of the plan's collection by `filter`. Of `request` the stop and the pool matter.
    ///
    /// # Errors
    /// As [`Stop::read`](crate::Stop::read).
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        plan: &LogicalPlan,
        filter: &'a Filter,
        request: &'a Request<'a>,
    ) -> Result<Self, ExecError> {
        let collection = twins_of(plan.collection);
        // Segments that are begun later hold no twin of this version.
        let n_segments = match collection {
            Some(collection) => prepare(snapshot, (filter, collection), &request.stop)?,
            None => 0,
        };
        let runner = Runner { pool: request.pool, stop: &request.stop, budget: &request.budget };
        let first = plan.order.first().and_then(|key| plain_path(&key.expr));
        let is_by_id =
            first == Some(ID_PATH) && matches!(plan.output, Output::Rows(_) | Output::Twins);
        Ok(Self { snapshot, collection, n_segments, filter, runner, is_by_id })
    }

    pub(crate) fn n_segments(&self) -> usize {
        self.n_segments
    }

    pub(crate) fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    pub(crate) fn collection(&self) -> Option<Collection> {
        self.collection
    }

    /// Segment `number`, which must be below [`Scan::n_segments`].
    pub(crate) fn segment(&self, number: usize) -> Segment<'a> {
        Segment {
            snapshot: self.snapshot,
            stop: self.runner.stop,
            budget: self.runner.budget,
            collection: self.collection.unwrap_or(Collection::Devices),
            number,
        }
    }

    /// Hands over some rows in one step, those of a segment that stand together at once. The work
    /// must be short for all of them.
    ///
    /// # Errors
    /// As [`Segment::step`].
    pub(crate) fn with_rows(
        &self,
        rows: &[RowId],
        mut work: impl FnMut(&SegmentView<'_>, &[RowId]),
    ) -> Result<(), ExecError> {
        let Some(collection) = self.collection else { return Ok(()) };
        let read = self.runner.stop.read(self.snapshot)?;
        for rows in rows.chunk_by(|a, b| a.segment() == b.segment()) {
            work(&read.segment(collection, rows[0].segment()), rows);
        }
        Ok(())
    }

    /// Nanoseconds that finding the rows of some segments would take, with `row_ns` for each row
    /// found. Judged by the first of them.
    ///
    /// # Errors
    /// As [`Segment::step`].
    pub(crate) fn work_ns(&self, segments: Range<usize>, row_ns: f64) -> Result<f64, ExecError> {
        if segments.is_empty() {
            return Ok(0.0);
        }
        let first = self.segment(segments.start);
        let (filter_ns, rows_max) = first.step(|view| self.filter.cost_ns(view))?;
        Ok((filter_ns + row_ns * f64::from(rows_max)) * segments.len() as f64)
    }

    /// The rows after `after` that match, the first `skip` of them left out, at most `n_max`.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn rows(
        &self,
        after: Option<RowId>,
        skip: u64,
        n_max: usize,
    ) -> Result<Vec<RowId>, ExecError> {
        let mut taken = Taken { rows: Vec::new(), skip, n_max };
        if let Some(listed) = self.listed()? {
            let behind = listed.into_iter().filter(|row| after.is_none_or(|after| *row > after));
            self.take_listed(&behind.collect::<Vec<_>>(), &mut taken)?;
            return Ok(taken.rows);
        }
        let mut hold = self.runner.budget.hold();
        let mut next = after.map_or(0, RowId::segment);
        let mut n_batch = 1;
        while next < self.n_segments() && !taken.is_full() {
            let batch = next..self.n_segments().min(next + n_batch);
            let begin = match after {
                Some(row) if row.segment() == next => {
                    usize::from(row.place()) + usize::from(!planted(Fault::PageRepeatsRow))
                }
                _ => 0,
            };
            if batch.len() == 1 {
                self.runner.stop.check()?;
                self.take_lazily(&self.segment(next), begin, &mut taken)?;
            } else {
                self.take_batch(batch.clone(), begin, &mut taken)?;
            }
            next = batch.end;
            n_batch = (n_batch * 2).min(BATCH_MAX);
            hold.set(taken.rows.capacity() * size_of::<RowId>())?;
        }
        Ok(taken.rows)
    }

    /// The rows that a condition on `deviceId` leaves, ascending, where it names them: no segment
    /// need be asked then.
    fn listed(&self) -> Result<Option<Vec<RowId>>, ExecError> {
        let (Some(collection), Some(filter)) = (self.collection, self.filter.identities()) else {
            return Ok(None);
        };
        Ok(self.runner.stop.read(self.snapshot)?.listed(collection, filter))
    }

    /// Works on an order of `deviceId` where questions that one serves have cost enough, of which the
    /// last began then: no more than in proportion to that, and not once the query is to stop.
    pub(crate) fn sort_ids(&self, begun: Instant) {
        let is_range = self.filter.identities().is_some_and(PathFilter::is_identity_range);
        if !(is_range || self.is_by_id) || self.collection != Some(Collection::Devices) {
            return;
        }
        let took = begun.elapsed();
        let Ok(read) = self.runner.stop.read(self.snapshot) else { return };
        let (sorter, n_rows) = (read.id_sorter(), read.n_rows(Collection::Devices));
        drop(read);
        let took_ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        if !sorter.note_cost(took_ns, n_rows) {
            return;
        }
        let begun = Instant::now();
        let mut step = Step::Copy;
        while begun.elapsed() < took * SORT_PART && self.runner.stop.check().is_ok() {
            step = match step {
                Step::Copy => match self.runner.stop.read(self.snapshot) {
                    Ok(read) => read.copy_ids(),
                    Err(_) => return,
                },
                Step::Sort => sorter.sort(),
                Step::Done => return,
            }
        }
    }

    /// Takes those of some ascending rows that match.
    fn take_listed(&self, rows: &[RowId], taken: &mut Taken) -> Result<(), ExecError> {
        for some in rows.chunks(LISTED_HELD) {
            self.runner.stop.check()?;
            self.with_rows(some, |segment, ids| {
                for id in ids {
                    let row = RowView { segment: *segment, row: id.place() };
                    if self.filter.keeps(&row) && taken.take(*id) {
                        return;
                    }
                }
            })?;
            if taken.is_full() {
                break;
            }
        }
        Ok(())
    }

    fn take_lazily(
        &self,
        segment: &Segment<'_>,
        begin: usize,
        taken: &mut Taken,
    ) -> Result<(), ExecError> {
        if segment.step(|view| self.filter.is_nothing(view))? {
            return Ok(());
        }
        let mut candidates = segment.candidates(self.filter)?;
        clear_before(&mut candidates, begin);
        if self.filter.rows().is_none() {
            taken.take_all(segment, &candidates);
            return Ok(());
        }
        segment.rows(&candidates, |row| {
            if self.filter.keeps_candidate(row) && taken.take(segment.row_id(row.row)) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
    }

    fn take_batch(
        &self,
        batch: Range<usize>,
        begin: usize,
        taken: &mut Taken,
    ) -> Result<(), ExecError> {
        let first = batch.start;
        let work_ns = self.work_ns(batch.clone(), 0.0)?;
        let mut with_rows = Vec::with_capacity(batch.len());
        for segment in batch.map(|number| self.segment(number)) {
            if !segment.step(|view| self.filter.is_nothing(view))? {
                with_rows.push(segment);
            }
        }
        let masks = self
            .runner
            .map(with_rows, work_ns, |segment| Ok((segment, segment.mask(self.filter)?)))?;
        for (segment, mut mask) in masks {
            if segment.number == first {
                clear_before(&mut mask, begin);
            }
            taken.take_all(&segment, &mask);
            if taken.is_full() {
                break;
            }
        }
        Ok(())
    }
}

/// Gets the filter ready, in steps between which the writer goes on and the query may be stopped;
/// gives the number of segments.
fn prepare(
    snapshot: &Snapshot,
    (filter, collection): (&Filter, Collection),
    stop: &Stop,
) -> Result<usize, ExecError> {
    let mut pace = Pace::of_texts();
    loop {
        let read = stop.read(snapshot)?;
        if pace.timed(|n_texts| filter.prepare(&read, (collection, n_texts))) {
            return Ok(read.n_segments(collection));
        }
        drop(read);
        stop.check()?;
    }
}

/// Clears the rows before place `begin`.
pub(crate) fn clear_before(mask: &mut Mask, begin: usize) {
    if begin > 0 {
        mask.and_not(&Mask::first(begin));
    }
}

/// Rows as they are found.
struct Taken {
    rows: Vec<RowId>,
    skip: u64,
    n_max: usize,
}

impl Taken {
    fn is_full(&self) -> bool {
        self.rows.len() >= self.n_max
    }

    /// Skips all rows of `mask` by their number, if they are all to be skipped.
    fn skips_all(&mut self, mask: &Mask) -> bool {
        if self.skip == 0 {
            return false;
        }
        let n_rows = u64::from(mask.count());
        let skips = n_rows <= self.skip;
        if skips {
            self.skip -= n_rows;
        }
        skips
    }

    /// Takes the rows of `mask`, as many as are wanted.
    fn take_all(&mut self, segment: &Segment<'_>, mask: &Mask) {
        if !self.skips_all(mask) {
            mask.iter().any(|row| self.take(segment.row_id(row)));
        }
    }

    /// Takes a row; true once no further one is wanted.
    fn take(&mut self, row: RowId) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
        } else if !self.is_full() {
            self.rows.push(row);
        }
        self.is_full()
    }
}
