//! `SELECT DISTINCT` over rows: of equal rows the first in the order the rows have.
//!
//! A distinct row's place is that of its first twin, so a page goes on after a place like any
//! other, and nothing that was given need be remembered in a token: what lies before the place is
//! found again, and seen rows with it.

use std::ops::ControlFlow;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use twindex_kernels::SEGMENT_ROWS;
use twindex_kernels::mask::Mask;
use twindex_plan::logical;

use crate::budget::{Hold, sampled};
use crate::column::Column;
use crate::error::ExecError;
use crate::order::{Order, Ranked, best_of_each};
use crate::pieces::keep_first;
use crate::project::Projection;
use crate::row::RowView;
use crate::scan::Scan;
use crate::segment::{Left, Segment};
use crate::top::KEY_NS;
use crate::window::Window;

/// Segments whose distinct rows are gathered at once at most.
const BATCH_MAX: usize = 16;

/// Rows of the first slice of a segment at least, and how much longer the next one is.
const SLICE_MIN: usize = if cfg!(test) { 64 } else { 1_024 };
const SLICE_GROWTH: usize = 4;

/// Bytes of a text that was seen, and of a row, without what they say.
const SEEN_BYTES: usize = size_of::<Box<str>>() + 1;
pub(crate) const ROW_BYTES: usize = size_of::<DistinctRow>();

/// A distinct row: its first twin and its text.
pub(crate) type DistinctRow = (Ranked, Box<str>);

/// What distinct rows are made of.
#[derive(Debug)]
pub(crate) struct Distinct<'a> {
    pub(crate) columns: &'a [logical::Column],
    pub(crate) projection: &'a Projection<'a>,
    pub(crate) order: &'a Order<'a>,
}

impl Distinct<'_> {
    /// The rows of a page, at most one more than it holds.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn rows(
        &self,
        scan: &Scan<'_>,
        after: Option<&Ranked>,
        window: &Window,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        if self.order.keys.is_empty() {
            self.rows_in_row_order(scan, after, window)
        } else {
            self.rows_in_order(scan, after, window)
        }
    }

    fn rows_in_row_order(
        &self,
        scan: &Scan<'_>,
        after: Option<&Ranked>,
        window: &Window,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        let n_max = window.n_wanted_with_skip();
        let mut found = Found::new(self.order, after);
        let mut hold = scan.runner.budget.hold();
        // What lies before the place to go on from is needed in any case.
        let n_before = after.map_or(0, |after| after.row.segment());
        let (mut next, mut n_batch) = (0, 1);
        while next < scan.n_segments() && found.rows.len() < n_max {
            let n_some = if next < n_before { (n_before - next).min(BATCH_MAX) } else { n_batch };
            let batch = next..scan.n_segments().min(next + n_some);
            if batch.len() == 1 && next >= n_before {
                self.add_slices(scan, next, &mut found, (n_max, &mut hold))?;
            } else {
                let work_ns = scan.work_ns(batch.clone(), KEY_NS * self.columns.len() as f64)?;
                let of_segment = |number| self.rows_of_segment(scan, &scan.segment(number));
                let rows = scan.runner.map(batch.clone().collect(), work_ns, of_segment)?;
                rows.into_iter().for_each(|rows| found.add(rows));
            }
            if next >= n_before {
                n_batch = (n_batch * 2).min(BATCH_MAX);
            }
            next = batch.end;
            hold.set(found.heap_bytes())?;
        }
        found.rows.truncate(n_max);
        Ok(window.without_skipped(found.rows))
    }

    /// Adds the distinct rows of a segment, a slice of its rows after the other, until there are
    /// `n_max`: where most rows differ, a page is full long before a segment ends.
    fn add_slices(
        &self,
        scan: &Scan<'_>,
        number: usize,
        found: &mut Found<'_>,
        (n_max, hold): (usize, &mut Hold<'_>),
    ) -> Result<(), ExecError> {
        let segment = scan.segment(number);
        let mask = segment.mask(scan.filter)?;
        let (mut left, mut n_slice) = (Left::of(&mask), n_max.clamp(SLICE_MIN, SEGMENT_ROWS));
        while found.rows.len() < n_max
            && let Some(slice) = left.next_rows(n_slice)
        {
            scan.runner.check()?;
            found.add(self.rows_of_mask(&segment, &slice, Kept::ALL)?);
            hold.set(found.heap_bytes())?;
            n_slice = n_slice.saturating_mul(SLICE_GROWTH);
        }
        Ok(())
    }

    /// The distinct rows of one segment with their texts, in row order.
    fn rows_of_segment(
        &self,
        scan: &Scan<'_>,
        segment: &Segment<'_>,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        self.rows_of_mask(segment, &segment.mask(scan.filter)?, Kept::ALL)
    }

    /// The distinct rows of some rows of a segment with their texts, in row order, as far as they
    /// are kept.
    ///
    /// # Errors
    /// As [`Column::new`].
    pub(crate) fn rows_of_mask(
        &self,
        segment: &Segment<'_>,
        mask: &Mask,
        kept: Kept<'_>,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        let columns = self.columns_of(segment, mask)?;
        let mut firsts = best_of_each(&columns, self.order, (segment, mask), kept.bar)?;
        if firsts.len() > kept.n_max {
            keep_first(&mut firsts, kept.n_max, segment.stop, |a, b| self.order.cmp(a, b))?;
        }
        firsts.sort_unstable_by_key(|ranked| ranked.row);
        let mut printed = Mask::empty();
        firsts.iter().for_each(|ranked| printed.set(ranked.row.place()));
        let mut texts = Vec::with_capacity(firsts.len());
        segment.rows(&printed, |row| {
            texts.push(self.text_of(row));
            ControlFlow::Continue(())
        })?;
        Ok(firsts.into_iter().zip(texts).collect())
    }

    /// The columns over some rows.
    ///
    /// # Errors
    /// As [`Column::new`].
    pub(crate) fn columns_of(
        &self,
        segment: &Segment<'_>,
        mask: &Mask,
    ) -> Result<Vec<Column>, ExecError> {
        self.columns.iter().map(|column| Column::new(&column.expr, segment, mask)).collect()
    }

    /// The text by which a row is told from others.
    pub(crate) fn text_of(&self, row: &RowView<'_>) -> Box<str> {
        let mut text = String::new();
        self.projection.write_canonical(row, &mut text);
        text.into_boxed_str()
    }
}

/// Which distinct rows of some rows are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<'a> {
    /// None behind this one.
    pub(crate) bar: Option<&'a Ranked>,
    /// Only so many, one or more, the first in order.
    pub(crate) n_max: usize,
}

impl Kept<'_> {
    /// All of them.
    const ALL: Self = Self { bar: None, n_max: usize::MAX };
}

/// Distinct rows of a page, as they are found.
pub(crate) struct Found<'a> {
    /// Where the page goes on from.
    after: Option<&'a Ranked>,
    order: &'a Order<'a>,
    seen: HashMap<Box<str>, (), RandomState>,
    pub(crate) rows: Vec<DistinctRow>,
}

impl<'a> Found<'a> {
    /// None yet, of those after a place.
    pub(crate) fn new(order: &'a Order<'a>, after: Option<&'a Ranked>) -> Self {
        Self { after, order, seen: HashMap::default(), rows: Vec::new() }
    }

    /// Distinct rows so far, those before the place with them.
    pub(crate) fn n_seen(&self) -> usize {
        self.seen.len()
    }

    /// Adds rows behind all that were added.
    pub(crate) fn add(&mut self, rows: Vec<DistinctRow>) {
        for (ranked, text) in rows {
            if self.seen.insert(text.clone(), ()).is_none()
                && self.after.is_none_or(|after| self.order.cmp(&ranked, after).is_gt())
            {
                self.rows.push((ranked, text));
            }
        }
    }

    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let n_texts = self.seen.len() + self.rows.len();
        let texts = sampled(self.seen.keys().map(|text| text.len()), n_texts);
        self.seen.capacity() * SEEN_BYTES + self.rows.capacity() * ROW_BYTES + texts
    }
}
