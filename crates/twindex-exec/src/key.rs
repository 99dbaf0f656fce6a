//! Values as keys: of groups, of sorting, of distinct counting, of positions in pages.
//!
//! A key owns its value, hashes, and sorts in the language's total order with undefined last. A
//! container carries its canonical text, which makes equality and hashing flat; its value is kept
//! for the order alone.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use twindex_model::cell::Cell;
use twindex_model::json::read::read_value;
use twindex_model::number::write_number;
use twindex_model::value::{Value, write_json_string};
use twindex_plan::env::Scalar;

const STRING_RANK: u8 = 4;
const CONTAINER_RANK: u8 = 5;

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
    /// A string.
    String(Box<str>),
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
            // Its text, and its value as a tree.
            Self::Container(container) => size_of::<Container>() + container.text.len() * 4,
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
            Value::String(text) => Self::String(text.into_boxed_str()),
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
            Scalar::Text(text) => Self::String(Box::from(&*text)),
            Scalar::String(text) => Self::String(text.into_boxed_str()),
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
            Cell::String(text) => Self::String(Box::from(&**text)),
            Cell::Array(text) => Self::of_canonical_text(text),
            Cell::Object => object().map_or(Self::Undefined, Self::of_value),
        }
    }

    /// Whether the key is that of `cell`, which is no object.
    pub(crate) fn is_of_cell(&self, cell: &Cell<'_>) -> bool {
        match (self, cell) {
            (Self::Undefined, Cell::Undefined) | (Self::Null, Cell::Null) => true,
            (Self::Bool(a), Cell::Bool(b)) => a == b,
            (Self::Number(a), Cell::Number(b)) => a == b,
            (Self::String(a), Cell::String(b)) => **a == **b,
            (Self::Container(a), Cell::Array(b)) => *a.text == **b,
            _ => false,
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

    /// The same value as an expression's operand.
    #[must_use]
    pub fn as_scalar(&self) -> Scalar<'_> {
        match self {
            Self::Undefined => Scalar::Undefined,
            Self::Null => Scalar::Null,
            Self::Bool(value) => Scalar::Bool(*value),
            Self::Number(number) => Scalar::Number(*number),
            Self::String(text) => Scalar::Text((&**text).into()),
            Self::Container(container) => {
                Scalar::Container(std::borrow::Cow::Borrowed(&container.value))
            }
        }
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
        match direction {
            Direction::Descending if self.is_defined() && other.is_defined() => other.cmp(self),
            _ => self.cmp(other),
        }
    }

    /// A number that sorts as the key does in a direction, though keys that differ late may share
    /// one. Of strings `n_common` bytes at the front are left out, with which all strings that are
    /// compared so must begin.
    pub(crate) fn rank_directed(&self, n_common: usize, direction: Direction) -> u128 {
        /// Bits that the rank of a kind leaves.
        const VALUE_BITS: u32 = 125;
        const VALUES: u128 = (1 << VALUE_BITS) - 1;
        let value = match self {
            Self::Number(number) => {
                let bits = number.to_bits();
                u128::from(if bits >> 63 == 1 { !bits } else { bits | 1 << 63 })
            }
            Self::String(text) => {
                let rest = text.as_bytes().get(n_common..).unwrap_or_default();
                let mut first = [0; 16];
                let n = rest.len().min(first.len());
                first[..n].copy_from_slice(&rest[..n]);
                u128::from_be_bytes(first) >> (u128::BITS - VALUE_BITS)
            }
            _ => 0,
        };
        let rank = u128::from(self.rank()) << VALUE_BITS | value;
        let greatest = u128::from(CONTAINER_RANK) << VALUE_BITS | VALUES;
        match direction {
            Direction::Descending if self.is_defined() => greatest - rank,
            _ => rank,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Number(_) => 3,
            Self::String(_) => STRING_RANK,
            Self::Container(_) => CONTAINER_RANK,
            Self::Undefined => 6,
        }
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
        match (self, other) {
            // Finite, and never -0, so the partial order is total.
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Container(a), Self::Container(b)) => a.value.total_cmp(&b.value),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Container(a), Self::Container(b)) => a.text == b.text,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(self.rank());
        match self {
            Self::Number(number) => state.write_u64(number.to_bits()),
            Self::String(text) => text.hash(state),
            Self::Container(container) => container.text.hash(state),
            Self::Undefined | Self::Null | Self::Bool(_) => {}
        }
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
                let ranks = [a, b].map(|key| key.rank_directed(1, direction));
                let ordering = ranks[0].cmp(&ranks[1]);
                assert!(
                    ordering.is_eq() || ordering == a.cmp_directed(b, direction),
                    "{a:?} {b:?}"
                );
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
                assert_eq!(key.is_of_cell(other), i == j);
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
