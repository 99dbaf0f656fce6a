//! The patch that makes one twin's new values of its old ones.
//!
//! SET replaces and a patch merges, so where an object comes in the place of an object the keys that
//! only the old one has are removed by null. What is removed and was not there is left out, since a
//! patch would create the objects above it.

use std::collections::{HashMap, HashSet};

use twindex_model::value::{KeyOrder, Value, write_json_string};

use super::change::{Change, Row};

/// The text of the patch; `None` if there is nothing to write.
pub(super) fn patch_text(change: &Change, row: &Row) -> Option<String> {
    let mut writer = PatchWriter { out: String::from("{"), open: Vec::new() };
    let mut is_empty = true;
    for &idx in &change.by_path {
        let (Some(target), Some((old, new))) = (change.targets.get(idx), row.values.get(idx))
        else {
            continue;
        };
        let new = new.as_ref().unwrap_or(&Value::Null);
        if *new == Value::Null && old.is_none() {
            continue;
        }
        is_empty = false;
        writer.go_to(&target.keys);
        write_difference(old.as_ref(), new, &mut writer.out);
    }
    writer.go_to(&[]);
    writer.out.push('}');
    (!is_empty).then_some(writer.out)
}

/// Writes an object whose paths come in order.
struct PatchWriter<'a> {
    out: String,
    /// The keys of the objects that are open.
    open: Vec<&'a str>,
}

impl<'a> PatchWriter<'a> {
    /// Closes and opens objects up to the one that holds the last key, and writes that key. No keys:
    /// closes all.
    fn go_to(&mut self, keys: &'a [String]) {
        let (parents, last) = match keys.split_last() {
            Some((last, parents)) => (parents, Some(last)),
            None => (keys, None),
        };
        let n_shared = self.open.iter().zip(parents).take_while(|(a, b)| **a == b.as_str()).count();
        for _ in n_shared..self.open.len() {
            self.out.push('}');
        }
        self.open.truncate(n_shared);
        for key in parents.iter().skip(n_shared) {
            self.key(key);
            self.out.push('{');
            self.open.push(key);
        }
        if let Some(last) = last {
            self.key(last);
        }
    }

    fn key(&mut self, key: &str) {
        push_key(&mut self.out, key);
    }
}

/// Appends what must be merged into `old` to make `new` of it. Values nest as deep as a twin.
fn write_difference(old: Option<&Value>, new: &Value, out: &mut String) {
    let (Some(Value::Object(old)), Value::Object(new)) = (old, new) else {
        return new.write_json(out, KeyOrder::AsMet);
    };
    out.push('{');
    let kept: HashSet<&str> = new.iter().map(|(key, _)| key.as_str()).collect();
    let gone = old.iter().filter(|(key, _)| !kept.contains(key.as_str()));
    for (key, _) in gone {
        push_key(out, key);
        out.push_str("null");
    }
    let before: HashMap<&str, &Value> =
        old.iter().map(|(key, value)| (key.as_str(), value)).collect();
    for (key, value) in new {
        push_key(out, key);
        write_difference(before.get(key.as_str()).copied(), value, out);
    }
    out.push('}');
}

/// Appends a key and its colon, after the comma it may need.
fn push_key(out: &mut String, key: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    write_json_string(out, key);
    out.push(':');
}

#[cfg(test)]
mod tests {
    use twindex_lang::ast::Statement;
    use twindex_lang::{Limits, parse_statement};
    use twindex_model::json::read::read_value;

    use super::{Change, patch_text, write_difference};

    #[test]
    fn differences_merge_to_the_new_value() {
        for (old, new, expected) in [
            ("1", "{\"a\":1}", "{\"a\":1}"),
            ("{\"a\":1,\"b\":2}", "{\"a\":3}", "{\"b\":null,\"a\":3}"),
            ("{\"a\":{\"x\":1}}", "{\"a\":{}}", "{\"a\":{\"x\":null}}"),
            ("{\"a\":1}", "[1]", "[1]"),
            ("{}", "{}", "{}"),
        ] {
            let (old, new) = (read_value(old).unwrap(), read_value(new).unwrap());
            let mut out = String::new();
            write_difference(Some(&old), &new, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn patches_hold_what_is_set_by_path() {
        let text = "UPDATE devices SET tags.b.y = 1, properties.desired.p = 2, tags.a = 3,
                    tags.b.x = null, tags.b.z = undefined, tags.[[a b]] = 'x'";
        let Ok(Statement::Update(update)) = parse_statement(text, &Limits::default()) else {
            panic!("an update");
        };
        let change = Change::of_update(update).unwrap();
        let row = r#"{"d":"d","e":"AA","n0":1,"n1":2,"n2":3,"n3":null,"o3":7,"n5":"x"}"#;
        assert_eq!(
            patch_text(&change, &change.read_row(row)).unwrap(),
            r#"{"properties":{"desired":{"p":2}},"tags":{"a":3,"a b":"x","b":{"x":null,"y":1}}}"#
        );
        assert_eq!(patch_text(&change, &change.read_row(r#"{"d":"d"}"#)), None);
    }
}
