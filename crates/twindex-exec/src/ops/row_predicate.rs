//! The slow path: an expression over several paths, evaluated over each row that is left.

use std::sync::Arc;

use twindex_index::filter::Estimate;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_plan::expr::Expr;

use crate::cost;
use crate::operator::{Operator, ROW_BY_ROW, retain};
use crate::row::{RowView, is_truth};

/// Keeps the rows for which an expression yields the Boolean wanted.
#[derive(Debug)]
pub struct RowPredicate {
    expr: Expr,
    wanted: bool,
    text: Arc<str>,
}

impl RowPredicate {
    /// Keeps the rows where `leaf.0` yields `leaf.1`; `text` is what `EXPLAIN` shows.
    #[must_use]
    pub fn new(leaf: (Expr, bool), text: Arc<str>) -> Self {
        Self { expr: leaf.0, wanted: leaf.1, text }
    }
}

impl Operator for RowPredicate {
    fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        retain(segment, mask, |row| self.keeps(row));
    }

    fn keeps(&self, row: &RowView<'_>) -> bool {
        is_truth(&self.expr, row, self.wanted)
    }

    fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        Estimate {
            rows_max: segment.n_live(),
            is_exact: false,
            bytes: segment.n_live().saturating_mul(16),
            by: ROW_BY_ROW,
        }
    }

    fn row_cost_ns(&self) -> f64 {
        cost::ROW_NS
    }

    fn is_row_by_row(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("RowPredicate: {}", self.text)
    }
}
