//! Conditions on `TIME(path)` as sets of cells.
//!
//! Lanes of stamps hold milliseconds, so a comparison of `TIME(path)` with a constant is one of
//! numbers there, and no text is read. Other texts are asked by evaluation.

use std::ops::Bound;
use std::sync::Arc;

use twindex_index::cell_set::{CellSet, NumberBounds, NumberSet, TextSet, TimeSet};
use twindex_lang::ast::CompareOp;
use twindex_lang::function::Function;
use twindex_model::cell::Cell;
use twindex_model::value::Value;
use twindex_plan::expr::Expr;

use crate::cell_algebra::number_range;
use crate::leaf::{Wanted, plain_path};
use crate::leaf_constants::bounds;
use crate::row::{CellView, is_truth};

/// The cells for which `TIME(path) op constant`, either way round, is the Boolean `wanted`.
pub(crate) fn compare(expr: &Expr, wanted: Wanted) -> Option<CellSet> {
    let Expr::Compare(a, op, b) = expr else { return None };
    let (op, constant) = match (&**a, &**b) {
        (time, Expr::Constant(Value::Number(constant))) if is_time(time) => (*op, *constant),
        (Expr::Constant(Value::Number(constant)), time) if is_time(time) => {
            (op.turned(), *constant)
        }
        _ => return None,
    };
    let op = if wanted.is_true() { op } else { op.negated() };
    let milliseconds = match op {
        CompareOp::Equal => NumberSet::Points(vec![constant + 0.0]),
        CompareOp::NotEqual => NumberSet::NotPoints(vec![constant + 0.0]),
        _ => {
            let (low, high) = bounds(op, constant + 0.0);
            NumberSet::Between(NumberBounds { low, high })
        }
    };
    Some(times(milliseconds, expr, wanted))
}

/// The cells for which `TIME(path) BETWEEN low AND high` is true.
pub(crate) fn between(expr: &Expr) -> Option<CellSet> {
    let Expr::Between { value, low, high } = expr else { return None };
    let (Expr::Constant(Value::Number(low)), Expr::Constant(Value::Number(high))) =
        (&**low, &**high)
    else {
        return None;
    };
    if !is_time(value) {
        return None;
    }
    let milliseconds = number_range(Bound::Included(low + 0.0), Bound::Included(high + 0.0));
    Some(times(milliseconds, expr, Wanted::True))
}

fn is_time(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(Function::Time, args) if args.first().is_some_and(is_plain))
}

fn is_plain(expr: &Expr) -> bool {
    plain_path(expr).is_some()
}

/// Only text is a time.
fn times(milliseconds: NumberSet, expr: &Expr, wanted: Wanted) -> CellSet {
    let expr = expr.clone();
    let test = Arc::new(move |text: &str| {
        let cell = Cell::String(text.into());
        is_truth(&expr, &CellView(&cell), wanted.is_true())
    });
    CellSet { strings: TextSet::Time(TimeSet { milliseconds, test }), ..CellSet::none() }
}
