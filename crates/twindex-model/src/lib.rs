//! Twins as values: paths, kinds, cells, numbers, and JSON in and out.

pub mod cell;
pub mod etag;
pub mod json;
pub mod kind;
pub mod limits;
pub mod number;
pub mod patch;
pub mod path;
pub mod section;
pub mod value;
pub mod write_code;
