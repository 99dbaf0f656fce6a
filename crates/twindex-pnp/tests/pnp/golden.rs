//! The published examples, to the letter.

use serde_json::{Value, json};
use twindex_model::section::Section;
use twindex_pnp::{Change, ChangeKind, PnpError, Reason, change_events, digital_twin};

const SERVICE_TIME: &str = "2020-07-17T06:11:04.9309159Z";

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The text without the blanks between tokens. None of ours has an escape in a string.
fn dense(text: &str) -> String {
    let mut in_string = false;
    let mut kept = text.to_owned();
    kept.retain(|c| {
        in_string ^= c == '"';
        in_string || !c.is_whitespace()
    });
    kept
}

const CONTROLLER: &str = r#"
{"deviceId":"sample-device","modelId":"dtmi:com:example:TemperatureController;1","version":15,
 "properties":{
  "desired":{"thermostat1":{"__t":"c","targetTemperature":21.8},
    "$metadata":{"$lastUpdated":"2020-07-17T06:11:04.9309159Z","$lastUpdatedVersion":4,
      "thermostat1":{"$lastUpdated":"2020-07-17T06:11:04.9309159Z","$lastUpdatedVersion":4,
        "__t":{"$lastUpdated":"2020-07-17T06:11:04.9309159Z","$lastUpdatedVersion":4},
        "targetTemperature":{"$lastUpdated":"2020-07-17T06:11:04.9309159Z","$lastUpdatedVersion":4}}},
    "$version":4},
  "reported":{"serialNumber":"alwinexlepaho8329",
    "thermostat1":{"maxTempSinceLastReboot":25.3,"__t":"c",
      "targetTemperature":{"value":21.8,"ac":200,"av":4,"ad":"Successfully executed patch"}},
    "$metadata":{"$lastUpdated":"2020-07-17T06:11:04.9309159Z",
      "serialNumber":{"$lastUpdated":"2020-07-17T06:10:31.9609233Z"},
      "thermostat1":{"$lastUpdated":"2020-07-17T06:11:04.9309159Z",
        "maxTempSinceLastReboot":{"$lastUpdated":"2020-07-17T06:10:31.9609233Z"},
        "targetTemperature":{"$lastUpdated":"2020-07-17T06:11:04.9309159Z"}}},
    "$version":11}}}"#;

const DIGITAL_CONTROLLER: &str = r#"
{"$dtId":"sample-device","serialNumber":"alwinexlepaho8329",
 "thermostat1":{"maxTempSinceLastReboot":25.3,"targetTemperature":21.8,
   "$metadata":{"targetTemperature":{"desiredValue":21.8,"desiredVersion":4,"ackVersion":4,"ackCode":200,
       "ackDescription":"Successfully executed patch","lastUpdateTime":"2020-07-17T06:11:04.9309159Z"},
     "maxTempSinceLastReboot":{"lastUpdateTime":"2020-07-17T06:10:31.9609233Z"}}},
 "$metadata":{"$model":"dtmi:com:example:TemperatureController;1",
   "serialNumber":{"lastUpdateTime":"2020-07-17T06:10:31.9609233Z"}}}"#;

#[test]
fn a_twin_with_a_component() {
    let digital = digital_twin(&parse(CONTROLLER)).unwrap();
    assert_eq!(digital.to_string(), dense(DIGITAL_CONTROLLER));
}

#[test]
fn a_root_property_that_is_out_of_sync() {
    let time = "2020-07-17T06:10:31.9609233Z";
    let digital = digital_twin(&json!({
        "deviceId": "fan",
        "properties": {
            "desired": {"fanSpeed": 2.0, "$version": 2, "$metadata": {
                "fanSpeed": {"$lastUpdated": time, "$lastUpdatedVersion": 2}}},
            "reported": {
                "fanSpeed": {
                    "value": 3.0, "ac": 200, "av": 1,
                    "ad": "Successfully executed patch version 1"},
                "$metadata": {"fanSpeed": {"$lastUpdated": time, "value": {"$lastUpdated": time}}}}
        }
    }));
    let expected = r#"
        {"$dtId":"fan","fanSpeed":3.0,"$metadata":{"fanSpeed":{"desiredValue":2.0,"desiredVersion":2,
         "ackVersion":1,"ackCode":200,"ackDescription":"Successfully executed patch version 1",
         "lastUpdateTime":"2020-07-17T06:10:31.9609233Z"}}}"#;
    assert_eq!(digital.unwrap().to_string(), dense(expected));
}

#[test]
fn a_wish_that_nobody_answered_has_no_value() {
    let digital = digital_twin(&json!({
        "deviceId": "d", "modelId": "", "tags": {"not a name": [1]},
        "properties": {
            "desired": {"t": 1, "$metadata": {"t": {"$lastUpdatedVersion": 9}}, "$version": 9},
            "reported": {"$version": 1}
        }
    }));
    let expected = r#"{"$dtId":"d","$metadata":{"t":{"desiredValue":1,"desiredVersion":9}}}"#;
    assert_eq!(digital.unwrap().to_string(), expected);
}

/// The controller before its wish, with the component reported.
fn before_the_wish() -> Value {
    let mut twin = parse(CONTROLLER);
    twin["properties"]["desired"] = json!({"$metadata": {}, "$version": 3});
    let thermostat = &mut twin["properties"]["reported"]["thermostat1"];
    thermostat.as_object_mut().unwrap().remove("targetTemperature");
    twin
}

#[test]
fn the_event_of_a_wish() {
    let change = Change {
        section: Section::Desired,
        kind: ChangeKind::Merge,
        content: &json!({"thermostat1": {"__t": "c", "targetTemperature": 21.8}}),
        version: 4,
        time: SERVICE_TIME,
    };
    let events = change_events(&before_the_wish(), &change).unwrap();
    let expected = r#"[{"op":"add","path":"/thermostat1/$metadata/targetTemperature",
        "value":{"desiredValue":21.8,"desiredVersion":4}}]"#;
    assert_eq!(events.to_string(), dense(expected));
}

#[test]
fn the_events_of_an_acknowledgement() {
    let mut before = parse(CONTROLLER);
    let thermostat = &mut before["properties"]["reported"]["thermostat1"];
    thermostat.as_object_mut().unwrap().remove("targetTemperature");
    let ack = json!({"value": 21.8, "ac": 200, "av": 4, "ad": "Successfully executed patch"});
    let change = Change {
        section: Section::Reported,
        kind: ChangeKind::Merge,
        content: &json!({"thermostat1": {"__t": "c", "targetTemperature": ack}}),
        version: 11,
        time: SERVICE_TIME,
    };
    let events = change_events(&before, &change).unwrap();
    let expected = r#"[
        {"op":"add","path":"/thermostat1/$metadata/targetTemperature/ackCode","value":200},
        {"op":"add","path":"/thermostat1/$metadata/targetTemperature/ackDescription",
            "value":"Successfully executed patch"},
        {"op":"add","path":"/thermostat1/$metadata/targetTemperature/ackVersion","value":4},
        {"op":"add","path":"/thermostat1/$metadata/targetTemperature/lastUpdateTime",
            "value":"2020-07-17T06:11:04.9309159Z"},
        {"op":"add","path":"/thermostat1/targetTemperature","value":21.8}]"#;
    assert_eq!(events.to_string(), dense(expected));
}

#[test]
fn the_text_for_a_twin_that_is_no_digital_twin() {
    let twin = json!({"deviceId": "d", "properties": {"reported": {"fan-speed": 1}}});
    let error = digital_twin(&twin).unwrap_err();
    let text = "ErrorCode:ArgumentInvalid;'fan-speed' exists within the device twin and is not \
        digital twin conformant property. Please refer to aka.ms/dtpatch to update this to be \
        conformant.";
    assert_eq!(error.body_text(), text);
    assert_eq!((error.code(), error.name()), (400_004, "ArgumentInvalid"));
    assert_eq!((error.path(), error.reason()), ("/fan-speed", Some(Reason::Name)));
}

#[test]
fn what_is_not_conformant() {
    let refused = |desired: Value, reported: Value| {
        let twin = json!({"properties": {"desired": desired, "reported": reported}});
        let Err(PnpError::NotConformant { path, reason, .. }) = digital_twin(&twin) else {
            panic!("{twin} is taken");
        };
        (path, reason)
    };
    let at = |path: &str, reason| (path.to_owned(), reason);
    let deep = (0..6).fold(json!(1), |value, _| json!({ "o": value }));
    let none = || json!({});
    assert_eq!(refused(none(), json!({"a": [1]})), at("/a", Reason::Array));
    assert_eq!(refused(json!({"a": {"b": [1]}}), none()), at("/a", Reason::Array));
    assert_eq!(refused(json!({"a": deep}), none()), at("/a", Reason::Depth));
    assert_eq!(refused(none(), json!({"a": {"x y": 1}})), at("/a", Reason::Name));
    assert_eq!(refused(none(), json!({"__t": "c"})), at("/__t", Reason::Name));
    assert_eq!(refused(none(), json!({"a": {"__t": "d"}})), at("/a", Reason::Mark));
    let nested = json!({"a": {"__t": "c", "b": {"__t": "c"}}});
    assert_eq!(refused(none(), nested), at("/a/b", Reason::Name));
    let component = || json!({"a": {"__t": "c", "b": 1}});
    let kinds = Reason::ComponentOrProperty;
    assert_eq!(refused(component(), json!({"a": 1})), at("/a", kinds));
    assert_eq!(refused(json!({"a": {"b": 1}}), component()), at("/a", kinds));
    let broken = json!({"a": {"__t": "c", "b": {"value": 1, "ac": 200}}});
    assert_eq!(refused(component(), broken), at("/a/b", Reason::Acknowledgement));
    let deep_ack = json!({"a": {"value": deep, "ac": 200, "av": 1}});
    assert_eq!(refused(none(), deep_ack), at("/a", Reason::Depth));
    assert_eq!(refused(json!(3), none()), at("", Reason::Section));
    // Only what can be written has the limit of depth.
    let twin = json!({"properties": {"reported": {"a": deep}}});
    assert!(digital_twin(&twin).is_ok());
}
