//! Compiled LIKE and regular-expression patterns.
//!
//! Most LIKE patterns are a literal with `%` at an end or both; those never meet an automaton. The
//! rest becomes a [`Hir`] piece by piece, so nothing has to be escaped. Nothing backtracks; the size
//! of an automaton is capped, since `\w{9999}` is a short text.

use std::cell::RefCell;
use std::sync::Arc;

use memchr::memmem::Finder;
use regex_automata::meta;
use regex_syntax::hir::{Dot, Hir, Look, Repetition};

use crate::like::{Piece, matches_like, pieces_of};

/// Most bytes of the automaton of one regular expression.
const AUTOMATON_BYTES_MAX: usize = 10 << 20;

/// Most bytes of the automaton of one LIKE pattern. A longer one is walked: that takes text ×
/// longest piece between two `%`, an automaton in its worst case text × pattern.
const LIKE_BYTES_MAX: usize = 64 << 10;

/// Compiled patterns of rows that a thread keeps.
const CACHED_MAX: usize = 16;

/// A compiled pattern. Cheap to share, never changes.
#[derive(Clone)]
pub struct Pattern {
    source: PatternSource,
    matcher: Matcher,
}

/// What a pattern was compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternSource {
    /// `LIKE 'text'`.
    Like(Box<str>),
    /// `REGEX_MATCH(…, 'pattern', 'flags')`.
    Regex {
        /// The regular expression.
        pattern: Box<str>,
        /// Letters of `imsx`.
        flags: Box<str>,
    },
}

#[derive(Clone)]
enum Matcher {
    Exact(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Contains(Box<Finder<'static>>),
    Automaton(Box<meta::Regex>),
    /// A LIKE pattern whose automaton would be too large.
    Walk(Box<str>),
}

/// Why a regular expression was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the messages are the documentation
pub enum PatternError {
    #[error("unknown flag `{0}`")]
    UnknownFlag(char),
    /// `at` is a byte offset in the pattern.
    #[error("bad regular expression: {message}")]
    Syntax { message: String, at: usize },
    #[error("the regular expression is too large: its automaton takes more than {0} bytes")]
    TooLarge(usize),
}

impl Pattern {
    /// Compiles the pattern of LIKE. Every text is one.
    #[must_use]
    pub fn like(text: &str) -> Self {
        let matcher = literal_matcher(text).unwrap_or_else(|| match like_automaton(text) {
            Some(regex) => Matcher::Automaton(Box::new(regex)),
            None => Matcher::Walk(text.into()),
        });
        let source = PatternSource::Like(text.into());
        Self { source, matcher }
    }

    /// Compiles a regular expression that is found anywhere in a text.
    ///
    /// # Errors
    /// [`PatternError`] when the pattern or a flag is bad, or the automaton too large.
    pub fn regex(pattern: &str, flags: &str) -> Result<Self, PatternError> {
        let mut parser = regex_syntax::ParserBuilder::new();
        for flag in flags.chars() {
            match flag {
                'i' => parser.case_insensitive(true),
                'm' => parser.multi_line(true),
                's' => parser.dot_matches_new_line(true),
                'x' => parser.ignore_whitespace(true),
                other => return Err(PatternError::UnknownFlag(other)),
            };
        }
        let hir = parser.build().parse(pattern).map_err(|e| syntax_error(&e))?;
        let regex = automaton(&hir, AUTOMATON_BYTES_MAX)
            .ok_or(PatternError::TooLarge(AUTOMATON_BYTES_MAX))?;
        let source = PatternSource::Regex { pattern: pattern.into(), flags: flags.into() };
        let matcher = Matcher::Automaton(Box::new(regex));
        Ok(Self { source, matcher })
    }

    /// Whether `text` matches.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        match &self.matcher {
            Matcher::Exact(literal) => text == &**literal,
            Matcher::Prefix(literal) => text.starts_with(&**literal),
            Matcher::Suffix(literal) => text.ends_with(&**literal),
            Matcher::Contains(finder) => finder.find(text.as_bytes()).is_some(),
            Matcher::Automaton(regex) => regex.is_match(text),
            Matcher::Walk(pattern) => matches_like(text, pattern),
        }
    }

    /// What it was compiled from.
    #[must_use]
    pub fn source(&self) -> &PatternSource {
        &self.source
    }

    /// The one text that matches, if it is only one.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        match &self.matcher {
            Matcher::Exact(literal) => Some(literal),
            _ => None,
        }
    }

    /// The prefix, if exactly the texts that begin with it match.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        match &self.matcher {
            Matcher::Prefix(literal) => Some(literal),
            _ => None,
        }
    }

    /// The part, if exactly the texts that contain it match.
    #[must_use]
    pub fn part(&self) -> Option<&[u8]> {
        match &self.matcher {
            Matcher::Contains(finder) => Some(finder.needle()),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.source.fmt(f)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// The matcher of `abc`, `abc%`, `%abc` and `%abc%`.
fn literal_matcher(text: &str) -> Option<Matcher> {
    let pieces = pieces_of(text);
    Some(match pieces.as_slice() {
        [] => Matcher::Exact("".into()),
        [Piece::Text(literal)] => Matcher::Exact(literal.as_str().into()),
        [Piece::Run] => Matcher::Prefix("".into()),
        [Piece::Text(literal), Piece::Run] => Matcher::Prefix(literal.as_str().into()),
        [Piece::Run, Piece::Text(literal)] => Matcher::Suffix(literal.as_str().into()),
        [Piece::Run, Piece::Text(literal), Piece::Run] => {
            Matcher::Contains(Box::new(Finder::new(literal).into_owned()))
        }
        _ => return None,
    })
}

fn like_automaton(text: &str) -> Option<meta::Regex> {
    let any = || Hir::dot(Dot::AnyChar);
    let mut parts = vec![Hir::look(Look::Start)];
    parts.extend(pieces_of(text).into_iter().map(|piece| match piece {
        Piece::Text(literal) => Hir::literal(literal.into_bytes()),
        Piece::One => any(),
        Piece::Run => {
            Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub: Box::new(any()) })
        }
    }));
    parts.push(Hir::look(Look::End));
    automaton(&Hir::concat(parts), LIKE_BYTES_MAX)
}

fn automaton(hir: &Hir, bytes_max: usize) -> Option<meta::Regex> {
    let config = meta::Config::new().nfa_size_limit(Some(bytes_max));
    meta::Builder::new().configure(config).build_from_hir(hir).ok()
}

fn syntax_error(error: &regex_syntax::Error) -> PatternError {
    let (message, at) = match error {
        regex_syntax::Error::Parse(e) => (e.kind().to_string(), e.span().start.offset),
        regex_syntax::Error::Translate(e) => (e.kind().to_string(), e.span().start.offset),
        other => (other.to_string(), 0),
    };
    PatternError::Syntax { message, at }
}

/// The compiled form of a pattern that came from a row, `None` where it is bad. Each thread keeps
/// the last few, since rows repeat themselves.
pub(crate) fn cached_regex(pattern: &str, flags: &str) -> Option<Arc<Pattern>> {
    type Entry = (String, String, Option<Arc<Pattern>>);
    thread_local! {
        static CACHE: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
    }
    CACHE.with_borrow_mut(|cache| {
        let found = cache.iter().find(|(p, f, _)| p == pattern && f == flags);
        if let Some((_, _, compiled)) = found {
            return compiled.clone();
        }
        if cache.len() == CACHED_MAX {
            cache.remove(0);
        }
        let compiled = Pattern::regex(pattern, flags).ok().map(Arc::new);
        cache.push((pattern.to_owned(), flags.to_owned(), compiled.clone()));
        compiled
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_shapes_meet_no_automaton() {
        assert_eq!(Pattern::like("abc").exact(), Some("abc"));
        assert_eq!(Pattern::like("").exact(), Some(""));
        assert_eq!(Pattern::like(r"50\%%%").prefix(), Some("50%"));
        assert_eq!(Pattern::like("%%").prefix(), Some(""));
        assert_eq!(Pattern::like("%b%").part(), Some(b"b".as_slice()));
        assert!(Pattern::like("%abc").is_match("xabc"));
        assert!(!Pattern::like("%abc").is_match("abcx"));
    }

    #[test]
    fn automata_are_anchored_and_see_line_breaks() {
        let pattern = Pattern::like("a_c%z");
        assert!(pattern.is_match("a\u{1F600}c\n\r\nz"));
        assert!(!pattern.is_match("a\u{1F600}\u{1F600}cz"));
        assert!(!pattern.is_match("xabcz"));
        assert!(!pattern.is_match("abczx"));
        assert!(Pattern::like(".*_").is_match(".*x"));
        assert!(!Pattern::like(".*_").is_match("abx"));
    }

    #[test]
    fn regex_is_found_anywhere_under_its_flags() {
        let is_match =
            |pattern, flags, text| Pattern::regex(pattern, flags).unwrap().is_match(text);
        assert!(is_match("b+", "", "abbc"));
        assert!(!is_match("^b", "", "a\nb"));
        assert!(is_match("^b", "m", "a\nb"));
        assert!(is_match("B", "i", "ab"));
        assert!(!is_match("a.b", "", "a\nb"));
        assert!(is_match("a.b", "s", "a\nb"));
        assert!(is_match("a b # note", "x", "ab"));
    }

    #[test]
    fn bad_patterns_say_where() {
        assert_eq!(Pattern::regex("a", "iq"), Err(PatternError::UnknownFlag('q')));
        let Err(PatternError::Syntax { message, at }) = Pattern::regex("ab(c", "") else {
            panic!("an unclosed group is an error");
        };
        assert_eq!((message.as_str(), at), ("unclosed group", 2));
        let large = Pattern::regex(r"(\w{1000}){100}", "");
        assert_eq!(large, Err(PatternError::TooLarge(AUTOMATON_BYTES_MAX)));
    }

    #[test]
    fn huge_like_patterns_still_work() {
        let pattern = "_".repeat(200_000) + "%x";
        let text = "a".repeat(200_000) + "bx";
        assert!(Pattern::like(&pattern).is_match(&text));
    }
}
