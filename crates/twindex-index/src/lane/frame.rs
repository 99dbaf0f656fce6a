//! Decimal frames of reference: a number as `(base + code) / 10^exponent`, bit for bit.
//!
//! Readings are decimal fractions with few digits, so most lanes take one or two bytes a row where
//! doubles take eight. Nothing is rounded: a number belongs to a frame only if it comes back equal,
//! and bounds are translated by trying the codes next to a guess, never by trusting `bound * 10^e`.

mod image;

use std::ops::Bound;

/// Powers of ten by exponent.
const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
/// Scaled numbers beyond it may share a double, so they belong to no frame.
const SCALED_MAX: f64 = (1_u64 << 51) as f64;
/// Values up to which a lane is young: more may come, so it gets more room to grow.
const YOUNG_ROWS: usize = 1_024;

/// How codes stand for numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    /// Decimal digits behind the point, 0 to 6.
    exponent: u8,
    /// What code 0 stands for, scaled.
    base: i64,
    /// Codes below it are numbers of the frame: 2^8 - 1, 2^16 - 1 or 2^32 - 1.
    n_codes: u32,
}

impl Frame {
    /// Small whole numbers.
    pub(crate) const FIRST: Self = Self { exponent: 0, base: 0, n_codes: u8::MAX as u32 };

    /// The frame for `numbers` that leaves at most `odd_max` of them out; `None` if there is none.
    pub(crate) fn fitting(numbers: &[f64], odd_max: usize) -> Option<Self> {
        let exponent = fitting_exponent(numbers, odd_max)?;
        let mut scaled: Vec<i64> =
            numbers.iter().filter_map(|number| scale(*number, exponent)).collect();
        scaled.sort_unstable();
        // A large number that fits a small exponent may be past the doubles that a larger one keeps.
        let odd_left = odd_max.checked_sub(numbers.len() - scaled.len())?;
        let n_codes = [u8::MAX.into(), u16::MAX.into(), u32::MAX];
        n_codes.into_iter().find_map(|n_codes| {
            let base = fitting_base(&scaled, odd_left, n_codes)?;
            Some(Self { exponent, base, n_codes })
        })
    }

    /// Codes below it are numbers; it is itself a code of the width, and stands for none.
    pub(crate) fn n_codes(self) -> u32 {
        self.n_codes
    }

    /// What added to a code gives the code of the same number in another frame, which it may be
    /// past; `None` where their digits differ.
    pub(crate) fn shift_to(self, other: Self) -> Option<i64> {
        (self.exponent == other.exponent).then(|| self.base - other.base)
    }

    /// The number of a code.
    #[inline]
    pub(crate) fn number(self, code: u32) -> f64 {
        let number = (self.base + i64::from(code)) as f64;
        if self.exponent == 0 { number } else { number / POWERS[usize::from(self.exponent)] }
    }

    /// The code of a number, if it has one.
    #[inline]
    pub(crate) fn code(self, number: f64) -> Option<u32> {
        let code = scale(number, self.exponent)?.checked_sub(self.base)?;
        u32::try_from(code).ok().filter(|code| *code < self.n_codes)
    }

    /// The codes, from and to (excluded), of the numbers between two bounds.
    pub(crate) fn codes_between(self, low: Bound<f64>, high: Bound<f64>) -> (u32, u32) {
        let is_nan = |bound: Bound<f64>| matches!(bound, Bound::Included(at) | Bound::Excluded(at) if at.is_nan());
        if is_nan(low) || is_nan(high) {
            return (0, 0);
        }
        let from = match low {
            Bound::Unbounded => 0,
            Bound::Included(low) => self.first_code(low, |number| number >= low),
            Bound::Excluded(low) => self.first_code(low, |number| number > low),
        };
        let to = match high {
            Bound::Unbounded => self.n_codes,
            Bound::Included(high) => self.first_code(high, |number| number > high),
            Bound::Excluded(high) => self.first_code(high, |number| number >= high),
        };
        (from, to)
    }

    /// The first code whose number has passed `bound`, as `passed` says; `n_codes` if none has.
    fn first_code(self, bound: f64, passed: impl Fn(f64) -> bool) -> u32 {
        // A cast saturates, so any bound gives a guess within the frame.
        let guess = (bound * POWERS[usize::from(self.exponent)]) as i64;
        let guess = guess.saturating_sub(self.base).clamp(0, i64::from(self.n_codes));
        let mut code = u32::try_from(guess).unwrap_or(self.n_codes);
        while code > 0 && passed(self.number(code - 1)) {
            code -= 1;
        }
        while code < self.n_codes && !passed(self.number(code)) {
            code += 1;
        }
        code
    }
}

/// `number * 10^exponent` as a whole number, if that gives the number back bit for bit.
#[inline]
fn scale(number: f64, exponent: u8) -> Option<i64> {
    let power = POWERS[usize::from(exponent)];
    let scaled = number * power;
    if scaled.abs() > SCALED_MAX {
        return None;
    }
    let whole = (scaled + 0.5_f64.copysign(scaled)) as i64;
    (whole as f64 / power == number).then_some(whole)
}

/// The least exponent at which at most `odd_max` numbers are left out.
fn fitting_exponent(numbers: &[f64], odd_max: usize) -> Option<u8> {
    let mut n_at = [0; POWERS.len()];
    for number in numbers {
        if let Some(least) = (0..POWERS.len() as u8).find(|e| scale(*number, *e).is_some()) {
            n_at[usize::from(least)] += 1;
        }
    }
    let mut n_fitting = 0;
    (0..POWERS.len() as u8).find(|exponent| {
        n_fitting += n_at[usize::from(*exponent)];
        n_fitting + odd_max >= numbers.len() && n_fitting > 0
    })
}

/// The base of a frame of `n_codes` codes that leaves at most `odd_max` of the extremes out, with
/// room on both sides. `scaled` is ascending.
fn fitting_base(scaled: &[i64], odd_max: usize, n_codes: u32) -> Option<i64> {
    let n_codes = i64::from(n_codes);
    windows(scaled.len(), odd_max).find_map(|(first, last)| {
        let (min, max) = (scaled[first], scaled[last]);
        let span = max - min + 1;
        let room = if scaled.len() < YOUNG_ROWS { span / 2 } else { span / 8 };
        if span + room > n_codes {
            return None;
        }
        let base = min - (n_codes - span) / 2;
        // Counters and sizes do not go below zero.
        Some(if min >= 0 { base.max(0) } else { base })
    })
}

/// First and last of `len` ascending values (at least one), whole and then with `n_odd` of the
/// extremes left out in every way.
pub(crate) fn windows(len: usize, n_odd: usize) -> impl Iterator<Item = (usize, usize)> {
    let n_odd = n_odd.min(len - 1);
    let cut = (0..=n_odd).map(move |first| (first, len - 1 - (n_odd - first)));
    std::iter::once((0, len - 1)).chain(cut)
}

#[cfg(test)]
mod tests {
    use super::Frame;
    use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};
    use std::ops::{Bound, RangeBounds};

    fn decimal() -> impl Strategy<Value = f64> {
        (-1_000_i64..1_000, 0usize..7).prop_map(|(k, e)| k as f64 / super::POWERS[e] + 0.0)
    }

    fn bound() -> impl Strategy<Value = Bound<f64>> {
        let number = proptest::prop_oneof![
            decimal(),
            any::<f64>().prop_filter("no NaN", |x| !x.is_nan()),
            proptest::prelude::Just(f64::INFINITY),
        ];
        (number, 0..3).prop_map(|(number, which)| match which {
            0 => Bound::Included(number),
            1 => Bound::Excluded(number),
            _ => Bound::Unbounded,
        })
    }

    proptest! {
        /// A number with a code comes back bit for bit, and order is kept.
        #[test]
        fn codes_are_exact(numbers in prop::collection::vec(decimal(), 1..20)) {
            let frame = Frame::fitting(&numbers, 0).expect("decimals fit");
            for a in &numbers {
                let code = frame.code(*a).expect("none left out");
                prop_assert_eq!(frame.number(code).to_bits(), a.to_bits());
                for b in &numbers {
                    prop_assert_eq!(code.cmp(&frame.code(*b).expect("none left out")), a.total_cmp(b));
                }
            }
        }

        /// Codes between bounds are those of the numbers between them.
        #[test]
        fn bounds_are_exact(numbers in prop::collection::vec(decimal(), 1..20), low in bound(), high in bound()) {
            let frame = Frame::fitting(&numbers, 0).expect("decimals fit");
            let (from, to) = frame.codes_between(low, high);
            for number in &numbers {
                let code = frame.code(*number).expect("none left out");
                prop_assert_eq!((from..to).contains(&code), (low, high).contains(number));
            }
        }
    }

    #[test]
    fn a_number_past_the_exponent_of_the_others_is_left_out_or_there_is_no_frame() {
        let numbers = [-0.001146, 4_294_967_296.0, -0.001019];
        assert_eq!(Frame::fitting(&numbers, 0), None);
        let frame = Frame::fitting(&numbers, 1).expect("one may be left out");
        assert_eq!(frame.code(numbers[1]), None);
        assert_eq!(frame.code(numbers[0]).map(|code| frame.number(code)), Some(numbers[0]));
    }

    #[test]
    fn frames_are_as_narrow_as_the_numbers_allow() {
        let width = |numbers: &[f64], odd_max| Frame::fitting(numbers, odd_max).map(Frame::n_codes);
        assert_eq!(width(&[0.0, 100.0], 0), Some(255));
        assert_eq!(width(&[-40.0, 85.5], 0), Some(65_535));
        assert_eq!(width(&[50.123_45, -0.000_01], 0), Some(u32::MAX));
        assert_eq!(width(&[1.0, 1e12], 0), None);
        assert_eq!(width(&[1.0, 2.0, 1e12], 1), Some(255));
        assert_eq!(width(&[1.0, 0.1 + 0.2], 0), None);
        assert_eq!(width(&[1.0, 1.0 / 3.0], 1), Some(255));
        assert_eq!(width(&[1.6e12, 1.6e12 + 5.0], 0), Some(255));
    }
}
