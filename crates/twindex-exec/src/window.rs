//! Which of a query's rows a page holds: OFFSET, LIMIT, page size and what earlier pages gave.

use std::ops::Range;

use twindex_planted::{Fault, planted};

use crate::position::Position;

/// Which of the rows after the place to go on from a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Rows left out before the first one. Only on the first page, for a place lies past them.
    pub(crate) skip: u64,
    /// Rows given at most.
    pub(crate) n_take: usize,
    /// Rows given on earlier pages.
    pub(crate) n_given: u64,
    /// Whether a further row could belong to a next page, so that one must be looked for.
    has_more_room: bool,
}

impl Window {
    /// The window of a query with `offset` and `limit` for a page of at most `page_rows_max` rows
    /// (at least one).
    pub(crate) fn new(
        (offset, limit): (u64, Option<u64>),
        after: Option<&Position>,
        page_rows_max: usize,
    ) -> Self {
        let n_given = after.map_or(0, |position| position.rows_given);
        let n_given = if planted(Fault::LimitPerPage) { 0 } else { n_given };
        let n_left = limit.map(|limit| limit.saturating_sub(n_given));
        let n_page = page_rows_max.max(1);
        let n_left_here = n_left.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        Self {
            skip: if after.is_some() { 0 } else { offset },
            n_take: n_page.min(n_left_here),
            n_given,
            has_more_room: n_left_here > n_page,
        }
    }

    /// Rows to look for after those skipped: one more than is given where a next page may follow.
    pub(crate) fn n_wanted(&self) -> usize {
        self.n_take.saturating_add(usize::from(self.has_more_room))
    }

    /// Rows to look for, those skipped included.
    pub(crate) fn n_wanted_with_skip(&self) -> usize {
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        match self.n_wanted() {
            0 => 0,
            n => n.saturating_add(skip),
        }
    }

    /// The places of the rows to look for, where some are skipped.
    pub(crate) fn places(&self) -> Option<Range<u64>> {
        let n_wanted = u64::try_from(self.n_wanted()).unwrap_or(u64::MAX);
        (self.skip > 0 && n_wanted > 0).then(|| self.skip..self.skip.saturating_add(n_wanted))
    }

    /// The places of the rows to look for, from 0.
    pub(crate) fn all_places(&self) -> Range<usize> {
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        skip..self.n_wanted_with_skip().max(skip)
    }

    /// The last row of the page, where there is a further one among those found.
    pub(crate) fn last_of<'t, T>(&self, found: &'t [T]) -> Option<&'t T> {
        let has_more = found.len() + usize::from(planted(Fault::TokenToEmptyPage)) > self.n_take;
        let n_given = found.len().min(self.n_take);
        found.get(n_given.checked_sub(1)?).filter(|_| has_more)
    }

    /// Drops the rows skipped from the front of `rows`.
    pub(crate) fn without_skipped<T>(&self, mut rows: Vec<T>) -> Vec<T> {
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        rows.drain(..skip.min(rows.len()));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use crate::position::{Place, Position};
    use twindex_model::path::RowId;

    #[test]
    fn looks_one_row_ahead_unless_the_limit_ends_the_page() {
        let first = Window::new((5, Some(10)), None, 4);
        assert_eq!((first.skip, first.n_take, first.n_wanted()), (5, 4, 5));
        assert_eq!(first.n_wanted_with_skip(), 10);
        let position = |rows_given| Position { place: Place::Row(RowId(3)), rows_given };
        let last = Window::new((5, Some(10)), Some(&position(8)), 4);
        assert_eq!((last.skip, last.n_take, last.n_wanted()), (0, 2, 2));
        let exact = Window::new((0, Some(10)), Some(&position(6)), 4);
        assert_eq!((exact.n_take, exact.n_wanted()), (4, 4));
        let none = Window::new((7, Some(0)), None, 4);
        assert_eq!((none.n_take, none.n_wanted_with_skip()), (0, 0));
        let all = Window::new((0, None), None, usize::MAX);
        assert_eq!(all.n_wanted(), usize::MAX);
        assert_eq!(Window::new((0, None), None, 0).n_take, 1);
    }
}
