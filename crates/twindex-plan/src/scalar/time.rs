//! `TIME(text)`: ISO 8601 text to milliseconds since 1970 UTC.
//!
//! The fields are cut out here and the calendar is jiff's. jiff's own parser was rejected: it takes
//! at most nine digits of a fraction, needs an offset for a point in time, and accepts time zone
//! annotations, whose meaning would depend on the machine.

use jiff::civil::DateTime;

/// The time that counts as 0.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Milliseconds since 1970 UTC of `text`; finer digits are cut off.
///
/// `YYYY-MM-DD[Thh:mm[:ss[.fraction]][Z|±hh[[:]mm]]]`, `t`, `z` and a blank for `T` too, any number of
/// digits in the fraction. Without an offset it is UTC. `None` for anything else, 24:00 and leap
/// seconds among them.
#[must_use]
pub fn parse_time(text: &str) -> Option<f64> {
    let mut rest = text.as_bytes();
    let year = i16::try_from(digits(&mut rest, 4)?).ok()?;
    let month = field(&mut rest, b'-')?;
    let day = field(&mut rest, b'-')?;
    let mut clock = Clock::default();
    let mut offset_minutes = 0;
    if !rest.is_empty() {
        skip_one_of(&mut rest, b"Tt ")?;
        clock = read_clock(&mut rest)?;
        offset_minutes = read_offset(&mut rest)?;
    }
    if !rest.is_empty() {
        return None;
    }
    let civil = DateTime::new(year, month, day, clock.hour, clock.minute, clock.second, 0).ok()?;
    // Not by way of jiff's timestamps, which end some hours before the year 9999 does.
    let seconds = civil.duration_since(EPOCH).as_secs() - offset_minutes * 60;
    Some((seconds * 1000 + clock.millis) as f64)
}

#[derive(Default)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    millis: i64,
}

/// `hh:mm[:ss[.fraction]]`.
fn read_clock(rest: &mut &[u8]) -> Option<Clock> {
    let mut clock = Clock {
        hour: i8::try_from(digits(rest, 2)?).ok()?,
        minute: field(rest, b':')?,
        ..Clock::default()
    };
    if rest.first() == Some(&b':') {
        clock.second = field(rest, b':')?;
        if skip_one_of(rest, b".,").is_some() {
            clock.millis = read_fraction(rest)?;
        }
    }
    Some(clock)
}

/// One or more digits after the point, as milliseconds.
fn read_fraction(rest: &mut &[u8]) -> Option<i64> {
    let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (fraction, after) = rest.split_at(n);
    *rest = after;
    let millis = [100, 10, 1].iter().zip(fraction).map(|(unit, b)| unit * i64::from(b - b'0'));
    (n > 0).then(|| millis.sum())
}

/// Nothing, `Z` or `±hh[[:]mm]`, as minutes east of UTC.
fn read_offset(rest: &mut &[u8]) -> Option<i64> {
    let sign = match rest.first() {
        None => return Some(0),
        Some(b'Z' | b'z') => 0,
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    *rest = &rest[1..];
    if sign == 0 {
        return Some(0);
    }
    let hours = digits(rest, 2)?;
    let has_colon = skip_one_of(rest, b":").is_some();
    let minutes = if rest.is_empty() && !has_colon { 0 } else { digits(rest, 2)? };
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 60 + minutes))
}

/// `mark` and two digits.
fn field(rest: &mut &[u8], mark: u8) -> Option<i8> {
    skip_one_of(rest, &[mark])?;
    i8::try_from(digits(rest, 2)?).ok()
}

/// Exactly `n` digits.
fn digits(rest: &mut &[u8], n: usize) -> Option<u16> {
    let (head, after) = rest.split_at_checked(n)?;
    *rest = after;
    head.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u16::from(b - b'0')))
}

fn skip_one_of(rest: &mut &[u8], marks: &[u8]) -> Option<()> {
    let (first, after) = rest.split_first()?;
    marks.contains(first).then(|| *rest = after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_stamps_and_offsets() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("1970-01-01", 0.0),
            ("1970-01-01T00:00", 0.0),
            ("2023-05-22T10:38:14.3501922Z", 1_684_751_894_350.0),
            ("2023-05-22T10:38:14.3501922", 1_684_751_894_350.0),
            ("2023-05-22t10:38:14.35z", 1_684_751_894_350.0),
            ("2023-05-22 10:38:14.350192212345", 1_684_751_894_350.0),
            ("2023-05-22T12:38:14.350+02:00", 1_684_751_894_350.0),
            ("2023-05-22T12:38:14.350+0200", 1_684_751_894_350.0),
            ("2023-05-22T08:38:14.350-02", 1_684_751_894_350.0),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000.0),
            ("0001-01-01T00:00:00", -62_135_596_800_000.0),
            ("9999-12-31T23:59:59.9999999Z", 253_402_300_799_999.0),
            ("2024-02-29", 1_709_164_800_000.0),
        ] {
            assert_eq!(parse_time(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn digits_are_cut_not_rounded_before_1970_too() {
        assert_eq!(parse_time("1969-12-31T23:59:59.9999Z"), Some(-1.0));
        assert_eq!(parse_time("1969-12-31T23:59:59.0009Z"), Some(-1000.0));
    }

    #[test]
    fn anything_else_is_undefined() {
        for text in [
            "",
            "now",
            "2023",
            "2023-05",
            "2023-5-2",
            "2023-02-29",
            "2023-13-01",
            "2023-00-01",
            "2023-01-01T",
            "2023-01-01T10",
            "2023-01-01T24:00:00Z",
            "2023-01-01T10:60:00Z",
            "2023-01-01T10:00:60Z",
            "2023-01-01T10:00:00.Z",
            "2023-01-01T10:00:00+",
            "2023-01-01T10:00:00+02:",
            "2023-01-01T10:00:00+24:00",
            "2023-01-01T10:00:00ZZ",
            " 2023-01-01",
            "2023-01-01 ",
            "2023-01-01Z",
            "20230101T100000Z",
            "2023-01-01T10:00:00[UTC]",
            "+2023-01-01",
            "٢٠٢٣-01-01",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
