//! The laws of the index, over its public interface: what goes in comes out, whatever the
//! encodings, and every short cut says what the cells say.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

mod arb;
mod assembling;
mod bulk;
mod churn;
mod durable;
mod filters;
mod groups;
mod histories;
mod many;
mod merges;
mod sorted_ids;
mod version_bulk;
mod versions;
mod world;
mod writes;
