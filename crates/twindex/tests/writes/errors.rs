//! Bad writes: a stable code, a place, what a hub calls it, and nothing changed.

use twindex::{Error, ErrorKind, NewTwin, TwinId, Write};

use super::{device, with_devices};

fn check(error: &Error, code: &str, kind: ErrorKind, hub: (u32, &str)) {
    assert_eq!((error.code(), error.kind()), (code, kind), "{error}");
    assert_eq!(error.hub_error(), Some(hub), "{error}");
    assert!(!error.to_string().is_empty());
}

#[test]
fn texts_that_no_write_may_have() {
    let invalid = (400_004, "ArgumentInvalid");
    let deep = format!("{}1{}", r#"{"a":"#.repeat(12), "}".repeat(12));
    for (text, code, path) in [
        (r#"{"a.b":1}"#, "T011", Some("a.b")),
        (r#"{"$version":1}"#, "T011", Some("$version")),
        (r#"{"a":{"b":[1,null]}}"#, "T012", Some("a.b")),
        (r#"{"a":4503599627370496}"#, "T008", Some("a")),
        (deep.as_str(), "T007", Some("a.a.a.a.a.a.a.a.a.a.a")),
        ("[1]", "T003", None),
    ] {
        let error = Write::report(device("d"), text).unwrap_err();
        check(&error, code, ErrorKind::InvalidPatch, invalid);
        assert_eq!(error.path(), path, "{error}");
    }
    let error = Write::report(device("d"), r#"{"a":"#).unwrap_err();
    check(&error, "T002", ErrorKind::InvalidPatch, (400_012, "DeserializationError"));
    let error = Write::identify(device("d"), r#"{"status":"on"}"#).unwrap_err();
    check(&error, "T015", ErrorKind::InvalidPatch, invalid);
    for text in ["", "{} {}", r#"{},"properties":{}"#, r#"{}},"properties":{"desired":{}"#] {
        assert!(NewTwin::new().with_tags(text).is_err(), "{text}");
        assert!(NewTwin::new().with_desired(text).is_err(), "{text}");
    }
}

#[test]
fn refusals_change_nothing() {
    let db = with_devices(["d"]);
    let before = db.twin("d", None);
    let module = TwinId::module("d", "m").unwrap();
    let orphan = TwinId::module("nobody", "m").unwrap();
    let large = format!(r#"{{"tags":{{"a":"{0}","b":"{0}","c":"{0}"}}}}"#, "x".repeat(4_000));
    let new = NewTwin::new;
    for (write, code, kind, hub) in [
        (Write::delete(device("nobody")), "T020", ErrorKind::NotFound, (404_001, "DeviceNotFound")),
        (Write::delete(module), "T021", ErrorKind::NotFound, (404_010, "ModuleNotFound")),
        (Write::create(orphan, new()), "T020", ErrorKind::NotFound, (404_001, "DeviceNotFound")),
        (
            Write::create(device("d"), new()),
            "T022",
            ErrorKind::AlreadyExists,
            (409_001, "DeviceAlreadyExists"),
        ),
        (
            Write::patch_twin(device("d"), &large).unwrap(),
            "T016",
            ErrorKind::LimitExceeded,
            (400_004, "ArgumentInvalid"),
        ),
    ] {
        let error = db.write(write.clone()).unwrap_err();
        check(&error, code, kind, hub);
        assert!(!error.is_retryable());
        let submitted = db.submit(write).unwrap().wait().unwrap_err();
        assert_eq!(submitted.code(), code);
    }
    assert_eq!(db.twin("d", None), before);
    db.check().unwrap();
}
