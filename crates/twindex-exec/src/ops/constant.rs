//! Conditions that do not depend on the row.

use twindex_index::filter::Estimate;
use twindex_index::snapshot::SnapshotRead;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::path::{Collection, PathId};

use crate::operator::Operator;
use crate::row::RowView;
use crate::term::Term;

/// Keeps every row.
#[derive(Clone, Copy, Debug)]
pub struct Everything;

/// Keeps no row.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Operator for Everything {
    fn narrow(&self, _: &SegmentView<'_>, _: &mut Mask) {}

    fn keeps(&self, _: &RowView<'_>) -> bool {
        true
    }

    fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        Estimate { rows_max: segment.n_live(), is_exact: true, bytes: 0, by: "live rows" }
    }

    fn total(&self, read: &SnapshotRead<'_>, collection: Collection) -> Option<u64> {
        Some(read.n_rows(collection))
    }

    fn term<'a>(&self, _: &SegmentView<'a>) -> Option<Term<'a>> {
        Some(Term::Everything)
    }

    fn paths(&self, _: &mut Vec<PathId>) -> bool {
        true
    }

    fn describe(&self) -> String {
        "Everything".to_owned()
    }
}

impl Operator for Nothing {
    fn narrow(&self, _: &SegmentView<'_>, mask: &mut Mask) {
        mask.clear();
    }

    fn keeps(&self, _: &RowView<'_>) -> bool {
        false
    }

    fn estimate(&self, _: &SegmentView<'_>) -> Estimate {
        Estimate { rows_max: 0, is_exact: true, bytes: 0, by: "constant" }
    }

    fn total(&self, _: &SnapshotRead<'_>, _: Collection) -> Option<u64> {
        Some(0)
    }

    fn term<'a>(&self, _: &SegmentView<'a>) -> Option<Term<'a>> {
        Some(Term::Nothing)
    }

    fn paths(&self, _: &mut Vec<PathId>) -> bool {
        true
    }

    fn describe(&self) -> String {
        "Nothing".to_owned()
    }
}
