//! Device twins as the digital twins of IoT Plug and Play, and back.
//!
//! A device twin says *desired* and *reported*; a digital twin says *properties* of *components*,
//! each with its value, what was wished for, and what the device answered. The first holds all
//! that the second does, so nothing is kept twice: [`digital_twin`] converts when it is asked to,
//! [`apply_json_patch`] turns an update of the digital twin into a merge patch of desired, and
//! [`change_events`] tells a change of the device twin in terms of the digital one.
//!
//! JSON is the subject here, so values are [`serde_json::Value`]s. No model of a device is
//! consulted, as a hub consults none: only the conventions count.

mod ack;
mod change;
mod convert;
mod error;
mod events;
mod rules;
mod update;
mod view;

pub use change::{Change, ChangeKind, advance};
pub use convert::digital_twin;
pub use error::{PnpError, Reason};
pub use events::{change_events, events_between};
pub use update::apply_json_patch;
