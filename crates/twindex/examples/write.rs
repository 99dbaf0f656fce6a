//! Twins that change: create, patch, replace, report; versions, etags, conditions; the feed and
//! versions to read at. The chapter "Writing twins" of the guide shows what this prints.
//!
//! `cargo run --example write -p twindex`

// An example shows what it does by printing it.
#![allow(clippy::print_stdout)]

use std::sync::Arc;

use twindex::{ManualClock, NewTwin, Options, TwinId, Twindex, Write, Written};

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 2026-03-01T08:00:00Z; a service takes the default, the machine's clock.
    let clock = Arc::new(ManualClock::new(1_772_352_000_000));
    let db = Twindex::with_options(Options { clock, ..Options::default() });
    let press = TwinId::device("press-1")?;
    let mut changes = db.feed().subscribe();

    // Each write gives the versions that it made.
    let new = NewTwin::new().with_tags(r#"{"site":"Aarhus","line":1}"#)?;
    print("created", &db.write(Write::create(press.clone(), new))?);
    let patch = r#"{"tags":{"line":null},"properties":{"desired":{"fan":{"speed":3}}}}"#;
    let patched = db.write(Write::patch_twin(press.clone(), patch)?)?;
    print("patched", &patched);
    let before_report = db.snapshot();
    let reported = db.write(Write::report(press.clone(), r#"{"fan":{"speed":2}}"#)?)?;
    print("reported", &reported);
    println!("{}", db.device_view(&press).unwrap_or_default());

    // Conditions. What is refused changes nothing.
    let again = || Write::patch_twin(press.clone(), r#"{"tags":{"owner":"night shift"}}"#);
    print("guarded", &db.write(again()?.if_etag(patched.etag.as_str()))?);
    let refusals = [
        db.write(again()?.if_etag(patched.etag.as_str())),
        db.write(Write::report(press.clone(), "{}")?.if_reported_version(1)),
        Write::report(press.clone(), r#"{"a.b":1}"#).and_then(|write| db.write(write)),
        db.write(Write::create(press.clone(), NewTwin::new())),
        db.write(Write::delete(TwinId::device("press-2")?)),
    ];
    for refusal in &refusals {
        let Err(error) = refusal else { return Err("it is refused".into()) };
        let (number, name) = error.hub_error().unwrap_or_default();
        println!("{} {number} {name}: {error}", error.code());
    }
    let codes = refusals.map(|refusal| refusal.err().map(|error| error.code()));
    assert_eq!(codes, ["T024", "T025", "T011", "T022", "T020"].map(Some));

    // What queries see: a version, whole. Without one to name it is the newest.
    let in_sync = "SELECT deviceId, DRIFT() AS drift, properties.reported.fan FROM devices";
    let then = db.query(in_sync).at(&before_report).run()?;
    let now = db.query(in_sync).at_least_version(reported.version).run()?;
    println!("version {}: {}", before_report.version(), then.rows().collect::<String>());
    println!("now: {}", now.rows().collect::<String>());
    assert_ne!(then.rows().collect::<String>(), now.rows().collect::<String>());

    // The feed: every accepted change, in order.
    while let Some(change) = changes.try_next() {
        let change = change?;
        let body = change.event_body().unwrap_or_default();
        println!("{} {:?} {body}", change.version(), change.kind());
    }
    Ok(())
}

fn print(what: &str, written: &Written) {
    println!(
        "{what}: version {}, root {}, etag {}, desired {}, reported {}",
        written.version,
        written.root_version,
        written.etag.as_str(),
        written.desired_version,
        written.reported_version
    );
}
