//! Where the best rows are, before any is looked at: what segments promise, and a first bar.
//!
//! The best numbers of all zones say more than an order of segments. A hundred zones whose best
//! numbers are no worse than some number hold a hundred rows or more that are no worse than it, if all
//! rows match; if a part of them does, so many more zones are wanted. That number is a bar from the
//! beginning, on all threads alike, and mostly leaves little more than the rows wanted. It may be
//! wrong: bounds of zones may be wider than their numbers, and matching rows may lie elsewhere than
//! a sample says. Then fewer rows than wanted are found up to it, and all is done again without it.

use crate::error::ExecError;
use crate::order::Order;
use crate::path_key::{PathKey, Promise};
use crate::scan::Scan;

/// Segments of which the matching rows are counted.
const SAMPLED: usize = 3;
/// Rows looked for by the sample, for each row wanted.
const SPARE: f64 = 2.0;
/// The share of zones past which their best numbers say nothing of how many rows are as good.
const ZONES_PART_MAX: f64 = 0.9;

/// What is known of an order before the rows are.
#[derive(Debug)]
pub(crate) struct Survey {
    /// The segments with what they promise, those that promise most first.
    pub(crate) segments: Vec<(usize, Promise)>,
    /// A first key that enough rows probably come up to.
    pub(crate) bar: Option<f64>,
}

impl Scan<'_> {
    /// Looks for the best `n_max` rows; only at what segments promise if that is none.
    ///
    /// # Errors
    /// As [`Scan::top`].
    pub(crate) fn survey(&self, order: &Order<'_>, n_max: usize) -> Result<Survey, ExecError> {
        let numbers = 0..self.n_segments();
        let Some(first) = PathKey::of(order.keys) else {
            let segments = numbers.map(|number| (number, Promise::Certain)).collect();
            return Ok(Survey { segments, bar: None });
        };
        let mut bests = Vec::new();
        let mut promised = |number| {
            let promise = self.segment(number).step(|view| first.promise(view, &mut bests))?;
            Ok((number, promise))
        };
        let mut segments = numbers.map(&mut promised).collect::<Result<Vec<_>, ExecError>>()?;
        segments.sort_by(|a, b| first.cmp_promises(a.1, b.1).then(a.0.cmp(&b.0)));
        let has_numbers_first = segments.first().is_some_and(|of| of.1 != Promise::Certain);
        let n_zones = match has_numbers_first {
            true if n_max > 0 => self.n_zones_wanted(bests.len(), n_max)?,
            _ => None,
        };
        let bar = n_zones.and_then(|n_zones| {
            let place = n_zones.checked_sub(1).filter(|place| *place < bests.len())?;
            Some(*bests.select_nth_unstable_by(place, |a, b| first.cmp(*a, *b)).1)
        });
        Ok(Survey { segments, bar })
    }

    /// How many of so many zones, the best ones, probably hold `n_max` rows that are as good as the
    /// best of the last of them.
    fn n_zones_wanted(&self, n_zones: usize, n_max: usize) -> Result<Option<usize>, ExecError> {
        let part = self.part_matching()?;
        if part <= 0.0 {
            return Ok(None);
        }
        let n_zones_max = n_zones as f64 * ZONES_PART_MAX;
        let wanted = if part >= 1.0 {
            // Each of the zones has such a row.
            n_max as f64
        } else {
            // Rows that are scattered hit a zone that has one already.
            let n_rows = n_max as f64 / part * SPARE;
            n_zones as f64 * -(-n_rows / n_zones as f64).exp_m1()
        };
        Ok((wanted <= n_zones_max).then_some(wanted.ceil() as usize))
    }

    /// The share of rows that match, by a sample; none where looking would take long.
    fn part_matching(&self) -> Result<f64, ExecError> {
        if self.filter.has_row_steps() {
            return Ok(0.0);
        }
        let (mut n_matching, mut n_live) = (0, 0);
        let step = (self.n_segments() / SAMPLED).max(1);
        for number in (0..self.n_segments()).skip(step / 2).step_by(step) {
            let counted = self.segment(number).step(|view| {
                (!self.filter.is_slow(view)).then(|| (self.filter.count(view), view.n_live()))
            })?;
            let Some((matching, live)) = counted else { return Ok(0.0) };
            n_matching += matching;
            n_live += live;
        }
        Ok(f64::from(n_matching) / f64::from(n_live.max(1)))
    }
}
