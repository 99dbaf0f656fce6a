//! Queries: the clauses in their order.

use nom::branch::alt;
use nom::combinator::{cut, map, opt, value};
use nom::sequence::preceded;
use nom::{Err, Parser};

use super::context::{Cx, Failed, Parsed, failure};
use super::expected::{Expected, has_word, symbol, word};
use super::expr::{expr, where_clause};
use super::later::leading_name;
use super::lex::{blanks, reserved};
use super::literal::{shortened, string, whole_number};
use super::select::{SelectClause, given_name, list, select};
use crate::ast::{Collection, Expr, Name, OrderKey, Query};
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;

/// A query and the alias of its collection, which is no part of the tree.
pub(crate) struct Scoped {
    pub(crate) query: Query,
    pub(crate) alias: Option<Name>,
}

/// `query = select from [ where_clause ] [ group_by ] [ having ] [ order_by ] [ limit ] [ at_least ] ;`
pub(super) fn query<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Scoped> {
    let (input, SelectClause { distinct, top, select }) = select(cx, input)?;
    let (input, (collection, alias)) = cut(cx.with(from)).parse(input)?;
    let (input, condition) = opt(cx.with(where_clause)).parse(input)?;
    let (input, group_by) = opt(cx.with(group_by)).parse(input)?;
    let (input, having) = opt(cx.with(having)).parse(input)?;
    let (input, order_by) = opt(cx.with(order_by)).parse(input)?;
    let (input, limit) = opt(cx.with(limit)).parse(input)?;
    let (limit, offset) = limit.map_or((None, None), |(limit, offset)| (Some(limit), offset));
    let (input, at_least) = opt(cx.with(at_least)).parse(input)?;
    let group_by = group_by.unwrap_or_default();
    let order_by = order_by.unwrap_or_default();
    let query = Query {
        distinct,
        top,
        select,
        collection,
        condition,
        group_by,
        having,
        order_by,
        limit,
        offset,
        at_least,
    };
    Ok((input, Scoped { query, alias }))
}

/// `from = "FROM" collection [ ? not "AT" "LEAST" ? given_name ] ;`
///
/// Behind `FROM devices`, `at least` begins a clause and no alias.
pub(super) fn from<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, (Collection, Option<Name>)> {
    let (input, ()) = word(cx, Expected::From).parse(input)?;
    let (input, collection) = cut(cx.with(collection)).parse(input)?;
    if is_at_least(cx, input)? {
        return Ok((input, (collection, None)));
    }
    let (input, alias) = opt(cx.with(given_name)).parse(input)?;
    Ok((input, (collection, alias)))
}

/// `collection = "devices" [ "." ( "modules" | "jobs" ) ] ;`
pub(super) fn collection<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Collection> {
    let (input, devices) = has_word(cx, start, Expected::Devices)?;
    if !devices {
        unknown_collection(cx, start)?;
        return cx.missing(start, Expected::Devices);
    }
    let (input, dot) = opt(symbol(cx, Expected::Dot)).parse(input)?;
    if dot.is_none() {
        return Ok((input, Collection::Devices));
    }
    let sub = alt((
        value(Collection::Modules, word(cx, Expected::Modules)),
        value(Collection::Jobs, word(cx, Expected::Jobs)),
    ))
    .parse(input);
    match sub {
        Err(Err::Error(_)) => {
            unknown_collection(cx, input)?;
            cx.missing(input, Expected::Modules)
        }
        sub => sub,
    }
}

/// `group_by = "GROUP" "BY" expr { "," expr } ;`
fn group_by<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Vec<Expr>> {
    let keys = |input| list(cx, cx.with(expr), input);
    let by = cut(preceded(word(cx, Expected::By), keys));
    preceded(word(cx, Expected::Group), by).parse(input)
}

/// `having = "HAVING" expr ;`
fn having<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Expr> {
    preceded(word(cx, Expected::Having), cut(cx.with(expr))).parse(input)
}

/// `order_by = "ORDER" "BY" order_key { "," order_key } ;`
fn order_by<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Vec<OrderKey>> {
    let keys = |input| list(cx, cx.with(order_key), input);
    let by = cut(preceded(word(cx, Expected::By), keys));
    preceded(word(cx, Expected::Order), by).parse(input)
}

/// `order_key = expr [ "ASC" | "DESC" ] ;`
fn order_key<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, OrderKey> {
    let direction =
        alt((value(false, word(cx, Expected::Asc)), value(true, word(cx, Expected::Desc))));
    map((cx.with(expr), opt(direction)), |(expr, descending)| OrderKey {
        expr,
        descending: descending.unwrap_or(false),
    })
    .parse(input)
}

/// `limit = "LIMIT" whole_number [ "OFFSET" whole_number ] ;`
fn limit<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, (u64, Option<u64>)> {
    let offset = preceded(word(cx, Expected::Offset), cut(cx.with(whole_number)));
    preceded(word(cx, Expected::Limit), (cut(cx.with(whole_number)), opt(offset))).parse(input)
}

/// `at_least = "AT" "LEAST" "VERSION" whole_number ;`
fn at_least<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, u64> {
    let words = (word(cx, Expected::Least), word(cx, Expected::Version));
    preceded(word(cx, Expected::At), cut(preceded(words, cx.with(whole_number)))).parse(input)
}

/// Whether `AT LEAST` stands here. Looking ahead leaves no trace in the record of what was expected.
fn is_at_least<'a>(cx: Cx<'a>, input: &'a str) -> Result<bool, Err<Failed>> {
    let (at, rest) = leading_name(input);
    if !at.eq_ignore_ascii_case("AT") {
        return Ok(false);
    }
    let (rest, ()) = blanks(cx, rest)?;
    Ok(leading_name(rest).0.eq_ignore_ascii_case("LEAST"))
}

/// Fails if a name or a string that is no collection stands where one belongs.
fn unknown_collection<'a>(cx: Cx<'a>, input: &'a str) -> Result<(), Err<Failed>> {
    let (name, _) = leading_name(input);
    let (message, span, text) = if input.starts_with(['\'', '"']) {
        let (_, text) = string(cx, input)?;
        ("a collection is named without quotes".to_owned(), cx.span_from(input), text)
    } else if name.is_empty() || reserved(name) {
        return Ok(());
    } else {
        let message = format!("there is no collection `{}`", shortened(name));
        (message, cx.span_of(input, name), name.to_owned())
    };
    let meant = match text.to_ascii_lowercase().as_str() {
        "module" | "modules" => "devices.modules",
        "job" | "jobs" => "devices.jobs",
        _ => nearest(&text, ["devices", "devices.modules", "devices.jobs"]).unwrap_or("devices"),
    };
    let diagnostic = Diagnostic::new(code::UNKNOWN_COLLECTION, message, span)
        .expecting("`devices`, `devices.modules` or `devices.jobs`")
        .suggesting(format!("`{meant}`"));
    Err(failure(diagnostic))
}
