//! Stores through the engine: what an embedding program relies on when it opens one again.

#![allow(clippy::panic, clippy::unwrap_used)] // A panic is how a test fails.

use std::sync::Arc;

use twindex::storage::{MemoryStorage, Storage};
use twindex::{
    Collection, Durability, ErrorKind, LoadOptions, NewTwin, OnBadInput, Options, StoreOptions,
    TwinId, Twindex, Write,
};
use twindex_testkit::{Calls, Dice, Fault, SimulatedStorage};

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

/// Every version that somebody was told of is greater than all told before, whatever was refused or
/// changed nothing, and however often the store was opened.
#[test]
fn versions_that_were_told_are_not_told_again() {
    let storage = MemoryStorage::default();
    let mut last = 0;
    for round in 0..6 {
        let db = open(&storage);
        assert!(db.version() >= last, "{} after {last}", db.version());
        let name = format!("d{round}");
        let told = create(&db, &name);
        assert!(told > last);
        // All refused: no version is taken, by one write or by many.
        let again = || Write::create(TwinId::device(&name).unwrap(), NewTwin::new());
        assert!(db.write(again()).is_err());
        assert!(db.write_all((0..50).map(|_| again()).collect()).iter().all(Result::is_err));
        assert!(db.load(&b"{\"deviceId\":5}"[..], &LoadOptions::default()).is_ok());
        assert_eq!(db.version(), told);
        // Accepted, though it changes no cell.
        let id = TwinId::device(&name).unwrap();
        let same = Write::identify_with(id, r#"{"status":"enabled"}"#, b"key").unwrap();
        let mut writes = vec![again(), same, again()];
        writes.truncate(1 + round % 3);
        for outcome in db.write_all(writes) {
            last = outcome.map_or(last, |written| written.version);
        }
        last = last.max(told);
        if round % 2 == 0 {
            db.checkpoint().unwrap();
        }
    }
}

/// A fleet in segments of 64 twins.
fn open_small(storage: &MemoryStorage) -> Twindex {
    let mut options = Options::default();
    options.index.segment_rows_max = 64;
    Twindex::open_storage(Arc::new(storage.clone()), options, StoreOptions::default()).unwrap()
}

fn load_small(db: &Twindex) {
    let twin = |n: usize| {
        let desired = format!(r#"{{"n":{n},"s":"text {}","deep":{{"x":[{n},1]}}}}"#, n % 50);
        format!(
            r#"{{"deviceId":"d{n}","tags":{{"site":"{}"}},"properties":{{"desired":{desired}}}}}"#,
            n % 7
        ) + "\n"
    };
    let text: String = (0..1_280).map(twin).collect();
    db.load(text.as_bytes(), &LoadOptions::default()).unwrap();
}

fn twins(db: &Twindex) -> Vec<String> {
    (0..1_280).filter_map(|n| db.twin(&format!("d{n}"), None)).collect()
}

#[test]
fn a_checkpoint_writes_what_has_changed() {
    let storage = MemoryStorage::default();
    let db = open_small(&storage);
    load_small(&db);
    let whole = db.checkpoint().unwrap();
    assert_eq!(whole.n_kept, 0);
    let touch = |db: &Twindex, n: usize| {
        let id = TwinId::device(&format!("d{n}")).unwrap();
        db.write(Write::report(id, r#"{"n":1}"#).unwrap()).unwrap();
    };
    touch(&db, 700);
    let first = db.checkpoint().unwrap();
    assert!(first.n_bytes * 10 < whole.n_bytes, "{first:?} after {whole:?}");
    assert!(first.n_kept > first.n_parts * 5);
    // Nothing but the policies.
    let nothing = db.checkpoint().unwrap();
    assert_eq!((nothing.n_parts, nothing.n_kept), (1, first.n_parts + first.n_kept - 1));
    let before = twins(&db);
    drop(db);

    // What was read is unchanged; what was done again is not.
    let db = open_small(&storage);
    assert_eq!(db.checkpoint().unwrap().n_parts, 1);
    touch(&db, 3);
    drop(db);
    let db = open_small(&storage);
    let again = db.checkpoint().unwrap();
    assert!(again.n_parts > 1 && again.n_bytes * 10 < whole.n_bytes, "{again:?}");
    assert_eq!(twins(&db)[4..], before[4..]);
    db.check().unwrap();
}

/// A store with many checkpoints opens as one that was checkpointed once, and takes as much of the
/// disk but for a bounded factor.
#[test]
fn many_checkpoints_are_worth_one() {
    let (often, once) = (MemoryStorage::default(), MemoryStorage::default());
    let mut dice = Dice::new(7);
    for round in 0..6 {
        let dbs = [open_small(&often), open_small(&once)];
        if round == 0 {
            dbs.iter().for_each(load_small);
        }
        for _ in 0..40 {
            let id = TwinId::device(&format!("d{}", dice.below(1_280))).unwrap();
            let text = format!(r#"{{"k{}":"{}"}}"#, dice.below(9), dice.below(400));
            let write = match dice.below(4) {
                0 => Write::delete(id),
                1 => Write::patch_twin(id, r#"{"properties":{"desired":{"deep":null}}}"#).unwrap(),
                _ => Write::report(id, &text).unwrap(),
            };
            let outcomes = dbs.each_ref().map(|db| db.write(write.clone()).is_ok());
            assert_eq!(outcomes[0], outcomes[1]);
            if dice.chance(25) {
                dbs[0].checkpoint().unwrap();
            }
        }
    }
    let [a, b] = [open_small(&often), open_small(&once)];
    let count = |db: &Twindex| db.query("SELECT * FROM devices").ids().unwrap();
    assert_eq!(count(&a), count(&b));
    let without_times = |db: &Twindex| -> Vec<String> {
        let rows = db.query("SELECT deviceId, tags, properties.desired.n AS n, properties.desired.s AS s, properties.desired.deep AS d, properties.reported.k3 AS k FROM devices");
        rows.run().unwrap().values().map(|row| row.to_string()).collect()
    };
    assert_eq!(without_times(&a), without_times(&b));
    a.check().unwrap();
    let extents = |storage: &MemoryStorage| -> usize {
        let names = storage.list().unwrap().into_iter().filter(|name| name.starts_with("extent-"));
        names.map(|name| storage.bytes(&name).unwrap().len()).sum()
    };
    b.checkpoint().unwrap();
    assert!(extents(&often) < extents(&once) * 3, "{} {}", extents(&often), extents(&once));
}

#[test]
fn a_background_sync_that_fails_poisons_the_store() {
    let storage = SimulatedStorage::of(&MemoryStorage::default());
    let mut store = StoreOptions::default();
    store.durability = Durability::Async;
    let db = Twindex::open_storage(Arc::new(storage.clone()), Options::default(), store).unwrap();
    let told = create(&db, "a");
    while db.durable_version() < Some(told) {
        std::thread::yield_now();
    }
    // Appending is one call, the sync after it the next.
    storage.fail(Calls::From(1), Fault::Error(std::io::ErrorKind::Other));
    create(&db, "b");
    // Whoever is first meets the fault itself, the others its consequence.
    loop {
        let id = TwinId::device("a").unwrap();
        match db.write(Write::report(id, r#"{"n":1}"#).unwrap()) {
            Ok(_) => std::thread::yield_now(),
            Err(_) => break,
        }
    }
    assert_eq!(db.n_twins(Collection::Devices), 2);
    storage.mend();
    let id = TwinId::device("a").unwrap();
    let error = db.write(Write::report(id, r#"{"n":2}"#).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Poisoned);
    assert_eq!(db.durable_version(), Some(told));
}
