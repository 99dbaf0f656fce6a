//! A twin as the document that a hub prints, and back.

use serde_json::{Map, Value, json};

use super::request::TwinId;
use super::section::Section;
use super::twin::NaiveTwin;
use crate::time;

impl NaiveTwin {
    /// A twin just created, with these fields of the root beside the usual ones.
    pub(super) fn fresh(id: &TwinId, fields: &Map<String, Value>, generation: u64) -> Self {
        let mut all = Map::new();
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
            last_ms: i64::MIN,
            generation,
        }
    }

    /// The whole document.
    pub(super) fn to_document(&self) -> Value {
        let mut document = self.fields.clone();
        document.insert("etag".to_owned(), json!(self.etag_text()));
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
            last_ms: last_ms.unwrap_or(i64::MIN),
            generation,
        }
    }

    /// `etag`: the base64 text of its number as eight bytes, the highest first.
    pub(super) fn etag_text(&self) -> String {
        etag_of_number(self.etag)
    }
}

/// The digits of base64.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Eight bytes are 64 bits: ten digits of six and one of the last four, then the filler.
pub(super) fn etag_of_number(number: u64) -> String {
    let bits = u128::from(number) << 2;
    let digit = |nth: u32| char::from(DIGITS[(bits >> (60 - 6 * nth)) as usize & 63]);
    (0..11).map(digit).chain(['=']).collect()
}

fn number_of_etag(text: &str) -> Option<u64> {
    let mut bits: u128 = 0;
    for byte in text.strip_suffix('=')?.bytes() {
        bits = bits << 6 | DIGITS.iter().position(|&digit| digit == byte)? as u128;
    }
    u64::try_from(bits >> 2).ok()
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
        for number in [0, 1, 63, 64, 255, 256, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(number_of_etag(&etag_of_number(number)), Some(number));
        }
    }
}
