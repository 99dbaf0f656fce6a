//! Every example of `grammar/truth.md` is what the table says: for the engine, whatever form its
//! lanes have and whichever way it decides, and for the oracle.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use serde_json::{Value, json};
use twindex::IndexOptions;
use twindex_tests::files;
use twindex_tests::pair::{Pair, index_variants};

/// A row of a table: a condition and its value, `None` for undefined.
struct Example {
    condition: String,
    value: Option<bool>,
}

fn examples(page: &str) -> Vec<Example> {
    let example = |line: &str| {
        let (condition, value) = line.strip_prefix("| `")?.split_once("` | ")?;
        let value = match value {
            "true |" => Some(true),
            "false |" => Some(false),
            "undefined |" => None,
            other => panic!("{line}: `{other}` is no truth value"),
        };
        Some(Example { condition: condition.to_owned(), value })
    };
    page.lines().filter_map(example).collect()
}

/// The twin that the page describes.
fn twin(page: &str) -> Value {
    let (_, rest) = page.split_once("```json\n").unwrap();
    serde_json::from_str(rest.split_once("```").unwrap().0).unwrap()
}

/// Twins with other kinds at the same paths, so that lanes hold more than the one of the page.
fn neighbours() -> [Value; 5] {
    [
        json!({"deviceId": "n1", "tags": {"n": "5", "s": 5, "t": "true", "z": 0, "x": [5],
            "none": null, "list": {}, "o": []}}),
        json!({"deviceId": "n2"}),
        json!({"deviceId": "n3", "tags": {"n": 5.5, "s": "abd", "t": false, "z": [], "x": 5,
            "none": ["x"], "list": ["x"], "o": {"a": {"b": [2]}, "b": 2}}}),
        json!({"deviceId": "n4", "tags": null}),
        json!({"deviceId": "n5", "tags": {"n": [], "s": null, "t": {}, "z": null, "x": {"y": 1},
            "none": [null], "list": [{"k": 3}, 2], "o": {"a": 1, "b": [2], "c": null}}}),
    ]
}

/// The value of a condition for `d1` by the rows that it and its negation select.
fn selected(pair: &Pair, condition: &str) -> Option<bool> {
    let selects = |condition: &str| {
        let page = pair.ask_condition(condition).unwrap_or_else(|e| panic!("{condition}: {e}"));
        let is_found = page.values().any(|row| row["deviceId"] == "d1");
        assert_eq!(pair.db.condition(condition).ids().unwrap().len(), page.n_rows() as u64);
        let statement = format!("SELECT deviceId FROM devices WHERE {condition}");
        let rows = pair.ask(&statement).unwrap();
        assert_eq!(rows.n_rows(), page.n_rows(), "{statement}");
        is_found
    };
    match (selects(condition), selects(&format!("NOT ({condition})"))) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
        (true, true) => panic!("{condition}: it and its negation are true"),
    }
}

/// The value of a condition for `d1` as a column of a row.
fn projected(pair: &Pair, condition: &str) -> Option<bool> {
    let statement = format!("SELECT deviceId, {condition} AS value FROM devices");
    let page = pair.ask(&statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    let row = page.values().find(|row| row["deviceId"] == "d1").unwrap();
    row.get("value").map(|value| value.as_bool().unwrap_or_else(|| panic!("{statement}: {row}")))
}

/// The value of a condition for `d1` as a key of its group, and as HAVING sees it.
fn grouped(pair: &Pair, condition: &str) -> Option<bool> {
    let from = format!("FROM devices WHERE deviceId = 'd1' GROUP BY {condition}");
    let groups = pair.ask(&format!("SELECT {condition} AS value {from}")).unwrap();
    let value = groups.values().next().unwrap().get("value").and_then(Value::as_bool);
    let having = |condition: &str| {
        let statement = format!("SELECT COUNT() AS n {from} HAVING {condition}");
        pair.ask(&statement).unwrap_or_else(|error| panic!("{statement}: {error}")).n_rows() > 0
    };
    let found = (having(condition), having(&format!("NOT ({condition})")));
    assert_eq!(found, (value == Some(true), value == Some(false)), "{condition} after HAVING");
    value
}

fn check(index: &IndexOptions, twins: &[Value], examples: &[Example]) {
    let pair = Pair::new(index.clone(), 0, twins);
    for Example { condition, value } in examples {
        assert_eq!(selected(&pair, condition), *value, "`{condition}` after WHERE, {index:?}");
        assert_eq!(projected(&pair, condition), *value, "`{condition}` as column, {index:?}");
        assert_eq!(grouped(&pair, condition), *value, "`{condition}` as group, {index:?}");
    }
}

#[test]
fn examples_have_the_values_of_the_table() {
    let page = files::read("grammar/truth.md");
    let (examples, twin) = (examples(&page), twin(&page));
    assert!(examples.len() > 100);
    for index in index_variants() {
        check(&index, std::slice::from_ref(&twin), &examples);
    }
}

#[test]
fn neighbours_change_no_value() {
    let page = files::read("grammar/truth.md");
    let (examples, twin) = (examples(&page), twin(&page));
    let mut twins = neighbours().to_vec();
    for place in [0, 3, twins.len()] {
        twins.insert(place, twin.clone());
        for index in index_variants() {
            check(&index, &twins, &examples);
        }
        twins.remove(place);
    }
}

/// What the tables of kinds say: each pair of the page's kinds of value under `=`.
#[test]
fn equality_of_kinds_is_the_table() {
    let page = files::read("grammar/truth.md");
    let pair = Pair::new(IndexOptions::default(), 0, &[twin(&page)]);
    // An example of each kind of the table, in its order, and another one of it.
    let kinds = [
        ["tags.x", "tags.y"],
        ["tags.z", "tags.list[2]"],
        ["tags.t", "false"],
        ["tags.n", "6"],
        ["tags.s", "'abd'"],
        ["tags.list", "[1]"],
        ["tags.o", "tags.list[4]"],
    ];
    for (row, [left, other]) in kinds.iter().enumerate() {
        for (column, [right, _]) in kinds.iter().enumerate() {
            let expected = (row > 0 && column > 0).then_some(row == column);
            for op in ["=", "!=", "<>"] {
                let condition = format!("{left} {op} {right}");
                let expected = expected.map(|equal| equal == (op == "="));
                assert_eq!(selected(&pair, &condition), expected, "{condition}");
                assert_eq!(projected(&pair, &condition), expected, "{condition}");
            }
            if row == column {
                let expected = (row > 0).then_some(row == 1);
                let condition = format!("{left} = {other}");
                assert_eq!(selected(&pair, &condition), expected, "{condition}");
            }
        }
    }
}
