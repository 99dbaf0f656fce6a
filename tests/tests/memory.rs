//! What an engine says of its memory is what it allocated.
//!
//! One test in a binary of its own: whatever else ran beside it would be counted too.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use twindex::{LoadOptions, Options, Twindex, Write};
use twindex_fleet::{Fleet, FleetOptions};
use twindex_kernels::memory::{Counting, stats};

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

/// Enough for settled segments beside an open one, with less than a minute of a slow machine.
const TWINS: u64 = 50_000;
const CHUNK: u64 = 5_000;

/// Bytes allocated now: what the global allocator gave, and blocks of lane memory.
fn allocated() -> usize {
    ALLOCATOR.bytes() + stats().used_bytes
}

fn load(db: &Twindex, fleet: &Fleet) {
    for from in (0..TWINS).step_by(CHUNK as usize) {
        let mut text = String::new();
        for number in from..(from + CHUNK).min(TWINS) {
            fleet.twin_json(number, &mut text);
            text.push('\n');
        }
        db.load(text.as_bytes(), &LoadOptions::default()).unwrap();
    }
}

#[track_caller]
fn assert_agree(db: &Twindex, before: usize, when: &str) {
    let (told, found) = (db.memory().total_bytes(), allocated() - before);
    let difference = told.abs_diff(found);
    assert!(difference * 10 <= found, "{when}: told of {told} bytes, allocated {found}");
}

#[test]
fn what_is_told_is_what_was_allocated() {
    let fleet = Fleet::new(FleetOptions { twins: TWINS, seed: 5 });
    let before = allocated();
    let db = Twindex::with_options(Options { threads: 2, ..Options::default() });
    load(&db, &fleet);
    assert_agree(&db, before, "after the load");
    for path in ["tags.deviceType", "tags.customer", "properties.reported.firmware.version"] {
        let query = format!("SELECT {path}, COUNT() AS n FROM devices GROUP BY {path}");
        assert!(db.query(query).run().unwrap().n_rows() > 1);
    }
    assert_agree(&db, before, "after counts and postings were made");
    let page = db.query("SELECT deviceId FROM devices").page_size(2_000).run().unwrap();
    let ids = page.values().map(|row| row["deviceId"].as_str().unwrap().to_owned());
    let writes = ids.map(|id| {
        let twin = twindex::TwinId::device(&id).unwrap();
        Write::report(twin, r#"{"power":{"level":7},"note":"written"}"#).unwrap()
    });
    let writes: Vec<Write> = writes.collect();
    assert!(db.write_all(writes).iter().all(Result::is_ok));
    drop(page);
    assert_agree(&db, before, "after writes");
    drop(db);
    let left = allocated() - before;
    assert!(left < 1 << 20, "{left} bytes are left of an engine that is gone");
}
