//! How fast an engine does again what its log holds.
//!
//! `cargo run --release -p twindex-benches --example replay -- 200000 1000000` loads twins into a
//! store in memory, makes a checkpoint, patches them in batches of 1,000, and opens a copy of the
//! storage as it lies there: once without the log after the checkpoint, and once with it. The
//! difference is the log's. No disk is in it, which does 1M patches of 150 bytes in a part of the
//! time.

// A program that prints figures.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use twindex::storage::MemoryStorage;
use twindex::{Options, StoreOptions, Twindex, Write};
use twindex_benches::{Size, cpu_time, device_ids};

/// Patches of one batch.
const BATCH: u64 = 1_000;

fn main() {
    let number = |at: usize, default: u64| {
        std::env::args().nth(at).and_then(|arg| arg.parse().ok()).unwrap_or(default)
    };
    let (n_twins, n_patches) = (number(1, 200_000), number(2, 1_000_000));
    let storage = Arc::new(MemoryStorage::default());
    let before = fill(&storage, n_twins, n_patches);
    let n_runs = number(3, 3);
    let least = |storage: &MemoryStorage| (0..n_runs).map(|_| open(storage)).min().unwrap();
    let (without, with) = (least(&before), least(&storage));
    let spent = with.saturating_sub(without);
    println!(
        "{n_patches} patches of {n_twins} twins: opened in {without:?}, with the log in {with:?}: \
         {:.2} µs of the processor a patch, {:.0} a second",
        spent.as_secs_f64() * 1e6 / n_patches as f64,
        n_patches as f64 / spent.as_secs_f64()
    );
}

/// Loads and patches; gives the storage as it was before the patches.
fn fill(storage: &Arc<MemoryStorage>, n_twins: u64, n_patches: u64) -> MemoryStorage {
    let (options, store) = (Options::default(), StoreOptions::default());
    let db = Twindex::open_storage(Arc::clone(storage) as _, options, store).unwrap();
    twindex_benches::fill(&db, Size(n_twins)).unwrap();
    let ids = device_ids(&db);
    db.checkpoint().unwrap();
    let before = storage.to_copy();
    for first in (0..n_patches).step_by(BATCH as usize) {
        let writes = (first..first + BATCH).map(|number| {
            let twin = (number.wrapping_mul(2_654_435_761) % ids.len() as u64) as usize;
            let (rssi, status) = (30 + number % 80, ["ok", "error"][number as usize % 2]);
            let text = format!(
                r#"{{"telemetryInterval":{},"connectivity":{{"rssi":-{rssi}}},"status":"{status}"}}"#,
                10 + number % 7
            );
            Write::report(ids[twin].clone(), &text).unwrap()
        });
        assert!(db.write_all(writes.collect()).iter().all(Result::is_ok));
    }
    before
}

/// What the opening thread spends of the processor: it does the log again.
fn open(storage: &MemoryStorage) -> Duration {
    let copy = Arc::new(storage.to_copy());
    let begun = cpu_time();
    let db = Twindex::open_storage(copy, Options::default(), StoreOptions::default()).unwrap();
    let spent = cpu_time() - begun;
    drop(db);
    spent
}
