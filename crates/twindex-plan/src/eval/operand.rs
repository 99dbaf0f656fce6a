//! Operands: values whose arrays and objects are fetched only when someone looks inside.

use std::borrow::Cow;

use twindex_model::cell::{Cell, Text};
use twindex_model::json::read::read_value;
use twindex_model::kind::Kind;
use twindex_model::path::{PathId, Step};
use twindex_model::value::Value;

use super::evaluate::eval;
use super::scope::Scope;
use crate::env::{Env, Scalar};
use crate::expr::{Expr, PathRef};
use crate::truth::{Truth, equals};

/// A value that may still lie in its cell.
pub(super) enum Operand<'a> {
    /// At hand.
    Scalar(Scalar<'a>),
    /// An array, as canonical JSON text.
    ArrayText(Text<'a>),
    /// An object at that path.
    Object(PathId),
}

/// The operand that `expr` yields.
pub(super) fn operand<'a, E: Env + ?Sized>(expr: &'a Expr, scope: Scope<'a, E>) -> Operand<'a> {
    match expr {
        Expr::Path(PathRef { id: Some(id), tail, .. }) if tail.is_empty() => {
            match scope.env.cell(*id) {
                Cell::Undefined => Operand::Scalar(Scalar::Undefined),
                Cell::Null => Operand::Scalar(Scalar::Null),
                Cell::Bool(value) => Operand::Scalar(Scalar::Bool(value)),
                Cell::Number(number) => Operand::Scalar(Scalar::Number(number)),
                Cell::String(text) => Operand::Scalar(Scalar::Text(text)),
                Cell::Array(text) => Operand::ArrayText(text),
                Cell::Object => Operand::Object(*id),
            }
        }
        Expr::Path(path) => Operand::Scalar(read_below(path, scope)),
        _ => Operand::Scalar(eval(expr, scope)),
    }
}

impl<'a> Operand<'a> {
    /// The kind, without a look inside.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Scalar(scalar) => scalar.kind(),
            Self::ArrayText(_) => Kind::Array,
            Self::Object(_) => Kind::Object,
        }
    }

    /// The value, with all that is inside.
    pub(super) fn into_scalar<E: Env + ?Sized>(self, scope: Scope<'a, E>) -> Scalar<'a> {
        match self {
            Self::Scalar(scalar) => scalar,
            Self::ArrayText(text) => parse_container(&text),
            Self::Object(id) => Scalar::Container(Cow::Owned(scope.env.object(id))),
        }
    }
}

/// `a = b`. Arrays still in their cells compare as canonical text, which is equal exactly when they
/// are; values of different kinds are unequal without a look inside.
pub(super) fn equal<'a, E: Env + ?Sized>(
    a: Operand<'a>,
    b: Operand<'a>,
    scope: Scope<'a, E>,
) -> Truth {
    match (&a, &b) {
        (Operand::Scalar(a), Operand::Scalar(b)) => equals(a, b),
        (Operand::ArrayText(a), Operand::ArrayText(b)) => (**a == **b).into(),
        _ => match (a.kind(), b.kind()) {
            (Kind::Undefined, _) | (_, Kind::Undefined) => Truth::Undefined,
            (kind_a, kind_b) if kind_a != kind_b => Truth::False,
            _ => equals(&a.into_scalar(scope), &b.into_scalar(scope)),
        },
    }
}

/// The value of a path with steps below the catalogue's part.
fn read_below<'a, E: Env + ?Sized>(path: &PathRef, scope: Scope<'a, E>) -> Scalar<'a> {
    let array = path.id.map(|id| scope.env.cell(id));
    match array {
        // The first step is an index, so nothing but an array has anything there.
        Some(Cell::Array(text)) => read_value(&text)
            .ok()
            .and_then(|value| take(value, &path.tail))
            .map_or(Scalar::Undefined, Scalar::from),
        _ => Scalar::Undefined,
    }
}

/// The array at `path`, parsed, if it is one.
pub(super) fn read_array<E: Env + ?Sized>(path: &PathRef, scope: Scope<'_, E>) -> Option<Value> {
    let Some(Cell::Array(text)) = path.id.map(|id| scope.env.cell(id)) else {
        return None;
    };
    let value = take(read_value(&text).ok()?, &path.tail)?;
    matches!(value, Value::Array(_)).then_some(value)
}

fn parse_container<'a>(text: &str) -> Scalar<'a> {
    // A cell's text is canonical, so it parses.
    read_value(text).map_or(Scalar::Undefined, Scalar::from)
}

/// The place `steps` below `value`, taken out of it.
fn take(value: Value, steps: &[Step]) -> Option<Value> {
    steps.iter().try_fold(value, |value, step| match (value, step) {
        (Value::Object(entries), Step::Key(key)) => {
            entries.into_iter().find(|(k, _)| **k == **key).map(|(_, v)| v)
        }
        (Value::Array(items), Step::Index(index)) => {
            items.into_iter().nth(usize::try_from(*index).ok()?)
        }
        _ => None,
    })
}

/// The place `steps` below `value`.
pub(super) fn look<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.at(*index),
    })
}
