//! A device that comes and goes: subscribe, read the twin, pass over what is older than what was
//! read. Nothing is missed and nothing is applied twice, whatever happens in between.
//!
//! `cargo run --example reconnect -p twindex`

// An example shows what it does by printing it.
#![allow(clippy::print_stdout)]

use std::error::Error;

use serde_json::{Value, json};
use twindex::{ChangeKind, NewTwin, Options, Subscription, TwinId, Twindex, Write};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // A small feed, so that the device can fall behind.
    let db = Twindex::with_options(Options { feed_changes_max: 8, ..Options::default() });
    let id = TwinId::device("press-1")?;
    let new = NewTwin::new().with_desired(r#"{"interval":60}"#)?.with_tags(r#"{"owner":"ops"}"#)?;
    db.write(Write::create(id.clone(), new))?;

    // The device connects. What is written between its subscription and its reading comes twice,
    // once read and once told: the version says so.
    let mut device = Device::new(id.clone());
    let notifications = db.feed().of_twin(&id).subscribe();
    desire(&db, &id, r#"{"interval":30}"#)?;
    device.read(&db)?;
    device.connect(notifications);
    assert_eq!(device.desired["interval"], 30);
    device.follow(&db)?;
    assert_eq!((device.n_applied, device.n_passed_over), (0, 1));

    // Connected: it is told of each change.
    desire(&db, &id, r#"{"mode":"fast","interval":null}"#)?;
    device.follow(&db)?;
    assert_eq!(device.desired, json!({"mode": "fast", "$version": 3}));
    // Tags are none of its business.
    db.write(Write::patch_twin(id.clone(), r#"{"tags":{"owner":"night shift"}}"#)?)?;
    device.follow(&db)?;
    assert!(!device.desired.to_string().contains("owner"));

    // Gone for a while: nothing is kept for it, and it needs nothing kept.
    device.disconnect();
    for interval in 1..=3 {
        desire(&db, &id, &format!(r#"{{"interval":{interval}}}"#))?;
    }
    device.connect(db.feed().of_twin(&id).subscribe());
    device.read(&db)?;
    assert_eq!(device.desired["interval"], 3);

    // Too slow for the feed: it is told so, and reads again.
    for interval in 10..=40 {
        desire(&db, &id, &format!(r#"{{"interval":{interval}}}"#))?;
    }
    device.follow(&db)?;
    assert_eq!((device.desired["interval"].as_u64(), device.n_lagged), (Some(40), 1));
    println!("{} changes were applied, {} passed over", device.n_applied, device.n_passed_over);
    Ok(())
}

fn desire(db: &Twindex, id: &TwinId, desired: &str) -> Result<(), twindex::Error> {
    let patch = format!(r#"{{"properties":{{"desired":{desired}}}}}"#);
    db.write(Write::patch_twin(id.clone(), &patch)?)?;
    Ok(())
}

/// A device with its copy of what is desired of it.
struct Device {
    id: TwinId,
    desired: Value,
    notifications: Option<Subscription>,
    n_applied: usize,
    n_passed_over: usize,
    n_lagged: usize,
}

impl Device {
    fn new(id: TwinId) -> Self {
        let desired = Value::Null;
        Self { id, desired, notifications: None, n_applied: 0, n_passed_over: 0, n_lagged: 0 }
    }

    fn connect(&mut self, notifications: Subscription) {
        self.notifications = Some(notifications);
    }

    fn disconnect(&mut self) {
        self.notifications = None;
    }

    /// Reads its view of its twin: never the tags.
    fn read(&mut self, db: &Twindex) -> Result<(), Box<dyn Error>> {
        let view = db.device_view(&self.id).ok_or("the device was deleted")?;
        let mut view: Value = serde_json::from_str(&view)?;
        self.desired = view["desired"].take();
        Ok(())
    }

    /// Applies what it was told since, but for what it has read already.
    fn follow(&mut self, db: &Twindex) -> Result<(), Box<dyn Error>> {
        while let Some(change) = self.notifications.as_mut().and_then(Subscription::try_next) {
            let Ok(change) = change else {
                self.n_lagged += 1;
                self.read(db)?; // at least as new as whatever was missed
                continue;
            };
            let Some(told) = change.desired_notification() else { continue };
            let told: Value = serde_json::from_str(&told)?;
            if told["$version"].as_u64() <= self.desired["$version"].as_u64() {
                self.n_passed_over += 1;
            } else if change.kind() == ChangeKind::Replaced {
                self.desired = told;
                self.n_applied += 1;
            } else {
                merge(&mut self.desired, told);
                self.n_applied += 1;
            }
        }
        Ok(())
    }
}

/// A merge patch: null removes.
fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    target.shift_remove(&key);
                } else {
                    merge(target.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (target, Value::Object(patch)) => {
            *target = Value::Object(serde_json::Map::new());
            merge(target, Value::Object(patch));
        }
        (target, patch) => *target = patch,
    }
}
