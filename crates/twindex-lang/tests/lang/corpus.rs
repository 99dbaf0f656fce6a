//! Queries found in public code: all of them are accepted, or their refusal is recorded.

use twindex_lang::ast::{Collection, Statement};
use twindex_lang::fuzz::check_round_trip;
use twindex_lang::{Diagnostic, Limits, parse_condition, parse_statement};

use crate::golden;

/// One query of the corpus, its slots filled.
pub(crate) struct Entry {
    pub(crate) line: usize,
    pub(crate) kind: String,
    pub(crate) query: String,
}

/// The queries of the corpus.
///
/// Slots of templates are filled as `slots.json` says: pairs of what stands in a query and what comes
/// in its place, tried in the order of the file.
pub(crate) fn entries() -> Vec<Entry> {
    let slots = golden::read("tests/fixtures/corpus/slots.json");
    let slots: Vec<(String, String)> = serde_json::from_str(&slots).unwrap();
    let corpus = golden::read("tests/fixtures/corpus/queries.jsonl");
    let entry = |(idx, line): (usize, &str)| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let mut query = entry["query"].as_str().unwrap().to_owned();
        for (slot, filling) in &slots {
            query = query.replace(slot, filling);
        }
        Entry { line: idx + 1, kind: entry["kind"].as_str().unwrap().to_owned(), query }
    };
    corpus.lines().enumerate().map(entry).collect()
}

/// As a statement if it begins with SELECT, else as a condition text.
fn parse(query: &str) -> Result<Statement, Vec<Diagnostic>> {
    let limits = Limits::default();
    if query.trim_start().to_ascii_uppercase().starts_with("SELECT") {
        parse_statement(query, &limits)
    } else {
        parse_condition(query, &limits).map(Statement::Query)
    }
}

#[test]
fn queries_of_the_corpus_are_accepted() {
    let mut n_accepted = 0;
    for entry in entries().into_iter().filter(|entry| entry.kind != "invalid") {
        let Entry { line, kind, query } = entry;
        for open in ["{", "}", "${", "\" +", "$device"] {
            assert!(!query.contains(open), "line {line}: a slot is left in {query}");
        }
        let statement = parse(&query)
            .unwrap_or_else(|diagnostics| panic!("line {line}: {query}\n{diagnostics:#?}"));
        check_round_trip(&statement);
        let Statement::Query(query) = statement else {
            panic!("line {line}: no query");
        };
        let collection = match kind.as_str() {
            "devices" => Collection::Devices,
            "modules" => Collection::Modules,
            "jobs" => Collection::Jobs,
            other => panic!("line {line}: kind {other}"),
        };
        assert_eq!(query.collection, collection, "line {line}");
        n_accepted += 1;
    }
    assert_eq!(n_accepted, 195);
}

#[test]
fn invalid_queries_are_decided_as_recorded() {
    let mut decisions = String::new();
    for entry in entries().into_iter().filter(|entry| entry.kind == "invalid") {
        let text = entry.query.replace('\n', " ");
        let decision = match parse(&entry.query) {
            Ok(statement) => format!("accepted: {statement}"),
            Err(diagnostics) => {
                let one = &diagnostics[0];
                let suggestion = one.suggestion.as_deref().unwrap_or("none");
                format!("error[{}]: {}; suggestion: {suggestion}", one.code, one.message)
            }
        };
        decisions.push_str(&format!("{}: {text}\n  {decision}\n", entry.line));
    }
    golden::check("tests/fixtures/corpus/invalid.golden", &decisions);
}
