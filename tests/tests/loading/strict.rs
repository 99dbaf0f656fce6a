//! Strict loading: the first thing that is not as it should be stops it, and leaves exactly what was
//! there before.

use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use proptest::prelude::{prop, prop_assert_eq, proptest};
use serde_json::{Value, json};
use twindex::{
    CancelToken, Collection, Error, ErrorKind, IndexOptions, LoadError, LoadOptions, Place, Twindex,
};
use twindex_tests::pair::{index_variants, lines_of, open};

use crate::arb::{index_options, twin};
use crate::support::{FORGIVING, STRICT, cases, ids_of, load, load_strictly, texts_of, twins_of};

/// Twins of every form, before a load that fails.
const BEFORE: &str = r#"{"deviceId":"d1","tags":{"n":1,"s":"x","at":"2024-05-01T10:20:30.1234567Z","l":[1]}}
{"deviceId":"d2","tags":{"n":2.5,"s":"y","at":"2024-05-01T10:20:31.1234567Z"},"odd":true}
{"deviceId":"d3","tags":null}
{"deviceId":"d1","moduleId":"m","tags":{"n":9007199254740992}}
"#;

/// Good lines that replace, change kinds, add twins and paths, and replace what they added.
const GOOD: &str = r#"{"deviceId":"d2","tags":{"n":"two","s":2,"at":null,"l":{"x":{"y":1}}}}
{"deviceId":"new","tags":{"n":3,"other":"path"},"more":[{}]}
{"deviceId":"d1","tags":[]}
{"deviceId":"d1","moduleId":"m"}
{"deviceId":"new","moduleId":"m","tags":{"n":4}}
{"deviceId":"new","tags":{"n":"again"}}
{"deviceId":"d1","tags":{"n":-1,"s":"z","at":"1999-01-01T00:00:00Z"}}
{"deviceId":"d3"}
"#;

fn before(index: IndexOptions) -> Twindex {
    let db = open(index, 0);
    load(&db, BEFORE);
    db
}

/// Whether `db` answers as one that only ever saw `BEFORE`, also about what is loaded next.
fn assert_as_before(db: &Twindex, index: IndexOptions) {
    let control = before(index);
    for round in 0..2 {
        assert_eq!(texts_of(db), texts_of(&control), "round {round}");
        for condition in [
            "tags.n = 1",
            "tags.n > 1",
            "tags.s = 'z'",
            "tags.other = 'path'",
            "tags.l = []",
            "NOT IS_DEFINED(tags.at)",
            "tags.at < '2024-05-01T10:20:31Z'",
            "IS_STRING(tags.n)",
        ] {
            let rows = |db: &Twindex| {
                let page = db.condition(condition).run().unwrap();
                page.rows().map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(rows(db), rows(&control), "{condition}");
            let ids = |db: &Twindex| db.condition(condition).ids().unwrap();
            assert_eq!(ids(db), ids(&control), "{condition}");
        }
        let groups =
            "SELECT tags.n AS n, COUNT() AS c, MAX(tags.s) AS s FROM devices GROUP BY tags.n";
        let rows = |db: &Twindex| {
            let page = db.query(groups).run().unwrap();
            page.rows().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(rows(db), rows(&control));
        // A twin that comes later takes the row it would have taken.
        for db in [db, &control] {
            load(db, r#"{"deviceId":"later","tags":{"n":"3"}}"#);
        }
    }
}

#[test]
fn whatever_is_wrong_stops_it_and_leaves_what_was_there() {
    let long = |n: usize| "x".repeat(n);
    let wrong: [(String, &str); 13] = [
        ("not json".into(), "not JSON"),
        ("{}".into(), "no `deviceId`"),
        (r#"{"deviceId":"z","a":"\ud800"}"#.into(), "lone surrogate"),
        (r#"{"deviceId":"z","a":1e999}"#.into(), "not finite"),
        (r#"{"deviceId":"d1","tags":{"n":1,"n":2}}"#.into(), "duplicated key"),
        (r#"{"deviceId":"d1","tags":{"l":[{"a":1,"a":1}]}}"#.into(), "duplicated key"),
        (r#"{"deviceId":"d1","x":9007199254740993}"#.into(), "beyond 2^53"),
        (r#"{"deviceId":"d1","tags":{"x":4503599627370496}}"#.into(), "outside -2^52"),
        (
            format!(r#"{{"deviceId":"d1","tags":{{"x":"{}"}}}}"#, long(4_097)),
            "longer than the 4 KB",
        ),
        (format!(r#"{{"deviceId":"d1","tags":{{"{}":1}}}}"#, long(1_025)), "longer than the 1 KB"),
        (
            format!(
                r#"{{"deviceId":"d1","tags":{{"l":[{}]}}}}"#,
                vec!["\"abcdefgh\""; 1_100].join(",")
            ),
            "section larger",
        ),
        (
            format!(
                r#"{{"deviceId":"d1","tags":{}{}}}"#,
                r#"{"x":"#.repeat(11) + "{}",
                "}".repeat(11)
            ),
            "deeper than the 10",
        ),
        (format!(r#"{{"deviceId":"{}"}}"#, long(129)), "longer than the 128"),
    ];
    for index in index_variants() {
        for (line, reason) in &wrong {
            let db = before(index.clone());
            let error = load_strictly(&db, format!("{GOOD}\n{line}\n{GOOD}")).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "X021"));
            let Error::Load(LoadError::BadDocument { place, reason: found }) = &error else {
                panic!("{error:?}");
            };
            assert_eq!(*place, Place::Line(10), "{line:.100}");
            assert!(found.contains(reason), "{line:.100}: {found}");
            assert!(error.to_string().starts_with("line 10: "), "{error}");
            assert_as_before(&db, index.clone());
        }
    }
}

#[test]
fn it_is_taken_back_over_many_batches() {
    let line = |n: u32, key: &str, text: &str| {
        let tags = format!("{{\"{key}\":{n},\"s\":\"{text}{}\"}}", n % 7);
        format!("{{\"deviceId\":\"d{n}\",\"tags\":{tags}}}\n")
    };
    let fleet: String = (0..6_000).map(|n| line(n, "n", "t")).collect();
    let changed: String = (3_000..9_000).map(|n| line(n, "m", "u")).collect();
    for sparse_rows_max in [4_096, 0] {
        let db = open(IndexOptions { sparse_rows_max, ..IndexOptions::default() }, 0);
        load(&db, &fleet);
        let before = texts_of(&db);
        let error = load_strictly(&db, format!("{changed}{{\"deviceId\":0}}\n")).unwrap_err();
        assert!(error.to_string().starts_with("line 6001: "), "{error}");
        assert_eq!(texts_of(&db), before);
        assert_eq!(db.n_twins(Collection::Devices), 6_000);
        let rows = |text: &str| db.condition(text).run().unwrap().n_rows();
        assert_eq!(rows("IS_DEFINED(tags.m)"), 0);
        assert_eq!(rows("tags.s = 't3'"), before.iter().filter(|t| t.contains("\"t3\"")).count());
        // The same without the bad line is loaded.
        let report = load_strictly(&db, &changed).unwrap();
        assert_eq!((report.n_loaded, report.n_replaced), (6_000, 3_000));
        assert_eq!(db.n_twins(Collection::Devices), 9_000);
        assert_eq!(rows("IS_DEFINED(tags.m)"), 6_000);
    }
}

/// A twin whose text, as it is printed, is longer than a document may be.
#[test]
fn a_twin_that_prints_longer_than_it_was_is_put_back_too() {
    let db = Twindex::in_memory();
    let numbers = vec!["9e15"; 1_200_000].join(",");
    load(&db, format!(r#"{{"deviceId":"d","a":[{numbers}]}}"#));
    let before = db.twin("d", None).unwrap();
    assert!(before.len() > 16 << 20);
    assert!(load_strictly(&db, "{\"deviceId\":\"d\"}\nno\n").is_err());
    assert!(db.twin("d", None) == Some(before), "the twin is another one");
}

/// Input that says so and waits before it gives its last byte.
struct Stalling<'a> {
    text: &'a [u8],
    stalled: mpsc::Sender<()>,
    goes_on: mpsc::Receiver<()>,
}

impl Read for Stalling<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.text.len() == 1 {
            self.stalled.send(()).unwrap();
            self.goes_on.recv().unwrap();
        }
        let n = buffer.len().min(self.text.len().saturating_sub(1).max(1));
        (&mut self.text).read(&mut buffer[..n])
    }
}

/// Gives a line at a time, and is cancelled by one of them.
struct CancelledAt<'a> {
    line: Vec<u8>,
    lines: std::ops::RangeFrom<usize>,
    last: usize,
    cancel: &'a CancelToken,
}

impl Read for CancelledAt<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.line.is_empty() {
            let n = self.lines.next().unwrap();
            assert!(n < self.last + 10, "nobody wants more");
            if n == self.last {
                self.cancel.cancel();
            }
            self.line = format!("{{\"deviceId\":\"d{n}\"}}\n").into_bytes();
        }
        let n_given = self.line.len().min(into.len());
        into[..n_given].copy_from_slice(&self.line[..n_given]);
        self.line.drain(..n_given);
        Ok(n_given)
    }
}

#[test]
fn input_without_end_is_not_read_on_once_it_is_cancelled() {
    // Within the first batch, and within a later one.
    for last in [100, 5_000] {
        let (db, cancel) = (Twindex::in_memory(), CancelToken::new());
        let input = CancelledAt { line: Vec::new(), lines: 0.., last, cancel: &cancel };
        let error = db.load(input, &LoadOptions { cancel: Some(&cancel), ..STRICT }).unwrap_err();
        assert_eq!(error.code(), "X024");
        assert_eq!(db.n_twins(Collection::Devices), 0);
    }
}

#[test]
fn a_load_that_waits_for_another_can_be_cancelled() {
    let db = Twindex::in_memory();
    let lines: String = (0..3_000).map(|n| format!("{{\"deviceId\":\"d{n}\"}}\n")).collect();
    let (stalled, has_stalled) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel();
    let input = Stalling { text: lines.as_bytes(), stalled, goes_on };
    let cancel = CancelToken::new();
    thread::scope(|scope| {
        let first = scope.spawn(|| db.load(input, &STRICT));
        has_stalled.recv().unwrap();
        let second = scope.spawn(|| {
            let twin = r#"{"deviceId":"other"}"#;
            db.load(twin.as_bytes(), &LoadOptions { cancel: Some(&cancel), ..FORGIVING })
        });
        thread::sleep(Duration::from_millis(100));
        cancel.cancel();
        assert_eq!(second.join().unwrap().unwrap_err().code(), "X024");
        go_on.send(()).unwrap();
        assert_eq!(first.join().unwrap().unwrap().n_loaded, 3_000);
    });
    assert_eq!(db.n_twins(Collection::Devices), 3_000);
}

#[test]
fn input_that_stalls_keeps_nobody_waiting_once_it_is_cancelled() {
    let lines =
        |n: usize| (0..n).map(|n| format!("{{\"deviceId\":\"d{n}\"}}\n")).collect::<String>();
    // The second stalls before the first batch is whole, and keeps nobody waiting at all.
    for (n, is_cancelled_late) in [(3_000, true), (500, false)] {
        let db = Twindex::in_memory();
        let (text, cancel) = (lines(n), CancelToken::new());
        let (stalled, has_stalled) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel();
        let input = Stalling { text: text.as_bytes(), stalled, goes_on };
        let outcome = thread::scope(|scope| {
            let loading =
                scope.spawn(|| db.load(input, &LoadOptions { cancel: Some(&cancel), ..STRICT }));
            has_stalled.recv().unwrap();
            if is_cancelled_late {
                cancel.cancel();
            }
            load(&db, r#"{"deviceId":"other"}"#);
            assert_eq!(db.n_twins(Collection::Devices), 1);
            assert!(!loading.is_finished());
            cancel.cancel();
            go_on.send(()).unwrap();
            loading.join().unwrap()
        });
        let error = outcome.unwrap_err();
        assert_eq!((error.code(), error.kind()), ("X024", ErrorKind::Stopped));
        assert_eq!(db.n_twins(Collection::Devices), 1);
        assert_eq!(db.check(), Ok(()));
    }
}

#[test]
fn input_that_breaks_off_leaves_what_was_there() {
    let db = before(IndexOptions::default());
    let error = load_strictly(&db, format!("[{}", GOOD.trim().replace('\n', ","))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_as_before(&db, IndexOptions::default());
}

#[test]
fn good_input_is_loaded_as_forgivingly() {
    for index in index_variants() {
        let (strict, forgiving) = (before(index.clone()), before(index));
        let report = load_strictly(&strict, GOOD).unwrap();
        assert_eq!((report.n_loaded, report.n_replaced, report.n_bad), (8, 6, 0));
        assert!(report.warnings.is_empty());
        load(&forgiving, GOOD);
        assert_eq!(texts_of(&strict), texts_of(&forgiving));
        assert_eq!(ids_of(&strict), ["d1", "d2", "d3", "new", "d1/m", "new/m"]);
    }
}

proptest! {
    #![proptest_config(cases(128))]

    /// Any twins before, any twins after: what failed never was.
    #[test]
    fn a_load_that_fails_never_was(
        index in index_options(),
        before in prop::collection::vec(twin(), 0..12),
        removed in 0..12_usize,
        loaded in prop::collection::vec(twin(), 0..12),
        later in prop::collection::vec(twin(), 0..6),
    ) {
        let start = || {
            let db = open(index.clone(), 0);
            db.load(lines_of(&before).as_bytes(), &FORGIVING).unwrap();
            if let Some(twin) = before.get(removed) {
                let module = twin.get("moduleId").and_then(Value::as_str);
                db.remove(twin["deviceId"].as_str().unwrap(), module);
            }
            db
        };
        let (db, control) = (start(), start());
        let bad = [loaded, vec![json!("bad")]].concat();
        prop_assert_eq!(load_strictly(&db, lines_of(&bad)).unwrap_err().code(), "X021");
        prop_assert_eq!(twins_of(&db), twins_of(&control));
        for db in [&db, &control] {
            load(db, lines_of(&later));
        }
        prop_assert_eq!(twins_of(&db), twins_of(&control));
    }
}
