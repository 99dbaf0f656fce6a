//! The query language: text to AST and back.
//!
//! Knows no twins, no index and no JSON. [`parse`] turns text into an [`ast::Statement`] or into
//! diagnostics that point into the text; `Display` of the AST is the canonical text, and parsing it
//! gives the same tree again.

pub mod ast;
pub mod diagnostic;
pub mod function;
pub mod span;
