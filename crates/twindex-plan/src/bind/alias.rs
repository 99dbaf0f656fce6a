//! Names given with AS: where they may be used, and what they stand for there.
//!
//! ORDER BY and HAVING are rewritten before they are bound: each path of one segment that is such a
//! name becomes the expression of its column. So grouped expressions match as trees whichever way
//! they were written. WHERE and GROUP BY do not see the names.
//!
//! A name is short and what it stands for may be long, so how much all names together may stand for
//! is limited: else a text of some kilobytes would be a query of millions of operations.

use std::collections::HashMap;

use twindex_lang::ast::{Call, Callee, Expr, Node, Select};

/// Operands and operators that the names in a query may stand for, all uses together.
const NODES_MAX: usize = 10_000;

/// The names that may be referred to, and how much they may still stand for.
pub(super) struct Names<'a> {
    columns: HashMap<&'a str, &'a Expr>,
    /// `None` once they stand for too much.
    n_nodes_left: Option<usize>,
}

impl<'a> Names<'a> {
    /// The names of the columns of `select`.
    pub(super) fn new(select: &'a Select) -> Self {
        Self { columns: columns(select), n_nodes_left: Some(NODES_MAX) }
    }

    /// The expression of the column that has a name.
    pub(super) fn get(&self, name: &str) -> Option<&'a Expr> {
        self.columns.get(name).copied()
    }

    /// `expr` with the names of columns replaced by their expressions, except inside aggregates.
    /// `None` once all names together stand for too much.
    pub(super) fn resolve(&mut self, expr: &Expr) -> Option<Expr> {
        let mut resolved = expr.clone();
        if !self.columns.is_empty() {
            self.substitute(&mut resolved);
        }
        self.n_nodes_left.map(|_| resolved)
    }

    fn substitute(&mut self, expr: &mut Expr) {
        match &expr.node {
            Node::Path(path) => {
                if let Some(column) = path.single_key().and_then(|key| self.get(key)) {
                    let n_left = self.n_nodes_left.unwrap_or(0);
                    self.n_nodes_left = n_left.checked_sub(n_nodes(column, n_left));
                    if self.n_nodes_left.is_some() {
                        expr.clone_from(column);
                    }
                }
            }
            Node::Call(call) if is_aggregate(call) => {}
            _ => expr.for_each_child_mut(&mut |child| self.substitute(child)),
        }
    }
}

/// Operands and operators of `expr`; more than `n_max` are not counted further.
fn n_nodes(expr: &Expr, n_max: usize) -> usize {
    let mut n = 1;
    expr.for_each_child(&mut |child| {
        if n <= n_max {
            n += n_nodes(child, n_max - n.min(n_max));
        }
    });
    n
}

/// The names that may be referred to, and the expressions of their columns.
fn columns(select: &Select) -> HashMap<&str, &Expr> {
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

pub(super) fn is_aggregate(call: &Call) -> bool {
    matches!(call.callee, Callee::Known(function) if function.is_aggregate())
}
