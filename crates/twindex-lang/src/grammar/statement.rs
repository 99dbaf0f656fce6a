//! Statements, and the condition texts that stand where a statement would say too much.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map, opt};
use nom::sequence::terminated;

use super::context::{Cx, Parsed};
use super::expected::{Expected, has_word, symbol, word};
use super::expr::{expr, where_clause};
use super::later;
use super::query::{Scoped, from, query};
use crate::ast::{Collection, Expr, Query, Select};
use crate::span::At;

/// A statement whose paths are as written.
pub(crate) enum ScopedStatement {
    Query(Scoped),
    Explain { analyze: bool, query: Scoped },
}

/// `statement = ( explain | query ) [ ";" ] ;`
pub(crate) fn statement<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, ScopedStatement> {
    later::statement(cx, input)?;
    let query = map(cx.with(query), ScopedStatement::Query);
    let (input, statement) = alt((cx.with(explain), query)).parse(input)?;
    let (input, _) = opt(symbol(cx, Expected::Semicolon)).parse(input)?;
    Ok((input, statement))
}

/// `query_text = query [ ";" ] ;`
pub(crate) fn query_text<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Scoped> {
    terminated(cx.with(query), opt(symbol(cx, Expected::Semicolon))).parse(input)
}

/// `explain = "EXPLAIN" [ "ANALYZE" ] query ;`
fn explain<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, ScopedStatement> {
    let (input, ()) = word(cx, Expected::Explain).parse(input)?;
    let (input, analyze) = has_word(cx, input, Expected::Analyze)?;
    let (input, query) = cut(cx.with(query)).parse(input)?;
    Ok((input, ScopedStatement::Explain { analyze, query }))
}

/// `condition_text = ( "*" | from where_clause | expr ) [ ";" ] ;`
pub(crate) fn condition_text<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Scoped> {
    let everything = map(symbol(cx, Expected::Star), |()| (Collection::Devices, None, None));
    let full = map((cx.with(from), cut(cx.with(where_clause))), |((collection, alias), expr)| {
        (collection, alias, Some(expr))
    });
    let body = map(cx.with(expr), |expr| (Collection::Devices, None, Some(expr)));
    let (input, (collection, alias, condition)) = alt((everything, full, body)).parse(input)?;
    let (input, _) = opt(symbol(cx, Expected::Semicolon)).parse(input)?;
    Ok((input, Scoped { query: selecting_all(collection, condition), alias }))
}

/// `SELECT * FROM collection WHERE condition`.
fn selecting_all(collection: Collection, condition: Option<Expr>) -> Query {
    Query {
        distinct: false,
        top: None,
        select: Select::All(At::default()),
        collection,
        condition,
        group_by: Vec::new(),
        having: None,
        order_by: Vec::new(),
        limit: None,
        offset: None,
    }
}
