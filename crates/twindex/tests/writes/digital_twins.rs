//! Digital twins of an engine: read, updated, followed through a random history.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use twindex::{
    DigitalTwinChange, Error, ErrorKind, LoadOptions, ManualClock, NewTwin, Options, TwinId,
    Twindex, Write,
};

fn engine() -> (Twindex, Arc<ManualClock>) {
    // 2024-05-01T00:00:00Z
    let clock = Arc::new(ManualClock::new(1_714_521_600_000));
    let db = Twindex::with_options(Options { clock: clock.clone(), ..Options::default() });
    (db, clock)
}

fn device(db: &Twindex) -> TwinId {
    let id = TwinId::device("d").unwrap();
    let new = NewTwin::new().with_identity(r#"{"modelId":"dtmi:com:example:Oven;1"}"#).unwrap();
    db.write(Write::create(id.clone(), new)).unwrap();
    id
}

fn digital_twin(db: &Twindex) -> Value {
    serde_json::from_str(&db.digital_twin("d").unwrap()).unwrap()
}

fn report(db: &Twindex, id: &TwinId, patch: &Value) {
    db.write(Write::report(id.clone(), &patch.to_string()).unwrap()).unwrap();
}

#[test]
fn a_wish_and_its_answer() {
    let (db, clock) = engine();
    let id = device(&db);
    report(&db, &id, &json!({"serial": "s-1", "oven": {"__t": "c", "hours": 12}}));
    let patch = r#"[{"op":"add","path":"/oven/target","value":21.5}]"#;
    let written = db.update_digital_twin("d", patch, None).unwrap();
    assert_eq!((written.desired_version, written.reported_version), (2, 2));

    clock.set_ms(1_714_521_600_250);
    let ack = json!({"value": 20, "ac": 202, "av": 2, "ad": "heating"});
    report(&db, &id, &json!({"oven": {"target": ack}}));
    let expected = json!({
        "$dtId": "d", "serial": "s-1",
        "oven": {"hours": 12, "target": 20, "$metadata": {
            "target": {
                "desiredValue": 21.5, "desiredVersion": 2,
                "ackVersion": 2, "ackCode": 202, "ackDescription": "heating",
                "lastUpdateTime": "2024-05-01T00:00:00.25Z"},
            "hours": {"lastUpdateTime": "2024-05-01T00:00:00Z"}}},
        "$metadata": {
            "$model": "dtmi:com:example:Oven;1",
            "serial": {"lastUpdateTime": "2024-05-01T00:00:00Z"}}});
    assert_eq!(digital_twin(&db), expected);
}

#[test]
fn an_update_replaces_what_it_names_and_no_more() {
    let (db, _) = engine();
    let id = device(&db);
    let desired = json!({"other": {"a": 1}, "oven": {"__t": "c", "x": {"p": 1, "q": 2}, "y": 3}});
    let desired = json!({"properties": {"desired": desired}}).to_string();
    db.write(Write::patch_twin(id, &desired).unwrap()).unwrap();
    let patch = r#"[{"op":"replace","path":"/oven","value":{"x":{"q":5},"$metadata":{}}}]"#;
    db.update_digital_twin("d", patch, Some("*")).unwrap();
    let twin: Value = serde_json::from_str(&db.twin("d", None).unwrap()).unwrap();
    let desired = &twin["properties"]["desired"];
    assert_eq!(desired["oven"], json!({"__t": "c", "x": {"q": 5}}));
    assert_eq!(desired["other"], json!({"a": 1}));
}

#[test]
fn an_update_is_guarded_by_the_etag() {
    let (db, _) = engine();
    device(&db);
    let patch = r#"[{"op":"add","path":"/a","value":1}]"#;
    let first = db.update_digital_twin("d", patch, None).unwrap();
    db.update_digital_twin("d", patch, Some(&format!("\"{}\"", first.etag.as_str()))).unwrap();
    let error = db.update_digital_twin("d", patch, Some(first.etag.as_str())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::VersionMismatch);
    assert_eq!(digital_twin(&db)["$metadata"]["a"]["desiredVersion"], 3);
}

#[test]
fn twins_of_other_makers_are_updated() {
    let db = Twindex::in_memory();
    let twins = br#"{"deviceId":"none"}
        {"deviceId":"odd","etag":"v 1"}
        {"deviceId":"empty","etag":""}
        {"deviceId":"number","etag":5}"#;
    db.load(&twins[..], &LoadOptions::default()).unwrap();
    let patch = r#"[{"op":"add","path":"/a","value":1}]"#;
    for id in ["none", "odd", "empty", "number"] {
        let outcome = db.update_digital_twin(id, patch, None);
        assert!(outcome.is_ok(), "{id}: {outcome:?}");
        let digital: Value = serde_json::from_str(&db.digital_twin(id).unwrap()).unwrap();
        assert_eq!(digital["$metadata"]["a"]["desiredValue"], 1, "{id}");
    }
}

#[test]
fn updates_at_once_are_all_done() {
    let (db, _) = engine();
    device(&db);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let db = &db;
            scope.spawn(move || {
                for n in 0..25 {
                    let path = format!("/p{thread}/q{n}");
                    let patch = json!([{"op": "add", "path": path, "value": n}]).to_string();
                    db.update_digital_twin("d", &patch, None).unwrap();
                }
            });
        }
    });
    let digital = digital_twin(&db);
    for thread in 0..4 {
        let component = &digital[format!("p{thread}")]["$metadata"];
        assert_eq!(component.as_object().unwrap().len(), 25);
    }
}

#[test]
fn refusals_have_the_codes_of_a_hub_and_change_nothing() {
    let (db, _) = engine();
    let id = device(&db);
    let before = db.twin("d", None);
    let refusal = |patch: &str| match db.update_digital_twin("d", patch, None).unwrap_err() {
        Error::DigitalTwin(error) => error.code(),
        other => panic!("{other}"),
    };
    assert_eq!(refusal("[{"), 400_505);
    assert_eq!(refusal(r#"[{"op":"test","path":"/a","value":1}]"#), 400_505);
    assert_eq!(refusal(r#"[{"op":"add","path":"/a","value":[1]}]"#), 400_506);
    assert_eq!(refusal(r#"[{"op":"remove","path":"/a"}]"#), 400_507);
    assert_eq!(refusal(r#"[{"op":"add","path":"/a/b/c","value":1}]"#), 400_508);
    // What the conventions allow may still break the rules of twins.
    let long = json!([{"op": "add", "path": "/a", "value": "x".repeat(5_000)}]).to_string();
    let error = db.update_digital_twin("d", &long, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidPatch);
    assert_eq!(db.twin("d", None), before);

    let error = db.digital_twin("nobody").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    report(&db, &id, &json!({"list": [1, 2]}));
    let error = db.digital_twin("d").unwrap_err();
    assert!(error.to_string().starts_with("'list' exists within the device twin and is not"));
    assert_eq!(error.code(), "T040");
}

/// One write of a history.
#[derive(Clone, Debug)]
enum Step {
    Patch(Value),
    Replace(Value),
    Report(Value),
    Model(String),
    Wait(i64),
}

fn section() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => (0..4_i64).prop_map(Value::from),
        2 => Just(Value::Null),
        1 => Just(json!({})),
        2 => (0..4_i64).prop_map(|n| json!({"f": n, "g": {"h": n}})),
        1 => (0..4_i64).prop_map(|n| json!({"f": null, "k": n})),
        2 => (0..4_i64).prop_map(|n| {
            // The nulls make an acknowledgement of whatever object was there.
            json!({"value": n, "ac": 200, "av": n, "f": null, "k": null, "g": null})
        }),
        1 => Just(json!([1])), // breaks the conventions until it is written over
    ];
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let entries = move || prop::collection::btree_map(name.clone(), leaf.clone(), 0..3);
    (entries(), prop::option::weighted(0.6, entries()), any::<bool>()).prop_map(
        |(root, x, gone)| {
            let mut section = json!(root);
            if let Some(entries) = x {
                section["x"] = json!(entries);
                section["x"]["__t"] = json!("c");
            } else if gone {
                section["x"] = Value::Null;
            }
            section
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => section().prop_map(Step::Patch),
        1 => section().prop_map(Step::Replace),
        4 => section().prop_map(Step::Report),
        1 => "[a-z]{1,3}".prop_map(Step::Model),
        1 => (1..5_000_i64).prop_map(Step::Wait),
    ]
}

/// Without nulls, which a replacement may not hold.
fn pruned(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), pruned(value))).collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// The events that a follower tells lead to the digital twin that the engine shows.
    #[test]
    fn a_follower_tells_what_the_engine_shows(steps in prop::collection::vec(step(), 1..12)) {
        let (db, clock) = engine();
        let id = device(&db);
        let mut now_ms = 1_714_521_600_000;
        let mut follower = db.follow_digital_twin("d").unwrap();
        let mut changes = db.feed().of_twin(&id).after(follower.version()).subscribe();
        let mut shown = digital_twin(&db);
        for step in steps {
            let desired = |content: &Value| json!({"properties": {"desired": content}}).to_string();
            let id = id.clone();
            let write = match &step {
                Step::Patch(content) => Write::patch_twin(id, &desired(content)),
                Step::Replace(content) => Write::replace_twin(id, &desired(&pruned(content))),
                Step::Report(content) => Write::report(id, &content.to_string()),
                Step::Model(model) => Write::identify(id, &json!({"modelId": model}).to_string()),
                Step::Wait(ms) => {
                    now_ms += ms;
                    clock.set_ms(now_ms);
                    continue;
                }
            };
            db.write(write.unwrap()).unwrap();
            let change = changes.try_next().unwrap().unwrap();
            match (follower.tell(&change), db.digital_twin("d")) {
                (Ok(told), Ok(expected)) => {
                    if let DigitalTwinChange::Events(events) = told {
                        let events: json_patch::Patch = serde_json::from_str(&events).unwrap();
                        json_patch::patch(&mut shown, &events).unwrap();
                    }
                    let expected: Value = serde_json::from_str(&expected).unwrap();
                    prop_assert_eq!(&shown, &expected);
                }
                // Which of several wrong properties is named is a matter of the order of keys.
                (Err(told), Err(shown)) => prop_assert_eq!(told.code(), shown.code()),
                (told, shown) => prop_assert!(false, "{told:?} but {shown:?}"),
            }
        }
        prop_assert!(changes.try_next().is_none());
    }
}

#[test]
fn a_follower_ends_with_its_twin() {
    let (db, _) = engine();
    let id = device(&db);
    let mut follower = db.follow_digital_twin("d").unwrap();
    let mut changes = db.feed().of_twin(&id).after(follower.version()).subscribe();
    db.write(Write::delete(id.clone())).unwrap();
    db.write(Write::create(id, NewTwin::new())).unwrap();
    for _ in 0..2 {
        let change = changes.try_next().unwrap().unwrap();
        assert_eq!(follower.tell(&change).unwrap(), DigitalTwinChange::Ended);
    }
}
