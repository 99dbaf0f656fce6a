//! Whether an engine answered as the oracle did.

use std::collections::BTreeMap;

use serde_json::Value;
use twindex_lang::ast::{Call, Callee, Expr, Node, Query, Select, SelectItem};
use twindex_lang::function::Function;
use twindex_oracle::{World, answer};

use crate::build;
use crate::size;

/// By how much two numbers may differ: both kinds of slack added.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// As a share of the number itself.
    pub relative: f64,
    /// As it is.
    pub absolute: f64,
}

/// The columns whose numbers may differ a little. All others are exact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tolerances(BTreeMap<String, Tolerance>);

impl Tolerances {
    /// No column.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// These and `column`.
    #[must_use]
    pub fn with(mut self, column: &str, tolerance: Tolerance) -> Self {
        self.0.insert(column.to_owned(), tolerance);
        self
    }

    /// What the page grants the answer to `query`: a sum is within one unit in the last place of
    /// the exact one, and what is computed from sums is not much worse. A deviation is as good as
    /// the numbers it is taken of are large.
    #[must_use]
    pub fn of(query: &Query, world: &World) -> Self {
        let Select::Items(items) = &query.select else {
            return Self::none();
        };
        let mut tolerances = Self::none();
        let mut n_unnamed = 0;
        for item in items {
            let is_path = matches!(item.expr.node, Node::Path(_));
            n_unnamed += usize::from(item.name.is_none() && !is_path);
            if let Some(tolerance) = tolerance_of(&item.expr, query, world) {
                let unnamed = || format!("${n_unnamed}");
                let name = item.name.as_ref().map_or_else(unnamed, |name| name.text.clone());
                tolerances = tolerances.with(&name, tolerance);
            }
        }
        tolerances
    }
}

fn tolerance_of(expr: &Expr, query: &Query, world: &World) -> Option<Tolerance> {
    let mut tolerance = None;
    for part in size::all(expr) {
        let Node::Call(Call { callee: Callee::Known(function), args, .. }) = &part.node else {
            continue;
        };
        let absolute = match function {
            Function::Sum | Function::Avg | Function::Percentile => 0.0,
            Function::Stddev => 1e-13 * largest(args, query, world),
            Function::Power | Function::Exp => 0.0,
            _ => continue,
        };
        let before = tolerance.unwrap_or(Tolerance { relative: 8.0 * f64::EPSILON, absolute });
        tolerance = Some(Tolerance { absolute: before.absolute.max(absolute), ..before });
    }
    tolerance
}

/// The largest magnitude that an aggregate of `query` meets.
fn largest(args: &[Expr], query: &Query, world: &World) -> f64 {
    let magnitude = build::call(Function::Abs, args.to_vec());
    let expr = build::call(Function::Max, vec![magnitude]);
    let query = Query {
        select: Select::Items(vec![SelectItem { expr, name: None }]),
        distinct: false,
        top: None,
        limit: None,
        offset: None,
        group_by: Vec::new(),
        having: None,
        order_by: Vec::new(),
        ..query.clone()
    };
    let answer = answer(world, &query).ok();
    let row = answer.and_then(|answer| answer.rows.first().cloned());
    row.and_then(|row| row["$1"].as_f64()).unwrap_or_default()
}

/// Compares rows in order, by value; the order of keys does not matter.
///
/// # Errors
/// The first difference, in words.
pub fn answers_equal(
    engine_rows: &[Value],
    oracle_rows: &[Value],
    tolerances: &Tolerances,
) -> Result<(), String> {
    for (n, (found, expected)) in engine_rows.iter().zip(oracle_rows).enumerate() {
        row_equal(found, expected, tolerances)
            .map_err(|reason| format!("row {n}: {reason}\nengine {found}\noracle {expected}"))?;
    }
    if engine_rows.len() == oracle_rows.len() {
        return Ok(());
    }
    let n = engine_rows.len().min(oracle_rows.len());
    let next = engine_rows.get(n).or(oracle_rows.get(n)).cloned().unwrap_or_default();
    Err(format!(
        "{} rows by the engine, {} by the oracle; the first that only one has is {next}",
        engine_rows.len(),
        oracle_rows.len()
    ))
}

fn row_equal(found: &Value, expected: &Value, tolerances: &Tolerances) -> Result<(), String> {
    if twindex_oracle::equal(found, expected) {
        return Ok(());
    }
    let (Some(found), Some(expected)) = (found.as_object(), expected.as_object()) else {
        return Err("not an object".to_owned());
    };
    for (column, expected) in expected {
        let tolerance = tolerances.0.get(column).copied();
        match found.get(column) {
            None => return Err(format!("column `{column}` is missing")),
            Some(found) if is_close(found, expected, tolerance) => {}
            Some(found) => return Err(format!("column `{column}` is {found}, not {expected}")),
        }
    }
    match found.keys().find(|column| !expected.contains_key(*column)) {
        Some(column) => Err(format!("column `{column}` should be undefined")),
        None => Ok(()),
    }
}

fn is_close(found: &Value, expected: &Value, tolerance: Option<Tolerance>) -> bool {
    if twindex_oracle::equal(found, expected) {
        return true;
    }
    match (found.as_f64(), expected.as_f64(), tolerance) {
        (Some(found), Some(expected), Some(Tolerance { relative, absolute })) => {
            (found - expected).abs() <= relative * expected.abs() + absolute
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_equal_by_value_and_in_order() {
        let rows = [json!({"a": 1, "b": [1.0]}), json!({})];
        let same = [json!({"b": [1], "a": 1.0}), json!({})];
        let turned = [json!({}), json!({"b": [1], "a": 1.0})];
        let none = Tolerances::none();
        assert_eq!(answers_equal(&rows, &same, &none), Ok(()));
        for other in [&turned[..], &same[..1], &[]] {
            assert!(answers_equal(&rows, other, &none).is_err());
            assert!(answers_equal(other, &rows, &none).is_err());
        }
    }

    #[test]
    fn only_named_columns_are_tolerant() {
        let (found, expected) = ([json!({"s": 0.1 + 0.2})], [json!({"s": 0.3})]);
        let tolerance = Tolerance { relative: 1e-15, absolute: 0.0 };
        let tolerant = Tolerances::none().with("s", tolerance);
        assert_eq!(answers_equal(&found, &expected, &tolerant), Ok(()));
        assert!(answers_equal(&found, &expected, &Tolerances::none()).is_err());
        assert!(answers_equal(&[json!({"s": 0.31})], &expected, &tolerant).is_err());
        assert!(answers_equal(&[json!({"s": "0.3"})], &expected, &tolerant).is_err());
        assert!(answers_equal(&[json!({})], &expected, &tolerant).is_err());
        assert!(answers_equal(&expected, &[json!({})], &tolerant).is_err());
    }
}
