//! Stores through the engine: what an embedding program relies on when it opens one again.

#![allow(clippy::panic, clippy::unwrap_used)] // A panic is how a test fails.

use std::sync::Arc;

use twindex::storage::{MemoryStorage, Storage};
use twindex::{
    Collection, Durability, ErrorKind, LoadOptions, NewTwin, OnBadInput, Options, StoreOptions,
    TwinId, Twindex, Write,
};

fn open(storage: &MemoryStorage) -> Twindex {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    Twindex::open_storage(storage, Options::default(), StoreOptions::default()).unwrap()
}

fn create(db: &Twindex, name: &str) -> u64 {
    let new = NewTwin::new().with_tags(r#"{"site":"Aarhus"}"#).unwrap().with_authentication(b"key");
    db.write(Write::create(TwinId::device(name).unwrap(), new)).unwrap().version
}

#[test]
fn versions_records_and_rows_go_on() {
    let storage = MemoryStorage::default();
    let db = open(&storage);
    assert!(db.recovery().unwrap().is_new);
    for name in ["a", "b", "c"] {
        create(&db, name);
    }
    let b = TwinId::device("b").unwrap();
    let generation = db.identity(&b).unwrap().generation;
    db.write(Write::delete(TwinId::device("a").unwrap())).unwrap();
    db.checkpoint().unwrap();
    let last = db.write(Write::report(b.clone(), r#"{"n":1}"#).unwrap()).unwrap();
    let ids = db.query("SELECT * FROM devices").ids().unwrap();
    drop(db);

    let db = open(&storage);
    let recovery = db.recovery().unwrap();
    assert!(!recovery.is_new && recovery.n_batches == 1 && recovery.torn.is_none());
    assert_eq!(db.version(), last.version);
    assert_eq!(db.query("SELECT * FROM devices").ids().unwrap(), ids);
    let identity = db.identity(&b).unwrap();
    assert_eq!((identity.generation, &*identity.authentication), (generation, &b"key"[..]));
    let next = db.write(Write::report(b, r#"{"n":2}"#).unwrap()).unwrap();
    assert_eq!(next.reported_version, last.reported_version + 1);
    assert!(next.version > last.version);
    create(&db, "a");
    assert_eq!(db.query("SELECT * FROM devices").ids().unwrap().len(), 3);
    db.check().unwrap();
}

#[test]
fn a_feed_does_not_pretend_to_know_what_came_before_opening() {
    let storage = MemoryStorage::default();
    let db = open(&storage);
    let first = create(&db, "a");
    create(&db, "b");
    drop(db);
    let db = open(&storage);
    let mut behind = db.feed().after(first).subscribe();
    assert!(matches!(behind.try_next(), Some(Err(_))), "a change was missed");
    let mut abreast = db.feed().after(db.version()).subscribe();
    assert!(abreast.try_next().is_none());
    create(&db, "c");
    assert!(matches!(abreast.try_next(), Some(Ok(_))));
}

#[test]
fn a_directory_is_one_engines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let db = Twindex::open(&path).unwrap();
    create(&db, "a");
    let error = Twindex::open(&path).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Locked, "S008"));
    let handle = db.clone();
    drop(db);
    assert_eq!(Twindex::open(&path).unwrap_err().kind(), ErrorKind::Locked);
    drop(handle);
    assert_eq!(Twindex::open(&path).unwrap().n_twins(Collection::Devices), 1);
}

#[test]
fn a_strict_load_that_fails_leaves_nothing_behind() {
    let storage = MemoryStorage::default();
    let db = open(&storage);
    create(&db, "a");
    let strict = LoadOptions { on_bad_input: OnBadInput::Stop, ..LoadOptions::default() };
    let lines = "{\"deviceId\":\"x\",\"tags\":{\"new\":1}}\n{\"deviceId\":5}\n";
    assert!(db.load(lines.as_bytes(), &strict).is_err());
    create(&db, "b");
    drop(db);
    let db = open(&storage);
    assert_eq!(db.n_twins(Collection::Devices), 2);
    assert!(db.twin("x", None).is_none());
    assert!(db.load(&lines.as_bytes()[..lines.find('\n').unwrap()], &strict).is_ok());
    drop(db);
    assert!(open(&storage).twin("x", None).is_some());
}

#[test]
fn writes_that_need_not_be_synced_are_there_after_the_process() {
    let storage = MemoryStorage::default();
    let mut store = StoreOptions::default();
    store.durability = Durability::None;
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let db = Twindex::open_storage(shared, Options::default(), store).unwrap();
    create(&db, "a");
    drop(db);
    assert_eq!(open(&storage).n_twins(Collection::Devices), 1);
}

#[test]
fn a_checkpoint_is_made_by_itself() {
    let storage = MemoryStorage::default();
    let mut store = StoreOptions::default();
    store.checkpoint_log_bytes = 10_000;
    store.log_file_bytes = 5_000;
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let db = Twindex::open_storage(shared, Options::default(), store).unwrap();
    create(&db, "a");
    let a = TwinId::device("a").unwrap();
    for n in 0..400 {
        db.write(Write::report(a.clone(), &format!(r#"{{"n":{n},"t":"{n} times"}}"#)).unwrap())
            .unwrap();
    }
    drop(db);
    assert!(storage.list().unwrap().iter().any(|name| name.starts_with("extent-")));
    let db = open(&storage);
    assert!(db.recovery().unwrap().n_batches < 300, "{:?}", db.recovery());
    assert!(db.twin("a", None).unwrap().contains("\"399 times\""));
    db.check().unwrap();
}
