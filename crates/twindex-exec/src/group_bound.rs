//! A page of many groups holds few of them, and these can be told early.
//!
//! Without ORDER BY groups come in the order of their key. So once there are many groups, those
//! behind as many others as a page holds are dropped, and the last one kept is a bar: rows behind it
//! are passed over, since their groups cannot come back. A group that is on the page was never
//! behind any bar, so it has seen all of its rows; this holds for each thread, and for what they
//! merge. Grouping by ids then costs a comparison a row, and memory for some thousands of groups.

use std::cmp::Ordering;

use twindex_index::filter::PathFilter;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;

use crate::key::Key;
use crate::path_key::PathKey;

/// Groups up to which none is dropped.
const GROUPS_MIN: usize = if cfg!(test) { 4 } else { 1 << 14 };

/// Which groups are of a page, as far as it is known.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    path: PathKey,
    /// The group that the page before ended with.
    after: Option<&'a Key>,
    from_after: Option<PathFilter>,
    n_max: usize,
    bar: Option<Bar>,
}

#[derive(Debug)]
struct Bar {
    key: Key,
    up_to: Option<PathFilter>,
}

impl<'a> Bound<'a> {
    /// A page of at most `n_max` groups by the cells at a path, after one of them.
    pub(crate) fn new(path: PathKey, after: Option<&'a Key>, n_max: usize) -> Self {
        let from_after = after.and_then(|after| path.from(after));
        Self { path, after, from_after, n_max, bar: None }
    }

    /// Clears rows whose groups are not of the page.
    pub(crate) fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let Some(bar) = &self.bar else { return };
        let filters = [&bar.up_to, &self.from_after].into_iter().flatten();
        filters.for_each(|filter| filter.narrow(segment, mask));
    }

    /// Whether rows are to be narrowed.
    pub(crate) fn is_known(&self) -> bool {
        self.bar.is_some()
    }

    /// Whether the group of a cell may be of the page.
    pub(crate) fn admits(&self, cell: &Cell<'_>) -> bool {
        let Some(bar) = &self.bar else { return true };
        match (&bar.key, cell) {
            (Key::String(bar), Cell::String(text)) => **text <= **bar,
            (Key::Number(bar), Cell::Number(number)) => number <= bar,
            _ => true,
        }
    }

    /// Whether there are so many groups that some are to be dropped.
    pub(crate) fn is_full(&self, n_groups: usize) -> bool {
        n_groups > GROUPS_MIN.max(self.n_max.saturating_mul(4))
    }

    /// The groups to be kept, of those with `keys`: the first of the page in any order, and a new
    /// bar if there are more.
    pub(crate) fn cut(&mut self, keys: &[Key]) -> Vec<u32> {
        let is_after = |key: &Key| self.after.is_none_or(|after| key > after);
        let mut kept: Vec<u32> =
            (0..).zip(keys).filter(|of| is_after(of.1)).map(|of| of.0).collect();
        let key = |number: u32| &keys[number as usize];
        if self.n_max > 0 && kept.len() > self.n_max {
            let by_key = |a: &u32, b: &u32| -> Ordering { key(*a).cmp(key(*b)) };
            let (_, last, _) = kept.select_nth_unstable_by(self.n_max - 1, by_key);
            let last = key(*last).clone();
            kept.truncate(self.n_max);
            self.bar = Some(Bar { up_to: self.path.up_to(&last), key: last });
        }
        kept
    }
}
