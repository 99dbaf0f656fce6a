//! Changes of a digital twin as JSON Patch, as hubs send them to who listens.
//!
//! A wish makes one operation, an acknowledgement one for each of its parts. The law that the
//! tests hold: the events, applied to the digital twin before a change, give the one after it.

use json_patch::jsonptr::PointerBuf;
use serde_json::{Map, Value, json};

use crate::change::{Change, advance};
use crate::convert::digital_twin;
use crate::error::PnpError;
use crate::rules::METADATA;

/// What a wish says of a property.
const WISH: [&str; 2] = ["desiredValue", "desiredVersion"];

/// What an answer says of it, in the order of events. Its value comes last, beside `$metadata`.
const ANSWER: [&str; 4] = ["ackCode", "ackDescription", "ackVersion", "lastUpdateTime"];

/// The JSON Patch that tells `change` in terms of the digital twin of `before`, the device twin as
/// it stood before the change. Empty for a change of tags.
///
/// # Errors
/// [`PnpError::NotConformant`] if the twin before or after the change is no digital twin.
pub fn change_events(before: &Value, change: &Change<'_>) -> Result<Value, PnpError> {
    let mut after = before.clone();
    advance(&mut after, change);
    Ok(events_between(&digital_twin(before)?, &digital_twin(&after)?))
}

/// The JSON Patch that leads from one digital twin to a later one of the same device.
#[must_use]
pub fn events_between(before: &Value, after: &Value) -> Value {
    let mut events = Events::default();
    if let (Some(before), Some(after)) = (before.as_object(), after.as_object()) {
        events.compare_properties(before, after);
        events.compare_components(before, after);
    }
    Value::Array(events.operations)
}

#[derive(Default)]
struct Events<'a> {
    operations: Vec<Value>,
    /// `None` at the root.
    component: Option<&'a str>,
}

impl<'a> Events<'a> {
    fn compare_components(&mut self, before: &Map<String, Value>, after: &'a Map<String, Value>) {
        for (name, new) in components(after) {
            match before.get(name).and_then(Value::as_object) {
                Some(old) if old.contains_key(METADATA) => {
                    self.component = Some(name);
                    self.compare_properties(old, new);
                    self.component = None;
                }
                _ => self.tell(&[name], after.get(name)),
            }
        }
        for (name, _) in components(before).filter(|(name, _)| !after.contains_key(*name)) {
            self.tell(&[name], None);
        }
    }

    /// Compares what is said of each property, for all of them are in `$metadata`.
    fn compare_properties(&mut self, before: &Map<String, Value>, after: &Map<String, Value>) {
        let (old, new) = (said_of(before), said_of(after));
        for (name, said) in new.into_iter().flatten() {
            let values = (property(before, name), property(after, name));
            match old.and_then(|old| old.get(name)) {
                Some(earlier) => self.compare_property(name, (earlier, said), values),
                None => {
                    self.tell(&[METADATA, name], Some(said));
                    self.tell_value(name, values);
                }
            }
        }
        let gone = |name: &str| new.is_none_or(|new| !new.contains_key(name));
        for (name, _) in old.into_iter().flatten().filter(|(name, _)| gone(name)) {
            self.tell(&[METADATA, name], None);
            self.tell_value(name, (property(before, name), property(after, name)));
        }
    }

    fn compare_property(
        &mut self,
        name: &str,
        said: (&Value, &Value),
        values: (Option<&Value>, Option<&Value>),
    ) {
        let (old, new) = said;
        if !new.is_object() {
            // The id of the model, which is kept among the properties.
            if old != new {
                self.tell(&[METADATA, name], Some(new));
            }
            return;
        }
        let differ = |keys: &[&str]| keys.iter().any(|key| old.get(key) != new.get(key));
        let is_wished = differ(&WISH);
        let is_answered = differ(&ANSWER) || values.0 != values.1;
        let wish = WISH.iter().filter(|_| is_wished);
        for key in wish.chain(ANSWER.iter().filter(|_| is_answered)) {
            if old.get(key).or(new.get(key)).is_some() {
                self.tell(&[METADATA, name, key], new.get(key));
            }
        }
        if is_answered {
            self.tell_value(name, values);
        }
    }

    /// Tells the value of a property, unless it has none and had none.
    fn tell_value(&mut self, name: &str, (old, new): (Option<&Value>, Option<&Value>)) {
        if old.or(new).is_some() {
            self.tell(&[name], new);
        }
    }

    /// One operation: `add`, which also replaces, or `remove`.
    fn tell(&mut self, place: &[&str], value: Option<&Value>) {
        let path = PointerBuf::from_tokens(self.component.iter().chain(place).copied());
        self.operations.push(match value {
            Some(value) => json!({"op": "add", "path": path.as_str(), "value": value}),
            None => json!({"op": "remove", "path": path.as_str()}),
        });
    }
}

/// The value of a property: what is there and is no component.
fn property<'v>(level: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    level.get(name).filter(|value| value.get(METADATA).is_none())
}

fn components(level: &Map<String, Value>) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
    level.iter().filter_map(|(name, value)| {
        let fields = value.as_object()?;
        (name != METADATA && fields.contains_key(METADATA)).then_some((name.as_str(), fields))
    })
}

fn said_of(level: &Map<String, Value>) -> Option<&Map<String, Value>> {
    level.get(METADATA).and_then(Value::as_object)
}
