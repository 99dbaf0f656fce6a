//! Row ids, pages and continuation tokens, as programs rely on them.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::sync::Arc;

use proptest::prelude::{ProptestConfig, prop, prop_assert_eq, proptest};
use serde_json::{Value, json};
use twindex::{
    Error, ErrorKind, IndexOptions, LoadOptions, ManualClock, Options, Page, Query, Twindex,
};
use twindex_lang::ast::Collection;
use twindex_testkit::{Case, Dice};
use twindex_tests::pair::{index_variants, lines_of, open};

/// Twins with ties, gaps and every kind of key.
fn fleet() -> Vec<Value> {
    let twin = |n: u32| {
        let mut twin = json!({"deviceId": format!("d{n}"), "tags": {"n": n, "third": n % 3}});
        match n % 7 {
            0 => twin["tags"]["key"] = json!(n % 4),
            1 => twin["tags"]["key"] = json!(format!("k{}", n % 5)),
            2 => twin["tags"]["key"] = json!(null),
            3 => twin["tags"]["key"] = json!([n % 2]),
            4 => twin["tags"]["key"] = json!({"a": n % 2}),
            _ => {}
        }
        if n % 10 == 9 {
            twin["moduleId"] = json!("m");
        }
        twin
    };
    (0..120).map(twin).collect()
}

fn db_with(twins: &[Value], index: IndexOptions, now_ms: i64) -> Twindex {
    let db = open(index, now_ms);
    db.load(lines_of(twins).as_bytes(), &LoadOptions::default()).unwrap();
    db
}

/// One query for each way of walking that pages have.
const QUERIES: [&str; 14] = [
    "SELECT * FROM devices",
    "SELECT * FROM devices.modules",
    "SELECT deviceId FROM devices WHERE tags.third = 1",
    "SELECT tags.key AS k, deviceId FROM devices ORDER BY tags.key",
    "SELECT tags.key AS k, deviceId FROM devices ORDER BY tags.key DESC, tags.third",
    "SELECT deviceId FROM devices ORDER BY tags.third DESC, tags.n * -1 LIMIT 50 OFFSET 7",
    "SELECT TOP 20 deviceId FROM devices WHERE tags.n > 30",
    "SELECT deviceId FROM devices LIMIT 33 OFFSET 15",
    "SELECT DISTINCT tags.key FROM devices",
    "SELECT DISTINCT tags.third FROM devices ORDER BY tags.third DESC",
    "SELECT tags.key AS k, COUNT() AS n FROM devices GROUP BY tags.key",
    "SELECT tags.key AS k, COUNT() AS n FROM devices GROUP BY tags.key ORDER BY n DESC",
    "SELECT tags.key AS k, tags.third AS t, MAX(tags.n) AS m FROM devices GROUP BY tags.key, tags.third HAVING m > 40",
    "SELECT COUNT() AS n, AVG(tags.n) AS a FROM devices",
];

fn rows_of(page: &Page) -> Vec<String> {
    page.rows().map(str::to_owned).collect()
}

/// All rows in pages of these sizes, one after the other and over again.
fn paged(query: &Query<'_>, sizes: &[usize]) -> Vec<String> {
    let mut rows = Vec::new();
    let mut token: Option<String> = None;
    for size in sizes.iter().cycle() {
        let mut query = query.clone().page_size(*size);
        if let Some(token) = &token {
            query = query.after(token);
        }
        let page = query.run().unwrap();
        rows.extend(rows_of(&page));
        match page.next() {
            Some(next) => token = Some(next.to_owned()),
            None => return rows,
        }
        assert_eq!(page.n_rows(), (*size).max(1), "rows remain, so the page is full");
    }
    rows
}

#[test]
fn pages_of_changing_sizes_are_the_whole_answer() {
    for index in index_variants() {
        let db = db_with(&fleet(), index, 0);
        for text in QUERIES {
            let query = db.query(text);
            let whole = query.run().unwrap();
            assert_eq!(whole.next(), None, "{text}: a token after the last row");
            let n = whole.n_rows();
            assert!(n > 0, "{text}");
            for sizes in [
                &[1][..],
                &[2, 5, 1],
                &[7, 100],
                &[0],
                &[n],
                &[n - 1, 1],
                &[n + 1, 1],
                &[usize::MAX],
            ] {
                assert_eq!(paged(&query, sizes), rows_of(&whole), "{text}, pages of {sizes:?}");
            }
        }
    }
}

#[test]
fn a_full_last_page_has_no_token() {
    let db = db_with(&fleet(), IndexOptions::default(), 0);
    for text in QUERIES {
        let n = db.query(text).run().unwrap().n_rows();
        assert_eq!(db.query(text).page_size(n).run().unwrap().next(), None, "{text}");
        if n > 1 {
            let first = db.query(text).page_size(n - 1).run().unwrap();
            let last = db.query(text).page_size(1).after(first.next().unwrap()).run().unwrap();
            assert_eq!((last.n_rows(), last.next()), (1, None), "{text}");
        }
    }
}

#[test]
fn tokens_outlive_the_engine_that_gave_them() {
    for index in index_variants() {
        for text in QUERIES {
            let whole = rows_of(&db_with(&fleet(), index.clone(), 0).query(text).run().unwrap());
            let mut rows = Vec::new();
            let mut token: Option<String> = None;
            loop {
                // Another engine for each page, as after a restart.
                let db = db_with(&fleet(), index.clone(), 5);
                let mut query = db.query(text).page_size(4);
                if let Some(token) = &token {
                    query = query.after(token);
                }
                let page = query.run().unwrap();
                rows.extend(rows_of(&page));
                let Some(next) = page.next() else { break };
                token = Some(next.to_owned());
            }
            assert_eq!(rows, whole, "{text}");
        }
    }
}

#[test]
fn a_token_keeps_the_time_of_the_first_page() {
    let clock = Arc::new(ManualClock::new(1_000));
    let options = Options { clock: Arc::<ManualClock>::clone(&clock), ..Options::default() };
    let db = Twindex::with_options(options);
    db.load(lines_of(&fleet()).as_bytes(), &LoadOptions::default()).unwrap();
    let query = db.query("SELECT NOW() AS now FROM devices WHERE tags.n * 100 < NOW()");
    let whole = rows_of(&query.run().unwrap());
    let mut page = query.clone().page_size(3).run().unwrap();
    let mut rows = rows_of(&page);
    while let Some(token) = page.next().map(str::to_owned) {
        clock.set_ms(clock_ms(&rows) + 5_000);
        page = query.clone().page_size(3).after(token).run().unwrap();
        rows.extend(rows_of(&page));
    }
    assert_eq!(rows, whole);
    assert!(rows.iter().all(|row| row == r#"{"now":1000}"#), "{rows:?}");
}

/// The time a row tells.
fn clock_ms(rows: &[String]) -> i64 {
    let row: Value = serde_json::from_str(rows.last().unwrap()).unwrap();
    row["now"].as_i64().unwrap()
}

fn assert_refused(outcome: Result<Page, Error>, code: &str, what: &str) {
    let Err(error) = outcome else { panic!("{what} was accepted") };
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidToken, code), "{what}: {error}");
    assert!(!error.is_retryable() && error.diagnostics().is_empty());
}

#[test]
fn damaged_tokens_are_refused() {
    let db = db_with(&fleet(), IndexOptions::default(), 0);
    for text in QUERIES {
        let query = db.query(text).page_size(1);
        let page = query.run().unwrap();
        let Some(token) = page.next() else { continue };
        let refuse = |token: &str| {
            assert_refused(query.clone().after(token).run(), "X010", token);
        };
        for cut in 0..token.len() {
            refuse(&token[..cut]);
        }
        for place in 0..token.len() {
            for other in ["A", "z", "_", "=", "é"] {
                let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
                if changed != token {
                    refuse(&changed);
                }
            }
        }
        refuse(&format!("{token}A"));
        refuse(&format!("{token}{token}"));
        refuse("not a token");
        assert!(
            query.clone().after(format!(" {token}\n")).run().is_ok(),
            "blanks were copied along"
        );
    }
}

#[test]
fn tokens_of_other_queries_are_refused() {
    let db = db_with(&fleet(), IndexOptions::default(), 0);
    let tokens: Vec<Option<String>> = QUERIES
        .iter()
        .map(|text| db.query(*text).page_size(1).run().unwrap().next().map(str::to_owned))
        .collect();
    for (n, token) in tokens.iter().enumerate() {
        let Some(token) = token else { continue };
        for (m, text) in QUERIES.iter().enumerate() {
            let outcome = db.query(*text).after(token).run();
            if n == m {
                assert!(outcome.is_ok(), "{text}");
            } else {
                assert_refused(outcome, "X012", text);
            }
        }
    }
    // One query, spelled in other ways.
    let first =
        db.query("SELECT deviceId FROM devices WHERE tags.n > 5").page_size(1).run().unwrap();
    let token = first.next().unwrap();
    for text in [
        "select DEVICEID from Devices where (tags.n>5.0) -- more",
        "SELECT d.deviceId FROM devices AS d WHERE d.tags.n > 5;",
    ] {
        assert!(db.query(text).after(token).run().is_ok(), "{text}");
    }
    for text in [
        "SELECT deviceId FROM devices WHERE tags.n > 6",
        "SELECT deviceId FROM devices WHERE tags.N > 5",
        "SELECT deviceId FROM devices.modules WHERE tags.n > 5",
        "SELECT id AS d FROM devices WHERE tags.n > 5",
    ] {
        assert_refused(db.query(text).after(token).run(), "X012", text);
    }
}

fn collection_name(collection: Collection) -> &'static str {
    match collection {
        Collection::Devices => "devices",
        Collection::Modules => "devices.modules",
        Collection::Jobs => "devices.jobs",
    }
}

#[test]
fn row_ids_are_the_rows_of_the_condition() {
    let mut n_asked = 0;
    for seed in 0..150 {
        let case = Case::generate(seed);
        for index in [IndexOptions::default(), index_variants().swap_remove(seed as usize % 6)] {
            let db = db_with(&case.twins, index, case.now_ms);
            for asked in &case.rounds[0].queries {
                let Some(condition) = &asked.query.condition else { continue };
                let from = collection_name(asked.query.collection);
                let Ok(ids) = db.query(&asked.text).ids() else { continue };
                let text = format!("SELECT deviceId, moduleId FROM {from} WHERE {condition}");
                let rows = db.query(&text).run().unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(ids.len(), rows.n_rows() as u64, "{text}");
                // Ids ascend as rows do: each names the twin at its place among the rows.
                for (id, row) in ids.iter().zip(rows.values()) {
                    let module = match row.get("moduleId") {
                        Some(module) => format!("moduleId = {module}"),
                        None => "true".to_owned(),
                    };
                    let one = format!(
                        "SELECT * FROM {from} WHERE deviceId = {} AND {module}",
                        row["deviceId"]
                    );
                    assert!(db.query(&one).ids().unwrap().contains(id), "{text}: {row}");
                }
                n_asked += 1;
            }
        }
    }
    assert!(n_asked > 500, "{n_asked}");
}

#[test]
fn row_ids_combine_as_conditions_do() {
    for index in index_variants() {
        let db = db_with(&fleet(), index, 0);
        let ids = |text: &str| db.condition(text).ids().unwrap();
        let (a, b) = (ids("tags.third = 1"), ids("tags.n > 40"));
        assert_eq!(&a & &b, ids("tags.third = 1 AND tags.n > 40"));
        assert_eq!(&a | &b, ids("tags.third = 1 OR tags.n > 40"));
        assert_eq!(&ids("*") - &b, ids("NOT tags.n > 40"));
        // A twin keeps its id whatever is written to it and around it.
        let id = ids("deviceId = 'd50'");
        db.load(&br#"{"deviceId":"d50","x":1}"#[..], &LoadOptions::default()).unwrap();
        db.remove("d49", None);
        db.remove("d1", None);
        assert_eq!(ids("x = 1"), id);
    }
}

/// Queries that give one row a twin, by keys that do not change for those that stay.
const WALKS: [&str; 4] = [
    "SELECT deviceId FROM devices WHERE tags.stays = true",
    "SELECT deviceId FROM devices WHERE tags.stays = true ORDER BY tags.key",
    "SELECT deviceId FROM devices WHERE tags.stays = true ORDER BY tags.key DESC, tags.third",
    "SELECT deviceId FROM devices ORDER BY tags.third DESC, tags.n",
];

/// What happens between two pages: twins that do not stay are removed, changed or added, and those
/// that stay are written anew with the same keys.
fn disturb(db: &Twindex, dice: &mut Dice) {
    for _ in 0..1 + dice.below(8) {
        let n = dice.below(60);
        match dice.below(4) {
            0 => {
                db.remove(&format!("x{n}"), None);
            }
            1 => put(db, &stable(n, dice.below(1_000))),
            _ => {
                let key = [json!(n), json!("k1"), json!(null), json!([n])][dice.below(4)].clone();
                let tags = json!({"stays": dice.chance(50), "key": key, "third": n % 5, "n": n});
                put(db, &json!({"deviceId": format!("x{n}"), "tags": tags}));
            }
        }
    }
}

fn put(db: &Twindex, twin: &Value) {
    db.load(twin.to_string().as_bytes(), &LoadOptions::default()).unwrap();
}

/// A twin that stays; `other` is no key of any walk.
fn stable(n: usize, other: usize) -> Value {
    let key = [json!(n % 4), json!(format!("k{}", n % 3)), json!(null), json!([1])][n % 4].clone();
    let tags = json!({"stays": true, "key": key, "third": n % 3, "n": n, "other": other});
    json!({"deviceId": format!("s{n}"), "tags": tags})
}

/// So many cases, unless `PROPTEST_CASES` says otherwise.
fn cases(n: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(n),
    }
}

proptest! {
    #![proptest_config(cases(96))]

    /// Whatever is written between pages, a twin that stays is given exactly once.
    #[test]
    fn twins_that_stay_are_given_once(
        seed in 0..u64::MAX,
        index in prop::sample::select(index_variants()),
        sizes in prop::collection::vec(1..12_usize, 1..4),
    ) {
        for text in WALKS {
            let mut dice = Dice::new(seed);
            let db = open(index.clone(), 0);
            for n in 0..60 {
                put(&db, &stable(n, 0));
                disturb(&db, &mut dice);
            }
            let mut met = vec![0; 60];
            let mut token: Option<String> = None;
            for size in sizes.iter().cycle() {
                let mut query = db.query(text).page_size(*size);
                if let Some(token) = &token {
                    query = query.after(token);
                }
                let page = query.run().unwrap();
                for row in page.values() {
                    let id = row["deviceId"].as_str().unwrap().to_owned();
                    if let Some(n) = id.strip_prefix('s') {
                        met[n.parse::<usize>().unwrap()] += 1;
                    }
                }
                let Some(next) = page.next() else { break };
                token = Some(next.to_owned());
                disturb(&db, &mut dice);
            }
            prop_assert_eq!(&met, &vec![1; 60], "{}", text);
        }
    }
}
