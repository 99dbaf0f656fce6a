//! A section with its `$metadata` and `$version`, and what merging and replacing do to them.

use serde_json::{Map, Value, json};

/// When something was written: the time as text, and the `$version` where the section keeps it.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    pub(super) time: String,
    pub(super) version: Option<u64>,
}

impl Stamp {
    /// Marks a level of `$metadata` as written now.
    fn mark(&self, node: &mut Map<String, Value>) {
        node.insert("$lastUpdated".to_owned(), json!(self.time));
        if let Some(version) = self.version {
            node.insert("$lastUpdatedVersion".to_owned(), json!(version));
        }
    }
}

/// Desired or reported properties, or tags, whose stamps nobody sees.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Section {
    pub(super) values: Map<String, Value>,
    pub(super) metadata: Map<String, Value>,
    pub(super) version: u64,
}

impl Section {
    /// That of a fresh twin: empty, of version 1, never written.
    pub(super) fn fresh() -> Self {
        let mut metadata = Map::new();
        metadata.insert("$lastUpdated".to_owned(), json!("0001-01-01T00:00:00Z"));
        Self { values: Map::new(), metadata, version: 1 }
    }

    /// Merges a partial update.
    pub(super) fn merge(&mut self, patch: &Map<String, Value>, stamp: &Stamp) {
        merge(&mut self.values, &mut self.metadata, patch, stamp);
    }

    /// Puts `values` in the place of all that is there.
    pub(super) fn replace(&mut self, values: &Map<String, Value>, stamp: &Stamp) {
        self.values = Map::new();
        self.metadata = Map::new();
        stamp.mark(&mut self.metadata);
        self.merge(values, stamp);
    }

    /// As it stands in a document: its values, `$metadata` and `$version`.
    pub(super) fn to_value(&self) -> Value {
        let mut section = self.values.clone();
        section.insert("$metadata".to_owned(), Value::Object(self.metadata.clone()));
        section.insert("$version".to_owned(), json!(self.version));
        Value::Object(section)
    }

    /// The section that a document has.
    pub(super) fn of_value(value: &Value) -> Self {
        let mut values = value.as_object().cloned().unwrap_or_default();
        let metadata = values.shift_remove("$metadata");
        let metadata = metadata.and_then(|value| value.as_object().cloned()).unwrap_or_default();
        let version = values.shift_remove("$version");
        let version = version.and_then(|version| version.as_u64()).unwrap_or(1);
        Self { values, metadata, version }
    }
}

/// Objects merge, null removes, anything else replaces. True if something was touched, which
/// stamps the level too; removing what is not there touches nothing.
fn merge(
    values: &mut Map<String, Value>,
    metadata: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    stamp: &Stamp,
) -> bool {
    let mut is_touched = false;
    for (key, new) in patch {
        is_touched |= match new {
            Value::Null => {
                metadata.shift_remove(key);
                values.shift_remove(key).is_some()
            }
            Value::Object(entries) => merge_object(values, metadata, (key, entries), stamp),
            _ => {
                values.insert(key.clone(), new.clone());
                let mut node = Map::new();
                stamp.mark(&mut node);
                metadata.insert(key.clone(), Value::Object(node));
                true
            }
        };
    }
    if is_touched {
        stamp.mark(metadata);
    }
    is_touched
}

/// Merges an object under `key`, in the place of whatever is no object there.
fn merge_object(
    values: &mut Map<String, Value>,
    metadata: &mut Map<String, Value>,
    (key, entries): (&String, &Map<String, Value>),
    stamp: &Stamp,
) -> bool {
    let is_new = !values.get(key).is_some_and(Value::is_object);
    if is_new {
        let mut node = Map::new();
        stamp.mark(&mut node);
        values.insert(key.clone(), json!({}));
        metadata.insert(key.clone(), Value::Object(node));
    }
    let node = metadata.entry(key.clone()).or_insert_with(|| json!({}));
    match (values.get_mut(key), node) {
        (Some(Value::Object(values)), Value::Object(node)) => {
            merge(values, node, entries, stamp) || is_new
        }
        _ => is_new,
    }
}
