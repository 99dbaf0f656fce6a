//! The exact sum of doubles, rounded once.
//!
//! Every double is a whole multiple of 2^-1074, so a sum is one big whole number. Rejected: a
//! compensated sum, which is nearly always exact, and a judge should not be nearly right.

/// 2^32 a limb; the largest double ends at bit 2097, the rest is room for carries.
const LIMBS: usize = 68;

/// A running sum. Good for 2^31 additions.
#[derive(Clone, Debug)]
pub(crate) struct ExactSum {
    /// Little-endian limbs of 32 bits, carries not yet passed on, in units of 2^-1074.
    limbs: [i64; LIMBS],
}

impl ExactSum {
    /// The sum of `numbers`, which must be finite.
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = Self { limbs: [0; LIMBS] };
        for number in numbers {
            sum.add(number);
        }
        sum
    }

    fn add(&mut self, number: f64) {
        let bits = number.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as usize;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, shift) =
            if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
        let mut wide = u128::from(mantissa) << (shift % 32);
        for limb in &mut self.limbs[shift / 32..] {
            let part = (wide & 0xFFFF_FFFF) as i64;
            *limb += if number.is_sign_negative() { -part } else { part };
            wide >>= 32;
        }
    }

    /// The double nearest to the sum, ties to even; infinite beyond the largest.
    pub(crate) fn to_f64(&self) -> f64 {
        let limbs = carried(self.limbs);
        if limbs[LIMBS - 1] < 0 {
            -rounded(&carried(self.limbs.map(|limb| -limb)))
        } else {
            rounded(&limbs)
        }
    }
}

/// Passes carries on: every limb but the last is then in `0..2^32`, the last has the sign.
fn carried(mut limbs: [i64; LIMBS]) -> [i64; LIMBS] {
    for i in 0..LIMBS - 1 {
        limbs[i + 1] += limbs[i] >> 32;
        limbs[i] &= 0xFFFF_FFFF;
    }
    limbs
}

/// The double nearest to a number that is not negative, carries passed on.
fn rounded(limbs: &[i64; LIMBS]) -> f64 {
    let bit = |at: usize| (limbs[at / 32] >> (at % 32) & 1) as u64;
    let Some(highest) = (0..LIMBS * 32).rev().find(|&at| bit(at) == 1) else {
        return 0.0;
    };
    // The 53 bits from the highest down. Below bit 53 all fit, and the bits are the double's own.
    let lowest = highest.saturating_sub(52);
    let mantissa = (lowest..=highest).rev().fold(0, |bits, at| bits << 1 | bit(at));
    if lowest == 0 {
        return f64::from_bits(mantissa);
    }
    if lowest + 1 >= 0x7FF {
        return f64::INFINITY;
    }
    let half = bit(lowest - 1) == 1;
    let beyond_half = (0..lowest - 1).any(|at| bit(at) == 1);
    let up = half && (beyond_half || mantissa & 1 == 1);
    // A carry out of the mantissa runs into the exponent, as it should.
    let exponent = lowest as u64 + 1;
    f64::from_bits((exponent << 52 | mantissa & ((1 << 52) - 1)) + u64::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: &[f64]) -> f64 {
        ExactSum::of(numbers.iter().copied()).to_f64()
    }

    #[test]
    fn single_numbers_are_themselves() {
        for number in [0.0, 1.0, -1.5, 0.1, 5e-324, -5e-324, 1e-310, f64::MAX, f64::MIN, 1e16] {
            assert_eq!(sum(&[number]), number);
            assert_eq!(sum(&[number, -number]), 0.0);
        }
        assert_eq!(sum(&[f64::MIN_POSITIVE]), f64::MIN_POSITIVE);
        assert_eq!(sum(&[]), 0.0);
    }

    #[test]
    fn two_numbers_add_as_ieee_says() {
        let numbers = [0.1, 0.2, 1e16, -1e16, 1.0, 3.0, 1e300, 5e-324, 2.5e-310, -7.25, 1e-7];
        for a in numbers {
            for b in numbers {
                assert_eq!(sum(&[a, b]), a + b, "{a} {b}");
            }
        }
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(sum(&[f64::MIN, f64::MIN]), f64::NEG_INFINITY);
    }

    #[test]
    fn nothing_is_lost_on_the_way() {
        assert_eq!(sum(&[1e300, 1.0, -1e300]), 1.0);
        assert_eq!(sum(&[f64::MAX, f64::MAX, f64::MIN]), f64::MAX);
        assert_eq!(sum(&[0.1; 10]), 1.0);
        assert_eq!(sum(&[1.0, 1e-16, 1e-16, 1e-16]), 1.0000000000000002 + 1e-16);
        assert_eq!(sum(&[-1e16, 1.0, 5e-324]), -9_999_999_999_999_998.0);
    }
}
