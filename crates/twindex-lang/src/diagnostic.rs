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

impl Diagnostic {
    /// A diagnostic that neither expects nor suggests anything; see the fields.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { code, message: message.into(), span, expected: None, suggestion: None }
    }

    /// The same with what was expected.
    #[must_use]
    pub fn expecting(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    /// The same with what to write instead.
    #[must_use]
    pub fn suggesting(self, suggestion: impl Into<String>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }
}
