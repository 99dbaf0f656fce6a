//! Deadline and cancellation: asked before each segment, the only way a running query can fail.
//!
//! A segment is at most some milliseconds of work, so asking there bounds how late a query stops
//! without a check in any inner loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::error::ExecError;

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

    /// Asks.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] when the deadline has passed or the flag is set.
    pub fn check(&self) -> Result<(), ExecError> {
        let is_cancelled = self.cancelled.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed));
        if is_cancelled || self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(ExecError::Stopped);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
}
