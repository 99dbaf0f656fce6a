//! A sort key that lanes can be asked about: a plain path, by its numbers and strings.
//!
//! The order of kinds is fixed, so a bar that is a number or a string splits the cells of a path into
//! those that can still matter and those that cannot; the first are a cell set like any other, and a
//! lane narrows by it: dictionaries once for each text, raw text in one pass. Least and greatest
//! numbers are kept by zone, so whole zones and segments drop out unread.

use std::cmp::Ordering;
use std::ops::Bound;
use std::sync::Arc;

use twindex_index::cell_set::{CellSet, TextSet};
use twindex_index::filter::PathFilter;
use twindex_index::view::SegmentView;
use twindex_kernels::ZONE_ROWS;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_plan::logical::OrderKey;

use crate::cell_algebra::{number_range, text_range};
use crate::key::{Direction, Key};
use crate::leaf::plain_path;

/// Words of a mask for one zone.
const ZONE_WORDS: usize = ZONE_ROWS / 64;

const STRING: KindSet = KindSet::of(&[Kind::String]);
/// Kinds that come before numbers, ascending.
const BELOW_NUMBERS: KindSet = KindSet::of(&[Kind::Null, Kind::False, Kind::True]);
/// Kinds that come before numbers, descending.
const ABOVE_NUMBERS: KindSet = KindSet::of(&[Kind::String, Kind::Array, Kind::Object]);
/// Kinds that come before strings, ascending.
const BELOW_STRINGS: KindSet = BELOW_NUMBERS.with(Kind::Number);
/// Kinds that come before strings, descending.
const ABOVE_STRINGS: KindSet = ABOVE_NUMBERS.without(Kind::String);

/// What is defined, in the order of kinds.
const ORDERED: [Kind; 7] =
    [Kind::Null, Kind::False, Kind::True, Kind::Number, Kind::String, Kind::Array, Kind::Object];

/// A sort key over the cells of one path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathKey {
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

/// Which side of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// What comes before it.
    Before,
    /// What comes after it.
    After,
}

impl PathKey {
    /// The first of some sort keys, if it is a plain path.
    pub(crate) fn of(keys: &[OrderKey]) -> Option<Self> {
        let key = keys.first()?;
        Some(Self { path: plain_path(&key.expr)?, direction: Direction::of(key) })
    }

    /// The cells of a path, least first.
    pub(crate) fn ascending(path: PathId) -> Self {
        Self { path, direction: Direction::Ascending }
    }

    /// The path.
    pub(crate) fn path(self) -> PathId {
        self.path
    }

    /// Which way the order runs.
    pub(crate) fn direction(self) -> Direction {
        self.direction
    }

    /// The order of two numbers.
    pub(crate) fn cmp(self, a: f64, b: f64) -> Ordering {
        self.directed(a.total_cmp(&b))
    }

    /// The order of two keys.
    pub(crate) fn cmp_keys(self, a: &Key, b: &Key) -> Ordering {
        a.cmp_directed(b, self.direction)
    }

    fn directed(self, ordering: Ordering) -> Ordering {
        match self.direction {
            Direction::Ascending => ordering,
            Direction::Descending => ordering.reverse(),
        }
    }

    /// What a segment promises; the best numbers of its zones go to `bests`.
    pub(crate) fn promise(self, segment: &SegmentView<'_>, bests: &mut Vec<f64>) -> Promise {
        let zones = segment.number_zones(self.path);
        let n_before = bests.len();
        bests.extend(zones.into_iter().flatten().map(|zone| self.best_of(zone)));
        if segment.n_rows_of_kinds(self.path, self.kinds_before_numbers()) > 0 {
            return Promise::Certain;
        }
        let best = bests[n_before..].iter().copied().reduce(|a, b| self.better(a, b));
        best.map_or(Promise::Rest, Promise::Number)
    }

    fn best_of(self, (min, max): (f64, f64)) -> f64 {
        match self.direction {
            Direction::Ascending => min,
            Direction::Descending => max,
        }
    }

    fn better(self, a: f64, b: f64) -> f64 {
        if self.cmp(a, b).is_le() { a } else { b }
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

    /// Narrows to rows whose key is `bar` or comes before it; none where lanes know no such bar.
    pub(crate) fn up_to(self, bar: &Key) -> Option<PathFilter> {
        self.filter(bar, Side::Before)
    }

    /// Narrows to rows whose key is `after` or comes after it; none where lanes know no such bar.
    pub(crate) fn from(self, after: &Key) -> Option<PathFilter> {
        self.filter(after, Side::After)
    }

    fn filter(self, key: &Key, side: Side) -> Option<PathFilter> {
        let is_ascending = self.direction == Direction::Ascending;
        let is_up_to = is_ascending == (side == Side::Before);
        let kinds_on = |before: KindSet, own: Kind| match side {
            Side::Before => before,
            // What is undefined comes last in either direction.
            Side::After => before.complement().without(own).with(Kind::Undefined),
        };
        let set = match key {
            Key::Number(number) => {
                let bound = Bound::Included(*number);
                let numbers = if is_up_to {
                    number_range(Bound::Unbounded, bound)
                } else {
                    number_range(bound, Bound::Unbounded)
                };
                let kinds = kinds_on(self.kinds_before_numbers(), Kind::Number);
                CellSet { numbers, ..CellSet::of_kinds(kinds) }
            }
            Key::String(text) => {
                let bound = Bound::Included(Box::from(&**text));
                let strings: TextSet = if is_up_to {
                    text_range(Bound::Unbounded, bound)
                } else {
                    text_range(bound, Bound::Unbounded)
                };
                let before = if is_ascending { BELOW_STRINGS } else { ABOVE_STRINGS };
                CellSet { strings, ..CellSet::of_kinds(kinds_on(before, Kind::String)) }
            }
            Key::Null => CellSet::of_kinds(self.kinds_on(side, Kind::Null)),
            Key::Bool(false) => CellSet::of_kinds(self.kinds_on(side, Kind::False)),
            Key::Bool(true) => CellSet::of_kinds(self.kinds_on(side, Kind::True)),
            Key::Undefined => CellSet::of_kinds(match side {
                Side::Before => KindSet::ALL,
                Side::After => KindSet::of(&[Kind::Undefined]),
            }),
            _ => return None,
        };
        Some(PathFilter::new(self.path, set))
    }

    /// Kinds on a side of one of those that each are one key, and that one.
    fn kinds_on(self, side: Side, own: Kind) -> KindSet {
        let n_before = ORDERED.iter().position(|kind| *kind == own).unwrap_or_default();
        let (least, greatest) = (&ORDERED[..=n_before], &ORDERED[n_before..]);
        let is_least = (self.direction == Direction::Ascending) == (side == Side::Before);
        let kinds = KindSet::of(if is_least { least } else { greatest });
        match side {
            Side::Before => kinds,
            // What is undefined comes last in either direction.
            Side::After => kinds.with(Kind::Undefined),
        }
    }

    /// Clears the zones of `mask` that hold no key before the number `bar`, nor one level with it in
    /// a row up to `row_max`.
    pub(crate) fn clear_zones(
        self,
        (bar, row_max): (f64, usize),
        segment: &SegmentView<'_>,
        mask: &mut Mask,
    ) {
        let before = self.kinds_before_numbers();
        if segment.n_rows_of_kinds(self.path, before) > 0 {
            return;
        }
        let zones = segment.number_zones(self.path);
        let words = mask.words_mut().chunks_mut(ZONE_WORDS);
        let zones = zones.into_iter().chain(std::iter::repeat(None));
        for (i, (words, zone)) in words.zip(zones).enumerate() {
            let can_gain = zone.is_some_and(|zone| match self.cmp(self.best_of(zone), bar) {
                Ordering::Less => true,
                Ordering::Equal => i * ZONE_ROWS <= row_max,
                Ordering::Greater => false,
            });
            if !can_gain {
                words.fill(0);
            }
        }
    }

    /// The rows of `mask` in the zones that promise most, about `n_rows` of them or more.
    pub(crate) fn in_best_zones(
        self,
        segment: &SegmentView<'_>,
        mask: &Mask,
        n_rows: usize,
    ) -> Mask {
        let bounds = segment.number_zones(self.path);
        let mut zones: Vec<(usize, Option<f64>)> = (0..mask.words().len() / ZONE_WORDS)
            .map(|i| (i, bounds.get(i).copied().flatten().map(|zone| self.best_of(zone))))
            .collect();
        zones.sort_by(|a, b| match (a.1, b.1) {
            (Some(a), Some(b)) => self.cmp(a, b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        let (mut some, mut n_taken) = (Mask::empty(), 0);
        for (zone, _) in zones {
            if n_taken >= n_rows {
                break;
            }
            let words = zone * ZONE_WORDS..(zone + 1) * ZONE_WORDS;
            some.words_mut()[words.clone()].copy_from_slice(&mask.words()[words.clone()]);
            n_taken += count(&some.words()[words]);
        }
        some
    }

    /// A key that bars all but the first `n` rows of `mask` and those that are level with the last
    /// of these; none if there are too few. Rows up to the key `after` do not count.
    pub(crate) fn local_bar(
        self,
        segment: &SegmentView<'_>,
        mask: &Mask,
        (after, n): (Option<&Key>, usize),
    ) -> Option<Key> {
        self.bar_of((segment, mask), after, (Counted::Rows, n))
    }

    /// The same for all but the first `n` values.
    pub(crate) fn bar_of_values(
        self,
        segment: &SegmentView<'_>,
        mask: &Mask,
        (after, n): (Option<&Key>, usize),
    ) -> Option<Key> {
        self.bar_of((segment, mask), after, (Counted::Values, n))
    }

    fn bar_of(
        self,
        rows: (&SegmentView<'_>, &Mask),
        after: Option<&Key>,
        wanted: (Counted, usize),
    ) -> Option<Key> {
        let of_numbers = || self.bar_of_numbers(rows, after, wanted);
        let of_strings = || self.bar_of_strings(rows, after, wanted);
        match self.direction {
            Direction::Ascending => of_numbers().or_else(of_strings),
            Direction::Descending => of_strings().or_else(of_numbers),
        }
    }

    fn bar_of_numbers(
        self,
        (segment, mask): (&SegmentView<'_>, &Mask),
        after: Option<&Key>,
        wanted: (Counted, usize),
    ) -> Option<Key> {
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
        wanted.0.first_of(counts, wanted.1, |a, b| self.cmp(*a, *b)).map(Key::Number)
    }

    fn bar_of_strings(
        self,
        (segment, mask): (&SegmentView<'_>, &Mask),
        after: Option<&Key>,
        wanted: (Counted, usize),
    ) -> Option<Key> {
        if (segment.n_rows_of_kinds(self.path, STRING) as usize) < wanted.1 {
            return None;
        }
        let is_ascending = self.direction == Direction::Ascending;
        let mut counts = Vec::new();
        segment.count_values(self.path, Some(mask), |cell, n_rows| {
            let Cell::String(text) = cell else { return };
            let is_after = match after {
                Some(Key::String(after)) => self.directed((*text).cmp(&**after)).is_gt(),
                Some(Key::Number(_)) => is_ascending,
                Some(_) => false,
                None => true,
            };
            if is_after && n_rows > 0 {
                counts.push((text, n_rows as usize));
            }
        });
        let bar = wanted.0.first_of(counts, wanted.1, |a, b| self.directed((**a).cmp(&**b)))?;
        Some(Key::String(Arc::from(&*bar)))
    }

    /// Kinds whose keys come before all numbers.
    fn kinds_before_numbers(self) -> KindSet {
        match self.direction {
            Direction::Ascending => BELOW_NUMBERS,
            Direction::Descending => ABOVE_NUMBERS,
        }
    }
}

/// What a bar counts off.
#[derive(Clone, Copy, Debug)]
enum Counted {
    Rows,
    Values,
}

impl Counted {
    /// The value of the `n`-th row, or the `n`-th value, of values with their rows, of which one may
    /// come more than once; none if they are too few, or too often the same to be told apart in short.
    fn first_of<T>(
        self,
        mut counts: Vec<(T, usize)>,
        n: usize,
        cmp: impl Fn(&T, &T) -> Ordering,
    ) -> Option<T> {
        match self {
            Self::Rows => first_of(counts, n, cmp),
            Self::Values => {
                let n_first = n.saturating_mul(2).min(counts.len());
                if n == 0 || n_first < n {
                    return None;
                }
                counts.select_nth_unstable_by(n_first - 1, |a, b| cmp(&a.0, &b.0));
                counts.truncate(n_first);
                counts.sort_unstable_by(|a, b| cmp(&a.0, &b.0));
                counts.dedup_by(|a, b| cmp(&a.0, &b.0).is_eq());
                counts.into_iter().nth(n - 1).map(|(value, _)| value)
            }
        }
    }
}

/// The value of the `n`-th row, of values with a row or more each; none if there are fewer rows.
pub(crate) fn first_of<T>(
    mut counts: Vec<(T, usize)>,
    n: usize,
    cmp: impl Fn(&T, &T) -> Ordering,
) -> Option<T> {
    // Each of the values is that of a row or more, so the first `n` of them suffice.
    let n_first = n.min(counts.len());
    if n_first == 0 {
        return None;
    }
    counts.select_nth_unstable_by(n_first - 1, |a, b| cmp(&a.0, &b.0));
    counts.truncate(n_first);
    counts.sort_unstable_by(|a, b| cmp(&a.0, &b.0));
    let mut n_rows = 0;
    counts.into_iter().find_map(|(value, n_more)| {
        n_rows += n_more;
        (n_rows >= n).then_some(value)
    })
}

fn count(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}
