//! Values as keys: of groups, of sorting, of distinct counting, of positions in pages.
//!
//! A key owns its value, hashes, and sorts in the language's total order with undefined last. A
//! container carries its canonical text, which makes equality and hashing flat; its value is kept
//! for the order alone.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use twindex_model::cell::Cell;
use twindex_model::json::read::read_value;
use twindex_model::number::write_number;
use twindex_model::value::{Value, write_json_string};
use twindex_plan::env::Scalar;

use crate::key_ref::{CONTAINER_RANK, KeyRef, STRING_RANK};

/// An owned value or undefined.
#[derive(Clone, Debug)]
pub enum Key {
    /// No value.
    Undefined,
    /// JSON `null`.
    Null,
    /// A Boolean.
    Bool(bool),
    /// A finite number, never `-0`.
    Number(f64),
    /// A string. Many states of groups may have seen one of few, so a copy shares it.
    String(Arc<str>),
    /// An array or object.
    Container(Box<Container>),
}

/// An array or object with its canonical text.
#[derive(Clone, Debug)]
pub struct Container {
    text: Box<str>,
    value: Value,
}

impl Container {
    /// The canonical text, by which equal ones are told.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The value.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// Bytes on the heap, about: its text, and its value as a tree.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.text.len() * 4
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }
}

impl Key {
    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Container(container) => size_of::<Container>() + container.heap_bytes(),
            _ => 0,
        }
    }

    /// The key of a number; `-0` becomes `0`, what is not finite becomes undefined.
    #[must_use]
    pub fn number(number: f64) -> Self {
        if number.is_finite() {
            // Adding zero turns -0 into 0 and changes nothing else.
            Self::Number(number + 0.0)
        } else {
            Self::Undefined
        }
    }

    /// The key of a value.
    #[must_use]
    pub fn of_value(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::number(number),
            Value::String(text) => Self::String(text.into()),
            value @ (Value::Array(_) | Value::Object(_)) => Self::Container(Box::new(Container {
                text: value.to_canonical_text().into_boxed_str(),
                value,
            })),
        }
    }

    /// The key of what an expression yields.
    #[must_use]
    pub fn of_scalar(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Undefined => Self::Undefined,
            Scalar::Null => Self::Null,
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Number(number) => Self::number(number),
            Scalar::Text(text) => Self::String(Arc::from(&*text)),
            Scalar::String(text) => Self::String(text.into()),
            Scalar::Container(value) => Self::of_value(value.into_owned()),
        }
    }

    /// The key of a cell; `object` is asked for the value where the cell is an object.
    #[must_use]
    pub fn of_cell(cell: &Cell<'_>, object: impl FnOnce() -> Option<Value>) -> Self {
        match cell {
            Cell::Undefined => Self::Undefined,
            Cell::Null => Self::Null,
            Cell::Bool(value) => Self::Bool(*value),
            Cell::Number(number) => Self::Number(*number),
            Cell::String(text) => Self::String(Arc::from(&**text)),
            Cell::Array(text) => Self::of_canonical_text(text),
            Cell::Object => object().map_or(Self::Undefined, Self::of_value),
        }
    }

    /// Hashes a cell as its key would be, so that a key is found without being made.
    pub(crate) fn hash_cell<H: Hasher>(cell: &Cell<'_>, state: &mut H) {
        match cell {
            Cell::Undefined => Self::Undefined.hash(state),
            Cell::Null => Self::Null.hash(state),
            Cell::Bool(value) => Self::Bool(*value).hash(state),
            Cell::Number(number) => Self::Number(*number).hash(state),
            Cell::String(text) => {
                state.write_u8(STRING_RANK);
                (**text).hash(state);
            }
            Cell::Array(text) => {
                state.write_u8(CONTAINER_RANK);
                (**text).hash(state);
            }
            // An object's key depends on what it holds, so there is nothing to find.
            Cell::Object => {}
        }
    }

    /// The key of a container by its canonical text.
    fn of_canonical_text(text: &str) -> Self {
        // Lanes hold only text that was printed from a value, so reading it back cannot fail.
        read_value(text).map_or(Self::Undefined, |value| {
            Self::Container(Box::new(Container { text: Box::from(text), value }))
        })
    }

    /// The same, borrowed.
    #[inline]
    pub(crate) fn borrowed(&self) -> KeyRef<'_> {
        match self {
            Self::Undefined => KeyRef::Undefined,
            Self::Null => KeyRef::Null,
            Self::Bool(value) => KeyRef::Bool(*value),
            Self::Number(number) => KeyRef::Number(*number),
            Self::String(text) => KeyRef::String(text),
            Self::Container(container) => KeyRef::Container(container),
        }
    }

    /// The same value as an expression's operand.
    #[must_use]
    pub fn as_scalar(&self) -> Scalar<'_> {
        self.borrowed().as_scalar()
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Container(of) if of.is_object())
    }

    /// Whether there is a value at all.
    #[must_use]
    pub fn is_defined(&self) -> bool {
        !matches!(self, Self::Undefined)
    }

    /// Appends the value as canonical JSON text; false, and nothing appended, if undefined.
    pub fn write_json(&self, out: &mut String) -> bool {
        match self {
            Self::Undefined => return false,
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => write_number(out, *number),
            Self::String(text) => write_json_string(out, text),
            Self::Container(container) => out.push_str(&container.text),
        }
        true
    }

    /// The order of `ORDER BY`: `descending` turns the total order round, undefined stays last.
    #[must_use]
    pub fn cmp_directed(&self, other: &Self, direction: Direction) -> Ordering {
        self.borrowed().cmp_directed(other.borrowed(), direction)
    }
}

/// Which way a sort key runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Least first.
    Ascending,
    /// Greatest first.
    Descending,
}

impl Direction {
    /// The direction of a logical sort key.
    #[must_use]
    pub fn of(key: &twindex_plan::logical::OrderKey) -> Self {
        if key.descending { Self::Descending } else { Self::Ascending }
    }
}

/// Compares key by key, each in its direction; missing directions are ascending.
#[must_use]
pub fn cmp_keys(a: &[Key], b: &[Key], directions: &[Direction]) -> Ordering {
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        let direction = directions.get(i).copied().unwrap_or(Direction::Ascending);
        let ordering = x.cmp_directed(y, direction);
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.borrowed().cmp(&other.borrowed())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.borrowed() == other.borrowed()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Direction, Hasher, Key};
    use std::hash::BuildHasher as _;
    use twindex_model::json::read::read_value;

    fn key(text: &str) -> Key {
        Key::of_value(read_value(text).expect("test JSON"))
    }

    #[test]
    fn total_order_has_undefined_last_both_ways() {
        let ascending = [
            key("null"),
            key("false"),
            key("true"),
            key("-1"),
            key("2"),
            key(r#""""#),
            key(r#""a""#),
            key("[]"),
            key("[1]"),
            key("{}"),
            Key::Undefined,
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a:?} {b:?}");
                assert_eq!(a == b, i == j);
                let turned = if i == 10 || j == 10 { i.cmp(&j) } else { j.cmp(&i) };
                assert_eq!(a.cmp_directed(b, Direction::Descending), turned);
            }
        }
    }

    #[test]
    fn ranks_sort_as_keys_do() {
        let texts = ["x", "xa", "xb", "xaaaaaaaaa", "xaaaaaaaab", "x\u{0}"];
        let mut keys: Vec<Key> = texts.map(|text| Key::String(text.into())).to_vec();
        let numbers = [-1e300, -1.5, 0.0, 5e-324, 1.0, 1.0 + f64::EPSILON, f64::MAX];
        keys.extend(numbers.map(Key::Number));
        keys.extend(["null", "false", "true", "[1]", "[]", "{}"].map(key));
        keys.push(Key::Undefined);
        for direction in [Direction::Ascending, Direction::Descending] {
            for (a, b) in keys.iter().flat_map(|a| keys.iter().map(move |b| (a, b))) {
                let ranks = [a, b].map(|key| key.borrowed().rank_directed(1, direction));
                let ordering = ranks[0].cmp(&ranks[1]);
                assert!(
                    ordering.is_eq() || ordering == a.cmp_directed(b, direction),
                    "{a:?} {b:?}"
                );
                let is_told = ordering.is_eq() && a.borrowed().is_told_by_rank();
                assert!(!is_told || a == b, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn cells_are_found_by_the_hash_of_their_keys() {
        let state = foldhash::fast::RandomState::default();
        let cells = [
            Cell::Undefined,
            Cell::Null,
            Cell::Bool(true),
            Cell::Number(1.5),
            Cell::String("x".into()),
            Cell::Array("[1]".into()),
        ];
        for (i, cell) in cells.iter().enumerate() {
            let mut hasher = state.build_hasher();
            Key::hash_cell(cell, &mut hasher);
            let key = Key::of_cell(cell, || None);
            assert_eq!(hasher.finish(), state.hash_one(&key), "{cell:?}");
            for (j, other) in cells.iter().enumerate() {
                assert_eq!(key.borrowed().is_of_cell(other), i == j);
            }
        }
    }

    #[test]
    fn objects_are_equal_whatever_the_order_of_keys() {
        assert_eq!(key(r#"{"a":1,"b":[2]}"#), key(r#"{"b":[2.0],"a":1e0}"#));
        assert_eq!(Key::number(-0.0), key("0"));
        assert!(!Key::number(f64::INFINITY).is_defined());
    }
}
