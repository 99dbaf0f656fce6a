//! The select list, and lists in general.

use nom::branch::alt;
use nom::combinator::{cut, map, opt};
use nom::sequence::{delimited, preceded};
use nom::{Err, Parser};

use super::context::{Cx, Failed, Parsed, failure};
use super::expected::{Expected, has_word, symbol, word};
use super::expr::expr;
use super::lex::{first_name, name, name_start, reserved};
use super::literal::{string, whole_number};
use super::path::bracketed;
use crate::ast::{Name, Select, SelectItem};
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::span::At;

/// What stands between `SELECT` and `FROM`.
pub(super) struct SelectClause {
    pub(super) distinct: bool,
    pub(super) top: Option<u64>,
    pub(super) select: Select,
}

/// `select = "SELECT" [ "DISTINCT" ] [ top ] select_list ;`
pub(super) fn select<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, SelectClause> {
    let (input, ()) = word(cx, Expected::Select).parse(input)?;
    let (input, distinct) = has_word(cx, input, Expected::Distinct)?;
    let (input, top) = opt(cx.with(top)).parse(input)?;
    let (input, select) = cut(cx.with(select_list)).parse(input)?;
    Ok((input, SelectClause { distinct, top, select }))
}

/// `top = "TOP" ( "(" whole_number ")" | whole_number ) ;`
fn top<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, u64> {
    let (input, ()) = word(cx, Expected::Top).parse(input)?;
    let in_parens = delimited(
        symbol(cx, Expected::OpenParen),
        cut(cx.with(whole_number)),
        cut(symbol(cx, Expected::CloseParen)),
    );
    cut(alt((in_parens, cx.with(whole_number)))).parse(input)
}

/// `select_list = "*" | item { "," item } ;`
fn select_list<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Select> {
    let (input, star) = opt(symbol(cx, Expected::Star)).parse(start)?;
    if star.is_none() {
        return map(|input| list(cx, cx.with(item), input), Select::Items).parse(start);
    }
    let at = At(cx.span_from(start));
    if input.starts_with(',') {
        return Err(star_not_alone(cx, start));
    }
    Ok((input, Select::All(at)))
}

/// `item = expr [ given_name ] ;`
fn item<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, SelectItem> {
    if input.starts_with('*') {
        return Err(star_not_alone(cx, input));
    }
    let (input, expr) = expr(cx, input)?;
    let (input, name) = opt(cx.with(given_name)).parse(input)?;
    Ok((input, SelectItem { expr, name }))
}

/// `given_name = "AS" as_name | bare_name ;`
pub(super) fn given_name<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Name> {
    alt((preceded(word(cx, Expected::As), cut(cx.with(as_name))), cx.with(bare_name))).parse(input)
}

/// `as_name = bracketed | string | name ;`
fn as_name<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Name> {
    let quoted = alt((map(cx.with(bracketed), str::to_owned), cx.with(string)));
    let (input, quoted) = opt(quoted).parse(start)?;
    let (input, text, can_be_referred_to) = match quoted {
        Some(text) => (input, text, false),
        None => {
            let (input, text) = name(cx, start)?;
            (input, text.to_owned(), text.starts_with(name_start) && !reserved(text))
        }
    };
    Ok((input, Name { text, can_be_referred_to, at: At(cx.span_from(start)) }))
}

/// `bare_name = first_name ;`
fn bare_name<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Name> {
    let (input, text) = first_name(cx, start)?;
    let at = At(cx.span_from(start));
    Ok((input, Name { text: text.to_owned(), can_be_referred_to: true, at }))
}

/// One or more of `item` with commas between them.
pub(super) fn list<'a, T>(
    cx: Cx<'a>,
    mut item: impl Parser<&'a str, Output = T, Error = Failed>,
    input: &'a str,
) -> Parsed<'a, Vec<T>> {
    let (input, first) = item.parse(input)?;
    many(preceded(symbol(cx, Expected::Comma), cut(item)), vec![first], input)
}

/// `items` and as many of `item` as follow. Unlike nom's `many0` it allocates nothing for none,
/// which is what each level of precedence nearly always finds.
pub(super) fn many<'a, T>(
    mut item: impl Parser<&'a str, Output = T, Error = Failed>,
    mut items: Vec<T>,
    mut input: &'a str,
) -> Parsed<'a, Vec<T>> {
    loop {
        match item.parse(input) {
            Ok((rest, value)) => {
                items.push(value);
                input = rest;
            }
            Err(Err::Error(_)) => return Ok((input, items)),
            Err(failed) => return Err(failed),
        }
    }
}

fn star_not_alone(cx: Cx<'_>, input: &str) -> Err<Failed> {
    let message = "`*` is the whole twin and stands alone";
    let diagnostic = Diagnostic::new(code::STAR_NOT_ALONE, message, cx.span_of(input, "*"));
    failure(diagnostic.suggesting("name the columns, or `*` alone"))
}
