//! `IN_SYNC()` and `DRIFT()`: desired held against reported.
//!
//! Both walk the two sections as values. The stack of the walk is a list, not recursion, since the
//! depth of a loaded twin is the input's.

use twindex_model::value::Value;

use crate::display::push_key;

/// Keys at the top of a section that say something about it and are no properties.
const SECTION_KEYS: [&str; 2] = ["$version", "$metadata"];

/// Whether every desired property is found equal in reported. A twin without desired properties,
/// or with a section that is no object, is in sync.
#[must_use]
pub fn is_in_sync(desired: Option<&Value>, reported: Option<&Value>) -> bool {
    Walk::new(desired, reported).next().is_none()
}

/// The desired paths whose value is not found in reported: below desired, as text, in code-point
/// order.
#[must_use]
pub fn drift(desired: Option<&Value>, reported: Option<&Value>) -> Vec<String> {
    let mut paths: Vec<String> = Walk::new(desired, reported).collect();
    paths.sort_unstable();
    paths
}

/// A desired value to be judged, what reported holds in its place, and where that is.
struct Pair<'a> {
    desired: &'a Value,
    reported: Option<&'a Value>,
    path: String,
}

/// Yields the paths of leaves that differ.
struct Walk<'a> {
    pending: Vec<Pair<'a>>,
}

impl<'a> Walk<'a> {
    fn new(desired: Option<&'a Value>, reported: Option<&'a Value>) -> Self {
        let mut walk = Self { pending: Vec::new() };
        if let Some(Value::Object(entries)) = desired {
            let entries = entries.iter().filter(|(key, _)| !SECTION_KEYS.contains(&key.as_str()));
            walk.push_all(entries, reported, "");
        }
        walk
    }

    fn push_all(
        &mut self,
        entries: impl Iterator<Item = &'a (String, Value)>,
        reported: Option<&'a Value>,
        prefix: &str,
    ) {
        for (key, desired) in entries {
            let mut path = prefix.to_owned();
            push_key(&mut path, key);
            let reported = reported.and_then(|object| object.get(key)).map(acknowledged);
            self.pending.push(Pair { desired, reported, path });
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        while let Some(Pair { desired, reported, path }) = self.pending.pop() {
            let is_equal = match (desired, reported) {
                (Value::Object(entries), _) if !entries.is_empty() => {
                    self.push_all(entries.iter(), reported, &path);
                    continue;
                }
                // An empty object asks for an object, whatever it holds.
                (Value::Object(_), reported) => matches!(reported, Some(Value::Object(_))),
                (_, None) => false,
                (desired, Some(reported)) => desired == reported,
            };
            if !is_equal {
                return Some(path);
            }
        }
        None
    }
}

/// What a reported value counts as: an acknowledgement `{value, ac, av[, ad]}` by its `value`, also
/// where that is one.
fn acknowledged(mut reported: &Value) -> &Value {
    while let Some(value) = acknowledged_value(reported) {
        reported = value;
    }
    reported
}

fn acknowledged_value(reported: &Value) -> Option<&Value> {
    let Value::Object(entries) = reported else {
        return None;
    };
    let is_known = |key: &str| matches!(key, "value" | "ac" | "av" | "ad");
    let is_ack = entries.iter().all(|(key, _)| is_known(key))
        && reported.get("ac").is_some()
        && reported.get("av").is_some();
    reported.get("value").filter(|_| is_ack)
}

#[cfg(test)]
mod tests {
    use super::*;
    use twindex_model::json::read::read_value;

    fn drift_of(desired: &str, reported: &str) -> Vec<String> {
        let read = |text: &str| read_value(text).ok();
        let (desired, reported) = (read(desired), read(reported));
        let paths = drift(desired.as_ref(), reported.as_ref());
        assert_eq!(paths.is_empty(), is_in_sync(desired.as_ref(), reported.as_ref()));
        paths
    }

    #[test]
    fn equal_sections_are_in_sync_and_marks_do_not_count() {
        let desired = r#"{"a":1,"b":{"c":[1,{"d":2}]},"$version":4,"$metadata":{"x":1}}"#;
        let reported = r#"{"b":{"c":[1,{"d":2}],"more":0},"a":1.0,"$version":9}"#;
        assert!(drift_of(desired, reported).is_empty());
        assert!(drift_of("", "").is_empty());
        assert!(drift_of("5", "{}").is_empty());
        assert!(drift_of(r#"{"$version":1}"#, "").is_empty());
    }

    #[test]
    fn leaves_that_differ_are_listed_in_code_point_order() {
        let desired = r#"{"b":{"z":1,"y":{"x":null}},"B":true,"a":"s","c":[1]}"#;
        assert_eq!(drift_of(desired, ""), ["B", "a", "b.y.x", "b.z", "c"]);
        assert_eq!(drift_of(desired, r#"{"b":7,"c":[1,2],"a":"s"}"#), ["B", "b.y.x", "b.z", "c"]);
    }

    #[test]
    fn acknowledgements_count_by_value_at_any_level() {
        let ack = r#"{"value":21.8,"ac":200,"av":4,"ad":"done"}"#;
        assert!(drift_of(r#"{"t":21.8}"#, &format!(r#"{{"t":{ack}}}"#)).is_empty());
        assert!(drift_of(r#"{"k":{"t":21.8}}"#, &format!(r#"{{"k":{{"t":{ack}}}}}"#)).is_empty());
        assert!(
            drift_of(r#"{"k":{"t":1}}"#, r#"{"k":{"value":{"t":1},"ac":1,"av":1}}"#).is_empty()
        );
        let twice = format!(r#"{{"t":{{"value":{ack},"ac":200,"av":4}}}}"#);
        assert!(drift_of(r#"{"t":21.8}"#, &twice).is_empty());
        assert_eq!(drift_of(r#"{"t":1}"#, r#"{"t":{"value":1,"ac":200}}"#), ["t"]);
        assert_eq!(drift_of(r#"{"t":1}"#, r#"{"t":{"value":1,"ac":2,"av":1,"x":0}}"#), ["t"]);
    }

    #[test]
    fn empty_objects_ask_for_an_object() {
        assert!(drift_of(r#"{"a":{}}"#, r#"{"a":{"b":1}}"#).is_empty());
        assert_eq!(drift_of(r#"{"a":{}}"#, r#"{"a":[]}"#), ["a"]);
        assert_eq!(drift_of(r#"{"a":{}}"#, "{}"), ["a"]);
    }

    #[test]
    fn odd_keys_are_bracketed_and_marks_below_the_top_count() {
        let desired = r#"{"a b":{"c-d":1,"4x":1,"e--f":1},"o":{"$version":1}}"#;
        let paths = drift_of(desired, "{}");
        assert_eq!(drift_of(r#"{"a]":{"]]":1},"é":1}"#, "{}"), ["['a]'][']]']", "é"]);
        assert_eq!(paths, ["[[a b]].4x", "[[a b]].[[e--f]]", "[[a b]].c-d", "o.$version"]);
    }
}
