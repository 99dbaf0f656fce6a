//! Expressions from sums down to operands.

use nom::branch::alt;
use nom::combinator::{cut, map, opt, value};
use nom::sequence::{delimited, preceded, terminated};
use nom::{Err, Parser};

use super::condition::or;
use super::context::{Cx, Failed, Parsed, failure};
use super::expected::{Expected, after_byte, has_word, symbol, word};
use super::later;
use super::lex::{blanks_after, first_name, name_start};
use super::literal::{literal, literal_of_first};
use super::path::path_from;
use super::select::{list, many};
use crate::ast::{Call, Callee, Expr, Node, ProductOp, Sign, SumOp};
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::function::Function;
use crate::span::At;

/// `expr = or ;`
pub(super) fn expr<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Expr> {
    or(cx, input)
}

/// `sum = product { ( "+" | "-" ) product } ;`
///
/// A sum in parentheses at the front goes up in the list: it means the same without them.
pub(super) fn sum<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    let (input, first) = product(cx, start)?;
    let operator =
        alt((value(SumOp::Add, operator(cx, b'+')), value(SumOp::Subtract, operator(cx, b'-'))));
    let (input, rest) = many((operator, cut(cx.with(product))), Vec::new(), input)?;
    if rest.is_empty() {
        return Ok((input, first));
    }
    let node = match first.node {
        Node::Sum(first, mut terms) => {
            terms.extend(rest);
            Node::Sum(first, terms)
        }
        _ => Node::Sum(Box::new(first), rest),
    };
    Ok((input, Expr::new(node, cx.span_from(start))))
}

/// `product = sign { ( "*" | "/" | "%" ) sign } ;`
fn product<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    let (input, first) = sign(cx, start)?;
    let operator = alt((
        value(ProductOp::Multiply, operator(cx, b'*')),
        value(ProductOp::Divide, operator(cx, b'/')),
        value(ProductOp::Remainder, operator(cx, b'%')),
    ));
    let (input, rest) = many((operator, cut(cx.with(sign))), Vec::new(), input)?;
    if rest.is_empty() {
        return Ok((input, first));
    }
    let node = match first.node {
        Node::Product(first, mut factors) => {
            factors.extend(rest);
            Node::Product(first, factors)
        }
        _ => Node::Product(Box::new(first), rest),
    };
    Ok((input, Expr::new(node, cx.span_from(start))))
}

/// `sign = ( "-" | "+" ) sign | primary ;`
fn sign<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    let sign_char = match start.chars().next() {
        Some('-') => Sign::Minus,
        Some('+') => Sign::Plus,
        _ => return primary(cx, start),
    };
    let (input, ()) = blanks_after(cx, start.get(1..).unwrap_or_default(), ())?;
    let (input, inner) = cut(cx.deeper(start)?.with(sign)).parse(input)?;
    Ok((input, Expr::new(Node::Sign(sign_char, Box::new(inner)), cx.span_from(start))))
}

/// `primary = literal | undefined | array | group | call | path ;`
fn primary<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    cx.note(start, Expected::Expression);
    let Some(first) = start.chars().next() else {
        return cx.missing(start, Expected::Expression);
    };
    // The first character decides between names and the rest, which saves most of the attempts.
    let (input, node) = match first {
        '(' => return group(cx, start),
        '[' => array(cx, start)?,
        '$' => later::parameter(cx, start).and_then(|_| cx.missing(start, Expected::Expression))?,
        _ if name_start(first) => named(cx, start)?,
        _ => map(cx.with(literal), Node::Literal).parse(start)?,
    };
    Ok((input, Expr::new(node, cx.span_from(start))))
}

/// What begins with a name: a call if a parenthesis follows, else a path. Words that are reserved
/// are none.
fn named<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Node> {
    match first_name(cx, start) {
        Ok((input, _)) if input.starts_with('(') => map(cx.with(call), Node::Call).parse(start),
        Ok((input, name)) => {
            cx.note(input, Expected::OpenParen);
            let (input, path) = path_from(cx, (input, name))?;
            Ok((input, Node::Path(path)))
        }
        Err(Err::Error(_)) => {
            alt((map(cx.with(literal), Node::Literal), cx.with(undefined))).parse(start)
        }
        Err(failed) => Err(failed),
    }
}

/// `undefined = "UNDEFINED" ;`
fn undefined<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Node> {
    value(Node::Undefined, word(cx, Expected::Undefined)).parse(input)
}

/// `array = "[" [ expr { "," expr } ] "]" ;`
fn array<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Node> {
    let (input, ()) = symbol(cx, Expected::OpenBracket).parse(start)?;
    let close = symbol(cx, Expected::CloseBracket);
    let (input, elements) = exprs_until(cx.deeper(start)?, input, close)?;
    Ok((input, Node::Array(elements)))
}

/// `group = "(" expr ")" ;`
fn group<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    let inner = cx.deeper(start)?;
    delimited(
        symbol(cx, Expected::OpenParen),
        cut(inner.with(expr)),
        cut(symbol(cx, Expected::CloseParen)),
    )
    .parse(start)
}

/// `call = first_name "(" [ "*" | "DISTINCT" expr | expr { "," expr } ] ")" ;`
///
/// `*` and `DISTINCT` stand in calls of `COUNT` alone.
fn call<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Call> {
    let (input, name) = first_name(cx, start)?;
    let name_at = At(cx.span_of(start, name));
    let (input, ()) = symbol(cx, Expected::OpenParen).parse(input)?;
    let inner = cx.deeper(start)?;
    later::function(cx, start, name)?;
    let callee =
        Function::lookup(name).map_or_else(|| Callee::Unknown(name.to_owned()), Callee::Known);
    let close = || symbol(cx, Expected::CloseParen);
    let arguments = input;
    let (input, star) = opt(symbol(cx, Expected::Star)).parse(input)?;
    if star.is_some() {
        only_in_count(cx, arguments, &callee, "*")?;
        let (input, ()) = cut(close()).parse(input)?;
        return Ok((input, Call { callee, distinct: false, args: Vec::new(), name_at }));
    }
    let (input, distinct) = has_word(cx, input, Expected::Distinct)?;
    if !distinct {
        let (input, args) = exprs_until(inner, input, close())?;
        return Ok((input, Call { callee, distinct, args, name_at }));
    }
    only_in_count(cx, arguments, &callee, "DISTINCT")?;
    let (input, argument) = cut(terminated(inner.with(expr), close())).parse(input)?;
    Ok((input, Call { callee, distinct, args: vec![argument], name_at }))
}

/// Fails if what only `COUNT` takes, `what` at the start of `input`, stands in another call.
fn only_in_count<'a>(
    cx: Cx<'a>,
    input: &'a str,
    callee: &Callee,
    what: &str,
) -> Result<(), Err<Failed>> {
    if *callee == Callee::Known(Function::Count) {
        return Ok(());
    }
    let message = format!("`{what}` stands in calls of `COUNT` alone");
    let diagnostic = Diagnostic::new(code::ONLY_IN_COUNT, message, cx.span_of(input, what));
    Err(failure(diagnostic.expecting(Expected::Expression.label())))
}

/// The expressions of a list, none or more, and what closes it. What opened it is behind.
pub(super) fn exprs_until<'a>(
    cx: Cx<'a>,
    input: &'a str,
    close: impl Parser<&'a str, Output = (), Error = Failed>,
) -> Parsed<'a, Vec<Expr>> {
    let mut close = close;
    match close.parse(input) {
        Ok((input, ())) => return Ok((input, Vec::new())),
        Err(Err::Error(_)) => {}
        Err(failed) => return Err(failed),
    }
    let (input, items) = cut(|input| list(cx, cx.with(item), input)).parse(input)?;
    let (input, ()) = cut(close).parse(input)?;
    Ok((input, items))
}

/// An expression of a list. Long lists are of literals, which go by no level of precedence: what
/// follows decides that, and at another token the text is read again from the start.
fn item<'a>(cx: Cx<'a>, start: &'a str) -> Parsed<'a, Expr> {
    if start.starts_with(|c: char| matches!(c, '\'' | '"') || c.is_ascii_digit()) {
        let (input, literal) = literal_of_first(cx, start)?;
        if input.starts_with(',') {
            return Ok((input, Expr::new(Node::Literal(literal), cx.span_from(start))));
        }
    }
    expr(cx, start)
}

/// Terminal: an arithmetic operator.
fn operator<'a>(cx: Cx<'a>, symbol: u8) -> impl Parser<&'a str, Output = (), Error = Failed> {
    move |input: &'a str| match after_byte(input, symbol) {
        Some(rest) => blanks_after(cx, rest, ()),
        None => cx.missing(input, Expected::Operator),
    }
}

/// `where_clause = "WHERE" expr ;`
pub(super) fn where_clause<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Expr> {
    preceded(word(cx, Expected::Where), cut(cx.with(expr))).parse(input)
}
