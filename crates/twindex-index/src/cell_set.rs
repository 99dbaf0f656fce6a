//! A condition on one path, as the set of cells for which it is true.
//!
//! Three-valued logic ends here: whoever builds the set has decided what each kind of cell means,
//! so lanes only ask "is this cell in". One closed form serves equality, ranges, kinds, negations
//! and any function of one path, the last as a test that is run once per distinct value.

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};

use crate::text_match::TextMatcher;

/// A set of cells.
#[derive(Clone, Debug)]
pub struct CellSet {
    /// Which of undefined, null, false, true and object are in; the bits of other kinds are unused.
    pub kinds: KindSet,
    /// Which numbers are in.
    pub numbers: NumberSet,
    /// Which strings are in.
    pub strings: TextSet,
    /// Which arrays are in, by canonical text.
    pub arrays: TextSet,
}

/// A set of numbers.
#[derive(Clone)]
pub enum NumberSet {
    /// No number.
    None,
    /// Every number.
    All,
    /// Those between bounds.
    Between(NumberBounds),
    /// Those listed, ascending and distinct.
    Points(Vec<f64>),
    /// Those not listed.
    NotPoints(Vec<f64>),
    /// Those that pass.
    Test(Arc<dyn Fn(f64) -> bool + Send + Sync>),
}

/// An interval of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberBounds {
    /// Where it begins.
    pub low: Bound<f64>,
    /// Where it ends.
    pub high: Bound<f64>,
}

/// A set of texts: strings, or arrays by canonical text.
#[derive(Clone)]
pub enum TextSet {
    /// None.
    None,
    /// Every text.
    All,
    /// Those listed, ascending and distinct.
    Points(Vec<Box<str>>),
    /// Those not listed.
    NotPoints(Vec<Box<str>>),
    /// Those between bounds, by code point.
    Between(Bound<Box<str>>, Bound<Box<str>>),
    /// Those that begin so.
    Prefix(Box<str>),
    /// Those that hold this somewhere.
    Contains(Box<str>),
    /// Those that are times in a set.
    Time(TimeSet),
    /// Those that a matcher takes.
    Match(Arc<dyn TextMatcher>),
    /// Those that pass. The test is run once per distinct text where texts are dictionary codes.
    Test(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

/// A set of texts that are times. Lanes of stamps in UTC answer by `milliseconds` without printing
/// a text; `test` is asked of texts that are stored otherwise.
#[derive(Clone)]
pub struct TimeSet {
    /// The times that are in, in milliseconds since 1970 UTC, finer digits cut off.
    pub milliseconds: NumberSet,
    /// Whether a text is in. Invariant: of stamps like `2023-05-22T10:38:14.3501922Z` it says what
    /// `milliseconds` says.
    pub test: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl CellSet {
    /// No cell.
    #[must_use]
    pub fn none() -> Self {
        Self {
            kinds: KindSet::NONE,
            numbers: NumberSet::None,
            strings: TextSet::None,
            arrays: TextSet::None,
        }
    }

    /// Every cell of the kinds given, whatever its value.
    #[must_use]
    pub fn of_kinds(kinds: KindSet) -> Self {
        let texts = |kind| {
            if kinds.contains(kind) { TextSet::All } else { TextSet::None }
        };
        Self {
            kinds,
            numbers: if kinds.contains(Kind::Number) { NumberSet::All } else { NumberSet::None },
            strings: texts(Kind::String),
            arrays: texts(Kind::Array),
        }
    }

    /// Bytes on the heap, but for those of tests.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let numbers = match &self.numbers {
            NumberSet::Points(points) | NumberSet::NotPoints(points) => size_of_val(&**points),
            _ => 0,
        };
        numbers + self.strings.heap_bytes() + self.arrays.heap_bytes()
    }

    /// Whether `cell` is in.
    #[must_use]
    pub fn contains(&self, cell: &Cell<'_>) -> bool {
        match cell {
            Cell::Number(number) => self.numbers.contains(*number),
            Cell::String(text) => self.strings.contains(text),
            Cell::Array(text) => self.arrays.contains(text),
            other => self.kinds.contains(other.kind()),
        }
    }
}

impl TextSet {
    /// Bytes on the heap, but for those of a test.
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Points(points) | Self::NotPoints(points) => {
                points.iter().map(|text| size_of_val(text) + text.len()).sum()
            }
            Self::Prefix(text) | Self::Contains(text) => text.len(),
            _ => 0,
        }
    }
}

impl NumberSet {
    /// Whether `number` is in.
    #[must_use]
    pub fn contains(&self, number: f64) -> bool {
        let listed = |points: &[f64]| points.binary_search_by(|p| p.total_cmp(&number)).is_ok();
        match self {
            Self::None => false,
            Self::All => true,
            Self::Between(bounds) => bounds.contains(number),
            Self::Points(points) => listed(points),
            Self::NotPoints(points) => !listed(points),
            Self::Test(test) => test(number),
        }
    }
}

impl NumberBounds {
    /// Whether `number` lies within.
    #[must_use]
    pub fn contains(&self, number: f64) -> bool {
        (self.low, self.high).contains(&number)
    }
}

impl TextSet {
    /// Whether `text` is in.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        let listed = |points: &[Box<str>]| points.binary_search_by(|p| (**p).cmp(text)).is_ok();
        match self {
            Self::None => false,
            Self::All => true,
            Self::Points(points) => listed(points),
            Self::NotPoints(points) => !listed(points),
            Self::Between(low, high) => {
                let bounds = (low.as_ref().map(|b| &**b), high.as_ref().map(|b| &**b));
                RangeBounds::<str>::contains(&bounds, text)
            }
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Contains(part) => {
                memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some()
            }
            Self::Time(times) => (times.test)(text),
            Self::Match(matcher) => matcher.is_match(text.as_bytes()),
            Self::Test(test) => test(text),
        }
    }
}

impl fmt::Debug for TimeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TimeSet").field(&self.milliseconds).finish()
    }
}

impl fmt::Debug for NumberSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::All => f.write_str("All"),
            Self::Between(bounds) => write!(f, "Between({:?}, {:?})", bounds.low, bounds.high),
            Self::Points(points) => f.debug_tuple("Points").field(points).finish(),
            Self::NotPoints(points) => f.debug_tuple("NotPoints").field(points).finish(),
            Self::Test(_) => f.write_str("Test"),
        }
    }
}

impl fmt::Debug for TextSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::All => f.write_str("All"),
            Self::Points(points) => f.debug_tuple("Points").field(points).finish(),
            Self::NotPoints(points) => f.debug_tuple("NotPoints").field(points).finish(),
            Self::Between(low, high) => write!(f, "Between({low:?}, {high:?})"),
            Self::Prefix(prefix) => f.debug_tuple("Prefix").field(prefix).finish(),
            Self::Contains(part) => f.debug_tuple("Contains").field(part).finish(),
            Self::Time(times) => f.debug_tuple("Time").field(&times.milliseconds).finish(),
            Self::Match(matcher) => f.debug_tuple("Match").field(matcher).finish(),
            Self::Test(_) => f.write_str("Test"),
        }
    }
}
