//! What the language has and this version has not: recognised, so that the answer is a clear one.

use super::context::{Cx, Failed, Parsed, failure};
use super::lex::split_name;
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// Functions, in both spellings where there are two.
const FUNCTIONS: [&str; 6] = ["MATCH", "SCORE", "IN_GROUP", "INGROUP", "HAS_MODULE", "HASMODULE"];

/// First words of statements.
const STATEMENTS: [&str; 5] = ["SHOW", "DESCRIBE", "WHY", "CREATE", "DROP"];

/// The diagnostic for `what`, which is at `span`.
pub(crate) fn not_available(what: &str, span: Span) -> Diagnostic {
    Diagnostic::new(code::NOT_AVAILABLE, format!("{what} not available yet"), span)
}

/// Fails if `input` begins with `$name`, a parameter.
pub(super) fn parameter<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, ()> {
    if !input.starts_with('$') {
        return Ok((input, ()));
    }
    let (text, _) = leading_name(input);
    if text.len() < 2 {
        return Ok((input, ()));
    }
    Err(failure(not_available("parameters such as `$name` are", cx.span_of(input, text))))
}

/// Fails if `called` is a function of a later version; `input` begins with it.
pub(super) fn function(cx: Cx<'_>, input: &str, called: &str) -> Result<(), nom::Err<Failed>> {
    match FUNCTIONS.iter().find(|name| name.eq_ignore_ascii_case(called)) {
        Some(name) => {
            Err(failure(not_available(&format!("`{name}` is"), cx.span_of(input, called))))
        }
        None => Ok(()),
    }
}

/// Fails if `input` begins with a statement of a later version.
pub(super) fn statement<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, ()> {
    let (word, _) = leading_name(input);
    match STATEMENTS.iter().find(|name| name.eq_ignore_ascii_case(word)) {
        Some(name) => {
            let what = format!("the statement `{name}` is");
            Err(failure(not_available(&what, cx.span_of(input, word))))
        }
        None => Ok((input, ())),
    }
}

/// The name that begins `input`, which may be empty, and what follows. Looking ahead with it leaves
/// no trace in the record of what was expected.
pub(super) fn leading_name(input: &str) -> (&str, &str) {
    split_name(input)
}
