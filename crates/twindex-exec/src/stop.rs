//! Deadline and cancellation: asked before each segment and between slices of work that goes row by
//! row.
//!
//! What lies between two looks is at most some milliseconds of work, so that bounds how late a
//! query stops without a check in any inner loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use twindex_index::snapshot::{Shared, Snapshot, SnapshotRead, Ts};

use crate::error::ExecError;

/// How long a reader waits for the writer before it looks again whether it was cancelled.
const LOOK: Duration = Duration::from_millis(20);

/// Steps of a loop between two looks: what a hash table or a sort does with so many values takes a
/// millisecond at most.
const STEPS: usize = 4_096;

/// Expressions evaluated between two looks: one may take a millisecond, or much longer.
const EVALUATED: usize = 16;

/// When a query must give up. The default is never.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    deadline: Option<Instant>,
    cancelled: Option<Arc<AtomicBool>>,
}

impl Stop {
    /// Never.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// The same, and also once `deadline` has passed.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The same, and also once `flag` is set.
    #[must_use]
    pub fn with_flag(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancelled = Some(flag);
        self
    }

    /// The deadline, if there is one.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Asks.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] when the deadline has passed or the flag is set.
    pub fn check(&self) -> Result<(), ExecError> {
        let is_late = || self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if self.is_cancelled() || is_late() { Err(ExecError::Stopped) } else { Ok(()) }
    }

    /// Asks at every so many steps of a loop that does little in each.
    ///
    /// # Errors
    /// As [`Stop::check`].
    pub(crate) fn check_at(&self, step: usize) -> Result<(), ExecError> {
        if step.is_multiple_of(STEPS) { self.check() } else { Ok(()) }
    }

    /// Asks now and then in a loop that evaluates an expression in each step.
    ///
    /// # Errors
    /// As [`Stop::check`].
    pub(crate) fn check_evaluated(&self, step: usize) -> Result<(), ExecError> {
        if step.is_multiple_of(EVALUATED) { self.check() } else { Ok(()) }
    }

    /// Holds the writer off for one step, see [`Snapshot::read`]. Waiting for it to make room ends
    /// with the deadline or the flag, too.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::SnapshotExpired`].
    pub fn read<'a>(&self, snapshot: &'a Snapshot) -> Result<SnapshotRead<'a>, ExecError> {
        if self.cancelled.is_none() {
            return match self.deadline {
                Some(deadline) => snapshot.read_until(deadline)?.ok_or(ExecError::Stopped),
                None => Ok(snapshot.read()?),
            };
        }
        loop {
            let look = Instant::now() + LOOK;
            let until = self.deadline.map_or(look, |deadline| deadline.min(look));
            if let Some(read) = snapshot.read_until(until)? {
                return Ok(read);
            }
            self.check()?;
        }
    }

    /// Waits until version `ts` is published, for `patience` where there is no deadline; false if it
    /// is not by then.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub fn wait_visible(
        &self,
        shared: &Shared,
        ts: Ts,
        patience: Duration,
    ) -> Result<bool, ExecError> {
        // Mostly it is, and asking for the time is not nothing.
        if shared.visible() >= ts {
            return Ok(true);
        }
        let begun = Instant::now();
        while !shared.wait_visible(ts, Instant::now() + LOOK) {
            self.check()?;
            if self.deadline.is_none() && begun.elapsed() >= patience {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use twindex_index::index::Index;
    use twindex_index::options::IndexOptions;
    use twindex_index::snapshot::Shared;

    use super::{Arc, AtomicBool, ExecError, Instant, Ordering, Stop};

    #[test]
    fn stops_by_flag_and_by_deadline() {
        let flag = Arc::new(AtomicBool::new(false));
        let stop = Stop::never().with_flag(Arc::clone(&flag));
        assert_eq!(stop.check(), Ok(()));
        flag.store(true, Ordering::Relaxed);
        assert_eq!(stop.check(), Err(ExecError::Stopped));
        let late = Stop::never().with_deadline(Instant::now());
        assert_eq!(late.check(), Err(ExecError::Stopped));
    }

    #[test]
    fn waiting_for_the_writer_ends_too() {
        let shared = Shared::new(Index::new(IndexOptions::default()));
        let snapshot = shared.snapshot();
        let flag = Arc::new(AtomicBool::new(false));
        let by_flag = Stop::never().with_flag(Arc::clone(&flag));
        assert!(by_flag.read(&snapshot).is_ok());
        let (written, writing) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                let _index = shared.write();
                writing.wait();
                written.wait();
            });
            writing.wait();
            flag.store(true, Ordering::Relaxed);
            let late = Stop::never().with_deadline(Instant::now());
            let stopped = [by_flag.read(&snapshot).err(), late.read(&snapshot).err()];
            written.wait();
            assert_eq!(stopped, [Some(ExecError::Stopped); 2]);
        });
        assert!(Stop::never().read(&snapshot).is_ok());
    }
}
