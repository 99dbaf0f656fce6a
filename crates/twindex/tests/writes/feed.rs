//! The feed as programs and hubs use it.

use std::sync::Arc;

use serde_json::{Value, json};
use twindex::{
    Change, ChangeKind, ManualClock, NewTwin, Options, Section, Subscription, TwinId, Twindex,
    Write,
};

use super::{device, report, tag, with_devices};

/// 2022-05-24T02:11:54.65Z.
const NOW_MS: i64 = 1_653_358_314_650;

fn at_rest() -> Twindex {
    let clock = Arc::new(ManualClock::new(NOW_MS));
    Twindex::with_options(Options { clock, ..Options::default() })
}

fn next(feed: &mut Subscription) -> Arc<Change> {
    feed.try_next().expect("what was acknowledged is in the feed").unwrap()
}

fn body(change: &Change) -> Value {
    serde_json::from_str(&change.event_body().unwrap()).unwrap()
}

fn twin(db: &Twindex, id: &TwinId) -> Value {
    serde_json::from_str(&db.twin(id.device_id(), id.module_id()).unwrap()).unwrap()
}

/// What the event of a creation or deletion has of a twin.
fn lifecycle(twin: &Value) -> Value {
    let mut part = json!({});
    for key in ["deviceId", "moduleId", "etag", "version", "properties"] {
        if let Some(value) = twin.get(key) {
            part[key] = value.clone();
        }
    }
    part
}

#[test]
fn an_update_tells_what_changed_with_its_metadata() {
    let db = at_rest();
    let id = device("d");
    db.write(Write::create(id.clone(), NewTwin::new())).unwrap();
    let mut feed = db.feed().of_twin(&id).subscribe();
    let patch = r#"{"tags":{"myTag":"1"},"properties":{"desired":{"test":1,"gone":null}}}"#;
    let written = db.write(Write::patch_twin(id.clone(), patch).unwrap()).unwrap();
    let change = next(&mut feed);
    assert_eq!((change.kind(), change.version()), (ChangeKind::Updated, written.version));
    assert_eq!(change.sections().collect::<Vec<_>>(), [Section::Tags, Section::Desired]);
    assert_eq!(change.patch(Section::Tags).unwrap(), r#"{"myTag":"1"}"#);
    assert_eq!(change.desired_notification().unwrap(), r#"{"test":1,"gone":null,"$version":2}"#);
    let stamp = json!({"$lastUpdated": "2022-05-24T02:11:54.65Z", "$lastUpdatedVersion": 2});
    let mut metadata = stamp.clone();
    metadata["test"] = stamp;
    let desired = json!({"test": 1, "gone": null, "$metadata": metadata, "$version": 2});
    let expected =
        json!({"version": 3, "tags": {"myTag": "1"}, "properties": {"desired": desired}});
    assert_eq!(body(&change), expected);
    // The metadata is the twin's own.
    assert_eq!(twin(&db, &id)["properties"]["desired"]["$metadata"]["test"], metadata["test"]);

    db.write(report(&id, "n", 1)).unwrap();
    let stamp = json!({"$lastUpdated": "2022-05-24T02:11:54.65Z"});
    let mut metadata = stamp.clone();
    metadata["n"] = stamp;
    let reported = json!({"n": 1, "$metadata": metadata, "$version": 2});
    let change = next(&mut feed);
    assert_eq!(body(&change), json!({"version": 4, "properties": {"reported": reported}}));
    assert!(change.desired_notification().is_none() && change.patch(Section::Desired).is_none());
    let properties = change.event_properties().unwrap();
    for expected in [
        ("opType", "updateTwin"),
        ("iothub-message-source", "twinChangeEvents"),
        ("iothub-message-schema", "twinChangeNotification"),
        ("deviceId", "d"),
        ("operationTimestamp", "2022-05-24T02:11:54.65Z"),
    ] {
        assert!(properties.iter().any(|(key, value)| (*key, value.as_str()) == expected));
    }
}

#[test]
fn a_replacement_and_a_lifecycle_tell_the_twin() {
    let db = at_rest();
    let (id, module) = (device("d"), TwinId::module("d", "m").unwrap());
    let mut feed = db.feed().subscribe();
    let new = NewTwin::new().with_desired(r#"{"a":{"b":1}}"#).unwrap();
    db.write(Write::create(id.clone(), new.with_tags(r#"{"t":1}"#).unwrap())).unwrap();
    let change = next(&mut feed);
    assert_eq!(change.op_type().unwrap().name(), "createDeviceIdentity");
    assert_eq!(change.op_type().unwrap().source(), "deviceLifecycleEvents");
    assert_eq!(body(&change), lifecycle(&twin(&db, &id)));

    db.write(Write::create(module.clone(), NewTwin::new())).unwrap();
    let change = next(&mut feed);
    assert_eq!(change.op_type().unwrap().name(), "createModuleIdentity");
    assert_eq!(body(&change), lifecycle(&twin(&db, &module)));

    let replacement = r#"{"properties":{"desired":{"c":true}}}"#;
    db.write(Write::replace_twin(id.clone(), replacement).unwrap()).unwrap();
    let change = next(&mut feed);
    assert_eq!(change.op_type().unwrap().name(), "replaceTwin");
    assert_eq!(change.desired_notification().unwrap(), r#"{"c":true,"$version":2}"#);
    let now = twin(&db, &id);
    let mut expected = lifecycle(&now);
    expected["tags"] = json!({"t": 1});
    assert_eq!(body(&change), expected);

    let last = lifecycle(&twin(&db, &id));
    db.write(Write::delete(id)).unwrap();
    let change = next(&mut feed);
    assert_eq!(change.op_type().unwrap().name(), "deleteDeviceIdentity");
    assert_eq!((body(&change), change.kind()), (last, ChangeKind::Deleted));
    assert!(feed.try_next().is_none());
}

#[test]
fn connections_are_events_and_other_identity_fields_are_not() {
    let db = at_rest();
    let id = device("d");
    db.write(Write::create(id.clone(), NewTwin::new())).unwrap();
    let mut feed = db.feed().of_device("d").subscribe();
    let identify = |json| db.write(Write::identify(id.clone(), json).unwrap()).unwrap();
    identify(r#"{"connectionState":"Connected"}"#);
    let change = next(&mut feed);
    assert_eq!(change.op_type().unwrap().name(), "deviceConnected");
    assert_eq!(body(&change)["sequenceNumber"].as_str().unwrap().len(), 64);
    identify(r#"{"connectionState":"Disconnected"}"#);
    assert_eq!(next(&mut feed).op_type().unwrap().name(), "deviceDisconnected");
    identify(r#"{"status":"disabled"}"#);
    let change = next(&mut feed);
    assert_eq!(change.identity().unwrap(), r#"{"status":"disabled"}"#);
    assert_eq!((change.kind(), change.op_type()), (ChangeKind::Identity, None));
    assert!(change.event_body().is_none() && change.event_properties().is_none());
}

#[test]
fn refused_writes_are_not_told_and_versions_order_the_rest() {
    let db = with_devices(["a", "b"]);
    let from = db.version();
    let writes = (0..100).map(|n| match n % 3 {
        0 => report(&device("a"), "n", n),
        1 => tag(&device("b"), "n", n),
        _ => report(&device("nobody"), "n", n),
    });
    let written: Vec<u64> =
        db.write_all(writes.collect()).into_iter().flatten().map(|done| done.version).collect();
    let told = |mut feed: Subscription| -> Vec<u64> {
        std::iter::from_fn(|| feed.try_next()).map(|change| change.unwrap().version()).collect()
    };
    assert_eq!(told(db.feed().after(from).subscribe()), written);
    // Resuming in the middle of a batch is exact.
    let middle = written[written.len() / 2];
    let rest: Vec<u64> = written.iter().copied().filter(|version| *version > middle).collect();
    assert_eq!(told(db.feed().after(middle).subscribe()), rest);
    let of_a = told(db.feed().of_device("a").after(from).subscribe());
    let of_b = told(db.feed().of_device("b").after(from).subscribe());
    let mut both = [of_a, of_b].concat();
    both.sort_unstable();
    assert_eq!(both, written);
    assert_eq!(db.version(), db.snapshot().version());
    assert!(written.is_sorted() && written.last() <= Some(&db.version()));
}

/// Followers keep a copy of a twin while writers change it: by subscription and reading alone they
/// end with the twin.
#[test]
fn followers_of_busy_twins_end_with_the_same() {
    let options = Options { feed_changes_max: 64, ..Options::default() };
    let db = Twindex::with_options(options);
    let names = ["a", "b", "c"];
    for name in names {
        db.write(Write::create(device(name), NewTwin::new())).unwrap();
    }
    std::thread::scope(|scope| {
        let followers: Vec<_> = names
            .iter()
            .map(|name| {
                let db = &db;
                scope.spawn(move || follow(db, &device(name)))
            })
            .collect();
        for round in 0..50 {
            let writes = (0..40).map(|n| report(&device(names[n % 3]), "n", round * 40 + n as u64));
            assert!(db.write_all(writes.collect()).iter().all(Result::is_ok));
        }
        for name in names {
            db.write(report(&device(name), "last", 1)).unwrap();
        }
        for (name, follower) in names.iter().zip(followers) {
            let view: Value =
                serde_json::from_str(&db.device_view(&device(name)).unwrap()).unwrap();
            assert_eq!(follower.join().unwrap(), view["reported"]);
        }
    });
}

/// The reported properties of a twin, kept up to date until they have `last`.
fn follow(db: &Twindex, id: &TwinId) -> Value {
    let read = || -> Value { serde_json::from_str(&db.device_view(id).unwrap()).unwrap() };
    let feed = db.feed().of_twin(id).subscribe();
    let mut copy = read()["reported"].take();
    if copy.get("last").is_some() {
        return copy;
    }
    for item in feed {
        match item {
            Err(_) => copy = read()["reported"].take(),
            Ok(change) => {
                let version = change.written().reported_version;
                let known = copy["$version"].as_u64().unwrap();
                if version > known {
                    assert_eq!(version, known + 1, "no version is left out");
                    let patch = change.patch(Section::Reported).unwrap();
                    let patch: Value = serde_json::from_str(&patch).unwrap();
                    for (key, value) in patch.as_object().unwrap() {
                        copy[key] = value.clone();
                    }
                    copy["$version"] = version.into();
                }
            }
        }
        if copy.get("last").is_some() {
            return copy;
        }
    }
    copy
}
