//! Aggregates as mergeable partial states.
//!
//! `COUNT()` has none: it is how many rows a group has, whatever they hold, which is kept beside.
//! Every state takes values with a count, so that a lane may hand over distinct values instead of
//! rows, and none of them depends on order: sums are exact until the end.

use std::cmp::Ordering;

use twindex_model::cell::Cell;
use twindex_plan::logical::AggregateFunction;
use twindex_planted::{Fault, planted};

use crate::distinct_set::DistinctSet;
use crate::error::ExecError;
use crate::exact_sum::ExactSum;
use crate::key::Key;
use crate::numbers::Numbers;
use crate::stop::Stop;

/// The state of one aggregate of one group.
#[derive(Clone, Debug)]
pub(crate) enum Partial {
    /// `COUNT(x)`: values that are neither undefined nor null.
    Values(u64),
    /// `COUNT(DISTINCT x)` of one value or none: most groups of many have no more.
    FirstDistinct(Option<Key>),
    /// `COUNT(DISTINCT x)`.
    Distinct(Box<DistinctSet>),
    /// `SUM(x)` and `AVG(x)`: the sum and how many numbers went into it.
    Sum(ExactSum, u64),
    /// `MIN(x)` and `MAX(x)`: the best value yet, and how a better one compares with it.
    Best(Option<Key>, Ordering),
    /// `PERCENTILE(x, p)` and `STDDEV(x)`.
    Numbers(Numbers),
}

impl Default for Partial {
    /// What is left of a state that was taken.
    fn default() -> Self {
        Self::Values(0)
    }
}

impl Partial {
    /// The state over nothing; none for `COUNT()`.
    pub(crate) fn new(function: AggregateFunction) -> Option<Self> {
        Some(match function {
            AggregateFunction::CountRows => return None,
            AggregateFunction::Count => Self::Values(0),
            AggregateFunction::CountDistinct => Self::FirstDistinct(None),
            AggregateFunction::Sum | AggregateFunction::Avg => Self::Sum(ExactSum::default(), 0),
            AggregateFunction::Min => Self::Best(None, Ordering::Less),
            AggregateFunction::Max => Self::Best(None, Ordering::Greater),
            AggregateFunction::Percentile(_) | AggregateFunction::Stddev => {
                Self::Numbers(Numbers::default())
            }
        })
    }

    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Distinct(seen) => size_of::<DistinctSet>() + seen.heap_bytes(),
            Self::Best(Some(key), _) | Self::FirstDistinct(Some(key)) => key.heap_bytes(),
            Self::Numbers(numbers) => numbers.heap_bytes(),
            Self::Values(_) | Self::Sum(..) | Self::Best(None, _) | Self::FirstDistinct(None) => 0,
        }
    }

    /// Adds a value that `n` rows have.
    pub(crate) fn add(&mut self, key: &Key, n: u64) {
        match (self, key) {
            (_, Key::Undefined | Key::Null) => {}
            (Self::Values(count), _) => *count += n,
            (Self::FirstDistinct(first @ None), key) => *first = Some(key.clone()),
            (Self::FirstDistinct(Some(first)), key) if first == key => {}
            (state @ Self::FirstDistinct(_), key) => state.with_set(|seen| seen.add_key(key)),
            (Self::Distinct(seen), key) => seen.add_key(key),
            (Self::Best(..), Key::Container(_)) => {}
            (Self::Best(best, better), key) => keep_better(best, key, *better),
            (state, Key::Number(number)) => state.add_number(*number, n),
            _ => {}
        }
    }

    /// Adds a cell that `n` rows have, without copying a string that only counts. Objects that are
    /// told apart must not come here.
    pub(crate) fn add_cell(&mut self, cell: &Cell<'_>, n: u32) {
        let n = u64::from(n);
        match (self, cell) {
            _ if n == 0 => {}
            (_, Cell::Undefined | Cell::Null) => {}
            (Self::Values(count), _) => *count += n,
            (Self::FirstDistinct(Some(first)), cell) if first.borrowed().is_of_cell(cell) => {}
            (Self::Distinct(seen), cell) => seen.add_cell(cell),
            (state, Cell::Number(number)) => state.add_number(*number, n),
            // No container is a best value.
            (_, Cell::Object) | (Self::Best(..), Cell::Array(_)) => {}
            (state, cell) => state.add(&Key::of_cell(cell, || None), n),
        }
    }

    /// Adds ascending numbers with the number of rows of each.
    pub(crate) fn add_ascending(&mut self, numbers: &[f64], counts: &[u32]) {
        let is_met = |n: &u32| *n > 0;
        match self {
            Self::Values(count) => {
                *count += counts.iter().copied().map(u64::from).sum::<u64>();
            }
            Self::Best(_, better) => {
                let place = match *better {
                    Ordering::Less => counts.iter().position(is_met),
                    _ => counts.iter().rposition(is_met),
                };
                let best = place.and_then(|place| numbers.get(place));
                best.into_iter().for_each(|number| self.add_number(*number, 1));
            }
            Self::Sum(sum, count) => {
                for (number, n) in numbers.iter().zip(counts).filter(|of| is_met(of.1)) {
                    sum.add(*number, u64::from(*n));
                    *count += u64::from(*n);
                }
            }
            Self::FirstDistinct(_) | Self::Distinct(_) | Self::Numbers(_) => {
                let met = numbers.iter().zip(counts).filter(|of| is_met(of.1));
                met.for_each(|(number, n)| self.add_number(*number, u64::from(*n)));
            }
        }
    }

    /// Whether it is `COUNT(DISTINCT x)`.
    pub(crate) fn is_distinct(&self) -> bool {
        matches!(self, Self::FirstDistinct(_) | Self::Distinct(_))
    }

    /// Works on the set of what `COUNT(DISTINCT x)`, which this must be, has seen.
    pub(crate) fn with_set<R>(&mut self, work: impl FnOnce(&mut DistinctSet) -> R) -> R {
        let mut seen = Box::<DistinctSet>::default();
        match std::mem::replace(self, Self::FirstDistinct(None)) {
            Self::Distinct(known) => seen = known,
            Self::FirstDistinct(first) => first.iter().for_each(|key| seen.add_key(key)),
            _ => {}
        }
        let result = work(&mut seen);
        *self = Self::Distinct(seen);
        result
    }

    /// Adds a number that `n` rows have.
    pub(crate) fn add_number(&mut self, number: f64, n: u64) {
        match self {
            Self::Sum(sum, count) => {
                sum.add(number, n);
                *count += n;
            }
            Self::Numbers(numbers) => numbers.add(number, n),
            other => other.add(&Key::Number(number), n),
        }
    }

    /// Whether only numbers can change the state.
    pub(crate) fn takes_numbers_alone(&self) -> bool {
        matches!(self, Self::Sum(..) | Self::Numbers(_))
    }

    /// Adds what another state of the same aggregate has seen.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn merge(&mut self, other: Self, stop: &Stop) -> Result<(), ExecError> {
        match (self, other) {
            // Nothing was seen here: no value is made anew.
            (
                state @ Self::FirstDistinct(None),
                other @ (Self::FirstDistinct(_) | Self::Distinct(_)),
            ) => *state = other,
            (state @ Self::Best(None, _), other @ Self::Best(..)) => *state = other,
            (Self::Values(a), Self::Values(b)) => *a += b,
            (state @ (Self::FirstDistinct(_) | Self::Distinct(_)), Self::FirstDistinct(key)) => {
                key.iter().for_each(|key| state.add(key, 1));
            }
            (state @ (Self::FirstDistinct(_) | Self::Distinct(_)), Self::Distinct(seen)) => {
                state.with_set(|all| all.merge(*seen, stop))?;
            }
            (Self::Sum(a, n), Self::Sum(b, m)) => {
                a.merge(&b);
                *n += m * u64::from(!planted(Fault::MergeForgetsCount));
            }
            (state @ Self::Best(..), Self::Best(Some(key), _)) => state.add(&key, 1),
            (Self::Numbers(a), Self::Numbers(b)) => a.merge(b, stop)?,
            // States of one aggregate are of one kind; a best value of nothing changes nothing.
            _ => {}
        }
        Ok(())
    }

    /// The value of `function`, for which the state was made. What is not finite is undefined.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn finish(self, function: AggregateFunction, stop: &Stop) -> Result<Key, ExecError> {
        let or_null = |number: Option<f64>| number.map_or(Key::Null, Key::number);
        Ok(match self {
            Self::Values(n) => Key::Number(n as f64),
            Self::FirstDistinct(first) => Key::Number(f64::from(u8::from(first.is_some()))),
            Self::Distinct(seen) => Key::Number(seen.len() as f64),
            Self::Sum(_, 0) => Key::Null,
            Self::Sum(sum, n) => match function {
                AggregateFunction::Avg => Key::number(sum.to_f64() / n as f64),
                _ => Key::number(sum.to_f64()),
            },
            Self::Best(best, _) => best.unwrap_or(Key::Null),
            Self::Numbers(numbers) => match function {
                AggregateFunction::Percentile(p) => or_null(numbers.percentile(p, stop)?),
                _ => or_null(numbers.deviation(stop)?),
            },
        })
    }
}

/// Puts `key` in the place of a value that compares with it the other way than `better`.
fn keep_better(best: &mut Option<Key>, key: &Key, better: Ordering) {
    if best.as_ref().is_none_or(|best| key.cmp(best) == better) {
        *best = Some(key.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::{Partial, Stop};
    use crate::key::Key;
    use twindex_plan::logical::AggregateFunction;

    const ALL: [AggregateFunction; 8] = [
        AggregateFunction::Count,
        AggregateFunction::CountDistinct,
        AggregateFunction::Sum,
        AggregateFunction::Avg,
        AggregateFunction::Min,
        AggregateFunction::Max,
        AggregateFunction::Percentile(0.5),
        AggregateFunction::Stddev,
    ];

    fn json(function: AggregateFunction, keys: &[Key]) -> String {
        let state = || Partial::new(function).expect("no count of rows");
        let (mut left, mut right) = (state(), state());
        for (i, key) in keys.iter().enumerate() {
            if i % 2 == 0 {
                left.add(key, 1);
            } else {
                right.add(key, 1);
            }
        }
        left.merge(right, &Stop::never()).expect("nothing stops it");
        let mut out = String::new();
        let value = left.finish(function, &Stop::never()).expect("nothing stops it");
        value.write_json(&mut out);
        out
    }

    #[test]
    fn over_nothing() {
        let texts: Vec<String> = ALL.iter().map(|&function| json(function, &[])).collect();
        let nulls = ["null"; 6];
        assert_eq!(texts[..2], ["0", "0"]);
        assert_eq!(texts[2..], nulls);
    }

    #[test]
    fn over_mixed_values() {
        let keys = [
            Key::Undefined,
            Key::Null,
            Key::Bool(true),
            Key::Number(4.0),
            Key::Number(2.0),
            Key::Number(4.0),
            Key::String("x".into()),
        ];
        let texts: Vec<String> = ALL.iter().map(|&function| json(function, &keys)).collect();
        let third = (4.0f64 / 3.0).sqrt().to_string();
        let wanted = ["5", "4", "10", "3.3333333333333335", "true", "\"x\"", "4", &third];
        assert_eq!(texts, wanted);
    }
}
