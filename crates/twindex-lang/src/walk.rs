//! Walking trees: the children of an expression, in the order of the text.

use crate::ast::{Expr, InList, Node, Query, Select};

/// What a walk does with the children of a node, in one place for both kinds of borrow.
macro_rules! each_child {
    ($node:expr, $iter:ident, $visit:ident) => {
        match $node {
            Node::Literal(_) | Node::Undefined | Node::Path(_) => {}
            Node::Array(items) | Node::And(items) | Node::Or(items) => {
                items.$iter().for_each($visit);
            }
            Node::Call(call) => call.args.$iter().for_each($visit),
            Node::Not(inner) | Node::Sign(_, inner) | Node::Is { value: inner, .. } => {
                $visit(inner)
            }
            Node::Sum(first, rest) => {
                $visit(first);
                rest.$iter().for_each(|(_, term)| $visit(term));
            }
            Node::Product(first, rest) => {
                $visit(first);
                rest.$iter().for_each(|(_, factor)| $visit(factor));
            }
            Node::Compare(left, _, right) | Node::Like { value: left, pattern: right, .. } => {
                $visit(left);
                $visit(right);
            }
            Node::In { value, list, .. } => {
                $visit(value);
                match list {
                    InList::Items(items) => items.$iter().for_each($visit),
                    InList::Expr(list) => $visit(list),
                }
            }
            Node::Between { value, low, high, .. } => {
                $visit(value);
                $visit(low);
                $visit(high);
            }
        }
    };
}

impl Expr {
    /// Calls `visit` with each direct child.
    pub fn for_each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        each_child!(&self.node, iter, visit);
    }

    /// Calls `visit` with each direct child.
    pub fn for_each_child_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        each_child!(&mut self.node, iter_mut, visit);
    }
}

impl Query {
    /// Calls `visit` with each expression of each clause, in the order of the text.
    pub fn for_each_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        if let Select::Items(items) = &self.select {
            items.iter().for_each(|item| visit(&item.expr));
        }
        self.condition.iter().for_each(&mut *visit);
        self.group_by.iter().for_each(&mut *visit);
        self.having.iter().for_each(&mut *visit);
        self.order_by.iter().for_each(|key| visit(&key.expr));
    }
}
