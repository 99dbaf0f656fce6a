//! Why a query was refused, as data: code, message, place, expectation, suggestion.
//!
//! Parsing and binding both speak this type, so a front draws one thing.

use crate::span::Span;

/// One reason why a query was refused, or a warning about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Diagnostic {
    /// Stable code: `P…` syntax, `B…` binding, `X…` execution, `W…` warning. Never reused.
    pub code: &'static str,
    /// What is wrong, in plain words: lower case, no full stop, names in backticks.
    pub message: String,
    /// The place in the query text.
    pub span: Span,
    /// What was expected there, if that can be said.
    pub expected: Option<String>,
    /// What to write instead, if that can be said.
    pub suggestion: Option<String>,
}
