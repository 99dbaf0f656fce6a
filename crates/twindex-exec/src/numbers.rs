//! The numbers of a group with their counts: what percentiles and deviations are taken from.
//!
//! Most groups of many have one number, which lies in the state itself. Many numbers are cut into
//! parts by hash: no growth takes long, and all are sorted once, in pieces between which the stop is
//! looked at.

use std::cmp::Ordering;
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use twindex_planted::{Fault, planted};

use crate::error::ExecError;
use crate::exact_sum::ExactSum;
use crate::pieces::first_in_order;
use crate::stop::Stop;

/// Entries below which numbers are not compacted.
const COMPACT_MIN: usize = 1_024;
/// Entries of one group from which on the stop is looked at for it alone.
const ASKED: usize = 64;
/// Entries from which on numbers are cut into parts.
const LARGE: usize = if cfg!(test) { 2_048 } else { 1 << 16 };
const PARTS: usize = 64;
/// Where in a hash the number of a part is; a table goes by the lowest bits and by the highest.
const PART_SHIFT: u32 = 40;

/// A multiset of numbers.
#[derive(Clone, Debug)]
pub(crate) enum Numbers {
    /// One number or, with a count of 0, none.
    One(f64, u64),
    Some(Pairs),
    Many(Box<Parts>),
}

/// Numbers with counts.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    /// Ascending and distinct up to `n_compact`.
    pairs: Vec<(f64, u64)>,
    n_compact: usize,
}

/// Counts by the bits of a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    hasher: RandomState,
    parts: Vec<HashMap<u64, u64, RandomState>>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self::One(0.0, 0)
    }
}

impl Pairs {
    fn add(&mut self, number: f64, n: u64) {
        self.pairs.push((number, n));
        // Doubling keeps the work of sorting below that of adding, times a logarithm.
        if self.pairs.len() >= (2 * self.n_compact).max(COMPACT_MIN) {
            self.compact();
        }
    }

    fn compact(&mut self) {
        self.pairs.sort_unstable_by(by_number);
        self.join_equal();
    }

    /// All of them, ascending and distinct. Many are sorted with looks at the stop between.
    fn into_compact(mut self, stop: &Stop) -> Result<Vec<(f64, u64)>, ExecError> {
        if self.pairs.len() < ASKED {
            self.compact();
        } else {
            self.pairs = first_in_order(self.pairs, usize::MAX, stop, by_number)?;
            self.join_equal();
        }
        Ok(self.pairs)
    }

    /// Adds up the counts of equal neighbours.
    fn join_equal(&mut self) {
        self.pairs.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 += later.1;
            }
            is_same
        });
        self.n_compact = self.pairs.len();
    }

    /// Asks unless there are few: callers ask only once in thousands of groups.
    fn check(&self, stop: &Stop) -> Result<(), ExecError> {
        if self.pairs.len() >= ASKED { stop.check() } else { Ok(()) }
    }
}

impl Parts {
    fn add(&mut self, number: f64, n: u64) {
        if self.parts.is_empty() {
            self.parts.resize_with(PARTS, HashMap::default);
        }
        let bits = number.to_bits();
        let part = (self.hasher.hash_one(bits) >> PART_SHIFT) as usize % PARTS;
        *self.parts[part].entry(bits).or_default() += n;
    }

    fn into_pairs(self, stop: &Stop) -> Result<Vec<(f64, u64)>, ExecError> {
        let mut pairs = Vec::with_capacity(self.parts.iter().map(HashMap::len).sum());
        for part in self.parts {
            stop.check()?;
            pairs.extend(part.into_iter().map(|(bits, n)| (f64::from_bits(bits), n)));
        }
        first_in_order(pairs, usize::MAX, stop, by_number)
    }
}

impl Numbers {
    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        const PAIR: usize = size_of::<(f64, u64)>();
        match self {
            Self::One(..) => 0,
            Self::Some(few) => few.pairs.capacity() * PAIR,
            Self::Many(many) => {
                let n_pairs: usize = many.parts.iter().map(HashMap::capacity).sum();
                size_of::<Parts>() + PARTS * size_of::<Self>() + n_pairs * (PAIR + 1)
            }
        }
    }

    pub(crate) fn add(&mut self, number: f64, n: u64) {
        match self {
            Self::One(one, count) if *count == 0 || *one == number => {
                *one = number;
                *count += n;
            }
            Self::One(one, count) => {
                let pairs = vec![(*one, *count), (number, n)];
                *self = Self::Some(Pairs { pairs, n_compact: 0 });
            }
            Self::Some(some) => {
                some.add(number, n);
                if some.n_compact >= LARGE {
                    let mut many = Box::<Parts>::default();
                    some.pairs.iter().for_each(|(number, n)| many.add(*number, *n));
                    *self = Self::Many(many);
                }
            }
            Self::Many(many) => many.add(number, n),
        }
    }

    /// Adds other numbers.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn merge(&mut self, other: Self, stop: &Stop) -> Result<(), ExecError> {
        if let Self::One(_, 0) = self {
            *self = other;
            return Ok(());
        }
        match other {
            Self::One(_, 0) => (),
            Self::One(number, n) => self.add(number, n),
            Self::Some(some) => {
                some.check(stop)?;
                for (i, (number, n)) in some.pairs.into_iter().enumerate() {
                    stop.check_at(i + 1)?;
                    self.add(number, n);
                }
            }
            Self::Many(many) => {
                for (i, (bits, n)) in many.parts.into_iter().flatten().enumerate() {
                    stop.check_at(i)?;
                    self.add(f64::from_bits(bits), n);
                }
            }
        }
        Ok(())
    }

    /// All of them, ascending and distinct.
    fn compacted(self, stop: &Stop) -> Result<Vec<(f64, u64)>, ExecError> {
        match self {
            Self::One(number, n) => Ok(vec![(number, n)]),
            Self::Some(some) => some.into_compact(stop),
            Self::Many(many) => many.into_pairs(stop),
        }
    }

    /// The value below which the share `p` of the numbers lies, linearly interpolated between
    /// neighbours; none without numbers.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn percentile(self, p: f64, stop: &Stop) -> Result<Option<f64>, ExecError> {
        if let Self::One(number, n) = self {
            return Ok((n > 0).then_some(number));
        }
        let pairs = self.compacted(stop)?;
        Ok(percentile(&pairs, p))
    }

    /// The standard deviation of the sample; none below two numbers.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn deviation(self, stop: &Stop) -> Result<Option<f64>, ExecError> {
        if matches!(self, Self::One(_, 0 | 1)) {
            return Ok(None);
        }
        deviation(&self.compacted(stop)?, stop)
    }
}

fn by_number(a: &(f64, u64), b: &(f64, u64)) -> Ordering {
    a.0.total_cmp(&b.0)
}

fn percentile(pairs: &[(f64, u64)], p: f64) -> Option<f64> {
    let n: u64 = pairs.iter().map(|pair| pair.1).sum();
    let place = p * n.checked_sub(1)? as f64;
    let below = at(pairs, place.floor() as u64)?;
    let next = if planted(Fault::PercentileRankLow) { place.floor() } else { place.ceil() };
    let above = at(pairs, next as u64)?;
    let share = place - place.floor();
    let width = above - below;
    Some(if width.is_finite() {
        below + width * share
    } else {
        below * (1.0 - share) + above * share
    })
}

/// The number at `rank` in ascending order.
fn at(pairs: &[(f64, u64)], rank: u64) -> Option<f64> {
    let mut before = 0;
    let pair = pairs.iter().find(|pair| {
        before += pair.1;
        before > rank
    });
    pair.map(|pair| pair.0)
}

fn deviation(pairs: &[(f64, u64)], stop: &Stop) -> Result<Option<f64>, ExecError> {
    let n: u64 = pairs.iter().map(|pair| pair.1).sum();
    if n < 2 {
        return Ok(None);
    }
    let mut sum = ExactSum::default();
    for (i, &(number, n)) in pairs.iter().enumerate() {
        stop.check_at(i)?;
        sum.add(number, n);
    }
    let mean = sum.mean(n);
    // The mean is rounded; what that shifts each distance by is taken out again.
    let (mut squares, mut shift) = (ExactSum::default(), ExactSum::default());
    for (i, &(number, n)) in pairs.iter().enumerate() {
        stop.check_at(i)?;
        let distance = number - mean;
        let square = distance * distance;
        if !square.is_finite() {
            return Ok(Some(f64::INFINITY));
        }
        squares.add(square, n);
        shift.add(distance, n);
    }
    let shift = shift.to_f64();
    let variance = (squares.to_f64() - shift * shift / n as f64) / (n - 1) as f64;
    Ok(Some(variance.max(0.0).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::{ExecError, LARGE, Numbers, Stop};

    fn of(numbers: &[f64]) -> Numbers {
        let mut all = Numbers::default();
        numbers.iter().for_each(|&n| all.add(n, 1));
        all
    }

    fn percentile(numbers: Numbers, p: f64) -> Option<f64> {
        numbers.percentile(p, &Stop::never()).expect("nothing stops it")
    }

    fn deviation(numbers: &[f64]) -> Option<f64> {
        of(numbers).deviation(&Stop::never()).expect("nothing stops it")
    }

    #[test]
    fn percentile_interpolates() {
        assert_eq!(percentile(of(&[]), 0.5), None);
        assert_eq!(percentile(of(&[3.0]), 0.99), Some(3.0));
        assert_eq!(percentile(of(&[4.0, 1.0, 2.0, 3.0]), 0.5), Some(2.5));
        assert_eq!(percentile(of(&[1.0, 1.0, 1.0, 2.0]), 1.0), Some(2.0));
        assert_eq!(percentile(of(&[10.0, 20.0]), 0.25), Some(12.5));
    }

    #[test]
    fn deviation_of_a_sample() {
        assert_eq!(deviation(&[]), None);
        assert_eq!(deviation(&[1.0]), None);
        assert_eq!(deviation(&[2.0, 2.0]), Some(0.0));
        assert_eq!(deviation(&[1.0, 2.0, 3.0, 4.0]), Some((5.0f64 / 3.0).sqrt()));
        // A naive sum of squares loses all digits here.
        assert_eq!(deviation(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]), Some(1.0));
    }

    #[test]
    fn compacting_keeps_counts() {
        let mut all = Numbers::default();
        (0..10_000u32).for_each(|n| all.add(f64::from(n % 7), 1));
        let mut other = Numbers::default();
        other.add(100.0, 5);
        assert_eq!(all.merge(other, &Stop::never()), Ok(()));
        assert_eq!(percentile(all.clone(), 0.0), Some(0.0));
        assert_eq!(percentile(all, 1.0), Some(100.0));
    }

    #[test]
    fn some_numbers_are_sorted_with_looks_at_the_stop() {
        let number = |i: usize| (i * 7_919 % 500) as f64;
        let some = of(&(0..8 * 500).map(number).collect::<Vec<_>>());
        assert!(matches!(&some, Numbers::Some(some) if some.pairs.len() > some.n_compact));
        for rank in [0, 3, 4, 499] {
            let found = percentile(some.clone(), rank as f64 / 499.0).expect("there are numbers");
            assert!((found - rank as f64).abs() < 1.0, "{rank}: {found}");
        }
        let late = Stop::never().with_deadline(std::time::Instant::now());
        assert_eq!(some.percentile(0.5, &late), Err(ExecError::Stopped));
    }

    #[test]
    fn many_numbers_are_those_that_were_added() {
        let n_all = 5 * LARGE;
        let number = |i: usize| (i * 7_919 % n_all) as f64 - 1_000.0;
        let all: Vec<f64> = (0..n_all).map(number).collect();
        let few = of(&all[..9]);
        let mut many = of(&all[9..]);
        assert!(matches!(many, Numbers::Many(_)) && many.heap_bytes() >= n_all * 16);
        let late = Stop::never().with_deadline(std::time::Instant::now());
        assert_eq!(many.clone().percentile(0.5, &late), Err(ExecError::Stopped));
        assert_eq!(few.clone().merge(many.clone(), &late), Err(ExecError::Stopped));
        assert_eq!(many.merge(few, &Stop::never()), Ok(()));
        for rank in [0, 1, 500, n_all / 2, n_all - 1] {
            let p = rank as f64 / (n_all - 1) as f64;
            let found = percentile(many.clone(), p).expect("there are numbers");
            assert!((found - (rank as f64 - 1_000.0)).abs() < 1e-6, "{rank}: {found}");
        }
        let n = n_all as f64;
        let spread = many.deviation(&Stop::never()).ok().flatten().expect("there are numbers");
        assert!((spread - (n * (n + 1.0) / 12.0).sqrt()).abs() < 1e-6);
    }
}
