//! The query language: text to AST and back.
//!
//! Knows no twins, no index and no JSON. [`parse_statement`], [`parse_query`] and
//! [`parse_condition`] turn text into an [`ast`] or into [`Diagnostic`]s that point into the text;
//! `Display` of the AST is the canonical text, and parsing it gives the same tree again.
//!
//! The journey of a text: [`limits`] first, then the productions of `grammar` (one function each,
//! named as in `grammar/twq.ebnf` at the root of the workspace), then the pass over names, which
//! takes prefixes and aliases off paths and spells the twin's own fields as they are spelled.

#![deny(clippy::indexing_slicing)]

pub mod ast;
pub mod code;
pub mod diagnostic;
mod display;
pub mod field;
pub mod function;
pub mod fuzz;
mod grammar;
pub mod limits;
mod names;
pub mod nearest;
mod parse;
pub mod span;
pub mod split;
mod walk;

pub use diagnostic::Diagnostic;
pub use limits::Limits;
pub use nearest::nearest;
pub use parse::{parse_condition, parse_query, parse_statement};
pub use split::{is_unfinished, split_statements};
