//! Conditions: `OR`, `AND`, `NOT` and the comparisons, which do not chain.

use nom::branch::alt;
use nom::combinator::{cut, map, opt, value};
use nom::sequence::preceded;
use nom::{Err, Parser};

use twindex_planted::{Fault, planted};

use super::context::{Cx, Failed, Parsed, failure};
use super::expected::{Expected, has_word, symbol, word};
use super::expr::{exprs_until, sum};
use super::later::leading_name;
use super::lex::blanks_after;
use super::select::many;
use crate::ast::{CompareOp, Expr, InList, IsTest, Node};
use crate::code;
use crate::diagnostic::Diagnostic;

/// Characters that operators of comparison are made of, here and in other languages.
const COMPARE_CHARS: [char; 5] = ['=', '<', '>', '!', '~'];

/// What follows the left side of a predicate.
enum Tail {
    Compare(CompareOp, Expr),
    In { negated: bool, list: InList },
    Between { negated: bool, low: Expr, high: Expr },
    Like { negated: bool, pattern: Expr },
    Is { negated: bool, test: IsTest },
}

/// `or = and { "OR" and } ;`
pub(super) fn or<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    let (input, first) = and(cx, start)?;
    let more = preceded(word(cx, Expected::Or), cut(cx.with(and)));
    let (input, rest) = many(more, Vec::new(), input)?;
    if rest.is_empty() {
        return Ok((input, first));
    }
    let mut terms = Vec::with_capacity(rest.len() + 1);
    for term in std::iter::once(first).chain(rest) {
        match term.node {
            // Parentheses within a chain change nothing.
            Node::Or(inner) => terms.extend(inner),
            _ => terms.push(term),
        }
    }
    Ok((input, Expr::new(Node::Or(terms), cx.span_from(start))))
}

/// `and = not { "AND" not } ;`
fn and<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    let (input, first) = not(cx, start)?;
    let more = preceded(word(cx, Expected::And), cut(cx.with(not)));
    let (input, rest) = many(more, Vec::new(), input)?;
    if rest.is_empty() {
        return Ok((input, first));
    }
    let mut terms = Vec::with_capacity(rest.len() + 1);
    for term in std::iter::once(first).chain(rest) {
        match term.node {
            Node::And(inner) => terms.extend(inner),
            _ => terms.push(term),
        }
    }
    Ok((input, Expr::new(Node::And(terms), cx.span_from(start))))
}

/// `not = "NOT" not | predicate ;`
fn not<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    let (input, negated) = has_word(cx, start, Expected::Not)?;
    if !negated {
        return predicate(cx, start);
    }
    let (input, inner) = cut(cx.deeper(start)?.with(not)).parse(input)?;
    Ok((input, Expr::new(Node::Not(Box::new(inner)), cx.span_from(start))))
}

/// `predicate = sum [ compare | membership | between | like | is_test ] ;`
fn predicate<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    let (input, left) = sum(cx, start)?;
    let tails = alt((
        cx.with(compare),
        cx.with(membership),
        cx.with(between),
        cx.with(like),
        cx.with(is_test),
    ));
    let (input, tail) = opt(tails).parse(input)?;
    let Some(tail) = tail else {
        return Ok((input, left));
    };
    not_chained(cx, input)?;
    let value = Box::new(left);
    let node = match tail {
        Tail::Compare(op, right) => Node::Compare(value, op, Box::new(right)),
        Tail::In { negated, list } => Node::In { value, negated, list },
        Tail::Between { negated, low, high } => {
            Node::Between { value, negated, low: Box::new(low), high: Box::new(high) }
        }
        Tail::Like { negated, pattern } => {
            Node::Like { value, negated, pattern: Box::new(pattern) }
        }
        Tail::Is { negated, test } => Node::Is { value, negated, test },
    };
    Ok((input, Expr::new(node, cx.span_from(start))))
}

/// `compare = compare_op sum ;`
fn compare<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Tail> {
    let operands = (cx.with(compare_op), cut(cx.with(sum)));
    map(operands, |(op, right)| Tail::Compare(op, right)).parse(input)
}

/// `compare_op = "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ;`
fn compare_op<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, CompareOp> {
    let text = compare_chars(input);
    let op = match text {
        "" => return cx.missing(input, Expected::Operator),
        "=" => CompareOp::Equal,
        "!=" | "<>" => CompareOp::NotEqual,
        "<" => CompareOp::Less,
        "<=" if planted(Fault::LessOrEqualAsLess) => CompareOp::Less,
        "<=" => CompareOp::LessOrEqual,
        ">" => CompareOp::Greater,
        ">=" => CompareOp::GreaterOrEqual,
        _ => return Err(failure(foreign_operator(cx, input, text))),
    };
    blanks_after(cx, input.get(text.len()..).unwrap_or_default(), op)
}

/// `membership = ( "NIN" | [ "NOT" ] "IN" ) in_list ;`
fn membership<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Tail> {
    let operator = alt((
        value(true, word(cx, Expected::Nin)),
        value(true, negated(cx, Expected::In)),
        value(false, word(cx, Expected::In)),
    ));
    map((operator, cut(cx.with(in_list))), |(negated, list)| Tail::In { negated, list })
        .parse(input)
}

/// `in_list = "(" [ expr { "," expr } ] ")" | ? not "(" ? sum ;`
///
/// `(a)` is a list of one and never a group. An array literal is a list too.
fn in_list<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, InList> {
    if start.starts_with('(') {
        let inner = cx.deeper(start)?;
        let (input, ()) = symbol(cx, Expected::OpenParen).parse(start)?;
        let (input, items) = exprs_until(inner, input, symbol(cx, Expected::CloseParen))?;
        return Ok((input, InList::Items(items)));
    }
    let (input, list) = sum(cx, start)?;
    let list = match list.node {
        Node::Array(items) => InList::Items(items),
        _ => InList::Expr(Box::new(list)),
    };
    Ok((input, list))
}

/// `between = [ "NOT" ] "BETWEEN" sum "AND" sum ;`
fn between<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Tail> {
    let (input, negated) = negatable(cx, Expected::Between, input)?;
    let bounds = (cx.with(sum), preceded(word(cx, Expected::And), cx.with(sum)));
    map(cut(bounds), |(low, high)| Tail::Between { negated, low, high }).parse(input)
}

/// `like = [ "NOT" ] "LIKE" sum ;`
fn like<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Tail> {
    let (input, negated) = negatable(cx, Expected::Like, input)?;
    map(cut(cx.with(sum)), |pattern| Tail::Like { negated, pattern }).parse(input)
}

/// `is_test = "IS" [ "NOT" ] ( "NULL" | "DEFINED" ) ;`
fn is_test<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Tail> {
    let (input, ()) = word(cx, Expected::Is).parse(input)?;
    let (input, negated) = has_word(cx, input, Expected::Not)?;
    let test = alt((
        value(IsTest::Null, word(cx, Expected::Null)),
        value(IsTest::Defined, word(cx, Expected::Defined)),
    ));
    map(cut(test), |test| Tail::Is { negated, test }).parse(input)
}

/// `NOT` and then `expected`.
fn negated<'a>(
    cx: Cx<'a>,
    expected: Expected,
) -> impl Parser<&'a str, Output = (), Error = Failed> {
    preceded(word(cx, Expected::Not), word(cx, expected))
}

/// `expected` with or without `NOT` before it: whether with.
fn negatable<'a>(cx: Cx<'a>, expected: Expected, input: &'a str) -> Parsed<'a, bool> {
    alt((value(true, negated(cx, expected)), value(false, word(cx, expected)))).parse(input)
}

/// The operator characters that `input` begins with.
fn compare_chars(input: &str) -> &str {
    let end = input.find(|c| !COMPARE_CHARS.contains(&c)).unwrap_or(input.len());
    input.get(..end).unwrap_or_default()
}

fn foreign_operator(cx: Cx<'_>, input: &str, text: &str) -> Diagnostic {
    let meant = match text {
        "==" | "===" => Some("="),
        "!==" | "=!" => Some("!="),
        "=<" => Some("<="),
        "=>" => Some(">="),
        _ => None,
    };
    let shown = super::literal::shortened(text);
    let message = format!("`{shown}` is no operator");
    let diagnostic = Diagnostic::new(code::FOREIGN_OPERATOR, message, cx.span_of(input, text))
        .expecting("`=`, `!=`, `<>`, `<`, `<=`, `>` or `>=`");
    match meant {
        Some(meant) => diagnostic.suggesting(format!("`{meant}`")),
        None => diagnostic,
    }
}

/// Fails if another comparison follows the one that ends here.
fn not_chained<'a>(cx: Cx<'a>, input: &'a str) -> Result<(), Err<Failed>> {
    let (word, _) = leading_name(input);
    let symbols = compare_chars(input);
    let is_word = ["NOT", "IN", "NIN", "BETWEEN", "LIKE", "IS"]
        .iter()
        .any(|operator| operator.eq_ignore_ascii_case(word));
    let operator = if is_word { word } else { symbols };
    if operator.is_empty() {
        return Ok(());
    }
    let message = format!("comparisons do not chain, and `{operator}` follows one");
    let diagnostic = Diagnostic::new(code::CHAINED, message, cx.span_of(input, operator))
        .expecting("`AND` or `OR`")
        .suggesting("parentheses round one of the two comparisons");
    Err(failure(diagnostic))
}
