//! Narrowing by two columns of the same segment: drift, `desired.x != reported.x`, `a < b`.
//!
//! Codes compare as numbers whatever their widths, since both lanes share one dictionary or frame;
//! translating one lane into the other's codes was measured four times slower.

use crate::codes::Code;
use crate::mask::Words;
use crate::narrow::{bits_where_pair, narrow_pair};

/// How the left column must stand to the right one. The other two orders swap the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `a < b`.
    Less,
    /// `a <= b`.
    LessOrEqual,
    /// `a = b`.
    Equal,
    /// `a != b`.
    NotEqual,
}

/// Keeps the rows with equal codes; rows past the shorter column are cleared.
pub fn and_columns_equal<A: Code, B: Code>(mask: &mut Words, a: &[A], b: &[B]) {
    and_columns(mask, a, b, Relation::Equal);
}

/// Keeps the rows with equal numbers; rows past the shorter column are cleared.
pub fn and_columns_equal_f64(mask: &mut Words, a: &[f64], b: &[f64]) {
    and_columns_f64(mask, a, b, Relation::Equal);
}

/// Keeps the rows whose codes stand in `relation`; rows past the shorter column are cleared.
pub fn and_columns<A: Code, B: Code>(mask: &mut Words, a: &[A], b: &[B], relation: Relation) {
    narrow_pair(mask, a, b, |a, b| {
        bits_where_pair(a, b, |a, b| {
            let (a, b): (u32, u32) = (a.into(), b.into());
            match relation {
                Relation::Less => a < b,
                Relation::LessOrEqual => a <= b,
                Relation::Equal => a == b,
                Relation::NotEqual => a != b,
            }
        })
    });
}

/// Keeps the rows whose numbers stand in `relation`; rows past the shorter column are cleared.
pub fn and_columns_f64(mask: &mut Words, a: &[f64], b: &[f64], relation: Relation) {
    narrow_pair(mask, a, b, |a, b| {
        bits_where_pair(a, b, |a, b| match relation {
            Relation::Less => a < b,
            Relation::LessOrEqual => a <= b,
            Relation::Equal => a == b,
            Relation::NotEqual => a != b,
        })
    });
}
