//! Names and values as version 2 of the language of models allows them.

use serde_json::Value;
use twindex_model::limits::DOCUMENT_DEPTH_MAX;

use crate::error::Reason;

/// Characters of the name of a component, a property or a field.
pub(crate) const NAME_CHARS_MAX: usize = 64;

/// How deep the objects of a writable property nest; a bare number nests 0 deep.
pub(crate) const VALUE_DEPTH_MAX: usize = 5;

/// How deep those of a read-only one do: as deep as documents, the section being level 3.
pub(crate) const REPORTED_DEPTH_MAX: usize = DOCUMENT_DEPTH_MAX - 3;

/// The key that marks a component in a device twin.
pub(crate) const MARK: &str = "__t";

/// The value of [`MARK`].
pub(crate) const MARK_VALUE: &str = "c";

/// The key of what is said about properties, in device twins and in digital ones.
pub(crate) const METADATA: &str = "$metadata";

/// The key of a section's version.
pub(crate) const VERSION: &str = "$version";

/// Whether `text` may name a component, a property or a field.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= NAME_CHARS_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Checks the value of a property: fields with proper names, no array, no null, not too deep.
///
/// The stack of the walk is a list, since the depth is the input's.
pub(crate) fn check_value(value: &Value, depth_max: usize) -> Result<(), Reason> {
    let mut pending = vec![(value, 0)];
    while let Some((value, depth)) = pending.pop() {
        match value {
            Value::Null => return Err(Reason::Null),
            Value::Array(_) => return Err(Reason::Array),
            Value::Object(_) if depth == depth_max => return Err(Reason::Depth),
            Value::Object(fields) => {
                if !fields.keys().all(|name| is_name(name)) {
                    return Err(Reason::Name);
                }
                pending.extend(fields.values().map(|field| (field, depth + 1)));
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_words_of_letters_digits_and_underscores() {
        for name in ["a", "Z9", "fanSpeed", "a_", "a__b", &"x".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(65);
        for name in ["", "_a", "9a", "a-b", "a b", "ä", "$metadata", "a.b", "a/b", &long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn values_nest_up_to_the_limit() {
        let nested = |depth| (0..depth).fold(json!(1), |value, _| json!({ "o": value }));
        assert_eq!(check_value(&nested(5), VALUE_DEPTH_MAX), Ok(()));
        assert_eq!(check_value(&nested(6), VALUE_DEPTH_MAX), Err(Reason::Depth));
        assert_eq!(check_value(&nested(REPORTED_DEPTH_MAX), REPORTED_DEPTH_MAX), Ok(()));
    }

    #[test]
    fn values_hold_no_arrays_no_nulls_and_no_odd_names() {
        assert_eq!(check_value(&json!([]), 5), Err(Reason::Array));
        assert_eq!(check_value(&json!({"a": {"b": [1]}}), 5), Err(Reason::Array));
        assert_eq!(check_value(&json!(null), 5), Err(Reason::Null));
        assert_eq!(check_value(&json!({"a": null}), 5), Err(Reason::Null));
        assert_eq!(check_value(&json!({"a": {"b c": 1}}), 5), Err(Reason::Name));
        assert_eq!(check_value(&json!({"a": {}, "b": "x", "c": false}), 5), Ok(()));
    }
}
