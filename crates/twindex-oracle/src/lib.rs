//! A naive evaluator of queries over JSON values: the judge of the engine.
//!
//! It shares nothing with the engine but the AST: its own equality, total order, number text, path
//! selection, functions and column names, each written as the language page says it, one sentence
//! after the other, with no thought of speed. Where the two differ, one of them misread the page.
//!
//! [`Hub`] holds the twins that a hub's operations make, by its own reading of the facts about hubs.
//! [`answer`] runs a query over a [`World`]. What the page calls an error found before any twin is
//! read is a [`Refusal`]; the rest of the binder's checks are the engine's business.

mod aggregate;
mod check;
mod drift;
mod exact_sum;
mod expr;
mod functions;
mod hub;
mod literal;
mod names;
mod path;
mod pattern;
mod query;
mod time;
mod value;
mod world;

pub use check::{Refusal, check};
pub use hub::{Condition, Fault, Hub, Request, TwinId};
pub use query::answer;
pub use value::{equal, is_number_text, number_text, to_text, total_order};
pub use world::{Answer, RowKind, World};
