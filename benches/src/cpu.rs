//! The processor's time of a thread.

use std::time::Duration;

/// What this thread has spent of the processor, which other programs do not change as they do the
/// time on the wall. It moves on at each tick of the system, so only sums over many calls count.
///
/// # Panics
/// Where the system keeps no such account, as only Linux does.
#[must_use]
pub fn cpu_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a system of Linux");
    let spent = told.split(' ').next().and_then(|ns| ns.parse().ok());
    Duration::from_nanos(spent.expect("nanoseconds first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_moves_it_on() {
        let before = cpu_time();
        let mut sum = 0_u64;
        while cpu_time() == before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(cpu_time() > before, "{sum}");
    }
}
