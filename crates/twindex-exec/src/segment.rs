//! One segment of a scan, read in steps.
//!
//! Each step holds the writer off for itself alone and lets go before the next one: what is read
//! is of one version whatever is written in between, so nothing binds the steps together. Work
//! that goes row by row is cut into slices by the time that rows take, so that neither the writer
//! nor a stop waits for all rows of a segment. A hold over the whole of a segment's work was
//! rejected: an expression over 65,536 rows is ten milliseconds at best.

use std::ops::ControlFlow;
use std::time::Instant;

use twindex_index::snapshot::Snapshot;
use twindex_index::view::SegmentView;
use twindex_kernels::SEGMENT_ROWS;
use twindex_kernels::mask::Mask;
use twindex_model::path::{Collection, RowId};

use crate::budget::Budget;
use crate::error::ExecError;
use crate::operator::Node;
use crate::physical::Filter;
use crate::row::RowView;
use crate::stop::Stop;

/// One segment of a scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) stop: &'a Stop,
    pub(crate) budget: &'a Budget,
    pub(crate) collection: Collection,
    pub(crate) number: usize,
}

impl Segment<'_> {
    /// The row id of a place.
    pub(crate) fn row_id(&self, row: u16) -> RowId {
        RowId::new(self.number, row)
    }

    /// Does one step, which must not begin another.
    ///
    /// # Errors
    /// As [`Stop::read`].
    pub(crate) fn step<R>(&self, work: impl FnOnce(&SegmentView<'_>) -> R) -> Result<R, ExecError> {
        let read = self.stop.read(self.snapshot)?;
        Ok(work(&read.segment(self.collection, self.number)))
    }

    /// Hands over the rows of `mask` in order, in slices, until `work` breaks.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::SnapshotExpired`], found between two slices.
    pub(crate) fn rows(
        &self,
        mask: &Mask,
        mut work: impl FnMut(&RowView<'_>) -> ControlFlow<()>,
    ) -> Result<(), ExecError> {
        let mut rows = mask.iter().peekable();
        let mut pace = Pace::default();
        while rows.peek().is_some() {
            self.stop.check()?;
            let flow = self.step(|view| {
                pace.timed(|n_rows| {
                    rows.by_ref()
                        .take(n_rows)
                        .try_for_each(|row| work(&RowView { segment: *view, row }))
                })
            })?;
            if flow.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Hands over the rows of `mask` in slices, as masks.
    ///
    /// # Errors
    /// As [`Segment::rows`].
    pub(crate) fn slices(
        &self,
        mask: &Mask,
        mut work: impl FnMut(&SegmentView<'_>, &Mask),
    ) -> Result<(), ExecError> {
        let (mut pace, mut begin) = (Pace::default(), 0);
        while begin < mask.words().len() {
            self.stop.check()?;
            let mut slice = Mask::empty();
            begin = copy_some(mask, (begin, pace.n_rows), &mut slice);
            if !slice.is_empty() {
                self.step(|view| pace.timed(|_| work(view, &slice)))?;
            }
        }
        Ok(())
    }

    /// The rows that match.
    ///
    /// # Errors
    /// As [`Segment::rows`].
    pub(crate) fn mask(&self, filter: &Filter) -> Result<Mask, ExecError> {
        let mut mask = self.candidates(filter)?;
        if let Some(rows) = filter.rows() {
            self.narrow_in_slices(rows, &mut mask)?;
        }
        Ok(mask)
    }

    /// The rows that match if [`Filter::keeps_candidate`] says so.
    ///
    /// # Errors
    /// As [`Segment::rows`].
    pub(crate) fn candidates(&self, filter: &Filter) -> Result<Mask, ExecError> {
        if !filter.masks().operator().has_row_steps() {
            let quick =
                |view: &SegmentView<'_>| (!filter.is_slow(view)).then(|| filter.candidates(view));
            if let Some(mask) = self.step(quick)? {
                return Ok(mask);
            }
        }
        let mut mask = self.step(|view| view.live().clone())?;
        self.narrow_in_slices(filter.masks(), &mut mask)?;
        Ok(mask)
    }

    /// Keeps in `mask`, of live rows, those that match.
    ///
    /// # Errors
    /// As [`Segment::rows`].
    pub(crate) fn narrow(&self, filter: &Filter, mask: &mut Mask) -> Result<(), ExecError> {
        let has_steps = filter.masks().operator().has_row_steps();
        let is_done = !has_steps
            && self.step(|view| {
                let is_quick = !filter.is_slow(view);
                if is_quick {
                    filter.masks().narrow(view, mask);
                }
                is_quick
            })?;
        if !is_done {
            self.narrow_in_slices(filter.masks(), mask)?;
        }
        match filter.rows() {
            Some(rows) => self.narrow_in_slices(rows, mask),
            None => Ok(()),
        }
    }

    fn narrow_in_slices(&self, node: &Node, mask: &mut Mask) -> Result<(), ExecError> {
        let mut pace = Pace::default();
        let mut begin = 0;
        while begin < mask.words().len() {
            self.stop.check()?;
            let mut slice = Mask::empty();
            let end = copy_some(mask, (begin, pace.n_rows), &mut slice);
            if !slice.is_empty() {
                self.step(|view| pace.timed(|_| node.narrow(view, &mut slice)))?;
            }
            mask.words_mut()[begin..end].copy_from_slice(&slice.words()[begin..end]);
            begin = end;
        }
        Ok(())
    }
}

/// The rows of a mask, some at a time: `n_rows`, or up to a word more.
pub(crate) fn cut_rows(mask: &Mask, n_rows: usize) -> impl Iterator<Item = Mask> {
    let mut begin = 0;
    std::iter::from_fn(move || {
        let mut some = Mask::empty();
        begin = copy_some(mask, (begin, n_rows), &mut some);
        (!some.is_empty()).then_some(some)
    })
}

/// Copies words of `from` from word `begin` on, until they hold `n_rows` rows or more, and gives
/// the word behind the last.
pub(crate) fn copy_some(from: &Mask, (begin, n_rows): (usize, usize), to: &mut Mask) -> usize {
    let mut n_copied = 0;
    let words = from.words().iter().zip(to.words_mut()).enumerate().skip(begin);
    for (i, (from, to)) in words {
        if n_copied >= n_rows {
            return i;
        }
        *to = *from;
        n_copied += from.count_ones() as usize;
    }
    from.words().len()
}

/// How many rows (or texts) a slice has, from how long the last two took: what a slice costs
/// whatever its rows (old cells are looked up anew in each) must not make slices shorter. That cost
/// shows only where two slices differ in length, and not through the noise of a busy machine: so
/// lengths that tell nothing are doubled, and become shorter only where that shortens slices.
#[derive(Debug)]
pub(crate) struct Pace {
    n_rows: usize,
    /// Rows and nanoseconds of the slice before.
    last: Option<(f64, f64)>,
}

/// Rows of a first slice.
const ROWS_BEGUN: usize = 1_024;
/// Rows of a slice at least: one word of a mask.
const ROWS_MIN: usize = 64;
/// Nanoseconds that the rows of a slice are to take.
const ROWS_NS: f64 = 300_000.0;
/// The part of their rows by which the longer of two slices must take longer at least, or their rows
/// are not what takes the time.
const ROWS_PART: f64 = 0.5;

impl Default for Pace {
    fn default() -> Self {
        Self { n_rows: ROWS_BEGUN, last: None }
    }
}

impl Pace {
    /// Works on a slice and learns from how long that takes.
    pub(crate) fn timed<R>(&mut self, work: impl FnOnce(usize) -> R) -> R {
        let begun = Instant::now();
        let result = work(self.n_rows);
        self.learn(begun.elapsed().as_nanos() as f64);
        result
    }

    fn learn(&mut self, nanos: f64) {
        let n_rows = self.n_rows as f64;
        let row_ns = match self.last.replace((n_rows, nanos)) {
            Some(before) => row_ns(before, (n_rows, nanos)),
            None => Some(nanos / n_rows),
        };
        let n_fitting = row_ns.map_or(f64::MAX, |row_ns| ROWS_NS / row_ns);
        // Half or twice at most, for a thread that was interrupted measures nonsense.
        let n_next = n_fitting.clamp(n_rows / 2.0, n_rows * 2.0) as usize;
        self.n_rows = n_next.clamp(ROWS_MIN, SEGMENT_ROWS);
    }
}

/// What a row takes, from rows and nanoseconds of two slices; none where these do not tell.
fn row_ns(a: (f64, f64), b: (f64, f64)) -> Option<f64> {
    let (short, long) = if a.0 < b.0 { (a, b) } else { (b, a) };
    let n_more = long.0 - short.0;
    let least = ROWS_PART * n_more * short.1 / short.0;
    let more_ns = long.1 - short.1;
    (n_more > 0.0 && more_ns > 0.0 && more_ns >= least).then_some(more_ns / n_more)
}

#[cfg(test)]
mod tests {
    use super::{Mask, Pace, ROWS_MIN, SEGMENT_ROWS, copy_some};

    #[test]
    fn slices_are_cut_at_words_and_leave_nothing_out() {
        let mut mask = Mask::empty();
        (0..40_000).step_by(3).for_each(|row| mask.set(row));
        let (mut begin, mut all, mut n_slices) = (0, Mask::empty(), 0);
        while begin < mask.words().len() {
            let mut slice = Mask::empty();
            begin = copy_some(&mask, (begin, 500), &mut slice);
            assert!(slice.count() <= 500 + 63);
            assert_eq!(all.and_count(&slice), 0);
            all.or(&slice);
            n_slices += 1;
        }
        assert_eq!(all, mask);
        assert_eq!(n_slices, 40_000 / 3 / 500 + 1);
    }

    /// Rows of the slices after some, where a slice takes `fixed_ns` and `row_ns` for each row.
    fn settled(fixed_ns: f64, row_ns: f64) -> usize {
        let mut pace = Pace::default();
        (0..20).for_each(|_| pace.learn(fixed_ns + row_ns * pace.n_rows as f64));
        pace.n_rows
    }

    #[test]
    fn slices_are_as_long_as_rows_are_fast() {
        assert!(settled(0.0, 100_000.0) <= 2 * ROWS_MIN);
        assert!((1_000..4_000).contains(&settled(0.0, 150.0)), "{}", settled(0.0, 150.0));
        assert_eq!(settled(0.0, 0.0), SEGMENT_ROWS);
        // Long slices, though each takes a millisecond.
        assert!(settled(1_000_000.0, 150.0) >= 1_000, "{}", settled(1_000_000.0, 150.0));
    }

    /// What all rows of a segment take, and the longest slice, where a slice takes up to twice as
    /// long as it should.
    fn noisy(fixed_ns: f64, row_ns: f64, mut seed: u64) -> (f64, f64) {
        let (mut pace, mut n_left) = (Pace::default(), SEGMENT_ROWS as f64);
        let (mut total, mut longest) = (0.0, 0.0_f64);
        while n_left > 0.0 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = 1.0 + (seed >> 40) as f64 / (1 << 24) as f64;
            let nanos = (fixed_ns + row_ns * pace.n_rows as f64) * noise;
            n_left -= pace.n_rows as f64;
            pace.learn(nanos);
            (total, longest) = (total + nanos, longest.max(nanos));
        }
        (total, longest)
    }

    #[test]
    fn noise_does_not_keep_slices_short() {
        for seed in 0..1_000 {
            for (fixed_ns, row_ns) in [(6e6, 150.0), (6e6, 0.0), (1e6, 1_000.0), (1e5, 5_000.0)] {
                let (total, longest) = noisy(fixed_ns, row_ns, seed);
                let rows_ns = row_ns * SEGMENT_ROWS as f64;
                let told = format!("{fixed_ns} {row_ns} {seed}: {total} {longest}");
                assert!(total <= 40.0 * fixed_ns + 4.0 * rows_ns, "{told}");
                assert!(longest <= 100e6, "{told}");
            }
        }
    }
}
