//! Short ways to build trees.

use twindex_lang::ast::{
    Call, Callee, CompareOp, Expr, Literal, Node, Number, Path, ProductOp, Query, Segment, Select,
    Sign, SumOp,
};
use twindex_lang::function::Function;
use twindex_lang::span::{At, Span};

/// An expression without a place.
pub(crate) fn expr(node: Node) -> Expr {
    Expr::new(node, Span::default())
}

/// The literal `null`.
pub(crate) fn null() -> Expr {
    expr(Node::Literal(Literal::Null))
}

/// `true` or `false`.
pub(crate) fn bool(value: bool) -> Expr {
    expr(Node::Literal(Literal::Bool(value)))
}

/// A string.
pub(crate) fn text(text: impl Into<String>) -> Expr {
    expr(Node::Literal(Literal::String(text.into())))
}

/// A number that is not negative, as `text` spells it in decimal.
pub(crate) fn number_text(text: impl Into<String>) -> Expr {
    let text = text.into();
    let value = text.parse().unwrap_or_default();
    expr(Node::Literal(Literal::Number(Number { text, value })))
}

/// A whole number spelled in hexadecimal.
pub(crate) fn hexadecimal(number: u64) -> Expr {
    let (text, value) = (format!("0x{number:X}"), number as f64);
    expr(Node::Literal(Literal::Number(Number { text, value })))
}

/// A finite number in its plain spelling; a negative one under a sign.
pub(crate) fn number(number: f64) -> Expr {
    let literal = number_text(twindex_oracle::number_text(number.abs()));
    if number < 0.0 { expr(Node::Sign(Sign::Minus, Box::new(literal))) } else { literal }
}

/// A path of keys.
pub(crate) fn keys(keys: &[&str]) -> Expr {
    let key = |key: &&str| Segment::Key((*key).to_owned());
    path(keys.iter().map(key).collect())
}

/// A path.
pub(crate) fn path(segments: Vec<Segment>) -> Expr {
    expr(Node::Path(Path { segments }))
}

/// `left op right`.
pub(crate) fn compare(left: Expr, op: CompareOp, right: Expr) -> Expr {
    expr(Node::Compare(Box::new(left), op, Box::new(right)))
}

/// `NOT inner`.
pub(crate) fn not(inner: Expr) -> Expr {
    expr(Node::Not(Box::new(inner)))
}

/// `first op operand …`, one or more operands.
pub(crate) fn sum(first: Expr, rest: Vec<(SumOp, Expr)>) -> Expr {
    expr(Node::Sum(Box::new(first), rest))
}

/// `first op operand …`, one or more operands.
pub(crate) fn product(first: Expr, rest: Vec<(ProductOp, Expr)>) -> Expr {
    expr(Node::Product(Box::new(first), rest))
}

/// `function(args)`.
pub(crate) fn call(function: Function, args: Vec<Expr>) -> Expr {
    let callee = Callee::Known(function);
    expr(Node::Call(Call { callee, distinct: false, args, name_at: At::default() }))
}

/// `COUNT(DISTINCT argument)`.
pub(crate) fn count_distinct(argument: Expr) -> Expr {
    let callee = Callee::Known(Function::Count);
    let args = vec![argument];
    expr(Node::Call(Call { callee, distinct: true, args, name_at: At::default() }))
}

/// Brings a tree into the shape that the parser gives: no chain within a chain of its kind where
/// parentheses would change nothing.
pub(crate) fn flatten(expr: &mut Expr) {
    expr.for_each_child_mut(&mut flatten);
    match &mut expr.node {
        Node::And(parts) => {
            let inner = |part: Expr| match part.node {
                Node::And(parts) => parts,
                _ => vec![part],
            };
            *parts = std::mem::take(parts).into_iter().flat_map(inner).collect();
        }
        Node::Or(parts) => {
            let inner = |part: Expr| match part.node {
                Node::Or(parts) => parts,
                _ => vec![part],
            };
            *parts = std::mem::take(parts).into_iter().flat_map(inner).collect();
        }
        Node::Sum(first, rest) => {
            if let Node::Sum(inner, front) = &mut first.node {
                rest.splice(0..0, std::mem::take(front));
                **first = (**inner).clone();
            }
        }
        Node::Product(first, rest) => {
            if let Node::Product(inner, front) = &mut first.node {
                rest.splice(0..0, std::mem::take(front));
                **first = (**inner).clone();
            }
        }
        _ => {}
    }
}

/// [`flatten`] for every expression of a query.
pub(crate) fn flatten_query(query: &mut Query) {
    if let Select::Items(items) = &mut query.select {
        items.iter_mut().for_each(|item| flatten(&mut item.expr));
    }
    query.condition.iter_mut().for_each(flatten);
    query.having.iter_mut().for_each(flatten);
    query.group_by.iter_mut().for_each(flatten);
    query.order_by.iter_mut().for_each(|key| flatten(&mut key.expr));
}
