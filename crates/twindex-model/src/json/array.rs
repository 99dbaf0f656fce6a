//! Arrays, written as canonical text while they stream by.
//!
//! An array is opaque to the lanes, so it becomes the text that two equal arrays share: keys in
//! code-point order, shortest numbers, no blanks. Scalars and arrays go straight to the arena;
//! only an object's entries are put in order afterwards. Building a tree first was rejected: it
//! would double the work for the plain lists that most arrays are.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::json::pass::Pass;
use crate::json::warning::LoadWarning;
use crate::number::write_number;
use crate::value::write_json_string;

/// The elements of an array, brackets included.
pub(super) struct Elements<'p, 'r>(pub(super) &'p mut Pass<'r>);

impl Elements<'_, '_> {
    /// Appends the array to the arena.
    pub(super) fn visit_seq<'de, A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let pass = self.0;
        pass.open(pass.leaves.events.len())?;
        pass.leaves.text.push('[');
        let mut separator = "";
        let mut at = pass.leaves.text.len();
        while items.next_element_seed(Element { pass: &mut *pass, separator })?.is_some() {
            pass.judge_in_array(at, None);
            separator = ",";
            at = pass.leaves.text.len();
        }
        pass.leaves.text.push(']');
        pass.close();
        Ok(())
    }
}

/// One element of an array, or the value of an entry below one; `separator` goes before it.
struct Element<'p, 'r> {
    pass: &'p mut Pass<'r>,
    separator: &'static str,
}

impl Element<'_, '_> {
    fn number(self, number: f64) {
        write_number(&mut self.pass.leaves.text, number);
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<(), D::Error> {
        self.pass.leaves.text.push_str(self.separator);
        text.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.pass.leaves.text.push_str("null");
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.pass.judge_bool();
        self.pass.leaves.text.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        let number = self.pass.integer(value, false);
        self.number(number);
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        let number = self.pass.integer(value.unsigned_abs(), value < 0);
        self.number(number);
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let number = self.pass.double(value);
        self.number(number);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.pass.judge_string(text);
        write_json_string(&mut self.pass.leaves.text, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        Elements(self.pass).visit_seq(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let pass = self.pass;
        pass.open(pass.leaves.events.len())?;
        let start = pass.leaves.text.len();
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            pass.judge_key(&key);
            let at = pass.leaves.text.len();
            map.next_value_seed(Element { pass: &mut *pass, separator: "" })?;
            pass.judge_in_array(at, Some(&key));
            entries.push((key, at - start..pass.leaves.text.len() - start));
        }
        put_in_order(pass, start, entries);
        pass.close();
        Ok(())
    }
}

/// Turns the values at the arena's end, from `start`, into an object with sorted keys. Of entries
/// with the same key the last counts.
fn put_in_order(pass: &mut Pass<'_>, start: usize, mut entries: Vec<(String, Range<usize>)>) {
    let values = pass.leaves.text.split_off(start);
    entries.sort_by(|a, b| a.0.cmp(&b.0)); // stable: equal keys stay in reading order
    pass.leaves.text.push('{');
    let mut separator = "";
    for (place, (key, value)) in entries.iter().enumerate() {
        if entries.get(place + 1).is_some_and(|(next, _)| next == key) {
            pass.warn_next(LoadWarning::DuplicateKey);
            continue;
        }
        pass.leaves.text.push_str(separator);
        write_json_string(&mut pass.leaves.text, key);
        pass.leaves.text.push(':');
        pass.leaves.text.push_str(&values[value.clone()]);
        separator = ",";
    }
    pass.leaves.text.push('}');
}
