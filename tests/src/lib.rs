//! Golden files, properties and campaigns over the whole of Twindex.
//!
//! A campaign is a plain function with a seed and a size: an ordinary test calls it with the size
//! that CI can afford, a binary in `src/bin` with any other.

pub mod churn;
mod crashes;
pub mod differential;
pub mod engine_crash;
pub mod files;
pub mod golden;
pub mod model;
pub mod pair;
pub mod power_loss;
pub mod swaps;
pub mod walks;
