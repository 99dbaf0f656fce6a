//! The oracle judged by hand.

use serde_json::json;
use twindex_lang::{Limits, parse_query};

use super::*;

fn world() -> World {
    let twin = |id: &str, tags: Value| json!({ "deviceId": id, "tags": tags });
    World {
        devices: vec![
            twin("a", json!({"s": "x", "n": 3})),
            twin("b", json!({"s": "y", "n": 1})),
            twin("c", json!({"s": "x", "n": "1"})),
            twin("d", json!({"s": null})),
            twin("e", json!({"n": 1.0})),
            twin("f", json!({"s": "x", "n": null})),
        ],
        modules: vec![json!({"deviceId": "a", "moduleId": "m"})],
        now_ms: 0,
    }
}

fn rows(text: &str) -> Value {
    let query = parse_query(text, &Limits::default());
    let query = query.unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    Value::Array(answer(&world(), &query).unwrap_or_else(|e| panic!("{text}: {e}")).rows)
}

fn assert_rows(text: &str, expected: Value) {
    let found = rows(text);
    assert!(crate::equal(&found, &expected), "{text}\n{found}\nnot {expected}");
}

/// The ids of the devices of a query's rows, in order.
fn ids(rest: &str) -> String {
    let rows = rows(&format!("SELECT deviceId FROM devices {rest}"));
    let ids = rows.as_array().unwrap().iter().map(|row| row["deviceId"].as_str().unwrap());
    ids.collect()
}

#[test]
fn where_keeps_only_true() {
    assert_eq!(ids("WHERE tags.s = 'x'"), "acf");
    assert_eq!(ids("WHERE tags.s != 'x'"), "bd");
    assert_eq!(ids("WHERE NOT tags.s = 'x'"), "bd");
    assert_eq!(ids("WHERE tags.s = null"), "de");
    assert_eq!(ids("WHERE tags.n > 0"), "abe");
    assert_eq!(ids("WHERE tags.n"), "");
    assert_rows("SELECT moduleId FROM devices.modules", json!([{"moduleId": "m"}]));
    assert_rows("SELECT COUNT() AS n FROM devices.jobs", json!([{"n": 0}]));
}

#[test]
fn order_puts_undefined_last_both_ways() {
    assert_eq!(ids("ORDER BY tags.n"), "fbeacd");
    assert_eq!(ids("ORDER BY tags.n DESC"), "cabefd");
    assert_eq!(ids("ORDER BY tags.s DESC, tags.n"), "bfacde");
    assert_eq!(ids("ORDER BY tags.s, deviceId DESC"), "dfcabe");
}

#[test]
fn offset_comes_before_the_smaller_of_top_and_limit() {
    assert_eq!(ids("LIMIT 2 OFFSET 1"), "bc");
    assert_eq!(ids("LIMIT 9 OFFSET 5"), "f");
    assert_eq!(ids("LIMIT 0"), "");
    assert_rows("SELECT TOP 1 deviceId FROM devices LIMIT 3 OFFSET 2", json!([{"deviceId": "c"}]));
}

#[test]
fn rows_leave_out_what_is_undefined() {
    assert_rows(
        "SELECT tags.s, tags.n + 1 FROM devices",
        json!([{"s": "x", "$1": 4}, {"s": "y", "$1": 2}, {"s": "x"}, {"s": null}, {"$1": 2},
            {"s": "x"}]),
    );
}

#[test]
fn distinct_keeps_the_first_in_the_order_of_the_rows() {
    assert_rows(
        "SELECT DISTINCT tags.n FROM devices ORDER BY deviceId DESC",
        json!([{"n": null}, {"n": 1}, {}, {"n": "1"}, {"n": 3}]),
    );
    assert_rows(
        "SELECT DISTINCT tags.s FROM devices ORDER BY tags.n",
        json!([{"s": "x"}, {"s": "y"}, {}, {"s": null}]),
    );
}

#[test]
fn groups_come_in_the_order_of_their_keys() {
    assert_rows(
        "SELECT tags.s, COUNT() AS n FROM devices GROUP BY tags.s",
        json!([{"s": null, "n": 1}, {"s": "x", "n": 3}, {"s": "y", "n": 1}, {"n": 1}]),
    );
    assert_rows(
        "SELECT tags.n, tags.s FROM devices GROUP BY tags.n, tags.s",
        json!([{"n": null, "s": "x"}, {"n": 1, "s": "y"}, {"n": 1}, {"n": 3, "s": "x"},
            {"n": "1", "s": "x"}, {"s": null}]),
    );
    assert_rows(
        "SELECT tags.s, COUNT() AS n FROM devices GROUP BY tags.s ORDER BY n DESC",
        json!([{"s": "x", "n": 3}, {"s": null, "n": 1}, {"s": "y", "n": 1}, {"n": 1}]),
    );
}

#[test]
fn having_sees_columns_and_aggregates() {
    let expected = json!([{"s": "x", "n": 3}]);
    for having in ["n > 1", "COUNT() > 1", "n = 3 AND MIN(tags.n) = 3", "tags.s = 'x'"] {
        let text =
            format!("SELECT tags.s, COUNT() AS n FROM devices GROUP BY tags.s HAVING {having}");
        assert_rows(&text, expected.clone());
    }
    // Inside an argument `n` is the path of that name, which no twin has.
    assert_rows("SELECT COUNT() AS n FROM devices HAVING COUNT(n) > 0", json!([]));
}

#[test]
fn aggregates_without_groups_give_one_row() {
    assert_rows(
        "SELECT COUNT(), COUNT(tags.s), SUM(tags.n), MAX(tags.n) AS m FROM devices",
        json!([{"$1": 6, "$2": 4, "$3": 5, "m": "1"}]),
    );
    assert_rows(
        "SELECT COUNT() AS n, SUM(tags.n) AS s FROM devices WHERE false",
        json!([{"n": 0, "s": null}]),
    );
    assert_rows("SELECT COUNT() AS n FROM devices WHERE false HAVING n > 0", json!([]));
    assert_rows("SELECT COUNT() AS n FROM devices WHERE false GROUP BY tags.s", json!([]));
    assert_rows("SELECT COUNT() AS n FROM devices LIMIT 5 OFFSET 1", json!([]));
    assert_rows("SELECT 'x' AS c FROM devices ORDER BY COUNT()", json!([{"c": "x"}]));
}

#[test]
fn a_name_in_order_by_is_the_column_and_a_longer_path_is_not() {
    assert_rows(
        "SELECT deviceId, 0 - tags.n AS tags FROM devices WHERE tags.n > 0 ORDER BY tags",
        json!([{"deviceId": "a", "tags": -3}, {"deviceId": "b", "tags": -1},
            {"deviceId": "e", "tags": -1}]),
    );
    assert_rows(
        "SELECT deviceId, 0 - tags.n AS tags FROM devices WHERE tags.n > 0 ORDER BY tags.n",
        json!([{"deviceId": "b", "tags": -1}, {"deviceId": "e", "tags": -1},
            {"deviceId": "a", "tags": -3}]),
    );
}

#[test]
fn whole_twins_come_as_they_are() {
    let query = parse_query("SELECT * FROM devices", &Limits::default()).unwrap();
    let answer = answer(&world(), &query).unwrap();
    assert_eq!((answer.rows, answer.kind), (world().devices, RowKind::Twin));
}
