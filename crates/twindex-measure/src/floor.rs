//! What this machine needs at least: measured in the same run as the classes, since machines differ
//! and are noisy.
//!
//! The code is plain and portable: a floor is something any program reaches, so an engine with
//! better instructions may come out below it.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use twindex_fleet::questions::Bound;

/// Bytes read for the bandwidth, beyond every cache.
const STREAM_BYTES: usize = 256 << 20;
/// Words walked through for the random miss, beyond every cache too.
const WALK_WORDS: usize = 32 << 20;
const WALK_STEPS: u32 = 1 << 18;
const SYNCS: usize = 21;
const ROUNDS: usize = 5;

/// The floors of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Floors {
    /// Bytes all cores read from memory in a second.
    pub bytes_each_second: f64,
    /// AND and popcount of two plain bitmaps of one bit a row, on one core.
    pub and_popcount: Duration,
    /// One read from memory that nothing could foresee.
    pub miss: Duration,
    /// Appending a little to a file until it is on the disk; `None` where no file can be written.
    pub fdatasync: Option<Duration>,
}

impl Floors {
    /// Measures, with bitmaps of `n_rows` rows. Takes a second or two.
    pub fn measure(n_rows: u64) -> Self {
        Self {
            bytes_each_second: bandwidth(),
            and_popcount: and_popcount(n_rows),
            miss: miss(),
            fdatasync: fdatasync(),
        }
    }

    /// The least time for what bounds a class: `n_rows` twins, `n_bytes` of rows handed over.
    #[allow(clippy::cast_precision_loss)] // sizes far below 2^53
    pub fn of(&self, bound: Bound, n_rows: u64, n_bytes: u64) -> Duration {
        let bytes = bound.bytes_a_row * n_rows as f64 + n_bytes as f64;
        let seconds = bytes / self.bytes_each_second
            + bound.bits_a_row / 2.0 * self.and_popcount.as_secs_f64()
            + bound.misses * self.miss.as_secs_f64();
        Duration::from_secs_f64(seconds)
    }
}

/// Sums a large array on all cores.
#[allow(clippy::cast_precision_loss)] // sizes far below 2^53
fn bandwidth() -> f64 {
    let words: Vec<u64> = (0..(STREAM_BYTES / 8) as u64).collect();
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let part_words = words.len().div_ceil(n_threads);
    let read = || {
        let start = Instant::now();
        thread::scope(|scope| {
            for part in words.chunks(part_words) {
                scope.spawn(|| black_box(sum(part)));
            }
        });
        start.elapsed()
    };
    STREAM_BYTES as f64 / best(read).as_secs_f64()
}

/// Several sums at a time, or the addition would be the limit.
fn sum(words: &[u64]) -> u64 {
    let mut sums = [0_u64; 32];
    for block in words.chunks_exact(sums.len()) {
        for (sum, word) in sums.iter_mut().zip(block) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sums.iter().fold(0, |all, sum| all.wrapping_add(*sum))
}

fn and_popcount(n_rows: u64) -> Duration {
    let n_words = n_rows.div_ceil(64);
    let left: Vec<u64> = (0..n_words).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    let right: Vec<u64> = left.iter().map(|word| word.rotate_left(17)).collect();
    best(|| {
        let start = Instant::now();
        let n_both: u64 = black_box(&left)
            .iter()
            .zip(black_box(&right))
            .map(|(left, right)| u64::from((left & right).count_ones()))
            .sum();
        black_box(n_both);
        start.elapsed()
    })
}

/// Walks a cycle through a large array, each step the place of the next.
fn miss() -> Duration {
    // A full-period linear congruential step visits every place, in an order no prefetcher knows.
    let mask = WALK_WORDS - 1;
    let next: Vec<u32> = (0..WALK_WORDS)
        .map(|at| u32::try_from((at * 1_664_525 + 1_013_904_223) & mask).unwrap_or_default())
        .collect();
    best(|| {
        let start = Instant::now();
        let mut at = 0_u32;
        for _ in 0..WALK_STEPS {
            at = next[at as usize];
        }
        black_box(at);
        start.elapsed() / WALK_STEPS
    })
}

fn fdatasync() -> Option<Duration> {
    let path = std::env::temp_dir().join(format!("twindex-bench-{}", std::process::id()));
    let times = File::create_new(&path).and_then(|mut file| {
        (0..SYNCS)
            .map(|_| {
                let start = Instant::now();
                file.write_all(&[1; 512])?;
                file.sync_data()?;
                Ok(start.elapsed())
            })
            .collect::<std::io::Result<Vec<_>>>()
    });
    // What cannot be removed is a small file among temporary ones.
    let _ = fs::remove_file(&path);
    let mut times = times.ok()?;
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

fn best(mut round: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Bound, Duration, Floors};

    #[test]
    fn a_floor_adds_up_what_bounds() {
        let floors = Floors {
            bytes_each_second: 1e9,
            and_popcount: Duration::from_micros(10),
            miss: Duration::from_nanos(100),
            fdatasync: None,
        };
        let bound = Bound { bits_a_row: 3.0, bytes_a_row: 2.0, misses: 5.0 };
        let floor = floors.of(bound, 1_000, 500);
        assert_eq!(floor, Duration::from_nanos(15_000 + 2_500 + 500));
    }
}
