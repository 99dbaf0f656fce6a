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

use crate::budget::{Held, Hold, heap_bytes_of, sampled};
use crate::column::Column;
use crate::error::ExecError;
use crate::key::Key;
use crate::pieces::first_in_order;
use crate::project::Projection;
use crate::runner::Fold;
use crate::scan::Scan;
use crate::segment::{Segment, copy_some};
use crate::top::{KEY_NS, Order, Ranked, best_of_each};
use crate::window::Window;

/// Segments whose distinct rows are gathered at once at most.
const BATCH_MAX: usize = 16;

/// Rows of the first slice of a segment at least, and how much longer the next one is.
const SLICE_MIN: usize = if cfg!(test) { 64 } else { 1_024 };
const SLICE_GROWTH: usize = 4;

/// Bytes of a text that was seen, and of a row, without what they say.
const SEEN_BYTES: usize = size_of::<Box<str>>() + 1;
const ROW_BYTES: usize = size_of::<DistinctRow>();

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
        let mut found = Found { after, order: self.order, seen: HashMap::default(), rows: vec![] };
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
        let (mut begin, mut n_slice) = (0, n_max.clamp(SLICE_MIN, SEGMENT_ROWS));
        while begin < mask.words().len() && found.rows.len() < n_max {
            scan.runner.check()?;
            let mut slice = Mask::empty();
            begin = copy_some(&mask, (begin, n_slice), &mut slice);
            if !slice.is_empty() {
                found.add(self.rows_of_mask(&segment, &slice)?);
                hold.set(found.heap_bytes())?;
            }
            n_slice = n_slice.saturating_mul(SLICE_GROWTH);
        }
        Ok(())
    }

    fn rows_in_order(
        &self,
        scan: &Scan<'_>,
        after: Option<&Ranked>,
        window: &Window,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        type Firsts = HashMap<Box<str>, Ranked, RandomState>;
        let insert = |firsts: &mut Firsts, (ranked, text): DistinctRow| {
            let first = firsts.entry(text).or_insert_with(|| ranked.clone());
            if self.order.cmp(&ranked, first).is_lt() {
                *first = ranked;
            }
        };
        let bytes_of = |firsts: &Firsts| {
            let texts = sampled(firsts.keys().map(|text| text.len()), firsts.len());
            let keys = firsts.values().flat_map(|ranked| &ranked.keys);
            let n_keys = firsts.len() * self.order.keys.len();
            firsts.capacity() * ROW_BYTES
                + texts
                + n_keys * size_of::<Key>()
                + heap_bytes_of(keys, n_keys)
        };
        let row_ns = KEY_NS * (self.order.keys.len() + self.columns.len()) as f64;
        let firsts = scan.runner.fold(
            scan.n_segments(),
            scan.work_ns(0..scan.n_segments(), row_ns)?,
            &Fold {
                begin: &|| Held::new(Firsts::default(), scan.runner.budget),
                add: &|firsts: &mut Held<'_, Firsts>, number| {
                    let found = self.rows_of_segment(scan, &scan.segment(number))?;
                    found.into_iter().for_each(|row| insert(&mut firsts.inner, row));
                    firsts.hold.set(bytes_of(&firsts.inner))
                },
                merge: &|firsts, others| {
                    for (i, (text, ranked)) in others.inner.into_iter().enumerate() {
                        scan.runner.stop.check_at(i)?;
                        insert(&mut firsts.inner, (ranked, text));
                    }
                    firsts.hold.set(bytes_of(&firsts.inner))
                },
            },
        )?;
        // Held until the rows are cut.
        let Held { inner: firsts, mut hold } = firsts;
        hold.set(bytes_of(&firsts))?;
        let mut rows: Vec<DistinctRow> = firsts
            .into_iter()
            .map(|(text, ranked)| (ranked, text))
            .filter(|(ranked, _)| after.is_none_or(|after| self.order.cmp(ranked, after).is_gt()))
            .collect();
        let n_max = window.n_wanted_with_skip();
        let cmp = |a: &DistinctRow, b: &DistinctRow| self.order.cmp(&a.0, &b.0);
        rows = first_in_order(rows, n_max, scan.runner.stop, cmp)?;
        Ok(window.without_skipped(rows))
    }

    /// The distinct rows of one segment with their texts, in row order.
    fn rows_of_segment(
        &self,
        scan: &Scan<'_>,
        segment: &Segment<'_>,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        self.rows_of_mask(segment, &segment.mask(scan.filter)?)
    }

    /// The distinct rows of some rows of a segment with their texts, in row order.
    fn rows_of_mask(
        &self,
        segment: &Segment<'_>,
        mask: &Mask,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        let columns = self.columns.iter();
        let columns: Vec<Column> = columns
            .map(|column| Column::new(&column.expr, segment, mask))
            .collect::<Result<_, _>>()?;
        let mut firsts = best_of_each(&columns, self.order, (segment, mask))?;
        firsts.sort_unstable_by_key(|ranked| ranked.row);
        let mut printed = Mask::empty();
        firsts.iter().for_each(|ranked| printed.set(ranked.row.place()));
        let mut texts = Vec::with_capacity(firsts.len());
        segment.rows(&printed, |row| {
            let mut text = String::new();
            self.projection.write_canonical(row, &mut text);
            texts.push(text.into_boxed_str());
            ControlFlow::Continue(())
        })?;
        Ok(firsts.into_iter().zip(texts).collect())
    }
}

/// Distinct rows of a page in row order, as they are found.
struct Found<'a> {
    /// Where the page goes on from.
    after: Option<&'a Ranked>,
    order: &'a Order<'a>,
    seen: HashMap<Box<str>, (), RandomState>,
    rows: Vec<DistinctRow>,
}

impl Found<'_> {
    /// Adds rows behind all that were added.
    fn add(&mut self, rows: Vec<DistinctRow>) {
        for (ranked, text) in rows {
            if self.seen.insert(text.clone(), ()).is_none()
                && self.after.is_none_or(|after| self.order.cmp(&ranked, after).is_gt())
            {
                self.rows.push((ranked, text));
            }
        }
    }

    /// Bytes on the heap, about.
    fn heap_bytes(&self) -> usize {
        let n_texts = self.seen.len() + self.rows.len();
        let texts = sampled(self.seen.keys().map(|text| text.len()), n_texts);
        self.seen.capacity() * SEEN_BYTES + self.rows.capacity() * ROW_BYTES + texts
    }
}
