//! Smaller queries.

use twindex_lang::ast::{Expr, InList, Literal, Node, Query, Select, SelectItem};
use twindex_lang::span::At;

use crate::{build, size};

/// Queries with one thing less, larger pieces first. Each is smaller by [`size::of_query`], so
/// that shrinking ends.
pub(super) fn smaller(query: &Query) -> Vec<Query> {
    let mut candidates = without_a_clause(query);
    candidates.extend(without_an_item(query));
    candidates.extend(with_smaller_expressions(query));
    let size = size::of_query(query);
    candidates.retain(|candidate| size::of_query(candidate) < size);
    candidates
}

fn without_a_clause(query: &Query) -> Vec<Query> {
    let all = Select::All(At::default());
    vec![
        Query { condition: None, ..query.clone() },
        Query { having: None, ..query.clone() },
        Query { order_by: Vec::new(), ..query.clone() },
        Query { group_by: Vec::new(), ..query.clone() },
        Query { limit: None, offset: None, ..query.clone() },
        Query { offset: None, ..query.clone() },
        Query { top: None, ..query.clone() },
        Query { distinct: false, ..query.clone() },
        Query { select: all, ..query.clone() },
    ]
}

fn without_an_item(query: &Query) -> Vec<Query> {
    let mut candidates = Vec::new();
    if let Select::Items(items) = &query.select {
        for at in 0..items.len() {
            if items.len() > 1 {
                let items = without(items, at);
                candidates.push(Query { select: Select::Items(items), ..query.clone() });
            }
            let mut items = items.clone();
            items[at].name = None;
            candidates.push(Query { select: Select::Items(items), ..query.clone() });
        }
    }
    for at in 0..query.group_by.len() {
        candidates.push(Query { group_by: without(&query.group_by, at), ..query.clone() });
    }
    for at in 0..query.order_by.len() {
        candidates.push(Query { order_by: without(&query.order_by, at), ..query.clone() });
        let mut order_by = query.order_by.clone();
        order_by[at].descending = false;
        candidates.push(Query { order_by, ..query.clone() });
    }
    candidates
}

fn without<T: Clone>(items: &[T], at: usize) -> Vec<T> {
    let others = items.iter().enumerate().filter(|(i, _)| *i != at);
    others.map(|(_, item)| item.clone()).collect()
}

/// The query with each of its expressions in turn replaced by smaller ones. An expression that
/// stands in several places, as a grouped one does, is also replaced in all of them at once.
fn with_smaller_expressions(query: &Query) -> Vec<Query> {
    let mut candidates = Vec::new();
    for expr in size::expressions(query) {
        for smaller in smaller_expr(expr) {
            candidates.push(map(query, |other| {
                if other == expr { smaller.clone() } else { other.clone() }
            }));
        }
    }
    candidates
}

/// The query with every expression of a clause changed.
fn map(query: &Query, change: impl Fn(&Expr) -> Expr) -> Query {
    let mut query = query.clone();
    if let Select::Items(items) = &mut query.select {
        for SelectItem { expr, .. } in items {
            *expr = change(expr);
        }
    }
    query.condition = query.condition.as_ref().map(&change);
    query.having = query.having.as_ref().map(&change);
    for key in &mut query.group_by {
        *key = change(key);
    }
    for key in &mut query.order_by {
        key.expr = change(&key.expr);
    }
    query
}

/// What an expression may become: one of its parts, a literal, or itself with one part changed so.
fn smaller_expr(expr: &Expr) -> Vec<Expr> {
    let mut candidates: Vec<Expr> = size::parts(expr).into_iter().cloned().collect();
    if !matches!(expr.node, Node::Literal(_)) {
        candidates.extend([build::bool(true), build::number(1.0), build::null()]);
    }
    candidates.extend(shorter(expr));
    let n_parts = size::parts(expr).len();
    for at in 0..n_parts {
        for smaller in smaller_expr(size::parts(expr)[at]) {
            candidates.extend(with_part(expr, at, &smaller));
        }
    }
    candidates
}

/// The expression with one thing less in itself: an operand, an element, a segment, NOT, half of
/// a text.
fn shorter(expr: &Expr) -> Vec<Expr> {
    let nodes: Vec<Node> = match &expr.node {
        Node::Literal(Literal::String(text)) => {
            let half = text.chars().take(text.chars().count() / 2).collect();
            vec![Node::Literal(Literal::String(half))]
        }
        Node::Literal(Literal::Number(_)) => vec![build::number(1.0).node],
        Node::Path(path) if path.segments.len() > 1 => {
            let mut path = path.clone();
            path.segments.pop();
            vec![Node::Path(path)]
        }
        Node::Array(items) => each_without(items, 0).map(Node::Array).collect(),
        Node::And(parts) => each_without(parts, 2).map(Node::And).collect(),
        Node::Or(parts) => each_without(parts, 2).map(Node::Or).collect(),
        Node::Sum(first, rest) => {
            each_without(rest, 1).map(|rest| Node::Sum(first.clone(), rest)).collect()
        }
        Node::Product(first, rest) => {
            each_without(rest, 1).map(|rest| Node::Product(first.clone(), rest)).collect()
        }
        Node::In { value, negated, list } => {
            let lists: Vec<InList> = match list {
                InList::Items(items) => each_without(items, 0).map(InList::Items).collect(),
                InList::Expr(_) => Vec::new(),
            };
            let node = |negated, list| Node::In { value: value.clone(), negated, list };
            let shorter = lists.into_iter().map(|list| node(*negated, list));
            shorter.chain([node(false, list.clone())]).collect()
        }
        Node::Call(call) => {
            let mut call = call.clone();
            call.args.pop();
            vec![Node::Call(call)]
        }
        _ => positive(&expr.node).into_iter().collect(),
    };
    nodes.into_iter().map(build::expr).collect()
}

/// The lists with one item less, while at least `least` are left.
fn each_without<T: Clone>(items: &[T], least: usize) -> impl Iterator<Item = Vec<T>> {
    let n = if items.len() > least { items.len() } else { 0 };
    (0..n).map(move |at| without(items, at))
}

/// The operator without its NOT.
fn positive(node: &Node) -> Option<Node> {
    let mut node = node.clone();
    match &mut node {
        Node::Between { negated, .. } | Node::Like { negated, .. } | Node::Is { negated, .. } => {
            *negated = false;
            Some(node)
        }
        _ => None,
    }
}

/// The expression with its part number `at` replaced.
fn with_part(expr: &Expr, at: usize, part: &Expr) -> Option<Expr> {
    let mut expr = expr.clone();
    let place = match &mut expr.node {
        Node::Literal(_) | Node::Undefined | Node::Path(_) => None,
        Node::Array(items) | Node::And(items) | Node::Or(items) => items.get_mut(at),
        Node::Not(inner) | Node::Sign(_, inner) => Some(&mut **inner),
        Node::Sum(first, _) if at == 0 => Some(&mut **first),
        Node::Sum(_, rest) => rest.get_mut(at - 1).map(|(_, operand)| operand),
        Node::Product(first, _) if at == 0 => Some(&mut **first),
        Node::Product(_, rest) => rest.get_mut(at - 1).map(|(_, operand)| operand),
        Node::Compare(left, _, right) => Some(&mut **if at == 0 { left } else { right }),
        Node::In { value, .. } if at == 0 => Some(&mut **value),
        Node::In { list: InList::Items(items), .. } => items.get_mut(at - 1),
        // What stands there must not begin with a bracket, or it would be a list.
        Node::In { list: InList::Expr(list), .. } => {
            matches!(part.node, Node::Path(_) | Node::Call(_)).then_some(&mut **list)
        }
        Node::Between { value, low, high, .. } => Some(&mut **[value, low, high][at.min(2)]),
        Node::Like { value, pattern, .. } => Some(&mut **if at == 0 { value } else { pattern }),
        Node::Is { value, .. } => Some(&mut **value),
        Node::Call(call) => call.args.get_mut(at),
    };
    *place? = part.clone();
    Some(expr)
}
