//! A query, clause by clause in the order of work of the language page.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use twindex_lang::ast::{Collection, Expr, OrderKey, Query, Select, SelectItem};

use crate::check::{Refusal, check, is_grouped};
use crate::expr::{Env, Group, Subject};
use crate::names;
use crate::value::{Key, Maybe, total_order};
use crate::world::{Answer, RowKind, World};

/// A row on its way, with the values it is ordered by.
type Sortable = (Vec<Maybe>, Value);

/// All rows of `query` over `world`.
///
/// # Errors
/// When the query is one that the language refuses before any twin is read.
pub fn answer(world: &World, query: &Query) -> Result<Answer, Refusal> {
    check(query)?;
    let twins = filtered(world, query);
    let rows = if is_grouped(query) {
        of_groups(world.now_ms, query, &twins)?
    } else {
        of_twins(world.now_ms, query, &twins)?
    };
    let rows = distinct(query, ordered(query, rows));
    let limit = query.top.into_iter().chain(query.limit).min().unwrap_or(u64::MAX);
    let to_usize = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let offset = to_usize(query.offset.unwrap_or(0));
    let rows = rows.into_iter().skip(offset).take(to_usize(limit)).collect();
    Ok(Answer { rows, kind: kind(query) })
}

fn kind(query: &Query) -> RowKind {
    match (&query.select, query.collection) {
        (Select::All(_), Collection::Jobs) => RowKind::DeviceJob,
        (Select::All(_), _) => RowKind::Twin,
        (Select::Items(_), _) => RowKind::Raw,
    }
}

/// FROM and WHERE.
fn filtered<'a>(world: &'a World, query: &Query) -> Vec<&'a Value> {
    let twins: &[Value] = match query.collection {
        Collection::Devices => &world.devices,
        Collection::Modules => &world.modules,
        Collection::Jobs => &[],
    };
    let keeps = |twin: &&Value| {
        let env = Env { now_ms: world.now_ms, subject: Subject::Twin(twin), columns: &[] };
        query.condition.as_ref().is_none_or(|condition| env.is_true(condition))
    };
    twins.iter().filter(keeps).collect()
}

/// The select list over each twin.
fn of_twins(now_ms: i64, query: &Query, twins: &[&Value]) -> Result<Vec<Sortable>, Refusal> {
    let columns = names::columns(items(query))?;
    let to_row = |&twin: &&Value| {
        let env = Env { now_ms, subject: Subject::Twin(twin), columns: items(query) };
        let row = match query.select {
            Select::All(_) => twin.clone(),
            Select::Items(_) => row(env, &columns),
        };
        (sort_keys(env, query), row)
    };
    Ok(twins.iter().map(to_row).collect())
}

/// GROUP BY, HAVING and the select list over each group.
fn of_groups(now_ms: i64, query: &Query, twins: &[&Value]) -> Result<Vec<Sortable>, Refusal> {
    let columns = names::columns(items(query))?;
    let mut rows = Vec::new();
    for group in &groups(now_ms, query, twins) {
        let env = Env { now_ms, subject: Subject::Group(group), columns: items(query) };
        if query.having.as_ref().is_none_or(|condition| env.is_true(condition)) {
            rows.push((sort_keys(env, query), row(env, &columns)));
        }
    }
    Ok(rows)
}

/// The groups in ascending order of their keys; without GROUP BY exactly one.
fn groups<'a>(now_ms: i64, query: &'a Query, twins: &[&'a Value]) -> Vec<Group<'a>> {
    let mut members: BTreeMap<Vec<Key>, Vec<&Value>> = BTreeMap::new();
    if query.group_by.is_empty() {
        members.insert(Vec::new(), Vec::new());
    }
    for &twin in twins {
        let env = Env { now_ms, subject: Subject::Twin(twin), columns: &[] };
        let keys = query.group_by.iter().map(|key| Key(env.value(key))).collect();
        members.entry(keys).or_default().push(twin);
    }
    let to_group = |(keys, members): (Vec<Key>, _)| Group {
        exprs: &query.group_by,
        keys: keys.into_iter().map(|key| key.0).collect(),
        members,
    };
    members.into_iter().map(to_group).collect()
}

fn items(query: &Query) -> &[SelectItem] {
    match &query.select {
        Select::All(_) => &[],
        Select::Items(items) => items,
    }
}

/// The row of a twin or group; undefined values are left out.
fn row(env: Env<'_>, columns: &[(String, &Expr)]) -> Value {
    let env = Env { columns: &[], ..env };
    let mut row = Map::new();
    for (name, expr) in columns {
        if let Some(value) = env.value(expr) {
            row.insert(name.clone(), value);
        }
    }
    Value::Object(row)
}

fn sort_keys(env: Env<'_>, query: &Query) -> Vec<Maybe> {
    query.order_by.iter().map(|key| env.value(&key.expr)).collect()
}

/// ORDER BY; ties keep the order they had.
fn ordered(query: &Query, mut rows: Vec<Sortable>) -> Vec<Value> {
    rows.sort_by(|(a, _), (b, _)| {
        let keys = query.order_by.iter().zip(a.iter().zip(b));
        keys.map(|(key, (a, b))| order(key, a, b)).fold(Ordering::Equal, Ordering::then)
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The order of two values under a key: undefined last, ascending or descending.
fn order(key: &OrderKey, a: &Maybe, b: &Maybe) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if key.descending => total_order(b, a),
        (Some(a), Some(b)) => total_order(a, b),
        _ => a.is_none().cmp(&b.is_none()),
    }
}

/// DISTINCT: the first of equal rows.
fn distinct(query: &Query, mut rows: Vec<Value>) -> Vec<Value> {
    if query.distinct {
        let mut met = BTreeSet::new();
        rows.retain(|row| met.insert(Key(Some(row.clone()))));
    }
    rows
}

#[cfg(test)]
mod tests {
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
        assert_rows(
            "SELECT TOP 1 deviceId FROM devices LIMIT 3 OFFSET 2",
            json!([{"deviceId": "c"}]),
        );
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
}
