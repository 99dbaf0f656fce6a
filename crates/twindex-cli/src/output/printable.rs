//! Text that devices and files brought, as it may be shown.
//!
//! Strings, ids and keys come from devices, names from files: nothing that they say may move the
//! reader's cursor, change colours, or hide text.

use std::borrow::Cow;

/// Spells out control characters, also those that reverse or hide text.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    spelled_out(text, is_odd)
}

/// The same, but for the ends of lines and tabs.
pub(crate) fn printable_lines(text: &str) -> Cow<'_, str> {
    spelled_out(text, |c| is_odd(c) && !matches!(c, '\n' | '\r' | '\t'))
}

fn is_odd(c: char) -> bool {
    let reverses =
        matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || reverses
}

fn spelled_out(text: &str, is_odd: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_odd) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_odd(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::{printable, printable_lines};

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(printable("grün"), "grün");
        assert_eq!(printable("ab\u{202e}c"), "ab\\u{202e}c");
        assert_eq!(printable_lines("a\u{7}\n\tb"), "a\\u{7}\n\tb");
    }
}
