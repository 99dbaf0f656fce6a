//! What expressions yield, and the functions over it.
//!
//! Each function file holds plain functions from scalars to scalars; which function of the language
//! calls which is said once, in [`crate::eval`].

mod array;
mod fleet;
mod helpers;
mod number;
mod order;
mod text;
mod time;
mod types;

pub(crate) use array::{contains_value, length as array_length};
pub use fleet::{drift, is_in_sync};
pub(crate) use number::{finite, of_one, of_two, parse_decimal};
pub use order::Direction;
pub(crate) use text::{
    CaseRule, concat, ends_with, index_of, length as text_length, regex_match, starts_with,
    substring, text_contains,
};
pub use time::parse_time;
pub(crate) use types::is_of;
