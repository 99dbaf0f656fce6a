//! Paths: a name, then segments.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map, value};
use nom::sequence::{delimited, preceded};

use super::context::{Cx, Parsed, failure};
use super::expected::{Expected, symbol};
use super::lex::{blanks_after, first_name, name_char, unterminated};
use super::literal::{index, string};
use super::select::many;
use crate::ast::{Path, Segment};

/// `path = first_name { segment } ;`
pub(super) fn path<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Path> {
    path_from(cx, first_name(cx, input)?)
}

/// The path whose first name was taken already.
pub(super) fn path_from<'a>(cx: Cx<'a>, (input, first): (&'a str, &'a str)) -> Parsed<'a, Path> {
    let segments = vec![Segment::Key(first.to_owned())];
    let (input, segments) = many(cx.with(segment), segments, input)?;
    Ok((input, Path { segments }))
}

/// `segment = "." ( bracketed | dotted_name ) | "[" ( "*" | string | index ) "]" ;`
fn segment<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Segment> {
    let key = alt((cx.with(bracketed), cx.with(dotted_name)));
    let selector = alt((
        value(Segment::AnyElement, symbol(cx, Expected::Star)),
        map(cx.with(string), Segment::Key),
        map(cx.with(index), Segment::Index),
    ));
    alt((
        map(preceded(symbol(cx, Expected::Dot), cut(key)), |key: &str| {
            Segment::Key(key.to_owned())
        }),
        delimited(
            symbol(cx, Expected::OpenBracket),
            cut(selector),
            cut(symbol(cx, Expected::CloseBracket)),
        ),
    ))
    .parse(input)
}

/// `bracketed = "[[" ? any text without "]]" ? "]]" ;`
pub(super) fn bracketed<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, &'a str> {
    let Some(body) = input.strip_prefix("[[") else {
        return cx.missing(input, Expected::Name);
    };
    match body.split_once("]]") {
        Some((text, rest)) => blanks_after(cx, rest, text),
        None => Err(failure(unterminated(cx, input, "[[", "]]"))),
    }
}

/// `dotted_name = name { "-" name } ;`
///
/// Without blanks: `tags.a-1` is a path, `tags.a -1` a subtraction and `tags.a--1` a comment.
fn dotted_name<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, &'a str> {
    match input.split_at_checked(dotted_name_end(input)) {
        Some((text, rest)) if !text.is_empty() => blanks_after(cx, rest, text),
        _ => cx.missing(input, Expected::Name),
    }
}

/// The bytes of the dotted name that begins `input`; 0 where none does.
fn dotted_name_end(input: &str) -> usize {
    let mut end = 0;
    let mut chars = input.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_joint = c == '-' && at > 0 && chars.peek().is_some_and(|&(_, next)| name_char(next));
        if !name_char(c) && !is_joint {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

/// Whether `text` can stand behind a dot as it is.
pub(crate) fn is_dotted_name(text: &str) -> bool {
    !text.is_empty() && dotted_name_end(text) == text.len()
}
