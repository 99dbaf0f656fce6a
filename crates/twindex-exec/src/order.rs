//! The order of rows: by sort keys, ties by row id.

use std::cmp::Ordering;

use twindex_kernels::mask::Mask;
use twindex_model::path::RowId;
use twindex_plan::logical::OrderKey;
use twindex_planted::{Fault, planted};

use crate::column::{Column, Combined};
use crate::error::ExecError;
use crate::key::{Direction, Key, cmp_keys};
use crate::segment::Segment;

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
    pub(crate) fn cmp_refs(&self, keys: &[&Key], row: RowId, other: &Ranked) -> Ordering {
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
