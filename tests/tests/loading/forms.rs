//! The forms an input may have: layouts, compression, export lines, modules.

use std::io::{self, Read};
use std::path::Path;

use serde_json::{Value, json};
use twindex::{Collection, ErrorKind, Place, Twindex};

use crate::support::{
    FORGIVING, assert_holds, db_of, gzip, ids_of, load, load_strictly, texts_of, zstd,
};

fn fleet() -> Vec<Value> {
    vec![
        json!({"deviceId": "d1", "tags": {"text": "}{][\",\\ \u{1F600}\n", "n": [1, {"a": "]"}]}}),
        json!({"deviceId": "d2", "properties": {"desired": {"$version": 1}, "reported": {}}}),
        json!({"deviceId": "d3"}),
        json!({"deviceId": "d2", "moduleId": "m", "tags": {"deep": {"er": {"est": null}}}}),
    ]
}

/// The fleet in every layout that is understood.
fn layouts() -> Vec<(&'static str, String)> {
    let compact: Vec<String> = fleet().iter().map(Value::to_string).collect();
    let pretty: Vec<String> =
        fleet().iter().map(|twin| serde_json::to_string_pretty(twin).unwrap()).collect();
    vec![
        ("lines", compact.join("\n") + "\n"),
        ("lines, the last one not ended", compact.join("\n")),
        ("lines ended as on Windows", compact.join("\r\n") + "\r\n"),
        ("lines between blank ones", format!("\n\n  \r\n{}\n\t\n", compact.join("\n\n \n"))),
        ("lines after a byte order mark", format!("\u{FEFF}{}", compact.join("\n"))),
        ("an array", Value::Array(fleet()).to_string()),
        ("an array over lines", serde_json::to_string_pretty(&fleet()).unwrap()),
        ("an array after a mark", format!("\u{FEFF}\r\n[\r\n{}\r\n]\r\n", compact.join(",\r\n"))),
        ("two arrays", format!("[{}]\n[{}]", compact[..2].join(","), compact[2..].join(","))),
        ("an array and lines", format!("[{}]\n{}\n", compact[0], compact[1..].join("\n"))),
        ("documents over lines", pretty.join("\n")),
        ("documents over lines, end to end", pretty.join("")),
        ("documents over lines, as on Windows", pretty.join("\n").replace('\n', "\r\n")),
        ("documents over lines and lines", format!("{}\n{}\n", pretty[0], compact[1..].join("\n"))),
    ]
}

#[test]
fn every_layout_gives_the_same_twins_whatever_packs_it() {
    for (layout, text) in layouts() {
        let (head, tail) = text.as_bytes().split_at(text.len() / 2);
        for (packing, bytes) in [
            ("plain", text.clone().into_bytes()),
            ("gzip", gzip(&text)),
            ("gzip in two members", [gzip(head), gzip(tail)].concat()),
            ("zstd", zstd(&text)),
            ("zstd in two frames", [zstd(head), zstd(tail)].concat()),
        ] {
            let db = Twindex::in_memory();
            let report = load(&db, &bytes);
            assert_eq!(report.bad, [], "{layout}, {packing}");
            assert_eq!((report.n_loaded, report.n_replaced), (4, 0), "{layout}, {packing}");
            assert_holds(&db, &fleet());
            let strict = Twindex::in_memory();
            assert_eq!(load_strictly(&strict, &bytes).unwrap().n_loaded, 4, "{layout}");
            assert_eq!(texts_of(&strict), texts_of(&db), "{layout}, {packing}, strictly");
        }
    }
}

#[test]
fn a_single_document() {
    let twin = json!({"deviceId": "d", "tags": {"a": [1, 2, {"b": []}]}});
    for text in [twin.to_string(), serde_json::to_string_pretty(&twin).unwrap()] {
        assert_holds(&db_of(&text), std::slice::from_ref(&twin));
        assert_holds(&db_of(gzip(&text)), std::slice::from_ref(&twin));
    }
}

#[test]
fn nothing_is_an_input_too() {
    for text in ["", "\n", " \r\n\t\n", "\u{FEFF}", "\u{FEFF}\n", "[]", " [ \n ] \n", "[][]"] {
        for bytes in [text.as_bytes().to_vec(), gzip(text), zstd(text)] {
            let db = Twindex::in_memory();
            let report = load(&db, &bytes);
            assert_eq!((report.n_loaded, report.n_bad), (0, 0), "{text:?}");
            assert_eq!(load_strictly(&db, &bytes).unwrap().n_loaded, 0, "{text:?}");
            assert!(texts_of(&db).is_empty());
        }
    }
}

#[test]
fn lines_of_a_registry_export() {
    let lines = [
        json!({"id": "d1", "eTag": "\"MA==\"", "importMode": "create", "status": "enabled",
            "authentication": {"symmetricKey": {"primaryKey": "s3cret", "secondaryKey": "s3cret"},
                "x509Thumbprint": {"primaryThumbprint": null, "secondaryThumbprint": null},
                "type": "sas"},
            "twinETag": "\"AAAAAAAAAAM=\"", "tags": {"site": "A"},
            "properties": {"desired": {"interval": 5, "$version": 2}, "reported": {}},
            "capabilities": {"iotEdge": true}, "deviceScope": "ms-azure-iot-edge://d1-1"}),
        json!({"id": "d1", "moduleId": "$edgeAgent", "eTag": "MQ==", "twinETag": "AAAAAAAAAAE=",
            "authentication": {"type": "none"}, "managedBy": "iotEdge"}),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let thumbprints = json!({"primaryThumbprint": null, "secondaryThumbprint": null});
    let db = db_of(text);
    assert_holds(
        &db,
        &[
            json!({"deviceId": "d1", "deviceEtag": "\"MA==\"", "status": "enabled",
                "authenticationType": "sas", "x509Thumbprint": thumbprints,
                "etag": "\"AAAAAAAAAAM=\"", "tags": {"site": "A"},
                "properties": {"desired": {"interval": 5, "$version": 2}, "reported": {}},
                "capabilities": {"iotEdge": true}, "deviceScope": "ms-azure-iot-edge://d1-1"}),
            json!({"deviceId": "d1", "moduleId": "$edgeAgent", "deviceEtag": "MQ==",
                "etag": "AAAAAAAAAAE=", "authenticationType": "none",
                "x509Thumbprint": thumbprints, "managedBy": "iotEdge"}),
        ],
    );
    assert!(!texts_of(&db).join("").contains("s3cret"), "a key came out");
    assert_eq!(db.query("SELECT * FROM devices WHERE id = 'd1'").run().unwrap().n_rows(), 1);
}

#[test]
fn modules_have_a_collection_of_their_own_and_need_no_device() {
    let db = db_of(
        r#"{"deviceId":"d","moduleId":"m1"}
           {"deviceId":"d"}
           {"deviceId":"nobody","moduleId":"m1"}
           {"deviceId":"d","moduleId":"m2"}
           {"deviceId":"e","moduleId":null}
           {"deviceId":"f","moduleId":""}"#,
    );
    assert_eq!(ids_of(&db), ["d", "e", "f", "d/m1", "nobody/m1", "d/m2"]);
    assert_eq!((db.n_twins(Collection::Devices), db.n_twins(Collection::Modules)), (3, 3));
    assert!(db.twin("nobody", None).is_none() && db.twin("nobody", Some("m1")).is_some());
    let rows = |text: &str| db.query(text).run().unwrap().n_rows();
    assert_eq!(rows("SELECT * FROM devices.modules WHERE deviceId = 'nobody'"), 1);
    assert_eq!(rows("SELECT * FROM devices WHERE IS_DEFINED(moduleId)"), 2);
    // What says "no module" replaces the device's twin, and the modules stay.
    for no_module in ["null", "\"\""] {
        load(&db, format!(r#"{{"deviceId":"d","moduleId":{no_module},"tags":{{}}}}"#));
        assert_eq!(ids_of(&db), ["d", "e", "f", "d/m1", "nobody/m1", "d/m2"]);
        assert_eq!(rows("SELECT * FROM devices WHERE deviceId = 'd'"), 1);
        let before = texts_of(&db);
        let bad = format!("{{\"deviceId\":\"f\",\"moduleId\":{no_module},\"x\":1}}\nno");
        assert!(load_strictly(&db, bad).is_err());
        assert_eq!(texts_of(&db), before);
    }
    assert!(db.remove("f", None) && !db.remove("f", Some("")));
    assert_eq!(ids_of(&db), ["d", "e", "d/m1", "nobody/m1", "d/m2"]);
}

#[test]
fn packed_input_that_is_cut_off_is_an_error_after_what_was_whole() {
    let lines: String =
        (0..50_000_u64).map(|n| format!("{{\"deviceId\":\"d{}\"}}\n", n * n)).collect();
    for packed in [gzip(&lines), zstd(&lines)] {
        for len in [packed.len() / 2, packed.len() - 1, 12] {
            let db = Twindex::in_memory();
            let error = db.load(&packed[..len], &FORGIVING).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Io, "X020"), "{error}");
            assert!(error.to_string().contains("cut off"), "{error}");
            assert_eq!(db.check(), Ok(()));
            let ids = ids_of(&db);
            assert!((0_u64..).zip(&ids).all(|(n, id)| *id == format!("d{}", n * n)), "in order");
            assert!(len < 100 || ids.len() > 1_000, "{} twins of {len} bytes", ids.len());

            let strict = Twindex::in_memory();
            assert_eq!(load_strictly(&strict, &packed[..len]).unwrap_err().code(), "X020");
            assert!(texts_of(&strict).is_empty());
        }
    }
}

#[test]
fn an_array_that_is_not_closed_is_an_error_after_its_elements() {
    let db = Twindex::in_memory();
    let error =
        db.load(&b"[{\"deviceId\":\"a\"},{\"deviceId\":\"b\"}"[..], &FORGIVING).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(ids_of(&db), ["a", "b"]);
}

#[test]
fn input_that_fails_is_an_error_after_what_came() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let db = Twindex::in_memory();
    let error = db.load(b"{\"deviceId\":\"a\"}\n{\"dev".chain(Fails), &FORGIVING).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Io, "X020"));
    assert!(std::error::Error::source(&error).is_some(), "the cause is kept");
    assert_eq!(ids_of(&db), ["a"]);
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twins.json.gz");
    std::fs::write(&path, gzip("{\"deviceId\":\"a\"}\nno\n")).unwrap();
    let db = Twindex::in_memory();
    let report = db.load_file(&path, &FORGIVING).unwrap();
    assert_eq!((report.n_loaded, report.bad[0].place), (1, Place::Line(2)));
    for missing in [folder.path().join("missing"), folder.path().to_owned(), Path::new("").into()] {
        let error = db.load_file(&missing, &FORGIVING).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Io, "X020"), "{error}");
    }
    assert_eq!(ids_of(&db), ["a"]);
}
