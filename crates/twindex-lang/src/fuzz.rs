//! What a fuzzer calls: a plain function, so that it is an ordinary test too.

use crate::ast::Statement;
use crate::limits::Limits;
use crate::{is_unfinished, parse_condition, parse_statement, split_statements};

/// Parses `data` as whatever it may be, and checks what must hold of any text.
///
/// Bytes that are no UTF-8 are replaced. What parses must print and parse to the same tree; what
/// does not must say why, within the text.
///
/// # Panics
/// When a law is broken: that is what the fuzzer looks for.
pub fn fuzz_parse(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let limits = Limits::unlimited();
    let statement = parse_statement(&text, &limits);
    let condition = parse_condition(&text, &limits).map(Statement::Query);
    for parsed in [statement, condition] {
        match parsed {
            Ok(statement) => check_round_trip(&statement),
            Err(diagnostics) => {
                assert!(!diagnostics.is_empty(), "refused without a reason");
                for diagnostic in diagnostics {
                    let span = diagnostic.span.from as usize..diagnostic.span.to as usize;
                    assert!(text.get(span).is_some(), "{diagnostic:?} points outside the text");
                }
            }
        }
    }
    let statements = split_statements(&text);
    assert_eq!(is_unfinished(&text), statements.last().is_some_and(|last| !last.is_ended));
    for statement in statements {
        let span = statement.span.from as usize..statement.span.to as usize;
        assert!(text.get(span).is_some_and(|text| !text.is_empty()), "{statement:?}");
    }
}

/// Checks that the canonical text of `statement` parses to it, and prints as it did.
///
/// # Panics
/// When it does not.
pub fn check_round_trip(statement: &Statement) {
    let text = statement.to_string();
    let again = parse_statement(&text, &Limits::unlimited());
    assert_eq!(again.as_ref(), Ok(statement), "round trip of `{text}`");
    assert_eq!(again.map(|again| again.to_string()), Ok(text), "canonical text is not stable");
}
