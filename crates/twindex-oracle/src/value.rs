//! JSON equality, the total order of values, and number text.
//!
//! An undefined value is no JSON value: it is the `None` of a [`Maybe`]. Rejected: a sentinel
//! value, since one could then forget to ask.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Number, Value};

/// A value, or undefined.
pub(crate) type Maybe = Option<Value>;

/// Largest whole number whose text has neither point nor exponent.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Whether two values are the same: same type and same value, numbers by value, objects regardless
/// of key order, arrays element by element.
#[must_use]
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => to_f64(a) == to_f64(b),
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => false,
    }
}

/// The total order of the language: null < false < true < numbers < strings < arrays < objects.
#[must_use]
pub fn total_order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            to_f64(a).partial_cmp(&to_f64(b)).unwrap_or(Ordering::Equal)
        }
        (Value::String(a), Value::String(b)) => a.chars().cmp(b.chars()),
        (Value::Array(a), Value::Array(b)) => {
            let unequal = a.iter().zip(b).map(|(a, b)| total_order(a, b)).find(|o| o.is_ne());
            unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => {
            let a: BTreeMap<Vec<char>, &Value> = entries_by_code_point(a);
            let b: BTreeMap<Vec<char>, &Value> = entries_by_code_point(b);
            let entries = a.iter().zip(&b);
            let orders = entries.map(|(a, b)| a.0.cmp(b.0).then_with(|| total_order(a.1, b.1)));
            let mut unequal = orders.filter(|o| o.is_ne());
            unequal.next().unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        _ => type_rank(a).cmp(&type_rank(b)),
    }
}

fn entries_by_code_point(object: &serde_json::Map<String, Value>) -> BTreeMap<Vec<char>, &Value> {
    object.iter().map(|(key, value)| (key.chars().collect(), value)).collect()
}

fn type_rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

/// The order of groups and of ascending sort keys: undefined comes last.
pub(crate) fn order_undefined_last(a: &Maybe, b: &Maybe) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => total_order(a, b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// A value that can be a key of an ordered map: equal where the language says equal.
#[derive(Clone, Debug)]
pub(crate) struct Key(pub(crate) Maybe);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        order_undefined_last(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

/// The double that a JSON number is; integers beyond 2^53 are the nearest one.
fn to_f64(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

/// The number a value is, if it is one.
pub(crate) fn number_of(value: &Maybe) -> Option<f64> {
    match value {
        Some(Value::Number(number)) => Some(to_f64(number)),
        _ => None,
    }
}

/// The text a value is, if it is one.
pub(crate) fn text_of(value: &Maybe) -> Option<&str> {
    value.as_ref().and_then(Value::as_str)
}

/// The Boolean a value is, if it is one.
pub(crate) fn bool_of(value: &Maybe) -> Option<bool> {
    value.as_ref().and_then(Value::as_bool)
}

/// `number` as a value; undefined where it is not finite. `-0` is `0`.
pub(crate) fn finite(number: f64) -> Maybe {
    Number::from_f64(if number == 0.0 { 0.0 } else { number }).map(Value::Number)
}

/// `n` as a value.
pub(crate) fn count(n: usize) -> Value {
    Value::from(n)
}

/// The text of a finite number: the shortest that reads back equal, whole numbers up to 2^53
/// without point or exponent. Beyond them the page leaves the form open: see [`is_number_text`].
#[must_use]
pub fn number_text(number: f64) -> String {
    if number == 0.0 {
        "0".to_owned()
    } else if number.abs() <= WHOLE_MAX && number.trunc() == number {
        format!("{number:.0}")
    } else {
        let (plain, scientific) = (format!("{number}"), format!("{number:e}"));
        if plain.len() <= scientific.len() { plain } else { scientific }
    }
}

/// Whether `text` may stand for `number`: it reads back equal, has no more significant digits than
/// needed, and has neither point nor exponent where it must not.
#[must_use]
pub fn is_number_text(text: &str, number: f64) -> bool {
    let digits = |text: &str| {
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        digits.trim_matches('0').len()
    };
    let whole = number.abs() <= WHOLE_MAX && number.trunc() == number;
    text.parse() == Ok(number)
        && digits(text) <= digits(&format!("{number:e}"))
        && (!whole || text == number_text(number))
}

/// JSON text without blanks, keys as they stand, numbers as [`number_text`].
#[must_use]
pub fn to_text(value: &Value) -> String {
    match value {
        Value::Number(number) => number_text(to_f64(number)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(to_text).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| {
                format!("{}:{}", Value::from(key.as_str()), to_text(value))
            };
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equality_is_of_type_and_value() {
        assert!(equal(&json!(1), &json!(1.0)));
        assert!(equal(&json!(0), &json!(-0.0)));
        assert!(equal(&json!({"a": 1, "b": [2]}), &json!({"b": [2.0], "a": 1})));
        assert!(equal(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992.0)));
        for (a, b) in [
            (json!(1), json!("1")),
            (json!(0), json!(false)),
            (json!(null), json!(0)),
            (json!([1, 2]), json!([2, 1])),
            (json!([1]), json!([1, 1])),
            (json!({"a": 1}), json!({"a": 1, "b": null})),
            (json!({"a": 1}), json!({"A": 1})),
        ] {
            assert!(!equal(&a, &b), "{a} {b}");
        }
    }

    #[test]
    fn the_total_order_is_the_one_of_the_page() {
        let ascending = [
            json!(null),
            json!(false),
            json!(true),
            json!(f64::MIN),
            json!(-1),
            json!(0),
            json!(5e-324),
            json!(1),
            json!(""),
            json!("A"),
            json!("a"),
            json!("ab"),
            json!("\u{FFFD}"),
            json!("\u{1F600}"), // less than the one before it by UTF-16
            json!([]),
            json!([null]),
            json!([1]),
            json!([1, 0]),
            json!([2]),
            json!({}),
            json!({"a": 2}),
            json!({"b": 0, "a": 2}), // by keys in order: a 2, b 0
            json!({"a": 3}),
            json!({"b": null}),
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(total_order(a, b), i.cmp(&j), "{a} {b}");
                assert_eq!(equal(a, b), i == j, "{a} {b}");
            }
        }
        assert_eq!(total_order(&json!(0), &json!(-0.0)), Ordering::Equal);
    }

    #[test]
    fn number_text_is_shortest() {
        for (number, text) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (-255.0, "-255"),
            (5e-324, "5e-324"),
            (1e300, "1e300"),
            (1e-7, "1e-7"),
            (21.5, "21.5"),
        ] {
            assert_eq!(number_text(number), text);
            assert!(is_number_text(text, number));
        }
        assert!(is_number_text("10000000000000000", 1e16));
        assert!(is_number_text("1e16", 1e16));
        assert!(!is_number_text("1.0", 1.0));
        assert!(!is_number_text("1e2", 100.0));
        assert!(!is_number_text("0.10000000000000001", 0.1));
        assert!(!is_number_text("0.2", 0.1));
    }
}
