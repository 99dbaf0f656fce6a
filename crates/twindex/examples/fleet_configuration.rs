//! Automatic device configurations: a condition picks the devices, the configuration of highest
//! priority says what is desired of them, and queries measure how far it has come.
//!
//! `cargo run --example fleet_configuration -p twindex`
//!
//! As in a hub, a device that a configuration no longer picks loses what it had set, and the next
//! one in order takes its place.

// An example shows what it does by printing it.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use twindex::{Error, NewTwin, TwinId, Twindex, Write};

/// What is to be desired of some devices.
struct Configuration {
    id: &'static str,
    priority: u32,
    /// What stands after WHERE, `*` for all.
    target_condition: &'static str,
    /// Desired properties.
    content: Value,
    /// Queries whose number of rows is the metric.
    metrics: &'static [(&'static str, &'static str)],
}

/// The configurations, and which device has which of them.
struct Configurations {
    /// Lowest priority first.
    list: Vec<Configuration>,
    applied: BTreeMap<String, usize>,
}

impl Configurations {
    fn new(mut list: Vec<Configuration>) -> Self {
        list.sort_by_key(|configuration| configuration.priority);
        Self { list, applied: BTreeMap::new() }
    }

    /// Looks who is picked by what, and writes to those for whom it is another than before. Gives
    /// the number of twins that were written.
    fn evaluate(&mut self, db: &Twindex) -> Result<usize, Error> {
        let mut wanted = BTreeMap::new();
        for (place, configuration) in self.list.iter().enumerate() {
            for device_id in targets(db, configuration.target_condition)? {
                wanted.insert(device_id, place); // a higher priority comes later
            }
        }
        let mut changes = Vec::new();
        let concerned: BTreeSet<&String> = self.applied.keys().chain(wanted.keys()).collect();
        for device_id in concerned {
            let (old, new) = (self.applied.get(device_id), wanted.get(device_id));
            if old != new {
                let patch = self.transition(old.copied(), new.copied());
                let patch = json!({"properties": {"desired": patch}}).to_string();
                changes.push(Write::patch_twin(TwinId::device(device_id)?, &patch)?);
            }
        }
        let n_changes = changes.len();
        for outcome in db.write_all(changes) {
            outcome?;
        }
        self.applied = wanted;
        Ok(n_changes)
    }

    /// The merge patch that takes away what `old` had set and sets what `new` wants.
    fn transition(&self, old: Option<usize>, new: Option<usize>) -> Value {
        let content = |place: Option<usize>| place.map(|place| &self.list[place].content);
        let mut patch = Map::new();
        for (key, _) in content(old).and_then(Value::as_object).into_iter().flatten() {
            patch.insert(key.clone(), Value::Null);
        }
        for (key, value) in content(new).and_then(Value::as_object).into_iter().flatten() {
            patch.insert(key.clone(), value.clone());
        }
        Value::Object(patch)
    }

    /// The metrics of a configuration: two that every one has, then its own.
    fn metrics(&self, db: &Twindex, id: &str) -> Result<BTreeMap<String, usize>, Error> {
        let mut metrics = BTreeMap::new();
        for (place, configuration) in self.list.iter().enumerate() {
            if configuration.id != id {
                continue;
            }
            let n_targeted = targets(db, configuration.target_condition)?.len();
            let n_applied = self.applied.values().filter(|applied| **applied == place).count();
            metrics.insert("targetedCount".to_owned(), n_targeted);
            metrics.insert("appliedCount".to_owned(), n_applied);
            for (name, query) in configuration.metrics {
                metrics.insert((*name).to_owned(), db.query(*query).run()?.n_rows());
            }
        }
        Ok(metrics)
    }
}

/// The ids of the devices that a target condition picks.
fn targets(db: &Twindex, condition: &str) -> Result<Vec<String>, Error> {
    let page = db.condition(condition).run()?;
    let id = |twin: Value| twin["deviceId"].as_str().map(str::to_owned);
    Ok(page.values().filter_map(id).collect())
}

fn desired(db: &Twindex, device_id: &str) -> Value {
    let text = db.twin(device_id, None).unwrap_or_default();
    let twin: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut desired = twin["properties"]["desired"].clone();
    if let Some(desired) = desired.as_object_mut() {
        desired.retain(|key, _| !key.starts_with('$'));
    }
    desired
}

fn report(db: &Twindex, device_id: &str, patch: &Value) -> Result<(), Error> {
    db.write(Write::report(TwinId::device(device_id)?, &patch.to_string())?)?;
    Ok(())
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let db = Twindex::in_memory();
    for number in 1..=6 {
        let ring = if number <= 2 { "canary" } else { "broad" };
        let tags = json!({"kind": "chiller", "ring": ring, "site": "Turin"}).to_string();
        let id = TwinId::device(&format!("chiller-{number}"))?;
        db.write(Write::create(id, NewTwin::new().with_tags(&tags)?))?;
    }
    let mut configurations = Configurations::new(vec![
        Configuration {
            id: "chillers",
            priority: 10,
            target_condition: "tags.kind = 'chiller'",
            content: json!({"water": {"temperature": 66, "pressure": 28}, "logging": "terse"}),
            metrics: &[],
        },
        Configuration {
            id: "chillers-canary",
            priority: 20,
            target_condition: "tags.kind = 'chiller' AND tags.ring = 'canary'",
            content: json!({"water": {"temperature": 62, "pressure": 28}, "firmware": "2.1"}),
            metrics: &[(
                "upgraded",
                "SELECT deviceId FROM devices WHERE tags.ring = 'canary' \
                 AND properties.reported.firmware = properties.desired.firmware",
            )],
        },
    ]);

    // Everybody gets the one of highest priority that picks it.
    assert_eq!(configurations.evaluate(&db)?, 6);
    let canary = json!({"water": {"temperature": 62, "pressure": 28}, "firmware": "2.1"});
    let broad = json!({"water": {"temperature": 66, "pressure": 28}, "logging": "terse"});
    assert_eq!(desired(&db, "chiller-1"), canary);
    assert_eq!(desired(&db, "chiller-6"), broad);
    // Nothing changed, so nothing is written and no device is woken.
    assert_eq!(configurations.evaluate(&db)?, 0);

    // One canary reports that it did as it was told.
    report(&db, "chiller-1", &json!({"firmware": "2.1", "water": {"temperature": 62}}))?;
    let metrics = configurations.metrics(&db, "chillers-canary")?;
    println!("chillers-canary: {metrics:?}");
    let expected = [("appliedCount", 2), ("targetedCount", 2), ("upgraded", 1)];
    assert_eq!(metrics, expected.map(|(name, n)| (name.to_owned(), n)).into());
    let metrics = configurations.metrics(&db, "chillers")?;
    println!("chillers: {metrics:?}");
    let expected = [("appliedCount", 4), ("targetedCount", 6)];
    assert_eq!(metrics, expected.map(|(name, n)| (name.to_owned(), n)).into());

    // A device changes rings: what the first configuration had set goes, the second takes over.
    let retag = Write::patch_twin(TwinId::device("chiller-2")?, r#"{"tags":{"ring":"broad"}}"#)?;
    db.write(retag)?;
    assert_eq!(configurations.evaluate(&db)?, 1);
    assert_eq!(desired(&db, "chiller-2"), broad);
    println!("chiller-2 is told {}", desired(&db, "chiller-2"));

    // A device that nothing picks any more is left without.
    let retag = Write::patch_twin(TwinId::device("chiller-6")?, r#"{"tags":{"kind":"scrap"}}"#)?;
    db.write(retag)?;
    assert_eq!(configurations.evaluate(&db)?, 1);
    assert_eq!(desired(&db, "chiller-6"), json!({}));
    Ok(())
}
