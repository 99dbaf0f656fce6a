//! Walks segments: on this thread, with others of the pool beside it when the work is worth waking
//! them.
//!
//! This thread begins at once, and others take what is left when they are awake. Handing all of it to
//! the pool was rejected: waking one thread after the other, and this one again at the end, takes as
//! long as a small page.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use rayon::ThreadPool;

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
    pub(crate) fn map<T: Clone + Sync, R: Send>(
        &self,
        items: Vec<T>,
        work_ns: f64,
        f: impl Fn(T) -> Result<R, ExecError> + Sync,
    ) -> Result<Vec<R>, ExecError> {
        let step = |item: T| {
            self.check()?;
            f(item)
        };
        let n_threads = self.n_threads(work_ns).min(items.len());
        let Some(pool) = self.pool.filter(|_| n_threads > 1) else {
            return items.into_iter().map(step).collect();
        };
        let next = AtomicUsize::new(0);
        let take_some = || -> Result<Vec<(usize, R)>, ExecError> {
            let mut found = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(place) else { return Ok(found) };
                let one = step(item.clone());
                // What others would still find is of no use.
                found.push((
                    place,
                    one.inspect_err(|_| next.store(items.len(), Ordering::Relaxed))?,
                ));
            }
        };
        let mut found = Vec::with_capacity(items.len());
        for some in on_threads(pool, n_threads, take_some) {
            found.extend(some?);
        }
        found.sort_unstable_by_key(|of| of.0);
        Ok(found.into_iter().map(|of| of.1).collect())
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
                let mut all = on_threads(pool, n_threads, take_some).into_iter();
                let mut first = all.next().unwrap_or_else(|| Ok((fold.begin)()))?;
                for other in all {
                    (fold.merge)(&mut first, other?)?;
                }
                Ok(first)
            }
            _ => take_some(),
        }
    }
}

/// What `work` returns on this thread and on others of the pool, `n_threads` in all, in no order.
fn on_threads<R: Send>(pool: &ThreadPool, n_threads: usize, work: impl Fn() -> R + Sync) -> Vec<R> {
    let (done, all) = mpsc::channel();
    // The receiver is there until all have sent.
    pool.in_place_scope(|scope| {
        for _ in 1..n_threads {
            let (done, work) = (done.clone(), &work);
            scope.spawn(move |_| _ = done.send(work()));
        }
        _ = done.send(work());
    });
    drop(done);
    all.into_iter().collect()
}

/// What [`Runner::fold`] does: begin an accumulator, add a segment, merge two.
pub(crate) struct Fold<'a, A> {
    pub(crate) begin: &'a (dyn Fn() -> A + Sync),
    pub(crate) add: &'a (dyn Fn(&mut A, usize) -> Result<(), ExecError> + Sync),
    pub(crate) merge: &'a (dyn Fn(&mut A, A) -> Result<(), ExecError> + Sync),
}
