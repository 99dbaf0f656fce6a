//! Walks segments: here, or on the caller's pool when the work is worth waking it.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};

use crate::budget::Budget;
use crate::cost;
use crate::error::ExecError;
use crate::stop::Stop;

/// How a query walks segments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runner<'a> {
    pub(crate) pool: Option<&'a ThreadPool>,
    pub(crate) stop: &'a Stop,
    pub(crate) budget: &'a Budget,
}

impl Runner<'_> {
    /// Asks the stop and the budget.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::OverBudget`].
    pub(crate) fn check(&self) -> Result<(), ExecError> {
        self.stop.check()?;
        self.budget.check()
    }

    /// Threads that work worth `work_ns` would be spread over.
    pub(crate) fn n_threads(&self, work_ns: f64) -> usize {
        match self.pool {
            Some(pool) if work_ns > cost::PARALLEL_MIN_NS => pool.current_num_threads(),
            _ => 1,
        }
    }

    /// `f` of each item, in order. The items are in all worth `work_ns`.
    ///
    /// # Errors
    /// As [`Runner::check`], and those of `f`.
    pub(crate) fn map<T: Send, R: Send>(
        &self,
        items: Vec<T>,
        work_ns: f64,
        f: impl Fn(T) -> Result<R, ExecError> + Sync,
    ) -> Result<Vec<R>, ExecError> {
        let step = |item: T| {
            self.check()?;
            f(item)
        };
        match self.pool {
            Some(pool) if items.len() > 1 && self.n_threads(work_ns) > 1 => {
                pool.install(|| items.into_par_iter().map(step).collect())
            }
            _ => items.into_iter().map(step).collect(),
        }
    }

    /// Folds segments into accumulators, one for each thread, and merges those. A thread takes the
    /// next segment whenever it is done with one, so which of them meet in one accumulator is left to
    /// chance, and merging must not depend on it. Runs of segments for each thread were rejected: they
    /// are cut anew whenever a thread has nothing left, and what is cut has another accumulator to
    /// merge, without the bar that the first had found.
    ///
    /// # Errors
    /// As [`Runner::check`], and those of adding a segment and of merging.
    pub(crate) fn fold<A: Send>(
        &self,
        n_segments: usize,
        work_ns: f64,
        fold: &Fold<'_, A>,
    ) -> Result<A, ExecError> {
        let next = AtomicUsize::new(0);
        let take_some = || {
            let mut accumulator = (fold.begin)();
            loop {
                let segment = next.fetch_add(1, Ordering::Relaxed);
                if segment >= n_segments {
                    return Ok(accumulator);
                }
                let added = self.check().and_then(|()| (fold.add)(&mut accumulator, segment));
                // What others would still add is of no use.
                added.inspect_err(|_| next.store(n_segments, Ordering::Relaxed))?;
            }
        };
        let n_threads = self.n_threads(work_ns).min(n_segments);
        match self.pool {
            Some(pool) if n_threads > 1 => {
                let merge = |a: Result<A, ExecError>, b: Result<A, ExecError>| {
                    let mut a = a?;
                    (fold.merge)(&mut a, b?)?;
                    Ok(a)
                };
                let threads = (0..n_threads).into_par_iter().with_max_len(1);
                let all = pool.install(|| threads.map(|_| take_some()).reduce_with(merge));
                all.unwrap_or_else(|| Ok((fold.begin)()))
            }
            _ => take_some(),
        }
    }
}

/// What [`Runner::fold`] does: begin an accumulator, add a segment, merge two.
pub(crate) struct Fold<'a, A> {
    pub(crate) begin: &'a (dyn Fn() -> A + Sync),
    pub(crate) add: &'a (dyn Fn(&mut A, usize) -> Result<(), ExecError> + Sync),
    pub(crate) merge: &'a (dyn Fn(&mut A, A) -> Result<(), ExecError> + Sync),
}
