//! Digital twins: published examples, updates, laws.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

mod golden;
mod laws;
mod update;
