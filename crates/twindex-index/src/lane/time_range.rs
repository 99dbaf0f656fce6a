//! Sets of texts as ranges of codes of stamps.
//!
//! Texts of one second share their first 19 bytes, and seconds are ordered in text as in time. So a
//! range of texts is a range of seconds, but for the two in which its ends lie: there the digits
//! decide, and trimmed ones are not ordered as times are (`…4.65Z` comes after `…4.651Z`).

use std::ops::Bound;

use crate::cell_set::{NumberBounds, NumberSet, TextSet};
use crate::lane::stamp::{Stamp, TICKS_MAX, TICKS_MIN, TICKS_PER_SECOND};
use crate::lane::stamp_code::StampCoder;

/// Bytes of a stamp up to the second.
const SECOND_BYTES: usize = 19;

/// Codes that may be in a set; odd texts are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidates {
    /// First and last code; none if the first is above the last.
    pub(crate) codes: (u64, u64),
    /// Ranges within, whose texts must be asked.
    pub(crate) asked: [Option<(u64, u64)>; 2],
}

/// Where the texts of a second lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Before,
    Asked,
    In,
    After,
}

impl StampCoder {
    /// The codes whose text may be in `set`; `None` where the set is no range.
    pub(crate) fn candidates(&self, set: &TextSet) -> Option<Candidates> {
        let verdict: Box<dyn Fn(&str) -> Verdict + '_> = match set {
            TextSet::Between(low, high) => Box::new(move |second| between(second, low, high)),
            TextSet::Prefix(prefix) => Box::new(move |second| with_prefix(second, prefix)),
            TextSet::Time(times) => match &times.milliseconds {
                NumberSet::Between(bounds) => return Some(self.times_between(bounds)),
                _ => return None,
            },
            _ => return None,
        };
        let verdict_of = |second: i64| {
            let text = Stamp { ticks: second * TICKS_PER_SECOND, digits: 0 }.text();
            verdict(&text[..SECOND_BYTES])
        };
        let (least, greatest) = self.ticks_range();
        let seconds = (least.div_euclid(TICKS_PER_SECOND), greatest.div_euclid(TICKS_PER_SECOND));
        let first = first_not(seconds, |second| verdict_of(second) == Verdict::Before);
        let end = first_not(seconds, |second| verdict_of(second) != Verdict::After);
        let codes_of = |from: i64, to: i64| {
            self.codes_of_ticks(from * TICKS_PER_SECOND, to * TICKS_PER_SECOND - 1)
        };
        let asked = |second: i64| {
            let is_asked = first < end && verdict_of(second) == Verdict::Asked;
            is_asked.then(|| codes_of(second, second + 1))
        };
        Some(Candidates {
            codes: if first < end { codes_of(first, end) } else { (1, 0) },
            asked: [asked(first), if end - 1 > first { asked(end - 1) } else { None }],
        })
    }

    /// The codes whose milliseconds lie within bounds.
    fn times_between(&self, bounds: &NumberBounds) -> Candidates {
        let range = self.ticks_range();
        let first = first_not(range, |ticks| {
            !NumberBounds { high: Bound::Unbounded, ..*bounds }.contains(milliseconds(ticks))
        });
        let end = first_not(range, |ticks| {
            NumberBounds { low: Bound::Unbounded, ..*bounds }.contains(milliseconds(ticks))
        });
        let codes = if first < end { self.codes_of_ticks(first, end - 1) } else { (1, 0) };
        Candidates { codes, asked: [None, None] }
    }

    /// Least and greatest tick that a code and a year of four digits can have.
    fn ticks_range(&self) -> (i64, i64) {
        let (least, greatest) = self.ticks_of_codes();
        (least.max(TICKS_MIN), greatest.min(TICKS_MAX))
    }
}

/// Milliseconds since 1970, finer digits cut off.
pub(crate) fn milliseconds(ticks: i64) -> f64 {
    ticks.div_euclid(TICKS_PER_SECOND / 1_000) as f64
}

/// The first number from `first` to `last` for which `before` does not hold, one past the last if
/// it always does; it holds for none after one for which it does not.
fn first_not((first, last): (i64, i64), before: impl Fn(i64) -> bool) -> i64 {
    let (mut from, mut to) = (first, last + 1);
    while from < to {
        let middle = from + (to - from) / 2;
        if before(middle) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}

/// Verdict on all texts that begin with `second`, by two bounds.
fn between(second: &str, low: &Bound<Box<str>>, high: &Bound<Box<str>>) -> Verdict {
    let (low, high) = (text_of(low), text_of(high));
    let is_end = |bound: Option<&str>| bound.is_some_and(|bound| bound.starts_with(second));
    match (low, high) {
        _ if is_end(low) || is_end(high) => Verdict::Asked,
        (Some(low), _) if second < low => Verdict::Before,
        (_, Some(high)) if second > high => Verdict::After,
        _ => Verdict::In,
    }
}

fn text_of(bound: &Bound<Box<str>>) -> Option<&str> {
    match bound {
        Bound::Included(text) | Bound::Excluded(text) => Some(text),
        Bound::Unbounded => None,
    }
}

/// Verdict on all texts that begin with `second`, by a prefix.
fn with_prefix(second: &str, prefix: &str) -> Verdict {
    if second.starts_with(prefix) {
        Verdict::In
    } else if prefix.starts_with(second) {
        Verdict::Asked
    } else if second < prefix {
        Verdict::Before
    } else {
        Verdict::After
    }
}
