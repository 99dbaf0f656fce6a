//! Why a well-formed query is refused, and what is worth a warning: the one list of `B` and `W`
//! codes.
//!
//! Data in variants, words here. A code is stable: clients and golden files branch on it, and one
//! that is no longer given is never used for anything else.

use twindex_lang::ast::{CompareOp, Expr};
use twindex_lang::diagnostic::Diagnostic;
use twindex_lang::function::Function;
use twindex_lang::span::Span;

use crate::pattern::PatternError;

/// Why a query was refused before any twin was read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // the messages are the documentation
pub enum BindError {
    #[error("`{function}` takes {}, not {n_args}", function.entry().args_text())]
    ArgumentCount { function: Function, n_args: usize },
    #[error("unknown function `{name}`")]
    UnknownFunction { name: String },
    #[error("`{expr}` is neither grouped nor aggregated")]
    NotGrouped { expr: String },
    #[error("the aggregate `{function}` cannot stand in {clause}")]
    AggregateNotAllowed { function: Function, clause: &'static str },
    #[error("the aggregate `{inner}` cannot stand inside the aggregate `{outer}`")]
    NestedAggregate { inner: Function, outer: Function },
    #[error("`SELECT *` gives whole twins and cannot be grouped")]
    GroupedStar,
    #[error("two columns are named `{name}`")]
    DuplicateColumn { name: String },
    #[error("columns are named, not numbered")]
    NumberedColumn { clause: &'static str },
    #[error("{clause} cannot use the name `{name}`, which AS gives to a column")]
    NameNotVisible { name: String, clause: &'static str, expr: String },
    #[error("the second argument of `PERCENTILE` is no number from 0 to 1")]
    BadPercentile,
    #[error("{error}")]
    BadPattern { error: PatternError },
    #[error("bad flags of `REGEX_MATCH`: {error}")]
    BadFlags { error: PatternError },
    #[error("the argument of `AGO` is no span of time")]
    BadSpan,
    #[error("`DISTINCT` cannot stand in `{function}`")]
    DistinctNotAllowed { function: Function },
    #[error("`[*]` can only stand on the left of a comparison, LIKE, IN or BETWEEN")]
    MisplacedAny,
    #[error("the names of columns stand for too much here")]
    NamesTooLarge,
}

impl BindError {
    /// Stable code, seen by clients and golden files.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ArgumentCount { .. } => "B001",
            Self::UnknownFunction { .. } => "B002",
            Self::NotGrouped { .. } => "B003",
            Self::AggregateNotAllowed { .. } => "B004",
            Self::NestedAggregate { .. } => "B005",
            Self::GroupedStar => "B006",
            Self::DuplicateColumn { .. } => "B007",
            Self::NumberedColumn { .. } => "B008",
            Self::NameNotVisible { .. } => "B009",
            Self::BadPercentile => "B010",
            Self::BadPattern { .. } => "B011",
            Self::BadFlags { .. } => "B012",
            Self::BadSpan => "B013",
            Self::DistinctNotAllowed { .. } => "B014",
            Self::MisplacedAny => "B015",
            Self::NamesTooLarge => "B016",
        }
    }

    /// What was expected, if that can be said.
    #[must_use]
    pub fn expected(&self) -> Option<String> {
        Some(match self {
            Self::ArgumentCount { function, .. } => format!("`{}`", function.entry().signature),
            Self::UnknownFunction { .. } => "the name of a function".to_owned(),
            Self::NotGrouped { .. } => {
                "an expression of GROUP BY, an aggregate or a constant".to_owned()
            }
            Self::NestedAggregate { .. } => "an expression over one twin".to_owned(),
            Self::GroupedStar => "a list of columns".to_owned(),
            Self::DuplicateColumn { .. } => "a name for each column".to_owned(),
            Self::NumberedColumn { .. } => "an expression or the name of a column".to_owned(),
            Self::NameNotVisible { .. } => "a path into the twin".to_owned(),
            Self::BadPercentile => "a number literal from 0 to 1, such as `0.95`".to_owned(),
            Self::BadPattern { .. } => "a regular expression".to_owned(),
            Self::BadFlags { .. } => "letters of `imsx`".to_owned(),
            Self::BadSpan => {
                "text of a whole number and one of `s m h d w`, such as `'15m'`".to_owned()
            }
            Self::AggregateNotAllowed { .. } | Self::MisplacedAny | Self::NamesTooLarge => {
                return None;
            }
            Self::DistinctNotAllowed { .. } => "`COUNT(DISTINCT x)`".to_owned(),
        })
    }

    /// What to write instead, if that can be said.
    #[must_use]
    pub fn suggestion(&self) -> Option<String> {
        Some(match self {
            Self::UnknownFunction { name } => format!("`{}`", Function::nearest(name)?),
            Self::NotGrouped { expr } => format!("add `{expr}` to GROUP BY"),
            Self::AggregateNotAllowed { clause: "WHERE", .. } => "`HAVING`".to_owned(),
            Self::DuplicateColumn { .. } => "name one of them with AS".to_owned(),
            Self::NameNotVisible { expr, .. } => format!("repeat its expression: `{expr}`"),
            Self::MisplacedAny => "`ARRAY_CONTAINS(path, value)`".to_owned(),
            Self::NamesTooLarge => "use long expressions less often".to_owned(),
            _ => return None,
        })
    }

    /// The error as data for a front, at `span`.
    #[must_use]
    pub fn at(&self, span: Span) -> Diagnostic {
        Diagnostic {
            expected: self.expected(),
            suggestion: self.suggestion(),
            ..Diagnostic::new(self.code(), self.to_string(), span)
        }
    }
}

/// What is probably not meant. Never changes rows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // the messages are the documentation
pub enum BindWarning {
    #[error("`{name}` is no field of a twin, so `{path}` is undefined")]
    UnknownField { name: String, path: String, nearest: Option<String> },
    #[error("no twin has `{path}`")]
    UnknownPath { path: String, nearest: Option<String> },
    #[error("`{left} {op} {right}` compares values that never share a type")]
    TypesNeverMeet { left: String, op: &'static str, right: String },
    #[error("`{text}` is text and a time is a number, so their comparison is undefined")]
    TextAgainstTime { text: String },
    #[error("several columns would be named `{name}`, so they are named {names}")]
    ColumnsRenamed { name: String, names: String },
}

impl BindWarning {
    /// Stable code, seen by clients and golden files.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownField { .. } => "W001",
            Self::UnknownPath { .. } => "W002",
            Self::TypesNeverMeet { .. } => "W003",
            Self::TextAgainstTime { .. } => "W004",
            Self::ColumnsRenamed { .. } => "W005",
        }
    }

    /// What to write instead, if that can be said.
    #[must_use]
    pub fn suggestion(&self) -> Option<String> {
        Some(match self {
            Self::UnknownField { nearest, .. } | Self::UnknownPath { nearest, .. } => {
                format!("`{}`", nearest.as_ref()?)
            }
            Self::TextAgainstTime { text } => format!("`TIME({text})`"),
            Self::ColumnsRenamed { .. } => "name them with AS".to_owned(),
            Self::TypesNeverMeet { .. } => return None,
        })
    }

    /// The warning as data for a front, at `span`.
    #[must_use]
    pub fn at(&self, span: Span) -> Diagnostic {
        Diagnostic {
            suggestion: self.suggestion(),
            ..Diagnostic::new(self.code(), self.to_string(), span)
        }
    }
}

/// The spelling of `op`.
#[must_use]
pub fn op_text(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => "=",
        CompareOp::NotEqual => "!=",
        CompareOp::Less => "<",
        CompareOp::LessOrEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterOrEqual => ">=",
    }
}

/// Longest text of an expression in a message, in characters.
const SHOWN_CHARS_MAX: usize = 60;

/// The canonical text of `expr`, cut where it is long.
#[must_use]
pub(crate) fn shown(expr: &Expr) -> String {
    let text = expr.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        None => text,
        Some((cut, _)) => format!("{} …", &text[..cut]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_carry_code_expectation_and_suggestion() {
        let error = BindError::UnknownFunction { name: "STARTWITH".into() };
        let diagnostic = error.at(Span::new(3, 12));
        assert_eq!(diagnostic.code, "B002");
        assert_eq!(diagnostic.message, "unknown function `STARTWITH`");
        assert_eq!(diagnostic.suggestion.as_deref(), Some("`STARTSWITH`"));
        let error = BindError::ArgumentCount { function: Function::Abs, n_args: 2 };
        assert_eq!(error.to_string(), "`ABS` takes 1 argument, not 2");
    }
}
