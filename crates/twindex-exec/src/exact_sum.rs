//! The exact sum of doubles, rounded once at the end, so that any split among threads gives the
//! same bits.
//!
//! What fleets really hold (counters, percentages, coordinates) fits a fixed-point number of 128
//! bits with 64 below the point; an addition there is a shift and an add. Anything else goes to the
//! wide sum beside it, which is allocated on first use.

use crate::wide_sum::WideSum;

/// Bits below the point of the narrow part.
const POINT: i32 = 64;
/// A mantissa shifted this far, and then multiplied, is checked for overflow; further is not tried.
const SHIFT_MAX: i32 = 60;
const MANTISSA_BITS: u32 = 52;
const MANTISSA_MASK: u64 = (1 << MANTISSA_BITS) - 1;

/// A sum of finite doubles.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExactSum {
    narrow: i128,
    wide: Option<Box<WideSum>>,
}

impl ExactSum {
    /// Adds `number` `n` times.
    pub(crate) fn add(&mut self, number: f64, n: u64) {
        let Decoded { mut mantissa, mut exponent, is_negative } = decode(number);
        if exponent < -POINT {
            let zeros = mantissa.trailing_zeros().min(63);
            mantissa >>= zeros;
            exponent += zeros as i32;
        }
        let shift = exponent + POINT;
        if (0..=SHIFT_MAX).contains(&shift) {
            let magnitude = i128::from(mantissa) << shift;
            let term = if is_negative { -magnitude } else { magnitude };
            let sum =
                term.checked_mul(i128::from(n)).and_then(|term| self.narrow.checked_add(term));
            if let Some(sum) = sum {
                self.narrow = sum;
                return;
            }
        }
        let product = u128::from(mantissa) * u128::from(n);
        self.wide().add(product, exponent, is_negative);
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(wide) = &other.wide {
            self.wide().merge(wide);
        }
        if let Some(sum) = self.narrow.checked_add(other.narrow) {
            self.narrow = sum;
        } else {
            add_narrow(self.wide(), other.narrow);
        }
    }

    /// The double nearest to the sum; infinite where it is past all doubles.
    pub(crate) fn to_f64(&self) -> f64 {
        self.to_f64_scaled(0)
    }

    /// The mean of `n` numbers, which is finite even where their sum is not.
    pub(crate) fn mean(&self, n: u64) -> f64 {
        let sum = self.to_f64();
        if sum.is_finite() {
            return sum / n as f64;
        }
        // `n` is below 2^64, so the scaled sum is finite.
        self.to_f64_scaled(-64) / n as f64 * 64f64.exp2()
    }

    fn to_f64_scaled(&self, exponent: i32) -> f64 {
        match &self.wide {
            // The conversion rounds to nearest, and scaling by a power of two is exact.
            None => self.narrow as f64 * f64::from(exponent - POINT).exp2(),
            Some(wide) => {
                let mut wide = wide.clone();
                add_narrow(&mut wide, self.narrow);
                wide.to_f64_scaled(exponent)
            }
        }
    }

    fn wide(&mut self) -> &mut WideSum {
        self.wide.get_or_insert_with(|| Box::new(WideSum::new()))
    }
}

fn add_narrow(wide: &mut WideSum, narrow: i128) {
    wide.add(narrow.unsigned_abs(), -POINT, narrow < 0);
}

/// A double as `± mantissa · 2^exponent`.
struct Decoded {
    mantissa: u64,
    exponent: i32,
    is_negative: bool,
}

fn decode(number: f64) -> Decoded {
    let bits = number.to_bits();
    let biased = (bits >> MANTISSA_BITS & 0x7FF) as i32;
    let fraction = bits & MANTISSA_MASK;
    let (mantissa, exponent) = if biased == 0 {
        (fraction, -1_074)
    } else {
        (fraction | 1 << MANTISSA_BITS, biased - 1_075)
    };
    Decoded { mantissa, exponent, is_negative: bits >> 63 == 1 }
}

#[cfg(test)]
mod tests {
    use super::ExactSum;
    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

    fn sum(numbers: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        numbers.iter().for_each(|&number| sum.add(number, 1));
        sum.to_f64()
    }

    #[test]
    fn survives_cancellation_and_extremes() {
        assert_eq!(sum(&[1e16, 1.0, -1e16]), 1.0);
        assert_eq!(sum(&[1e300, 1.0, -1e300]), 1.0);
        assert_eq!(sum(&[f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(sum(&[-f64::MAX, -f64::MAX]), f64::NEG_INFINITY);
        assert_eq!(sum(&[5e-324, 5e-324]), 1e-323);
        assert_eq!(sum(&[]), 0.0);
        assert_eq!(sum(&[0.1; 10]), 1.0);
    }

    #[test]
    fn a_mean_is_finite_where_the_sum_is_not() {
        let mut sum = ExactSum::default();
        sum.add(f64::MAX, 3);
        sum.add(f64::MAX / 2.0, 1);
        assert_eq!(sum.mean(4), f64::MAX * 0.875);
    }

    #[test]
    fn counts_many_at_once() {
        let mut sum = ExactSum::default();
        sum.add(1e18, u64::MAX);
        assert_eq!(sum.to_f64(), 1e18 * u64::MAX as f64);
    }

    fn numbers() -> impl Strategy<Value = Vec<f64>> {
        let number = prop_oneof![
            any::<f64>().prop_filter("finite", |n| n.is_finite()),
            (-1_000_000i32..1_000_000).prop_map(|n| f64::from(n) / 100.0),
            Just(f64::MAX),
            Just(5e-324),
            Just(0.1),
        ];
        prop::collection::vec(number, 0..40)
    }

    proptest! {
        /// Neither the order of terms nor how they are split changes a bit, and a sum followed by
        /// its own terms negated is zero.
        #[test]
        fn is_exact(numbers in numbers(), split in any::<prop::sample::Index>()) {
            let whole = sum(&numbers);
            let (left, right) = numbers.split_at(split.index(numbers.len() + 1));
            let mut parts = ExactSum::default();
            right.iter().for_each(|&n| parts.add(n, 1));
            let mut rest = ExactSum::default();
            left.iter().for_each(|&n| rest.add(n, 1));
            parts.merge(&rest);
            prop_assert_eq!(parts.to_f64().to_bits(), whole.to_bits());
            numbers.iter().for_each(|&n| parts.add(-n, 1));
            prop_assert_eq!(parts.to_f64(), 0.0);
        }

        /// Two terms round as the processor rounds them.
        #[test]
        fn two_terms_are_an_addition(a in any::<f64>(), b in any::<f64>()) {
            if a.is_finite() && b.is_finite() {
                prop_assert_eq!(sum(&[a, b]), a + b);
            }
        }
    }
}
