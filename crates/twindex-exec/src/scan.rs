//! Rows in the order of their ids: segments are evaluated until the page is full and no further.
//!
//! The first segments are taken one by one, since a page is mostly full after one of them; where
//! few rows match, ever more segments are taken at once, so that the pool can help. A place to go
//! on from is a row id, so earlier segments are not looked at again.

use std::ops::Range;

use twindex_index::index::Index;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::path::{Collection, RowId};

use crate::error::ExecError;
use crate::physical::Filter;
use crate::row::RowView;
use crate::runner::Runner;

/// Segments evaluated at once at most.
const BATCH_MAX: usize = 64;

/// What every sink needs to walk the segments of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan<'a> {
    pub(crate) index: &'a Index,
    /// None for a collection that is always empty.
    pub(crate) collection: Option<Collection>,
    pub(crate) filter: &'a Filter,
    pub(crate) runner: Runner<'a>,
}

impl<'a> Scan<'a> {
    pub(crate) fn n_segments(&self) -> usize {
        self.collection.map_or(0, |collection| self.index.n_segments(collection))
    }

    /// Segment `number`, which must be below [`Scan::n_segments`].
    pub(crate) fn segment(&self, number: usize) -> SegmentView<'a> {
        let collection = self.collection.unwrap_or(Collection::Devices);
        self.index.segment(collection, number)
    }

    /// Nanoseconds that finding the rows of some segments would take, with `row_ns` for each row
    /// found. Judged by the first of them.
    pub(crate) fn work_ns(&self, segments: Range<usize>, row_ns: f64) -> f64 {
        if segments.is_empty() {
            return 0.0;
        }
        let (filter_ns, rows_max) = self.filter.cost_ns(&self.segment(segments.start));
        (filter_ns + row_ns * f64::from(rows_max)) * segments.len() as f64
    }

    /// The rows after `after` that match, the first `skip` of them left out, at most `n_max`.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn rows(
        &self,
        after: Option<RowId>,
        skip: u64,
        n_max: usize,
    ) -> Result<Vec<RowId>, ExecError> {
        let mut taken = Taken { rows: Vec::new(), skip, n_max };
        let mut next = after.map_or(0, RowId::segment);
        let mut n_batch = 1;
        while next < self.n_segments() && !taken.is_full() {
            let batch = next..self.n_segments().min(next + n_batch);
            let begin = |segment| match after {
                Some(row) if row.segment() == segment => usize::from(row.place()) + 1,
                _ => 0,
            };
            if batch.len() == 1 {
                self.runner.stop.check()?;
                self.take_lazily(&self.segment(next), begin(next), &mut taken);
            } else {
                self.take_batch(batch.clone(), begin(next), &mut taken)?;
            }
            next = batch.end;
            n_batch = (n_batch * 2).min(BATCH_MAX);
        }
        Ok(taken.rows)
    }

    fn take_lazily(&self, segment: &SegmentView<'_>, begin: usize, taken: &mut Taken) {
        if self.filter.is_nothing(segment) {
            return;
        }
        let mut candidates = self.filter.candidates(segment);
        clear_before(&mut candidates, begin);
        if self.filter.rows().is_none() && taken.skips_all(&candidates) {
            return;
        }
        for row in candidates.iter() {
            let view = RowView { segment: *segment, row };
            if self.filter.keeps_candidate(&view) && taken.take(segment.row_id(row)) {
                return;
            }
        }
    }

    fn take_batch(
        &self,
        batch: Range<usize>,
        begin: usize,
        taken: &mut Taken,
    ) -> Result<(), ExecError> {
        let first = batch.start;
        let work_ns = self.work_ns(batch.clone(), 0.0);
        let has_rows = |number: &usize| !self.filter.is_nothing(&self.segment(*number));
        let batch = batch.filter(has_rows).collect();
        let masks = self
            .runner
            .map(batch, work_ns, |number| (number, self.filter.mask(&self.segment(number))))?;
        for (number, mut mask) in masks {
            if number == first {
                clear_before(&mut mask, begin);
            }
            if taken.skips_all(&mask) {
                continue;
            }
            let segment = self.segment(number);
            if mask.iter().any(|row| taken.take(segment.row_id(row))) {
                break;
            }
        }
        Ok(())
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
