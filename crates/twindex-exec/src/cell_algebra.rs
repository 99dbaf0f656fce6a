//! Unions and intersections of cell sets, so that `p >= 1 AND p < 5` or `p = 'a' OR p = 'b'` is one
//! leaf.
//!
//! Only what stays in closed form is merged. Two tests could be joined into one, but would then run
//! for values that the cheaper of them alone had removed.

use std::ops::Bound;
use std::sync::Arc;

use twindex_index::cell_set::{CellSet, NumberBounds, NumberSet, TextSet, TimeSet};

/// The cells in both sets, where that has a closed form.
pub(crate) fn intersection(a: &CellSet, b: &CellSet) -> Option<CellSet> {
    Some(CellSet {
        kinds: a.kinds.intersection(b.kinds),
        numbers: numbers_in_both(&a.numbers, &b.numbers)?,
        strings: texts_in_both(&a.strings, &b.strings)?,
        arrays: texts_in_both(&a.arrays, &b.arrays)?,
    })
}

/// The cells in either set, where that has a closed form.
pub(crate) fn union(a: &CellSet, b: &CellSet) -> Option<CellSet> {
    Some(CellSet {
        kinds: a.kinds.union(b.kinds),
        numbers: numbers_in_either(&a.numbers, &b.numbers)?,
        strings: texts_in_either(&a.strings, &b.strings)?,
        arrays: texts_in_either(&a.arrays, &b.arrays)?,
    })
}

/// The numbers between two bounds; no set holds bounds that cross.
pub(crate) fn number_range(low: Bound<f64>, high: Bound<f64>) -> NumberSet {
    if is_crossed(&low, &high) {
        NumberSet::None
    } else {
        NumberSet::Between(NumberBounds { low, high })
    }
}

/// The texts between two bounds; no set holds bounds that cross.
pub(crate) fn text_range(low: Bound<Box<str>>, high: Bound<Box<str>>) -> TextSet {
    if is_crossed(&low, &high) { TextSet::None } else { TextSet::Between(low, high) }
}

fn is_crossed<T: PartialOrd>(low: &Bound<T>, high: &Bound<T>) -> bool {
    match (low, high) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(low), Bound::Included(high)) => low > high,
        (
            Bound::Included(low) | Bound::Excluded(low),
            Bound::Included(high) | Bound::Excluded(high),
        ) => low >= high,
    }
}

fn numbers_in_both(a: &NumberSet, b: &NumberSet) -> Option<NumberSet> {
    use NumberSet::{All, Between, None as Empty, NotPoints, Points};
    Some(match (a, b) {
        (Empty, _) | (_, Empty) => Empty,
        (All, other) | (other, All) => other.clone(),
        (Points(points), other) | (other, Points(points)) => {
            let kept: Vec<f64> = points.iter().copied().filter(|&n| other.contains(n)).collect();
            if kept.is_empty() { Empty } else { Points(kept) }
        }
        (Between(a), Between(b)) => {
            number_range(later(a.low, b.low, |x, y| x >= y), later(a.high, b.high, |x, y| x <= y))
        }
        (NotPoints(a), NotPoints(b)) => NotPoints(merged(a, b, f64::total_cmp)),
        _ => return None,
    })
}

fn numbers_in_either(a: &NumberSet, b: &NumberSet) -> Option<NumberSet> {
    use NumberSet::{All, None as Empty, NotPoints, Points};
    Some(match (a, b) {
        (All, _) | (_, All) => All,
        (Empty, other) | (other, Empty) => other.clone(),
        (Points(a), Points(b)) => Points(merged(a, b, f64::total_cmp)),
        (NotPoints(points), other) | (other, NotPoints(points)) => {
            let left: Vec<f64> = points.iter().copied().filter(|&n| !other.contains(n)).collect();
            if left.is_empty() { All } else { NotPoints(left) }
        }
        _ => return None,
    })
}

fn texts_in_both(a: &TextSet, b: &TextSet) -> Option<TextSet> {
    use TextSet::{All, Between, None as Empty, NotPoints, Points, Time};
    Some(match (a, b) {
        (Empty, _) | (_, Empty) => Empty,
        (All, other) | (other, All) => other.clone(),
        (Points(points), other) | (other, Points(points)) => {
            let kept: Vec<Box<str>> =
                points.iter().filter(|text| other.contains(text)).cloned().collect();
            if kept.is_empty() { Empty } else { Points(kept) }
        }
        (Between(low_a, high_a), Between(low_b, high_b)) => text_range(
            later(low_a.clone(), low_b.clone(), |x, y| x >= y),
            later(high_a.clone(), high_b.clone(), |x, y| x <= y),
        ),
        (NotPoints(a), NotPoints(b)) => NotPoints(merged(a, b, Ord::cmp)),
        (Time(a), Time(b)) => times_in_both(a, b)?,
        _ => return None,
    })
}

fn times_in_both(a: &TimeSet, b: &TimeSet) -> Option<TextSet> {
    let milliseconds = numbers_in_both(&a.milliseconds, &b.milliseconds)?;
    if matches!(milliseconds, NumberSet::None) {
        return Some(TextSet::None);
    }
    let (in_a, in_b) = (Arc::clone(&a.test), Arc::clone(&b.test));
    let test = Arc::new(move |text: &str| in_a(text) && in_b(text));
    Some(TextSet::Time(TimeSet { milliseconds, test }))
}

fn texts_in_either(a: &TextSet, b: &TextSet) -> Option<TextSet> {
    use TextSet::{All, None as Empty, NotPoints, Points};
    Some(match (a, b) {
        (All, _) | (_, All) => All,
        (Empty, other) | (other, Empty) => other.clone(),
        (Points(a), Points(b)) => Points(merged(a, b, Ord::cmp)),
        (NotPoints(points), other) | (other, NotPoints(points)) => {
            let left: Vec<Box<str>> =
                points.iter().filter(|text| !other.contains(text)).cloned().collect();
            if left.is_empty() { All } else { NotPoints(left) }
        }
        _ => return None,
    })
}

/// The narrower of two bounds on one side; `is_narrower(x, y)` says that `x` cuts as deep as `y`.
fn later<T>(a: Bound<T>, b: Bound<T>, is_narrower: impl Fn(&T, &T) -> bool) -> Bound<T> {
    match (&a, &b) {
        (Bound::Unbounded, _) => b,
        (_, Bound::Unbounded) => a,
        (Bound::Excluded(x), Bound::Excluded(y) | Bound::Included(y)) if is_narrower(x, y) => a,
        (Bound::Included(x), Bound::Included(y)) if is_narrower(x, y) => a,
        // At the same place the bound that leaves the place out is the narrower one.
        (Bound::Included(x), Bound::Excluded(y)) if !is_narrower(y, x) => a,
        _ => b,
    }
}

fn merged<T: Clone>(a: &[T], b: &[T], cmp: impl Fn(&T, &T) -> std::cmp::Ordering) -> Vec<T> {
    let mut all = [a, b].concat();
    all.sort_by(&cmp);
    all.dedup_by(|x, y| cmp(x, y).is_eq());
    all
}
