//! Walks segments: here, or on the caller's pool when the work is worth waking it.

use rayon::ThreadPool;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

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

    /// Folds the segments `range` into accumulators, one for each run of segments that a thread
    /// took, and merges those. Which segments meet in one accumulator is left to chance, so merging
    /// must not depend on it.
    ///
    /// # Errors
    /// As [`Runner::check`], and those of adding a segment.
    pub(crate) fn fold<A: Send>(
        &self,
        n_segments: usize,
        work_ns: f64,
        fold: &Fold<'_, A>,
    ) -> Result<A, ExecError> {
        let step = |accumulator: Result<A, ExecError>, segment: usize| {
            let mut accumulator = accumulator?;
            self.check()?;
            (fold.add)(&mut accumulator, segment)?;
            Ok(accumulator)
        };
        let begin = || Ok((fold.begin)());
        match self.pool {
            Some(pool) if n_segments > 1 && self.n_threads(work_ns) > 1 => pool.install(|| {
                (0..n_segments).into_par_iter().fold(begin, step).reduce(begin, |a, b| {
                    let mut a = a?;
                    (fold.merge)(&mut a, b?);
                    Ok(a)
                })
            }),
            _ => (0..n_segments).fold(begin(), step),
        }
    }
}

/// What [`Runner::fold`] does: begin an accumulator, add a segment, merge two.
pub(crate) struct Fold<'a, A> {
    pub(crate) begin: &'a (dyn Fn() -> A + Sync),
    pub(crate) add: &'a (dyn Fn(&mut A, usize) -> Result<(), ExecError> + Sync),
    pub(crate) merge: &'a (dyn Fn(&mut A, A) + Sync),
}
