//! From AST to logical plan: names and types are bound, conditions normalised, errors found before
//! any twin is read.
//!
//! Sees data only through [`catalog_view::CatalogView`] and rows only through [`env::Env`], both
//! implemented above it.

pub mod catalog_view;
pub mod env;
pub mod expr;
pub mod logical;
pub mod pattern;
