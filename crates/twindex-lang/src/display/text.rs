//! How names, strings and numbers are spelled.

use std::fmt::{self, Formatter, Write};

use crate::grammar::{is_dotted_name, name_char, name_start, reserved};

/// Whole numbers up to here are exact and are written without point or exponent.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// The first segment of a path.
///
/// What cannot begin one goes behind the prefix `devices.`, which every query understands; so does
/// a key `devices` that would be taken for that prefix, because a key follows.
pub(super) fn write_first_key(
    f: &mut Formatter<'_>,
    key: &str,
    is_followed_by_key: bool,
) -> fmt::Result {
    let is_name = key.starts_with(name_start) && key.chars().all(name_char) && !reserved(key);
    let is_prefix = is_followed_by_key && key.eq_ignore_ascii_case("devices");
    if is_name && !is_prefix {
        return f.write_str(key);
    }
    f.write_str("devices")?;
    write_key(f, key)
}

/// A segment behind another: `.name`, else `.[[text]]`, else `['text']`.
pub(super) fn write_key(f: &mut Formatter<'_>, key: &str) -> fmt::Result {
    if is_dotted_name(key) {
        write!(f, ".{key}")
    } else if fits_in_brackets(key) {
        write!(f, ".[[{key}]]")
    } else {
        f.write_char('[')?;
        write_string(f, key)?;
        f.write_char(']')
    }
}

/// A name behind `AS` that a path cannot refer to.
pub(super) fn write_column_name(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    if fits_in_brackets(text) { write!(f, "[[{text}]]") } else { write_string(f, text) }
}

fn fits_in_brackets(text: &str) -> bool {
    !text.is_empty()
        && !text.contains("]]")
        && !text.ends_with(']')
        && !text.contains(char::is_control)
}

/// A string in single quotes. Backslashes are doubled, so that `\%` comes back as it was.
pub(super) fn write_string(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('\'')?;
    for c in text.chars() {
        match c {
            '\'' => f.write_str("''")?,
            '\\' => f.write_str(r"\\")?,
            '\n' => f.write_str(r"\n")?,
            '\r' => f.write_str(r"\r")?,
            '\t' => f.write_str(r"\t")?,
            c if c.is_control() => write!(f, r"\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('\'')
}

/// The shortest text that reads back equal; `value` is finite and not negative.
pub(super) fn write_number(f: &mut Formatter<'_>, value: f64) -> fmt::Result {
    if value.fract() == 0.0 && value <= WHOLE_MAX {
        write!(f, "{value:.0}")
    } else {
        write!(f, "{value:?}")
    }
}
