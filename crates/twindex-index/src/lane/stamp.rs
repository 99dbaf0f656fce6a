//! ISO 8601 stamps in UTC, as hubs write them: `2023-05-22T10:38:14.3501922Z`, with no digits to
//! seven behind the point.
//!
//! By hand, since the one shape must come back to the byte and is met for every other leaf of a
//! twin; a general parser accepts spellings that could not be told apart afterwards.

use twindex_kernels::ShortText;
use twindex_kernels::pieces::SHORT;
use twindex_model::cell::{InlineText, Text};
use twindex_planted::{Fault, planted};

/// Digits that a stamp may have behind the point.
pub(crate) const DIGITS_MAX: u8 = 7;
/// 100 ns ticks of a second.
pub(crate) const TICKS_PER_SECOND: i64 = 10_000_000;
/// The beginning of the year 0.
pub(crate) const TICKS_MIN: i64 = -62_167_219_200 * TICKS_PER_SECOND;
/// Days from the beginning of the year 0 to that of 1970.
const DAYS_TO_1970: i64 = -TICKS_MIN / TICKS_PER_SECOND / 86_400;
/// The end of the year 9999.
pub(crate) const TICKS_MAX: i64 = 253_402_300_800 * TICKS_PER_SECOND - 1;
/// Ticks of one unit by the number of digits.
pub(crate) const TICKS: [i64; 8] = [10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// An instant, and how it was spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// 100 ns since 1970.
    pub(crate) ticks: i64,
    /// Digits behind the point, 0 (and no point) to 7.
    pub(crate) digits: u8,
}

impl Stamp {
    /// Reads a text; `None` unless [`Stamp::text`] gives the very same text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (head, tail) = bytes.split_first_chunk::<19>()?;
        let marks = [head[4], head[7], head[10], head[13], head[16]];
        if marks != *b"--T::" {
            return None;
        }
        let year = number(&head[..4])?;
        let (month, day) = (number(&head[5..7])?, number(&head[8..10])?);
        let (hour, minute) = (number(&head[11..13])?, number(&head[14..16])?);
        let second = number(&head[17..])?;
        let is_day = (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
        if !is_day || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
        let (fraction, digits) = fraction(tail)?;
        let digits = if planted(Fault::StampTrimmed) { digits.min(6) } else { digits };
        Some(Self { ticks: seconds * TICKS_PER_SECOND + fraction, digits })
    }

    /// Whether an instant lies in the years that have a text.
    pub(crate) fn is_instant(ticks: i64) -> bool {
        (TICKS_MIN..=TICKS_MAX).contains(&ticks)
    }

    /// Whether the digits behind the point end in no zero, as a hub prints them.
    pub(crate) fn is_trimmed(self) -> bool {
        self.digits == 0 || self.ticks % (TICKS[usize::from(self.digits)] * 10) != 0
    }

    /// The instant with as many digits as it needs.
    pub(crate) fn trimmed(ticks: i64) -> Self {
        let mut fraction = fraction_of(ticks);
        let mut digits = if fraction == 0 { 0 } else { DIGITS_MAX };
        if digits > 0 && fraction.is_multiple_of(10_000) {
            // A clock of milliseconds, as mostly.
            (fraction, digits) = (fraction / 10_000, 3);
        }
        while digits > 0 && fraction.is_multiple_of(10) {
            fraction /= 10;
            digits -= 1;
        }
        Self { ticks, digits }
    }

    /// Its text.
    pub(crate) fn text(self) -> Text<'static> {
        let (bytes, len) = self.quoted();
        // It has at most 28 bytes, all ASCII.
        InlineText::new(&bytes[1..=len]).map_or(Text::Borrowed(""), Text::Inline)
    }

    /// Its text as a JSON string.
    pub(crate) fn json(self) -> ShortText {
        let (bytes, len) = self.quoted();
        ShortText::ascii(bytes, len + 2)
    }

    /// The bytes of its text between quotes, and how many they are without these.
    fn quoted(self) -> ([u8; SHORT], usize) {
        // Since the year 0, before which there is no stamp, so that nothing is negative.
        let ticks = (self.ticks - TICKS_MIN) as u64;
        let (seconds, fraction) =
            (ticks / TICKS_PER_SECOND as u64, ticks % TICKS_PER_SECOND as u64);
        let (days, of_day) = (seconds / 86_400, (seconds % 86_400) as u32);
        let (year, month, day) = civil_from_days(days as i64 - DAYS_TO_1970);
        let mut out = *b"\"0000-00-00T00:00:00.0000000Z\"\0\0";
        let pairs = [
            (1, year / 100),
            (3, year % 100),
            (6, month),
            (9, day),
            (12, of_day / 3_600),
            (15, of_day / 60 % 60),
            (18, of_day % 60),
        ];
        for (at, pair) in pairs {
            out[at..at + 2].copy_from_slice(&pair_of(pair));
        }
        let digits = usize::from(self.digits);
        if digits == 0 {
            out[20..22].copy_from_slice(b"Z\"");
            return (out, 20);
        }
        let fraction = fraction as u32;
        out[21..23].copy_from_slice(&pair_of(fraction / 100_000));
        out[23..25].copy_from_slice(&pair_of(fraction / 1_000 % 100));
        out[25..27].copy_from_slice(&pair_of(fraction / 10 % 100));
        out[27] = b'0' + (fraction % 10) as u8;
        out[21 + digits..23 + digits].copy_from_slice(b"Z\"");
        (out, 21 + digits)
    }
}

/// The digits of the numbers below 100, and of none above.
const PAIRS: [[u8; 2]; 128] = {
    let mut pairs = [[b'0'; 2]; 128];
    let mut n = 0;
    while n < 100 {
        pairs[n][0] += (n / 10) as u8;
        pairs[n][1] += (n % 10) as u8;
        n += 1;
    }
    pairs
};

/// The digits of a number below 100.
#[inline]
fn pair_of(number: u32) -> [u8; 2] {
    PAIRS[number as usize % PAIRS.len()]
}

/// Ticks since the second began.
fn fraction_of(ticks: i64) -> u32 {
    ticks.rem_euclid(TICKS_PER_SECOND) as u32
}

/// Ticks of the fraction and its number of digits, from what follows the seconds.
fn fraction(tail: &[u8]) -> Option<(i64, u8)> {
    match tail {
        [b'Z'] => Some((0, 0)),
        [b'.', digits @ .., b'Z'] if (1..=usize::from(DIGITS_MAX)).contains(&digits.len()) => {
            Some((number(digits)? * TICKS[digits.len()], digits.len() as u8))
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    let mut number = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(number)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970 of a day of the Gregorian calendar, counted in years that begin in March, so
/// that the leap day is the last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_from_civil`], for the years of stamps: year, month and day.
///
/// Multiplications of 32 bits take the place of divisions (Neri and Schneider, Euclidean affine
/// functions): 2,939,745 / 2^32 is a day in years of 365.25, of quarters of days, and
/// 2,141 / 2^16 one in months of March to February.
#[inline]
fn civil_from_days(days: i64) -> (u32, u32, u32) {
    // Days since the first of March 400 years before the year 0.
    let quarters = 4 * (days + 719_468 + 146_097) as u32 + 3;
    let (century, of_century) = (quarters / 146_097, (quarters % 146_097) | 3);
    let years = 2_939_745 * u64::from(of_century);
    let (of_hundred, of_year) = ((years >> 32) as u32, years as u32 / 2_939_745 / 4);
    let months = 2_141 * of_year + 197_913;
    let (march_month, day) = (months >> 16, (months & 0xFFFF) / 2_141 + 1);
    // From the 306th day on it is January or February of the next year.
    let is_next = of_year >= 306;
    let year = 100 * century + of_hundred + u32::from(is_next) - 400;
    (year, if is_next { march_month - 12 } else { march_month }, day)
}

#[cfg(test)]
mod tests {
    use super::Stamp;
    use proptest::prelude::{prop_assert_eq, proptest};

    #[test]
    fn stamps_come_back_to_the_byte() {
        for text in [
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "0000-03-01T00:00:00.0Z",
            "2000-02-29T23:59:59.9999999Z",
            "2023-05-22T10:38:14.3501922Z",
            "9999-12-31T23:59:59.000Z",
        ] {
            let stamp = Stamp::parse(text).expect("a stamp");
            assert_eq!(&*stamp.text(), text);
        }
        assert_eq!(Stamp::parse("1970-01-01T00:00:01.5Z").map(|s| s.ticks), Some(15_000_000));
        assert_eq!(Stamp::parse("1969-12-31T23:59:59Z").map(|s| s.ticks), Some(-10_000_000));
    }

    #[test]
    fn the_ends_of_time_are_the_first_and_last_year() {
        let text = |ticks| Stamp { ticks, digits: 7 }.text().to_string();
        assert_eq!(text(super::TICKS_MIN), "0000-01-01T00:00:00.0000000Z");
        assert_eq!(text(super::TICKS_MAX), "9999-12-31T23:59:59.9999999Z");
    }

    #[test]
    fn other_spellings_are_no_stamps() {
        for text in [
            "",
            "Z",
            "2023-05-22",
            "2023-05-22T10:38:14",
            "2023-05-22T10:38:14.Z",
            "2023-05-22t10:38:14Z",
            "2023-05-22T10:38:14+00:00",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:60Z",
            "2023-01-01T00:00:00.12345678Z",
            "2023-01-01T00:00:0٣Z",
            "+023-01-01T00:00:00Z",
        ] {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }

    proptest! {
        /// Any instant of the years 0 to 9999 is printed and read back.
        #[test]
        fn text_and_stamp_are_inverse(ticks in -621_672_192_000_000_000_i64..2_534_023_007_999_999_999, digits in 0u8..=7) {
            let unit = super::TICKS[usize::from(digits)];
            let stamp = Stamp { ticks: ticks.div_euclid(unit) * unit, digits };
            prop_assert_eq!(Stamp::parse(&stamp.text()), Some(stamp));
        }
    }
}
