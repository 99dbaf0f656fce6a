//! Values: what is not a condition, and conditions as values.

use std::borrow::Cow;

use twindex_lang::ast::{ProductOp, SumOp};
use twindex_model::value::Value;

use super::call::call;
use super::condition::condition;
use super::operand::{look, operand};
use super::scope::Scope;
use crate::env::{Env, Scalar};
use crate::expr::Expr;
use crate::scalar::finite;

/// The value of `expr` over `env`.
#[must_use]
pub fn evaluate<'a, E: Env + ?Sized>(expr: &'a Expr, env: &'a E) -> Scalar<'a> {
    eval(expr, Scope::new(env))
}

pub(super) fn eval<'a, E: Env + ?Sized>(expr: &'a Expr, scope: Scope<'a, E>) -> Scalar<'a> {
    match expr {
        Expr::Constant(value) => Scalar::from_value(value),
        Expr::Undefined => Scalar::Undefined,
        Expr::Path(_) => operand(expr, scope).into_scalar(scope),
        Expr::Element(steps) => scope
            .element
            .and_then(|element| look(element, steps))
            .map_or(Scalar::Undefined, Scalar::from_value),
        Expr::Slot(slot) => scope.env.slot(*slot),
        Expr::Array(items) => {
            let values = items.iter().filter_map(|item| eval(item, scope).into_value());
            Scalar::Container(Cow::Owned(Value::Array(values.collect())))
        }
        Expr::Negate(inner) => numeric(eval(inner, scope).as_number().map(|x| -x)),
        Expr::Plus(inner) => numeric(eval(inner, scope).as_number()),
        Expr::Sum(first, rest) => numeric(chain((first, rest), scope, |op, a, b| match op {
            SumOp::Add => a + b,
            SumOp::Subtract => a - b,
        })),
        Expr::Product(first, rest) => numeric(chain((first, rest), scope, |op, a, b| match op {
            ProductOp::Multiply => a * b,
            ProductOp::Divide => a / b,
            ProductOp::Remainder => a % b,
        })),
        Expr::Call(function, args) => call(*function, args, scope),
        Expr::Not(_)
        | Expr::Compare(..)
        | Expr::IsNullish(_)
        | Expr::InList { .. }
        | Expr::InArray { .. }
        | Expr::Between { .. }
        | Expr::Like(..)
        | Expr::LikeExpr(..)
        | Expr::Matches(..)
        | Expr::Any { .. }
        | Expr::And(_)
        | Expr::Or(_) => condition(expr, scope).into(),
    }
}

fn numeric<'a>(number: Option<f64>) -> Scalar<'a> {
    number.map_or(Scalar::Undefined, finite)
}

/// Operands joined from left to right; each step must be finite, not only the last. A division by
/// zero is not.
fn chain<'a, E: Env + ?Sized, Op: Copy>(
    (first, rest): (&'a Expr, &'a [(Op, Expr)]),
    scope: Scope<'a, E>,
    join: impl Fn(Op, f64, f64) -> f64,
) -> Option<f64> {
    let first = eval(first, scope).as_number()?;
    rest.iter().try_fold(first, |left, (op, operand)| {
        let result = join(*op, left, eval(operand, scope).as_number()?);
        result.is_finite().then_some(result)
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::check_values;

    const TWIN: &str =
        r#"{"tags": {"n": 7, "s": "x", "big": 1e308, "l": [10, {"k": [true]}], "o": {"a": 1}}}"#;

    fn check(table: &[(&str, &str)]) {
        check_values(TWIN, table);
    }

    #[test]
    fn arithmetic_is_for_numbers_and_finite() {
        check(&[
            ("tags.n + 1 - 2", "6"),
            ("tags.n * 2 / 4", "3.5"),
            ("-tags.n % 4", "-3"),
            ("7.5 % -2", "1.5"),
            ("tags.n / 0", "undefined"),
            ("tags.n % 0", "undefined"),
            ("0 * -1", "0"),
            ("tags.big + tags.big - tags.big", "undefined"),
            ("tags.big * 10 / 10", "undefined"),
            ("tags.s + 1", "undefined"),
            ("1 + tags.none", "undefined"),
            ("-tags.s", "undefined"),
            ("+tags.n", "7"),
            ("+tags.s", "undefined"),
            ("0x1F + .5", "31.5"),
            ("true + 1", "undefined"),
        ]);
    }

    #[test]
    fn paths_reach_into_arrays_by_index_alone() {
        check(&[
            ("tags.l[0]", "10"),
            ("tags.l[1].k", "[true]"),
            ("tags.l[1].k[0]", "true"),
            ("tags.l[1]['k'][0]", "true"),
            ("tags.l[2]", "undefined"),
            ("tags.l[18446744073709551615]", "undefined"),
            ("tags.l.k", "undefined"),
            ("tags.o[0]", "undefined"),
            ("tags.s[0]", "undefined"),
            ("tags['o'].a", "1"),
            ("tags.o", r#"{"a":1}"#),
            ("tags.l", r#"[10,{"k":[true]}]"#),
        ]);
    }

    #[test]
    fn arrays_leave_out_what_is_undefined() {
        check(&[
            ("[tags.n, tags.none, null, [tags.s]]", r#"[7,null,["x"]]"#),
            ("[undefined]", "[]"),
            ("undefined", "undefined"),
            ("tags.n = 7", "true"),
        ]);
    }
}
