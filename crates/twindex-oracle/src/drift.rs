//! `IN_SYNC()` and `DRIFT()`.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::value::equal;

/// A name: letters and marks of any script, digits, `_` and `$`, with single `-` between two.
static NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[\p{L}\p{M}0-9_$]+(-[\p{L}\p{M}0-9_$]+)*$").ok());

/// The paths below desired that reported does not hold equal, in code-point order of their text.
/// A twin without a desired section has none.
pub(crate) fn drift(twin: &Value) -> Vec<String> {
    let section = |name: &str| twin.get("properties").and_then(|all| all.get(name));
    let Some(Value::Object(desired)) = section("desired") else {
        return Vec::new();
    };
    let reported = section("reported");
    let mut drifted = Vec::new();
    for (key, wanted) in desired.iter().filter(|(key, _)| !is_bookkeeping(key)) {
        collect(wanted, reported.and_then(|all| all.get(key)), &path_text("", key), &mut drifted);
    }
    drifted.sort_by(|a, b| a.chars().cmp(b.chars()));
    drifted
}

/// The keys at the top of a section that the hub itself keeps there.
fn is_bookkeeping(key: &str) -> bool {
    key == "$version" || key == "$metadata"
}

/// Adds the leaves of `wanted` that `found` does not hold. A leaf is all but a filled object.
fn collect(wanted: &Value, found: Option<&Value>, path: &str, drifted: &mut Vec<String>) {
    let found = found.map(acknowledged);
    match wanted {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, wanted) in entries {
                let found = found.and_then(|found| found.get(key));
                collect(wanted, found, &path_text(path, key), drifted);
            }
        }
        // An empty object wants no property: any object will do.
        Value::Object(_) if found.is_some_and(Value::is_object) => {}
        _ if found.is_some_and(|found| equal(wanted, found)) => {}
        _ => drifted.push(path.to_owned()),
    }
}

/// What a reported value counts as: an acknowledgement by its `value`, also if that is one.
fn acknowledged(reported: &Value) -> &Value {
    match reported.as_object().filter(|entries| is_acknowledgement(entries)) {
        Some(entries) => acknowledged(&entries["value"]),
        None => reported,
    }
}

/// Whether the keys are `value`, `ac`, `av`, perhaps `ad`, and no others.
fn is_acknowledgement(entries: &Map<String, Value>) -> bool {
    ["value", "ac", "av"].iter().all(|key| entries.contains_key(*key))
        && entries.keys().all(|key| ["value", "ac", "av", "ad"].contains(&key.as_str()))
}

/// The text of the path to `key` below `parent`, spelled as queries are printed: a plain name,
/// `[[any text]]`, or a string in brackets for what is empty, holds control characters or would
/// end the double brackets.
fn path_text(parent: &str, key: &str) -> String {
    let dot = if parent.is_empty() { "" } else { "." };
    let fits_brackets = !key.is_empty()
        && !key.contains("]]")
        && !key.ends_with(']')
        && !key.chars().any(char::is_control);
    if NAME.as_ref().is_some_and(|name| name.is_match(key)) {
        format!("{parent}{dot}{key}")
    } else if fits_brackets {
        format!("{parent}{dot}[[{key}]]")
    } else {
        let escaped: String = key.chars().map(escaped).collect();
        format!("{parent}['{escaped}']")
    }
}

/// A character as it stands in a string in single quotes.
fn escaped(c: char) -> String {
    match c {
        '\'' => "''".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn drift_of(desired: Value, reported: Value) -> Vec<String> {
        drift(&json!({"properties": {"desired": desired, "reported": reported}}))
    }

    #[test]
    fn equal_sections_are_in_sync() {
        assert!(drift(&json!({})).is_empty());
        assert!(drift(&json!({"properties": {"reported": {"a": 1}}})).is_empty());
        assert!(drift_of(json!({}), json!({"a": 1})).is_empty());
        let desired = json!({"a": 1, "b": {"c": [1, {"d": 2}]}, "$version": 4, "$metadata": {}});
        let reported = json!({"b": {"c": [1.0, {"d": 2}], "x": 0}, "a": 1, "$version": 9});
        assert!(drift_of(desired, reported).is_empty());
    }

    #[test]
    fn leaves_that_differ_are_listed_in_code_point_order() {
        let desired = json!({"b": 1, "a": {"x": 1, "y": "1"}, "B": null, "l": [1], "$x": 0});
        let reported = json!({"b": 2, "a": {"x": 1, "y": 1}, "l": [1, 2]});
        assert_eq!(drift_of(desired.clone(), reported), ["$x", "B", "a.y", "b", "l"]);
        let all = ["$x", "B", "a.x", "a.y", "b", "l"];
        assert_eq!(drift(&json!({"properties": {"desired": desired}})), all);
        assert!(drift_of(json!({"a": null}), json!({"a": null})).is_empty());
    }

    #[test]
    fn acknowledgements_count_by_value_at_any_level() {
        let ack = |value: Value| json!({"value": value, "ac": 200, "av": 1, "ad": "done"});
        assert!(drift_of(json!({"a": 1}), json!({"a": ack(json!(1))})).is_empty());
        assert_eq!(drift_of(json!({"a": 1}), json!({"a": ack(json!(2))})), ["a"]);
        let component = json!({"__t": "c", "t": {"value": 1, "ac": 200, "av": 1}});
        assert!(drift_of(json!({"c": {"__t": "c", "t": 1}}), json!({"c": component})).is_empty());
        let deep = ack(json!({"b": ack(json!(1))}));
        assert!(drift_of(json!({"a": {"b": 1}}), json!({"a": deep})).is_empty());
        let no_ack = json!({"value": 1, "ac": 200, "av": 1, "more": 0});
        assert_eq!(drift_of(json!({"a": 1}), json!({"a": no_ack})), ["a"]);
        assert_eq!(drift_of(json!({"a": 1}), json!({"a": {"value": 1, "ac": 200}})), ["a"]);
        // Arrays are compared whole, so nothing inside them counts by its value.
        assert_eq!(drift_of(json!({"a": [1]}), json!({"a": [ack(json!(1))]})), ["a"]);
    }

    #[test]
    fn an_empty_desired_object_wants_any_object() {
        assert!(drift_of(json!({"a": {}}), json!({"a": {"b": 1}})).is_empty());
        assert_eq!(drift_of(json!({"a": {}}), json!({"a": []})), ["a"]);
        assert_eq!(drift_of(json!({"a": {}}), json!({})), ["a"]);
        assert_eq!(drift_of(json!({"a": {"b": {}}}), json!({"a": 1})), ["a.b"]);
        let ack = json!({"value": 1, "ac": 200, "av": 1});
        assert_eq!(drift_of(json!({"a": {}}), json!({"a": ack})), ["a"]);
    }

    #[test]
    fn keys_are_printed_as_the_language_reads_them() {
        for (key, text) in [
            ("4x", "4x"),
            ("$version", "x.$version"),
            ("a-b", "a-b"),
            ("e\u{301}", "e\u{301}"),
            ("group", "group"),
            ("a--b", "[[a--b]]"),
            ("a-", "[[a-]]"),
            ("-a", "[[-a]]"),
            ("a.b", "[[a.b]]"),
            ("a b", "[[a b]]"),
            ("", "['']"),
            ("a\tb\u{1}", r"['a\tb\u0001']"),
            ("[x", "[[[x]]"),
            ("x]", "['x]']"),
            ("a]]'\\b", r"['a]]''\\b']"),
            ("😀", "[[😀]]"),
            ("tab\there\u{1}", r"['tab\there\u0001']"),
        ] {
            let parent = if text.starts_with("x.") { "x" } else { "" };
            assert_eq!(path_text(parent, key), text);
        }
        assert_eq!(path_text("a", "b c"), "a.[[b c]]");
        assert_eq!(path_text("a", "]"), "a[']']");
    }
}
