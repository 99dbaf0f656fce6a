//! The memory of a query is bounded, and stopping reaches every kind of work.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use twindex::{CancelToken, Error, ErrorKind, ExecError, LoadOptions, Options, Twindex};

const TWINS: usize = 3_000;

/// What holds memory by the number of rows: each of these is refused under a small budget.
const HUNGRY: [&str; 14] = [
    "SELECT * FROM devices",
    "SELECT deviceId, tags.serial FROM devices",
    "SELECT tags.serial, COUNT() AS n FROM devices GROUP BY tags.serial",
    "SELECT tags.floor, COUNT(DISTINCT tags.serial) AS n FROM devices GROUP BY tags.floor",
    "SELECT tags.serial, COUNT() AS n FROM devices GROUP BY tags.serial ORDER BY COUNT()",
    "SELECT tags.floor, tags.serial FROM devices GROUP BY tags.floor, tags.serial",
    "SELECT UPPER(tags.serial) AS s FROM devices GROUP BY UPPER(tags.serial)",
    "SELECT deviceId, MAX(tags.serial) AS s FROM devices GROUP BY deviceId",
    "SELECT DISTINCT MAX(tags.serial) AS s FROM devices GROUP BY deviceId",
    "SELECT tags, COUNT() AS n FROM devices GROUP BY tags",
    "SELECT DISTINCT tags.serial FROM devices",
    "SELECT DISTINCT tags.serial FROM devices ORDER BY tags.serial",
    "SELECT deviceId FROM devices ORDER BY tags.serial",
    "SELECT tags.serial, tags.floor FROM devices WHERE tags.floor + 1 > 0 ORDER BY tags.floor",
];

fn fleet() -> Twindex {
    let db = Twindex::with_options(Options { threads: 2, ..Options::default() });
    let mut text = String::new();
    for n in 0..TWINS {
        let serial = format!("serial-{:08}-with-a-long-tail-so-that-it-weighs", n * 7_919 % TWINS);
        text.push_str(&format!(
            "{{\"deviceId\":\"d{n}\",\"tags\":{{\"serial\":\"{serial}\",\"floor\":{}}}}}\n",
            n % 10
        ));
    }
    db.load(text.as_bytes(), &LoadOptions::default()).unwrap();
    db
}

#[test]
fn a_query_over_its_budget_is_refused_and_the_engine_goes_on() {
    let db = fleet();
    for text in HUNGRY {
        let error = db.query(text).bytes_max(64 << 10).run().unwrap_err();
        let Error::Run(ExecError::OverBudget { held, held_max }) = error else {
            panic!("{text}: {error}");
        };
        assert!(held > held_max && held_max == 64 << 10, "{text}");
        assert_eq!((error.kind(), error.code()), (ErrorKind::LimitExceeded, "X016"), "{text}");
        assert!(!error.is_retryable() && error.to_string().contains("query_bytes_max"), "{error}");
        let whole = db.query(text).run().unwrap();
        assert!(whole.n_rows() == TWINS || whole.n_rows() == 10, "{text}");
    }
}

#[test]
fn a_condition_that_lists_much_counts_too() {
    let db = fleet();
    let list: Vec<String> = (0..200).map(|n| format!("'serial-{n:08}'")).collect();
    let text =
        format!("SELECT COUNT() AS n FROM devices WHERE tags.serial IN [{}]", list.join(","));
    assert_eq!(db.query(&*text).bytes_max(4 << 10).run().unwrap_err().code(), "X016");
    assert_eq!(db.query(&*text).bytes_max(64 << 10).run().unwrap().n_rows(), 1);
}

/// Columns of what is evaluated row by row weigh while they are made: objects as large as these
/// would take a hundred times the budget before a segment ends.
#[test]
fn columns_are_weighed_while_they_are_made() {
    let db = Twindex::with_options(Options { threads: 2, ..Options::default() });
    let text = "x".repeat(2_000);
    let twins: String = (0..2_000)
        .map(|n| {
            let o = format!("{{\"n\":{n},\"t\":\"{text}\"}}");
            format!("{{\"deviceId\":\"d{n}\",\"tags\":{{\"o\":{o},\"u\":\"{n}{text}\"}}}}\n")
        })
        .collect();
    db.load(twins.as_bytes(), &LoadOptions::default()).unwrap();
    for query in [
        "SELECT tags.o, COUNT() AS n FROM devices GROUP BY tags.o",
        "SELECT COUNT(DISTINCT tags.o) AS n FROM devices",
        "SELECT deviceId FROM devices ORDER BY tags.o LIMIT 2000",
        "SELECT DISTINCT tags.o FROM devices LIMIT 1",
        "SELECT COUNT(DISTINCT CONCAT(tags.o.t, deviceId)) AS n FROM devices",
        "SELECT COUNT(DISTINCT CONCAT(tags.u, '-', tags.u)) AS n FROM devices",
        "SELECT DISTINCT CONCAT(tags.u, tags.u, tags.u) AS s FROM devices LIMIT 1",
        "SELECT deviceId FROM devices ORDER BY UPPER(tags.u) LIMIT 1",
        "SELECT LOWER(tags.u), COUNT() AS n FROM devices GROUP BY LOWER(tags.u)",
    ] {
        let error = db.query(query).bytes_max(1 << 20).run().unwrap_err();
        let Error::Run(ExecError::OverBudget { held, .. }) = error else {
            panic!("{query}: {error}");
        };
        assert!(held < 4 << 20, "{query}: {held}");
    }
    // The groups fit, what orders them does not.
    let copies = "tags.u, ".repeat(100);
    let query = format!(
        "SELECT COUNT() AS n FROM devices GROUP BY tags.u ORDER BY CONCAT({copies}'') LIMIT 1"
    );
    let error = db.query(&*query).bytes_max(16 << 20).run().unwrap_err();
    let Error::Run(ExecError::OverBudget { held, .. }) = error else { panic!("{error}") };
    assert!(held < 20 << 20, "{held}");
}

#[test]
fn what_is_small_runs_within_a_small_budget() {
    let db = fleet();
    let small = [
        "SELECT COUNT() AS n FROM devices WHERE tags.floor > 3",
        "SELECT tags.floor, COUNT() AS n FROM devices GROUP BY tags.floor",
        "SELECT DISTINCT tags.floor FROM devices",
        "SELECT deviceId FROM devices ORDER BY tags.serial LIMIT 10",
        "SELECT * FROM devices LIMIT 10",
    ];
    for text in small {
        let page = db.query(text).bytes_max(64 << 10).run();
        assert!(page.is_ok(), "{text}: {page:?}");
    }
    let mut query = db.query("SELECT * FROM devices").page_size(50).bytes_max(64 << 10);
    let mut n_rows = 0;
    loop {
        let page = query.run().unwrap();
        n_rows += page.n_rows();
        match page.next() {
            Some(token) => query = query.after(token.to_owned()),
            None => break,
        }
    }
    assert_eq!(n_rows, TWINS);
}

#[test]
fn the_engine_has_a_budget_for_all() {
    let options = Options { query_bytes_max: 10_000, ..Options::default() };
    let db = Twindex::with_options(options);
    let twins =
        "{\"deviceId\":\"d\",\"tags\":{\"text\":\"".to_owned() + &"x".repeat(50_000) + "\"}}";
    db.load(twins.as_bytes(), &LoadOptions::default()).unwrap();
    let query = db.query("SELECT * FROM devices");
    assert_eq!(query.run().unwrap_err().code(), "X016");
    assert_eq!(query.bytes_max(1 << 20).run().unwrap().n_rows(), 1);
}

#[test]
fn whatever_is_cancelled_before_it_begins_does_nothing() {
    let db = fleet();
    for text in HUNGRY {
        let cancel = CancelToken::new();
        cancel.cancel();
        let stopped = db.query(text).cancel_with(&cancel).run().unwrap_err();
        assert_eq!(stopped.kind(), ErrorKind::Stopped, "{text}");
    }
}
