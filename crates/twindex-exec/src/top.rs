//! The first rows in the order of sort keys, without sorting the others.
//!
//! A buffer of twice the rows wanted is cut back by selection whenever it is full, and from then on
//! the worst row kept is a bar: most rows fail against it after one comparison, most segments after
//! one look at the least and greatest of their numbers, most zones of the others after another, and
//! where the key is a number or a string the bar becomes a range that a lane narrows by; so does the
//! place that a page goes on from. A heap would do the same with worse locality.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use rayon::ThreadPool;
use twindex_index::filter::PathFilter;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::path::RowId;
use twindex_plan::eval::evaluate;
use twindex_plan::logical::OrderKey;
use twindex_planted::{Fault, planted};

use crate::aside::Aside;
use crate::budget::heap_bytes_of;
use crate::column::{Column, Combined};
use crate::error::ExecError;
use crate::key::{Direction, Key, cmp_keys};
use crate::object_bar::{Kinds, Ties, Wanted, first_objects};
use crate::path_key::{PathKey, Promise};
use crate::pieces::{first_in_order, keep_first};
use crate::scan::Scan;
use crate::segment::{Segment, cut_rows};
use crate::stop::Stop;

/// Nanoseconds that keying one row is taken to cost.
pub(crate) const KEY_NS: f64 = 20.0;
/// For each row wanted, rows of the best zones that the first bar of all is taken from.
const FIRST_ROWS: usize = 8;
/// Rows below which keys are evaluated row by row: less than numbering the values of a segment.
pub(crate) const FEW_ROWS: u32 = 512;

/// Rows whose keys are made columns of at once: to make and to free sixty thousand objects takes
/// longer than a stop should wait.
pub(crate) const COLUMN_ROWS: usize = if cfg!(test) { 64 } else { 1 << 14 };

/// Rows from which on the columns below objects are asked which of these come first.
const OBJECT_ROWS_MIN: u32 = if cfg!(test) { 2 } else { FEW_ROWS };

/// A row with its sort keys.
#[derive(Clone, Debug)]
pub(crate) struct Ranked {
    pub(crate) keys: Box<[Key]>,
    pub(crate) row: RowId,
}

impl Ranked {
    /// Takes the keys out.
    pub(crate) fn take(&mut self) -> Self {
        Self { keys: std::mem::take(&mut self.keys), row: self.row }
    }
}

/// An order of rows: by keys, ties by row id.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    pub(crate) keys: &'a [OrderKey],
    directions: Vec<Direction>,
}

impl<'a> Order<'a> {
    pub(crate) fn new(keys: &'a [OrderKey]) -> Self {
        Self { keys, directions: keys.iter().map(Direction::of).collect() }
    }

    pub(crate) fn cmp(&self, a: &Ranked, b: &Ranked) -> Ordering {
        let (first, second) = if planted(Fault::TiesReversed) { (b, a) } else { (a, b) };
        cmp_keys(&a.keys, &b.keys, &self.directions).then(first.row.cmp(&second.row))
    }

    /// Whether the first key comes greatest first.
    pub(crate) fn is_descending(&self) -> bool {
        self.directions.first() == Some(&Direction::Descending)
    }

    /// Compares keys that are not owned with a ranked row.
    fn cmp_refs(&self, keys: &[&Key], row: RowId, other: &Ranked) -> Ordering {
        for ((a, b), &direction) in keys.iter().zip(&other.keys).zip(&self.directions) {
            let ordering = a.cmp_directed(b, direction);
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        row.cmp(&other.row)
    }

    /// The sort keys of the rows of a mask.
    ///
    /// # Errors
    /// As [`Column::new`].
    pub(crate) fn columns(
        &self,
        segment: &Segment<'_>,
        mask: &Mask,
    ) -> Result<Vec<Column>, ExecError> {
        self.keys.iter().map(|key| Column::new(&key.expr, segment, mask)).collect()
    }
}

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
            for some in cut_rows(&mask, COLUMN_ROWS) {
                segment.stop.check()?;
                self.add_columns(segment, &some)?;
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

    /// Clears rows whose first key alone puts them behind the bar.
    pub(crate) fn narrow_to_bar(&mut self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let Some(first) = self.first else { return };
        if let Some(number) = self.bar_number() {
            first.clear_zones((number, self.row_max(segment)), segment, mask);
        }
        if let Some(filter) = self.filter_of_bar(first).filter(|_| !mask.is_empty()) {
            filter.narrow(segment, mask);
        }
    }

    /// Clears rows whose first key alone puts them before the place to go on from, behind the bar, or
    /// behind enough other rows of the segment.
    fn narrow_to_gain(&mut self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let Some(first) = self.first else { return };
        if let Some(filter) = &self.from_after {
            filter.narrow(segment, mask);
        }
        if self.bar_number().is_some() {
            // It was narrowed to the bar before the condition.
        } else if let Some(filter) = self.filter_of_bar(first) {
            filter.narrow(segment, mask);
        } else if mask.count() as usize / FIRST_ROWS / 2 > self.n_max {
            let some = first.in_best_zones(segment, mask, self.n_max.saturating_mul(FIRST_ROWS));
            self.narrow_by(&some, segment, mask);
        }
        if mask.count() as usize / 4 > self.n_max {
            let all = mask.clone();
            self.narrow_by(&all, segment, mask);
        }
    }

    /// Clears rows whose first key is behind those of enough rows with objects.
    fn narrow_objects(&self, segment: &Segment<'_>, mask: &mut Mask) -> Result<(), ExecError> {
        let Some(first) = self.first else { return Ok(()) };
        let is_ascending = first.direction() == Direction::Ascending;
        let n_certain = |others: &Mask| match self.after_key() {
            None if is_ascending => Some(others.count() as usize),
            None => Some(0),
            // Some of the others may be level with it, so that they do not count.
            Some(after) if is_ascending && !after.is_object() => Some(0),
            Some(_) => None,
        };
        let kinds = segment.step(|view| Kinds::new(first.path(), view, mask))?;
        let Some(Kinds { objects, others }) = kinds else { return Ok(()) };
        let Some(n_before) = n_certain(&others) else { return Ok(()) };
        let n_rows = self.n_max.saturating_sub(n_before);
        if n_rows > objects.count() as usize {
            return Ok(());
        }
        let ties = if self.order.keys.len() == 1 { Ties::ById } else { Ties::Unknown };
        let wanted = Wanted { direction: first.direction(), n_rows, ties };
        *mask = if is_ascending { others } else { Mask::empty() };
        if n_rows > 0 {
            mask.or(&first_objects(segment, (first.path(), objects), &wanted)?);
        }
        Ok(())
    }

    /// Clears rows behind enough rows of `some`.
    fn narrow_by(&self, some: &Mask, segment: &SegmentView<'_>, mask: &mut Mask) {
        let Some(first) = self.first else { return };
        let bar = first.local_bar(segment, some, (self.after_key(), self.n_max));
        if let Some(filter) = bar.and_then(|bar| first.up_to(&bar)) {
            filter.narrow(segment, mask);
        }
    }

    /// What narrows to the rows up to the bar, made anew when the bar's first key is another one.
    fn filter_of_bar(&mut self, first: PathKey) -> Option<&PathFilter> {
        let probable = self.probable.map(Key::Number);
        let key = match &self.bar {
            Some(bar) => bar.keys.first()?,
            None => probable.as_ref()?,
        };
        if self.up_to_bar.as_ref().is_none_or(|made| made.0 != *key) {
            self.up_to_bar = first.up_to(key).map(|filter| (key.clone(), filter));
        }
        self.up_to_bar.as_ref().map(|made| &made.1)
    }

    /// The last row of a segment that may be level with the bar and still come before it.
    fn row_max(&self, segment: &SegmentView<'_>) -> usize {
        match &self.bar {
            Some(bar) if self.order.keys.len() == 1 => {
                match bar.row.segment().cmp(&segment.number()) {
                    Ordering::Less => 0,
                    Ordering::Equal => bar.row.place().into(),
                    Ordering::Greater => usize::MAX,
                }
            }
            _ => usize::MAX,
        }
    }

    /// The number that bars the first key, if it is one.
    fn bar_number(&self) -> Option<f64> {
        let Some(bar) = &self.bar else { return self.probable };
        match bar.keys.first()? {
            Key::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn after_key(&self) -> Option<&Key> {
        self.after?.keys.first()
    }

    /// Whether some row of a segment that promises so much could be better than the bar.
    fn can_gain(&self, segment: &Segment<'_>, promise: Promise) -> bool {
        let (Some(first), Some(number)) = (&self.first, self.bar_number()) else { return true };
        match promise {
            Promise::Certain => true,
            Promise::Rest => false,
            Promise::Number(best) => {
                let ordering = first.cmp(best, number);
                // With one key, equal numbers are decided by the row ids.
                let is_late = self.order.keys.len() == 1
                    && self.bar.as_ref().is_some_and(|bar| bar.row < segment.row_id(0));
                ordering.is_lt() || (ordering.is_eq() && !is_late && !planted(Fault::EqualBarred))
            }
        }
    }
}

/// For each distinct combination of `columns` over a mask, the best row of `order` that has it, if
/// it is not behind a bar.
///
/// # Errors
/// As [`Column::new`].
pub(crate) fn best_of_each(
    columns: &[Column],
    order: &Order<'_>,
    (segment, mask): (&Segment<'_>, &Mask),
    bar: Option<&Ranked>,
) -> Result<Vec<Ranked>, ExecError> {
    let combined = Combined::new(columns);
    let order_columns = order.columns(segment, mask)?;
    let mut best: Vec<Option<Ranked>> = vec![None; combined.len()];
    let mut keys = Vec::with_capacity(order_columns.len());
    for (i, row) in mask.iter().enumerate() {
        segment.stop.check_at(i)?;
        keys.clear();
        keys.extend(order_columns.iter().map(|column| &column.keys[column.ids[i] as usize]));
        let row = segment.row_id(row);
        let best = &mut best[combined.ids[i] as usize];
        let is_before = |other: &Ranked| order.cmp_refs(&keys, row, other).is_lt();
        if best.as_ref().is_none_or(is_before) && bar.is_none_or(is_before) {
            *best = Some(Ranked { keys: keys.iter().map(|&key| key.clone()).collect(), row });
        }
    }
    Ok(best.into_iter().flatten().collect())
}
