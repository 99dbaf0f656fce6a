//! Truth, null, missing and mixed types: the one place that says what a comparison gives.
//!
//! This file is section 4 of the language page as code. Conditions are true, false or undefined,
//! and AND, OR and NOT are Kleene's. A two-valued logic with a separate "defined" flag was
//! rejected: it spreads the table over every caller.

use std::cmp::Ordering;

use twindex_lang::ast::CompareOp;
use twindex_planted::{Fault, planted};

use crate::env::Scalar;

/// The value of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// Holds.
    True,
    /// Does not hold.
    False,
    /// Cannot be said: something is missing or of another type.
    Undefined,
}

impl Truth {
    /// All three.
    pub const ALL: [Self; 3] = [Self::True, Self::False, Self::Undefined];

    /// Kleene AND.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Undefined,
        }
    }

    /// Kleene OR.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Undefined,
        }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    /// Kleene NOT.
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undefined if planted(Fault::NotUndefinedTrue) => Self::True,
            Self::Undefined => Self::Undefined,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl From<&Scalar<'_>> for Truth {
    /// An operand that is not a Boolean counts as undefined.
    fn from(scalar: &Scalar<'_>) -> Self {
        scalar.as_bool().map_or(Self::Undefined, Self::from)
    }
}

impl From<Truth> for Scalar<'_> {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Scalar::Bool(true),
            Truth::False => Scalar::Bool(false),
            Truth::Undefined => Scalar::Undefined,
        }
    }
}

/// `a = null` with the literal `null`: never undefined.
#[must_use]
pub fn is_nullish(a: &Scalar<'_>) -> bool {
    matches!(a, Scalar::Undefined | Scalar::Null)
}

/// `a = b`: JSON equality, undefined if a side is.
#[must_use]
pub fn equals(a: &Scalar<'_>, b: &Scalar<'_>) -> Truth {
    if (a.is_undefined() || b.is_undefined()) && !planted(Fault::MissingUnequal) {
        return Truth::Undefined;
    }
    a.json_eq(b).into()
}

/// `a op b` where no side is the literal `null`.
#[must_use]
pub fn compare(a: &Scalar<'_>, op: CompareOp, b: &Scalar<'_>) -> Truth {
    match op {
        CompareOp::Equal => equals(a, b),
        CompareOp::NotEqual => !equals(a, b),
        CompareOp::Less
        | CompareOp::LessOrEqual
        | CompareOp::Greater
        | CompareOp::GreaterOrEqual => {
            a.partial_order(b).map_or(Truth::Undefined, |ordering| meets(ordering, op).into())
        }
    }
}

/// Whether two values in `ordering` satisfy `op`.
#[must_use]
pub fn meets(ordering: Ordering, op: CompareOp) -> bool {
    match op {
        CompareOp::Equal => ordering.is_eq(),
        CompareOp::NotEqual => ordering.is_ne(),
        CompareOp::Less => ordering.is_lt(),
        CompareOp::LessOrEqual => ordering.is_le(),
        CompareOp::Greater => ordering.is_gt(),
        CompareOp::GreaterOrEqual => ordering.is_ge(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// De Morgan, commutativity, associativity, distributivity and double negation: what the
    /// rewrite rules rest on.
    #[test]
    fn kleene_laws_hold_for_all_values() {
        for a in Truth::ALL {
            assert_eq!(!!a, a);
            assert_eq!(a.and(Truth::True), a);
            assert_eq!(a.or(Truth::False), a);
            assert_eq!(a.and(Truth::False), Truth::False);
            assert_eq!(a.or(Truth::True), Truth::True);
            for b in Truth::ALL {
                assert_eq!(a.and(b), b.and(a));
                assert_eq!(a.or(b), b.or(a));
                assert_eq!(!a.and(b), (!a).or(!b));
                assert_eq!(!a.or(b), (!a).and(!b));
                for c in Truth::ALL {
                    assert_eq!(a.and(b).and(c), a.and(b.and(c)));
                    assert_eq!(a.or(b).or(c), a.or(b.or(c)));
                    assert_eq!(a.and(b.or(c)), a.and(b).or(a.and(c)));
                }
            }
        }
    }

    #[test]
    fn undefined_and_true_stays_undefined_yet_false_decides() {
        assert_eq!(Truth::Undefined.and(Truth::True), Truth::Undefined);
        assert_eq!(Truth::Undefined.and(Truth::False), Truth::False);
        assert_eq!(Truth::Undefined.or(Truth::True), Truth::True);
        assert_eq!(!Truth::Undefined, Truth::Undefined);
    }

    #[test]
    fn different_types_are_unequal_and_unordered() {
        let (one, text) = (Scalar::Number(1.0), Scalar::String("1".into()));
        assert_eq!(compare(&one, CompareOp::Equal, &text), Truth::False);
        assert_eq!(compare(&one, CompareOp::NotEqual, &text), Truth::True);
        assert_eq!(compare(&one, CompareOp::Less, &text), Truth::Undefined);
        assert_eq!(compare(&Scalar::Null, CompareOp::LessOrEqual, &Scalar::Null), Truth::Undefined);
    }
}
