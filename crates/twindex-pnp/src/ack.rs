//! The acknowledgement of a writable property: `{value, ac, av, ad}` in reported.
//!
//! `IN_SYNC()` knows it by its keys alone. Here the types count too: what has the keys of an
//! acknowledgement and is none is a fault of the device, which a digital twin must not hide.

use serde_json::{Map, Value};

use crate::error::Reason;

/// What a device answered to a wish.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ack<'a> {
    /// The value in force.
    pub(crate) value: &'a Value,
    /// `ac`: how it went, in the manner of HTTP.
    pub(crate) code: &'a Value,
    /// `av`: the `$version` of desired that it answers.
    pub(crate) version: &'a Value,
    /// `ad`: a text.
    pub(crate) description: Option<&'a Value>,
}

impl<'a> Ack<'a> {
    /// Reads a reported value. `None` if it is a plain one.
    pub(crate) fn read(reported: &'a Value) -> Result<Option<Self>, Reason> {
        let Some(fields) = reported.as_object().filter(|fields| claims_to_be_one(fields)) else {
            return Ok(None);
        };
        let whole = |key: &str| fields.get(key).filter(|number| number.is_i64() || number.is_u64());
        let description = fields.get("ad");
        let is_text = description.is_none_or(Value::is_string);
        let n_known = 3 + usize::from(description.is_some());
        match (fields.get("value"), whole("ac"), whole("av")) {
            (Some(value), Some(code), Some(version)) if is_text && fields.len() == n_known => {
                Ok(Some(Self { value, code, version, description }))
            }
            _ => Err(Reason::Acknowledgement),
        }
    }
}

/// An object may have a field named `value`; with a code or a version beside it, it is meant as an
/// acknowledgement.
fn claims_to_be_one(fields: &Map<String, Value>) -> bool {
    fields.contains_key("value") && (fields.contains_key("ac") || fields.contains_key("av"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn acknowledgements_are_told_from_objects() {
        let is_ack = |value: Value| Ack::read(&value).map(|ack| ack.is_some());
        assert_eq!(is_ack(json!({"value": 1, "ac": 200, "av": 4, "ad": "done"})), Ok(true));
        assert_eq!(is_ack(json!({"value": {"x": 1}, "ac": 203, "av": 0})), Ok(true));
        assert_eq!(is_ack(json!(21.8)), Ok(false));
        assert_eq!(is_ack(json!({"value": 1})), Ok(false));
        assert_eq!(is_ack(json!({"ac": 1, "av": 2})), Ok(false));
        for broken in [
            json!({"value": 1, "ac": 200}),
            json!({"value": 1, "av": 4}),
            json!({"value": 1, "ac": "200", "av": 4}),
            json!({"value": 1, "ac": 200, "av": 4.5}),
            json!({"value": 1, "ac": 200, "av": 4, "ad": 5}),
            json!({"value": 1, "ac": 200, "av": 4, "more": 5}),
        ] {
            assert_eq!(is_ack(broken.clone()), Err(Reason::Acknowledgement), "{broken}");
        }
    }
}
