//! A key that lies in another: in a [`Key`], or in a [`KeyList`](crate::key_list::KeyList).
//!
//! What compares keys and ranks them is written here once, whoever owns them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use twindex_model::cell::Cell;
use twindex_plan::env::Scalar;

use crate::key::{Container, Direction, Key};

pub(crate) const STRING_RANK: u8 = 4;
pub(crate) const CONTAINER_RANK: u8 = 5;

/// A borrowed value or undefined, in the total order of the language with undefined last.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyRef<'a> {
    Undefined,
    Null,
    Bool(bool),
    /// A finite number, never `-0`.
    Number(f64),
    String(&'a str),
    Container(&'a Container),
}

impl<'a> KeyRef<'a> {
    /// The same, owned.
    pub(crate) fn to_key(self) -> Key {
        match self {
            Self::Undefined => Key::Undefined,
            Self::Null => Key::Null,
            Self::Bool(value) => Key::Bool(value),
            Self::Number(number) => Key::Number(number),
            Self::String(text) => Key::String(text.into()),
            Self::Container(container) => Key::Container(Box::new(container.clone())),
        }
    }

    /// The same value as an expression's operand.
    pub(crate) fn as_scalar(self) -> Scalar<'a> {
        match self {
            Self::Undefined => Scalar::Undefined,
            Self::Null => Scalar::Null,
            Self::Bool(value) => Scalar::Bool(value),
            Self::Number(number) => Scalar::Number(number),
            Self::String(text) => Scalar::Text(text.into()),
            Self::Container(container) => Scalar::Container(Cow::Borrowed(container.value())),
        }
    }

    /// Whether there is a value at all.
    pub(crate) fn is_defined(self) -> bool {
        !matches!(self, Self::Undefined)
    }

    /// Whether the key is that of `cell`, which is no object.
    pub(crate) fn is_of_cell(self, cell: &Cell<'_>) -> bool {
        match (self, cell) {
            (Self::Undefined, Cell::Undefined) | (Self::Null, Cell::Null) => true,
            (Self::Bool(a), Cell::Bool(b)) => a == *b,
            (Self::Number(a), Cell::Number(b)) => a == *b,
            (Self::String(a), Cell::String(b)) => *a == **b,
            (Self::Container(a), Cell::Array(b)) => *a.text() == **b,
            _ => false,
        }
    }

    /// The order of `ORDER BY`: `descending` turns the total order round, undefined stays last.
    pub(crate) fn cmp_directed(self, other: Self, direction: Direction) -> Ordering {
        match direction {
            Direction::Descending if self.is_defined() && other.is_defined() => other.cmp(&self),
            _ => self.cmp(&other),
        }
    }

    /// A number that sorts as the key does in a direction, though keys that differ late may share
    /// one. Of strings `n_common` bytes at the front are left out, with which all strings that are
    /// compared so must begin.
    pub(crate) fn rank_directed(self, n_common: usize, direction: Direction) -> u128 {
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

    /// Whether all keys of one rank with it are equal to it.
    pub(crate) fn is_told_by_rank(self) -> bool {
        !matches!(self, Self::String(_) | Self::Container(_))
    }

    fn rank(self) -> u8 {
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

impl Ord for KeyRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // Finite, and never -0, so the partial order is total.
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Container(a), Self::Container(b)) => a.value().total_cmp(b.value()),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for KeyRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for KeyRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Container(a), Self::Container(b)) => a.text() == b.text(),
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for KeyRef<'_> {}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(self.rank());
        match self {
            Self::Number(number) => state.write_u64(number.to_bits()),
            Self::String(text) => text.hash(state),
            Self::Container(container) => container.text().hash(state),
            Self::Undefined | Self::Null | Self::Bool(_) => {}
        }
    }
}
