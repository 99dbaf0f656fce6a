//! Lanes: the values of one path in one segment.
//!
//! A lane keeps which rows have which kind ([`kind`]), and the values of numbers, strings and
//! arrays in a part of their own each. Parts are indexed by *slot*: the row in a dense lane, the
//! rank among the rows that have the path in a sparse one.

pub(crate) mod append;
pub(crate) mod asked;
pub(crate) mod bits;
pub(crate) mod cells;
pub(crate) mod codes;
mod fetch;
pub(crate) mod frame;
pub(crate) mod kind;
pub(crate) mod number;
pub(crate) mod plane;
pub(crate) mod raw;
pub(crate) mod row_stamps;
pub(crate) mod stamp;
pub(crate) mod stamp_code;
pub(crate) mod string;
pub(crate) mod tidy;
pub(crate) mod time;
pub(crate) mod time_range;
pub(crate) mod wide;

pub(crate) use cells::{Lane, Reading};
