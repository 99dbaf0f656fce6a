//! What is the same for every row is computed once, and decided conditions vanish.
//!
//! A path that no twin has is undefined for every row, hence a constant too: a plan lives no longer
//! than the catalogue it was bound to.

use std::sync::Arc;

use twindex_lang::function::Function;
use twindex_model::cell::Cell;
use twindex_model::path::PathId;
use twindex_model::value::Value;

use crate::env::{Env, Scalar};
use crate::eval::{evaluate, truth};
use crate::expr::Expr;
use crate::logical::{LogicalPlan, Predicate};
use crate::pattern::Pattern;
use crate::truth::Truth;

pub(super) fn rule(plan: LogicalPlan) -> LogicalPlan {
    plan.map_filter(fold_predicate).map_exprs(&mut fold)
}

pub(super) fn fold_predicate(predicate: Predicate) -> Predicate {
    predicate.map_leaves(&mut |expr, wanted| {
        let expr = fold(expr);
        match &expr {
            Expr::Constant(_) | Expr::Undefined
                if truth(&expr, &Nowhere) == Truth::from(wanted) =>
            {
                Predicate::All
            }
            Expr::Constant(_) | Expr::Undefined => Predicate::Nothing,
            // `IN []` is never true, and false wherever its value is defined.
            Expr::InList { items, null_in_list: false, .. } if items.is_empty() && wanted => {
                Predicate::Nothing
            }
            _ => Predicate::Leaf { expr, wanted },
        }
    })
}

pub(super) fn fold(expr: Expr) -> Expr {
    let expr = expr.map_children(&mut fold);
    match expr {
        Expr::Constant(_) | Expr::Undefined => expr,
        _ if expr.is_constant() => {
            evaluate(&expr, &Nowhere).into_value().map_or(Expr::Undefined, Expr::Constant)
        }
        Expr::And(terms) => decided(terms, false, Expr::And),
        Expr::Or(terms) => decided(terms, true, Expr::Or),
        Expr::LikeExpr(text, pattern) => match *pattern {
            Expr::Constant(Value::String(pattern)) => {
                Expr::Like(text, Arc::new(Pattern::like(&pattern)))
            }
            pattern => Expr::LikeExpr(text, Box::new(pattern)),
        },
        Expr::Call(Function::RegexMatch, args) => regex_match(args),
        expr => expr,
    }
}

/// A chain, or the Boolean that ends it whatever the other operands are.
fn decided(terms: Vec<Expr>, decisive: bool, chain: fn(Vec<Expr>) -> Expr) -> Expr {
    let is_decisive =
        |term: &Expr| matches!(term, Expr::Constant(Value::Bool(b)) if *b == decisive);
    if terms.iter().any(is_decisive) {
        return Expr::Constant(Value::Bool(decisive));
    }
    chain(terms)
}

/// A call whose pattern and flags have become constants is compiled; a bad one stays undefined.
fn regex_match(args: Vec<Expr>) -> Expr {
    let text_of = |expr: Option<&Expr>| match expr {
        Some(Expr::Constant(Value::String(text))) => Some(text.clone()),
        _ => None,
    };
    let flags = if args.len() == 2 { Some(String::new()) } else { text_of(args.get(2)) };
    let compiled = text_of(args.get(1)).zip(flags).map(|(p, flags)| Pattern::regex(&p, &flags));
    match compiled {
        Some(Ok(pattern)) => {
            let text = args.into_iter().next().unwrap_or(Expr::Undefined);
            Expr::Matches(Box::new(text), Arc::new(pattern))
        }
        Some(Err(_)) => Expr::Undefined,
        None => Expr::Call(Function::RegexMatch, args),
    }
}

/// The environment of constants: there is nothing to read.
struct Nowhere;

impl Env for Nowhere {
    fn cell(&self, _: PathId) -> Cell<'_> {
        Cell::Undefined
    }

    fn object(&self, _: PathId) -> Value {
        Value::Null
    }

    fn slot(&self, _: usize) -> Scalar<'_> {
        Scalar::Undefined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{condition, fleet, prop_keeps_rows, prop_same_values};
    use proptest::prelude::{ProptestConfig, proptest};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The rule keeps the same rows, and a folded expression has the same value.
        #[test]
        fn keeps_the_same_rows(expr in condition(), rows in fleet()) {
            prop_same_values(&expr, &fold(expr.clone()), &rows)?;
            prop_keeps_rows(fold_predicate, expr, &rows)?;
        }
    }
}
