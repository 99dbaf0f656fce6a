//! Statements, and the condition texts that stand where a statement would say too much.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map, opt};
use nom::sequence::terminated;

use super::change::{delete, update};
use super::context::{Cx, Parsed};
use super::expected::{Expected, has_word, symbol, word};
use super::expr::{expr, where_clause};
use super::later;
use super::query::{Scoped, from, query};
use crate::ast::{Collection, Delete, Query, Update};

/// A statement whose paths are as written.
pub(crate) enum ScopedStatement {
    Query(Box<Scoped>),
    /// Of any statement but another `EXPLAIN`.
    Explain {
        analyze: bool,
        of: Box<ScopedStatement>,
    },
    Update(Update),
    Delete(Delete),
}

/// `statement = ( explain | explainable ) [ ";" ] ;`
pub(crate) fn statement<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, ScopedStatement> {
    later::statement(cx, input)?;
    let (input, statement) = alt((cx.with(explain), cx.with(explainable))).parse(input)?;
    let (input, _) = opt(symbol(cx, Expected::Semicolon)).parse(input)?;
    Ok((input, statement))
}

/// `explainable = query | update | delete ;`
fn explainable<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, ScopedStatement> {
    alt((
        map(cx.with(query), |query| ScopedStatement::Query(Box::new(query))),
        map(cx.with(update), ScopedStatement::Update),
        map(cx.with(delete), ScopedStatement::Delete),
    ))
    .parse(input)
}

/// `query_text = query [ ";" ] ;`
pub(crate) fn query_text<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Scoped> {
    terminated(cx.with(query), opt(symbol(cx, Expected::Semicolon))).parse(input)
}

/// `explain = "EXPLAIN" [ "ANALYZE" ] explainable ;`
fn explain<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, ScopedStatement> {
    let (input, ()) = word(cx, Expected::Explain).parse(input)?;
    let (input, analyze) = has_word(cx, input, Expected::Analyze)?;
    let (input, of) = cut(cx.with(explainable)).parse(input)?;
    Ok((input, ScopedStatement::Explain { analyze, of: Box::new(of) }))
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
    Ok((input, Scoped { query: Query::all(collection, condition), alias }))
}
