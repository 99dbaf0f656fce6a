//! One engine, many threads: what is seen while a load runs, and stopping.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use twindex::{
    CancelToken, Collection, Error, ErrorKind, ExecError, IndexOptions, LoadOptions, OnBadInput,
    Options, Twindex,
};

/// Twins of the fleet that is loaded while it is asked about.
const N_TWINS: u64 = 20_000;

/// How often to look whether somebody asked, before going on: for ever would turn a failed assertion
/// of the one who asks into a test that hangs.
const PATIENCE: u32 = 10_000_000;

/// Small segments, so that a query has work for every thread of the pool.
fn open() -> Twindex {
    open_with(2)
}

fn open_with(threads: usize) -> Twindex {
    let index = IndexOptions { segment_rows_max: 512, ..IndexOptions::default() };
    Twindex::with_options(Options { index, threads, ..Options::default() })
}

/// A generation as a number or, every other time, as a string.
fn spelled(generation: u64, quote: char) -> String {
    match generation % 2 {
        0 => generation.to_string(),
        _ => format!("{quote}{generation}{quote}"),
    }
}

/// The fleet as lines; each twin says its generation twice, and the kind of it changes.
fn fleet(generation: u64) -> String {
    let line = |n: u64| {
        let written = spelled(generation, '"');
        format!(
            "{{\"deviceId\":\"d{n}\",\"tags\":{{\"gen\":{written},\"n\":{n}}},\
             \"properties\":{{\"reported\":{{\"gen\":{written},\"n\":{n}}}}}}}\n"
        )
    };
    (0..N_TWINS).map(line).collect()
}

/// Bytes that come in small pieces, each after some query has been answered since the last one.
struct Paced<'a> {
    bytes: &'a [u8],
    n_answers: &'a AtomicU64,
    n_seen: u64,
}

impl Read for Paced<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for _ in 0..PATIENCE {
            if self.n_answers.load(Ordering::SeqCst) != self.n_seen {
                break;
            }
            thread::yield_now();
        }
        self.n_seen = self.n_answers.load(Ordering::SeqCst);
        let n = buffer.len().min(64 << 10);
        (&mut self.bytes).read(&mut buffer[..n])
    }
}

fn value_of(db: &Twindex, query: &str, column: &str) -> u64 {
    let page = db.query(query).run().unwrap();
    page.values().next().unwrap()[column].as_u64().unwrap()
}

/// How many twins are of a generation, in each of the ways there are to ask.
fn count(db: &Twindex, way: u64, generation: &str) -> u64 {
    let is_it = format!("tags.gen = {generation}");
    match way % 5 {
        0 => value_of(db, &format!("SELECT COUNT() AS n FROM devices WHERE {is_it}"), "n"),
        1 => db.condition(is_it).ids().unwrap().len(),
        2 => db.condition(is_it).run().unwrap().n_rows() as u64,
        3 => {
            // By row: no lane answers a sum.
            let text = "SELECT SUM(tags.n - properties.reported.n + 1) AS n FROM devices WHERE ";
            let page = db.query(format!("{text}{is_it}")).run().unwrap();
            page.values().next().unwrap()["n"].as_f64().map_or(0, |n| n as u64)
        }
        _ => {
            let text = "SELECT tags.gen AS g, COUNT() AS n FROM devices GROUP BY tags.gen";
            let page = db.query(text).run().unwrap();
            let generation: Value = serde_json::from_str(&generation.replace('\'', "\"")).unwrap();
            let group = page.values().find(|row| row.get("g") == Some(&generation));
            group.map_or(0, |row| row["n"].as_u64().unwrap())
        }
    }
}

/// Asks until `is_over`, and gives every count of the generation that was seen.
fn watch(
    db: &Twindex,
    generation: &str,
    n_answers: &AtomicU64,
    is_over: &AtomicBool,
) -> BTreeSet<u64> {
    let mut seen = BTreeSet::new();
    let mut last = 0;
    for way in 0.. {
        // Asked once more after the end, which must show everything.
        let was_over = is_over.load(Ordering::SeqCst);
        let n = count(db, way, generation);
        assert!(n >= last, "{n} twins after {last}: a batch was undone");
        last = n;
        seen.insert(n);
        let torn = "tags.gen != properties.reported.gen OR tags.n != properties.reported.n \
            OR NOT IS_DEFINED(tags.gen)";
        assert_eq!(db.condition(torn).ids().unwrap().len(), 0, "half a twin was seen");
        n_answers.fetch_add(1, Ordering::SeqCst);
        if was_over {
            assert_eq!(n, N_TWINS);
            return seen;
        }
    }
    seen
}

#[test]
fn handles_can_be_shared() {
    fn assert_handle<T: Clone + Send + Sync + 'static>() {}
    assert_handle::<Twindex>();
    assert_handle::<CancelToken>();
    let db = Twindex::in_memory();
    let other = db.clone();
    thread::spawn(move || {
        other.load(&b"{\"deviceId\":\"d\"}"[..], &LoadOptions::default()).unwrap()
    })
    .join()
    .unwrap();
    assert_eq!(db.n_twins(Collection::Devices), 1);
}

/// Loads a generation while three threads ask, each through a handle of its own.
fn load_and_watch(db: &Twindex, generation: u64) {
    let text = fleet(generation);
    let written = spelled(generation, '\'');
    let (n_answers, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let ends = Mutex::new(BTreeSet::from([0]));
    let seen: Vec<BTreeSet<u64>> = thread::scope(|scope| {
        let watch = || watch(&db.clone(), &written, &n_answers, &is_over);
        let watchers = [scope.spawn(watch), scope.spawn(watch), scope.spawn(watch)];
        let progress = |at: twindex::LoadProgress| {
            ends.lock().unwrap().insert(at.n_twins);
        };
        let options = LoadOptions { progress: Some(&progress), ..LoadOptions::default() };
        let input = Paced { bytes: text.as_bytes(), n_answers: &n_answers, n_seen: u64::MAX };
        let report = db.load(input, &options);
        is_over.store(true, Ordering::SeqCst);
        let report = report.unwrap();
        assert_eq!(report.n_loaded, N_TWINS);
        assert_eq!(report.n_replaced, if generation == 0 { 0 } else { N_TWINS });
        watchers.into_iter().map(|watcher| watcher.join().unwrap()).collect()
    });
    let ends = ends.into_inner().unwrap();
    assert!(ends.len() > 10, "{ends:?}");
    for seen in &seen {
        assert!(seen.is_subset(&ends), "{seen:?} are no ends of batches: {ends:?}");
    }
    let n_between = seen.iter().flatten().filter(|n| (1..N_TWINS).contains(n)).count();
    assert!(n_between > 0, "nobody looked while it was loading");
    assert_eq!(db.check(), Ok(()));
}

#[test]
fn what_is_seen_while_loading_is_whole_batches() {
    // One thread for parsing and for queries: neither may wait for the other for ever.
    for threads in [1, 2] {
        let db = open_with(threads);
        for generation in 0..2 {
            load_and_watch(&db, generation);
        }
    }
}

#[test]
fn a_strict_load_is_seen_whole_or_not_at_all() {
    let db = open();
    for (bad, expected) in [("no\n", BTreeSet::from([0])), ("", BTreeSet::from([0, N_TWINS]))] {
        let text = fleet(0) + bad;
        let is_over = AtomicBool::new(false);
        let (is_loaded, seen) = thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut seen = BTreeSet::new();
                for way in 0.. {
                    let was_over = is_over.load(Ordering::SeqCst);
                    seen.insert(count(&db, way, "0"));
                    if was_over {
                        break;
                    }
                }
                seen
            });
            let options =
                LoadOptions { on_bad_input: OnBadInput::Stop, progress: None, cancel: None };
            let is_loaded = db.load(text.as_bytes(), &options).is_ok();
            is_over.store(true, Ordering::SeqCst);
            (is_loaded, watcher.join().unwrap())
        });
        assert_eq!(is_loaded, bad.is_empty());
        assert!(seen.is_subset(&expected), "{seen:?}");
    }
}

#[test]
fn loads_at_the_same_time_all_arrive() {
    let db = open();
    thread::scope(|scope| {
        for part in 0..4_u32 {
            let db = db.clone();
            scope.spawn(move || {
                let own = (0..3_000)
                    .map(|n| format!("{{\"deviceId\":\"{part}-{n}\",\"part\":{part}}}\n"));
                let shared =
                    (0..500).map(|n| format!("{{\"deviceId\":\"s{n}\",\"part\":{part}}}\n"));
                let text: String = own.chain(shared).collect();
                db.load(text.as_bytes(), &LoadOptions::default()).unwrap();
            });
        }
    });
    assert_eq!(db.check(), Ok(()));
    assert_eq!(db.n_twins(Collection::Devices), 12_500);
    for part in 0..4 {
        let own = format!("STARTSWITH(deviceId, '{part}-') AND part = {part}");
        assert_eq!(db.condition(own).ids().unwrap().len(), 3_000);
    }
}

/// A condition that no lane answers and that takes a while for each of the fleet's twins.
fn slow_condition() -> String {
    let term = |n: u32| format!("REGEX_MATCH(CONCAT(deviceId, tags.s), '(a|b)*x{n}y') OR ");
    (0..100).map(term).collect::<String>() + "tags.n < 0"
}

fn assert_stopped(outcome: Result<impl Sized, Error>) {
    let Err(error) = outcome else { panic!("it was not stopped") };
    assert!(matches!(error, Error::Run(ExecError::Stopped)), "{error:?}");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Stopped, "X001"));
    assert!(error.is_retryable());
}

fn slow_fleet() -> Twindex {
    let db = open();
    let line =
        |n: u32| format!("{{\"deviceId\":\"d{n}\",\"tags\":{{\"n\":{n},\"s\":\"abab{n}\"}}}}\n");
    let text: String = (0..10_000).map(line).collect();
    db.load(text.as_bytes(), &LoadOptions::default()).unwrap();
    db
}

#[test]
fn deadlines_stop_queries() {
    let db = slow_fleet();
    let condition = slow_condition();
    let statements = [
        format!("SELECT * FROM devices WHERE {condition}"),
        format!("SELECT COUNT() AS n FROM devices WHERE {condition}"),
        format!("SELECT tags.s AS s, COUNT() AS n FROM devices WHERE {condition} GROUP BY tags.s"),
        format!("SELECT deviceId FROM devices WHERE {condition} ORDER BY tags.s LIMIT 3"),
        format!("SELECT DISTINCT tags.s FROM devices WHERE {condition}"),
    ];
    for deadline in [Duration::ZERO, Duration::from_millis(1)] {
        for statement in &statements {
            let query = db.query(statement).deadline(deadline);
            assert_stopped(query.run());
            assert_stopped(query.clone().page_size(2).run());
            assert_stopped(query.ids());
            assert_stopped(query.explain_analyze());
            assert!(query.explain().is_ok(), "a plan takes no time");
        }
    }
    // A deadline that is far away stops nothing.
    for deadline in [Duration::from_secs(3_600), Duration::MAX] {
        assert_eq!(db.condition("tags.n < 5").deadline(deadline).run().unwrap().n_rows(), 5);
    }
    assert_eq!(db.check(), Ok(()));
}

#[test]
fn cancelling_stops_queries() {
    let db = slow_fleet();
    let cancel = CancelToken::new();
    let query = db.condition(slow_condition()).cancel_with(&cancel);
    let n_started = AtomicU64::new(0);
    thread::scope(|scope| {
        let mut runners = Vec::new();
        for _ in 0..2 {
            runners.push(scope.spawn(|| {
                n_started.fetch_add(1, Ordering::SeqCst);
                query.run()
            }));
        }
        while n_started.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        assert!(!cancel.is_cancelled());
        cancel.clone().cancel();
        for runner in runners {
            assert_stopped(runner.join().unwrap());
        }
    });
    // Those to come, too; other queries are not touched.
    assert!(cancel.is_cancelled());
    assert_stopped(query.ids());
    assert_stopped(db.condition("true").cancel_with(&cancel).run());
    assert_eq!(
        db.condition("true").cancel_with(&CancelToken::new()).run().unwrap().n_rows(),
        10_000
    );
    assert_eq!(db.condition("tags.n < 5").run().unwrap().n_rows(), 5);
}
