//! What makes a document a twin, and how a line of a registry export becomes one.
//!
//! A twin is an object with a non-empty string `deviceId`. It is a module's twin if it also has a
//! non-empty string `moduleId`; a `moduleId` that is null or empty says "no module", as some
//! clients write it, and the twin is a device's. Field names count letter by letter. Everything
//! else about the object is free: unknown fields and `$`-keys are kept as they are.
//!
//! A hub's registry export writes lines of another shape (`ExportImportDevice`): they have `id`
//! and no `deviceId`. Such a line becomes the twin that a hub would return:
//!
//! | export | twin |
//! |---|---|
//! | `id` | `deviceId` |
//! | `eTag` | `deviceEtag`: the etag of the identity |
//! | `twinETag` | `etag` |
//! | `authentication.type` | `authenticationType` |
//! | `authentication.x509Thumbprint` | `x509Thumbprint` with `primaryThumbprint` and `secondaryThumbprint`, null where unused, as every twin has it |
//! | `authentication`, all the rest | dropped: it holds the symmetric keys, and secrets are neither queried nor printed |
//! | `importMode` | dropped: an order to an import job, no property of the device |
//! | any other | kept under its name |
//!
//! A field that already stands under the name to be given is left alone, and the export's one
//! keeps its own name. A document with a `deviceId` is a twin as it is, and none of its fields
//! are touched, `authentication` included: it is not what an export writes.

use crate::json::error::ReadError;
use crate::json::read::{Event, Leaf, Leaves, Piece};
use crate::json::warning::{LoadWarning, Warnings};
use crate::limits::ID_CHARS_MAX;

/// Fields of an export that have another name in a twin.
const RENAMED: [(&str, &str); 3] =
    [("id", "deviceId"), ("eTag", "deviceEtag"), ("twinETag", "etag")];

/// The keys of `x509Thumbprint`.
const THUMBPRINTS: [&str; 2] = ["primaryThumbprint", "secondaryThumbprint"];

/// Turns a line of a registry export into a twin, leaves any other document as it is, and checks
/// the ids.
///
/// # Errors
/// [`ReadError::DeviceIdMissing`], [`ReadError::IdNotText`]: not a twin.
pub fn settle(leaves: &mut Leaves, warnings: &mut Warnings) -> Result<(), ReadError> {
    if leaves.root_entry("deviceId").is_none() && is_id(leaves.root_leaf("id")) {
        *leaves = from_export(leaves);
    }
    check_id(leaves, "deviceId", warnings)?;
    match leaves.root_entry("moduleId") {
        None | Some([Event::Leaf { leaf: Leaf::Null, .. }]) => Ok(()),
        Some([Event::Leaf { leaf: Leaf::String(Piece { len: 0, .. }), .. }]) => Ok(()),
        Some(_) => check_id(leaves, "moduleId", warnings),
    }
}

fn is_id(leaf: Option<Leaf>) -> bool {
    matches!(leaf, Some(Leaf::String(piece)) if piece.len > 0)
}

fn check_id(
    leaves: &Leaves,
    field: &'static str,
    warnings: &mut Warnings,
) -> Result<(), ReadError> {
    let id = match leaves.root_entry(field) {
        Some([Event::Leaf { leaf: Leaf::String(piece), .. }]) if piece.len > 0 => {
            leaves.str(*piece)
        }
        Some(_) => return Err(ReadError::IdNotText { field }),
        None => return Err(ReadError::DeviceIdMissing),
    };
    if id.len() > ID_CHARS_MAX && id.chars().count() > ID_CHARS_MAX {
        warnings.add(LoadWarning::IdTooLong, 1, || field.to_owned());
    }
    Ok(())
}

/// The twin that the line of an export describes.
fn from_export(export: &Leaves) -> Leaves {
    let mut twin = Leaves::default();
    let taken = |name: &str| export.root_entry(name).is_some();
    for (key, events) in export.root_entries() {
        match key {
            "importMode" => {}
            "authentication" => push_authentication(&mut twin, export, events),
            _ => {
                let renamed = RENAMED.iter().find(|(from, to)| *from == key && !taken(to));
                twin.push_entry(renamed.map_or(key, |(_, to)| to), export, events);
            }
        }
    }
    twin
}

/// Pushes what a twin shows of its authentication.
fn push_authentication(twin: &mut Leaves, export: &Leaves, authentication: &[Event]) {
    let taken = |name: &str| export.root_entry(name).is_some();
    if let Some(kind) = text_at(export, authentication, "type")
        && !taken("authenticationType")
    {
        twin.push_entry("authenticationType", export, kind);
    }
    if !taken("x509Thumbprint") {
        push_thumbprints(twin, export, authentication);
    }
}

fn push_thumbprints(twin: &mut Leaves, export: &Leaves, authentication: &[Event]) {
    let thumbprints = entry_at(export, authentication, "x509Thumbprint").unwrap_or_default();
    twin.enter("x509Thumbprint");
    for name in THUMBPRINTS {
        if let Some(text) = text_at(export, thumbprints, name) {
            twin.push_entry(name, export, text);
        } else {
            let key = twin.append(name);
            twin.events.push(Event::Leaf { key, leaf: Leaf::Null });
        }
    }
    twin.events.push(Event::Leave);
}

/// The entry at `key` of the object that `object` spells out, if it is one.
fn entry_at<'a>(leaves: &'a Leaves, object: &'a [Event], key: &str) -> Option<&'a [Event]> {
    let inner = object.get(1..)?; // past its `Enter`; a leaf has nothing there
    leaves.entries(inner).find(|(name, _)| *name == key).map(|(_, entry)| entry)
}

/// The same, if the entry is a string.
fn text_at<'a>(leaves: &'a Leaves, object: &'a [Event], key: &str) -> Option<&'a [Event]> {
    let is_text = |entry: &&[Event]| matches!(entry, [Event::Leaf { leaf: Leaf::String(_), .. }]);
    entry_at(leaves, object, key).filter(is_text)
}

#[cfg(test)]
mod tests {
    use crate::json::error::ReadError;
    use crate::json::read::{Leaves, read_value};
    use crate::json::reader::{LeavesReader, Strictness};
    use crate::json::warning::LoadWarning;

    fn twin(text: &str) -> Result<Leaves, ReadError> {
        let mut leaves = Leaves::default();
        LeavesReader::new(Strictness::Strict).read_twin_into(text.as_bytes(), &mut leaves)?;
        Ok(leaves)
    }

    fn assert_becomes(export: &str, expected: &str) {
        assert_eq!(twin(export).unwrap().to_value(), read_value(expected).unwrap());
    }

    #[test]
    fn export_line_becomes_the_twin_a_hub_returns() {
        assert_becomes(
            r#"{"id":"d","moduleId":"m","eTag":"MA==","importMode":"create","status":"enabled",
                "statusReason":"new","authentication":{"symmetricKey":{"primaryKey":"s3cret",
                "secondaryKey":"s3cret"},"x509Thumbprint":{"primaryThumbprint":"AB",
                "secondaryThumbprint":null,"other":1},"type":"selfSigned"},
                "twinETag":"AAAAAAAAAAI=","tags":{"id":1},"properties":{"desired":{"$version":1}},
                "capabilities":{"iotEdge":true},"deviceScope":"x","parentScopes":["y"],"odd":[]}"#,
            r#"{"deviceId":"d","moduleId":"m","deviceEtag":"MA==","status":"enabled",
                "statusReason":"new","authenticationType":"selfSigned",
                "x509Thumbprint":{"primaryThumbprint":"AB","secondaryThumbprint":null},
                "etag":"AAAAAAAAAAI=","tags":{"id":1},"properties":{"desired":{"$version":1}},
                "capabilities":{"iotEdge":true},"deviceScope":"x","parentScopes":["y"],"odd":[]}"#,
        );
    }

    #[test]
    fn export_never_leaks_a_key() {
        let odd = r#"{"id":"d","authentication":[{"primaryKey":"s3cret"}]}"#;
        let leaves = twin(odd).unwrap();
        assert!(!leaves.text.contains("s3cret"), "{}", leaves.text);
        assert_becomes(
            odd,
            r#"{"deviceId":"d",
                "x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null}}"#,
        );
    }

    #[test]
    fn export_does_not_overwrite() {
        assert_becomes(
            r#"{"id":"d","eTag":"a","deviceEtag":"b"}"#,
            r#"{"deviceId":"d","eTag":"a","deviceEtag":"b"}"#,
        );
        assert_becomes(
            r#"{"id":"d","authentication":{"type":"sas"},"x509Thumbprint":1,"authenticationType":2}"#,
            r#"{"deviceId":"d","x509Thumbprint":1,"authenticationType":2}"#,
        );
    }

    #[test]
    fn twin_is_left_as_it_is() {
        let text = r#"{"deviceId":"d","id":"other","eTag":"e","authentication":{"type":"sas"},
                       "importMode":1,"$x":{"$y":null},"moduleId":null}"#;
        assert_becomes(text, text);
        assert_eq!(twin(text).unwrap().module_id(), None);
        let module = twin(r#"{"moduleId":"$edgeHub","deviceId":"d"}"#).unwrap();
        assert_eq!((module.device_id(), module.module_id()), (Some("d"), Some("$edgeHub")));
    }

    #[test]
    fn ids_are_checked() {
        let no_id = r#"{"DeviceId":"d","Id":"d"}"#;
        assert!(matches!(twin(no_id), Err(ReadError::DeviceIdMissing)));
        for (text, expected) in [
            (r#"{"deviceId":""}"#, "deviceId"),
            (r#"{"deviceId":1}"#, "deviceId"),
            (r#"{"deviceId":{"a":1},"id":"d"}"#, "deviceId"),
            (r#"{"deviceId":null,"id":"d"}"#, "deviceId"),
            (r#"{"deviceId":"d","moduleId":1}"#, "moduleId"),
            (r#"{"deviceId":"d","moduleId":{}}"#, "moduleId"),
        ] {
            let found = twin(text);
            assert!(
                matches!(found, Err(ReadError::IdNotText { field }) if field == expected),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn long_ids_are_kept_with_a_warning() {
        let at_limit = format!(r#"{{"deviceId":"{}"}}"#, "é".repeat(128));
        assert!(twin(&at_limit).is_ok());
        let past = format!(r#"{{"deviceId":"d","moduleId":"{}"}}"#, "é".repeat(129));
        let refused = twin(&past);
        assert!(matches!(refused, Err(ReadError::Refused { warning: LoadWarning::IdTooLong, .. })));
        let mut leaves = Leaves::default();
        let warnings = LeavesReader::default().read_twin_into(past.as_bytes(), &mut leaves);
        assert_eq!(warnings.unwrap().count(LoadWarning::IdTooLong), 1);
    }
}
