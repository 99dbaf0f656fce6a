//! What a count costs while patches arrive: time on the wall, and time of the processor.
//!
//! `cargo run --release -p twindex-benches --example under_writes -- 200000` loads as many generated
//! twins. Criterion tells means of many calls; what is asked here is the median of single ones, and
//! what the counting thread itself spends, which other programs hardly change.

// A program that prints figures.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use twindex::{TwinId, Twindex, Write};
use twindex_benches::{Size, cpu_time, device_ids, fill};

/// Patches a second.
const RATES: [u64; 3] = [0, 10_000, 100_000];
/// Writes that the writing thread submits at once.
const BATCH: u64 = 100;
/// How long each rate is looked at.
const LOOKED: Duration = Duration::from_secs(3);
/// Conditions on paths that are patched, and on ones that are not.
const QUERIES: [&str; 2] = [
    "SELECT COUNT() AS n FROM devices WHERE tags.site = 'berlin' AND status = 'enabled' \
     AND properties.reported.status = 'ok'",
    "SELECT COUNT() AS n FROM devices WHERE properties.reported.connectivity.rssi < -60",
];

fn main() {
    let n_twins = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(200_000);
    let db = Twindex::in_memory();
    fill(&db, Size(n_twins)).unwrap();
    let ids = device_ids(&db);
    for query in QUERIES {
        println!("{query}");
        for rate in RATES {
            look(&db, &ids, (query, rate));
        }
    }
}

fn look(db: &Twindex, ids: &[TwinId], (query, rate): (&str, u64)) {
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| write_at(rate, db, ids, &is_done));
        let query = db.query(query);
        query.run().unwrap();
        let (begun, begun_cpu) = (Instant::now(), cpu_time());
        let mut times = Vec::new();
        while begun.elapsed() < LOOKED {
            let asked = Instant::now();
            query.run().unwrap();
            times.push(asked.elapsed());
        }
        let cpu = (cpu_time() - begun_cpu) / times.len() as u32;
        is_done.store(true, Ordering::Relaxed);
        let reached = writing.join().unwrap();
        times.sort_unstable();
        let at = |part: f64| times[(times.len() as f64 * part) as usize];
        println!(
            "{rate:>7}/s ({reached:.0} reached): p50 {:?}, p90 {:?}, p99 {:?}, cpu {cpu:?}",
            at(0.5),
            at(0.9),
            at(0.99)
        );
    });
}

/// Writes `rate` patches a second, or as many as go, until it is done; gives the rate reached.
fn write_at(rate: u64, db: &Twindex, ids: &[TwinId], is_done: &AtomicBool) -> f64 {
    let begun = Instant::now();
    let mut n_written = 0_u64;
    while rate > 0 && !is_done.load(Ordering::Relaxed) {
        let writes = (n_written..n_written + BATCH).map(|number| {
            let twin = (number.wrapping_mul(2_654_435_761) % ids.len() as u64) as usize;
            let (rssi, status) = (30 + number % 80, ["ok", "error"][number as usize % 2]);
            let text = format!(r#"{{"connectivity":{{"rssi":-{rssi}}},"status":"{status}"}}"#);
            Write::report(ids[twin].clone(), &text).unwrap()
        });
        assert!(db.write_all(writes.collect()).iter().all(Result::is_ok));
        n_written += BATCH;
        let due = Duration::from_secs_f64(n_written as f64 / rate as f64);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    n_written as f64 / begun.elapsed().as_secs_f64()
}
