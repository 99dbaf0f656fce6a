//! What the criterion groups share: the fleet they run on, and its size.
//!
//! See `README.md` beside this package for how to run them and how to read what they print.

// Benches are programs that print figures.
#![allow(clippy::print_stdout)]

mod cpu;
mod ratios;
mod world;

pub use cpu::cpu_time;
pub use ratios::Ratios;
pub use world::{Size, device_ids, fill, fleet_text, load};
