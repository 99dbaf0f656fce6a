//! Narrowing by doubles: the lanes whose numbers fit no decimal frame.
//!
//! A double that is not a number matches nothing; zero and minus zero are equal.

use twindex_planted::{Fault, planted};

use crate::dispatch::Isa;
use crate::mask::Words;
use crate::narrow::{RowTest, narrow};

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_CMP_GE_OQ, _CMP_LE_OQ, _mm256_and_pd, _mm256_cmp_pd, _mm256_set1_pd};

#[cfg(target_arch = "x86_64")]
use crate::avx2::{bits_of_numbers, numbers};
#[cfg(target_arch = "x86_64")]
use crate::narrow::Chunk;

/// Which ends of a range belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// `low <= x AND x <= high`.
    Closed,
    /// `low <= x AND x < high`.
    ClosedOpen,
    /// `low < x AND x <= high`.
    OpenClosed,
    /// `low < x AND x < high`.
    Open,
}

/// Keeps the rows whose number lies between `low` and `high`; a side without bound is infinite.
pub fn and_in_bounds(mask: &mut Words, numbers: &[f64], low: f64, high: f64, ends: Ends) {
    match InBounds::new(low, high, ends) {
        Some(bounds) => narrow(Isa::current(), mask, numbers, &bounds),
        None => mask.fill(0),
    }
}

/// A closed range: an open end is the neighbouring double.
struct InBounds {
    low: f64,
    high: f64,
}

impl InBounds {
    /// Returns the closed range, or `None` if nothing lies in it.
    fn new(low: f64, high: f64, ends: Ends) -> Option<Self> {
        let open_low = matches!(ends, Ends::OpenClosed | Ends::Open);
        let open_high = matches!(ends, Ends::ClosedOpen | Ends::Open);
        // An infinity has no neighbour beyond, and nothing lies there.
        if open_low && low == f64::INFINITY || open_high && high == f64::NEG_INFINITY {
            return None;
        }
        let low = if open_low { low.next_up() } else { low };
        let high =
            if open_high && !planted(Fault::OpenEndClosed) { high.next_down() } else { high };
        (low <= high).then_some(Self { low, high })
    }
}

impl RowTest<f64> for InBounds {
    #[inline(always)]
    fn keeps(&self, row: f64) -> bool {
        self.low <= row && row <= self.high
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn avx2(&self, rows: &Chunk<f64>) -> u64 {
        let (low, high) = (_mm256_set1_pd(self.low), _mm256_set1_pd(self.high));
        bits_of_numbers(|at| {
            let rows = numbers(rows, at);
            _mm256_and_pd(
                _mm256_cmp_pd::<_CMP_GE_OQ>(rows, low),
                _mm256_cmp_pd::<_CMP_LE_OQ>(rows, high),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop, prop_assert_eq, prop_oneof, proptest};

    use super::*;
    use crate::mask::Mask;
    use crate::testing::{arb_mask, arb_recipe, model};

    fn arb_ends() -> impl Strategy<Value = Ends> {
        prop::sample::select(vec![Ends::Closed, Ends::ClosedOpen, Ends::OpenClosed, Ends::Open])
    }

    fn arb_bound() -> impl Strategy<Value = f64> {
        let special = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX, f64::MIN, 0.0, -0.0];
        prop_oneof![
            4 => (-300_i32..300).prop_map(|halves| f64::from(halves) / 2.0),
            1 => prop::sample::select(special.to_vec()),
        ]
    }

    fn lies_between(number: f64, (low, high): (f64, f64), ends: Ends) -> bool {
        match ends {
            Ends::Closed => low <= number && number <= high,
            Ends::ClosedOpen => low <= number && number < high,
            Ends::OpenClosed => low < number && number <= high,
            Ends::Open => low < number && number < high,
        }
    }

    proptest! {
        /// Bounds keep what a loop keeps, at infinities too; a NaN as bound keeps nothing.
        #[test]
        fn bounds_narrow_as_a_loop_does(
            mask in arb_mask(), recipe in arb_recipe(),
            low in arb_bound(), high in arb_bound(), ends in arb_ends(),
        ) {
            let values = recipe.numbers();
            let numbers = &values[recipe.skip()..];
            let expected =
                model(&mask, numbers.len(), |row| lies_between(numbers[row], (low, high), ends));
            for isa in Isa::available() {
                let mut narrowed = mask.clone();
                match InBounds::new(low, high, ends) {
                    Some(bounds) => narrow(isa, narrowed.words_mut(), numbers, &bounds),
                    None => narrowed.clear(),
                }
                prop_assert_eq!(&narrowed, &expected, "{}", isa);
            }
        }
    }

    #[test]
    fn zeros_are_equal_and_no_nan_matches() {
        let numbers = [0.0, -0.0, f64::NAN, f64::MIN_POSITIVE];
        let mut mask = Mask::full();
        and_in_bounds(mask.words_mut(), &numbers, 0.0, f64::INFINITY, Ends::Closed);
        assert_eq!(mask.iter().collect::<Vec<_>>(), [0, 1, 3]);
        and_in_bounds(mask.words_mut(), &numbers, -0.0, f64::INFINITY, Ends::Open);
        assert_eq!(mask.iter().collect::<Vec<_>>(), [3]);
    }
}
