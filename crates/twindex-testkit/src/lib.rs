//! What tests are made with: seeded generators of fleets, edits and queries, a shrinker, and the
//! comparison of an engine with the oracle.
//!
//! Everything comes from a seed and nothing else, so a number in a failure report is the whole
//! failure. [`run_campaign`] is the loop over queries, [`Case::generate`] one turn of it;
//! [`run_model`] is the loop over writes, [`History::generate`] one turn of that.

mod build;
mod campaign;
mod case;
mod compare;
mod dice;
mod generate;
mod history;
mod render;
mod shrink;
mod simulated_storage;
mod size;

pub use campaign::{Campaign, Failure, Subject, run_campaign};
pub use case::{Asked, Case, Edit, Reuse, Round, Rows};
pub use compare::{Tolerance, Tolerances, answers_equal};
pub use dice::Dice;
pub use generate::{Shape, generate_edit, generate_fleet, generate_query};
pub use history::{
    Draft, Guard, History, HubSubject, HubWrite, ModelCampaign, ModelFailure, Step, run_model,
};
pub use render::{Manner, render};
pub use shrink::{Shrinking, shrink};
pub use simulated_storage::{Calls, Fault, SimulatedStorage};
