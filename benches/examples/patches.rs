//! What a device's patch costs by step: reading it, writing it, and letting go of what it overwrote.
//!
//! `cargo run --release -p twindex-benches --example patches -- 200000` loads as many generated
//! twins and reports three properties of random devices. Criterion is no help here: each patch goes
//! to another row, and the steps of one patch are to be told apart. A second number is that of
//! patches; a third one of 0 asks for no memory ahead.

// A program that prints figures.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Duration;

use twindex_benches::cpu_time;
use twindex_fleet::{Fleet, FleetOptions};
use twindex_index::ahead::WRITES_AHEAD;
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::Ts;
use twindex_index::write::{Change, Expect, TwinName, When};
use twindex_model::json::read::Leaves;
use twindex_model::patch::read_reported_patch;

/// Patches of one batch.
const BATCH: usize = 1_000;
/// Where the clock begins: after the end of time in every fleet.
const START_MS: i64 = 1_767_225_600_000;

fn main() {
    let number = |at: usize, default: u64| {
        std::env::args().nth(at).and_then(|arg| arg.parse().ok()).unwrap_or(default)
    };
    let (n_twins, n_patches) = (number(1, 100_000), number(2, 1_000_000) as usize);
    let is_ahead = number(3, 1) != 0;
    let (mut index, ids) = load(n_twins);
    let mut dice = Dice(7);
    let mut sums = [Duration::ZERO; 3];
    for batch in 0..n_patches / BATCH {
        let texts: Vec<(usize, String)> =
            (0..BATCH).map(|_| (dice.below(ids.len()), patch(&mut dice))).collect();
        let steps = run_batch(&mut index, (&ids, &texts), (batch as u64 + 1, is_ahead));
        sums.iter_mut().zip(steps).for_each(|(sum, step)| *sum += step);
        if (batch + 1) % (n_patches / BATCH / 5).max(1) == 0 {
            let n = (batch + 1) * BATCH;
            let [read, write, prune] = sums.map(|sum| sum.as_secs_f64() * 1e6 / n as f64);
            println!("{n} patches: read {read:.2} µs, write {write:.2} µs, prune {prune:.2} µs");
        }
    }
}

fn run_batch(
    index: &mut Index,
    (ids, texts): (&[String], &[(usize, String)]),
    (batch, is_ahead): (u64, bool),
) -> [Duration; 3] {
    let start = cpu_time();
    let read: Vec<(usize, Leaves)> = texts
        .iter()
        .map(|(at, text)| (*at, read_reported_patch(text.as_bytes()).unwrap()))
        .collect();
    let was_read = cpu_time();
    let when = When { ts: Ts(batch), now_ms: START_MS + batch as i64 };
    for some in read.chunks(WRITES_AHEAD) {
        let writes = some.iter().map(|(at, leaves)| {
            (TwinName { device_id: &ids[*at], module_id: None }, Change::Report(leaves))
        });
        if is_ahead {
            index.fetch_ahead(writes.clone());
        }
        for (of, change) in writes {
            black_box(index.write(of, &change, &Expect::default(), &when).unwrap());
        }
    }
    let was_written = cpu_time();
    index.prune(Ts(batch));
    [was_read - start, was_written - was_read, cpu_time() - was_written]
}

fn load(n_twins: u64) -> (Index, Vec<String>) {
    let fleet = Fleet::new(FleetOptions { twins: n_twins, seed: 1 });
    let mut index = Index::new(IndexOptions::default());
    let mut ids = Vec::new();
    for line in fleet.lines() {
        let leaves = Leaves::read(&line).unwrap().leaves;
        index.put(&leaves).unwrap();
        if leaves.module_id().is_none() {
            ids.extend(leaves.device_id().map(str::to_owned));
        }
    }
    println!("{n_twins} twins, {} devices", ids.len());
    (index, ids)
}

/// Three properties that every device reports.
fn patch(dice: &mut Dice) -> String {
    let rssi = dice.below(80) + 30;
    let interval = [10, 30, 60, 300, 900][dice.below(5)];
    let status = ["ok", "warning", "updating", "error"][dice.below(4)];
    format!(
        r#"{{"telemetryInterval":{interval},"connectivity":{{"rssi":-{rssi}}},"status":"{status}"}}"#
    )
}

/// A stream of numbers that is the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % n
    }
}
