//! Device twin → digital twin.

use serde_json::{Map, Value};

use crate::error::PnpError;
use crate::rules::METADATA;
use crate::view::{Component, Member, Property};

/// The digital twin of a device twin (as a hub prints it, with `$metadata`).
///
/// `$metadata.$model` is left out where the device announced no model. What a twin lacks, such as
/// the stamps of one that was loaded without, the digital twin lacks as well.
///
/// # Errors
/// [`PnpError::NotConformant`] when a property or component of the twin breaks the conventions.
pub fn digital_twin(twin: &Value) -> Result<Value, PnpError> {
    let mut digital = Map::new();
    if let Some(id) = twin.get("deviceId") {
        digital.insert("$dtId".to_owned(), id.clone());
    }
    let mut metadata = Map::new();
    if let Some(model) = twin.get("modelId").filter(|model| is_named(model)) {
        metadata.insert("$model".to_owned(), model.clone());
    }
    write_component(&Component::root(twin)?, &mut digital, metadata)?;
    Ok(Value::Object(digital))
}

fn is_named(model: &Value) -> bool {
    model.as_str().is_some_and(|id| !id.is_empty())
}

/// Writes values, then what is said about them. Recursion ends at once: components hold none.
fn write_component(
    component: &Component<'_>,
    out: &mut Map<String, Value>,
    mut metadata: Map<String, Value>,
) -> Result<(), PnpError> {
    let mut properties = Vec::new();
    for (name, member) in component.members()? {
        match member {
            Member::Component(inner) => {
                let mut values = Map::new();
                write_component(&inner, &mut values, Map::new())?;
                out.insert(name.to_owned(), Value::Object(values));
            }
            Member::Property(property) => {
                if let Some(reported) = property.reported {
                    out.insert(name.to_owned(), reported.value.clone());
                }
                properties.push((name, property));
            }
        }
    }
    // A hub names those first that somebody wished for.
    let (wished, others): (Vec<_>, Vec<_>) =
        properties.into_iter().partition(|(_, property)| property.desired.is_some());
    for (name, property) in wished.into_iter().chain(others) {
        metadata.insert(name.to_owned(), Value::Object(synchronisation(&property)));
    }
    out.insert(METADATA.to_owned(), Value::Object(metadata));
    Ok(())
}

/// What is said about a property: the wish, the answer, and when.
fn synchronisation(property: &Property<'_>) -> Map<String, Value> {
    let ack = property.reported.and_then(|reported| reported.ack);
    let entries = [
        ("desiredValue", property.desired),
        ("desiredVersion", property.desired.and(property.desired_version)),
        ("ackVersion", ack.map(|ack| ack.version)),
        ("ackCode", ack.map(|ack| ack.code)),
        ("ackDescription", ack.and_then(|ack| ack.description)),
        ("lastUpdateTime", property.reported.and_then(|reported| reported.time)),
    ];
    let present = |(key, value): (&str, Option<&Value>)| Some((key.to_owned(), value?.clone()));
    entries.into_iter().filter_map(present).collect()
}
