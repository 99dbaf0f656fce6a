//! The naive hub judged by hand.

use serde_json::json;

use super::*;

const MAY: i64 = 1_684_751_894_350;

fn hub_with(id: &TwinId) -> Hub {
    let mut hub = Hub::new();
    let create = Request::Create { fields: Map::new(), tags: None, desired: None };
    hub.apply(id, &create, &Condition::default(), 0).unwrap();
    hub
}

#[test]
fn a_fresh_twin_is_the_captured_one() {
    let id = TwinId::of_device("d");
    let document = hub_with(&id).document(&id).unwrap();
    let section = json!({"$metadata": {"$lastUpdated": "0001-01-01T00:00:00Z"}, "$version": 1});
    assert_eq!(document["etag"], json!("AAAAAAAAAAE="));
    assert_eq!(document["version"], json!(2));
    assert_eq!(document["properties"], json!({"desired": section, "reported": section}));
}

#[test]
fn a_wrong_value_is_a_reason_whether_there_is_a_twin_or_not() {
    let fields = |fields: Value| Request::Identify(fields.as_object().cloned().unwrap());
    let (none, missing) = (Condition::default(), TwinId::of_device("missing"));
    let id = TwinId::of_device("d");
    let mut hub = hub_with(&id);
    for wrong in [
        json!({"status": "e"}),
        json!({"statusReason": "x".repeat(129)}),
        json!({"cloudToDeviceMessageCount": -1}),
        json!({"parentScopes": [1]}),
        json!({"capabilities": {"x": true}}),
        json!({"etag": "x"}),
    ] {
        let (of_missing, wrong) = (vec![Fault::NotFound, Fault::Invalid], fields(wrong));
        assert_eq!(hub.apply(&missing, &wrong, &none, 0), Err(of_missing), "{wrong:?}");
        assert_eq!(hub.apply(&id, &wrong, &none, 0), Err(vec![Fault::Invalid]), "{wrong:?}");
    }
    let right = fields(json!({"status": "disabled", "capabilities": {"iotEdge": null}}));
    assert_eq!(hub.apply(&missing, &right, &none, 0), Err(vec![Fault::NotFound]));
    assert_eq!(hub.apply(&id, &right, &none, 0), Ok(()));
}

#[test]
fn versions_count_as_in_the_dump_of_a_live_hub() {
    let id = TwinId::of_device("edge");
    let mut hub = hub_with(&id);
    let none = Condition::default();
    for n in 0..4 {
        let tags = Request::Patch(json!({"tags": {"n": n}, "etag": "x", "deviceId": 1}));
        hub.apply(&id, &tags, &none, 0).unwrap();
    }
    let desired = Request::Patch(json!({"properties": {"desired": {"a": {"b": 1}}}}));
    hub.apply(&id, &desired, &none, MAY).unwrap();
    let document = hub.document(&id).unwrap();
    assert_eq!((&document["etag"], &document["version"]), (&json!("AAAAAAAAAAY="), &json!(7)));
    let node = json!({"$lastUpdated": "2023-05-22T10:38:14.35Z", "$lastUpdatedVersion": 2});
    let mut metadata = node.clone();
    metadata["a"] = node.clone();
    metadata["a"]["b"] = node;
    let desired = json!({"a": {"b": 1}, "$metadata": metadata, "$version": 2});
    assert_eq!(document["properties"]["desired"], desired);
}

#[test]
fn objects_merge_null_removes_and_removals_are_dated() {
    let id = TwinId::of_device("d");
    let mut hub = hub_with(&id);
    let none = Condition::default();
    for (ms, patch) in [
        (0, json!({"a": {"x": 1, "y": [1, {"z": 2}]}, "b": {"c": {"d": 1}}, "n": 1})),
        (1, json!({"a": {"x": null, "gone": null}, "b": {"c": 5}, "n": {"m": {}}})),
    ] {
        hub.apply(&id, &Request::Report(patch), &none, ms).unwrap();
    }
    let at = |ms: u32| {
        let digits = if ms == 0 { String::new() } else { format!(".00{ms}") };
        json!({ "$lastUpdated": format!("1970-01-01T00:00:00{digits}Z") })
    };
    let node = |ms: u32, inner: Value| {
        let mut node = at(ms);
        node.as_object_mut().unwrap().extend(inner.as_object().unwrap().clone());
        node
    };
    let metadata = node(
        1,
        json!({"a": node(1, json!({"y": at(0)})), "b": node(1, json!({"c": at(1)})),
            "n": node(1, json!({"m": at(1)}))}),
    );
    let reported = json!({"a": {"y": [1, {"z": 2}]}, "b": {"c": 5}, "n": {"m": {}},
        "$metadata": metadata, "$version": 3});
    assert_eq!(hub.document(&id).unwrap()["properties"]["reported"], reported);
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!({}), |inner, _| json!({ "level": inner }))
}

#[test]
fn limits_hold_at_the_limit_and_one_past_it() {
    let id = TwinId::of_device("d");
    let none = Condition::default();
    let text = |n: usize| "x".repeat(n);
    let eight = |last: usize| json!({"a": text(4095), "b": text(4095 - last)});
    for (right, wrong) in [
        (nested(10), nested(11)),
        (json!({"a": text(4096)}), json!({"a": text(4097)})),
        (json!({text(1024): 1}), json!({text(1025): 1})),
        (json!({"a": 4_503_599_627_370_495_i64}), json!({"a": 4_503_599_627_370_496_i64})),
        (json!({"a": -4_503_599_627_370_496_i64}), json!({"a": -4_503_599_627_370_497_i64})),
        (json!({"a": [[1]]}), json!({"a": [null]})),
        (json!({"a": [{"b": 1}]}), json!({"a": [{"b": null}]})),
        (eight(0), {
            let mut more = eight(0);
            more["c"] = json!("");
            more
        }),
        (json!({"a-/()@": 1}), json!({"a.b": 1})),
        (json!({"ä": 1}), json!({"a b": 1})),
        (json!({"v": 1}), json!({"$v": 1})),
    ] {
        let mut hub = hub_with(&id);
        let before = hub.clone();
        let patch = |tags| Request::Patch(json!({ "tags": tags }));
        assert!(hub.apply(&id, &patch(wrong.clone()), &none, 0).is_err(), "{wrong}");
        assert_eq!(hub, before);
        assert_eq!(hub.apply(&id, &patch(right.clone()), &none, 0), Ok(()), "{right}");
    }
}

#[test]
fn a_mismatch_changes_nothing_and_a_deleted_device_takes_its_modules() {
    let (id, module) = (
        TwinId::of_device("d"),
        TwinId { device_id: "d".to_owned(), module_id: Some("m".to_owned()) },
    );
    let mut hub = hub_with(&id);
    let none = Condition::default();
    let create = Request::Create { fields: Map::new(), tags: None, desired: None };
    hub.apply(&module, &create, &none, 0).unwrap();
    let before = hub.clone();
    let stale = [
        Condition { etag: Some("AAAAAAAAAAI=".to_owned()), ..none.clone() },
        Condition { desired_version: Some(2), ..none.clone() },
        Condition { reported_version: Some(0), ..none.clone() },
    ];
    for condition in stale {
        let report = Request::Report(json!({"a": 1}));
        assert!(hub.apply(&id, &report, &condition, 0).is_err());
        assert_eq!(hub, before);
    }
    hub.apply(&id, &Request::Delete, &none, 0).unwrap();
    assert_eq!(hub.ids().count(), 0);
    assert_eq!(hub.apply(&module, &create, &none, 0), Err(vec![Fault::NoDevice]));
}
