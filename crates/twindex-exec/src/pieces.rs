//! Sorting that can be stopped.
//!
//! A million groups take the better part of a second to sort, which is longer than a query may go on
//! after it was cancelled. So pieces are sorted one by one and merged in pairs, with a look at the
//! stop between; where only the first rows are wanted each piece is cut to them before it is sorted,
//! and each merge after it. The comparisons are about those of one sort.

use std::cmp::Ordering;
use std::ops::Range;

use crate::error::ExecError;
use crate::stop::Stop;

/// Items of a piece: some milliseconds to sort, whatever is compared.
const PIECE: usize = 1 << 14;
/// Items merged between two looks.
const MERGED: usize = 1 << 12;
/// Items that a pivot is chosen of.
const ASKED: usize = 64;

/// The first `n_max` of `items` in order.
///
/// # Errors
/// [`ExecError::Stopped`].
pub(crate) fn first_in_order<T>(
    items: Vec<T>,
    n_max: usize,
    stop: &Stop,
    cmp: impl Fn(&T, &T) -> Ordering,
) -> Result<Vec<T>, ExecError> {
    if n_max == 0 {
        return Ok(Vec::new());
    }
    let mut pieces: Vec<Vec<T>> = Vec::with_capacity(items.len() / PIECE + 1);
    let mut items = items.into_iter();
    while items.len() > 0 {
        stop.check()?;
        let mut piece: Vec<T> = items.by_ref().take(PIECE).collect();
        if piece.len() / 2 > n_max {
            piece.select_nth_unstable_by(n_max - 1, &cmp);
            piece.truncate(n_max);
        }
        piece.sort_unstable_by(&cmp);
        piece.truncate(n_max);
        pieces.push(piece);
    }
    while pieces.len() > 1 {
        let mut merged = Vec::with_capacity(pieces.len().div_ceil(2));
        let mut left = pieces.into_iter();
        while let Some(a) = left.next() {
            merged.push(match left.next() {
                Some(b) => merge((a, b), n_max, stop, &cmp)?,
                None => a,
            });
        }
        pieces = merged;
    }
    Ok(pieces.pop().unwrap_or_default())
}

/// The items at some places in the order of all. Many before these are left out without being sorted.
///
/// # Errors
/// [`ExecError::Stopped`].
pub(crate) fn places_in_order<T>(
    mut items: Vec<T>,
    places: Range<usize>,
    stop: &Stop,
    cmp: impl Fn(&T, &T) -> Ordering,
) -> Result<Vec<T>, ExecError> {
    let mut n_skipped = places.start;
    if places.is_empty() {
        return Ok(Vec::new());
    }
    if n_skipped >= PIECE && n_skipped < items.len() {
        if places.end < items.len() {
            keep_first(&mut items, places.end, stop, &cmp)?;
        }
        let n_kept = items.len() - n_skipped;
        keep_first(&mut items, n_kept, stop, |a, b| cmp(b, a))?;
        n_skipped = 0;
    }
    let n_max = places.end.saturating_sub(places.start).saturating_add(n_skipped);
    let mut found = first_in_order(items, n_max, stop, cmp)?;
    found.drain(..n_skipped.min(found.len()));
    Ok(found)
}

/// Cuts items that differ, `n` or more, back to the first `n`, one or more, in any order but the last
/// of them at the end.
///
/// # Errors
/// [`ExecError::Stopped`].
pub(crate) fn keep_first<T>(
    items: &mut Vec<T>,
    n: usize,
    stop: &Stop,
    cmp: impl Fn(&T, &T) -> Ordering,
) -> Result<(), ExecError> {
    // Where the last of them still may be.
    let (mut begin, mut end) = (0, items.len());
    while end - begin > PIECE {
        let pivot = begin + pivot_of(&items[begin..end], n - begin, &cmp);
        let last = end - 1;
        items.swap(pivot, last);
        let mut middle = begin;
        for i in begin..last {
            stop.check_at(i)?;
            if cmp(&items[i], &items[last]).is_lt() {
                items.swap(middle, i);
                middle += 1;
            }
        }
        items.swap(middle, last);
        match middle.cmp(&(n - 1)) {
            Ordering::Less => begin = middle + 1,
            Ordering::Equal => (begin, end) = (middle, middle + 1),
            Ordering::Greater => end = middle,
        }
    }
    items[begin..end].select_nth_unstable_by(n - 1 - begin, cmp);
    items.truncate(n);
    Ok(())
}

/// The place of an item that is about the `n`-th of all, as some of them tell.
fn pivot_of<T>(items: &[T], n: usize, cmp: &impl Fn(&T, &T) -> Ordering) -> usize {
    let mut some: Vec<usize> = (0..items.len()).step_by(items.len() / ASKED + 1).collect();
    some.sort_unstable_by(|a, b| cmp(&items[*a], &items[*b]));
    some[(some.len() * n / items.len()).min(some.len() - 1)]
}

fn merge<T>(
    (a, b): (Vec<T>, Vec<T>),
    n_max: usize,
    stop: &Stop,
    cmp: &impl Fn(&T, &T) -> Ordering,
) -> Result<Vec<T>, ExecError> {
    let n = a.len().saturating_add(b.len()).min(n_max);
    let mut merged = Vec::with_capacity(n);
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    while merged.len() < n {
        if merged.len() % MERGED == 0 {
            stop.check()?;
        }
        let takes_a = match (a.peek(), b.peek()) {
            (Some(a), Some(b)) => cmp(a, b).is_le(),
            (a, _) => a.is_some(),
        };
        merged.extend(if takes_a { a.next() } else { b.next() });
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::{ExecError, PIECE, Stop, first_in_order, keep_first, places_in_order};

    #[test]
    fn pieces_are_in_order_together() {
        let items: Vec<u64> = (0..5 * PIECE as u64 + 7).map(|n| n * 7_919 % 100_003).collect();
        let mut sorted = items.clone();
        sorted.sort_unstable();
        for n_max in
            [0, 1, 100, PIECE - 1, PIECE, PIECE + 1, items.len() - 1, items.len(), usize::MAX]
        {
            let found = first_in_order(items.clone(), n_max, &Stop::never(), u64::cmp);
            let wanted = &sorted[..n_max.min(sorted.len())];
            assert_eq!(found.as_deref(), Ok(wanted), "{n_max}");
        }
        assert_eq!(first_in_order(Vec::new(), 5, &Stop::never(), u64::cmp), Ok(Vec::new()));
    }

    #[test]
    fn the_first_are_kept_with_the_last_of_them_at_the_end() {
        let items: Vec<u64> = (0..5 * PIECE as u64 + 7).map(|n| n * 7_919 % 100_003).collect();
        for n in [1, 2, PIECE, items.len() / 2, items.len() - 1, items.len()] {
            let mut found = items.clone();
            assert_eq!(keep_first(&mut found, n, &Stop::never(), u64::cmp), Ok(()));
            let last = found.last().copied();
            found.sort_unstable();
            let mut sorted = items.clone();
            sorted.sort_unstable();
            assert_eq!(found, sorted[..n]);
            assert_eq!(last, sorted[..n].last().copied());
        }
        let late = Stop::never().with_deadline(std::time::Instant::now());
        let kept = keep_first(&mut items.clone(), 5, &late, u64::cmp);
        assert_eq!(kept, Err(ExecError::Stopped));
    }

    #[test]
    fn places_far_down_are_those_of_all_sorted() {
        let items: Vec<u64> = (0..5 * PIECE as u64 + 7).map(|n| n * 7_919 % 1_000_003).collect();
        let mut sorted = items.clone();
        sorted.sort_unstable();
        let n = items.len();
        for (begin, end) in [
            (0, n),
            (5, 9),
            (PIECE, PIECE),
            (PIECE, PIECE + 1),
            (2 * PIECE + 3, 2 * PIECE + 50),
            (n - 1, usize::MAX),
            (n, n + 5),
            (n + 9, usize::MAX),
        ] {
            let found = places_in_order(items.clone(), begin..end, &Stop::never(), u64::cmp);
            let wanted = &sorted[begin.min(n)..end.min(n)];
            assert_eq!(found.as_deref(), Ok(wanted), "{begin}..{end}");
        }
    }

    #[test]
    fn sorting_is_stopped() {
        let late = Stop::never().with_deadline(std::time::Instant::now());
        let sorted = first_in_order(vec![2, 1], 5, &late, u64::cmp);
        assert_eq!(sorted, Err(ExecError::Stopped));
    }
}
