//! JSON text to a [`Value`], for the few places that need a tree.
//!
//! Going through `serde_json::Value` was rejected: besides building two trees it takes the key
//! `$serde_json::private::RawValue`, which anyone may write, for a message of its own.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::value::Value;

/// Reads any JSON value. Of entries with the same key the last counts.
///
/// # Errors
/// When `text` is not JSON, nests deeper than 127 levels, or holds a number that is not finite or a
/// lone surrogate.
pub(super) fn read_tree(text: &str) -> Result<Value, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Tree.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

struct Tree;

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<Value, D::Error> {
        text.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64)) // to the nearest
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64)) // to the nearest
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value + 0.0)) // -0 becomes 0
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = elements.next_element_seed(Tree)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(String, Value)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            entries.push((key, map.next_value_seed(Tree)?));
        }
        keep_last(&mut entries);
        Ok(Value::Object(entries))
    }
}

/// Removes every entry whose key comes again.
fn keep_last(entries: &mut Vec<(String, Value)>) {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|&a, &b| entries[a].0.cmp(&entries[b].0)); // stable
    let mut dropped = vec![false; entries.len()];
    for pair in order.windows(2) {
        dropped[pair[0]] = entries[pair[0]].0 == entries[pair[1]].0;
    }
    let mut dropped = dropped.into_iter();
    entries.retain(|_| !dropped.next().unwrap_or(false));
}

#[cfg(test)]
mod tests {
    use super::read_tree;

    #[test]
    fn reads_values_as_they_stand() {
        let text = r#" [null,true,-1,1.5,"x",{"b":[],"a":{"c":-0.0}}] "#;
        assert_eq!(
            read_tree(text).unwrap().to_canonical_text(),
            r#"[null,true,-1,1.5,"x",{"a":{"c":0},"b":[]}]"#
        );
        for bad in ["", "[1,]", "1 2", "[1e999]", r#""\ud800""#, &"[".repeat(200)] {
            assert!(read_tree(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn last_duplicate_wins() {
        let value = read_tree(r#"{"a":1,"b":2,"a":3,"c":4,"b":5,"a":6}"#).unwrap();
        assert_eq!(value.to_canonical_text(), r#"{"a":6,"b":5,"c":4}"#);
    }

    #[test]
    fn no_key_is_special() {
        let text = r#"{"$serde_json::private::RawValue":"[1]"}"#;
        assert_eq!(read_tree(text).unwrap().to_canonical_text(), text);
    }
}
