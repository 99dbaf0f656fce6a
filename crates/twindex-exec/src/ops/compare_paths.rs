//! `p = q` and `p != q` of two paths: column against column.

use std::sync::Arc;

use twindex_index::filter::Estimate;
use twindex_index::view::{Equality, SegmentView};
use twindex_kernels::mask::Mask;
use twindex_model::kind::KindSet;
use twindex_model::path::PathId;
use twindex_plan::env::Env;

use crate::key::Key;
use crate::operator::{Operator, retain};
use crate::row::RowView;

/// Keeps the rows where two paths hold equal values, or defined and unequal ones.
#[derive(Debug)]
pub struct ComparePaths {
    paths: (PathId, PathId),
    wanted: Equality,
    text: Arc<str>,
}

impl ComparePaths {
    /// The operator for two different paths; `text` is the condition as `EXPLAIN` shows it.
    #[must_use]
    pub fn new(paths: (PathId, PathId), wanted: Equality, text: Arc<str>) -> Self {
        Self { paths, wanted, text }
    }
}

impl Operator for ComparePaths {
    fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let objects = segment.narrow_columns_equal(self.paths, self.wanted, mask);
        if let Some(mut objects) = objects {
            mask.and_not(&objects);
            retain(segment, &mut objects, |row| self.keeps(row));
            mask.or(&objects);
        }
    }

    fn keeps(&self, row: &RowView<'_>) -> bool {
        let key = |path| Key::of_cell(&row.cell(path), || row.segment.value(path, row.row));
        let (a, b) = (key(self.paths.0), key(self.paths.1));
        if !a.is_defined() || !b.is_defined() {
            return false;
        }
        (a == b) == (self.wanted == Equality::Equal)
    }

    fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        let defined = |path| segment.n_rows_of_kinds(path, KindSet::DEFINED);
        Estimate {
            rows_max: defined(self.paths.0).min(defined(self.paths.1)),
            is_exact: false,
            // Two code columns of two bytes; kinds and dictionaries decide what it really is.
            bytes: segment.n_live().saturating_mul(4),
            by: "two columns",
        }
    }

    fn row_cost_ns(&self) -> f64 {
        2.0 * crate::cost::PROBE_NS
    }

    fn describe(&self) -> String {
        format!("Columns: {}", self.text)
    }
}
