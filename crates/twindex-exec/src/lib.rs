//! Answers a logical plan over an index: operators that narrow masks, sinks that take what is left,
//! pages and their continuation tokens.
//!
//! The way of a query: [`physical::Filter`] turns the condition into a tree of operators, one of the
//! sinks (`scan`, `top`, `group`) walks the segments with it, and [`page::execute`] hands out one
//! page. [`explain`](mod@explain) shows the same tree with estimates, and with what really happened.

mod aggregate;
mod aside;
pub mod budget;
mod by_id;
pub mod catalog_view;
mod cell_algebra;
mod column;
mod cost;
mod count;
mod distinct;
mod distinct_ordered;
mod distinct_set;
pub mod error;
mod exact_sum;
pub mod explain;
mod group;
mod group_bound;
mod group_coded;
mod group_counted;
mod group_finished;
mod group_keys;
mod group_order;
mod group_rows;
mod group_shared;
mod group_states;
mod group_strip;
mod grouped;
mod in_place;
pub mod key;
mod key_list;
mod key_ref;
#[cfg(test)]
mod laws;
mod leaf;
mod leaf_constants;
mod leaf_time;
mod numbers;
mod object_bar;
pub mod operator;
pub mod ops;
mod order;
pub mod page;
mod path_key;
pub mod physical;
mod pieces;
mod places;
mod position;
mod project;
pub mod row;
mod rows;
mod runner;
mod scan;
mod segment;
mod select;
pub mod stop;
mod strip;
pub mod term;
pub mod token;
mod top;
mod top_scan;
mod top_survey;
mod wide_sum;
mod window;

pub use budget::Budget;
pub use error::ExecError;
pub use page::{Page, Request, execute};
pub use position::{Place, Position};
pub use rows::Rows;
pub use select::select_ids;
pub use stop::Stop;
pub use token::{Token, TokenError};
