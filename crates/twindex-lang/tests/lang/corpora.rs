//! `grammar/accept` and `grammar/reject`: one text a line, each decided as it says.

use std::collections::BTreeSet;

use twindex_lang::ast::Statement;
use twindex_lang::fuzz::check_round_trip;
use twindex_lang::{Diagnostic, Limits, code, parse_condition, parse_statement};

use crate::golden;

/// The texts of a folder: file, line, text.
pub(crate) fn lines(folder: &str) -> Vec<(String, usize, String)> {
    let mut lines = Vec::new();
    for (file, text) in golden::folder(folder) {
        for (idx, line) in text.lines().enumerate() {
            if !line.is_empty() && !line.starts_with('#') {
                lines.push((file.clone(), idx + 1, line.to_owned()));
            }
        }
    }
    lines
}

/// Parses a line as what its file holds: statements, or condition texts.
pub(crate) fn parse(file: &str, text: &str) -> Result<Statement, Vec<Diagnostic>> {
    if file.starts_with("statements") {
        parse_statement(text, &Limits::default())
    } else {
        parse_condition(text, &Limits::default()).map(Statement::Query)
    }
}

#[test]
fn accepted_texts_are_accepted_and_come_back() {
    for (file, line, text) in lines("grammar/accept") {
        match parse(&file, &text) {
            Ok(statement) => check_round_trip(&statement),
            Err(diagnostics) => panic!("{file}:{line}: {text}\n{diagnostics:#?}"),
        }
    }
}

#[test]
fn rejected_texts_are_rejected_with_their_code() {
    let mut wrong = Vec::new();
    for (file, line, text) in lines("grammar/reject") {
        let (expected, text) = text.split_once(' ').unwrap();
        match parse(&file, text) {
            Ok(statement) => wrong.push(format!("{file}:{line}: {text}\n  parsed: {statement}")),
            Err(diagnostics) if diagnostics[0].code != expected => {
                wrong.push(format!("{file}:{line}: {text}\n  {:?}", diagnostics[0]));
            }
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_rejected_text() {
    let seen: BTreeSet<String> = lines("grammar/reject")
        .iter()
        .map(|(_, _, text)| text.split(' ').next().unwrap().to_owned())
        .collect();
    // The length of a text has its own test: a line of the corpus would be too long to read.
    let all = code::ALL.iter().map(|(code, _)| (*code).to_owned());
    let all: BTreeSet<String> = all.filter(|code| code != code::TEXT_TOO_LONG).collect();
    assert_eq!(seen, all);
}

#[test]
fn messages_are_as_recorded() {
    let mut report = String::new();
    for (file, _, text) in lines("grammar/reject") {
        let (_, text) = text.split_once(' ').unwrap();
        for diagnostic in parse(&file, text).unwrap_err() {
            report.push_str(&drawn(text, &diagnostic));
        }
    }
    golden::check("grammar/messages.golden", &report);
}

/// A diagnostic under its text.
fn drawn(text: &str, diagnostic: &Diagnostic) -> String {
    let from = text[..diagnostic.span.from as usize].chars().count();
    let width = text[diagnostic.span.from as usize..diagnostic.span.to as usize].chars().count();
    let mut lines = format!(
        "{text}\n{}{}\nerror[{}]: {}\n",
        " ".repeat(from),
        "^".repeat(width.max(1)),
        diagnostic.code,
        diagnostic.message
    );
    if let Some(expected) = &diagnostic.expected {
        lines.push_str(&format!("  expected: {expected}\n"));
    }
    if let Some(suggestion) = &diagnostic.suggestion {
        lines.push_str(&format!("  suggestion: {suggestion}\n"));
    }
    lines.push('\n');
    lines
}
