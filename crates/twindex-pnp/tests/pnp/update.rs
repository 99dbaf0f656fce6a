//! JSON Patch of digital twins: what it writes into desired, and what is refused.

use serde_json::{Value, json};
use twindex_pnp::{PnpError, Reason, apply_json_patch};

/// Desired: `rate`, `limits`, and `heater` with two properties. Reported: `serial`, `rate`, the
/// heater, and the component `door`, which nobody wished anything for.
fn twin() -> Value {
    json!({"deviceId": "d", "properties": {
        "desired": {
            "rate": 5, "limits": {"low": 1, "high": 9},
            "heater": {"__t": "c", "target": 20, "mode": {"eco": true, "boost": {"at": 3}}},
            "$version": 7},
        "reported": {
            "serial": "s-1", "rate": {"value": 5, "ac": 200, "av": 3},
            "heater": {"__t": "c", "target": {"value": 19, "ac": 202, "av": 7}, "hours": 12},
            "door": {"__t": "c", "open": false},
            "$version": 4}}})
}

fn merge_patch(patch: Value) -> Value {
    apply_json_patch(&twin(), &patch).unwrap()
}

fn refusal(operation: Value) -> PnpError {
    apply_json_patch(&twin(), &json!([operation])).unwrap_err()
}

#[test]
fn root_properties() {
    assert_eq!(merge_patch(json!([])), json!({}));
    let op = |op: &str, path: &str, value: Value| json!([{"op": op, "path": path, "value": value}]);
    assert_eq!(
        merge_patch(op("add", "/targetTemperature", json!(21.5))),
        json!({"targetTemperature": 21.5})
    );
    assert_eq!(merge_patch(op("replace", "/rate", json!(6))), json!({"rate": 6}));
    // A wish that is repeated is written again.
    assert_eq!(merge_patch(op("add", "/rate", json!(5))), json!({"rate": 5}));
    assert_eq!(merge_patch(op("replace", "/serial", json!("s-2"))), json!({"serial": "s-2"}));
    assert_eq!(merge_patch(json!([{"op": "remove", "path": "/rate"}])), json!({"rate": null}));
}

#[test]
fn an_object_takes_the_place_of_one() {
    let patch = json!([{"op": "replace", "path": "/limits", "value": {"high": 8, "mid": {}}}]);
    assert_eq!(merge_patch(patch), json!({"limits": {"low": null, "high": 8, "mid": {}}}));
    let patch = json!([{"op": "add", "path": "/heater/mode", "value": {"boost": {"to": 4}}}]);
    let expected = json!({"heater": {"__t": "c",
        "mode": {"eco": null, "boost": {"at": null, "to": 4}}}});
    assert_eq!(merge_patch(patch), expected);
}

#[test]
fn properties_of_components() {
    let op = |op: &str, path: &str, value: Value| json!([{"op": op, "path": path, "value": value}]);
    let target = json!({"heater": {"__t": "c", "target": 21.5}});
    assert_eq!(merge_patch(op("add", "/heater/target", json!(21.5))), target);
    assert_eq!(merge_patch(op("replace", "/heater/target", json!(21.5))), target);
    // The first wish for a component that is only reported, and for one that is not there at all.
    assert_eq!(
        merge_patch(op("add", "/door/locked", json!(true))),
        json!({"door": {"__t": "c", "locked": true}})
    );
    assert_eq!(
        merge_patch(op("add", "/thermostat1/targetTemperature", json!(21.5))),
        json!({"thermostat1": {"__t": "c", "targetTemperature": 21.5}})
    );
    assert_eq!(
        merge_patch(json!([{"op": "remove", "path": "/heater/target"}])),
        json!({"heater": {"__t": "c", "target": null}})
    );
    // With the last wish the component goes.
    let both = json!([
        {"op": "remove", "path": "/heater/target"}, {"op": "remove", "path": "/heater/mode"}]);
    assert_eq!(merge_patch(both), json!({"heater": null}));
}

#[test]
fn whole_components() {
    let value = json!({"target": 23, "$metadata": {}});
    for op in ["add", "replace"] {
        assert_eq!(
            merge_patch(json!([{"op": op, "path": "/heater", "value": value}])),
            json!({"heater": {"__t": "c", "mode": null, "target": 23}})
        );
    }
    assert_eq!(
        merge_patch(json!([{"op": "add", "path": "/fan", "value": {"speed": 3, "$metadata": {}}}])),
        json!({"fan": {"__t": "c", "speed": 3}})
    );
    let remove = |path: &str| merge_patch(json!([{"op": "remove", "path": path}]));
    assert_eq!(remove("/heater"), json!({"heater": null}));
    assert_eq!(remove("/door"), json!({"door": null}));
}

#[test]
fn operations_follow_each_other() {
    let patch = json!([
        {"op": "remove", "path": "/heater"},
        {"op": "add", "path": "/heater", "value": {"mode": {"eco": false}, "$metadata": {}}},
        {"op": "add", "path": "/heater/hours", "value": 0},
        {"op": "add", "path": "/a", "value": 1},
        {"op": "replace", "path": "/a", "value": {"b": 2}},
        {"op": "add", "path": "/c", "value": 1},
        {"op": "remove", "path": "/c"},
    ]);
    let expected = json!({
        "heater": {"__t": "c", "target": null, "mode": {"boost": null, "eco": false}, "hours": 0},
        "a": {"b": 2}, "c": null});
    assert_eq!(merge_patch(patch), expected);
    // What was only wished for may change between property and component.
    let patch = json!([
        {"op": "add", "path": "/limits/x", "value": 1},
    ]);
    assert!(apply_json_patch(&twin(), &patch).is_err());
    let patch = json!([
        {"op": "remove", "path": "/limits"},
        {"op": "add", "path": "/limits", "value": {"x": 1, "$metadata": {}}},
    ]);
    let expected = json!({"limits": {"__t": "c", "low": null, "high": null, "x": 1}});
    assert_eq!(merge_patch(patch), expected);
}

#[test]
fn what_is_no_json_patch() {
    let code = |patch: Value| apply_json_patch(&twin(), &patch).unwrap_err().code();
    for patch in [
        json!({}),
        json!(null),
        json!([1]),
        json!([{"op": "add", "path": "/a"}]),
        json!([{"path": "/a", "value": 1}]),
        json!([{"op": "set", "path": "/a", "value": 1}]),
        json!([{"op": "add", "path": "a", "value": 1}]),
        json!([{"op": "add", "path": "/a~2", "value": 1}]),
        json!([{"op": "test", "path": "/rate", "value": 5}]),
        json!([{"op": "move", "from": "/rate", "path": "/a"}]),
        json!([{"op": "copy", "from": "/rate", "path": "/a"}]),
    ] {
        assert_eq!(code(patch.clone()), 400_505, "{patch}");
    }
}

#[test]
fn values_that_are_refused() {
    let add =
        |path: &str, value: Value| refusal(json!({"op": "add", "path": path, "value": value}));
    let deep = (0..6).fold(json!(1), |value, _| json!({ "o": value }));
    for (path, value, reason) in [
        ("/rate", json!(null), Reason::Null),
        ("/rate", json!([1]), Reason::Array),
        ("/rate", json!({"a": [1]}), Reason::Array),
        ("/heater/target", deep.clone(), Reason::Depth),
        ("/heater/target", json!({"a b": 1}), Reason::Name),
        ("/heater/target", json!({"$metadata": {}}), Reason::Name),
        ("/heater", json!({"target": 1}), Reason::NoMetadata),
        ("/heater", json!(1), Reason::NoMetadata),
        ("/heater", json!({"target": 1, "$metadata": {"target": {}}}), Reason::NoMetadata),
        ("/heater", json!({"target": 1, "$metadata": 1}), Reason::NoMetadata),
        ("/heater", json!({"tar get": 1, "$metadata": {}}), Reason::Name),
        ("/heater", json!({"target": [], "$metadata": {}}), Reason::Array),
        ("/heater", json!({"__t": "c", "$metadata": {}}), Reason::Name),
    ] {
        let error = add(path, value.clone());
        assert_eq!((error.code(), error.reason()), (400_506, Some(reason)), "{path} {value}");
        assert_eq!(error.path(), path);
    }
}

#[test]
fn operations_that_do_not_fit_the_twin() {
    let component = json!({"target": 1, "$metadata": {}});
    for (operation, reason) in [
        (json!({"op": "replace", "path": "/none", "value": 1}), Reason::Absent),
        (json!({"op": "remove", "path": "/none"}), Reason::Absent),
        (json!({"op": "replace", "path": "/heater/none", "value": 1}), Reason::Absent),
        (json!({"op": "remove", "path": "/none/target"}), Reason::Absent),
        (json!({"op": "add", "path": "/rate", "value": component}), Reason::ComponentOrProperty),
    ] {
        let error = refusal(operation.clone());
        assert_eq!((error.code(), error.reason()), (400_507, Some(reason)), "{operation}");
    }
    // Reported stays what it is, whatever becomes of the wish.
    let patch = json!([
        {"op": "remove", "path": "/rate"},
        {"op": "add", "path": "/rate", "value": {"x": 1, "$metadata": {}}},
    ]);
    let error = apply_json_patch(&twin(), &patch).unwrap_err();
    assert_eq!(error.reason(), Some(Reason::ComponentOrProperty));
}

#[test]
fn paths_that_name_nothing_to_set() {
    for (path, reason) in [
        ("", Reason::PathShape),
        ("/heater/mode/eco", Reason::PathShape),
        ("/rate/x", Reason::PathShape),
        ("/", Reason::Name),
        ("/$metadata/rate", Reason::Name),
        ("/$dtId", Reason::Name),
        ("/heater/$metadata", Reason::Name),
        ("/heater/__t", Reason::Name),
        ("/9lives", Reason::Name),
        ("/a~1b", Reason::Name),
        ("/-", Reason::Name),
    ] {
        for operation in [
            json!({"op": "add", "path": path, "value": 1}),
            json!({"op": "replace", "path": path, "value": 1}),
            json!({"op": "remove", "path": path}),
        ] {
            let error = refusal(operation);
            assert_eq!((error.code(), error.reason()), (400_508, Some(reason)), "{path}");
        }
    }
}

#[test]
fn the_first_refusal_is_told_with_its_place() {
    let patch = json!([
        {"op": "add", "path": "/a", "value": 1},
        {"op": "remove", "path": "/b"},
        {"op": "add", "path": "/c", "value": null},
    ]);
    let error = apply_json_patch(&twin(), &patch).unwrap_err();
    let text = "operation 1 at `/b`: there is no such component or property";
    assert_eq!(error.to_string(), text);
    assert_eq!(error.name(), "InvalidDigitalTwinPatch");
}

#[test]
fn a_twin_that_is_no_digital_twin_takes_no_update() {
    let twin = json!({"properties": {"reported": {"a": [1]}}});
    let patch = json!([{"op": "add", "path": "/b", "value": 1}]);
    assert_eq!(apply_json_patch(&twin, &patch).unwrap_err().name(), "ArgumentInvalid");
}
