//! A query, clause by clause in the order of work of the language page.

#[cfg(test)]
mod tests;

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
