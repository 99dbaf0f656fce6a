//! A twin as the document that a hub prints, and back.

use serde_json::{Map, Value, json};

use super::request::TwinId;
use super::section::Section;
use super::twin::NaiveTwin;
use crate::time;

impl NaiveTwin {
    /// A twin just created, with these fields of the root beside the usual ones.
    pub(super) fn fresh(id: &TwinId, fields: &Map<String, Value>, generation: u64) -> Self {
        let mut all = fresh_fields(id.module_id.is_some());
        all.insert("deviceId".to_owned(), json!(id.device_id));
        if let Some(module_id) = &id.module_id {
            all.insert("moduleId".to_owned(), json!(module_id));
        }
        all.extend(fields.clone());
        Self {
            fields: all,
            tags: Section::fresh(),
            desired: Section::fresh(),
            reported: Section::fresh(),
            version: 2,
            etag: 1,
            identity_etag: 1,
            last_ms: i64::MIN,
            generation,
        }
    }

    /// The whole document.
    pub(super) fn to_document(&self) -> Value {
        let mut document = self.fields.clone();
        document.insert("etag".to_owned(), json!(self.etag_text()));
        document.insert("deviceEtag".to_owned(), json!(identity_etag_text(self.identity_etag)));
        document.insert("version".to_owned(), json!(self.version));
        document.insert("tags".to_owned(), Value::Object(self.tags.values.clone()));
        let properties =
            json!({ "desired": self.desired.to_value(), "reported": self.reported.to_value() });
        document.insert("properties".to_owned(), properties);
        Value::Object(document)
    }

    /// The twin of a document that a hub printed.
    pub(super) fn of_document(document: &Value, generation: u64) -> Self {
        let mut fields = document.as_object().cloned().unwrap_or_default();
        let mut take = |field: &str| fields.shift_remove(field).unwrap_or_default();
        let (tags, properties) = (take("tags"), take("properties"));
        let (etag, version) = (take("etag"), take("version"));
        let identity_etag = take("deviceEtag");
        let desired = Section::of_value(&properties["desired"]);
        let reported = Section::of_value(&properties["reported"]);
        let stamps = [&desired.metadata, &reported.metadata];
        let stamps = stamps.map(|metadata| metadata.get("$lastUpdated").and_then(Value::as_str));
        let last_ms = stamps.into_iter().flatten().filter_map(time::time).max();
        Self {
            fields,
            tags: Section::of_value(&tags),
            desired,
            reported,
            version: version.as_u64().unwrap_or(2),
            etag: etag.as_str().and_then(number_of_etag).unwrap_or(1),
            identity_etag: identity_etag.as_str().and_then(number_of_identity_etag).unwrap_or(1),
            last_ms: last_ms.unwrap_or(i64::MIN),
            generation,
        }
    }

    /// `etag`: the base64 text of its number as eight bytes, the highest first.
    pub(super) fn etag_text(&self) -> String {
        etag_of_number(self.etag)
    }
}

/// The fields of the root that a fresh twin has beside its counters.
fn fresh_fields(is_module: bool) -> Map<String, Value> {
    let never = "0001-01-01T00:00:00Z";
    let mut fields = json!({
        "status": "enabled",
        "statusUpdateTime": never,
        "connectionState": "Disconnected",
        "lastActivityTime": never,
        "cloudToDeviceMessageCount": 0,
        "authenticationType": "sas",
        "x509Thumbprint": {"primaryThumbprint": null, "secondaryThumbprint": null},
        "modelId": "",
    });
    if !is_module {
        fields["capabilities"] = json!({"iotEdge": false});
    }
    fields.as_object().cloned().unwrap_or_default()
}

/// A twin's etag: its number as eight bytes, the highest first, in base64.
pub(super) fn etag_of_number(number: u64) -> String {
    base64(&number.to_be_bytes())
}

fn number_of_etag(text: &str) -> Option<u64> {
    bytes_of_base64(text)?.try_into().ok().map(u64::from_be_bytes)
}

/// An identity's etag: the digits of its number in base64.
fn identity_etag_text(number: u64) -> String {
    base64(number.to_string().as_bytes())
}

fn number_of_identity_etag(text: &str) -> Option<u64> {
    String::from_utf8(bytes_of_base64(text)?).ok()?.parse().ok()
}

/// The digits of base64.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Three bytes are four digits; what is missing of the last three is filled up.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |nth: usize| u32::from(three.get(nth).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for nth in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * nth)) as usize & 63];
            text.push(if nth <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn bytes_of_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut n_bits) = (0, 0);
    for byte in text.trim_end_matches('=').bytes() {
        bits = bits << 6 | DIGITS.iter().position(|&digit| digit == byte)? as u32 & 63;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits & 255) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_are_those_seen_on_hubs() {
        let seen = [(1, "AAAAAAAAAAE="), (6, "AAAAAAAAAAY="), (7, "AAAAAAAAAAc=")];
        for (number, text) in seen {
            assert_eq!(etag_of_number(number), text);
        }
        let seen = [(0, "MA=="), (1, "MQ=="), (530_254_372, "NTMwMjU0Mzcy")];
        for (number, text) in seen {
            assert_eq!(identity_etag_text(number), text);
        }
        for number in [0, 1, 63, 64, 255, 256, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(number_of_etag(&etag_of_number(number)), Some(number));
            assert_eq!(number_of_identity_etag(&identity_etag_text(number)), Some(number));
        }
    }
}
