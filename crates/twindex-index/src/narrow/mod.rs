//! Narrowing by the values of one part of a lane: numbers or texts, on masks of slots.

mod keep;
mod numbers;
mod points;
mod texts;
mod wanted;

pub(crate) use keep::keep_slots;
pub(crate) use numbers::and_numbers;
pub(crate) use texts::{and_texts, postings_of};
pub(crate) use wanted::{TextTest, WantedCodes};
