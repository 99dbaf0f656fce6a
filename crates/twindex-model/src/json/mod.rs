//! JSON in and out.
//!
//! [`reader::LeavesReader`] turns the text of one document into [`read::Leaves`]; [`twin`] says
//! what makes a document a twin and how a line of a registry export becomes one.

mod array;
mod duplicates;
pub mod error;
mod hub_limits;
mod integers;
mod pass;
pub(crate) mod patch_rules;
pub mod read;
pub mod reader;
pub mod steps;
mod tree;
pub mod twin;
pub mod warning;
