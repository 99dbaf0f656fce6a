//! Which kinds an expression can yield, and warnings about comparisons that can never hold.

use twindex_lang::ast::{self, Callee, CompareOp, Node};
use twindex_lang::function::{Family, Function};
use twindex_lang::span::Span;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::value::Value;

use super::binder::Binder;
use crate::env::Scalar;
use crate::errors::{BindWarning, op_text, shown};
use crate::expr::Expr;

const BOOLS: KindSet = KindSet::of(&[Kind::False, Kind::True]);
const NUMBERS: KindSet = KindSet::of(&[Kind::Number]);
const STRINGS: KindSet = KindSet::of(&[Kind::String]);
const ARRAYS: KindSet = KindSet::of(&[Kind::Array]);

/// A comparison as written, for its text.
pub(super) struct Meeting<'q> {
    pub(super) left: &'q ast::Expr,
    pub(super) op: CompareOp,
    pub(super) right: &'q ast::Expr,
    pub(super) span: Span,
}

impl Binder<'_> {
    /// Warns when the sides of a comparison can never share a type in which it is defined.
    pub(super) fn warn_if_apart(&mut self, meeting: &Meeting<'_>, (left, right): (&Expr, &Expr)) {
        let (a, b) = (self.kinds_of(left), self.kinds_of(right));
        for (side, kinds, other) in
            [(meeting.left, a, meeting.right), (meeting.right, b, meeting.left)]
        {
            let is_text = kinds.contains(Kind::String) && !kinds.contains(Kind::Number);
            if is_text && is_time(other) {
                self.warn(&BindWarning::TextAgainstTime { text: shown(side) }, meeting.span);
                return;
            }
        }
        let comparable = match meeting.op {
            CompareOp::Equal | CompareOp::NotEqual => KindSet::DEFINED,
            _ => BOOLS.union(NUMBERS).union(STRINGS),
        };
        let shared = types(a).intersection(types(b)).intersection(comparable);
        let is_known = |kinds: KindSet| !types(kinds).is_empty();
        if is_known(a) && is_known(b) && shared.is_empty() {
            let warning = BindWarning::TypesNeverMeet {
                left: shown(meeting.left),
                op: op_text(meeting.op),
                right: shown(meeting.right),
            };
            self.warn(&warning, meeting.span);
        }
    }

    /// The kinds `expr` can yield over the twins there are; undefined may or may not be among them.
    fn kinds_of(&self, expr: &Expr) -> KindSet {
        match expr {
            Expr::Constant(value) => kind_of(value),
            Expr::Undefined => KindSet::NONE,
            Expr::Path(path) => match path.id {
                None => KindSet::NONE,
                Some(id) if path.tail.is_empty() => self.kinds_at(id),
                Some(_) => KindSet::DEFINED,
            },
            Expr::Element(_) | Expr::Slot(_) => KindSet::DEFINED,
            Expr::Array(_) => ARRAYS,
            Expr::Negate(_) | Expr::Plus(_) | Expr::Sum(..) | Expr::Product(..) => NUMBERS,
            Expr::Call(function, _) => kinds_of_call(*function),
            _ => BOOLS,
        }
    }
}

/// The set with the Booleans as one type and without undefined.
fn types(kinds: KindSet) -> KindSet {
    let kinds = kinds.without(Kind::Undefined);
    if kinds.intersection(BOOLS).is_empty() { kinds } else { kinds.union(BOOLS) }
}

fn kind_of(value: &Value) -> KindSet {
    KindSet::of(&[Scalar::from_value(value).kind()])
}

fn kinds_of_call(function: Function) -> KindSet {
    match function {
        Function::Lower | Function::Upper | Function::Concat | Function::Substring => STRINGS,
        Function::Length
        | Function::IndexOf
        | Function::ArrayLength
        | Function::AsNumber
        | Function::Time => NUMBERS,
        Function::Drift => ARRAYS,
        _ if function.entry().family == Family::Number => NUMBERS,
        _ => BOOLS,
    }
}

/// Whether `expr` is NOW or AGO, or a sum with one.
fn is_time(expr: &ast::Expr) -> bool {
    match &expr.node {
        Node::Call(call) => {
            matches!(call.callee, Callee::Known(Function::Now | Function::Ago))
        }
        Node::Sum(first, rest) => is_time(first) || rest.iter().any(|(_, e)| is_time(e)),
        _ => false,
    }
}
