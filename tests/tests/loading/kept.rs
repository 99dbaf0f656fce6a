//! What a hub would refuse and loading keeps, each with a counted warning; and what is unusual but
//! fine.

use serde_json::{Value, json};
use twindex::{Collection, LoadWarning, Place, Twindex};

use crate::support::{assert_holds, db_of, forgiven, ids_of, load, twins_of};

#[test]
fn of_a_duplicated_key_the_last_value_counts() {
    let db = Twindex::in_memory();
    let report = load(
        &db,
        r#"{"deviceId":"first","tags":{"a":1,"b":{"c":1,"d":2},"a":"two","b":{"e":3}},"deviceId":"d"}
           {"deviceId":"e","tags":{"l":[{"k":1,"k":2}]},"tags":{"l":[{"k":3,"k":[4]}]}}"#,
    );
    assert_holds(
        &db,
        &[
            json!({"deviceId": "d", "tags": {"a": "two", "b": {"e": 3}}}),
            json!({"deviceId": "e", "tags": {"l": [{"k": [4]}]}}),
        ],
    );
    assert_eq!(forgiven(&report), [(LoadWarning::DuplicateKey, 6)]);
    assert_eq!(
        (report.warnings[0].place, report.warnings[0].path.as_str()),
        (Place::Line(1), "deviceId")
    );
    let rows = |text: &str| db.condition(text).run().unwrap().n_rows();
    assert_eq!(
        (rows("IS_DEFINED(tags.b.c)"), rows("tags.a = 1"), rows("tags.a = 'two'")),
        (0, 0, 1)
    );
}

#[test]
fn integers_past_exactness_become_the_nearest_number() {
    let db = Twindex::in_memory();
    let report = load(
        &db,
        r#"{"deviceId":"d","a":9007199254740992,"b":9007199254740993,"c":-9007199254740995,"x":[18446744073709551616,9007199254740993.0]}
           {"deviceId":"e","tags":{"a":4503599627370496},"b":123456789012345678901234567890}"#,
    );
    assert_eq!(
        forgiven(&report),
        [(LoadWarning::IntegerRounded, 4), (LoadWarning::IntegerTooLarge, 1)]
    );
    assert_eq!(report.warnings[0].path, "b");
    let rows =
        |text: &str| db.query(text).run().unwrap().rows().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        rows("SELECT a, b, c, x FROM devices WHERE deviceId = 'd'"),
        [
            r#"{"a":9007199254740992,"b":9007199254740992,"c":-9007199254740996,"x":[1.8446744073709552e19,9007199254740992]}"#
        ]
    );
    assert_eq!(rows("SELECT deviceId FROM devices WHERE a = b").len(), 1);
    assert_eq!(
        rows("SELECT deviceId FROM devices WHERE b = 123456789012345680000000000000").len(),
        1
    );
}

#[test]
fn what_is_past_a_hubs_limits_is_kept_and_counted() {
    let text = |n: usize| "x".repeat(n);
    let deep = |n: usize| (0..n).fold(json!("bottom"), |inner, _| json!({ "k": inner }));
    let twins = [
        json!({"deviceId": "key", "tags": {text(1_025): 1, text(1_026): [2]}}),
        json!({"deviceId": "string", "properties": {"reported": {"s": text(4_097), "l": [text(5_000)]}}}),
        json!({"deviceId": "deep", "properties": {"desired": deep(20)}}),
        json!({"deviceId": "large", "tags": {"l": vec![text(1_000); 9]}}),
        json!({"deviceId": "larger", "properties": {"desired": {"l": vec![text(1_000); 400]}}}),
        json!({"deviceId": text(200)}),
        json!({"deviceId": "m", "moduleId": text(129)}),
        json!({"deviceId": "no section", "other": {text(2_000): text(9_000), "n": deep(30), "i": 4_503_599_627_370_496_u64}}),
    ];
    let db = Twindex::in_memory();
    let report = load(&db, twindex_tests::pair::lines_of(&twins));
    assert_eq!(report.bad, []);
    let mut found = forgiven(&report);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            (LoadWarning::SectionTooLarge, 2),
            (LoadWarning::TooDeep, 1),
            (LoadWarning::KeyTooLong, 2),
            (LoadWarning::StringTooLong, 2),
            (LoadWarning::IdTooLong, 2),
        ]
    );
    let mut expected = twins.to_vec();
    expected.sort_by_key(|twin| twin.get("moduleId").is_some());
    assert_holds(&db, &expected);
}

#[test]
fn dollar_keys_and_unknown_fields_are_kept_and_can_be_asked() {
    let twin = json!({"deviceId": "d", "$schema": 1, "custom": {"$x": {"$y": "z"}, "": true},
        "Tags": {"a": 1}, "tags": {"$metadata": "odd", "$version": {"a": []}, "$$": null, "$": 2},
        "properties": {"desired": {"$version": "text", "$metadata": 5, "$own": {"$lastUpdated": 1}},
            "other": [1]}, "deviceID": "not the id", "Status": "Enabled"});
    let db = db_of(twin.to_string());
    assert_holds(&db, &[twin]);
    for condition in [
        "custom.$x.$y = 'z'",
        "custom.[[]] = true",
        "devices.$schema = 1",
        "tags.$metadata = 'odd'",
        "tags.$version.a = []",
        "tags.$$ IS NULL",
        "properties.desired.$own.$lastUpdated = 1",
        "properties.other[0] = 1",
        // Other spellings of a hub's fields are that field, whatever stands beside it.
        "DEVICEID = 'd'",
    ] {
        assert_eq!(db.condition(condition).run().unwrap().n_rows(), 1, "{condition}");
    }
}

#[test]
fn a_twin_loaded_twice_is_replaced_in_its_row() {
    let db = db_of(
        r#"{"deviceId":"a","tags":{"n":1,"s":"x"}}
           {"deviceId":"b"}
           {"deviceId":"a","moduleId":"m","tags":{"n":1}}
           {"deviceId":"c"}"#,
    );
    let ids_before = db.condition("deviceId = 'a'").ids().unwrap();
    let report = load(
        &db,
        r#"[{"deviceId":"a","tags":{"n":"one"}},{"deviceId":"d"},{"deviceId":"a","moduleId":"m"}]"#,
    );
    assert_eq!((report.n_loaded, report.n_replaced), (3, 2));
    assert_eq!(ids_of(&db), ["a", "b", "c", "d", "a/m"]);
    assert_eq!(twins_of(&db)[0], json!({"deviceId": "a", "tags": {"n": "one"}}));
    assert_eq!(db.condition("deviceId = 'a'").ids().unwrap(), ids_before);
    let rows = |text: &str| db.condition(text).run().unwrap().n_rows();
    assert_eq!((rows("tags.n = 1"), rows("IS_DEFINED(tags.s)"), rows("tags.n = 'one'")), (0, 0, 1));
    // Twice in one input: the last one counts.
    let report = load(&db, "{\"deviceId\":\"b\",\"x\":1}\n{\"deviceId\":\"b\",\"x\":2}\n");
    assert_eq!((report.n_loaded, report.n_replaced), (2, 2));
    assert_eq!(db.twin("b", None).unwrap(), r#"{"deviceId":"b","x":2}"#);
}

#[test]
fn an_object_of_a_hundred_thousand_keys() {
    let entries = |from: u32| -> Value {
        let entry = |n: u32| (format!("key-{n}"), json!(n));
        Value::Object((from..from + 100_000).map(entry).collect())
    };
    let twins = [
        json!({"deviceId": "a", "custom": entries(0)}),
        json!({"deviceId": "b", "custom": entries(50_000)}),
    ];
    let db = db_of(twindex_tests::pair::lines_of(&twins));
    assert_holds(&db, &twins);
    let rows = |text: &str| db.condition(text).run().unwrap().n_rows();
    assert_eq!((rows("custom.key-70000 = 70000"), rows("custom.key-3 < 5")), (2, 1));
    load(&db, r#"{"deviceId":"a"}"#);
    assert_eq!(rows("custom.key-70000 = 70000"), 1);
}

#[test]
fn nesting_at_the_ceiling() {
    let objects = |n: usize| format!("{}1{}", r#"{"k":"#.repeat(n), "}".repeat(n));
    let arrays = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let lines = format!(
        "{{\"deviceId\":\"o\",\"a\":{}}}\n{{\"deviceId\":\"l\",\"a\":{}}}\n",
        objects(63),
        arrays(63)
    );
    let db = db_of(&lines);
    let expected: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_holds(&db, &expected);
    let path = format!("a{}", ".k".repeat(63));
    assert_eq!(db.condition(format!("{path} = 1")).run().unwrap().n_rows(), 1);
    let path = format!("a{}", "[0]".repeat(63));
    assert_eq!(db.condition(format!("{path} = 1")).run().unwrap().n_rows(), 1);
}

#[test]
fn odd_ids_name_one_twin_each() {
    let long = "l".repeat(3_000);
    let ids = [
        "a",
        "A",
        " a",
        "a ",
        "a/b",
        "a\u{0}b",
        "a.b",
        "a'b",
        "a\"b",
        "a\\b",
        "a\nb",
        "$edgeHub",
        "é",
        "e\u{301}",
        "\u{1F600}",
        "\u{FFFD}",
        "null",
        "0",
        "1.0",
        "[[x]]",
        "%_",
        &long,
    ];
    let mut twins: Vec<Value> = ids.iter().map(|id| json!({"deviceId": id})).collect();
    // Pairs that would be one text if they were joined.
    for (device, module) in
        [("a", "b/c"), ("a/b", "c"), ("a\u{0}b", "c"), ("a", "b\u{0}c"), ("ab", "c"), ("a", "bc")]
    {
        twins.push(json!({"deviceId": device, "moduleId": module}));
    }
    let db = Twindex::in_memory();
    let report = load(&db, twindex_tests::pair::lines_of(&twins));
    assert_eq!((report.n_loaded, report.n_replaced), (28, 0));
    assert_eq!(db.n_twins(Collection::Modules), 6);
    assert_holds(&db, &twins);
    for (n, twin) in twins.iter().enumerate() {
        let module = twin.get("moduleId").and_then(Value::as_str);
        let id = twin["deviceId"].as_str().unwrap();
        let found: Value = serde_json::from_str(&db.twin(id, module).unwrap()).unwrap();
        assert_eq!(found, *twin);
        // As a literal: JSON's escapes are the language's.
        let (from, literal) = match module {
            None => ("devices", format!("deviceId = {}", json!(id))),
            Some(module) => (
                "devices.modules",
                format!("deviceId = {} AND moduleId = {}", json!(id), json!(module)),
            ),
        };
        let page = db.query(format!("SELECT * FROM {from} WHERE {literal}")).run().unwrap();
        assert!(page.values().eq([twin.clone()]), "{n}");
    }
    assert!(db.twin("", None).is_none() && db.twin("a", Some("")).is_none());
    assert!(db.remove("é", None) && !db.remove("é", None));
    assert!(db.twin("e\u{301}", None).is_some());
}
