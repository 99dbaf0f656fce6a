//! Between which rows of a segment a lane has cells.
//!
//! Under generated keys a segment has a lane for each of a hundred thousand paths, nearly all of
//! them of one row. A list of paths by row would say more, but has to be kept in step with every
//! cell; a span only ever widens, and is exact for what one row has.

use crate::lane::Lane;

/// No row below the first or above the last has a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    first: u16,
    last: u16,
}

impl Span {
    /// No row.
    pub(crate) const NONE: Self = Self { first: u16::MAX, last: 0 };

    /// The span of a lane.
    pub(crate) fn of(lane: &Lane) -> Self {
        match lane.kinds.ends() {
            Some((first, last)) => Self { first, last },
            None => Self::NONE,
        }
    }

    /// Whether a row lies in it.
    #[inline]
    pub(crate) fn has(self, row: u16) -> bool {
        self.first <= row && row <= self.last
    }

    /// Whether any of the rows between two, these included, lies in it.
    #[inline]
    pub(crate) fn meets(self, first: u16, last: u16) -> bool {
        self.first <= last && first <= self.last
    }

    /// Makes a row lie in it; false if it did already.
    #[inline]
    pub(crate) fn widen(&mut self, row: u16) -> bool {
        let is_wider = !self.has(row);
        self.first = self.first.min(row);
        self.last = self.last.max(row);
        is_wider
    }

    /// The least span that holds both.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}
