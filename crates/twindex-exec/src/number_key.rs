//! A sort key that lanes can be asked about: a plain path, by its numbers.
//!
//! The order of kinds is fixed, so a bar that is a number splits the cells of a path into those that
//! can still matter and those that cannot; the first are a cell set like any other, and a lane
//! narrows by it. Least and greatest numbers are kept by zone, so whole segments drop out unread.

use std::cmp::Ordering;
use std::ops::Bound;

use twindex_index::cell_set::CellSet;
use twindex_index::filter::PathFilter;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_plan::logical::OrderKey;

use crate::cell_algebra::number_range;
use crate::key::{Direction, Key};
use crate::leaf::plain_path;

/// Kinds that come before numbers, ascending.
const BELOW_NUMBERS: KindSet = KindSet::of(&[Kind::Null, Kind::False, Kind::True]);
/// Kinds that come before numbers, descending.
const ABOVE_NUMBERS: KindSet = KindSet::of(&[Kind::String, Kind::Array, Kind::Object]);

/// A sort key over the cells of one path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberKey {
    path: PathId,
    direction: Direction,
}

/// The best key that a segment can hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Promise {
    /// Something before all numbers, or nothing is known.
    Certain,
    /// This number at best.
    Number(f64),
    /// Nothing before the last of the numbers.
    Rest,
}

impl NumberKey {
    /// The first of some sort keys, if it is a plain path.
    pub(crate) fn of(keys: &[OrderKey]) -> Option<Self> {
        let key = keys.first()?;
        Some(Self { path: plain_path(&key.expr)?, direction: Direction::of(key) })
    }

    /// The order of two numbers.
    pub(crate) fn cmp(self, a: f64, b: f64) -> Ordering {
        match self.direction {
            Direction::Ascending => a.total_cmp(&b),
            Direction::Descending => b.total_cmp(&a),
        }
    }

    /// What a segment promises.
    pub(crate) fn promise(self, segment: &SegmentView<'_>) -> Promise {
        if segment.n_rows_of_kinds(self.path, self.kinds_before()) > 0 {
            return Promise::Certain;
        }
        let zones = segment.number_zones(self.path).into_iter().flatten();
        let best = match self.direction {
            Direction::Ascending => zones.map(|zone| zone.0).reduce(f64::min),
            Direction::Descending => zones.map(|zone| zone.1).reduce(f64::max),
        };
        best.map_or(Promise::Rest, Promise::Number)
    }

    /// Segments that promise most come first.
    pub(crate) fn cmp_promises(self, a: Promise, b: Promise) -> Ordering {
        let class = |promise| match promise {
            Promise::Certain => 0,
            Promise::Number(_) => 1,
            Promise::Rest => 2,
        };
        match (a, b) {
            (Promise::Number(a), Promise::Number(b)) => self.cmp(a, b),
            _ => class(a).cmp(&class(b)),
        }
    }

    /// Clears the rows of `mask` whose key comes after the number `bar`.
    pub(crate) fn narrow(self, bar: f64, segment: &SegmentView<'_>, mask: &mut Mask) {
        let (low, high) = match self.direction {
            Direction::Ascending => (Bound::Unbounded, Bound::Included(bar)),
            Direction::Descending => (Bound::Included(bar), Bound::Unbounded),
        };
        let set =
            CellSet { numbers: number_range(low, high), ..CellSet::of_kinds(self.kinds_before()) };
        PathFilter::new(self.path, set).narrow(segment, mask);
    }

    /// A number that bars all but the first `n` rows of `mask` and those that are level with the
    /// last of these; none if there are fewer numbers. Rows up to the key `after` do not count.
    pub(crate) fn local_bar(
        self,
        segment: &SegmentView<'_>,
        mask: &Mask,
        (after, n): (Option<&Key>, usize),
    ) -> Option<f64> {
        let mut counts = Vec::new();
        segment.count_numbers(self.path, mask, |number, n_rows| {
            let is_after = match after {
                Some(Key::Number(after)) => self.cmp(number, *after).is_gt(),
                Some(_) => false,
                None => true,
            };
            if is_after && n_rows > 0 {
                counts.push((number, n_rows as usize));
            }
        });
        // Each of the numbers is that of a row or more, so the first `n` of them suffice.
        let n_first = n.min(counts.len());
        if n_first == 0 {
            return None;
        }
        counts.select_nth_unstable_by(n_first - 1, |a, b| self.cmp(a.0, b.0));
        counts.truncate(n_first);
        counts.sort_unstable_by(|a, b| self.cmp(a.0, b.0));
        let mut n_rows = 0;
        counts.into_iter().find_map(|(number, n_more)| {
            n_rows += n_more;
            (n_rows >= n).then_some(number)
        })
    }

    /// Kinds whose keys come before all numbers.
    fn kinds_before(self) -> KindSet {
        match self.direction {
            Direction::Ascending => BELOW_NUMBERS,
            Direction::Descending => ABOVE_NUMBERS,
        }
    }
}
