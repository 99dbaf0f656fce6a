//! Real twins come in: every form of input, what is refused and forgiven, strict loading, and that
//! what went in comes out.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

mod arb;
mod bad;
mod forms;
mod kept;
mod mangled;
mod numbers;
mod round_trip;
mod strict;
mod support;
