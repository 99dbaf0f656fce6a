//! JSON text to leaves in one streaming pass.
//!
//! [`Leaves`] is what loading hands from the threads that parse to the one that writes lanes: flat
//! events in reading order over one text arena, no value tree and no heap block per leaf.

use crate::value::Value;

/// One document as flat events in reading order.
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    /// The events. The root object itself has none: `{"a":{"b":1}}` is `Enter(a) Number(b) Leave`.
    pub events: Vec<Event>,
    /// Keys, strings and canonical array text that the events point into.
    pub text: String,
}

/// A piece of [`Leaves::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// First byte.
    pub at: u32,
    /// Number of bytes.
    pub len: u32,
}

/// One event: a key of the object being read, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// An object begins; the events up to its [`Event::Leave`] are its entries.
    Enter {
        /// Its key.
        key: Piece,
    },
    /// The object begun last ends.
    Leave,
    /// A value that is no object.
    Leaf {
        /// Its key.
        key: Piece,
        /// The value.
        leaf: Leaf,
    },
}

/// A value that is no object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Leaf {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number, never `-0`.
    Number(f64),
    /// A string.
    String(Piece),
    /// An array, as its canonical text.
    Array(Piece),
}

impl Leaves {
    /// The text of `piece`.
    #[must_use]
    pub fn str(&self, piece: Piece) -> &str {
        let at = piece.at as usize;
        &self.text[at..at + piece.len as usize]
    }
}

/// Reads the value of canonical text (or of any JSON text).
///
/// # Errors
/// When `text` is not JSON, or holds a number that is not finite or a lone surrogate.
pub fn read_value(text: &str) -> Result<Value, serde_json::Error> {
    fn convert(value: serde_json::Value) -> Value {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap_or(0.0)),
            serde_json::Value::String(text) => Value::String(text),
            serde_json::Value::Array(items) => {
                Value::Array(items.into_iter().map(convert).collect())
            }
            serde_json::Value::Object(entries) => {
                Value::Object(entries.into_iter().map(|(k, v)| (k, convert(v))).collect())
            }
        }
    }
    serde_json::from_str(text).map(convert)
}
