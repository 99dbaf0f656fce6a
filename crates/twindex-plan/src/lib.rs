//! From AST to logical plan: names and types are bound, conditions normalised, errors found before
//! any twin is read.
//!
//! Sees data only through [`catalog_view::CatalogView`] and rows only through [`env::Env`], both
//! implemented above it. The journey of a query here: [`bind()`] gives a [`logical::LogicalPlan`],
//! [`optimize`] rewrites it by the rules of [`rules`], [`explain`] prints either, and [`eval`]
//! says what an expression yields over a row; its truth table is [`truth`].

pub mod bind;
pub mod catalog_view;
pub mod display;
pub mod env;
pub mod errors;
pub mod eval;
pub mod explain;
pub mod expr;
mod like;
pub mod logical;
pub mod pattern;
pub mod rules;
pub mod scalar;
#[cfg(test)]
mod testing;
pub mod truth;

pub use bind::bind;
pub use rules::{optimize, optimize_with_steps};
