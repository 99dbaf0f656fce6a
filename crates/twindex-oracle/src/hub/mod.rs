//! A naive hub: twins as JSON values, and what a hub's operations do to them.
//!
//! Written from the published facts about hubs, one sentence after the other, and from nothing
//! else: no thought of speed, sizes or sharing. A version is a clone of the whole hub. Where the
//! facts leave something open, what is done is said where it is done.

mod checks;
mod document;
mod identity;
mod request;
mod section;
mod store;
mod twin;

pub use request::{Condition, Fault, Request, TwinId};
pub use store::Hub;
