//! Scripts: where statements end, and whether a prompt should ask for another line.
//!
//! Knows tokens and no grammar, so a script with a wrong statement still falls into statements.

use crate::grammar::{comment, name_char, string_end};
use crate::span::Span;

/// One statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementText {
    /// Its place in the script: from its first token, without the `;`.
    pub span: Span,
    /// Whether a `;` ends it.
    pub is_ended: bool,
}

/// Splits a script into its statements at each `;` outside strings, comments and `[[ ]]`.
///
/// Statements of nothing but blanks and comments are left out. The last one need not be ended.
#[must_use]
pub fn split_statements(script: &str) -> Vec<StatementText> {
    let mut statements = Vec::new();
    let mut first = None;
    let mut last = 0;
    for (kind, from, to) in Tokens::new(script) {
        match kind {
            Kind::Semicolon => {
                statements.extend(first.take().map(|first| statement(first, last, true)));
            }
            _ => {
                first.get_or_insert(from);
                last = to;
            }
        }
    }
    statements.extend(first.map(|first| statement(first, last, false)));
    statements
}

/// Whether `text` is the beginning of a statement that is not ended by `;`, so that a prompt should
/// ask for more. Blanks and comments alone are no beginning, an open comment is.
#[must_use]
pub fn is_unfinished(text: &str) -> bool {
    let mut is_open = false;
    for (kind, _, _) in Tokens::new(text) {
        is_open = kind != Kind::Semicolon;
    }
    is_open
}

fn statement(from: usize, to: usize, is_ended: bool) -> StatementText {
    StatementText { span: Span::new(from, to), is_ended }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Semicolon,
    Dot,
    As,
    Other,
}

/// The tokens of a script, as coarse as splitting allows.
struct Tokens<'a> {
    script: &'a str,
    at: usize,
    last: Kind,
}

impl<'a> Tokens<'a> {
    fn new(script: &'a str) -> Self {
        Self { script, at: 0, last: Kind::Other }
    }

    /// Skips blanks and closed comments; an open comment is a token.
    fn skip_blanks(&mut self) -> &'a str {
        loop {
            let rest = self.script.get(self.at..).unwrap_or_default();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            match comment(trimmed) {
                Some(Some(end)) => self.at += end,
                _ => return trimmed,
            }
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = (Kind, usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.skip_blanks();
        let first = rest.chars().next()?;
        // Invariant: `[[` opens a name only behind a dot or `AS`; elsewhere it is two brackets.
        let is_name_place = matches!(self.last, Kind::Dot | Kind::As);
        let word = rest.find(|c| !name_char(c)).unwrap_or(rest.len());
        let length = if word > 0 {
            word
        } else if let Some(end) = string_end(rest) {
            end.unwrap_or(rest.len())
        } else if comment(rest).is_some() {
            rest.len()
        } else if is_name_place && rest.starts_with("[[") {
            rest.find("]]").map_or(rest.len(), |at| at + 2)
        } else {
            first.len_utf8()
        };
        let text = rest.get(..length).unwrap_or_default();
        let kind = match text {
            ";" => Kind::Semicolon,
            "." => Kind::Dot,
            _ if self.last != Kind::Dot && text.eq_ignore_ascii_case("AS") => Kind::As,
            _ => Kind::Other,
        };
        let from = self.at;
        self.at += length;
        self.last = kind;
        Some((kind, from, self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_unfinished, split_statements};

    fn texts(script: &str) -> Vec<(&str, bool)> {
        split_statements(script)
            .into_iter()
            .map(|statement| {
                let span = statement.span;
                (&script[span.from as usize..span.to as usize], statement.is_ended)
            })
            .collect()
    }

    #[test]
    fn splits_at_semicolons_outside_quotes() {
        assert_eq!(
            texts(" a = ';' ; -- x;y\n b /* ; */ c;;\n tags.[[;]] AS [[;]] ; d"),
            [("a = ';'", true), ("b /* ; */ c", true), ("tags.[[;]] AS [[;]]", true), ("d", false),]
        );
        assert_eq!(texts(r#" 'it\';s'; "a"";" ;"#), [(r"'it\';s'", true), (r#""a"";""#, true)]);
        assert_eq!(texts("[[1];2]] x"), [("[[1]", true), ("2]] x", false)]);
        assert_eq!(texts("a.as [[;]]"), [("a.as [[", true), ("]]", false)]);
        assert_eq!(texts(" -- only\n /* blanks */ ; "), []);
    }

    #[test]
    fn unfinished_statements_ask_for_more() {
        for text in ["SELECT", "a; b", "'x;", "/* x;", "a.[[x;", "a /*;*/"] {
            assert!(is_unfinished(text), "{text}");
        }
        for text in ["", "  ", "-- x", "a;", "a; -- b", "a;;", "/* x */"] {
            assert!(!is_unfinished(text), "{text}");
        }
    }
}
