//! The concurrency campaign: writers swap values so that some things hold in every version, and
//! readers of every class of query look for a version in which they do not.
//!
//! Every batch swaps colours, texts and ranks between twins, moves amounts from one to another,
//! changes the same field of desired and reported together, and lets a guest leave as another one
//! comes. So counts, groups, sums, orders and drift never change; a reader that sees half a batch
//! sees them broken. A follower of the feed looks for gaps in versions meanwhile.

mod fleet;
mod follow;
mod races;
mod readers;
mod writers;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use twindex::Twindex;
use twindex_testkit::Dice;

pub use races::{Races, run_races};

use readers::READERS;

/// Threads that write; the fleet is parted among them.
const N_WRITERS: usize = 2;

/// Threads that ask.
const N_READERS: usize = 3;

/// What a campaign did.
#[derive(Clone, Debug, Default)]
pub struct Swaps {
    /// Batches written.
    pub n_batches: u64,
    /// Writes in them.
    pub n_writes: u64,
    /// Answers by class of query, each with everything as it must be.
    pub answers: BTreeMap<&'static str, u64>,
    /// Changes that the follower of the feed got.
    pub n_changes: u64,
    /// How often it was told that it missed some.
    pub n_lagged: u64,
}

/// What all threads share.
struct Shared {
    db: Twindex,
    is_over: AtomicBool,
    n_batches: AtomicU64,
    n_writes: AtomicU64,
    /// A version, and the number that a certain twin had in it.
    beat: Mutex<(u64, u64)>,
    answers: Mutex<BTreeMap<&'static str, u64>>,
    failures: Mutex<Vec<String>>,
}

impl Shared {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Ends the campaign if `outcome` is a failure.
    fn note(&self, outcome: Result<(), String>) {
        if let Err(reason) = outcome {
            self.is_over.store(true, Ordering::Relaxed);
            lock(&self.failures).push(reason);
        }
    }
}

/// Nobody panics while holding one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Writes and reads for `duration`.
///
/// # Errors
/// What was seen that may never be.
pub fn run(duration: Duration, seed: u64) -> Result<Swaps, String> {
    let db = fleet::open()?;
    let shared = Shared {
        db,
        is_over: AtomicBool::new(false),
        n_batches: AtomicU64::new(0),
        n_writes: AtomicU64::new(0),
        beat: Mutex::default(),
        answers: Mutex::default(),
        failures: Mutex::default(),
    };
    let mut feed = shared.db.feed().subscribe();
    let mut seeds = Dice::new(seed);
    let mut dice = || Dice::new(seeds.seed());
    let followed = thread::scope(|scope| {
        let follower = scope.spawn(|| follow::follow(&shared, &mut feed));
        for part in 0..N_WRITERS {
            let (shared, dice) = (&shared, dice());
            scope.spawn(move || shared.note(writers::write(shared, part, dice)));
        }
        for nth in 0..N_READERS {
            let (shared, dice) = (&shared, dice());
            scope.spawn(move || shared.note(read(shared, nth, dice)));
        }
        let end = Instant::now() + duration;
        while Instant::now() < end && !shared.is_over() {
            thread::sleep(Duration::from_millis(20));
        }
        shared.is_over.store(true, Ordering::Relaxed);
        follower.join().unwrap_or_else(|_| Err("the follower panicked".to_owned()))
    });
    let mut failures = lock(&shared.failures).clone();
    failures.extend(shared.db.check().err());
    let followed = followed.map_err(|reason| failures.push(reason)).unwrap_or_default();
    if failures.is_empty() {
        let answers = lock(&shared.answers).clone();
        let (n_changes, n_lagged) = followed;
        let n_batches = shared.n_batches.load(Ordering::Relaxed);
        let n_writes = shared.n_writes.load(Ordering::Relaxed);
        return Ok(Swaps { n_batches, n_writes, answers, n_changes, n_lagged });
    }
    Err(format!("seed {seed}: {}", failures.join("\n")))
}

/// Asks in every way in turn, each thread beginning with another one.
fn read(shared: &Shared, nth: usize, mut dice: Dice) -> Result<(), String> {
    let begin = nth * READERS.len() / N_READERS;
    for (name, ask) in READERS.iter().cycle().skip(begin) {
        if shared.is_over() {
            return Ok(());
        }
        ask(shared, &mut dice).map_err(|reason| format!("{name}: {reason}"))?;
        *lock(&shared.answers).entry(name).or_default() += 1;
    }
    Ok(())
}
