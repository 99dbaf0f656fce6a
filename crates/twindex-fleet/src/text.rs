//! Numbers and times as text, appended without the formatting machinery: a fleet writes a hundred
//! of them a twin.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Ticks of 100 ns in a second: the resolution of a hub's clock.
pub(crate) const SECOND: u64 = 10_000_000;
/// Ticks in a day.
pub(crate) const DAY: u64 = 86_400 * SECOND;

/// Appends a whole number.
pub(crate) fn push_int(out: &mut String, number: u64) {
    push_padded(out, number, 1);
}

/// Appends a whole number with at least `width` digits (at most 20), zeros in front.
pub(crate) fn push_padded(out: &mut String, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    push_ascii(out, &digits[at.min(20 - width)..]);
}

/// Appends `number` / 10^`places`, without zeros at the end of the fraction.
pub(crate) fn push_decimal(out: &mut String, number: i64, places: u32) {
    if number < 0 {
        out.push('-');
    }
    let (one, magnitude) = (10u64.pow(places), number.unsigned_abs());
    push_int(out, magnitude / one);
    push_fraction(out, magnitude % one, places as usize);
}

/// Appends a point and the `places` digits of `fraction` without zeros at the end, or nothing.
fn push_fraction(out: &mut String, fraction: u64, places: usize) {
    if fraction > 0 {
        out.push('.');
        push_padded(out, fraction, places);
        out.truncate(out.trim_end_matches('0').len());
    }
}

/// Appends the last `width` hexadecimal digits of `number`.
pub(crate) fn push_hex(out: &mut String, number: u64, width: u32, digits: &[u8; 16]) {
    for place in (0..width).rev() {
        out.push(char::from(digits[(number >> (4 * place)) as usize & 15]));
    }
}

/// Lower-case hexadecimal digits.
pub(crate) const LOWER: &[u8; 16] = b"0123456789abcdef";
/// Upper-case hexadecimal digits.
pub(crate) const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Appends base64.
pub(crate) fn push_base64(out: &mut String, bytes: &[u8]) {
    STANDARD.encode_string(bytes, out);
}

/// Appends a time, in ticks since 1970, as a hub prints it: `2025-05-22T10:38:14.3501922Z`, the
/// fraction without zeros at its end.
pub(crate) fn push_time(out: &mut String, ticks: u64) {
    let (year, month, day) = civil(ticks / DAY);
    let seconds = ticks % DAY / SECOND;
    let parts = [
        (year, 4, "-"),
        (month, 2, "-"),
        (day, 2, "T"),
        (seconds / 3600, 2, ":"),
        (seconds / 60 % 60, 2, ":"),
        (seconds % 60, 2, ""),
    ];
    for (number, width, after) in parts {
        push_padded(out, number, width);
        out.push_str(after);
    }
    push_fraction(out, ticks % SECOND, 7);
    out.push('Z');
}

/// Year, month and day of a day counted from 1970-01-01: years that begin in March, in eras of
/// 400 years.
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468; // from 0000-03-01
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // 0 is March
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

fn push_ascii(out: &mut String, ascii: &[u8]) {
    out.push_str(std::str::from_utf8(ascii).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::{DAY, LOWER, SECOND, push_decimal, push_hex, push_int, push_padded, push_time};

    fn text(write: impl Fn(&mut String)) -> String {
        let mut out = String::from("x");
        write(&mut out);
        out
    }

    #[test]
    fn numbers() {
        assert_eq!(text(|out| push_int(out, 0)), "x0");
        assert_eq!(text(|out| push_int(out, u64::MAX)), "x18446744073709551615");
        assert_eq!(text(|out| push_padded(out, 42, 4)), "x0042");
        assert_eq!(text(|out| push_padded(out, 12_345, 4)), "x12345");
        assert_eq!(text(|out| push_decimal(out, -12_340, 3)), "x-12.34");
        assert_eq!(text(|out| push_decimal(out, 5, 2)), "x0.05");
        assert_eq!(text(|out| push_decimal(out, 500, 2)), "x5");
        assert_eq!(text(|out| push_hex(out, 0xABC, 4, LOWER)), "x0abc");
    }

    #[test]
    fn times() {
        assert_eq!(text(|out| push_time(out, 0)), "x1970-01-01T00:00:00Z");
        let leap_day = 19_782 * DAY + (23 * 3600 + 59 * 60 + 58) * SECOND + 3_501_900;
        assert_eq!(text(|out| push_time(out, leap_day)), "x2024-02-29T23:59:58.35019Z");
        assert_eq!(text(|out| push_time(out, 20_454 * DAY + 1)), "x2026-01-01T00:00:00.0000001Z");
    }
}
