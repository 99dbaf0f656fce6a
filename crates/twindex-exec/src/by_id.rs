//! Rows in the order of `deviceId`, where that order was built already: none is keyed or sorted but
//! those that are given.
//!
//! The order is walked from its end, or from the place that a page goes on from, past rows that do
//! not match. Rows in which a twin came or went since it was built are sorted among themselves and
//! merged in. Where so few rows match that most of the walk would be in vain, sorting those is less.

use std::ops::Bound;

use twindex_index::sorted_ids::InRange;
use twindex_kernels::mask::Mask;
use twindex_model::path::{Collection, RowId};

use crate::error::ExecError;
use crate::key::Key;
use crate::order::{Order, Ranked};
use crate::scan::Scan;

/// Nanoseconds that passing by one row of the order is taken to cost.
const WALK_NS: f64 = 4.0;
/// Nanoseconds that keying and sorting one row is taken to cost.
const SORT_NS: f64 = 60.0;
/// Rows that are merged in at most.
const MOVED_MAX: usize = 512;

impl Scan<'_> {
    /// The first rows after `after` in an order by `deviceId`, `skip` of them left out, at most
    /// `n_max`; `None` where there is no such order, or it would not pay.
    ///
    /// # Errors
    /// [`ExecError::Stopped`], [`ExecError::OverBudget`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn by_id(
        &self,
        order: &Order<'_>,
        after: Option<&Ranked>,
        (skip, n_max): (u64, usize),
    ) -> Result<Option<Vec<Ranked>>, ExecError> {
        let n_skipped = usize::try_from(skip).unwrap_or(usize::MAX);
        // One more, for the row that the page before ended with may still be there.
        let n_wanted = n_skipped.saturating_add(n_max).saturating_add(usize::from(after.is_some()));
        let Some(range) = self.ids_from(order, after)? else { return Ok(None) };
        let mut masks = self.masks()?;
        let mut hold = self.runner.budget.hold();
        hold.set(masks.len() * size_of::<Mask>())?;
        let moved = take_moved(&range, &mut masks);
        let n_match = moved.len() + masks.iter().map(|mask| mask.count() as usize).sum::<usize>();
        let n_walked =
            range.rows().len() as f64 * (n_wanted as f64 / n_match.max(1) as f64).min(1.0);
        if moved.len() > MOVED_MAX || n_walked * WALK_NS > n_match as f64 * SORT_NS + 1_000.0 {
            return Ok(None);
        }
        let settled = self.walk(order, (&range, &masks), n_wanted)?;
        hold.set(masks.len() * size_of::<Mask>() + settled.len() * 2 * size_of::<RowId>())?;
        let mut rows = self.merged(order, settled, (&moved, after))?;
        rows.truncate(n_wanted);
        rows.drain(..n_skipped.min(rows.len()));
        let mut found = self.keyed(order, &rows)?;
        if let Some(after) = after {
            found.retain(|row| order.cmp(row, after).is_gt());
        }
        found.truncate(n_max);
        Ok(Some(found))
    }

    /// The order from a place on, if it is asked for and there.
    fn ids_from(
        &self,
        order: &Order<'_>,
        after: Option<&Ranked>,
    ) -> Result<Option<InRange>, ExecError> {
        if !self.is_by_id || self.collection() != Some(Collection::Devices) {
            return Ok(None);
        }
        let place = match after.and_then(|after| after.keys.first()) {
            None => Bound::Unbounded,
            Some(Key::String(id)) => Bound::Included(Box::from(&**id)),
            Some(_) => return Ok(None),
        };
        let (low, high) = match order.is_descending() {
            false => (place, Bound::Unbounded),
            true => (Bound::Unbounded, place),
        };
        Ok(self.runner.stop.read(self.snapshot())?.ids_between(low, high))
    }

    /// The rows that match, by segment.
    fn masks(&self) -> Result<Vec<Mask>, ExecError> {
        let segments = (0..self.n_segments()).map(|number| self.segment(number)).collect();
        let work_ns = self.work_ns(0..self.n_segments(), 0.0)?;
        self.runner.map(segments, work_ns, |segment| segment.mask(self.filter))
    }

    /// The first rows of a range that match, in order.
    fn walk(
        &self,
        order: &Order<'_>,
        (range, masks): (&InRange, &[Mask]),
        n_max: usize,
    ) -> Result<Vec<RowId>, ExecError> {
        let rows = range.rows();
        let row_at = |at: usize| match order.is_descending() {
            false => RowId(rows[at]),
            true => RowId(rows[rows.len() - 1 - at]),
        };
        let mut found = Vec::new();
        for at in 0..rows.len() {
            self.runner.stop.check_at(at)?;
            if found.len() == n_max {
                break;
            }
            let row = row_at(at);
            if masks.get(row.segment()).is_some_and(|mask| mask.get(row.place())) {
                found.push(row);
            }
        }
        Ok(found)
    }

    /// Rows in order with those of others, in no order, that come after a place.
    fn merged(
        &self,
        order: &Order<'_>,
        settled: Vec<RowId>,
        (moved, after): (&[RowId], Option<&Ranked>),
    ) -> Result<Vec<RowId>, ExecError> {
        if moved.is_empty() {
            return Ok(settled);
        }
        let mut moved = self.keyed(order, moved)?;
        moved.retain(|row| after.is_none_or(|after| order.cmp(row, after).is_gt()));
        moved.sort_unstable_by(|a, b| order.cmp(a, b));
        let mut all = Vec::with_capacity(settled.len() + moved.len());
        let mut n_taken = 0;
        for row in &moved {
            let (mut from, mut to) = (n_taken, settled.len());
            while from < to {
                let middle = usize::midpoint(from, to);
                let is_before = self.keyed(order, &settled[middle..=middle])?;
                let is_before = is_before.first().is_some_and(|of| order.cmp(of, row).is_lt());
                if is_before { from = middle + 1 } else { to = middle }
            }
            all.extend_from_slice(&settled[n_taken..from]);
            all.push(row.row);
            n_taken = from;
        }
        all.extend_from_slice(&settled[n_taken..]);
        Ok(all)
    }
}

/// Takes rows out of masks whose places in the order say nothing, and gives those that were in.
fn take_moved(range: &InRange, masks: &mut [Mask]) -> Vec<RowId> {
    let mut taken = Vec::new();
    for row in range.moved() {
        if let Some(mask) = masks.get_mut(row.segment())
            && mask.get(row.place())
        {
            mask.clear_row(row.place());
            taken.push(row);
        }
    }
    taken
}
