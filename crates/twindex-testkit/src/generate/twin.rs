//! One twin of a shape.

use serde_json::{Map, Value, json};

use super::shape::Shape;
use super::vocabulary;
use crate::dice::Dice;

/// Whose twin it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device_id: String,
    pub(crate) module_id: Option<String>,
}

/// A twin with values from the shape's pools at some of its paths.
pub(crate) fn generate_twin(dice: &mut Dice, shape: &Shape, identity: &Identity) -> Value {
    let mut twin = json!({ "deviceId": identity.device_id });
    if let Some(module_id) = &identity.module_id {
        twin["moduleId"] = json!(module_id);
    }
    if dice.chance(90) {
        for (section, chance) in [("desired", 85), ("reported", 85)] {
            if dice.chance(chance) {
                twin["properties"][section] = json!({});
            }
        }
    }
    if dice.chance(85) {
        twin["tags"] = json!({});
    }
    let mut paths: Vec<_> = shape.paths.iter().collect();
    dice.shuffle(&mut paths);
    for path in paths {
        if dice.chance(path.presence) {
            set(&mut twin, &path.keys, dice.one_of(&path.pool).clone());
        }
    }
    if dice.chance(60) {
        report_desired(dice, &mut twin);
    }
    if dice.chance(15) {
        add_component(dice, &mut twin);
    }
    for section in ["desired", "reported"] {
        keep_books(dice, &mut twin, section);
    }
    twin
}

/// Sets the value at `keys`, putting objects in the place of whatever stood on the way.
pub(crate) fn set(twin: &mut Value, keys: &[String], value: Value) {
    let mut place = twin;
    for key in keys {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[key.as_str()];
    }
    *place = value;
}

/// The section, if the twin has it.
fn section<'a>(twin: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    twin.get_mut("properties")?.get_mut(name)?.as_object_mut()
}

/// Copies some of desired to reported: as it is, acknowledged, or changed.
fn report_desired(dice: &mut Dice, twin: &mut Value) {
    let Some(desired) = section(twin, "desired").cloned() else {
        return;
    };
    let Some(reported) = section(twin, "reported") else {
        return;
    };
    let faithful = dice.chance(60);
    for (key, wanted) in desired {
        if faithful || dice.chance(60) {
            reported.insert(key, report(dice, &wanted, faithful));
        }
    }
}

fn report(dice: &mut Dice, wanted: &Value, faithful: bool) -> Value {
    if let Value::Object(entries) = wanted
        && dice.chance(70)
    {
        let entry =
            |(key, wanted): (&String, &Value)| (key.clone(), report(dice, wanted, faithful));
        return entries.iter().map(entry).collect();
    }
    let value =
        if faithful || dice.chance(80) { wanted.clone() } else { vocabulary::primitive(dice) };
    if dice.chance(65) { value } else { acknowledgement(dice, value) }
}

/// `{value, ac, av[, ad]}`, seldom with a key too many or too few.
fn acknowledgement(dice: &mut Dice, value: Value) -> Value {
    let mut ack = json!({ "value": value, "ac": 200, "av": dice.between(0, 3) });
    match dice.below(12) {
        0..=4 => ack["ad"] = json!("done"),
        5 => ack["more"] = json!(1),
        6 => ack = json!({ "value": ack["value"], "ac": 203 }),
        _ => {}
    }
    ack
}

/// A PnP component in both sections.
fn add_component(dice: &mut Dice, twin: &mut Value) {
    let target = dice.between(18, 24);
    if let Some(desired) = section(twin, "desired") {
        desired.insert("thermostat1".to_owned(), json!({ "__t": "c", "targetTemp": target }));
    }
    let held = if dice.chance(60) { target } else { target + 1 };
    let ack = acknowledgement(dice, json!(held));
    if let Some(reported) = section(twin, "reported") {
        let component = json!({ "__t": "c", "targetTemp": ack, "maxTemp": 30.5 });
        reported.insert("thermostat1".to_owned(), component);
    }
}

/// Adds `$metadata` and `$version`, mostly as a hub keeps them.
fn keep_books(dice: &mut Dice, twin: &mut Value, name: &str) {
    let with_version = name == "desired";
    let Some(entries) = section(twin, name) else {
        return;
    };
    if dice.chance(50) {
        let version =
            if dice.chance(92) { json!(dice.between(1, 300)) } else { vocabulary::any(dice) };
        let metadata = if dice.chance(92) {
            metadata(dice, &Value::Object(entries.clone()), with_version)
        } else {
            vocabulary::any(dice)
        };
        entries.insert("$metadata".to_owned(), metadata);
        entries.insert("$version".to_owned(), version);
    } else if dice.chance(20) {
        entries.insert("$version".to_owned(), json!(dice.between(1, 300)));
    }
}

/// Stamps that mirror `value`, now and then one missing or odd.
fn metadata(dice: &mut Dice, value: &Value, with_version: bool) -> Value {
    let mut node = Map::new();
    if dice.chance(97) {
        node.insert("$lastUpdated".to_owned(), Value::String(vocabulary::time(dice)));
    }
    if with_version && dice.chance(90) {
        node.insert("$lastUpdatedVersion".to_owned(), json!(dice.between(1, 40)));
    }
    if let Value::Object(entries) = value {
        for (key, value) in entries {
            if dice.chance(97) {
                node.insert(key.clone(), metadata(dice, value, with_version));
            }
        }
    }
    Value::Object(node)
}
