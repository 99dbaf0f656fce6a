//! Versions as programs use them: snapshots, pages while twins change, waiting for a version, and
//! what may be asked while a load runs.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use twindex::{
    CancelToken, Collection, Error, ErrorKind, ExecError, IndexOptions, LoadError, LoadOptions,
    LoadProgress, OnBadInput, Options, Query, Twindex,
};
use twindex_testkit::Dice;
use twindex_tests::pair::lines_of;

const QUERIES: [&str; 9] = [
    "SELECT * FROM devices",
    "SELECT deviceId FROM devices WHERE tags.n > 100 AND tags.site = 's1'",
    "SELECT deviceId, tags.n FROM devices WHERE tags.n + 1 > properties.reported.n",
    "SELECT deviceId FROM devices ORDER BY tags.n DESC LIMIT 40",
    "SELECT DISTINCT tags.site FROM devices",
    "SELECT tags.site AS s, COUNT() AS n, SUM(tags.n) AS sum FROM devices GROUP BY tags.site",
    "SELECT COUNT() AS n FROM devices WHERE tags.site = 's2'",
    "SELECT COUNT() AS n FROM devices WHERE IN_SYNC()",
    "SELECT COUNT(tags) AS n, MAX(tags) AS best, COUNT(DISTINCT tags.site) AS sites FROM devices",
];

fn open() -> Twindex {
    let index = IndexOptions { segment_rows_max: 512, ..IndexOptions::default() };
    Twindex::with_options(Options { index, threads: 2, ..Options::default() })
}

/// Twins `numbers` of a generation.
fn twins(numbers: impl IntoIterator<Item = u32>, generation: u32) -> Vec<Value> {
    let twin = |n: u32| {
        let site = format!("s{}", (n + generation) % 5);
        json!({"deviceId": format!("d{n}"), "tags": {"site": site, "n": n + generation},
            "properties": {"desired": {"gen": generation}, "reported": {"gen": n % 3, "n": n}}})
    };
    numbers.into_iter().map(twin).collect()
}

fn load(db: &Twindex, twins: &[Value]) {
    db.load(lines_of(twins).as_bytes(), &LoadOptions::default()).unwrap();
}

/// All rows, in pages of one size.
fn paged(query: &Query<'_>, page_rows: usize) -> Vec<Value> {
    let (mut rows, mut token) = (Vec::new(), None::<String>);
    loop {
        let query = query.clone().page_size(page_rows);
        let query = if let Some(token) = &token { query.after(token) } else { query };
        let page = query.run().unwrap();
        rows.extend(page.values());
        match page.next() {
            Some(next) => token = Some(next.to_owned()),
            None => return rows,
        }
    }
}

fn code_of(outcome: Result<impl Sized, Error>) -> (&'static str, ErrorKind) {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(error) => (error.code(), error.kind()),
    }
}

#[test]
fn a_snapshot_answers_as_it_did_whatever_is_written() {
    let db = open();
    load(&db, &twins(0..1_500, 0));
    let snapshot = db.snapshot();
    assert_eq!(snapshot.version(), db.version());
    let ask = |text: &str| paged(&db.query(text), usize::MAX);
    let before: Vec<Vec<Value>> = QUERIES.iter().map(|text| ask(text)).collect();
    let twin = db.twin("d7", None);
    for generation in 1..4 {
        load(&db, &twins((0..1_700).step_by(2), generation));
        (generation..1_500).step_by(7).for_each(|n| _ = db.remove(&format!("d{n}"), None));
        for (text, expected) in QUERIES.iter().zip(&before) {
            let query = db.query(*text).at(&snapshot);
            assert_eq!(query.run().unwrap().version(), snapshot.version());
            assert_eq!(paged(&query, usize::MAX), *expected, "{text}");
            assert_eq!(paged(&query, 97), *expected, "{text}");
            assert_ne!(ask(text), *expected, "{text}: nothing was written");
        }
        let ids = db.condition("tags.site = 's2'").at(&snapshot).ids().unwrap();
        assert_eq!(ids.len(), 300);
        assert_eq!(snapshot.twin("d7", None).unwrap(), twin);
        assert_eq!(snapshot.n_twins(Collection::Devices).unwrap(), 1_500);
        assert_eq!(db.check(), Ok(()));
    }
    assert!(db.version() > snapshot.version());
}

/// Pages of random sizes, with writes before each; the ids of the rows given.
fn walk(db: &Twindex, text: &str, dice: &mut Dice, write: &mut dyn FnMut(&mut Dice)) -> Vec<u32> {
    let (mut ids, mut token) = (Vec::new(), None::<String>);
    loop {
        let query = db.query(text).page_size(1 + dice.below(1_000));
        let query = if let Some(token) = &token { query.after(token) } else { query };
        let page = query.run().unwrap();
        let id = |row: Value| row["deviceId"].as_str().unwrap()[1..].parse::<u32>().unwrap();
        ids.extend(page.values().map(id));
        match page.next() {
            Some(next) => token = Some(next.to_owned()),
            None => return ids,
        }
        write(dice);
    }
}

#[test]
fn twins_that_stay_are_paged_exactly_once_while_others_come_and_go() {
    const N: u32 = 2_000;
    let mut dice = Dice::new(7);
    for text in [
        "SELECT deviceId FROM devices",
        "SELECT deviceId FROM devices WHERE properties.reported.gen < 9 ORDER BY tags.site",
        "SELECT deviceId FROM devices ORDER BY tags.n DESC",
    ] {
        for _ in 0..3 {
            let db = open();
            load(&db, &twins(0..N, 0));
            // Every third twin stays; the others change, vanish and appear again.
            let ids = walk(&db, text, &mut dice, &mut |dice| {
                let changing: BTreeSet<u32> = (0..40)
                    .map(|_| dice.below(N as usize * 2) as u32)
                    .filter(|n| n % 3 != 0)
                    .collect();
                changing.iter().step_by(2).for_each(|n| _ = db.remove(&format!("d{n}"), None));
                let generation = 1 + dice.below(9) as u32;
                load(&db, &twins(changing.into_iter().skip(1).step_by(2), generation));
            });
            let mut stayed: Vec<u32> = ids.into_iter().filter(|n| n % 3 == 0).collect();
            stayed.sort_unstable();
            assert!(stayed.iter().copied().eq((0..N).step_by(3)), "{text}: {stayed:?}");
        }
    }
}

#[test]
fn a_query_waits_for_the_version_it_wants() {
    let db = open();
    load(&db, &twins(0..10, 0));
    let next = db.version() + 1;
    let page = thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let query = db.query("SELECT COUNT() AS n FROM devices").at_least_version(next);
            query.deadline(Duration::from_secs(600)).run().unwrap()
        });
        load(&db, &twins(0..20, 0));
        waiting.join().unwrap()
    });
    assert!(page.version() >= next);
    assert_eq!(page.values().next().unwrap()["n"], 20);
    // One that is there is not waited for; one that nobody has written is not there.
    let query = db.condition("true").deadline(Duration::from_secs(600));
    assert_eq!(query.clone().at_least_version(db.version()).ids().unwrap().len(), 20);
    let never = db.condition("true").at_least_version(u64::MAX);
    assert_eq!(code_of(never.clone().deadline(Duration::ZERO).run()), ("X001", ErrorKind::Stopped));
    let cancel = CancelToken::new();
    cancel.cancel();
    assert_eq!(code_of(never.clone().cancel_with(&cancel).run()), ("X001", ErrorKind::Stopped));
    assert_eq!(code_of(never.run()), ("X014", ErrorKind::NoSuchVersion));
    let at = db.snapshot();
    let newer = db.condition("true").at(&at).at_least_version(at.version() + 1);
    assert_eq!(code_of(newer.ids()), ("X014", ErrorKind::NoSuchVersion));
}

#[test]
fn a_snapshot_belongs_to_one_engine_and_may_be_given_up() {
    let (db, other) = (open(), open());
    load(&db, &twins(0..10, 0));
    let foreign = db.query("SELECT * FROM devices").at(&other.snapshot()).run().map(drop);
    assert_eq!(code_of(foreign), ("X015", ErrorKind::NoSuchVersion));

    let forgetful = Twindex::with_options(Options { undo_bytes_max: 0, ..Options::default() });
    load(&forgetful, &twins(0..10, 0));
    let old = forgetful.snapshot();
    load(&forgetful, &twins(0..10, 1));
    let expired = ("X013", ErrorKind::NoSuchVersion);
    for text in QUERIES {
        let query = forgetful.query(text).at(&old);
        assert_eq!(code_of(query.run()), expired, "{text}");
        assert_eq!(code_of(query.explain()), expired, "{text}");
    }
    assert_eq!(code_of(old.twin("d1", None)), expired);
    assert_eq!(code_of(old.n_twins(Collection::Devices)), expired);
    assert!(matches!(old.twin("d1", None), Err(Error::Run(ExecError::SnapshotExpired))));
    assert_eq!(forgetful.query(QUERIES[0]).run().unwrap().n_rows(), 10);
}

/// Input that asks the engine for itself before it gives some bytes.
struct Asking<'a> {
    db: &'a Twindex,
    bytes: &'a [u8],
    n_asked: u32,
}

impl Read for Asking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.db.query("SELECT COUNT() AS n FROM devices").run().unwrap();
        assert_eq!(count.values().next().unwrap()["n"], 10, "part of a strict load was seen");
        assert_eq!(self.db.n_twins(Collection::Devices), 10);
        let inner = self.db.load(&b"{\"deviceId\":\"d3\"}"[..], &LoadOptions::default());
        assert!(matches!(inner, Err(Error::Load(LoadError::WithinLoad))));
        self.n_asked += 1;
        let n = buffer.len().min(64 << 10);
        (&mut self.bytes).read(&mut buffer[..n])
    }
}

#[test]
fn a_load_lets_its_input_and_its_caller_ask() {
    for (mode, more) in [(OnBadInput::Stop, ""), (OnBadInput::Stop, "no\n"), (OnBadInput::Skip, "")]
    {
        let db = open();
        load(&db, &twins(0..10, 0));
        let text = lines_of(&twins(0..3_000, 1)) + more;
        let told = Cell::new(0);
        let progress = |at: LoadProgress| {
            told.set(told.get() + 1);
            let n = db.n_twins(Collection::Devices);
            assert!(if mode == OnBadInput::Stop { n == 10 } else { n >= at.n_twins });
            assert_eq!(db.check(), Ok(()));
            assert!(db.twin("d3", None).is_some() && db.stats().bytes_total() > 0);
            let inner = db.load(&b"{\"deviceId\":\"d3\"}"[..], &LoadOptions::default());
            match mode {
                OnBadInput::Skip => assert_eq!(inner.unwrap().n_replaced, 1),
                OnBadInput::Stop => {
                    let error = inner.unwrap_err();
                    assert_eq!((error.code(), error.kind()), ("X022", ErrorKind::Misuse));
                    assert!(matches!(error, Error::Load(LoadError::WithinLoad)));
                }
            }
        };
        let options = LoadOptions { on_bad_input: mode, progress: Some(&progress), cancel: None };
        let is_loaded = if mode == OnBadInput::Stop {
            let mut input = Asking { db: &db, bytes: text.as_bytes(), n_asked: 0 };
            let is_loaded = db.load(&mut input, &options).is_ok();
            assert!(input.n_asked > 1);
            is_loaded
        } else {
            db.load(text.as_bytes(), &options).is_ok()
        };
        assert_eq!(is_loaded, more.is_empty());
        assert!(told.get() > 1);
        let n_expected = if is_loaded { 3_000 } else { 10 };
        assert_eq!(db.n_twins(Collection::Devices), n_expected);
        let n_loaded = db.condition("properties.desired.gen = 1").ids().unwrap().len();
        assert!(n_loaded + 1 >= if is_loaded { 3_000 } else { 0 } && n_loaded <= n_expected);
        assert_eq!(db.check(), Ok(()));
        // Who loads afterwards is not taken for who loaded.
        load(&db, &twins(0..10, 3));
    }
}
