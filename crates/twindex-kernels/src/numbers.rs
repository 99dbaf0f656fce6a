//! Narrowing by doubles: the lanes whose numbers fit no decimal frame.
//!
//! A double that is not a number matches nothing; zero and minus zero are equal.

use crate::mask::Words;
use crate::narrow::{bits_where, narrow};

/// Which ends of a range belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// `low <= x AND x <= high`.
    Closed,
    /// `low <= x AND x < high`.
    ClosedOpen,
    /// `low < x AND x <= high`.
    OpenClosed,
    /// `low < x AND x < high`.
    Open,
}

/// Keeps the rows whose number lies between `low` and `high`; a side without bound is infinite.
pub fn and_in_bounds(mask: &mut Words, numbers: &[f64], low: f64, high: f64, ends: Ends) {
    narrow(mask, numbers, |rows| {
        bits_where(rows, |row| match ends {
            Ends::Closed => low <= row && row <= high,
            Ends::ClosedOpen => low <= row && row < high,
            Ends::OpenClosed => low < row && row <= high,
            Ends::Open => low < row && row < high,
        })
    });
}
