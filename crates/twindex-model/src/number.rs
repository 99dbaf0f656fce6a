//! Number text: the shortest that reads back equal, whole numbers up to 2^53 without point or
//! exponent.
//!
//! Nearly all numbers of twins are whole or have up to six decimals; those are printed by digits,
//! three at a time. What is not, goes to the shortest-digits algorithm of the standard library,
//! which alone would take most of the time of printing a twin.

/// Largest whole number printed digit by digit: beyond it not every integer is a double.
const WHOLE_MAX: u64 = 1 << 53;
/// Numbers from it on have too few digits left for six decimals.
const DECIMAL_MAX: f64 = 1e9;
/// The least number that is printed without an exponent.
const PLAIN_MIN: f64 = 1e-5;
/// Decimals looked for.
const DECIMALS: u32 = 6;
/// Ten to their power.
const SCALE: f64 = 1e6;

/// Bytes of the longest text that is printed by digits, and room to write three of them at once.
const PRINTED_MAX: usize = 32;

/// The three digits of the numbers below 1,000, the first in the lowest byte.
const TRIPLES: [u32; 1_000] = {
    let mut triples = [0; 1_000];
    let mut n = 0;
    while n < 1_000 {
        let digits = [(n / 100) as u8, (n / 10 % 10) as u8, (n % 10) as u8, 0];
        triples[n] = u32::from_le_bytes(digits) + u32::from_le_bytes(*b"000\0");
        n += 1;
    }
    triples
};

/// A text of digits in the making: the first `len` bytes.
struct Digits {
    bytes: [u8; PRINTED_MAX],
    len: usize,
}

/// Appends the text of `number`, which must be finite: `1.0` prints `1`, `-0` prints `0`.
pub fn write_number(out: &mut String, number: f64) {
    match number_digits(number) {
        Some((bytes, len)) => {
            // Digits, points and signs.
            out.push_str(std::str::from_utf8(&bytes[..len]).unwrap_or_default());
        }
        None => write_shortest(out, number),
    }
}

/// The text that [`write_number`] appends, if it is printed by digits: its bytes, all ASCII, and how
/// many they are.
#[inline]
#[must_use]
pub fn number_digits(number: f64) -> Option<([u8; 32], usize)> {
    let mut digits = Digits { bytes: [0; PRINTED_MAX], len: 0 };
    // A cast saturates, so one that comes back equal lost nothing.
    let whole = number as i64;
    if whole as f64 == number && whole.unsigned_abs() <= WHOLE_MAX {
        if whole < 0 {
            digits.push(b'-');
        }
        digits.push_whole(whole.unsigned_abs());
        return Some((digits.bytes, digits.len));
    }
    let (scaled, n_decimals) = decimals(number.abs())?;
    if number < 0.0 {
        digits.push(b'-');
    }
    digits.push_decimal(scaled, n_decimals);
    Some((digits.bytes, digits.len))
}

/// The text that [`write_number`] appends, if the number is whole and below 1,000, as most are: the
/// first bytes, all ASCII, and how many.
#[inline]
#[must_use]
pub fn small_digits(number: f64) -> Option<([u8; 4], usize)> {
    // A cast saturates, so one that comes back equal lost nothing.
    let whole = number as u16;
    let triple = TRIPLES.get(usize::from(whole)).filter(|_| f64::from(whole) == number)?;
    let n_zeros = usize::from(whole < 100) + usize::from(whole < 10);
    Some(((triple >> (8 * n_zeros)).to_le_bytes(), 3 - n_zeros))
}

/// A number of few decimals as a whole number and how many of its digits lie behind the point.
///
/// A fraction of less than 16 digits that reads back equal is the shortest text of a double, since
/// no two such fractions are of one double.
#[inline]
fn decimals(number: f64) -> Option<(u64, u32)> {
    if !(PLAIN_MIN..DECIMAL_MAX).contains(&number) {
        return None;
    }
    let mut scaled = (number * SCALE + 0.5) as u64;
    // Both are exact, so the quotient is the double that the text reads as.
    if scaled as f64 / SCALE != number {
        return None;
    }
    let mut n_decimals = DECIMALS;
    while scaled.is_multiple_of(10) && n_decimals > 0 {
        scaled /= 10;
        n_decimals -= 1;
    }
    Some((scaled, n_decimals))
}

impl Digits {
    #[inline]
    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// Appends the digits of a number below 1,000 but for the first `n_left_out`, as one word.
    #[inline]
    fn push_triple(&mut self, number: u64, n_left_out: usize) {
        let triple = TRIPLES[number as usize % 1_000] >> (8 * n_left_out);
        self.bytes[self.len..self.len + 4].copy_from_slice(&triple.to_le_bytes());
        self.len += 3 - n_left_out;
    }

    /// Appends a whole number of at most 16 digits.
    #[inline]
    fn push_whole(&mut self, number: u64) {
        let mut groups = [0; 7];
        let (mut rest, mut n_groups) = (number, 0);
        while rest >= 1_000 {
            groups[n_groups] = rest % 1_000;
            rest /= 1_000;
            n_groups += 1;
        }
        self.push_triple(rest, usize::from(rest < 100) + usize::from(rest < 10));
        for group in groups[..n_groups].iter().rev() {
            self.push_triple(*group, 0);
        }
    }

    fn push_decimal(&mut self, scaled: u64, n_decimals: u32) {
        let scale = 10_u64.pow(n_decimals);
        self.push_whole(scaled / scale);
        self.push(b'.');
        // Six digits, of which the first ones are wanted.
        let fraction = (scaled % scale) * 10_u64.pow(DECIMALS - n_decimals);
        let end = self.len + n_decimals as usize;
        self.push_triple(fraction / 1_000, 0);
        self.push_triple(fraction % 1_000, 0);
        self.len = end;
    }
}

fn write_shortest(out: &mut String, number: f64) {
    use std::fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = if number.abs() >= 1e16 || number.abs() < PLAIN_MIN {
        write!(out, "{number:e}")
    } else {
        write!(out, "{number}")
    };
}

#[cfg(test)]
mod tests {
    use super::{small_digits, write_number, write_shortest};
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    /// As the standard library prints it, whole numbers digit by digit.
    fn plain(number: f64) -> String {
        let mut out = String::new();
        if number == 0.0 {
            return "0".to_owned();
        }
        match number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
            true => (number as i64).to_string(),
            false => {
                write_shortest(&mut out, number);
                out
            }
        }
    }

    fn text(number: f64) -> String {
        let mut out = String::new();
        write_number(&mut out, number);
        out
    }

    #[test]
    fn small_numbers_are_printed_alike() {
        for number in (-2..=1_001).map(f64::from).chain([0.5, 9.5, 65_536.0, -0.0, f64::MAX]) {
            let small = small_digits(number).map(|(digits, len)| digits[..len].to_vec());
            let is_small = number.fract() == 0.0 && (0.0..1_000.0).contains(&number);
            assert_eq!(small, is_small.then(|| plain(number).into_bytes()));
        }
    }

    #[test]
    fn edges_are_printed_as_ever() {
        let edges = [
            0.0,
            -0.0,
            9.0,
            10.0,
            99.0,
            100.0,
            999.0,
            1_000.0,
            1_001.0,
            1e6,
            1e15,
            9_007_199_254_740_992.0,
            9_007_199_254_740_994.0,
            1e16,
            1e300,
            1e-5,
            1.5e-5,
            9.999_999e-6,
            1e-6,
            0.000_12,
            0.1,
            0.3,
            0.1 + 0.2,
            999_999_999.999_999,
            999_999_999.999_999_9,
            1e9 + 0.5,
            123.456_789,
            0.123_456_7,
            f64::MIN_POSITIVE,
            f64::MAX,
        ];
        for number in edges.into_iter().flat_map(|n| [n, -n]) {
            assert_eq!(text(number), plain(number));
            assert_eq!(text(number).parse::<f64>(), Ok(number + 0.0));
        }
    }

    proptest! {
        #[test]
        fn any_double_is_printed_as_ever(number in any::<f64>()) {
            if number.is_finite() {
                prop_assert_eq!(text(number), plain(number));
            }
        }

        #[test]
        fn decimals_are_printed_as_ever(scaled in any::<i64>(), shift in 0u32..60, e in 0i32..9) {
            let number = (scaled >> shift) as f64 / 10_f64.powi(e);
            prop_assert_eq!(text(number), plain(number));
        }

        #[test]
        fn neighbours_of_decimals_are_told_apart(scaled in 0i64..2_000_000_000_000, ulps in prop::sample::select(vec![-2i64, -1, 1, 2])) {
            let number = f64::from_bits((scaled as f64 / 1e6).to_bits().wrapping_add_signed(ulps));
            if number.is_finite() {
                prop_assert_eq!(text(number), plain(number));
            }
        }
    }
}
