//! Golden files, properties and campaigns over the whole of Twindex.
//!
//! A campaign is a plain function with a seed and a size: an ordinary test calls it with the size
//! that CI can afford, a binary in `src/bin` with any other.

pub mod churn;
mod crashes;
pub mod damage;
pub mod differential;
pub mod edges;
pub mod engine_crash;
pub mod files;
pub mod forge;
pub mod fuzz;
pub mod golden;
pub mod io_faults;
pub mod late_sync;
pub mod model;
pub mod pair;
pub mod planted;
pub mod power_loss;
pub mod small_store;
pub mod swaps;
mod twins;
pub mod walks;
