//! Reading a [`Scalar`] as one type or another, and turning it into values and text.

use std::borrow::Cow;

use twindex_model::cell::Text;
use twindex_model::kind::Kind;
use twindex_model::number::write_number;
use twindex_model::value::{KeyOrder, Value, write_json_string};

use crate::env::Scalar;

impl<'a> Scalar<'a> {
    /// The kind of the value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Undefined => Kind::Undefined,
            Self::Null => Kind::Null,
            Self::Bool(false) => Kind::False,
            Self::Bool(true) => Kind::True,
            Self::Number(_) => Kind::Number,
            Self::Text(_) | Self::String(_) => Kind::String,
            Self::Container(value) => match value.as_ref() {
                Value::Object(_) => Kind::Object,
                _ => Kind::Array,
            },
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined)
    }

    /// The Boolean, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Container(value) => match value.as_ref() {
                Value::Array(items) => Some(items),
                _ => None,
            },
            _ => None,
        }
    }

    /// `value`, borrowed.
    #[must_use]
    pub fn from_value(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(*number),
            Value::String(text) => Self::Text(Text::Borrowed(text)),
            Value::Array(_) | Value::Object(_) => Self::Container(Cow::Borrowed(value)),
        }
    }

    /// The value, unless undefined.
    #[must_use]
    pub fn to_value(&self) -> Option<Value> {
        self.clone().into_value()
    }

    /// The value, unless undefined.
    #[must_use]
    pub fn into_value(self) -> Option<Value> {
        Some(match self {
            Self::Undefined => return None,
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::String(text.to_string()),
            Self::String(text) => Value::String(text),
            Self::Container(value) => value.into_owned(),
        })
    }

    /// The same value that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Scalar<'static> {
        self.into_value().map_or(Scalar::Undefined, Scalar::from)
    }

    /// Appends JSON text without blanks, keys in code-point order; nothing where undefined.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Undefined => {}
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => write_number(out, *number),
            Self::Text(text) => write_json_string(out, text),
            Self::String(text) => write_json_string(out, text),
            Self::Container(value) => value.write_json(out, KeyOrder::Sorted),
        }
    }
}

impl From<Value> for Scalar<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::String(text),
            Value::Array(_) | Value::Object(_) => Self::Container(Cow::Owned(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_text_of_every_kind() {
        let text_of = |scalar: Scalar<'_>| {
            let mut out = String::new();
            scalar.write_json(&mut out);
            out
        };
        let object = Value::Object(vec![
            ("b".into(), Value::Number(-0.0)),
            ("a".into(), Value::Array(vec![Value::Null])),
        ]);
        assert_eq!(text_of(Scalar::Undefined), "");
        assert_eq!(text_of(Scalar::Null), "null");
        assert_eq!(text_of(Scalar::Bool(true)), "true");
        assert_eq!(text_of(Scalar::Number(1.0)), "1");
        assert_eq!(text_of(Scalar::Text("a\"".into())), r#""a\"""#);
        assert_eq!(text_of(object.into()), r#"{"a":[null],"b":0}"#);
    }

    #[test]
    fn owned_and_borrowed_round_trip() {
        let value = Value::Array(vec![Value::String("x".into())]);
        let scalar = Scalar::from_value(&value);
        assert_eq!(scalar.kind(), Kind::Array);
        assert_eq!(scalar.into_owned().into_value(), Some(value));
        assert!(Scalar::Undefined.to_value().is_none());
    }
}
