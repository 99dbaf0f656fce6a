//! Compiled LIKE and regular-expression patterns.
//!
//! Most LIKE patterns are literals with `%` around them; those never meet an automaton. The rest
//! becomes a [`Hir`] piece by piece, so nothing has to be escaped. Nothing backtracks; the size of an
//! automaton is capped, since `\w{9999}` is a short text.

mod automaton;
mod parts;

use std::cell::RefCell;
use std::sync::Arc;

use memchr::memmem::Finder;
use regex_syntax::hir::{Dot, Hir, HirKind, Look, Repetition};

use self::automaton::{Automaton, each};
use self::parts::Parts;
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
    Parts(Arc<Parts>),
    Automaton(Arc<Automaton>),
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
        let pieces = pieces_of(text);
        let matcher = literal_matcher(&pieces)
            .or_else(|| Parts::of(&pieces).map(|parts| Matcher::Parts(Arc::new(parts))))
            .unwrap_or_else(|| match like_automaton(pieces) {
                Some(automaton) => Matcher::Automaton(Arc::new(automaton)),
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
        let matcher = match matcher_of_literal(&hir) {
            Some(matcher) => matcher,
            None => Automaton::new(hir, AUTOMATON_BYTES_MAX)
                .map(|automaton| Matcher::Automaton(Arc::new(automaton)))
                .ok_or(PatternError::TooLarge(AUTOMATON_BYTES_MAX))?,
        };
        let source = PatternSource::Regex { pattern: pattern.into(), flags: flags.into() };
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
            Matcher::Parts(parts) => parts.is_match(text.as_bytes()),
            Matcher::Automaton(automaton) => automaton.is_match(text.as_bytes()),
            Matcher::Walk(pattern) => matches_like(text, pattern),
        }
    }

    /// Hands over those of many texts that match, each given by its UTF-8 bytes.
    pub fn match_each<'t, T>(
        &self,
        texts: impl Iterator<Item = (T, &'t [u8])>,
        found: impl FnMut(T),
    ) {
        match &self.matcher {
            Matcher::Exact(literal) => each(texts, |text| text == literal.as_bytes(), found),
            Matcher::Prefix(part) => each(texts, |text| text.starts_with(part.as_bytes()), found),
            Matcher::Suffix(part) => each(texts, |text| text.ends_with(part.as_bytes()), found),
            Matcher::Contains(finder) => each(texts, |text| finder.find(text).is_some(), found),
            Matcher::Parts(parts) => each(texts, |text| parts.is_match(text), found),
            Matcher::Automaton(automaton) => automaton.match_each(texts, found),
            Matcher::Walk(pattern) => {
                let is_match = |text: &[u8]| {
                    str::from_utf8(text).is_ok_and(|text| matches_like(text, pattern))
                };
                each(texts, is_match, found);
            }
        }
    }

    /// What every text holds that matches, where looking for that first is worth it; never empty.
    #[must_use]
    pub fn required(&self) -> Option<&[u8]> {
        match &self.matcher {
            Matcher::Parts(parts) => parts.longest(),
            Matcher::Automaton(automaton) => automaton.required(),
            _ => None,
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
fn literal_matcher(pieces: &[Piece]) -> Option<Matcher> {
    Some(match pieces {
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

/// The matcher of the regular expressions `abc`, `^abc`, `abc$` and `^abc$`.
fn matcher_of_literal(hir: &Hir) -> Option<Matcher> {
    let text = |hir: &Hir| match hir.kind() {
        HirKind::Literal(literal) => str::from_utf8(&literal.0).ok().map(Box::<str>::from),
        _ => None,
    };
    let is_look = |hir: &Hir, look: Look| *hir.kind() == HirKind::Look(look);
    let HirKind::Concat(parts) = hir.kind() else {
        let finder = Finder::new(text(hir)?.as_bytes()).into_owned();
        return Some(Matcher::Contains(Box::new(finder)));
    };
    match &parts[..] {
        [look, part] if is_look(look, Look::Start) => text(part).map(Matcher::Prefix),
        [part, look] if is_look(look, Look::End) => text(part).map(Matcher::Suffix),
        [start, part, end] if is_look(start, Look::Start) && is_look(end, Look::End) => {
            text(part).map(Matcher::Exact)
        }
        _ => None,
    }
}

fn like_automaton(pieces: Vec<Piece>) -> Option<Automaton> {
    let any = || Hir::dot(Dot::AnyChar);
    let mut parts = vec![Hir::look(Look::Start)];
    parts.extend(pieces.into_iter().map(|piece| match piece {
        Piece::Text(literal) => Hir::literal(literal.into_bytes()),
        Piece::One => any(),
        Piece::Run => {
            Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub: Box::new(any()) })
        }
    }));
    parts.push(Hir::look(Look::End));
    Automaton::new(Hir::concat(parts), LIKE_BYTES_MAX)
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
    fn literals_of_expressions_meet_no_automaton() {
        let regex = |pattern| Pattern::regex(pattern, "").unwrap();
        assert_eq!(regex("^abc$").exact(), Some("abc"));
        assert_eq!(regex("^a\\.c").prefix(), Some("a.c"));
        assert_eq!(regex("abc").part(), Some(b"abc".as_slice()));
        assert!(regex("bc$").is_match("abc") && !regex("bc$").is_match("abc\n"));
        assert_eq!(regex("").part(), None);
        assert_eq!(Pattern::regex("abc", "i").unwrap().part(), None);
    }

    #[test]
    fn what_must_be_held_is_known_where_it_is_worth_a_search() {
        let required = |pattern| {
            let pattern = Pattern::regex(pattern, "").unwrap();
            pattern.required().map(|part| String::from_utf8_lossy(part).into_owned())
        };
        assert_eq!(required("[0-9]abc.*de").as_deref(), Some("abc"));
        assert_eq!(required("^abc.*(de)+[0-9]").as_deref(), Some("de"));
        assert_eq!(required("^abc.*d"), None);
        assert_eq!(required("abc|dex"), None);
        assert_eq!(required("(abc)*d"), None);
        assert_eq!(Pattern::like("a%bc%def%gh").required(), Some(b"def".as_slice()));
        assert_eq!(Pattern::like("abc%b%d").required(), None);
    }

    #[test]
    fn many_texts_match_as_each_alone() {
        let texts: Vec<String> =
            (0..200_u32).map(|n| format!("SN{:x}\u{e9}\n{}", n * 7919, n % 13)).collect();
        let large = r"(\w{1,9}[0-9\pL]{1,9}){1,9}z";
        for pattern in
            ["^SN[0-9].*1$", "7.*[2-5]", "(?m)^1", r"\b5\b", "[^a-f]", "x*", "N.+\u{e9}", large]
        {
            let pattern = Pattern::regex(pattern, "s").unwrap();
            let alone: Vec<_> = texts.iter().filter(|text| pattern.is_match(text)).collect();
            let mut found = Vec::new();
            for some in texts.chunks(16) {
                let some = some.iter().map(|text| (text, text.as_bytes()));
                pattern.match_each(some, |text| found.push(text));
            }
            assert_eq!(found, alone, "{pattern:?}");
        }
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
