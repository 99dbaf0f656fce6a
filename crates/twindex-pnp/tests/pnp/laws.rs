//! Laws over random twins: what converts, what an update shows, what events add up to.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use twindex_model::section::Section;
use twindex_pnp::{Change, ChangeKind, advance, apply_json_patch, change_events, digital_twin};

const TIME: &str = "2024-05-01T00:00:00.0000000Z";

/// A name out of few, so that sections meet.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d_1", "E"]).prop_map(str::to_owned)
}

fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-9..9_i64).prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop::collection::btree_map(name(), inner, 0..3).prop_map(|fields| json!(fields))
    })
    .boxed()
}

/// A reported value: plain or an acknowledgement.
fn report() -> BoxedStrategy<Value> {
    let ack = (value(), 200..500_i64, 0..9_i64, any::<bool>()).prop_map(|(value, ac, av, ad)| {
        let mut ack = json!({"value": value, "ac": ac, "av": av});
        if ad {
            ack["ad"] = json!("text");
        }
        ack
    });
    prop_oneof![value(), ack].boxed()
}

/// The content of a section: properties at the root, and in `x`, `y` and `z`, which are components.
fn section(leaf: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let properties = || prop::collection::btree_map(name(), leaf.clone(), 0..4);
    let component = || {
        prop::option::of(properties().prop_map(|fields| {
            let mut component = json!(fields);
            component["__t"] = json!("c");
            component
        }))
    };
    let components = [component(), component(), component()];
    (properties(), components).prop_map(|(root, components)| {
        let mut section = json!(root);
        for (name, component) in ["x", "y", "z"].into_iter().zip(components) {
            if let Some(component) = component {
                section[name] = component;
            }
        }
        section
    })
}

/// A section's merge patch, in which some properties and components are deleted.
fn patch(leaf: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let cut = prop::sample::select(vec!["", "a", "b", "x", "y"]);
    let leaf = prop_oneof![4 => leaf, 1 => Just(Value::Null)].boxed();
    (section(leaf), cut).prop_map(|(mut patch, cut)| {
        if !cut.is_empty() {
            patch[cut] = Value::Null;
        }
        patch
    })
}

fn change(section: Section, content: &Value, version: u64) -> Change<'_> {
    Change { section, kind: ChangeKind::Merge, content, version, time: TIME }
}

fn twin() -> impl Strategy<Value = Value> {
    (section(value()), section(report())).prop_map(|(desired, reported)| {
        let mut twin = json!({"deviceId": "d", "modelId": "dtmi:a;1"});
        advance(&mut twin, &change(Section::Desired, &desired, 2));
        advance(&mut twin, &change(Section::Reported, &reported, 2));
        twin
    })
}

/// The properties of a component as they stand, none if it is not there.
fn properties<'v>(
    twin: &'v Value,
    section: &str,
    component: Option<&str>,
) -> Option<&'v Map<String, Value>> {
    let section = &twin["properties"][section];
    component.map_or(section, |name| &section[name]).as_object()
}

/// Asserts that the digital twin says of each property what the device twin holds.
fn assert_says_all(twin: &Value, digital: &Value) {
    for component in [None, Some("x"), Some("y"), Some("z")] {
        let shown = component.map_or(digital, |name| &digital[name]);
        for (name, wish) in properties(twin, "desired", component).into_iter().flatten() {
            if name.starts_with(['$', '_']) || wish.get("__t").is_some() {
                continue;
            }
            assert_eq!(&shown["$metadata"][name]["desiredValue"], wish);
            assert!(shown["$metadata"][name]["desiredVersion"].is_u64());
        }
        for (name, report) in properties(twin, "reported", component).into_iter().flatten() {
            if name.starts_with(['$', '_']) || report.get("__t").is_some() {
                continue;
            }
            let said = &shown["$metadata"][name];
            let is_ack = report.get("ac").is_some();
            assert_eq!(&shown[name], if is_ack { &report["value"] } else { report });
            assert_eq!(said["lastUpdateTime"], TIME);
            assert_eq!(said.get("ackCode"), report.get("ac"));
            assert_eq!(said.get("ackVersion"), report.get("av"));
            assert_eq!(said.get("ackDescription"), report.get("ad"));
        }
    }
}

fn has_leaf(value: &Value) -> bool {
    value.as_object().is_none_or(|fields| fields.values().any(has_leaf))
}

proptest! {
    #[test]
    fn conformant_twins_convert_and_lose_nothing(twin in twin()) {
        assert_says_all(&twin, &digital_twin(&twin).unwrap());
    }

    #[test]
    fn a_wish_is_shown(twin in twin(), name in name(), component in 0..5_usize, wish in value()) {
        // `new` is known to no twin.
        let component = [None, Some("x"), Some("y"), Some("z"), Some("new")][component];
        let place = component.map(|name| format!("/{name}")).unwrap_or_default();
        let patch = json!([{"op": "add", "path": format!("{place}/{name}"), "value": wish}]);
        let merge = apply_json_patch(&twin, &patch).unwrap();
        let before = digital_twin(&twin).unwrap();
        let mut after = twin.clone();
        advance(&mut after, &change(Section::Desired, &merge, 3));
        let after = digital_twin(&after).unwrap();
        let said = &after.pointer(&format!("{place}/$metadata/{name}")).unwrap();
        prop_assert_eq!(&said["desiredValue"], &wish);
        // A merge that sets no leaf may leave everything as it was, the stamps too.
        prop_assert!(said["desiredVersion"] == 3 || !has_leaf(&wish));
        // What the device reported is untouched.
        let path = format!("{place}/{name}");
        prop_assert_eq!(after.pointer(&path), before.pointer(&path));
    }

    #[test]
    fn a_whole_component_is_all_that_is_wished(twin in twin(), wishes in prop::collection::btree_map(name(), value(), 0..4)) {
        let mut value = json!(wishes);
        value["$metadata"] = json!({});
        let patch = json!([{"op": "add", "path": "/x", "value": value}]);
        let merge = apply_json_patch(&twin, &patch).unwrap();
        let mut after = twin.clone();
        advance(&mut after, &change(Section::Desired, &merge, 3));
        let mut desired = json!(wishes);
        desired["__t"] = json!("c");
        prop_assert_eq!(&after["properties"]["desired"]["x"], &desired);

        let removal = apply_json_patch(&after, &json!([{"op": "remove", "path": "/x"}])).unwrap();
        advance(&mut after, &change(Section::Desired, &removal, 4));
        prop_assert!(after["properties"]["desired"].get("x").is_none());
    }

    #[test]
    fn events_lead_from_one_digital_twin_to_the_next(
        twin in twin(),
        desired in patch(value()),
        reported in patch(report()),
        replaced in section(value()),
    ) {
        let mut twin = twin;
        let mut shown = digital_twin(&twin).unwrap();
        let replace = Change { kind: ChangeKind::Replace, ..change(Section::Desired, &replaced, 4) };
        let report = change(Section::Reported, &reported, 3);
        for change in [change(Section::Desired, &desired, 3), report, replace] {
            let events = change_events(&twin, &change);
            advance(&mut twin, &change);
            // A merge may leave a plain object of what was an acknowledgement.
            let (Ok(events), Ok(expected)) = (events, digital_twin(&twin)) else { return Ok(()) };
            let events = serde_json::from_value::<json_patch::Patch>(events).unwrap();
            json_patch::patch(&mut shown, &events).unwrap();
            prop_assert_eq!(&shown, &expected);
        }
    }
}

#[test]
fn following_a_twin_stamps_what_a_change_reached() {
    let mut twin = json!({});
    let content = json!({"a": {"b": 1, "c": 2}, "d": 3});
    advance(&mut twin, &Change { time: "t1", ..change(Section::Desired, &content, 2) });
    let content = json!({"a": {"b": null}, "d": {"e": 4}, "$version": 77});
    advance(&mut twin, &Change { time: "t2", ..change(Section::Desired, &content, 3) });
    let stamp = |time: &str, version: u64| {
        Map::from_iter([
            ("$lastUpdated".to_owned(), json!(time)),
            ("$lastUpdatedVersion".to_owned(), json!(version)),
        ])
    };
    let with = |mut stamp: Map<String, Value>, key: &str, below: Map<String, Value>| {
        stamp.insert(key.to_owned(), Value::Object(below));
        stamp
    };
    let a = with(stamp("t2", 3), "c", stamp("t1", 2));
    let d = with(stamp("t2", 3), "e", stamp("t2", 3));
    let metadata = with(with(stamp("t2", 3), "a", a), "d", d);
    let expected = json!({"properties": {"desired":
        {"a": {"c": 2}, "d": {"e": 4}, "$metadata": metadata, "$version": 3}}});
    assert_eq!(twin, expected);

    advance(&mut twin, &change(Section::Tags, &json!({"t": 1}), 0));
    assert_eq!(twin["tags"], json!({"t": 1}));
}
