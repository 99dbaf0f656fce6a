//! The write side: patches from text to visible, and what writing costs those who read.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use twindex::{TwinId, Twindex, Write};
use twindex_benches::{Ratios, Size, device_ids, load};
use twindex_fleet::questions::Bound;
use twindex_measure::World;

/// Writes of one submission.
const BATCHES: [usize; 3] = [1, 100, 1_000];
/// Patches a second while a query is measured; 0 for an engine at rest.
const RATES: [u64; 3] = [0, 10_000, 100_000];
/// Places that a patch of three leaves touches, which nothing foresees: identity, the row's stamps
/// and version, and a value and a stamp of each leaf.
const PATCH: Bound = Bound { bits_a_row: 0.0, bytes_a_row: 0.0, misses: 9.0 };
/// What the count reads: two bytes a row.
const COUNT: Bound = Bound { bits_a_row: 0.0, bytes_a_row: 2.0, misses: 1.0 };
/// Writes that the writing thread submits at once.
const PACED_BATCH: u64 = 100;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let size = Size::of_run();
    let mut ratios = Ratios::of_run(size);
    let world = load(size).expect("a generated fleet loads");
    let patches = Patches::of(&world.db);
    patch(&mut criterion, (&world, &mut ratios), &patches);
    count_under_writes(&mut criterion, (&world, size, &mut ratios), &patches);
    criterion.final_summary();
}

/// An endless stream of reports of three leaves each, over the whole fleet.
struct Patches {
    twins: Vec<TwinId>,
    next: AtomicU64,
}

impl Patches {
    fn of(db: &Twindex) -> Self {
        Self { twins: device_ids(db), next: AtomicU64::new(0) }
    }

    /// The next patch, from its text.
    fn next(&self) -> Write {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let twin = (number.wrapping_mul(2_654_435_761) % self.twins.len() as u64) as usize;
        let (level, signal) = (number % 100, number % 60);
        let text = format!(r#"{{"power":{{"level":{level},"mains":true}},"signal":-{signal}}}"#);
        Write::report(self.twins[twin].clone(), &text).expect("a valid patch")
    }
}

/// Applies patches, all of which must be accepted.
fn apply(db: &Twindex, patches: &Patches, n_patches: usize) {
    if n_patches == 1 {
        db.write(patches.next()).expect("the twin is there");
        return;
    }
    let batch = (0..n_patches).map(|_| patches.next()).collect();
    assert!(db.write_all(batch).iter().all(Result::is_ok));
}

fn patch(criterion: &mut Criterion, (world, ratios): (&World, &mut Ratios), patches: &Patches) {
    let mut group = criterion.benchmark_group("engine/patch");
    for n_patches in BATCHES {
        let before = world.db.version();
        apply(&world.db, patches, n_patches);
        assert_eq!(world.db.version(), before + n_patches as u64, "visible once acknowledged");
        group.throughput(Throughput::Elements(n_patches as u64));
        group.bench_function(format!("batch-{n_patches}"), |bencher| {
            bencher.iter_custom(|n| ratios.time(n, || apply(&world.db, patches, n_patches)));
        });
        let misses = PATCH.misses * n_patches as f64;
        ratios.print(Bound { misses, ..PATCH }, 0, 0);
    }
    group.finish();
}

fn count_under_writes(
    criterion: &mut Criterion,
    (world, size, ratios): (&World, Size, &mut Ratios),
    patches: &Patches,
) {
    let query = world
        .db
        .query("SELECT COUNT() AS n FROM devices WHERE properties.reported.power.level < 50");
    let mut group = criterion.benchmark_group("engine/count-under-writes");
    for rate in RATES {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| write_at(rate, &world.db, patches, &stop));
            let counted = query.run().expect("a valid query").values().next();
            assert!(counted.is_some_and(|row| row["n"].as_u64() <= Some(size.0)));
            group.bench_function(format!("{rate}-a-second"), |bencher| {
                bencher.iter_custom(|n| ratios.time(n, || query.run()));
            });
            ratios.print(COUNT, size.0, 0);
            stop.store(true, Ordering::Relaxed);
            let reached = writing.join().expect("writes are accepted");
            assert!(rate == 0 || reached > 0.0);
        });
    }
    group.finish();
}

/// Writes `rate` patches a second, or as many as go, until it is stopped; gives the rate reached.
fn write_at(rate: u64, db: &Twindex, patches: &Patches, stop: &AtomicBool) -> f64 {
    let began = Instant::now();
    let mut n_written = 0;
    while rate > 0 && (n_written == 0 || !stop.load(Ordering::Relaxed)) {
        apply(db, patches, PACED_BATCH as usize);
        n_written += PACED_BATCH;
        let due = Duration::from_secs_f64(n_written as f64 / rate as f64);
        std::thread::sleep(due.saturating_sub(began.elapsed()));
    }
    n_written as f64 / began.elapsed().as_secs_f64()
}
