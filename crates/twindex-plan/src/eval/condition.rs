//! Conditions: what is true, false or undefined.

#[cfg(test)]
mod tests;

use twindex_lang::ast::CompareOp;
use twindex_model::kind::Kind;
use twindex_model::value::Value;

use super::evaluate::eval;
use super::operand::{Operand, equal, operand, read_array};
use super::scope::Scope;
use crate::env::{Env, Scalar};
use crate::expr::Expr;
use crate::like::matches_like_once;
use crate::logical::Predicate;
use crate::scalar::contains_value;
use crate::truth::{Truth, compare, equals, is_nullish};

/// The truth of `expr` as a condition: what is no Boolean counts as undefined.
#[must_use]
pub fn truth<E: Env + ?Sized>(expr: &Expr, env: &E) -> Truth {
    condition(expr, Scope::new(env))
}

/// Whether `predicate` keeps the row of `env`.
#[must_use]
pub fn holds<E: Env + ?Sized>(predicate: &Predicate, env: &E) -> bool {
    match predicate {
        Predicate::All => true,
        Predicate::Nothing => false,
        Predicate::And(terms) => terms.iter().all(|term| holds(term, env)),
        Predicate::Or(terms) => terms.iter().any(|term| holds(term, env)),
        Predicate::Leaf { expr, wanted } => truth(expr, env) == Truth::from(*wanted),
    }
}

pub(super) fn condition<'a, E: Env + ?Sized>(expr: &'a Expr, scope: Scope<'a, E>) -> Truth {
    match expr {
        Expr::Not(inner) => !condition(inner, scope),
        Expr::And(terms) => chain(terms, scope, Truth::False),
        Expr::Or(terms) => chain(terms, scope, Truth::True),
        Expr::Compare(a, op, b) => comparison(a, *op, b, scope),
        Expr::IsNullish(value) => {
            let kind = operand(value, scope).kind();
            matches!(kind, Kind::Undefined | Kind::Null).into()
        }
        Expr::InList { value, items, null_in_list } => {
            let value = eval(value, scope);
            let start = if *null_in_list { is_nullish(&value).into() } else { Truth::False };
            in_list(&value, items, start, scope)
        }
        Expr::InArray { value, array } => {
            let value = eval(value, scope);
            Truth::from(&contains_value(&eval(array, scope), &value))
        }
        Expr::Between { value, low, high } => {
            let value = eval(value, scope);
            compare(&value, CompareOp::GreaterOrEqual, &eval(low, scope)).and(compare(
                &value,
                CompareOp::LessOrEqual,
                &eval(high, scope),
            ))
        }
        Expr::Like(text, pattern) | Expr::Matches(text, pattern) => {
            of_text(&eval(text, scope), |text| pattern.is_match(text))
        }
        Expr::LikeExpr(text, pattern) => match eval(pattern, scope).as_str() {
            Some(pattern) => of_text(&eval(text, scope), |text| matches_like_once(text, pattern)),
            None => Truth::Undefined,
        },
        Expr::Any { array, condition: test } => match read_array(array, scope) {
            Some(value) => any(&value, test, scope),
            None => Truth::Undefined,
        },
        _ => Truth::from(&eval(expr, scope)),
    }
}

/// Kleene AND (`decisive` is false) or OR (true): the first decisive operand ends it.
fn chain<'a, E: Env + ?Sized>(terms: &'a [Expr], scope: Scope<'a, E>, decisive: Truth) -> Truth {
    let mut result = !decisive;
    for term in terms {
        match condition(term, scope) {
            truth if truth == decisive => return decisive,
            Truth::Undefined => result = Truth::Undefined,
            _ => {}
        }
    }
    result
}

fn comparison<'a, E: Env + ?Sized>(
    a: &'a Expr,
    op: CompareOp,
    b: &'a Expr,
    scope: Scope<'a, E>,
) -> Truth {
    let (a, b) = (operand(a, scope), operand(b, scope));
    match op {
        CompareOp::Equal => equal(a, b, scope),
        CompareOp::NotEqual => !equal(a, b, scope),
        _ => match (a, b) {
            (Operand::Scalar(a), Operand::Scalar(b)) => compare(&a, op, &b),
            // Arrays and objects have no order among themselves nor with anything else.
            _ => Truth::Undefined,
        },
    }
}

/// `start OR value = x OR value = y …`; an empty list is undefined for an undefined value.
fn in_list<'a, E: Env + ?Sized>(
    value: &Scalar<'a>,
    items: &'a [Expr],
    start: Truth,
    scope: Scope<'a, E>,
) -> Truth {
    if start == Truth::True {
        return Truth::True;
    }
    if value.is_undefined() {
        return Truth::Undefined;
    }
    let mut result = start;
    for item in items {
        match equals(value, &eval(item, scope)) {
            Truth::True => return Truth::True,
            Truth::Undefined => result = Truth::Undefined,
            Truth::False => {}
        }
    }
    result
}

fn of_text(text: &Scalar<'_>, test: impl Fn(&str) -> bool) -> Truth {
    text.as_str().map_or(Truth::Undefined, |text| test(text).into())
}

/// Whether `test` is true of an element of `array`.
fn any<E: Env + ?Sized>(array: &Value, test: &Expr, scope: Scope<'_, E>) -> Truth {
    let items = match array {
        Value::Array(items) => items.as_slice(),
        _ => &[],
    };
    items.iter().any(|item| condition(test, scope.at(item)) == Truth::True).into()
}
