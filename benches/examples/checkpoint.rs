//! What checkpoints cost and what they do to others: bytes and time of a whole one and of those after
//! few changes, latency of queries and writes while they are made, and opening with and without a
//! log to be done again.
//!
//! `cargo run --release -p twindex-benches --example checkpoint -- DIR 200000` makes a store in DIR,
//! which must not exist or be empty, with as many generated twins.

// A program that prints figures.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::{Read, Result as IoResult};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use twindex::{LoadOptions, Options, StoreOptions, TwinId, Twindex, Write};
use twindex_fleet::{Fleet, FleetOptions};

/// How long latency is looked at in each setting.
const SECONDS: f64 = 3.0;
/// Patches in the log that is done again.
const REPLAYED: u64 = 300_000;

fn main() {
    let mut args = std::env::args().skip(1);
    let directory = args.next().expect("a directory for the store");
    let n_twins: u64 = args.next().and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let db = open(&directory, 30);
    let fleet = Fleet::new(FleetOptions { twins: n_twins, seed: 1 });
    db.load(Lines { lines: fleet.lines(), left: Vec::new(), at: 0 }, &LoadOptions::default())
        .unwrap();
    let ids = ids(&db);
    let whole = db.checkpoint().unwrap();
    println!(
        "whole: {} parts, {:.1} MB, {:.0} bytes a twin, {:.0} ms",
        whole.n_parts,
        whole.n_bytes as f64 / 1e6,
        whole.n_bytes as f64 / n_twins as f64,
        whole.elapsed.as_secs_f64() * 1e3
    );
    for n_touched in [0, 1, n_twins / 1_000, n_twins / 10] {
        write(&db, &ids, n_touched);
        let report = db.checkpoint().unwrap();
        println!(
            "after {n_touched} patches: {} parts written, {} kept, {:.1} MB, {:.0} ms",
            report.n_parts,
            report.n_kept,
            report.n_bytes as f64 / 1e6,
            report.elapsed.as_secs_f64() * 1e3
        );
    }
    latencies("no checkpoint", &db, &ids, false);
    latencies("checkpoints at a share of 30 %", &db, &ids, true);
    drop(db);
    let db = open(&directory, 100);
    latencies("checkpoints without rests", &db, &ids, true);
    db.checkpoint().unwrap();
    drop(db);
    reopen("clean", &directory);
    let db = open(&directory, 100);
    write(&db, &ids, REPLAYED);
    drop(db);
    let (took, bytes) = reopen("with a log", &directory);
    let clean = reopen_after_checkpoint(&directory);
    let rate = REPLAYED as f64 / took.saturating_sub(clean).as_secs_f64();
    println!("replay: {REPLAYED} patches, {:.0} MB of log, {rate:.0} a second", bytes as f64 / 1e6);
}

fn open(directory: &str, share: u32) -> Twindex {
    let mut store = StoreOptions::default();
    store.checkpoint_share = share;
    store.checkpoint_log_bytes = u64::MAX;
    Twindex::open_with(Path::new(directory), Options::default(), store).unwrap()
}

fn reopen(what: &str, directory: &str) -> (Duration, u64) {
    let mut best = (Duration::MAX, 0);
    for _ in 0..3 {
        let db = open(directory, 100);
        let recovery = db.recovery().unwrap();
        best = best.min((recovery.elapsed, recovery.log_bytes));
    }
    println!("reopen, {what}: {:.0} ms, {} bytes of log", best.0.as_secs_f64() * 1e3, best.1);
    best
}

fn reopen_after_checkpoint(directory: &str) -> Duration {
    open(directory, 100).checkpoint().unwrap();
    reopen("clean again", directory).0
}

/// Patches in batches of a thousand, far apart.
fn write(db: &Twindex, ids: &[TwinId], n_patches: u64) {
    let numbers: Vec<u64> = (0..n_patches).collect();
    for batch in numbers.chunks(1_000) {
        let writes = batch.iter().map(|n| patch(ids, *n)).collect();
        assert!(db.write_all(writes).iter().all(Result::is_ok));
    }
}

fn patch(ids: &[TwinId], n: u64) -> Write {
    // A step that is prime to most sizes goes to every twin before it comes again.
    let id = ids[(n.wrapping_mul(7_919) % ids.len() as u64) as usize].clone();
    let text = format!(r#"{{"cpuPercent":{},"uptimeSeconds":{n},"status":"ok"}}"#, n % 100);
    Write::report(id, &text).unwrap()
}

/// Queries, single writes and a stream of batches, with and without a thread that makes one
/// checkpoint after the other.
fn latencies(what: &str, db: &Twindex, ids: &[TwinId], with_checkpoints: bool) {
    let ends = AtomicBool::new(false);
    let until = Instant::now() + Duration::from_secs_f64(SECONDS);
    let (queries, writes, n_checkpoints) = std::thread::scope(|scope| {
        let checkpoints = scope.spawn(|| {
            let mut n = 0;
            while with_checkpoints && !ends.load(Ordering::Relaxed) {
                db.checkpoint().unwrap();
                n += 1;
            }
            n
        });
        let writes = scope.spawn(|| {
            sample(until, |n| {
                db.write(patch(ids, n)).unwrap();
            })
        });
        let queries = sample(until, |_| {
            db.query("SELECT COUNT() AS n FROM devices WHERE properties.reported.cpuPercent > 50")
                .run()
                .unwrap();
        });
        let writes = writes.join().unwrap();
        ends.store(true, Ordering::Relaxed);
        (queries, writes, checkpoints.join().unwrap())
    });
    println!("{what} ({n_checkpoints} made): query {}, write {}", shown(&queries), shown(&writes));
}

fn sample(until: Instant, mut run: impl FnMut(u64)) -> Vec<Duration> {
    let mut times = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        run(times.len() as u64);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times
}

fn shown(times: &[Duration]) -> String {
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    format!("p50 {:.2} ms p99 {:.2} ms of {}", at(50), at(99), times.len())
}

fn ids(db: &Twindex) -> Vec<TwinId> {
    let page = db.query("SELECT deviceId FROM devices").run().unwrap();
    page.values().map(|row| TwinId::device(row["deviceId"].as_str().unwrap()).unwrap()).collect()
}

/// Lines as a reader, so that the fleet is never in memory as a whole.
struct Lines<I> {
    lines: I,
    left: Vec<u8>,
    at: usize,
}

impl<I: Iterator<Item = String>> Read for Lines<I> {
    fn read(&mut self, into: &mut [u8]) -> IoResult<usize> {
        if self.at == self.left.len() {
            let Some(line) = self.lines.next() else { return Ok(0) };
            (self.left, self.at) = (line.into_bytes(), 0);
            self.left.push(b'\n');
        }
        let n = into.len().min(self.left.len() - self.at);
        into[..n].copy_from_slice(&self.left[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
