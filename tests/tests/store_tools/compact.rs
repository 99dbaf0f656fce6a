//! Compaction gives back what is of no use, and keeps everything that anybody may hold on to.

use twindex::storage::MemoryStorage;
use twindex::{ErrorKind, NewTwin, Twindex, Write};

use crate::{assert_same, bytes_of, device, fill, filled, open};

/// A store in which most of what was written is of no use any more.
fn worn() -> MemoryStorage {
    let storage = MemoryStorage::default();
    let db = open(storage.clone()).unwrap();
    fill(&db);
    for round in 0..40 {
        let text = format!(r#"{{"k{round}":"value {round} {}"}}"#, "y".repeat(300));
        for number in 10..20 {
            db.write(Write::report(device(number), &text).unwrap()).unwrap();
        }
        let gone = format!(r#"{{"k{round}":null}}"#);
        for number in 10..20 {
            db.write(Write::report(device(number), &gone).unwrap()).unwrap();
        }
    }
    storage
}

#[test]
fn files_get_smaller_and_everything_survives() {
    let storage = worn();
    let before = open(storage.to_copy()).unwrap();
    let db = open(storage.clone()).unwrap();
    let text = "SELECT deviceId FROM devices";
    let first = before.query(text).page_size(10).run().unwrap();
    let report = db.compact().unwrap();
    let n_bytes: usize = bytes_of(&storage).values().map(Vec::len).sum();
    assert_eq!(report.bytes_after, n_bytes as u64);
    assert!(report.bytes_after * 4 < report.bytes_before, "{report:?}");
    assert_same(&before, &db);
    drop(db);
    let db = open(storage.clone()).unwrap();
    assert_eq!(db.recovery().unwrap().n_batches, 0);
    assert_same(&before, &db);
    let rest = |db: &Twindex| {
        let query = db.query(text).page_size(10).after(first.next().unwrap());
        query.run().unwrap().rows().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rest(&before), rest(&db));
    // Etags and versions go on: a write on condition of what was read before is taken.
    let etag = |db: &Twindex| {
        let page = db.query("SELECT etag FROM devices WHERE deviceId = 'd010'").run().unwrap();
        let row: serde_json::Value = serde_json::from_str(page.rows().next().unwrap()).unwrap();
        row["etag"].as_str().unwrap().to_owned()
    };
    let write = Write::report(device(10), r#"{"n":1}"#).unwrap().if_etag(&etag(&before));
    let (one, other) = (before.write(write.clone()).unwrap(), db.write(write).unwrap());
    assert_eq!((one.version, one.reported_version), (other.version, other.reported_version));
    // A second time there is nothing left to be won.
    let again = db.compact().unwrap();
    assert!(again.bytes_after < report.bytes_after * 11 / 10, "{again:?}");
}

#[test]
fn a_snapshot_that_is_open_is_read_as_before() {
    let db = open(filled()).unwrap();
    let snapshot = db.snapshot();
    let read = || {
        let page = db.query("SELECT * FROM devices").at(&snapshot).run().unwrap();
        page.rows().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let before = read();
    db.write(Write::delete(device(3))).unwrap();
    db.write(Write::report(device(4), r#"{"text":null}"#).unwrap()).unwrap();
    db.compact().unwrap();
    assert_eq!(read(), before);
    db.check().unwrap();
}

#[test]
fn writes_go_on_meanwhile() {
    let storage = worn();
    let db = open(storage.clone()).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 100..400 {
                db.write(Write::create(device(number), NewTwin::new())).unwrap();
            }
        });
        while !writer.is_finished() {
            match db.compact() {
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), ErrorKind::Stopped, "{error}"),
            }
        }
    });
    db.check().unwrap();
    let copy = storage.to_copy();
    assert_same(&db, &open(copy).unwrap());
}

#[test]
fn in_memory_there_is_nothing_to_do() {
    assert_eq!(Twindex::in_memory().compact().unwrap().bytes_before, 0);
}
