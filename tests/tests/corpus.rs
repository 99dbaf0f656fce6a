//! Queries found in public code, asked of a small fleet: what becomes of each is recorded, and what
//! is answered is judged by the oracle.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::fmt::Write as _;

use serde_json::Value;
use twindex::{Diagnostic, Error, IndexOptions, Page};
use twindex_tests::files::{self, CorpusQuery};
use twindex_tests::pair::{Pair, index_variants};

/// 2024-05-02T12:00:00Z.
const NOW_MS: i64 = 1_714_651_200_000;

const OUTCOMES: &str = "tests/fixtures/corpus/outcomes.golden";

fn fleet() -> Vec<Value> {
    let text = files::read("tests/fixtures/corpus/fleet.jsonl");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn pair(index: IndexOptions) -> Pair {
    Pair::new(index, NOW_MS, &fleet())
}

fn ask(pair: &Pair, query: &CorpusQuery) -> Result<Page, Error> {
    match query.is_statement() {
        true => pair.ask(&query.text),
        false => pair.ask_condition(&query.text),
    }
}

/// A reason in one line, with the part of the text it is about.
fn say(text: &str, kind: &str, reason: &Diagnostic) -> String {
    let (from, to) = (reason.span.from as usize, reason.span.to as usize);
    let at = text.get(from..to).expect("spans lie in the text").replace('\n', " ");
    let Diagnostic { code, message, expected, suggestion, .. } = reason;
    let mut line = format!("{kind}[{code}] at `{at}`: {message}");
    for (word, more) in [("expected", expected), ("suggestion", suggestion)] {
        if let Some(more) = more {
            let _ = write!(line, "; {word}: {more}");
        }
    }
    line
}

fn outcome_of(pair: &Pair, query: &CorpusQuery) -> String {
    let text = query.text.as_str();
    let mut outcome = format!("{} {}: {}\n", query.line, query.kind, text.replace('\n', " "));
    match ask(pair, query) {
        Ok(page) => {
            let _ = writeln!(outcome, "  {} rows", page.n_rows());
            for warning in page.warnings() {
                let _ = writeln!(outcome, "  {}", say(text, "warning", warning));
            }
        }
        Err(error) => {
            assert!(!error.diagnostics().is_empty(), "{text}: {error}");
            for reason in error.diagnostics() {
                let _ = writeln!(outcome, "  {}", say(text, "error", reason));
            }
        }
    }
    outcome
}

#[test]
fn every_query_is_decided_as_recorded() {
    let pair = pair(IndexOptions::default());
    let outcomes: String = files::corpus().iter().map(|query| outcome_of(&pair, query)).collect();
    files::check_recorded(OUTCOMES, &outcomes);
}

/// Binding refuses a query of the corpus for one reason alone: a column beside an aggregate that is
/// not grouped.
#[test]
fn valid_queries_are_answered_but_for_bare_columns_beside_aggregates() {
    let pair = pair(IndexOptions::default());
    let valid: Vec<_> = files::corpus().into_iter().filter(|q| q.kind != "invalid").collect();
    let mut refused = Vec::new();
    let mut n_with_rows = 0;
    for query in &valid {
        match ask(&pair, query) {
            Ok(page) => n_with_rows += usize::from(page.n_rows() > 0),
            Err(error) => refused.push((query.line, error.code())),
        }
    }
    assert_eq!(refused, [(53, "B003"), (137, "B003")]);
    assert!(n_with_rows * 10 > valid.len() * 8, "{n_with_rows} of {}", valid.len());
}

#[test]
fn forms_of_lanes_change_no_answer() {
    let expected = pair(IndexOptions::default());
    for index in index_variants() {
        let found = pair(index.clone());
        for query in files::corpus() {
            let (Ok(expected), Ok(found)) = (ask(&expected, &query), ask(&found, &query)) else {
                continue;
            };
            assert!(found.rows().eq(expected.rows()), "{index:?}: {}", query.text);
        }
    }
}

#[test]
fn pages_of_any_size_are_the_answer() {
    let pair = pair(IndexOptions { segment_rows_max: 3, ..IndexOptions::default() });
    for query in files::corpus() {
        let Ok(whole) = ask(&pair, &query) else { continue };
        for n_rows in [1, 2, 5] {
            let mut asked = match query.is_statement() {
                true => pair.db.query(&query.text),
                false => pair.db.condition(&query.text),
            };
            asked = asked.page_size(n_rows);
            let mut rows: Vec<String> = Vec::new();
            loop {
                let page = asked.run().unwrap();
                rows.extend(page.rows().map(str::to_owned));
                let Some(token) = page.next() else { break };
                assert_eq!(page.n_rows(), n_rows, "{}", query.text);
                asked = asked.after(token);
            }
            assert!(whole.rows().eq(rows.iter().map(String::as_str)), "{}", query.text);
        }
    }
}
