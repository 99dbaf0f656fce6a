//! Aggregates over the values of a group.

use std::collections::BTreeSet;

use serde_json::Value;
use twindex_lang::function::Function;

use crate::exact_sum::ExactSum;
use crate::value::{Key, Maybe, count, finite, number_of, total_order};

/// The value of an aggregate other than `COUNT()` over the values of its argument.
pub(crate) fn aggregate(function: Function, values: &[Maybe], percentile: f64) -> Maybe {
    let numbers: Vec<f64> = values.iter().filter_map(number_of).collect();
    match function {
        Function::Count => Some(count(counted(values).count())),
        Function::Min => Some(ordered(values).into_iter().next().unwrap_or(Value::Null)),
        Function::Max => Some(ordered(values).into_iter().next_back().unwrap_or(Value::Null)),
        _ if numbers.is_empty() => Some(Value::Null),
        Function::Sum => finite(sum(&numbers)),
        Function::Avg => finite(sum(&numbers) / numbers.len() as f64),
        Function::Percentile => finite(percentile_of(numbers, percentile)),
        Function::Stddev if numbers.len() < 2 => Some(Value::Null),
        Function::Stddev => finite(stddev(&numbers)),
        _ => None,
    }
}

/// `COUNT(DISTINCT x)`.
pub(crate) fn count_distinct(values: &[Maybe]) -> Value {
    let distinct: BTreeSet<Key> = counted(values).map(|value| Key(Some(value.clone()))).collect();
    count(distinct.len())
}

/// The values that are defined and not null.
fn counted(values: &[Maybe]) -> impl Iterator<Item = &Value> {
    values.iter().flatten().filter(|value| !value.is_null())
}

/// The Booleans, numbers and strings in the total order.
fn ordered(values: &[Maybe]) -> Vec<Value> {
    let takes = |value: &&Value| value.is_boolean() || value.is_number() || value.is_string();
    let mut taken: Vec<Value> = values.iter().flatten().filter(takes).cloned().collect();
    taken.sort_by(total_order);
    taken
}

fn sum(numbers: &[f64]) -> f64 {
    ExactSum::of(numbers.iter().copied()).to_f64()
}

/// Linear interpolation between the two closest ranks.
fn percentile_of(mut numbers: Vec<f64>, percentile: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let rank = (numbers.len() - 1) as f64 * percentile;
    let (low, high) = (numbers[rank.floor() as usize], numbers[rank.ceil() as usize]);
    let share = rank - rank.floor();
    let between = low + (high - low) * share;
    // The distance of two finite numbers can be infinite; what lies between them is not.
    if between.is_finite() { between } else { low * (1.0 - share) + high * share }
}

/// Of a sample of two or more. Two passes, and the second takes back the rounding of the mean.
fn stddev(numbers: &[f64]) -> f64 {
    let n = numbers.len() as f64;
    let mean = mean(numbers);
    let deviations: Vec<f64> = numbers.iter().map(|number| number - mean).collect();
    let squares: Vec<f64> = deviations.iter().map(|deviation| deviation * deviation).collect();
    if squares.iter().any(|square| !square.is_finite()) {
        return f64::INFINITY;
    }
    let rest = sum(&deviations);
    ((sum(&squares) - rest * rest / n).max(0.0) / (n - 1.0)).sqrt()
}

/// The mean, which is finite even where the sum is not.
fn mean(numbers: &[f64]) -> f64 {
    let n = numbers.len() as f64;
    let exact = sum(numbers);
    if exact.is_finite() {
        return exact / n;
    }
    let scale = 2f64.powi(64);
    ExactSum::of(numbers.iter().map(|number| number / scale)).to_f64() / n * scale
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn over(function: Function, values: Value, percentile: f64) -> Maybe {
        let values: Vec<Maybe> = values.as_array().unwrap().iter().cloned().map(Some).collect();
        aggregate(function, &values, percentile)
    }

    fn assert_over(function: Function, values: Value, expected: Value) {
        let found = over(function, values.clone(), 0.5).unwrap();
        assert!(crate::equal(&found, &expected), "{function:?} {values}: {found} not {expected}");
    }

    #[test]
    fn over_nothing_all_but_count_are_null() {
        assert_over(Function::Count, json!([]), json!(0));
        assert_over(Function::Count, json!([null, null]), json!(0));
        for function in [Function::Sum, Function::Avg, Function::Percentile, Function::Stddev] {
            assert_over(function, json!([]), json!(null));
            assert_over(function, json!([null, "1", true, [1], {"a": 1}]), json!(null));
        }
        for function in [Function::Min, Function::Max] {
            assert_over(function, json!([null, [1], {}]), json!(null));
        }
    }

    #[test]
    fn each_takes_what_it_takes() {
        let mixed = json!([3, "10", 1, null, true, [5], {"a": 9}, false, 2, "9"]);
        assert_over(Function::Count, mixed.clone(), json!(9));
        assert_over(Function::Sum, mixed.clone(), json!(6));
        assert_over(Function::Avg, mixed.clone(), json!(2));
        assert_over(Function::Min, mixed.clone(), json!(false));
        assert_over(Function::Max, mixed.clone(), json!("9"));
        assert_over(Function::Percentile, mixed.clone(), json!(2));
        assert_over(Function::Stddev, mixed, json!(1));
    }

    #[test]
    fn sums_that_are_not_finite_are_undefined() {
        assert_eq!(over(Function::Sum, json!([f64::MAX, f64::MAX]), 0.0), None);
        assert_eq!(over(Function::Avg, json!([f64::MAX, f64::MAX]), 0.0), None);
        assert_over(Function::Sum, json!([f64::MAX, f64::MAX, f64::MIN]), json!(f64::MAX));
    }

    #[test]
    fn percentiles_interpolate() {
        for (p, expected) in [(0.0, 1.0), (1.0, 4.0), (0.5, 2.5), (0.25, 1.75), (0.9, 3.7)] {
            let found = number_of(&over(Function::Percentile, json!([4, 1, 3, 2]), p)).unwrap();
            assert!((found - expected).abs() < 1e-12, "{p}: {found}");
        }
        let wide = number_of(&over(Function::Percentile, json!([f64::MIN, f64::MAX]), 0.5));
        assert_eq!(wide, Some(0.0));
    }

    #[test]
    fn stddev_of_equal_numbers_is_zero() {
        assert_over(Function::Stddev, json!([0.1, 0.1, 0.1]), json!(0));
        assert_over(Function::Stddev, json!([f64::MAX, f64::MAX]), json!(0));
        assert_over(Function::Stddev, json!([1]), json!(null));
        assert_over(Function::Stddev, json!([1, 3]), json!(2f64.sqrt()));
    }

    #[test]
    fn distinct_values_are_counted_by_equality() {
        let values: Vec<Maybe> = [
            json!(1),
            json!(1.0),
            json!("1"),
            json!({"a": 1, "b": 2}),
            json!({"b": 2, "a": 1}),
            json!(null),
        ]
        .map(Some)
        .into();
        assert_eq!(count_distinct(&values), json!(3));
        assert_eq!(count_distinct(&[None, None]), json!(0));
    }
}
