//! Statements that change twins: `UPDATE` and `DELETE`.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use super::context::{Cx, Parsed, failure};
use super::expected::{Expected, symbol, word};
use super::expr::{expr, where_clause};
use super::path::path;
use super::query::collection;
use super::select::list;
use crate::ast::{Assignment, Collection, Delete, Update};
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::span::At;

/// `update = "UPDATE" twins set [ where_clause ] [ dry_run ] ;`
pub(super) fn update<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Update> {
    let (input, ()) = word(cx, Expected::Update).parse(input)?;
    let (input, (collection, assignments)) = cut((cx.with(twins), cx.with(set))).parse(input)?;
    let (input, condition) = opt(cx.with(where_clause)).parse(input)?;
    let (input, dry_run) = opt(cx.with(dry_run)).parse(input)?;
    let dry_run = dry_run.is_some();
    Ok((input, Update { collection, assignments, condition, dry_run }))
}

/// `delete = "DELETE" "FROM" twins [ where_clause ] [ dry_run ] ;`
pub(super) fn delete<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Delete> {
    let (input, ()) = word(cx, Expected::Delete).parse(input)?;
    let twins = preceded(word(cx, Expected::From), cx.with(twins));
    let (input, collection) = cut(twins).parse(input)?;
    let (input, condition) = opt(cx.with(where_clause)).parse(input)?;
    let (input, dry_run) = opt(cx.with(dry_run)).parse(input)?;
    Ok((input, Delete { collection, condition, dry_run: dry_run.is_some() }))
}

/// `twins = collection ;`
///
/// Not that of jobs, and without an alias: `SET` and `DRY` would be aliases.
fn twins<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Collection> {
    let (input, collection) = collection(cx, start)?;
    if collection != Collection::Jobs {
        return Ok((input, collection));
    }
    let message = "jobs are read, and no statement changes them";
    let diagnostic = Diagnostic::new(code::JOBS_ARE_READ, message, cx.span_from(start));
    Err(failure(diagnostic.expecting("`devices` or `devices.modules`")))
}

/// `set = "SET" assignment { "," assignment } ;`
fn set<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Vec<Assignment>> {
    let assignments = |input| list(cx, cx.with(assignment), input);
    preceded(word(cx, Expected::Set), cut(assignments)).parse(input)
}

/// `assignment = path "=" expr ;`
fn assignment<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Assignment> {
    cx.note(start, Expected::Settable);
    let (input, path) = path(cx, start)?;
    let at = At(cx.span_from(start));
    let (input, ()) = symbol(cx, Expected::Equals).parse(input)?;
    let (input, value) = cut(cx.with(expr)).parse(input)?;
    Ok((input, Assignment { path, at, value }))
}

/// What a path of `SET` must be, in words.
pub(crate) fn settable() -> &'static str {
    Expected::Settable.label()
}

/// `dry_run = "DRY" "RUN" ;`
fn dry_run<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, ()> {
    preceded(word(cx, Expected::Dry), cut(word(cx, Expected::Run))).parse(input)
}
