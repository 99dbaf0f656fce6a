//! What the best rows so far say of others: which rows, zones and segments need not be keyed.

use std::cmp::Ordering;
use std::sync::Arc;

use twindex_index::filter::PathFilter;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_lang::ast::CompareOp;
use twindex_model::value::Value;
use twindex_plan::expr::Expr;
use twindex_planted::{Fault, planted};

use super::Best;
use crate::error::ExecError;
use crate::key::{Direction, Key};
use crate::object_bar::{Kinds, Ties, Wanted, first_objects};
use crate::ops::Computed;
use crate::path_key::{PathKey, Promise};
use crate::segment::Segment;

/// For each row wanted, rows of the best zones that the first bar of all is taken from.
const FIRST_ROWS: usize = 8;

impl Best<'_> {
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
    pub(super) fn narrow_to_gain(&mut self, segment: &SegmentView<'_>, mask: &mut Mask) {
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

    /// What narrows to the rows up to the bar where the first key is computed of numbers: by columns of
    /// them that takes a tenth of what keys take.
    pub(super) fn computed_up_to_bar(&self) -> Option<Computed> {
        let Some(Key::Number(bar)) = self.bar.as_ref()?.keys.first() else { return None };
        let op = match self.order.is_descending() {
            true => CompareOp::GreaterOrEqual,
            false => CompareOp::LessOrEqual,
        };
        let key = self.order.keys.first().filter(|_| self.first.is_none())?;
        let bar = Expr::Constant(Value::Number(*bar));
        let up_to = Expr::Compare(Box::new(key.expr.clone()), op, Box::new(bar));
        Computed::of((&up_to, true), &Arc::from(""))
    }

    /// Clears rows whose first key is behind those of enough rows with objects.
    pub(super) fn narrow_objects(
        &self,
        segment: &Segment<'_>,
        mask: &mut Mask,
    ) -> Result<(), ExecError> {
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
    pub(super) fn narrow_by(&self, some: &Mask, segment: &SegmentView<'_>, mask: &mut Mask) {
        let Some(first) = self.first else { return };
        let bar = first.local_bar(segment, some, (self.after_key(), self.n_max));
        if let Some(filter) = bar.and_then(|bar| first.up_to(&bar)) {
            filter.narrow(segment, mask);
        }
    }

    /// What narrows to the rows up to the bar, made anew when the bar's first key is another one.
    pub(super) fn filter_of_bar(&mut self, first: PathKey) -> Option<&PathFilter> {
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
    pub(super) fn row_max(&self, segment: &SegmentView<'_>) -> usize {
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
    pub(super) fn bar_number(&self) -> Option<f64> {
        let Some(bar) = &self.bar else { return self.probable };
        match bar.keys.first()? {
            Key::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn after_key(&self) -> Option<&Key> {
        self.after?.keys.first()
    }

    /// Whether some row of a segment that promises so much could be better than the bar.
    pub(super) fn can_gain(&self, segment: &Segment<'_>, promise: Promise) -> bool {
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
