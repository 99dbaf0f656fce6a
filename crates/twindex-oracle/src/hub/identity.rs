//! What the identity of a twin may hold.
//!
//! A client learns that a value makes no sense from the request alone, so that is a reason to refuse
//! it whether or not there is such a twin.

use serde_json::{Map, Value};

use super::request::Fault;

/// Checks identity fields as they are written. Null takes any of them back.
pub(super) fn check_identity(fields: &Map<String, Value>) -> Result<(), Fault> {
    let is_right = fields.iter().all(|(field, value)| value.is_null() || may_be(field, value));
    is_right.then_some(()).ok_or(Fault::Invalid)
}

/// Whether there is such a field and it may have such a value.
fn may_be(field: &str, value: &Value) -> bool {
    let is_one_of = |words: &[&str]| value.as_str().is_some_and(|word| words.contains(&word));
    match field {
        "status" => is_one_of(&["enabled", "disabled"]),
        "connectionState" => is_one_of(&["Connected", "Disconnected"]),
        "authenticationType" => is_one_of(&["sas", "selfSigned", "certificateAuthority", "none"]),
        "statusReason" => is_text(value, 128),
        "modelId" => is_text(value, 2048),
        "deviceScope" => is_text(value, 1024),
        "lastActivityTime" => value.is_string(),
        "cloudToDeviceMessageCount" => {
            let is_count = |n: f64| n.fract() == 0.0 && (0.0..=f64::from(i32::MAX)).contains(&n);
            value.as_f64().is_some_and(is_count)
        }
        "parentScopes" => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        "x509Thumbprint" => has_entries(value, |name, below| {
            ["primaryThumbprint", "secondaryThumbprint"].contains(&name) && is_text(below, 128)
        }),
        "capabilities" => has_entries(value, |name, below| name == "iotEdge" && below.is_boolean()),
        _ => false,
    }
}

fn is_text(value: &Value, chars_max: usize) -> bool {
    value.as_str().is_some_and(|text| text.chars().count() <= chars_max)
}

/// Whether it is an object, each entry of which is null or right.
fn has_entries(value: &Value, is_right: impl Fn(&str, &Value) -> bool) -> bool {
    value.as_object().is_some_and(|entries| {
        entries.iter().all(|(name, below)| below.is_null() || is_right(name, below))
    })
}
