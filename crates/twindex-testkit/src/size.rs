//! Walks over trees: their size, their paths.

use twindex_lang::ast::{Expr, Literal, Node, Path, Query, Select};

/// The expressions of a query, clause by clause.
pub(crate) fn expressions(query: &Query) -> Vec<&Expr> {
    let mut all: Vec<&Expr> = Vec::new();
    if let Select::Items(items) = &query.select {
        all.extend(items.iter().map(|item| &item.expr));
    }
    all.extend(&query.condition);
    all.extend(&query.group_by);
    all.extend(&query.having);
    all.extend(query.order_by.iter().map(|key| &key.expr));
    all
}

/// The expressions an expression is directly built from.
pub(crate) fn parts(expr: &Expr) -> Vec<&Expr> {
    let mut parts = Vec::new();
    expr.for_each_child(&mut |part| parts.push(part));
    parts
}

/// An expression and all below it.
pub(crate) fn all(expr: &Expr) -> Vec<&Expr> {
    let mut found = vec![expr];
    let mut next = 0;
    while next < found.len() {
        let inner = parts(found[next]);
        found.extend(inner);
        next += 1;
    }
    found
}

/// Every path of a query.
pub(crate) fn paths(query: &Query) -> Vec<&Path> {
    let exprs = expressions(query).into_iter().flat_map(all);
    exprs
        .filter_map(|expr| match &expr.node {
            Node::Path(path) => Some(path),
            _ => None,
        })
        .collect()
}

/// How much there is of a query: nodes, text of literals, names and clauses.
pub(crate) fn of_query(query: &Query) -> usize {
    let clauses = [query.distinct, query.top.is_some(), query.limit.is_some()];
    let clauses = clauses.iter().filter(|is_there| **is_there).count();
    let named = match &query.select {
        Select::All(_) => 0,
        Select::Items(items) => {
            items.len() + items.iter().filter(|item| item.name.is_some()).count()
        }
    };
    let descending = query.order_by.iter().filter(|key| key.descending).count();
    let offset = usize::from(query.offset.is_some());
    let exprs: usize = expressions(query).into_iter().map(of_expr).sum();
    2 * exprs + clauses + named + descending + offset
}

/// How much there is of an expression.
fn of_expr(expr: &Expr) -> usize {
    all(expr).into_iter().map(|expr| of_node(&expr.node)).sum()
}

fn of_node(node: &Node) -> usize {
    match node {
        Node::Literal(Literal::String(text)) => 2 + text.len(),
        Node::Literal(Literal::Number(number)) => 2 + number.text.len(),
        Node::Path(path) => 2 + path.segments.len(),
        Node::In { negated, .. }
        | Node::Between { negated, .. }
        | Node::Like { negated, .. }
        | Node::Is { negated, .. } => 2 + usize::from(*negated),
        _ => 2,
    }
}
