//! Timing every class of query beside the floor of the machine.

mod floor;
mod measure;
mod report;

pub(crate) use floor::Floors;
pub(crate) use measure::{Measured, measure};
pub(crate) use report::{Report, write_json, write_table};
