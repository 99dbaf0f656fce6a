//! Laws of the store: what was synced is read again whatever happens to the rest, and damage is
//! never taken for an end.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // A panic is how a test fails.

mod backup;
mod checkpoint;
mod damage;
mod directory;
mod log;
