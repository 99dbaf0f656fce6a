//! What devices and hubs read: views of allowed parts, and identities that no query sees.

use serde_json::{Value, json};
use twindex::{NewTwin, TwinId, Write};

use super::{device, report, with_devices};

fn view(db: &twindex::Twindex, twin: &TwinId) -> Value {
    serde_json::from_str(&db.device_view(twin).unwrap()).unwrap()
}

#[test]
fn a_device_sees_its_properties_and_versions_alone() {
    let db = with_devices(["d", "wide"]);
    let twin = device("d");
    let empty = json!({"desired": {"$version": 1}, "reported": {"$version": 1}});
    assert_eq!(view(&db, &twin), empty);
    let patch = r#"{"tags":{"secret":"t"},"properties":{"desired":{"a":{"b":[1,{"c":2}]}}}}"#;
    db.write(Write::patch_twin(twin.clone(), patch).unwrap()).unwrap();
    db.write(report(&twin, "n", 7)).unwrap();
    // Keys that other twins have are not its own.
    db.write(report(&device("wide"), "other", 7)).unwrap();
    let text = db.device_view(&twin).unwrap();
    assert_eq!(
        text,
        r#"{"desired":{"a":{"b":[1,{"c":2}]},"$version":2},"reported":{"n":7,"$version":2}}"#
    );
    assert!(db.device_view(&device("nobody")).is_none());
}

#[test]
fn a_module_has_its_own_view() {
    let db = with_devices(["d"]);
    let module = TwinId::module("d", "m").unwrap();
    let new = NewTwin::new().with_desired(r#"{"a":1}"#).unwrap();
    db.write(Write::create(module.clone(), new)).unwrap();
    assert_eq!(view(&db, &module)["desired"], json!({"a": 1, "$version": 1}));
    assert_eq!(view(&db, &device("d"))["desired"], json!({"$version": 1}));
    db.write(Write::delete(device("d"))).unwrap();
    assert!(db.device_view(&module).is_none() && db.identity(&module).is_none());
}

#[test]
fn authentication_is_kept_and_never_printed() {
    let db = with_devices([]);
    let twin = device("d");
    let new = NewTwin::new().with_authentication(b"s3cret-key");
    let created = db.write(Write::create(twin.clone(), new)).unwrap();
    let identity = db.identity(&twin).unwrap();
    assert_eq!(identity.authentication, b"s3cret-key");
    assert_eq!(identity.generation, created.generation);
    let etag = created.etag;
    let state = r#"{"connectionState":"Connected","lastActivityTime":"2026-01-02T03:04:05Z"}"#;
    let quiet = db.write(Write::identify(twin.clone(), state).unwrap()).unwrap();
    assert_eq!((quiet.etag, quiet.root_version), (etag, created.root_version));
    assert_eq!(db.identity(&twin).unwrap().authentication, b"s3cret-key");
    let disabled = r#"{"status":"disabled"}"#;
    let write = Write::identify_with(twin.clone(), disabled, b"n3w-key").unwrap();
    db.write(write).unwrap();
    assert_eq!(db.identity(&twin).unwrap().authentication, b"n3w-key");
    let page = db.query("SELECT * FROM devices WHERE status = 'disabled'").run().unwrap();
    let printed = page.rows().collect::<String>() + &db.twin("d", None).unwrap();
    assert!(!printed.contains("-key") && !printed.contains("n3w"), "{printed}");
    assert!(!format!("{:?}", db.identity(&twin)).contains("110"), "not even as bytes");
}
