//! Names given with AS: where they may be used, and what they stand for there.
//!
//! ORDER BY and HAVING are rewritten before they are bound: each path of one segment that is such a
//! name becomes the expression of its column. So grouped expressions match as trees whichever way
//! they were written. WHERE and GROUP BY do not see the names.

use std::collections::HashMap;

use twindex_lang::ast::{Call, Callee, Expr, Node, Select};

/// The names that may be referred to, and the expressions of their columns.
pub(super) fn names(select: &Select) -> HashMap<&str, &Expr> {
    let items = match select {
        Select::All(_) => [].as_slice(),
        Select::Items(items) => items,
    };
    let named = items.iter().filter_map(|item| Some((item.name.as_ref()?, &item.expr)));
    named
        .filter(|(name, _)| name.can_be_referred_to)
        .map(|(name, expr)| (name.text.as_str(), expr))
        .collect()
}

/// `expr` with the names of columns replaced by their expressions, except inside aggregates.
pub(super) fn resolve(expr: &Expr, names: &HashMap<&str, &Expr>) -> Expr {
    let mut resolved = expr.clone();
    if !names.is_empty() {
        substitute(&mut resolved, names);
    }
    resolved
}

fn substitute(expr: &mut Expr, names: &HashMap<&str, &Expr>) {
    match &expr.node {
        Node::Path(path) => {
            if let Some(column) = path.single_key().and_then(|key| names.get(key)) {
                expr.clone_from(column);
            }
        }
        Node::Call(call) if is_aggregate(call) => {}
        _ => expr.for_each_child_mut(&mut |child| substitute(child, names)),
    }
}

pub(super) fn is_aggregate(call: &Call) -> bool {
    matches!(call.callee, Callee::Known(function) if function.is_aggregate())
}
