//! The engine whole under schedules that a model checker chooses: queue, tickets, versions, feed.
//!
//! A schedule in which somebody waits for ever ends as a deadlock, so each model says as well that
//! no wake is lost. `cargo test -p twindex --features shuttle --test models`.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner, thread};
use twindex::{LoadOptions, NewTwin, Options, TwinId, Twindex, Write, Written};

/// Schedules of each model, by each of two strategies.
const SCHEDULES: usize = 300;

/// A writer, a reader and the sequencer.
const DEPTH: usize = 3;

fn check(model: fn()) {
    let mut config = Config::new();
    // An index is filled on it.
    config.stack_size = 1 << 20;
    Runner::new(RandomScheduler::new(SCHEDULES), config.clone()).run(model);
    Runner::new(PctScheduler::new(DEPTH, SCHEDULES), config).run(model);
}

/// Two twins, whose `n` are 1 and 2.
fn open(queue_ops_max: usize) -> Twindex {
    let db = Twindex::with_options(Options { threads: 1, queue_ops_max, ..Options::default() });
    let twins =
        "{\"deviceId\":\"a\",\"tags\":{\"n\":1}}\n{\"deviceId\":\"b\",\"tags\":{\"n\":2}}\n";
    db.load(twins.as_bytes(), &LoadOptions::default()).unwrap();
    // The first write starts the sequencer.
    db.write(report("a", 0)).unwrap();
    db
}

fn id(name: &str) -> TwinId {
    TwinId::device(name).unwrap()
}

fn tag(name: &str, n: u32) -> Write {
    Write::patch_twin(id(name), &format!("{{\"tags\":{{\"n\":{n}}}}}")).unwrap()
}

fn report(name: &str, n: u32) -> Write {
    Write::report(id(name), &format!("{{\"n\":{n}}}")).unwrap()
}

fn count(db: &Twindex, condition: &str) -> u64 {
    db.condition(condition).ids().unwrap().len()
}

#[test]
fn batches_are_seen_whole_and_once_acknowledged() {
    check(|| {
        let db = open(100);
        let reader = {
            let db = db.clone();
            thread::spawn(move || {
                let snapshot = db.snapshot();
                let n = |text: &str| db.query(text).at(&snapshot).run().unwrap().n_rows();
                assert_eq!(n("SELECT tags.n FROM devices WHERE tags.n = 1"), 1);
                assert_eq!(count(&db, "tags.n = 2"), 1);
                assert_eq!(n("SELECT tags.n FROM devices WHERE tags.n = 2"), 1);
            })
        };
        for (a, b) in [(2, 1), (1, 2)] {
            let done = db.write_all(vec![tag("a", a), tag("b", b)]);
            assert!(done.iter().all(Result::is_ok));
            assert_eq!(count(&db, &format!("deviceId = 'a' AND tags.n = {a}")), 1);
        }
        reader.join().unwrap();
        assert_eq!(db.check(), Ok(()));
    });
}

#[test]
fn of_all_who_write_on_an_etag_one_wins() {
    check(|| {
        let db = open(100);
        let etag = db.write(tag("a", 5)).unwrap().etag;
        let racers: Vec<_> = (0..3)
            .map(|n| {
                let db = db.clone();
                thread::spawn(move || {
                    let write = tag("a", 10 + n).if_etag(etag.as_str());
                    let is_won = db.write(write).is_ok();
                    assert!(!is_won || count(&db, &format!("tags.n = {}", 10 + n)) == 1);
                    is_won
                })
            })
            .collect();
        let n_won = racers.into_iter().map(|racer| u32::from(racer.join().unwrap()));
        assert_eq!(n_won.sum::<u32>(), 1);
    });
}

#[test]
fn a_full_queue_holds_writers_up_and_lets_all_of_them_through() {
    check(|| {
        let db = open(1);
        let writers: Vec<_> = ["a", "b", "a"]
            .into_iter()
            .map(|name| {
                let db = db.clone();
                thread::spawn(move || {
                    db.write(report(name, 1)).unwrap();
                    // It may well be full; then it was not taken at all.
                    db.submit(report(name, 2)).map_or(0, |ticket| {
                        ticket.wait().unwrap();
                        1
                    })
                })
            })
            .collect();
        let n_more: u64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
        let versions = ["a", "b"].map(|name| {
            let twin = db.twin(name, None).unwrap();
            let twin: serde_json::Value = serde_json::from_str(&twin).unwrap();
            twin["properties"]["reported"]["$version"].as_u64().unwrap()
        });
        // Both began at 1, and one more was written to start with.
        assert_eq!(versions.iter().sum::<u64>(), 2 + 1 + 3 + n_more);
    });
}

#[test]
fn every_ticket_is_answered_though_the_engine_is_dropped() {
    check(|| {
        let db = open(100);
        let n_called = Arc::new(AtomicUsize::new(0));
        let tickets: Vec<_> = (0..3).map(|n| db.submit(report("a", n)).unwrap()).collect();
        let waiter = {
            let mut tickets = tickets.into_iter();
            let called = Arc::clone(&n_called);
            let calls = move |_: Result<Written, twindex::Error>| {
                called.fetch_add(1, Ordering::SeqCst);
            };
            tickets.next().unwrap().on_done(calls);
            thread::spawn(move || tickets.all(|ticket| ticket.wait().is_ok()))
        };
        drop(db);
        assert!(waiter.join().unwrap(), "what was submitted is done first");
        assert_eq!(n_called.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_subscriber_gets_every_change_in_order_and_then_the_end() {
    check(|| {
        let db = open(100);
        let feed = db.feed().subscribe();
        let of_b = db.feed().of_twin(&id("b")).subscribe();
        let follow = |feed: twindex::Subscription| {
            thread::spawn(move || {
                let versions = feed.map(|change| change.unwrap().version());
                let versions: Vec<u64> = versions.collect();
                assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
                versions.len()
            })
        };
        let (all, of_b) = (follow(feed), follow(of_b));
        let writers: Vec<_> = ["a", "b"]
            .into_iter()
            .map(|name| {
                let db = db.clone();
                thread::spawn(move || {
                    db.write(report(name, 1)).unwrap();
                    db.write(report(name, 2)).unwrap();
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        drop(db);
        assert_eq!((all.join().unwrap(), of_b.join().unwrap()), (4, 2));
    });
}

#[test]
fn who_subscribes_reads_and_follows_misses_nothing() {
    check(|| {
        let db = open(100);
        let writer = {
            let db = db.clone();
            thread::spawn(move || {
                (1..=3).for_each(|n| drop(db.write(report("a", n)).unwrap()));
            })
        };
        let mut feed = db.feed().of_twin(&id("a")).subscribe();
        let twin: serde_json::Value = serde_json::from_str(&db.twin("a", None).unwrap()).unwrap();
        let mut known = twin["properties"]["reported"]["$version"].as_u64().unwrap();
        while known < 5 {
            let change = feed.next().unwrap().unwrap();
            let version = change.written().reported_version;
            assert!(version <= known + 1, "{version} after {known}");
            known = known.max(version);
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_reader_waits_for_the_version_it_names() {
    check(|| {
        let db = open(100);
        let version = Arc::new(twindex_sync::Mutex::new(0));
        let reader = {
            let (db, version) = (db.clone(), Arc::clone(&version));
            thread::spawn(move || {
                let least = *version.lock();
                let query = db.query("SELECT * FROM devices WHERE properties.reported.n = 7");
                let n_rows = query.at_least_version(least).run().unwrap().n_rows();
                assert!(least == 0 || n_rows == 1);
            })
        };
        let written = db.write(report("b", 7)).unwrap();
        *version.lock() = written.version;
        reader.join().unwrap();
        let created = db.write(Write::create(id("c"), NewTwin::new())).unwrap();
        assert!(created.version > written.version);
    });
}
