//! Expressions other than predicates and calls.

use twindex_lang::ast::{self, Literal, Node, Sign};
use twindex_model::value::Value;

use super::binder::Binder;
use crate::expr::Expr;

impl Binder<'_> {
    /// Binds `expr`. What is wrong is noted and binds to undefined.
    // tidy: flat match
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> Expr {
        if let Some(slot) = self.grouping.as_ref().and_then(|g| g.key_slot(expr)) {
            return Expr::Slot(slot);
        }
        match &expr.node {
            Node::Literal(literal) => Expr::Constant(value_of(literal)),
            Node::Undefined => Expr::Undefined,
            Node::Path(path) => self.path(path, expr.at.0),
            Node::Array(items) => Expr::Array(self.exprs(items)),
            Node::Not(inner) => Expr::Not(self.boxed(inner)),
            Node::Sign(Sign::Minus, inner) => Expr::Negate(self.boxed(inner)),
            Node::Sign(Sign::Plus, inner) => Expr::Plus(self.boxed(inner)),
            Node::Sum(first, rest) => Expr::Sum(self.boxed(first), self.operands(rest)),
            Node::Product(first, rest) => Expr::Product(self.boxed(first), self.operands(rest)),
            Node::And(terms) => Expr::And(self.exprs(terms)),
            Node::Or(terms) => Expr::Or(self.exprs(terms)),
            Node::Call(call) => self.call(call, expr.at.0),
            Node::Compare(left, op, right) => self.compare(left, *op, right, expr.at.0),
            Node::In { value, negated, list } => {
                let found = self.membership(value, list);
                negated_if(*negated, found)
            }
            Node::Between { value, negated, low, high } => {
                let found = self.between(value, low, high);
                negated_if(*negated, found)
            }
            Node::Like { value, negated, pattern } => {
                let found = self.like(value, pattern);
                negated_if(*negated, found)
            }
            Node::Is { value, negated, test } => {
                let found = self.is_test(value, *test);
                negated_if(*negated, found)
            }
        }
    }

    pub(super) fn boxed(&mut self, expr: &ast::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    pub(super) fn exprs(&mut self, exprs: &[ast::Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn operands<Op: Copy>(&mut self, rest: &[(Op, ast::Expr)]) -> Vec<(Op, Expr)> {
        rest.iter().map(|(op, operand)| (*op, self.expr(operand))).collect()
    }
}

fn negated_if(negated: bool, expr: Expr) -> Expr {
    if negated { Expr::Not(Box::new(expr)) } else { expr }
}

fn value_of(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Number(number) => Value::Number(number.value),
        Literal::String(text) => Value::String(text.clone()),
    }
}
