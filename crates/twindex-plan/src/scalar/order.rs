//! Equality and order of scalars: within a type for comparisons, total for sorting and groups.

use std::cmp::Ordering;

use crate::env::Scalar;

impl Scalar<'_> {
    /// JSON equality: same type and same value, numbers by value, objects regardless of key order.
    /// Two undefined are equal here; [`crate::truth::equals`] knows better.
    #[must_use]
    pub fn json_eq(&self, other: &Scalar<'_>) -> bool {
        self.total_order(other).is_eq()
    }

    /// The order of two numbers, two strings or two Booleans; `None` for anything else.
    #[must_use]
    pub fn partial_order(&self, other: &Scalar<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(a), Scalar::Number(b)) => a.partial_cmp(b),
            (Self::Bool(a), Scalar::Bool(b)) => Some(a.cmp(b)),
            // Bytes of UTF-8 order as code points do.
            _ => Some(self.as_str()?.cmp(other.as_str()?)),
        }
    }

    /// The language's total order: null < false < true < numbers < strings < arrays < objects <
    /// undefined. The caller of a descending sort keeps undefined last by itself.
    #[must_use]
    pub fn total_order(&self, other: &Scalar<'_>) -> Ordering {
        if let Some(ordering) = self.partial_order(other) {
            return ordering;
        }
        match (self, other) {
            (Self::Container(a), Scalar::Container(b)) => a.total_cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// The order of ORDER BY: the total order, turned round if `descending`, undefined last in both.
    #[must_use]
    pub fn sort_order(&self, other: &Scalar<'_>, direction: Direction) -> Ordering {
        match (self.is_undefined(), other.is_undefined()) {
            (false, false) if direction == Direction::Descending => other.total_order(self),
            _ => self.total_order(other),
        }
    }

    /// Place of the type in the total order; arrays and objects are told apart by their values.
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) | Self::String(_) => 3,
            Self::Container(_) => 4,
            Self::Undefined => 5,
        }
    }
}

/// `ASC` or `DESC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Least first.
    Ascending,
    /// Greatest first.
    Descending,
}

#[cfg(test)]
mod tests {
    use super::*;
    use twindex_model::value::Value;

    fn ladder() -> Vec<Scalar<'static>> {
        vec![
            Scalar::Null,
            Scalar::Bool(false),
            Scalar::Bool(true),
            Scalar::Number(-1.5),
            Scalar::Number(2.0),
            Scalar::String(String::new()),
            Scalar::String("a".into()),
            // Above every UTF-16 surrogate pair by code unit, below them by code point.
            Scalar::Text("\u{FFFD}".into()),
            Scalar::Text("\u{10000}".into()),
            Value::Array(vec![]).into(),
            Value::Array(vec![Value::Null]).into(),
            Value::Array(vec![Value::Number(1.0)]).into(),
            Value::Object(vec![]).into(),
            Value::Object(vec![("a".into(), Value::Null)]).into(),
            Scalar::Undefined,
        ]
    }

    #[test]
    fn total_order_follows_the_ladder() {
        let ladder = ladder();
        for (i, a) in ladder.iter().enumerate() {
            for (j, b) in ladder.iter().enumerate() {
                assert_eq!(a.total_order(b), i.cmp(&j), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn undefined_is_last_in_both_directions() {
        let undefined = Scalar::Undefined;
        for a in &ladder()[..14] {
            for direction in [Direction::Ascending, Direction::Descending] {
                assert!(a.sort_order(&undefined, direction).is_lt());
                assert!(undefined.sort_order(a, direction).is_gt());
            }
        }
        let (one, two) = (Scalar::Number(1.0), Scalar::Number(2.0));
        assert!(one.sort_order(&two, Direction::Descending).is_gt());
    }

    #[test]
    fn minus_zero_equals_zero_and_objects_ignore_key_order() {
        assert!(Scalar::Number(-0.0).json_eq(&Scalar::Number(0.0)));
        let object = |keys: [&str; 2]| {
            let entries = keys.map(|k| (k.to_owned(), Value::String(k.to_owned())));
            Scalar::from(Value::Object(entries.to_vec()))
        };
        assert!(object(["a", "b"]).json_eq(&object(["b", "a"])));
    }
}
