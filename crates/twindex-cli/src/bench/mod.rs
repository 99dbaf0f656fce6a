//! Timing every class of query beside the floor of the machine.

mod cancel;
mod markdown;
mod measure;
mod report;
mod sweep;
mod world;

pub(crate) use cancel::Cancelled;
pub(crate) use markdown::write_markdown;
pub(crate) use measure::{Measured, Spans, measure};
pub(crate) use report::{Class, Report, write_json, write_table};
pub(crate) use sweep::Sweep;
pub(crate) use world::World;
