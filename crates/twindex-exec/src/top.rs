//! The first rows in the order of sort keys, without sorting the others.
//!
//! A buffer of twice the rows wanted is cut back by selection whenever it is full, and from then on
//! the worst row kept is a bar: most rows fail against it after one comparison, most segments after
//! one look at the least and greatest of their numbers, most zones of the others after another, and
//! where the key is a number or a string the bar becomes a range that a lane narrows by; so does the
//! place that a page goes on from. A heap would do the same with worse locality.

mod narrow;

use std::ops::ControlFlow;

use rayon::ThreadPool;
use twindex_index::filter::PathFilter;
use twindex_kernels::mask::Mask;
use twindex_model::path::RowId;
use twindex_plan::eval::evaluate;

use crate::aside::Aside;
use crate::budget::heap_bytes_of;
use crate::error::ExecError;
use crate::key::Key;
use crate::order::{Order, Ranked};
use crate::path_key::{PathKey, Promise};
use crate::pieces::{first_in_order, keep_first};
use crate::scan::Scan;
use crate::segment::{Segment, cut_rows};
use crate::stop::Stop;

/// Nanoseconds that keying one row is taken to cost.
pub(crate) const KEY_NS: f64 = 20.0;
/// Rows below which keys are evaluated row by row: less than numbering the values of a segment.
pub(crate) const FEW_ROWS: u32 = 512;

/// Rows whose keys are made columns of at once: to make and to free sixty thousand objects takes
/// longer than a stop should wait.
pub(crate) const COLUMN_ROWS: usize = if cfg!(test) { 64 } else { 1 << 14 };

/// Rows from which on the columns below objects are asked which of these come first.
const OBJECT_ROWS_MIN: u32 = if cfg!(test) { 2 } else { FEW_ROWS };

/// The best rows seen so far.
#[derive(Debug)]
pub(crate) struct Best<'a> {
    order: &'a Order<'a>,
    /// The first key where lanes can be asked about it.
    first: Option<PathKey>,
    after: Option<&'a Ranked>,
    /// What narrows to the rows from the first key of that place on.
    from_after: Option<PathFilter>,
    n_max: usize,
    rows: Aside<'a, Ranked>,
    /// A number that the first key of enough rows probably comes up to, until there is a bar.
    probable: Option<f64>,
    /// The worst row that may still be kept, once `n_max` rows were seen.
    bar: Option<Ranked>,
    /// What narrows to the rows up to a first key, and that key: of the bar, or of an earlier one.
    up_to_bar: Option<(Key, PathFilter)>,
}

impl<'a> Best<'a> {
    /// The best `n_max` rows after a place.
    pub(crate) fn new(
        order: &'a Order<'a>,
        after: Option<&'a Ranked>,
        n_max: usize,
        pool: Option<&'a ThreadPool>,
    ) -> Self {
        let first = PathKey::of(order.keys);
        let first_after = first.zip(after.and_then(|after| after.keys.first()));
        Self {
            order,
            first,
            after,
            from_after: first_after.and_then(|(first, after)| first.from(after)),
            n_max,
            rows: Aside::new(pool),
            probable: None,
            bar: None,
            up_to_bar: None,
        }
    }

    /// The same where the first key of enough rows probably comes up to a number.
    pub(crate) fn with_probable(self, probable: Option<f64>) -> Self {
        Self { probable, ..self }
    }

    /// The same where a bar is known already.
    pub(crate) fn with_bar(self, bar: Option<Ranked>) -> Self {
        Self { bar, ..self }
    }

    /// The worst row that may still be kept, once there are enough.
    pub(crate) fn bar(&self) -> Option<&Ranked> {
        self.bar.as_ref()
    }

    /// Whether lanes are asked for rows up to a bar.
    pub(crate) fn narrows_by_bar(&self) -> bool {
        self.first.is_some() && self.bar.is_some()
    }

    fn push(&mut self, keys: &[&Key], row: RowId, stop: &Stop) -> Result<(), ExecError> {
        let is_after = |place: &Ranked| self.order.cmp_refs(keys, row, place).is_gt();
        let is_barred = self.bar.as_ref().is_some_and(is_after);
        if is_barred || self.after.is_some_and(|place| !is_after(place)) {
            return Ok(());
        }
        let keys = keys.iter().map(|&key| key.clone()).collect();
        self.push_owned(Ranked { keys, row }, stop)
    }

    fn push_ranked(&mut self, row: Ranked, stop: &Stop) -> Result<(), ExecError> {
        let is_barred = self.bar.as_ref().is_some_and(|bar| self.order.cmp(&row, bar).is_gt());
        let is_wanted = self.after.is_none_or(|place| self.order.cmp(&row, place).is_gt());
        if is_barred || !is_wanted { Ok(()) } else { self.push_owned(row, stop) }
    }

    fn push_owned(&mut self, row: Ranked, stop: &Stop) -> Result<(), ExecError> {
        self.rows.push(row);
        if self.rows.len() >= self.n_max.saturating_mul(2).saturating_add(64) {
            self.cut(stop)?;
        }
        Ok(())
    }

    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let keys = self.rows.iter().flat_map(|row| &row.keys);
        let n_keys = self.rows.len() * self.order.keys.len();
        self.rows.capacity() * size_of::<Ranked>()
            + n_keys * size_of::<Key>()
            + heap_bytes_of(keys, n_keys)
    }

    /// Cuts back to the rows wanted.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    fn cut(&mut self, stop: &Stop) -> Result<(), ExecError> {
        if self.n_max == 0 {
            self.rows.clear();
        } else if self.rows.len() >= self.n_max {
            let order = self.order;
            keep_first(&mut self.rows, self.n_max, stop, |a, b| order.cmp(a, b))?;
            self.bar = self.rows.last().cloned();
        }
        Ok(())
    }

    pub(crate) fn merge(&mut self, mut other: Self, stop: &Stop) -> Result<(), ExecError> {
        while let Some(row) = other.rows.pop() {
            stop.check_at(other.rows.len())?;
            self.push_owned(row, stop)?;
        }
        Ok(())
    }

    /// The rows, best first.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn finish(mut self, stop: &Stop) -> Result<Vec<Ranked>, ExecError> {
        // Places are put in order, for rows that are many must be let go aside.
        let rows = &self.rows;
        let cmp = |a: &u32, b: &u32| self.order.cmp(&rows[*a as usize], &rows[*b as usize]);
        // Rows have 32-bit ids.
        let places = first_in_order((0..rows.len() as u32).collect(), self.n_max, stop, cmp)?;
        let rows = &mut self.rows;
        Ok(places.into_iter().map(|place| rows[place as usize].take()).collect())
    }

    /// Adds the rows of a segment that match.
    pub(crate) fn add_segment(
        &mut self,
        scan: &Scan<'_>,
        (number, promise): (usize, Promise),
    ) -> Result<(), ExecError> {
        let segment = &scan.segment(number);
        if self.n_max == 0 || !self.can_gain(segment, promise) {
            return Ok(());
        }
        let mask = match self.bar_number() {
            // What the bar leaves is mostly so little that the condition costs next to nothing.
            Some(_) => {
                let mut mask = segment.step(|view| {
                    let mut mask = view.live().clone();
                    self.narrow_to_bar(view, &mut mask);
                    mask
                })?;
                segment.narrow(scan.filter, &mut mask)?;
                mask
            }
            None => segment.mask(scan.filter)?,
        };
        self.add_mask(segment, mask)
    }

    /// Adds rows of a segment, narrowed to the bar where that is a number.
    pub(crate) fn add_mask(
        &mut self,
        segment: &Segment<'_>,
        mut mask: Mask,
    ) -> Result<(), ExecError> {
        if mask.is_empty() {
            return Ok(());
        }
        segment.step(|view| self.narrow_to_gain(view, &mut mask))?;
        if mask.count() >= OBJECT_ROWS_MIN && mask.count() as usize / 2 > self.n_max {
            self.narrow_objects(segment, &mut mask)?;
        }
        if mask.count() < FEW_ROWS {
            self.add_rows(segment, &mask)?;
        } else {
            for mut some in cut_rows(&mask, COLUMN_ROWS) {
                segment.stop.check()?;
                if let Some(up_to_bar) = self.computed_up_to_bar() {
                    segment.step(|view| up_to_bar.narrow_quickly(view, &mut some))?;
                }
                match some.count() < FEW_ROWS {
                    true => self.add_rows(segment, &some)?,
                    false => self.add_columns(segment, &some)?,
                }
            }
        }
        // A bar as early as possible saves the following segments.
        if self.bar.is_none() {
            self.cut(segment.stop)?;
        }
        Ok(())
    }

    /// Adds few rows: keyed one by one.
    fn add_rows(&mut self, segment: &Segment<'_>, mask: &Mask) -> Result<(), ExecError> {
        let mut pushed = Ok(());
        segment.rows(mask, |row| {
            let keys = self.order.keys.iter();
            let keys = keys.map(|key| Key::of_scalar(evaluate(&key.expr, row))).collect();
            let ranked = Ranked { keys, row: segment.row_id(row.row) };
            pushed = self.push_ranked(ranked, segment.stop);
            if pushed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        pushed
    }

    /// Adds many rows: keyed once for each distinct value.
    fn add_columns(&mut self, segment: &Segment<'_>, mask: &Mask) -> Result<(), ExecError> {
        let columns = self.order.columns(segment, mask)?;
        let mut keys = Vec::with_capacity(columns.len());
        for (i, row) in mask.iter().enumerate() {
            segment.stop.check_at(i)?;
            keys.clear();
            keys.extend(columns.iter().map(|column| &column.keys[column.ids[i] as usize]));
            self.push(&keys, segment.row_id(row), segment.stop)?;
        }
        Ok(())
    }
}
