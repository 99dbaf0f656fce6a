//! The write side of the engine through its public API.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

mod conditions;
mod digital_twins;
mod errors;
mod examples;
mod feed;
mod readers;
mod tickets;

use twindex::{NewTwin, TwinId, Twindex, Write};

/// The twin of a device.
fn device(name: &str) -> TwinId {
    TwinId::device(name).unwrap()
}

/// An engine with these devices, all empty.
fn with_devices<'a>(names: impl IntoIterator<Item = &'a str>) -> Twindex {
    let db = Twindex::in_memory();
    let creations = names.into_iter().map(|name| Write::create(device(name), NewTwin::new()));
    for created in db.write_all(creations.collect()) {
        created.unwrap();
    }
    db
}

/// How many twins of devices a condition selects.
fn count(db: &Twindex, condition: &str) -> u64 {
    db.condition(condition).ids().unwrap().len()
}

/// A report of a number.
fn report(twin: &TwinId, key: &str, number: u64) -> Write {
    Write::report(twin.clone(), &format!(r#"{{"{key}":{number}}}"#)).unwrap()
}

/// A patch of a tag.
fn tag(twin: &TwinId, key: &str, number: u64) -> Write {
    Write::patch_twin(twin.clone(), &format!(r#"{{"tags":{{"{key}":{number}}}}}"#)).unwrap()
}
