//! Rows whose cell at one path lies in a set: the leaf that lanes answer.

use std::sync::Arc;

use twindex_index::cell_set::CellSet;
use twindex_index::filter::{Estimate, PathFilter};
use twindex_index::snapshot::SnapshotRead;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::path::{Collection, PathId};
use twindex_plan::env::Env;

use crate::operator::{Operator, Preparation};
use crate::row::RowView;
use crate::term::Term;

/// Rows up to which looking at their texts is less than looking at those of a dictionary.
const UNPREPARED_ROWS_MAX: u64 = 1_024;

/// Keeps the rows whose cell at one path lies in a set.
#[derive(Debug)]
pub struct PathCells {
    filter: PathFilter,
    text: Arc<str>,
}

impl PathCells {
    /// The operator of `set` at `path`; `text` is the condition as `EXPLAIN` shows it.
    #[must_use]
    pub fn new(path: PathId, set: CellSet, text: Arc<str>) -> Self {
        Self { filter: PathFilter::new(path, set), text }
    }
}

impl Operator for PathCells {
    fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        self.filter.narrow(segment, mask);
    }

    fn keeps(&self, row: &RowView<'_>) -> bool {
        self.filter.keeps(&row.cell(self.filter.path))
    }

    fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        self.filter.estimate(segment)
    }

    fn total(&self, read: &SnapshotRead<'_>, collection: Collection) -> Option<u64> {
        let total = read.count(collection, &self.filter);
        total.or_else(|| read.n_listed(collection, &self.filter))
    }

    fn is_slow(&self, segment: &SegmentView<'_>) -> bool {
        self.filter.tests_rows(segment)
    }

    fn prepare(&self, read: &SnapshotRead<'_>, step: &Preparation) -> bool {
        step.rows_max <= UNPREPARED_ROWS_MAX || self.filter.prepare(read, step.n_texts)
    }

    fn term<'a>(&self, segment: &SegmentView<'a>) -> Option<Term<'a>> {
        self.filter.planes(segment).map(Term::of)
    }

    fn paths(&self, paths: &mut Vec<PathId>) -> bool {
        paths.push(self.filter.path);
        true
    }

    fn identities(&self) -> Option<&PathFilter> {
        self.filter.is_of_identity().then_some(&self.filter)
    }

    fn heap_bytes(&self) -> usize {
        self.filter.heap_bytes()
    }

    fn describe(&self) -> String {
        format!("Cells: {}", self.text)
    }
}
