//! What every production carries: the whole text, how deep it is, and how far any attempt came.
//!
//! The furthest place a token was missed at, with all that was expected there, makes the message;
//! that is where the writer of the text went astray, whatever alternative the parser tried last.
//! nom drops the errors of `opt` and `many0`, so an error value that is merged on the way up would
//! lose most of it: the record is kept beside the parsers, and the error says only that one failed.

use std::cell::Cell;

use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult};

use super::expected::{Expected, ExpectedSet};
use super::explain::explain;
use super::lex::blanks;
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::limits::{Limits, NESTING_MAX};
use crate::span::Span;

/// What a production gives: the rest of the text and a value.
pub(super) type Parsed<'a, T> = IResult<&'a str, T, Failed>;

/// Why a production gave nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failed {
    /// A token is missing; [`Progress`] knows which.
    Missing,
    /// Something that has words of its own.
    Because(Box<Diagnostic>),
}

impl<I> ParseError<I> for Failed {
    fn from_error_kind(_: I, _: ErrorKind) -> Self {
        Self::Missing
    }

    fn append(_: I, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// How far the attempts at a text have come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    furthest: Cell<Furthest>,
    consumed_to: Cell<usize>,
}

/// The furthest place at which a token was missed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Furthest {
    /// Byte offset in the text.
    pub(crate) at: usize,
    /// All that was waited for there.
    pub(crate) expected: ExpectedSet,
}

/// The context of a production. Copied into each; one level of nesting deeper is another copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cx<'a> {
    text: &'a str,
    progress: &'a Progress,
    nesting: usize,
}

impl<'a> Cx<'a> {
    /// The production as a parser.
    pub(super) fn with<T>(
        self,
        production: fn(Cx<'a>, &'a str) -> Parsed<'a, T>,
    ) -> impl FnMut(&'a str) -> Parsed<'a, T> {
        move |input| production(self, input)
    }

    /// The context within one more bracket, call, `NOT` or sign, which begins at `input`.
    pub(super) fn deeper(self, input: &'a str) -> Result<Self, Err<Failed>> {
        if self.nesting == NESTING_MAX {
            let at = self.offset(input);
            return Err(failure(Diagnostic {
                expected: Some(format!("at most {NESTING_MAX} levels")),
                ..Diagnostic::new(
                    code::NESTED_TOO_DEEP,
                    format!("more than {NESTING_MAX} levels of brackets, calls, `NOT` and signs"),
                    Span::new(at, at + input.chars().next().map_or(0, char::len_utf8)),
                )
            }));
        }
        Ok(Self { nesting: self.nesting + 1, ..self })
    }

    /// Byte offset of `rest`, which is a tail of the text.
    pub(super) fn offset(self, rest: &str) -> usize {
        self.text.len() - rest.len()
    }

    /// The span of `part`, which begins where `input` does.
    pub(super) fn span_of(self, input: &str, part: &str) -> Span {
        let from = self.offset(input);
        Span::new(from, from + part.len())
    }

    /// The span from `input` to the end of the last token taken.
    pub(super) fn span_from(self, input: &str) -> Span {
        Span::new(self.offset(input), self.progress.consumed_to.get())
    }

    /// Notes that a token has been taken, up to `rest`.
    pub(super) fn consume_to(self, rest: &str) {
        self.progress.consumed_to.set(self.offset(rest));
    }

    /// Notes that `expected` is not at `input`.
    pub(super) fn note(self, input: &str, expected: Expected) {
        let at = self.offset(input);
        let mut furthest = self.progress.furthest.get();
        if at > furthest.at {
            furthest = Furthest { at, ..Furthest::default() };
        }
        if at == furthest.at {
            furthest.expected.insert(expected);
            self.progress.furthest.set(furthest);
        }
    }

    /// Fails because `expected` is not at `input`, and notes it.
    pub(super) fn missing<T>(self, input: &str, expected: Expected) -> Parsed<'a, T> {
        self.note(input, expected);
        Err(Err::Error(Failed::Missing))
    }
}

/// A failure with words of its own, which no alternative mends.
pub(super) fn failure(diagnostic: Diagnostic) -> Err<Failed> {
    Err::Failure(Failed::Because(Box::new(diagnostic)))
}

/// Parses all of `text` as `production` within `limits`.
pub(crate) fn run<T>(
    text: &str,
    limits: &Limits,
    production: for<'a> fn(Cx<'a>, &'a str) -> Parsed<'a, T>,
) -> Result<T, Diagnostic> {
    check_length(text, limits)?;
    let progress = Progress::default();
    let cx = Cx { text, progress: &progress, nesting: 0 };
    match whole_text(cx, production) {
        Ok((_, value)) => Ok(value),
        Err(
            Err::Failure(Failed::Because(diagnostic)) | Err::Error(Failed::Because(diagnostic)),
        ) => Err(*diagnostic),
        Err(_) => Err(explain(text, progress.furthest.get())),
    }
}

fn whole_text<'a, T>(
    cx: Cx<'a>,
    production: fn(Cx<'a>, &'a str) -> Parsed<'a, T>,
) -> Parsed<'a, T> {
    let (input, ()) = blanks(cx, cx.text)?;
    let (input, value) = production(cx, input)?;
    if input.is_empty() { Ok((input, value)) } else { cx.missing(input, Expected::End) }
}

fn check_length(text: &str, limits: &Limits) -> Result<(), Diagnostic> {
    let max = limits.query_chars_max;
    // A text of no more bytes than code points are allowed needs no counting.
    if text.len() <= max {
        return Ok(());
    }
    let Some((over, _)) = text.char_indices().nth(max) else {
        return Ok(());
    };
    Err(Diagnostic {
        expected: Some(format!("at most {max} characters")),
        ..Diagnostic::new(
            code::TEXT_TOO_LONG,
            format!(
                "the text has {} characters, the limit `query_chars_max` is {max}",
                text.chars().count()
            ),
            Span::new(over, text.len()),
        )
    })
}
