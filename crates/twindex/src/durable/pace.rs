//! How fast a checkpoint is written.
//!
//! It is written in pieces, each synced by itself, and rests after each as long as the piece took
//! times what the options leave to others: so it takes a share of whatever the disk gives, and no
//! sync of the log waits for more than one piece. A rate in bytes a second was rejected: right for
//! one disk it is wrong for the next. It does not rest while nothing is logged, since queries do
//! not touch the disk.

use std::thread;
use std::time::{Duration, Instant};

/// Bytes of a piece (1 MiB).
pub(super) const PIECE_BYTES: u64 = 1 << 20;
/// The longest rest.
const REST_MAX: Duration = Duration::from_secs(1);

/// The rhythm of work and rest.
#[derive(Debug)]
pub(super) struct Pace {
    /// Percent of the time that work may take.
    share: u32,
    /// When the piece was begun.
    begun: Instant,
    /// Bytes logged by then.
    n_logged: u64,
}

impl Pace {
    /// Begins the first piece, so many bytes being logged.
    pub(super) fn begin(share: u32, n_logged: u64) -> Self {
        Self { share: share.clamp(1, 100), begun: Instant::now(), n_logged }
    }

    /// Ends a piece and rests, if anything was logged since the one before; begins the next.
    pub(super) fn rest(&mut self, n_logged: u64) {
        if n_logged != self.n_logged {
            thread::sleep(rest_after(self.begun.elapsed(), self.share));
        }
        (self.begun, self.n_logged) = (Instant::now(), n_logged);
    }
}

/// The rest after so much work, for work to have a share of so many percent.
fn rest_after(work: Duration, share: u32) -> Duration {
    (work * (100 - share) / share).min(REST_MAX)
}

#[cfg(test)]
mod tests {
    use super::{REST_MAX, rest_after};
    use std::time::Duration;

    #[test]
    fn rests_leave_the_rest_to_others() {
        let work = Duration::from_millis(30);
        assert_eq!(rest_after(work, 30), Duration::from_millis(70));
        assert_eq!(rest_after(work, 100), Duration::ZERO);
        assert_eq!(rest_after(Duration::from_secs(60), 30), REST_MAX);
    }
}
