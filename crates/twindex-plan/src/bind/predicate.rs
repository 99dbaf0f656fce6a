//! Comparisons, IN, BETWEEN, LIKE and IS; `[*]` on their left makes them ask any element.

use std::sync::Arc;

use twindex_lang::ast::{self, CompareOp, InList, IsTest, Literal, Node};
use twindex_lang::function::Function;
use twindex_lang::span::Span;

use super::binder::Binder;
use super::kinds::Meeting;
use crate::expr::{Expr, PathRef};
use crate::pattern::Pattern;

/// The left side of a predicate: its value, and the array whose elements it is asked of.
struct Left {
    value: Box<Expr>,
    any_of: Option<PathRef>,
}

impl Left {
    /// `make` over the value, for any element where `[*]` asks for that.
    fn make(self, make: impl FnOnce(Box<Expr>) -> Expr) -> Expr {
        let condition = make(self.value);
        match self.any_of {
            None => condition,
            Some(array) => Expr::Any { array, condition: Box::new(condition) },
        }
    }
}

impl Binder<'_> {
    pub(super) fn compare(
        &mut self,
        left: &ast::Expr,
        op: CompareOp,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let is_equality = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
        if is_equality && is_null(right) {
            return self.left(left).make(|value| nullish(value, op));
        }
        if is_equality && is_null(left) {
            let value = self.boxed(right);
            return nullish(value, op);
        }
        let bound = self.left(left);
        let other = self.boxed(right);
        self.warn_if_apart(&Meeting { left, op, right, span }, (&bound.value, &other));
        bound.make(|value| Expr::Compare(value, op, other))
    }

    /// `value IN list`.
    pub(super) fn membership(&mut self, value: &ast::Expr, list: &InList) -> Expr {
        let left = self.left(value);
        match list {
            InList::Expr(array) => {
                let array = self.boxed(array);
                left.make(|value| Expr::InArray { value, array })
            }
            InList::Items(items) => {
                let null_in_list = items.iter().any(is_null);
                let items: Vec<&ast::Expr> = items.iter().filter(|item| !is_null(item)).collect();
                let bound: Vec<Expr> = items.iter().map(|item| self.expr(item)).collect();
                for (item, bound) in items.iter().zip(&bound) {
                    let span = item.at.0;
                    let meeting = Meeting { left: value, op: CompareOp::Equal, right: item, span };
                    self.warn_if_apart(&meeting, (&left.value, bound));
                }
                left.make(|value| Expr::InList { value, items: bound, null_in_list })
            }
        }
    }

    /// `value BETWEEN low AND high`.
    pub(super) fn between(&mut self, value: &ast::Expr, low: &ast::Expr, high: &ast::Expr) -> Expr {
        let left = self.left(value);
        let bounds = [(low, CompareOp::GreaterOrEqual), (high, CompareOp::LessOrEqual)];
        let [low, high] = bounds.map(|(bound, op)| {
            let other = self.boxed(bound);
            let meeting = Meeting { left: value, op, right: bound, span: bound.at.0 };
            self.warn_if_apart(&meeting, (&left.value, &other));
            other
        });
        left.make(|value| Expr::Between { value, low, high })
    }

    /// `value LIKE pattern`.
    pub(super) fn like(&mut self, value: &ast::Expr, pattern: &ast::Expr) -> Expr {
        let left = self.left(value);
        if let Node::Literal(Literal::String(text)) = &pattern.node {
            let pattern = Arc::new(Pattern::like(text));
            return left.make(|value| Expr::Like(value, pattern));
        }
        let pattern = self.boxed(pattern);
        left.make(|value| Expr::LikeExpr(value, pattern))
    }

    /// `value IS NULL`, `value IS DEFINED`.
    pub(super) fn is_test(&mut self, value: &ast::Expr, test: IsTest) -> Expr {
        let function = match test {
            IsTest::Null => Function::IsNull,
            IsTest::Defined => Function::IsDefined,
        };
        Expr::Call(function, vec![self.expr(value)])
    }

    fn left(&mut self, expr: &ast::Expr) -> Left {
        let is_key = self.grouping.as_ref().is_some_and(|g| g.key_slot(expr).is_some());
        if let Node::Path(path) = &expr.node
            && !is_key
            && let Some((array, steps)) = self.any_path(path, expr.at.0)
        {
            return Left { value: Box::new(Expr::Element(steps)), any_of: Some(array) };
        }
        Left { value: self.boxed(expr), any_of: None }
    }
}

fn is_null(expr: &ast::Expr) -> bool {
    matches!(expr.node, Node::Literal(Literal::Null))
}

/// `value = null` or `value != null`.
fn nullish(value: Box<Expr>, op: CompareOp) -> Expr {
    let is_nullish = Expr::IsNullish(value);
    match op {
        CompareOp::NotEqual => Expr::Not(Box::new(is_nullish)),
        _ => is_nullish,
    }
}
