//! What a write may contain.

use serde_json::{Map, Value};

use super::request::Fault;

/// Bytes of a key at most.
const KEY_BYTES_MAX: usize = 1024;

/// Bytes of a string at most.
const STRING_BYTES_MAX: usize = 4096;

/// Objects and arrays that may nest below the root of a section.
const DEPTH_MAX: usize = 10;

/// The integers between which all must lie, both allowed.
const INTEGERS: [i64; 2] = [-4_503_599_627_370_496, 4_503_599_627_370_495];

/// What a section may weigh at most.
pub(super) const TAGS_WEIGHT_MAX: usize = 8 * 1024;
/// The same for desired and for reported properties.
pub(super) const PROPERTIES_WEIGHT_MAX: usize = 32 * 1024;

/// Checks the content of one section.
pub(super) fn check_section(entries: &Map<String, Value>) -> Result<(), Fault> {
    check_entries(entries, 0, false)
}

fn check_entries(
    entries: &Map<String, Value>,
    depth: usize,
    is_in_array: bool,
) -> Result<(), Fault> {
    for (key, value) in entries {
        if !is_key(key) || (is_in_array && value.is_null()) {
            return Err(Fault::Invalid);
        }
        check_value(value, depth + 1, is_in_array)?;
    }
    Ok(())
}

fn check_value(value: &Value, depth: usize, is_in_array: bool) -> Result<(), Fault> {
    let fine = match value {
        Value::Null | Value::Bool(_) => true,
        Value::Number(number) => {
            let is_whole = number.is_i64() || number.is_u64();
            let [least, most] = INTEGERS;
            !is_whole || number.as_i64().is_some_and(|n| (least..=most).contains(&n))
        }
        Value::String(text) => text.len() <= STRING_BYTES_MAX,
        Value::Array(_) | Value::Object(_) if depth > DEPTH_MAX => false,
        Value::Array(items) => {
            for item in items {
                check_value(item, depth + 1, true)?;
            }
            !items.contains(&Value::Null)
        }
        Value::Object(entries) => return check_entries(entries, depth, is_in_array),
    };
    if fine { Ok(()) } else { Err(Fault::Invalid) }
}

/// Whether a property may have this name.
fn is_key(key: &str) -> bool {
    let is_forbidden = |c: char| c.is_control() || c.is_whitespace() || ".$#".contains(c);
    key.len() <= KEY_BYTES_MAX && !key.chars().any(is_forbidden)
}

/// The size of a section as a hub counts it: bytes of keys, characters of strings that are no
/// control characters, 8 for a number, 4 for a Boolean; arrays are the sum of their elements.
pub(super) fn weight(entries: &Map<String, Value>) -> usize {
    entries.iter().map(|(key, value)| key.len() + weight_of(value)).sum()
}

fn weight_of(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 4,
        Value::Number(_) => 8,
        Value::String(text) => text.chars().filter(|c| !c.is_control()).count(),
        Value::Array(items) => items.iter().map(weight_of).sum(),
        Value::Object(entries) => weight(entries),
    }
}
