//! What criterion does not say: how far a class is from the floor of this machine.
//!
//! Criterion times samples of many runs each; the shortest mean of a sample is set beside the floor,
//! both of the same run.

use std::hint::black_box;
use std::time::{Duration, Instant};

use twindex_fleet::questions::Bound;
use twindex_measure::Floors;

use crate::world::Size;

/// The floors of this machine, and the shortest time of the class being measured.
#[derive(Debug)]
pub struct Ratios {
    /// `None` in a run that only tries.
    floors: Option<Floors>,
    shortest: Option<Duration>,
}

impl Ratios {
    /// Measures the floors, with bitmaps of `size` rows, and prints them: a second or two. A run
    /// that only tries measures and prints nothing.
    #[must_use]
    pub fn of_run(size: Size) -> Self {
        let floors = Size::is_measured().then(|| Floors::measure(size.0));
        if let Some(floors) = &floors {
            println!(
                "floors of this machine: {:.1} GB/s read by all cores; {:.2?} for AND+popcount of \
                 two bitmaps of {size}; {:.2?} for a random miss; {:.2?} for an fdatasync",
                floors.bytes_each_second / 1e9,
                floors.and_popcount,
                floors.miss,
                floors.fdatasync.unwrap_or_default(),
            );
        }
        Self { floors, shortest: None }
    }

    /// Runs `work` `n` times and returns how long that took: the body of criterion's `iter_custom`.
    pub fn time<T>(&mut self, n: u64, mut work: impl FnMut() -> T) -> Duration {
        let start = Instant::now();
        (0..n).for_each(|_| drop(black_box(work())));
        let time = start.elapsed();
        let mean = time / u32::try_from(n.max(1)).unwrap_or(u32::MAX);
        self.shortest = Some(self.shortest.map_or(mean, |shortest| shortest.min(mean)));
        time
    }

    /// Prints the floor of what was timed last, and the ratio to it; nothing if nothing was.
    /// `bound` is of one of `n_rows` rows, `n_bytes` are handed over.
    pub fn print(&mut self, bound: Bound, n_rows: u64, n_bytes: u64) {
        let (Some(floors), Some(shortest)) = (&self.floors, self.shortest.take()) else { return };
        let floor = floors.of(bound, n_rows, n_bytes);
        let ratio = shortest.as_secs_f64() / floor.as_secs_f64().max(1e-9);
        println!("                        floor: {floor:.2?}, shortest to floor: {ratio:.1}\n");
    }
}
