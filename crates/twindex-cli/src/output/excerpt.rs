//! The part of a text that is drawn with an error.
//!
//! A drawing shows whole lines, and marks each character it is about. A statement may be a million
//! characters in one line, so of long lines and long places only the beginning is shown.

use std::ops::Range;

use crate::output::printable::printable_lines;

/// Bytes shown before a place in its line, behind it, and of it, at most.
const SHOWN_BYTES: usize = 500;

/// What stands for text that is left out.
const LEFT_OUT: &str = "…";

/// Some lines of a text, behind as many empty ones as stand before them, and the place in them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) text: String,
    /// The place, in bytes of `text`.
    pub(crate) span: Range<usize>,
    /// Whether the beginning of the first line is left out, so that columns count from elsewhere.
    pub(crate) is_beheaded: bool,
}

impl Excerpt {
    /// The lines of `text` that hold `span`, which lies in it at characters' bounds.
    pub(crate) fn of(text: &str, span: Range<usize>) -> Self {
        let line_begin = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = |from: usize| text[from..].find('\n').map_or(text.len(), |at| from + at);
        let begin = text.ceil_char_boundary(span.start.saturating_sub(SHOWN_BYTES)).max(line_begin);
        let shown_to = span.end.min(text.floor_char_boundary(span.start + SHOWN_BYTES));
        let last_end = line_end(shown_to);
        let end = last_end.min(text.floor_char_boundary(shown_to + SHOWN_BYTES));
        let is_beheaded = begin > line_begin;
        let mut shown = "\n".repeat(text[..begin].matches('\n').count());
        shown.push_str(if is_beheaded { LEFT_OUT } else { "" });
        shown.push_str(&printable_lines(&text[begin..span.start]));
        let from = shown.len();
        shown.push_str(&printable_lines(&text[span.start..shown_to]));
        let to = shown.len();
        shown.push_str(&printable_lines(&text[shown_to..end]));
        if end < last_end {
            shown.push_str(LEFT_OUT);
        }
        Self { text: shown, span: from..to, is_beheaded }
    }
}

#[cfg(test)]
mod tests {
    use super::{Excerpt, LEFT_OUT, SHOWN_BYTES};

    #[test]
    fn short_lines_are_whole() {
        let text = "SELECT 1\nFROM devises\nWHERE a = 1";
        let found = Excerpt::of(text, 14..21);
        assert_eq!(&found.text[found.span.clone()], "devises");
        assert_eq!(found.text, "\nFROM devises");
        let found = Excerpt::of(text, text.len()..text.len());
        assert_eq!(found.text, "\n\nWHERE a = 1");
        assert_eq!(Excerpt::of("", 0..0).text, "");
    }

    #[test]
    fn of_long_lines_and_places_a_part_is_shown() {
        let long = "ä".repeat(100_000);
        let text = format!("{long}!{long}");
        let found = Excerpt::of(&text, long.len()..long.len() + 1);
        assert_eq!(&found.text[found.span.clone()], "!");
        assert!(found.is_beheaded && found.text.len() <= 2 * (SHOWN_BYTES + LEFT_OUT.len()) + 1);
        let found = Excerpt::of(&text, 0..text.len());
        assert!(!found.is_beheaded && found.text.len() <= 2 * SHOWN_BYTES + LEFT_OUT.len());
        assert_eq!(found.span, 0..SHOWN_BYTES);
    }

    #[test]
    fn a_query_says_nothing_to_the_terminal() {
        let text = "SELECT '\u{1b}[2J' FRM devices";
        let at = text.find("FRM").unwrap();
        let found = Excerpt::of(text, at..at + 3);
        assert_eq!(found.text, "SELECT '\\u{1b}[2J' FRM devices");
        assert_eq!(&found.text[found.span], "FRM");
    }
}
