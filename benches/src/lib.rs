//! What the criterion groups share: the fleet they run on, and its size.
//!
//! See `README.md` beside this package for how to run them and how to read what they print.

mod world;

pub use world::{Size, World, fleet_text};
