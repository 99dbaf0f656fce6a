//! JSON in and out.

pub mod read;
