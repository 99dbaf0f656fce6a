//! A page of many groups holds few of them, and these can be told early.
//!
//! Without ORDER BY groups come in the order of their keys. So once there are more groups than a page
//! holds, those behind are dropped, and the last one kept is a bar: rows behind it are passed over,
//! since their groups cannot come back. A group that is on the page was never behind any bar, so it
//! has seen all of its rows; this holds for each thread, and for what they merge. A row of a dropped
//! group may still pass (a bar has no part for what is no path), and such a group is begun anew with
//! too few rows: it is behind as many whole groups as it was, and so never given.
//!
//! The first bar is found among the values of a segment before any of them becomes a key. Grouping by
//! ids then costs a comparison a row, and memory for some thousands of groups.

use std::cmp::Ordering;

use twindex_index::filter::PathFilter;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;

use crate::group_finished::GroupKeys;
use crate::key::Key;
use crate::key_ref::KeyRef;
use crate::path_key::PathKey;

/// Groups up to which none is dropped.
const GROUPS_MIN: usize = if cfg!(test) { 4 } else { 1 << 11 };
/// For each group wanted, rows among which the first bar of a segment is looked for.
const FIRST_ROWS: usize = 8;

/// Which groups are of a page, as far as it is known.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    /// The first keys, as far as they are paths; one at least.
    paths: Vec<PathKey>,
    /// The keys of the group that the page before ended with.
    after: Option<&'a [Key]>,
    from_after: Option<PathFilter>,
    n_max: usize,
    bar: Option<Bar>,
    /// Whether bars are looked for among the values of a segment: not once all rows of one had too few
    /// of them, for those of the next will.
    has_bars: bool,
    /// Whether there is another bar than the last segment was narrowed to.
    has_new_bar: bool,
}

/// Keys that no group of the page is behind.
#[derive(Debug)]
struct Bar {
    /// Those of a group; the first alone where others are not known.
    keys: Box<[Key]>,
    parts: Vec<BarPart>,
}

/// What tells rows before one key of a bar from those level with it.
#[derive(Debug)]
struct BarPart {
    up_to: PathFilter,
    /// None where no further key is asked.
    from: Option<PathFilter>,
}

impl Bar {
    fn new(paths: &[PathKey], keys: Box<[Key]>) -> Self {
        let n_parts = paths.len().min(keys.len());
        let part = |(i, (path, key)): (usize, (&PathKey, &Key))| {
            let from = if i + 1 < n_parts { path.from(key) } else { None };
            Some(BarPart { up_to: path.up_to(key)?, from })
        };
        let parts = paths.iter().zip(&keys).enumerate().map_while(part).collect();
        Self { keys, parts }
    }

    /// Clears rows behind the bar.
    fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let mut before: Option<Mask> = None;
        for part in &self.parts {
            part.up_to.narrow(segment, mask);
            let Some(from) = &part.from else { break };
            // Only rows that are level with it are asked for the next key.
            let mut level = mask.clone();
            from.narrow(segment, &mut level);
            mask.and_not(&level);
            match &mut before {
                Some(before) => before.or(mask),
                None => before = Some(mask.clone()),
            }
            *mask = level;
        }
        before.iter().for_each(|before| mask.or(before));
    }
}

impl<'a> Bound<'a> {
    /// A page of at most `n_max` groups whose first keys are the cells at `paths`, after one of them.
    pub(crate) fn new(paths: Vec<PathKey>, after: Option<&'a [Key]>, n_max: usize) -> Self {
        let first = paths.first().zip(after.and_then(<[Key]>::first));
        let from_after = first.and_then(|(path, after)| path.from(after));
        Self { paths, after, from_after, n_max, bar: None, has_bars: true, has_new_bar: false }
    }

    /// The same with what another one has found.
    pub(crate) fn with_bar(mut self, keys: Option<Box<[Key]>>) -> Self {
        self.bar = keys.map(|keys| Bar::new(&self.paths, keys));
        self
    }

    /// The keys that bar others, if there are such already.
    pub(crate) fn bar(&self) -> Option<Box<[Key]>> {
        self.bar.as_ref().map(|bar| bar.keys.clone())
    }

    /// Clears rows whose groups are not of the page. All that are left must be added then.
    pub(crate) fn narrow(&mut self, segment: &SegmentView<'_>, mask: &mut Mask) {
        if let Some(filter) = &self.from_after {
            filter.narrow(segment, mask);
        }
        if let Some(bar) = &self.bar {
            bar.narrow(segment, mask);
        }
        self.has_new_bar = false;
        let Some(first) = self.paths.first().copied() else { return };
        if !self.has_bars || segment.may_have_counts(first.path()) {
            return;
        }
        if mask.count() as usize / FIRST_ROWS / 2 > self.n_max {
            let some = first.in_best_zones(segment, mask, self.n_max.saturating_mul(FIRST_ROWS));
            self.narrow_by(&some, segment, mask);
        }
        if mask.count() as usize / 4 > self.n_max {
            let all = mask.clone();
            self.has_bars = self.narrow_by(&all, segment, mask);
        }
    }

    /// Clears rows of a segment behind a bar that was found among its other rows.
    pub(crate) fn narrow_to_new_bar(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        if let Some(bar) = self.bar.as_ref().filter(|_| self.has_new_bar) {
            bar.narrow(segment, mask);
        }
    }

    /// Clears rows behind as many values of the first key among `some` as there may be groups.
    /// Whether there are so many.
    fn narrow_by(&mut self, some: &Mask, segment: &SegmentView<'_>, mask: &mut Mask) -> bool {
        let after = self.after.and_then(<[Key]>::first);
        let bar_of = |first: &PathKey| first.bar_of_values(segment, some, (after, self.n_max));
        let Some(key) = self.paths.first().and_then(bar_of) else { return false };
        let bar = Bar::new(&self.paths, Box::new([key]));
        bar.narrow(segment, mask);
        self.bar = Some(bar);
        true
    }

    /// Whether the group of a cell, which is its first key, may be of the page.
    pub(crate) fn admits(&self, cell: &Cell<'_>) -> bool {
        match (self.bar.as_ref().and_then(|bar| bar.keys.first()), cell) {
            (Some(Key::String(bar)), Cell::String(text)) => **text <= **bar,
            (Some(Key::Number(bar)), Cell::Number(number)) => number <= bar,
            _ => true,
        }
    }

    /// Whether there are so many groups that some are to be dropped.
    pub(crate) fn is_full(&self, n_groups: usize) -> bool {
        n_groups > GROUPS_MIN.max(self.n_max.saturating_mul(2))
    }

    /// The groups to be kept, ascending by their places: the first of the page, and a new bar if
    /// there are more.
    pub(crate) fn cut(&mut self, groups: &GroupKeys) -> Vec<u32> {
        let is_after = |place: &u32| {
            self.after
                .is_none_or(|after| groups.of(*place).cmp(after.iter().map(Key::borrowed)).is_gt())
        };
        // Rows have 32-bit ids, and there are no more groups than rows.
        let mut kept: Vec<u32> = (0..groups.len() as u32).filter(is_after).collect();
        if self.n_max > 0 && kept.len() > self.n_max {
            let by_keys = |a: &u32, b: &u32| -> Ordering { groups.of(*a).cmp(groups.of(*b)) };
            let (_, last, _) = kept.select_nth_unstable_by(self.n_max - 1, by_keys);
            let keys = groups.of(*last).map(KeyRef::to_key).collect();
            self.bar = Some(Bar::new(&self.paths, keys));
            self.has_new_bar = true;
            kept.truncate(self.n_max);
            kept.sort_unstable();
        }
        kept
    }
}
