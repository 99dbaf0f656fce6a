//! JSON values with the language's equality and total order.
//!
//! The engine reads cells, not values; a [`Value`] is built where a query really handles an array
//! or object, and at the edges.

use std::cmp::Ordering;

use crate::number::write_number;

/// A JSON value. Numbers are finite doubles.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object: entries in the order they were met, keys distinct.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The value at `key` of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The element at `index` of an array.
    #[must_use]
    pub fn at(&self, index: u64) -> Option<&Self> {
        match self {
            Self::Array(items) => items.get(usize::try_from(index).ok()?),
            _ => None,
        }
    }

    /// The language's total order: null < false < true < numbers < strings < arrays < objects.
    /// Arrays go element by element, objects entry by entry in code-point order of keys, an entry
    /// by key and then value; what is a prefix of the other comes first. `Equal` is JSON equality.
    #[must_use]
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            // Finite numbers, so the fallback is never taken; -0 equals 0.
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Array(a), Self::Array(b)) => {
                let pairs = a.iter().zip(b).map(|(x, y)| x.total_cmp(y));
                pairs.fold(Ordering::Equal, Ordering::then).then(a.len().cmp(&b.len()))
            }
            (Self::Object(a), Self::Object(b)) => {
                let (a, b) = (sorted_entries(a), sorted_entries(b));
                let pairs =
                    a.iter().zip(&b).map(|(x, y)| x.0.cmp(&y.0).then_with(|| x.1.total_cmp(&y.1)));
                pairs.fold(Ordering::Equal, Ordering::then).then(a.len().cmp(&b.len()))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// Place of the value's type in the total order.
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Number(_) => 3,
            Self::String(_) => 4,
            Self::Array(_) => 5,
            Self::Object(_) => 6,
        }
    }

    /// JSON text with keys in code-point order, shortest numbers and no blanks: two values have
    /// equal canonical text exactly when they are equal.
    #[must_use]
    pub fn to_canonical_text(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out, KeyOrder::Sorted);
        out
    }

    /// Appends JSON text without blanks.
    pub fn write_json(&self, out: &mut String, keys: KeyOrder) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => write_number(out, *number),
            Self::String(text) => write_json_string(out, text),
            Self::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_json(out, keys);
                }
                out.push(']');
            }
            Self::Object(entries) => {
                let entries = match keys {
                    KeyOrder::Sorted => sorted_entries(entries),
                    KeyOrder::AsMet => entries.iter().collect(),
                };
                out.push('{');
                for (i, (key, value)) in entries.into_iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_json_string(out, key);
                    out.push(':');
                    value.write_json(out, keys);
                }
                out.push('}');
            }
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.total_cmp(other) == Ordering::Equal
    }
}

/// The order in which [`Value::write_json`] prints the keys of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrder {
    /// In code-point order.
    Sorted,
    /// As they stand.
    AsMet,
}

fn sorted_entries(entries: &[(String, Value)]) -> Vec<&(String, Value)> {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    sorted
}

/// Whether no byte needs an escape in a JSON string. Eight at a time, for every string of every
/// twin that is printed is looked at.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks::<8>();
    if let Some(last) = text.last_chunk::<8>() {
        let words = words.iter().chain(std::iter::once(last));
        return words.fold(0, |odd, word| odd | odd_bytes(u64::from_ne_bytes(*word))) == 0;
    }
    if let (Some(first), Some(last)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        let (first, last) = (u32::from_ne_bytes(*first), u32::from_ne_bytes(*last));
        return odd_bytes(u64::from(first) << 32 | u64::from(last)) == 0;
    }
    rest.iter().all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\')
}

/// Zero if none of eight bytes is a control, a quote or a backslash.
#[inline]
fn odd_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    // The greatest bit of a byte is set by a borrow where the byte is less, which none is if no
    // byte below it is.
    let is_less = |word: u64, than: u64| word.wrapping_sub(ONES * than) & !word;
    let quotes = is_less(word ^ (ONES * u64::from(b'"')), 1);
    let backslashes = is_less(word ^ (ONES * u64::from(b'\\')), 1);
    (is_less(word, 0x20) | quotes | backslashes) & ONES << 7
}

/// Whether a text stands in a JSON string as it is, without escapes.
#[inline]
#[must_use]
pub fn is_plain_json(text: &str) -> bool {
    is_plain(text.as_bytes())
}

/// Appends `text` as a JSON string, quotes and escapes included.
pub fn write_json_string(out: &mut String, text: &str) {
    if is_plain(text.as_bytes()) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        // Serialising a string to memory cannot fail.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::{is_plain, write_json_string};
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn strings_are_escaped_as_serde_does(text in "[\u{1}\u{1f} !\"#\\\\a\u{7f}\u{80}é\u{10000}]{0,20}") {
            let mut out = String::new();
            write_json_string(&mut out, &text);
            prop_assert_eq!(out, serde_json::to_string(&text).unwrap_or_default());
        }

        #[test]
        fn odd_bytes_are_found_wherever_they_are(text in prop::collection::vec(0u8..=255, 0..20)) {
            let is_odd = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
            prop_assert_eq!(is_plain(&text), !text.iter().any(is_odd));
        }
    }
}
