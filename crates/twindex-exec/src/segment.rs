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
        let (mut pace, mut left) = (Pace::default(), Left::of(mask));
        while let Some(slice) = left.next_rows(pace.n_rows) {
            self.stop.check()?;
            self.step(|view| pace.timed(|_| work(view, &slice)))?;
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
        let (mut pace, mut left) = (Pace::default(), Left::of(mask));
        *mask = Mask::empty();
        while let Some(mut slice) = left.next_rows(pace.n_rows) {
            self.stop.check()?;
            self.step(|view| pace.timed(|_| node.narrow(view, &mut slice)))?;
            mask.or(&slice);
        }
        Ok(())
    }
}

/// The rows of a mask, some at a time.
pub(crate) fn cut_rows(mask: &Mask, n_rows: usize) -> impl Iterator<Item = Mask> {
    let mut left = Left::of(mask);
    std::iter::from_fn(move || left.next_rows(n_rows))
}

/// The rows of a mask that were not handed over yet.
#[derive(Debug)]
pub(crate) struct Left {
    rows: Mask,
    /// Words before this one are empty.
    begin: usize,
}

impl Left {
    /// All rows of a mask.
    pub(crate) fn of(mask: &Mask) -> Self {
        Self { rows: mask.clone(), begin: 0 }
    }

    /// The next `n_rows` rows, or as many as are left; `None` behind the last.
    pub(crate) fn next_rows(&mut self, n_rows: usize) -> Option<Mask> {
        let mut taken = Mask::empty();
        let mut n_left = n_rows;
        let words = self.rows.words_mut().iter_mut().zip(taken.words_mut());
        for (from, to) in words.skip(self.begin) {
            if n_left == 0 {
                break;
            }
            let all = *from;
            let n_all = all.count_ones() as usize;
            *from = if n_all > n_left { without_lowest(all, n_left) } else { 0 };
            *to = all & !*from;
            n_left -= n_all.min(n_left);
            self.begin += usize::from(*from == 0);
        }
        (n_left < n_rows).then_some(taken)
    }
}

/// A word without its `n` lowest bits that are set.
fn without_lowest(word: u64, n: usize) -> u64 {
    (0..n).fold(word, |word, _| word & word.wrapping_sub(1))
}

/// How many rows (or texts) a slice has, from how long the last two took: what a slice costs
/// whatever its rows (old cells are looked up anew in each) must not make slices shorter. That cost
/// shows only where two slices differ in length, and not through the noise of a busy machine: so
/// lengths that tell nothing grow, and become shorter only where that shortens slices. It begins with
/// one row, which may take a tenth of a second: a regular expression of its own.
#[derive(Debug)]
pub(crate) struct Pace {
    n_rows: usize,
    /// Rows and nanoseconds of the slice before.
    last: Option<(f64, f64)>,
    /// What a row takes, as the last two slices of different length told.
    row_ns: Option<f64>,
}

/// Rows of a first slice, and of any at least.
const ROWS_MIN: usize = 1;
/// Texts of a first slice: no text of a dictionary takes long.
const TEXTS_BEGUN: usize = 1_024;
/// How many times as long as the one before a slice is at most, while slices have few rows.
const GROWTH_OF_FEW: f64 = 4.0;
/// Rows that are few.
const FEW: f64 = 1_024.0;
/// The growth of longer slices: less, for a thread that was interrupted measures nonsense.
const GROWTH: f64 = 2.0;
/// Nanoseconds from which on a slice is not made longer just to see what that tells, where it has many
/// rows or it is known what a row takes.
const SLOW_NS: f64 = 25_000_000.0;
/// Nanoseconds that the rows of a slice are to take.
const ROWS_NS: f64 = 300_000.0;
/// The part of their rows by which the longer of two slices must take longer at least, or their rows
/// are not what takes the time.
const ROWS_PART: f64 = 0.5;

impl Default for Pace {
    fn default() -> Self {
        Self { n_rows: ROWS_MIN, last: None, row_ns: None }
    }
}

impl Pace {
    /// For texts instead of rows.
    pub(crate) fn of_texts() -> Self {
        Self { n_rows: TEXTS_BEGUN, ..Self::default() }
    }

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
            None => Some(nanos / n_rows),
            Some((n_before, _)) if n_before == n_rows && nanos > SLOW_NS => self.row_ns,
            Some(before) => {
                self.row_ns = row_ns(before, (n_rows, nanos));
                self.row_ns
            }
        };
        let n_fitting = row_ns.map_or(f64::MAX, |row_ns| ROWS_NS / row_ns);
        let growth = match (n_rows < FEW, nanos < SLOW_NS) {
            (true, true) => GROWTH_OF_FEW,
            (false, false) => 1.0,
            _ => GROWTH,
        };
        let n_next = n_fitting.clamp(n_rows / 2.0, n_rows * growth) as usize;
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
    use super::{Left, Mask, Pace, SEGMENT_ROWS, cut_rows};

    #[test]
    fn slices_leave_nothing_out() {
        let mut mask = Mask::empty();
        (0..40_000).step_by(3).for_each(|row| mask.set(row));
        for n_rows in [1, 7, 64, 500, 13_334, 70_000] {
            let slices: Vec<Vec<u16>> =
                cut_rows(&mask, n_rows).map(|slice| slice.iter().collect()).collect();
            let is_full = |slice: &Vec<u16>| slice.len() == n_rows;
            assert!(slices.iter().rev().skip(1).all(is_full), "{n_rows}");
            assert!(slices.concat().into_iter().eq(mask.iter()), "{n_rows}");
            assert_eq!(slices.len(), 13_334_usize.div_ceil(n_rows));
        }
        assert!(Left::of(&Mask::empty()).next_rows(1).is_none());
    }

    /// Rows of the slices after some, where a slice takes `fixed_ns` and `row_ns` for each row.
    fn settled(fixed_ns: f64, row_ns: f64) -> usize {
        let mut pace = Pace::default();
        (0..20).for_each(|_| pace.learn(fixed_ns + row_ns * pace.n_rows as f64));
        pace.n_rows
    }

    #[test]
    fn slices_are_as_long_as_rows_are_fast() {
        assert!(settled(0.0, 100_000.0) <= 12);
        assert_eq!(settled(0.0, 90e6), 1);
        assert!((1_000..=8_000).contains(&settled(0.0, 150.0)), "{}", settled(0.0, 150.0));
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
    fn rows_that_take_long_are_taken_one_by_one() {
        let mut pace = Pace::default();
        let lengths: Vec<usize> = (0..100)
            .map(|_| {
                let n_rows = pace.n_rows;
                pace.learn(90e6 * n_rows as f64);
                n_rows
            })
            .collect();
        assert!(lengths.iter().sum::<usize>() <= 101 && lengths.iter().max() == Some(&2));
    }

    #[test]
    fn noise_does_not_keep_slices_short() {
        for seed in 0..1_000 {
            for (fixed_ns, row_ns) in [(6e6, 150.0), (6e6, 0.0), (1e6, 1_000.0), (1e5, 5_000.0)] {
                let (total, longest) = noisy(fixed_ns, row_ns, seed);
                let rows_ns = row_ns * SEGMENT_ROWS as f64;
                let told = format!("{fixed_ns} {row_ns} {seed}: {total} {longest}");
                assert!(total <= 48.0 * fixed_ns + 4.0 * rows_ns, "{told}");
                assert!(longest <= 100e6, "{told}");
            }
        }
    }
}
