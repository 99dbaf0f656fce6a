//! Groups far down in their order: only those about a page are kept and sorted.
//!
//! A sample of all groups, in order, says between which two of them the page probably lies. Those
//! before the first are counted, and those behind the second passed over, so ten million groups need
//! no room for their ranks. Where the sample was wrong, all are ranked after all.

use std::ops::Range;

use crate::error::ExecError;
use crate::group_order::{GroupOrder, RankedGroup};
use crate::runner::Runner;

/// Groups left out before a page from which on it is far down.
const FAR: usize = if cfg!(test) { 32 } else { 1 << 14 };
/// Groups of a sample, about.
const SAMPLE: usize = if cfg!(test) { 64 } else { 4_096 };
/// How many places of the sample a page may lie off where it is looked for: by four times what is to
/// be expected.
const MARGIN: usize = if cfg!(test) { 16 } else { 128 };

/// The groups between two of a sample.
#[derive(Debug)]
pub(crate) struct GroupStrip {
    pub(crate) groups: Vec<RankedGroup>,
    /// How many come before all of these.
    pub(crate) n_before: usize,
}

impl GroupOrder<'_> {
    /// The groups among which those at some places are, of all that may be given; none where these
    /// are not far down, or were not found so. All are worth `work_ns`.
    ///
    /// # Errors
    /// As [`Runner::check`].
    pub(crate) fn strip(
        &self,
        places: &Range<usize>,
        work_ns: f64,
        runner: Runner<'_>,
    ) -> Result<Option<GroupStrip>, ExecError> {
        let n_groups = self.n_wanted();
        if places.start < FAR || places.end >= n_groups {
            return Ok(None);
        }
        let step = n_groups / SAMPLE + 1;
        let sample = self.sample(step, runner)?;
        let at = |place: usize| (place as f64 / n_groups as f64 * sample.len() as f64) as usize;
        let low = at(places.start).checked_sub(MARGIN).and_then(|place| sample.get(place));
        let high = sample.get(at(places.end) + MARGIN);
        if low.is_none() && high.is_none() {
            return Ok(None);
        }
        let is_before = |group: &RankedGroup| low.is_some_and(|low| self.cmp(group, low).is_lt());
        let is_behind =
            |group: &RankedGroup| high.is_some_and(|high| self.cmp(group, high).is_gt());
        let cut = |part: usize| {
            let mut strip = GroupStrip { groups: Vec::new(), n_before: 0 };
            for (i, place) in self.wanted(part).iter().enumerate() {
                runner.stop.check_at(i)?;
                let group = self.ranked(part, *place);
                if is_before(&group) {
                    strip.n_before += 1;
                } else if !is_behind(&group) {
                    strip.groups.push(group);
                }
            }
            Ok(strip)
        };
        // What lies between the two, in its parts and then together; the hold follows once it is known.
        let n_expected = n_groups.min(places.len() + 2 * MARGIN * step);
        let mut hold = runner.budget.hold();
        hold.set(2 * n_expected * size_of::<RankedGroup>())?;
        let parts = runner.map((0..self.n_parts()).collect(), work_ns, cut)?;
        let strip = parts.into_iter().reduce(|mut all, part| {
            all.n_before += part.n_before;
            all.groups.extend(part.groups);
            all
        });
        Ok(strip.filter(|strip| {
            let end = strip.n_before + strip.groups.len();
            strip.n_before <= places.start && places.end <= end
        }))
    }

    /// One group of so many, in order.
    fn sample(&self, step: usize, runner: Runner<'_>) -> Result<Vec<RankedGroup>, ExecError> {
        runner.check()?;
        let of_part = |part: usize| {
            self.wanted(part).iter().step_by(step).map(move |place| self.ranked(part, *place))
        };
        let mut sample: Vec<RankedGroup> = (0..self.n_parts()).flat_map(of_part).collect();
        sample.sort_unstable_by(|a, b| self.cmp(a, b));
        Ok(sample)
    }
}
