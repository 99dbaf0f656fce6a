//! A change of one section, as the feed tells it, and a device twin that follows along.
//!
//! Who reads a twin once and then follows its changes has the twin as it stood after each of them,
//! without asking again: events of a change need just that.

use serde_json::{Map, Value, json};
use twindex_model::section::Section;

use crate::rules::{METADATA, VERSION};

/// An accepted change of one section of one twin.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Which section.
    pub section: Section,
    /// How its content is meant.
    pub kind: ChangeKind,
    /// A merge patch, or the section's new content. `$version` and `$metadata` are passed over.
    pub content: &'a Value,
    /// The section's `$version` after the change. Tags have none.
    pub version: u64,
    /// When: the text of the stamps, as `2020-07-17T06:11:04.9309159Z`.
    pub time: &'a str,
}

/// How the content of a change is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Objects are merged, nulls delete, all else is replaced.
    Merge,
    /// The content takes the place of all that was there.
    Replace,
}

/// Brings a twin's section up to a change: its properties, `$metadata` and `$version`.
///
/// The twin's own `version` and `etag` stay, since a change of a section does not tell them. A
/// content that is no object, and a twin that is none, are left alone. The depth of the recursion
/// is that of the content, which was limited when the change was accepted.
pub fn advance(twin: &mut Value, change: &Change<'_>) {
    let (Some(twin), Some(content)) = (twin.as_object_mut(), change.content.as_object()) else {
        return;
    };
    let mut section = twin;
    for step in change.section.path().split('.') {
        section = object_in(section, step);
    }
    let mut metadata = match section.remove(METADATA) {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    };
    let stamp = Stamp::of(change);
    if change.kind == ChangeKind::Replace {
        section.clear();
        metadata.clear();
        stamp.put(&mut metadata);
    }
    merge(section, &mut metadata, content, &stamp);
    if change.section != Section::Tags {
        section.insert(METADATA.to_owned(), Value::Object(metadata));
        section.insert(VERSION.to_owned(), json!(change.version));
    }
}

/// What each level that a change reached is stamped with.
struct Stamp<'a> {
    time: &'a str,
    /// Of desired alone.
    version: Option<u64>,
}

impl<'a> Stamp<'a> {
    fn of(change: &Change<'a>) -> Self {
        let version = (change.section == Section::Desired).then_some(change.version);
        Self { time: change.time, version }
    }

    fn node(&self) -> Value {
        let mut node = Map::new();
        self.put(&mut node);
        Value::Object(node)
    }

    fn put(&self, stamps: &mut Map<String, Value>) {
        stamps.insert("$lastUpdated".to_owned(), json!(self.time));
        if let Some(version) = self.version {
            stamps.insert("$lastUpdatedVersion".to_owned(), json!(version));
        }
    }
}

/// Merges a patch. True if it touched something, which stamps the level too; removing what is not
/// there touches nothing.
fn merge(
    values: &mut Map<String, Value>,
    stamps: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    stamp: &Stamp<'_>,
) -> bool {
    let mut is_touched = false;
    // No property is named like the hub's own keys, so they can be passed over at every level.
    for (key, value) in patch.iter().filter(|(key, _)| !matches!(key.as_str(), METADATA | VERSION))
    {
        is_touched |= match value {
            Value::Null => {
                stamps.remove(key);
                values.remove(key).is_some()
            }
            Value::Object(fields) => {
                let is_new = !values.get(key).is_some_and(Value::is_object);
                if is_new {
                    stamps.insert(key.clone(), stamp.node());
                }
                merge(object_in(values, key), object_in(stamps, key), fields, stamp) || is_new
            }
            _ => {
                values.insert(key.clone(), value.clone());
                stamps.insert(key.clone(), stamp.node());
                true
            }
        };
    }
    if is_touched {
        stamp.put(stamps);
    }
    is_touched
}

/// The object under `key`, made if there is none.
fn object_in<'m>(map: &'m mut Map<String, Value>, key: &str) -> &'m mut Map<String, Value> {
    let value = map.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it was just made one")
}
