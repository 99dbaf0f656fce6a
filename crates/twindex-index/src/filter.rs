//! Rows whose cell at one path lies in a set: the leaf of every mask plan.

use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::path::PathId;

use crate::cell_set::CellSet;
use crate::view::SegmentView;

/// A [`CellSet`] on a path, made ready for the lanes of one index: constants are looked up in the
/// dictionary once, tests are run once per distinct text and kept for the life of the filter.
#[derive(Debug)]
pub struct PathFilter {
    /// The path.
    pub path: PathId,
    /// The set.
    pub set: CellSet,
}

/// What narrowing one segment will cost and keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Rows kept at most; exact where `is_exact`.
    pub rows_max: u32,
    /// Whether `rows_max` is the exact number of live rows kept.
    pub is_exact: bool,
    /// Bytes read by the mask path.
    pub bytes: u32,
    /// How the lane answers, for `EXPLAIN`: `posting`, `codes u8`, `range u16`, `text scan`, …
    pub by: &'static str,
}

impl PathFilter {
    /// A filter.
    #[must_use]
    pub fn new(path: PathId, set: CellSet) -> Self {
        Self { path, set }
    }

    /// Clears every row of `mask` that is not in the set.
    pub fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        todo!("{segment:?} {}", mask.count())
    }

    /// The same for one cell.
    #[must_use]
    pub fn keeps(&self, cell: &Cell<'_>) -> bool {
        self.set.contains(cell)
    }

    /// What [`PathFilter::narrow`] would do to the live rows of `segment`, from kept counts.
    #[must_use]
    pub fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        todo!("{segment:?}")
    }
}
