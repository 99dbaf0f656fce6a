//! ISO 8601 text and durations as milliseconds.
//!
//! Accepted: `YYYY-MM-DD`, and after a `T` `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f…`, then nothing
//! (which is UTC), `Z`, `±hh`, `±hhmm` or `±hh:mm`. Digits finer than milliseconds are cut off.
//! As people write it: also `t` or a blank for `T`, `z` for `Z`, a comma for the point.

const MS_PER_MINUTE: i64 = 60_000;
const MS_PER_DAY: i64 = 86_400_000;

/// A cursor over the text still to be read.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    /// Exactly `n` ASCII digits.
    fn digits(&mut self, n: usize) -> Option<i64> {
        let digits = self.0.get(..n).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
        self.0 = &self.0[n..];
        digits.parse().ok()
    }

    /// Two digits below `limit`.
    fn pair_below(&mut self, limit: i64) -> Option<i64> {
        self.digits(2).filter(|&number| number < limit)
    }

    fn eat(&mut self, c: char) -> bool {
        let rest = self.0.strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

/// Milliseconds since 1970 UTC of ISO 8601 text, or `None` where it is not such text.
pub(crate) fn time(text: &str) -> Option<i64> {
    let mut reader = Reader(text);
    let year = reader.digits(4)?;
    let month = reader.eat('-').then(|| reader.digits(2))??;
    let day = reader.eat('-').then(|| reader.digits(2))??;
    if !(1..=12).contains(&month) || !(1..=days_of_month(year, month)).contains(&day) {
        return None;
    }
    let mut ms = days_since_1970(year, month, day) * MS_PER_DAY;
    if reader.eat('T') || reader.eat('t') || reader.eat(' ') {
        ms += time_of_day(&mut reader)?;
        ms -= offset(&mut reader)?;
    }
    reader.0.is_empty().then_some(ms)
}

fn time_of_day(reader: &mut Reader<'_>) -> Option<i64> {
    let hour = reader.pair_below(24)?;
    let minute = reader.eat(':').then(|| reader.pair_below(60))??;
    let has_seconds = reader.eat(':');
    let second = if has_seconds { reader.pair_below(60)? } else { 0 };
    let is_fine = reader.0.starts_with(['.', ',']) && has_seconds;
    let ms = if is_fine { fraction(reader)? } else { 0 };
    Some(((hour * 60 + minute) * 60 + second) * 1000 + ms)
}

/// A point or comma, then the first three of one or more digits.
fn fraction(reader: &mut Reader<'_>) -> Option<i64> {
    reader.0 = &reader.0[1..];
    let n = reader.0.bytes().take_while(u8::is_ascii_digit).count();
    let kept = format!("{:0<3}", &reader.0[..n.min(3)]);
    reader.0 = &reader.0[n..];
    if n == 0 { None } else { kept.parse().ok() }
}

/// Milliseconds by which local time runs ahead of UTC.
fn offset(reader: &mut Reader<'_>) -> Option<i64> {
    if reader.0.is_empty() || reader.eat('Z') || reader.eat('z') {
        return Some(0);
    }
    let sign = if reader.eat('-') { -1 } else { reader.eat('+').then_some(1)? };
    let hour = reader.pair_below(24)?;
    let colon = reader.eat(':');
    let minute = if reader.0.is_empty() && !colon { 0 } else { reader.pair_below(60)? };
    Some(sign * (hour * 60 + minute) * MS_PER_MINUTE)
}

fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the years 0 to 9999, in the calendar of today.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Days before the year, counted from year 0, which is a leap year.
    let before_year = |year: i64| match year {
        0 => 0,
        _ => {
            let full = year - 1;
            year * 365 + full / 4 - full / 100 + full / 400 + 1
        }
    };
    let before_month: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    before_year(year) - before_year(1970) + before_month + day - 1
}

/// The text of a hub's stamp: UTC, as many digits of a second as it takes.
pub(crate) fn stamp(ms: i64) -> String {
    let (day, ms) = (ms.div_euclid(MS_PER_DAY), ms.rem_euclid(MS_PER_DAY));
    let is_in = |year: &i64| days_since_1970(year + 1, 1, 1) > day;
    let year = (0..).find(is_in).unwrap_or_default();
    let is_in = |month: &i64| days_since_1970(year, *month, 1) + days_of_month(year, *month) > day;
    let month = (1..=12).find(is_in).unwrap_or_default();
    let day = day - days_since_1970(year, month, 1) + 1;
    let (hour, minute, ms) = (ms / (60 * MS_PER_MINUTE), ms / MS_PER_MINUTE % 60, ms % 60_000);
    let seconds = format!("{:02}.{:03}", ms / 1000, ms % 1000);
    let seconds = seconds.trim_end_matches('0').trim_end_matches('.');
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{seconds:0<2}Z")
}

/// Milliseconds of a duration such as `15m`: a whole number and one of `s m h d w`.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let factor = match unit {
        's' => 1000,
        'm' => MS_PER_MINUTE,
        'h' => 60 * MS_PER_MINUTE,
        'd' => MS_PER_DAY,
        'w' => 7 * MS_PER_DAY,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_text_is_read() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01", 0),
            ("1970-01-02T00:00", MS_PER_DAY),
            ("1970-01-01T00:00:00.001Z", 1),
            ("1970-01-01T00:00:00.0019999Z", 1),
            ("1970-01-01T00:00:00.5", 500),
            ("1970-01-01t00:00:00,5z", 500),
            ("1970-01-01 00:01", 60_000),
            ("1969-12-31T23:59:59.9999Z", -1),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
            ("0000-02-29T00:00:00Z", -62_162_121_600_000),
            ("2023-05-22T10:38:14.3501922Z", 1_684_751_894_350),
            ("2024-02-29T12:00:00+02:00", 1_709_200_800_000),
            ("2024-02-29T12:00:00-0130", 1_709_213_400_000),
            ("2024-02-29T12:00:00+02", 1_709_200_800_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] {
            assert_eq!(time(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn stamps_are_read_back() {
        assert_eq!(stamp(1_684_751_894_350), "2023-05-22T10:38:14.35Z");
        assert_eq!(stamp(1_684_751_890_000), "2023-05-22T10:38:10Z");
        assert_eq!(stamp(1_684_751_880_000), "2023-05-22T10:38:00Z");
        for ms in [0, -1, 1_709_164_800_000, 253_402_300_799_999, -62_162_121_600_000] {
            assert_eq!(time(&stamp(ms)), Some(ms), "{}", stamp(ms));
        }
    }

    #[test]
    fn other_text_is_not() {
        for text in [
            "",
            "2024",
            "2024-01",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01",
            "2024-01-00",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:61Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00.5Z",
            "2024-01-01  00:00",
            "2024-01-01T00:00:00ZZ",
            "2024-01-01T00:00:00+",
            "2024-01-01T00:00:00+02:",
            "2024-01-01Z",
            "20240101T000000Z",
            "24-01-01",
            " 2024-01-01",
            "2024-01-01T00:00:00Z ",
            "２024-01-01",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_a_whole_number_and_a_unit() {
        assert_eq!(duration("15m"), Some(900_000));
        assert_eq!(duration("0s"), Some(0));
        assert_eq!(duration("1w"), Some(604_800_000));
        for text in
            ["", "m", "15", "15M", "1.5h", "-1d", "1 d", "1h30m", "99999999999999999w", "1é"]
        {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
