//! Readers and the writer under schedules that a model checker chooses: what a snapshot registered
//! is readable and stays what it was, however registering, publishing, pruning and giving up meet.
//!
//! `cargo test -p twindex-index --features shuttle --test models`.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::sync::Arc;

use shuttle::{check_pct, check_random, thread};
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Expired, Shared, Snapshot, SnapshotRead, Ts};
use twindex_model::json::read::Leaves;
use twindex_model::path::Collection;

/// Schedules of each model.
const SCHEDULES: usize = 2_000;

/// Batches that the writer publishes.
const BATCHES: u64 = 3;

fn check(model: fn()) {
    check_random(model, SCHEDULES);
    check_pct(model, SCHEDULES, 3);
}

/// Twin `d` counts the batches; each batch also adds a twin. Two writes, each under its own lock.
fn batch(shared: &Shared, ts: u64) {
    shared.write().begin(Ts(ts));
    put(shared, "d", ts);
    put(shared, &format!("new{ts}"), ts);
    shared.publish(Ts(ts));
}

fn put(shared: &Shared, device_id: &str, n: u64) {
    let text = format!("{{\"deviceId\":\"{device_id}\",\"tags\":{{\"n\":{n}}}}}");
    let leaves = Leaves::read(&text).unwrap().leaves;
    shared.write().put(&leaves).unwrap();
}

fn open() -> Arc<Shared> {
    let shared = Shared::new(Index::new(IndexOptions::default()));
    put(&shared, "d", 0);
    shared
}

fn text_of(read: &SnapshotRead<'_>) -> String {
    let row = read.find("d", None).unwrap();
    let mut text = String::new();
    read.segment(Collection::Devices, row.segment()).write_twin(row.place(), &mut text);
    text
}

/// Everything that is read is of the snapshot's own version.
fn assert_whole(snapshot: &Snapshot) -> Result<(), Expired> {
    let ts = snapshot.ts().0;
    let read = snapshot.read()?;
    assert_eq!(text_of(&read), format!("{{\"deviceId\":\"d\",\"tags\":{{\"n\":{ts}}}}}"));
    assert_eq!(read.n_rows(Collection::Devices), 1 + ts);
    for n in 1..=BATCHES {
        assert_eq!(read.find(&format!("new{n}"), None).is_some(), n <= ts, "{n} at {ts}");
    }
    Ok(())
}

fn read_twice(shared: &Arc<Shared>) {
    let snapshot = shared.snapshot();
    let copy = snapshot.clone();
    assert_whole(&snapshot).unwrap();
    drop(snapshot);
    thread::yield_now();
    assert_whole(&copy).unwrap();
}

#[test]
fn a_registered_version_is_never_pruned() {
    check(|| {
        let shared = open();
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || read_twice(&shared))
            })
            .collect();
        for ts in 1..=BATCHES {
            batch(&shared, ts);
            shared.prune(usize::MAX);
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        shared.prune(usize::MAX);
        assert!(!shared.read().has_undo(), "nobody needs what is kept");
        assert_eq!(shared.read().validate(), Ok(()));
    });
}

#[test]
fn a_version_that_is_given_up_says_so_and_is_never_half_there() {
    check(|| {
        let shared = open();
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let snapshot = shared.snapshot();
                let first = assert_whole(&snapshot);
                thread::yield_now();
                let second = assert_whole(&snapshot);
                assert!(first.is_ok() || second.is_err(), "it came back");
            })
        };
        for ts in 1..=BATCHES {
            batch(&shared, ts);
            // Nothing may be kept, so every version but the published one is given up.
            shared.prune(0);
            assert_eq!(shared.oldest(), Ts(ts));
        }
        reader.join().unwrap();
        assert!(assert_whole(&shared.snapshot()).is_ok());
    });
}

#[test]
fn who_learned_of_a_version_sees_it() {
    check(|| {
        let shared = open();
        let acknowledged = Arc::new(twindex_sync::Mutex::new(0));
        let reader = {
            let (shared, acknowledged) = (Arc::clone(&shared), Arc::clone(&acknowledged));
            thread::spawn(move || {
                for _ in 0..2 {
                    let least = *acknowledged.lock();
                    let snapshot = shared.snapshot();
                    assert!(snapshot.ts() >= Ts(least), "{:?} after {least}", snapshot.ts());
                    assert_whole(&snapshot).unwrap();
                }
            })
        };
        for ts in 1..=BATCHES {
            batch(&shared, ts);
            *acknowledged.lock() = ts;
            shared.prune(usize::MAX);
        }
        reader.join().unwrap();
    });
}
