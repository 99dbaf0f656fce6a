//! What users do with stores: backups, restoring, compaction, read-only opening, and what is
//! refused.

#![allow(clippy::panic, clippy::unwrap_used)] // A panic is how a test fails.

mod backup;
mod bad_input;
mod compact;
mod failing;
mod progress;
mod read_only;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use twindex::storage::{MemoryStorage, Storage};
use twindex::{
    Access, Collection, Error, ErrorKind, NewTwin, Options, StoreOptions, TwinId, Twindex, Write,
};

/// A device by number.
fn device(number: usize) -> TwinId {
    TwinId::device(&format!("d{number:03}")).unwrap()
}

/// Opens storage for writing; log files are small, so that there are several.
fn open(storage: impl Storage + 'static) -> Result<Twindex, Error> {
    let mut store = StoreOptions::default();
    store.log_file_bytes = 4_000;
    Twindex::open_storage(Arc::new(storage), Options::default(), store)
}

/// The same to be read alone.
fn open_to_read(storage: impl Storage + 'static) -> Result<Twindex, Error> {
    let mut store = StoreOptions::default();
    store.access = Access::ReadOnly;
    Twindex::open_storage(Arc::new(storage), Options::default(), store)
}

/// Thirty devices in a checkpoint, and behind it a log: changes, a deletion, a module.
fn fill(db: &Twindex) {
    for number in 0..30 {
        let tags = format!(r#"{{"site":"s{}","floor":{number}}}"#, number % 3);
        let new = NewTwin::new().with_tags(&tags).unwrap().with_authentication(b"key");
        db.write(Write::create(device(number), new)).unwrap();
    }
    db.checkpoint().unwrap();
    for number in 0..20 {
        let text = format!(r#"{{"temperature":{number},"text":"{}"}}"#, "x".repeat(200));
        db.write(Write::report(device(number), &text).unwrap()).unwrap();
    }
    db.write(Write::delete(device(7))).unwrap();
    let module = TwinId::module("d003", "camera").unwrap();
    db.write(Write::create(module, NewTwin::new())).unwrap();
}

/// A store as [`fill`] leaves it, closed.
fn filled() -> MemoryStorage {
    let storage = MemoryStorage::default();
    fill(&open(storage.clone()).unwrap());
    storage
}

/// All twins, in the order of their rows, with whatever the engine says of them.
fn twins_of(db: &Twindex) -> Vec<String> {
    let mut twins = Vec::new();
    for collection in ["devices", "devices.modules"] {
        let query = db.query(format!("SELECT * FROM {collection}"));
        let page = query.run().unwrap();
        twins.extend(page.rows().map(ToOwned::to_owned));
    }
    twins
}

/// What must be the same in a store made of another: version, twins, row ids.
fn assert_same(db: &Twindex, other: &Twindex) {
    assert_eq!(db.version(), other.version());
    assert_eq!(twins_of(db), twins_of(other));
    for collection in ["devices", "devices.modules"] {
        let ids = |db: &Twindex| {
            db.query(format!("SELECT * FROM {collection}"))
                .ids()
                .unwrap()
                .iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(db), ids(other));
    }
    for number in 0..30 {
        assert_eq!(identity_of(db, number), identity_of(other, number));
    }
    other.check().unwrap();
}

fn identity_of(db: &Twindex, number: usize) -> Option<(String, Vec<u8>)> {
    let identity = db.identity(&device(number))?;
    Some((format!("{:?}", identity.generation), identity.authentication.to_vec()))
}

/// Every file of a directory with its bytes.
fn files_of(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file());
    files.map(|path| (name_of(&path), std::fs::read(&path).unwrap())).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Every file in storage with its bytes.
fn bytes_of(storage: &MemoryStorage) -> BTreeMap<String, Vec<u8>> {
    let names = storage.list().unwrap();
    names.into_iter().map(|name| (name.clone(), storage.bytes(&name).unwrap())).collect()
}

/// Asserts that a call was refused, with this kind and code, and what it said.
#[track_caller]
fn assert_refused<T: std::fmt::Debug>(
    outcome: Result<T, Error>,
    (kind, code): (ErrorKind, &str),
    text: &str,
) {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
    assert!(error.to_string().contains(text), "no `{text}` in `{error}`");
}

fn n_devices(db: &Twindex) -> u64 {
    db.n_twins(Collection::Devices)
}
