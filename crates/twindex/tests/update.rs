//! `UPDATE` and `DELETE` of many twins, through the library.
#![allow(clippy::panic, clippy::unwrap_used)] // a test may fail

use std::cell::RefCell;

use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof};
use proptest::sample::select;
use proptest::{collection::vec, proptest};
use serde_json::{Value, json};
use twindex::{Answer, CancelToken, ErrorKind, LoadOptions, TwinId, Twindex, Write};

fn db(twins: &[Value]) -> Twindex {
    let db = Twindex::in_memory();
    let lines: Vec<String> = twins.iter().map(Value::to_string).collect();
    let report = db.load(lines.join("\n").as_bytes(), &LoadOptions::default()).unwrap();
    assert_eq!(report.n_bad, 0, "{:?}", report.bad);
    db
}

/// `n` twins, numbered by `tags.n`.
fn numbered(n: usize) -> Twindex {
    let twins: Vec<Value> =
        (0..n).map(|n| json!({"deviceId": format!("d{n}"), "tags": {"n": n}})).collect();
    db(&twins)
}

fn twin(db: &Twindex, id: &str) -> Value {
    serde_json::from_str(&db.twin(id, None).unwrap()).unwrap()
}

fn count(db: &Twindex, condition: &str) -> u64 {
    db.condition(condition).ids().unwrap().len()
}

#[test]
fn sets_copies_and_removes() {
    let db = db(&[
        json!({"deviceId": "a", "tags": {"x": {"p": 1, "q": 2}, "gone": 1},
            "properties": {"reported": {"o": {"p": {"r": [1]}}, "l": [1, {"k": "v"}]}}}),
        json!({"deviceId": "b", "tags": {}}),
    ]);
    let report = db
        .update(
            "UPDATE devices SET tags.x = properties.reported.o, tags.gone = null,
             tags.copy = tags.gone, properties.desired.l = properties.reported.l,
             tags.ab.c = LENGTH(deviceId) + 1 WHERE deviceId = 'a'",
        )
        .run()
        .unwrap();
    assert_eq!((report.n_matched, report.n_written, report.failures.len()), (1, 1, 0));
    let twin = twin(&db, "a");
    assert_eq!(twin["tags"], json!({"x": {"p": {"r": [1]}}, "copy": 1, "ab": {"c": 2}}));
}

#[test]
fn nothing_runs_unless_asked_for_by_its_call() {
    let db = numbered(20);
    for text in ["UPDATE devices SET tags.n = 0", "DELETE FROM devices"] {
        assert_eq!(db.query(text).execute().unwrap_err().code(), "X004");
        assert_eq!(db.query(text).run().unwrap_err().code(), "X004");
    }
    assert_eq!(db.update("DELETE FROM devices").run().unwrap_err().code(), "X006");
    assert_eq!(db.delete("UPDATE devices SET tags.n = 0").dry_run().unwrap_err().code(), "X006");
    assert_eq!(db.delete("DELETE FROM devices DRY RUN").run().unwrap_err().code(), "X005");
    let aggregate = db.update("UPDATE devices SET tags.n = 1 + COUNT()").run().unwrap_err();
    assert_eq!(aggregate.code(), "B004");
    let Ok(Answer::DryRun(dry)) =
        db.query("UPDATE devices SET tags.m = tags.n * 2 WHERE tags.n > 2 DRY RUN").execute()
    else {
        panic!("a dry run");
    };
    assert_eq!((dry.n_matched, dry.sample.len()), (17, 10));
    let first = &dry.sample[0];
    assert_eq!(first.device_id, "d3");
    let change = &first.changes[0];
    assert_eq!(
        (change.path.as_str(), change.old.as_deref(), change.new.as_deref()),
        ("tags.m", None, Some("6"))
    );
    assert!(dry.warnings.is_empty(), "{:?}", dry.warnings);
    assert_eq!(count(&db, "IS_DEFINED(tags.m)"), 0);
    assert_eq!(db.n_twins(twindex::Collection::Devices), 20);
}

#[test]
fn twins_that_changed_meanwhile_are_left_alone() {
    let db = numbered(5);
    let snapshot = db.snapshot();
    let one = TwinId::device("d1").unwrap();
    db.write(Write::patch_twin(one, r#"{"tags":{"n":100}}"#).unwrap()).unwrap();
    db.write(Write::delete(TwinId::device("d2").unwrap())).unwrap();
    let update = db.update("UPDATE devices SET tags.n = tags.n + 1").at(&snapshot);
    let report = update.run().unwrap();
    assert_eq!((report.n_matched, report.n_written), (5, 3));
    let failed: Vec<_> = report.failures.iter().map(|one| one.device_id.as_str()).collect();
    assert_eq!(failed, ["d1", "d2"]);
    assert!(report.failures.iter().all(twindex::TwinFailure::is_changed_meanwhile));
    assert_eq!(twin(&db, "d1")["tags"]["n"], 100);
    assert_eq!(twin(&db, "d4")["tags"]["n"], 5);
}

#[test]
fn what_hubs_refuse_fails_for_its_twin_alone() {
    let db = db(&[
        json!({"deviceId": "a", "tags": {"text": "x"}}),
        json!({"deviceId": "b", "tags": {"text": "x".repeat(4_000)}}),
    ]);
    let text = "UPDATE devices SET tags.text = CONCAT(tags.text, tags.text)";
    let report = db.update(text).run().unwrap();
    assert_eq!((report.n_written, report.failures.len()), (1, 1));
    assert_eq!(report.failures[0].device_id, "b");
    assert_eq!(report.failures[0].error.kind(), ErrorKind::InvalidPatch);
    assert_eq!(twin(&db, "a")["tags"]["text"], "xx");
}

#[test]
fn twins_with_ids_that_no_hub_takes_can_be_changed() {
    let db = db(&[
        json!({"deviceId": "a b/\u{fc}", "tags": {"n": 1}}),
        json!({"deviceId": "c", "moduleId": "", "tags": {"n": 2}}),
        json!({"deviceId": "c", "moduleId": "m \u{1b}", "tags": {"n": 3}}),
    ]);
    for collection in ["devices", "devices.modules"] {
        let n_rows = count(&db, "tags.n > 0");
        let updated =
            db.update(format!("UPDATE {collection} SET tags.n = tags.n * 10")).run().unwrap();
        assert!(updated.failures.is_empty() && updated.n_written > 0, "{:?}", updated.failures);
        let deleted =
            db.delete(format!("DELETE FROM {collection} WHERE tags.n = 30 OR tags.n = 10")).run();
        assert_eq!(deleted.unwrap().n_written, 1);
        assert_eq!(n_rows, 2 - u64::from(collection == "devices.modules"));
    }
    assert_eq!(twin(&db, "c")["tags"]["n"], 20);
}

#[test]
fn deleting_devices_deletes_their_modules() {
    let db = db(&[
        json!({"deviceId": "a", "tags": {"x": 1}}),
        json!({"deviceId": "a", "moduleId": "m"}),
        json!({"deviceId": "b"}),
        json!({"deviceId": "b", "moduleId": "m"}),
    ]);
    let report = db.delete("DELETE FROM devices WHERE tags.x = 1").run().unwrap();
    assert_eq!((report.n_matched, report.n_written), (1, 1));
    assert_eq!(db.n_twins(twindex::Collection::Modules), 1);
    let report = db.delete("DELETE FROM devices.modules").run().unwrap();
    assert_eq!(report.n_written, 1);
    assert_eq!(db.n_twins(twindex::Collection::Modules), 0);
    assert_eq!(db.n_twins(twindex::Collection::Devices), 1);
}

#[test]
fn a_stopped_update_goes_on_where_it_stopped() {
    let db = numbered(5_000);
    let text = "UPDATE devices SET tags.times = 1 + AS_NUMBER(CONCAT('0', '')) WHERE tags.n >= 10";
    let cancel = CancelToken::new();
    let seen = RefCell::new(Vec::new());
    let progress = |now: twindex::UpdateProgress| {
        seen.borrow_mut().push((now.n_done, now.n_matched));
        if now.n_done > 2_000 {
            cancel.cancel();
        }
    };
    let report = db.update(text).cancel_with(&cancel).on_progress(&progress).run().unwrap();
    let stopped = report.stopped.as_ref().unwrap();
    assert_eq!(stopped.error.kind(), ErrorKind::Stopped);
    assert_eq!(*seen.borrow(), [(1_024, 4_990), (2_048, 4_990)]);
    assert_eq!(count(&db, "tags.times = 1"), 2_048);
    let rest = db.update(text).at(&report.snapshot).resume(&stopped.resume).run().unwrap();
    assert_eq!((rest.n_written, rest.failures.len()), (4_990 - 2_048, 0));
    assert_eq!(count(&db, "tags.times = 1"), 4_990);
    // The token is for that statement alone.
    let other = db.update("UPDATE devices SET tags.a = 1").resume(&stopped.resume).run();
    assert_eq!(other.unwrap_err().kind(), ErrorKind::InvalidToken);
}

#[test]
fn statements_wait_for_the_version_they_name() {
    let db = numbered(3);
    let one = TwinId::device("d1").unwrap();
    let written = db.write(Write::patch_twin(one, r#"{"tags":{"n":9}}"#).unwrap()).unwrap();
    let text =
        |version| format!("SELECT * FROM devices WHERE tags.n = 9 AT LEAST VERSION {version}");
    assert_eq!(db.query(text(written.version)).run().unwrap().n_rows(), 1);
    let error = db.query(text(written.version + 1)).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSuchVersion);
}

/// A path below tags or desired: keys that meet, nest and clash.
fn path() -> impl Strategy<Value = Vec<&'static str>> {
    let section = select(vec![vec!["tags"], vec!["properties", "desired"]]);
    (section, vec(select(vec!["a", "b", "c"]), 1..3))
        .prop_map(|(section, keys)| [section, keys].concat())
}

/// A value to set: a literal, or what is at a path of the twin.
#[derive(Clone, Debug)]
enum Set {
    Literal(Value),
    Path(Vec<&'static str>),
}

fn set() -> impl Strategy<Value = Set> {
    let literal = select(vec![json!(1), json!("x"), json!(null), json!([1, "y"]), json!(true)]);
    prop_oneof![literal.prop_map(Set::Literal), path().prop_map(Set::Path)]
}

fn leaf() -> impl Strategy<Value = Value> {
    select(vec![json!(1), json!("s"), json!([true]), json!({}), json!({"a": 2, "c": {"b": 3}})])
}

fn document() -> impl Strategy<Value = Value> {
    let section = || {
        let value = prop_oneof![
            leaf(),
            vec((select(vec!["a", "b", "c"]), leaf()), 0..3)
                .prop_map(|entries| entries.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
        ];
        vec((select(vec!["a", "b", "c"]), value), 0..4).prop_map(|entries| {
            Value::Object(entries.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
        })
    };
    (section(), section()).prop_map(|(tags, desired)| {
        json!({"deviceId": "d", "tags": tags, "properties": {"desired": desired, "reported": {}}})
    })
}

fn at<'a>(twin: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(twin, |value, key| value.as_object()?.get(*key))
}

/// What SET means, done naively.
fn assign(twin: &mut Value, path: &[&str], new: Option<Value>) {
    let (last, parents) = path.split_last().unwrap();
    if new.is_none() && at(twin, path).is_none() {
        return;
    }
    let mut object = twin;
    for key in parents {
        let entry = object.as_object_mut().unwrap().entry(*key).or_insert(json!({}));
        if !entry.is_object() {
            *entry = json!({});
        }
        object = entry;
    }
    let object = object.as_object_mut().unwrap();
    match new {
        Some(value) => drop(object.insert((*last).to_owned(), value)),
        None => drop(object.remove(*last)),
    }
}

/// The properties without what the engine keeps in them.
fn properties(twin: &Value) -> (Value, Value) {
    let mut desired = twin["properties"]["desired"].clone();
    let entries = desired.as_object_mut().unwrap();
    entries.remove("$version");
    entries.remove("$metadata");
    (twin["tags"].clone(), desired)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// An update is what it says, for twins and assignments of any shape.
    #[test]
    fn updates_are_as_a_naive_one(
        document in document(),
        sets in vec((path(), set()), 1..4),
        dry in any::<bool>(),
    ) {
        let text: Vec<String> = sets
            .iter()
            .map(|(path, set)| match set {
                Set::Literal(value) => format!("{} = {value}", path.join(".")),
                Set::Path(from) => format!("{} = {}", path.join("."), from.join(".")),
            })
            .collect();
        let text = format!("UPDATE devices SET {}", text.join(", "));
        let db = db(std::slice::from_ref(&document));
        // Paths that clash are refused, which is not what is looked at here.
        let Ok(sample) = db.update(&text).dry_run() else { return Ok(()) };
        prop_assert_eq!(sample.n_matched, 1);
        if dry {
            prop_assert_eq!(properties(&twin(&db, "d")), properties(&document));
        }
        let mut expected = document.clone();
        for (path, set) in &sets {
            let new = match set {
                Set::Literal(value) => Some(value.clone()),
                Set::Path(from) => at(&document, from).cloned(),
            };
            assign(&mut expected, path, new.filter(|value| !value.is_null()));
        }
        let report = db.update(&text).run().unwrap();
        prop_assert_eq!(report.failures.len(), 0, "{:?}", report.failures);
        prop_assert_eq!(properties(&twin(&db, "d")), properties(&expected), "{}", text);
        db.check().unwrap();
    }
}
