//! Numbers for the eye: separators between thousands, and units that fit the size.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 row`, `2 rows`.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// A time with three significant digits: `1.23 µs`, `45.6 ms`, `12.3 s`.
pub(crate) fn duration(time: Duration) -> String {
    let nanoseconds = time.as_secs_f64() * 1e9;
    let (value, unit) = match nanoseconds {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    format!("{} {unit}", three_digits(value))
}

/// A number of bytes in decimal units: `312 B`, `4.21 MB`.
pub(crate) fn bytes(number: u64) -> String {
    // Three digits are shown, so rounding beyond 2^53 is not seen.
    #[allow(clippy::cast_precision_loss)]
    let value = number as f64;
    let (value, unit) = match value {
        b if b < 1e3 => return format!("{number} B"),
        b if b < 1e6 => (b / 1e3, "KB"),
        b if b < 1e9 => (b / 1e6, "MB"),
        b => (b / 1e9, "GB"),
    };
    format!("{} {unit}", three_digits(value))
}

fn three_digits(value: f64) -> String {
    match value {
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, bytes, count, duration, plural};

    #[test]
    fn thousands_are_separated() {
        assert_eq!([count(0), count(999), count(1_000)], ["0", "999", "1,000"]);
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!([plural(1, "row"), plural(2_000, "row")], ["1 row", "2,000 rows"]);
    }

    #[test]
    fn units_fit_the_size() {
        assert_eq!(duration(Duration::from_nanos(870)), "870 ns");
        assert_eq!(duration(Duration::from_nanos(1_234)), "1.23 µs");
        assert_eq!(duration(Duration::from_micros(45_600)), "45.6 ms");
        assert_eq!(duration(Duration::from_millis(123_400)), "123 s");
        assert_eq!([bytes(312), bytes(283_100_000)], ["312 B", "283 MB"]);
    }
}
