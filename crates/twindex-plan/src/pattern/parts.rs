//! A LIKE pattern as the literals that it is made of.
//!
//! What stands before the first `%` is compared with the beginning of a text and what stands behind
//! the last with its end: most texts fail there, after a byte or two. The literals between are searched
//! one behind the other, each in the first place where it fits, since later places leave less to
//! those that follow. An automaton does the same at some nanoseconds a byte and tens a text.

use memchr::memmem::Finder;

use crate::like::Piece;

/// Bytes of a literal from which on it is worth a search of its own.
pub(crate) const SEARCHED_MIN: usize = 2;

/// Bytes up to which two slices are compared in a loop.
const CALL_BYTES: usize = 8;

/// A pattern that has no `_` between two literals between two `%`.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// At the beginning.
    first: Vec<Step>,
    /// None where there is no `%`: the text ends with `first`.
    rest: Option<Rest>,
}

/// What follows the first `%`.
#[derive(Clone, Debug)]
struct Rest {
    /// Anywhere, in this order.
    middle: Vec<Wanted>,
    /// At the end, from there backwards.
    last: Vec<Step>,
}

/// What the text must go on with.
#[derive(Clone, Debug)]
enum Step {
    Text(Box<[u8]>),
    /// Any character.
    One,
}

/// What the text must hold behind what was found before.
#[derive(Clone, Debug)]
enum Wanted {
    Text(Box<Finder<'static>>),
    /// Any character.
    One,
}

impl Parts {
    /// The parts of a pattern; none where it takes an automaton.
    pub(crate) fn of(pieces: &[Piece]) -> Option<Self> {
        let is_run = |piece: &Piece| *piece == Piece::Run;
        let Some(begin) = pieces.iter().position(is_run) else {
            return Some(Self { first: steps(pieces.iter()), rest: None });
        };
        let end = pieces.iter().rposition(is_run)?;
        let middle = pieces.get(begin..=end)?;
        if middle.split(is_run).any(|between| between.iter().filter(is_text).count() > 1) {
            return None;
        }
        let wanted = middle.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(Wanted::Text(Box::new(Finder::new(text).into_owned()))),
            Piece::One => Some(Wanted::One),
            Piece::Run => None,
        });
        let rest =
            Rest { middle: wanted.collect(), last: steps(pieces.get(end + 1..)?.iter().rev()) };
        Some(Self { first: steps(pieces.get(..begin)?.iter()), rest: Some(rest) })
    }

    /// Whether a text matches, given its UTF-8 bytes.
    #[inline]
    pub(crate) fn is_match(&self, text: &[u8]) -> bool {
        let mut left = text;
        for step in &self.first {
            match step.strip_from_front(left) {
                Some(behind) => left = behind,
                None => return false,
            }
        }
        let Some(rest) = &self.rest else { return left.is_empty() };
        for step in &rest.last {
            match step.strip_from_end(left) {
                Some(before) => left = before,
                None => return false,
            }
        }
        for wanted in &rest.middle {
            match wanted.find(left) {
                Some(end) => left = left.get(end..).unwrap_or_default(),
                None => return false,
            }
        }
        true
    }

    /// The longest literal that a text may hold anywhere, if one is worth a search of its own.
    pub(crate) fn longest(&self) -> Option<&[u8]> {
        let needles = self.rest.iter().flat_map(|rest| &rest.middle).filter_map(Wanted::needle);
        needles.filter(|needle| needle.len() >= SEARCHED_MIN).max_by_key(|needle| needle.len())
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as `filter` hands it over
fn is_text(piece: &&Piece) -> bool {
    matches!(piece, Piece::Text(_))
}

fn steps<'a>(pieces: impl Iterator<Item = &'a Piece>) -> Vec<Step> {
    let step = |piece: &Piece| match piece {
        Piece::Text(text) => Some(Step::Text(text.as_bytes().into())),
        Piece::One => Some(Step::One),
        Piece::Run => None,
    };
    pieces.filter_map(step).collect()
}

impl Step {
    #[inline]
    fn strip_from_front<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        match self {
            Self::Text(literal) => {
                let (begin, behind) = text.split_at_checked(literal.len())?;
                is_same(begin, literal).then_some(behind)
            }
            Self::One => text.get(first_char_len(text)?..),
        }
    }

    #[inline]
    fn strip_from_end<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        match self {
            Self::Text(literal) => {
                let (before, end) =
                    text.split_at_checked(text.len().checked_sub(literal.len())?)?;
                is_same(end, literal).then_some(before)
            }
            Self::One => text.get(..text.iter().rposition(|byte| !is_inner(*byte))?),
        }
    }
}

impl Wanted {
    /// Where what is wanted ends, the first time that it occurs.
    #[inline]
    fn find(&self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Text(finder) => Some(finder.find(text)? + finder.needle().len()),
            Self::One => first_char_len(text),
        }
    }

    fn needle(&self) -> Option<&[u8]> {
        match self {
            Self::Text(finder) => Some(finder.needle()),
            Self::One => None,
        }
    }
}

/// Whether two slices of one length are equal. Literals are mostly a few bytes, and shorter compared
/// than a call takes.
#[inline]
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    if b.len() > CALL_BYTES { a == b } else { a.iter().zip(b).all(|(a, b)| a == b) }
}

/// Whether a byte of UTF-8 goes on with a character.
fn is_inner(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// Bytes of the first character, if there is one.
fn first_char_len(text: &[u8]) -> Option<usize> {
    let (_, behind) = text.split_first()?;
    Some(1 + behind.iter().take_while(|byte| is_inner(**byte)).count())
}
