//! Versions of a configuration: rolled out, watched, rolled back.
//!
//! `cargo run --example config_rollback -p twindex`
//!
//! Every version that was ever rolled out is kept by the back end; a twin holds the one it should
//! have, and in its tags which that is and which it was before. Whether devices follow is one
//! query: `IN_SYNC()` compares desired with reported, `DRIFT()` says where they differ.

// An example shows what it does by printing it.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use twindex::{Error, NewTwin, TwinId, Twindex, Write};

/// The configurations that there were, by version.
type History = BTreeMap<u64, Value>;

/// Sets a version for the devices that a condition picks. Gives their number.
fn roll_out(
    db: &Twindex,
    condition: &str,
    version: u64,
    history: &History,
) -> Result<usize, Box<dyn std::error::Error>> {
    let content = history.get(&version).ok_or("no such version")?;
    let mut writes = Vec::new();
    for twin in db.condition(condition).run()?.values() {
        let earlier = &twin["tags"]["config"]["current"];
        let patch = json!({
            "tags": {"config": {"current": version, "previous": earlier}},
            // Not merged: what a version does not name must not stay from another.
            "properties": {"desired": {"config": replacing(&twin, content)}},
        });
        let id = TwinId::device(twin["deviceId"].as_str().unwrap_or_default())?;
        let etag = twin["etag"].as_str().unwrap_or("*");
        writes.push(Write::patch_twin(id, &patch.to_string())?.if_etag(etag));
    }
    let n_twins = writes.len();
    for outcome in db.write_all(writes) {
        outcome?;
    }
    Ok(n_twins)
}

/// The merge patch that makes the settings those of `content`: the others are taken away.
fn replacing(twin: &Value, content: &Value) -> Value {
    let mut patch = content.clone();
    let old = twin["properties"]["desired"]["config"].as_object();
    for key in old.into_iter().flat_map(|settings| settings.keys()) {
        if content.get(key).is_none() {
            patch[key] = Value::Null;
        }
    }
    patch
}

/// Sets each device that is on `version` back to the one it had before. Gives their number.
fn roll_back(
    db: &Twindex,
    version: u64,
    history: &History,
) -> Result<usize, Box<dyn std::error::Error>> {
    let mut n_twins = 0;
    for earlier in history.keys().filter(|earlier| **earlier != version) {
        let condition =
            format!("tags.config.current = {version} AND tags.config.previous = {earlier}");
        n_twins += roll_out(db, &condition, *earlier, history)?;
    }
    Ok(n_twins)
}

/// Lets a device take over what is desired of it, but for the settings it cannot.
fn follow(db: &Twindex, id: &TwinId, except: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
    let view: Value = serde_json::from_str(&db.device_view(id).ok_or("no such device")?)?;
    let mut patch = json!({});
    for (key, value) in view["desired"]["config"].as_object().into_iter().flatten() {
        if !except.contains(&key.as_str()) {
            patch[key] = value.clone();
        }
    }
    let patch = json!({"config": replacing_reported(&view, patch)}).to_string();
    db.write(Write::report(id.clone(), &patch)?)?;
    Ok(())
}

/// Takes away what is reported and no longer desired.
fn replacing_reported(view: &Value, mut patch: Value) -> Value {
    let reported = view["reported"]["config"].as_object();
    for key in reported.into_iter().flat_map(|settings| settings.keys()) {
        if view["desired"]["config"].get(key).is_none() {
            patch[key] = Value::Null;
        }
    }
    patch
}

/// The report: how many devices of each version follow, and what the others differ in.
fn report(db: &Twindex) -> Result<(Vec<Value>, Vec<Value>), Error> {
    let by_version = "SELECT tags.config.current AS version, IN_SYNC() AS sync, COUNT() AS n \
                      FROM devices GROUP BY tags.config.current, IN_SYNC()";
    let drifted = "SELECT deviceId, DRIFT() AS drift FROM devices WHERE NOT IN_SYNC()";
    let rows = |query: &str| db.query(query).run().map(|page| page.values().collect());
    Ok((rows(by_version)?, rows(drifted)?))
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let db = Twindex::in_memory();
    let mut ids = Vec::new();
    for number in 1..=4 {
        let id = TwinId::device(&format!("kiln-{number}"))?;
        db.write(Write::create(id.clone(), NewTwin::new()))?;
        ids.push(id);
    }
    let mut history = History::new();
    history.insert(1, json!({"version": 1, "limit": 890, "fan": "auto"}));
    history.insert(2, json!({"version": 2, "limit": 910, "gas": {"mix": 0.4}}));

    // Version 1 everywhere, and everybody follows.
    assert_eq!(roll_out(&db, "*", 1, &history)?, 4);
    for id in &ids {
        follow(&db, id, &[])?;
    }
    let (by_version, drifted) = report(&db)?;
    assert_eq!(by_version, [json!({"version": 1, "sync": true, "n": 4})]);
    assert!(drifted.is_empty());

    // Version 2 on three of them. One of the three cannot mix gas.
    assert_eq!(roll_out(&db, "deviceId IN ['kiln-1', 'kiln-2', 'kiln-3']", 2, &history)?, 3);
    follow(&db, &ids[0], &[])?;
    follow(&db, &ids[1], &["gas", "version"])?;
    let (by_version, drifted) = report(&db)?;
    for row in &drifted {
        println!("{} differs in {}", row["deviceId"], row["drift"]);
    }
    assert_eq!(
        by_version,
        [
            json!({"version": 1, "sync": true, "n": 1}),
            json!({"version": 2, "sync": false, "n": 2}),
            json!({"version": 2, "sync": true, "n": 1}),
        ]
    );
    assert_eq!(
        drifted,
        [
            json!({"deviceId": "kiln-2", "drift": ["config.gas.mix", "config.version"]}),
            json!({
                "deviceId": "kiln-3",
                "drift": ["config.gas.mix", "config.limit", "config.version"]
            }),
        ]
    );

    // Back: each device to what it had, which is why its tags tell.
    assert_eq!(roll_back(&db, 2, &history)?, 3);
    for id in &ids {
        follow(&db, id, &[])?;
    }
    let (by_version, drifted) = report(&db)?;
    println!("{}", Value::from(by_version.clone()));
    assert_eq!(by_version, [json!({"version": 1, "sync": true, "n": 4})]);
    assert!(drifted.is_empty());

    // Nothing of version 2 is left behind.
    let query = "SELECT properties.desired.config AS config FROM devices WHERE deviceId = 'kiln-2'";
    let config: Vec<Value> = db.query(query).run()?.values().collect();
    assert_eq!(config, [json!({"config": history[&1]})]);
    Ok(())
}
