//! Walks segments: on this thread, with others of the pool beside it when the work is worth waking
//! them.
//!
//! This thread begins at once, and others take what is left when they are awake. Handing all of it to
//! the pool was rejected: waking one thread after the other, and this one again at the end, takes as
//! long as a small page.
//!
//! A thread of the pool is lent. While helpers of other queries wait for one, a helper gives its own
//! back between two segments, and its accumulator lies ready for the next that comes: a query of a
//! millisecond beside one of seconds waits for a segment of that, not for its end. Executing what
//! waits from within a helper (`rayon::yield_now`) was rejected: then the long query may lie on top
//! of the short one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::{Scope, ThreadPool};
use twindex_sync::Mutex;

use crate::budget::Budget;
use crate::cost;
use crate::error::ExecError;
use crate::stop::Stop;

/// How long a helper keeps a thread that others wait for, and a segment longer.
const TURN: Duration = Duration::from_millis(1);

/// Helpers that were asked for and have no thread yet, of all queries. It is a hint: pools do not say
/// who waits, and those of several engines are taken for one.
static N_WAITING: AtomicUsize = AtomicUsize::new(0);

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
        let n_threads = self.n_threads(work_ns).min(items.len());
        let Some(pool) = self.pool.filter(|_| n_threads > 1) else {
            let step = |item: T| self.check().and_then(|()| f(item));
            return items.into_iter().map(step).collect();
        };
        let add = |found: &mut Vec<(usize, R)>, place: usize| {
            self.check()?;
            found.push((place, f(items[place].clone())?));
            Ok(())
        };
        let shared = Shared::new(items.len(), &Vec::new, &add);
        let mut found: Vec<_> = shared.walk(pool, n_threads)?.into_iter().flatten().collect();
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
        let add = |accumulator: &mut A, segment: usize| {
            self.check()?;
            (fold.add)(accumulator, segment)
        };
        let n_threads = self.n_threads(work_ns).min(n_segments);
        let Some(pool) = self.pool.filter(|_| n_threads > 1) else {
            let mut accumulator = (fold.begin)();
            (0..n_segments).try_for_each(|segment| add(&mut accumulator, segment))?;
            return Ok(accumulator);
        };
        let shared = Shared::new(n_segments, fold.begin, &add);
        let mut all = shared.walk(pool, n_threads)?.into_iter();
        let mut first = all.next().unwrap_or_else(|| (fold.begin)());
        all.try_for_each(|other| (fold.merge)(&mut first, other))?;
        Ok(first)
    }
}

/// Items that threads take one by one, each into an accumulator.
struct Shared<'a, A> {
    n_items: usize,
    next: AtomicUsize,
    begin: &'a (dyn Fn() -> A + Sync),
    add: &'a (dyn Fn(&mut A, usize) -> Result<(), ExecError> + Sync),
    /// Accumulators that no thread is at work on.
    idle: Mutex<Vec<A>>,
    failed: Mutex<Option<ExecError>>,
    /// Helpers that were asked for and have not gone.
    n_helpers: AtomicUsize,
}

impl<'a, A: Send> Shared<'a, A> {
    fn new(
        n_items: usize,
        begin: &'a (dyn Fn() -> A + Sync),
        add: &'a (dyn Fn(&mut A, usize) -> Result<(), ExecError> + Sync),
    ) -> Self {
        let (next, n_helpers) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (idle, failed) = (Mutex::new(Vec::new()), Mutex::new(None));
        Self { n_items, next, begin, add, idle, failed, n_helpers }
    }

    /// The accumulators of all items, taken by this thread and others of the pool, `n_threads` in
    /// all.
    fn walk(self, pool: &ThreadPool, n_threads: usize) -> Result<Vec<A>, ExecError> {
        let shared = &self;
        pool.in_place_scope(|scope| {
            let n_missing = || n_threads - 1 - shared.n_helpers.load(Ordering::Relaxed);
            let call = || {
                while shared.is_unfinished() && n_missing() > 0 {
                    shared.call_helper(scope);
                }
            };
            call();
            shared.take_some(|| {
                call();
                Turn::Goes
            });
        });
        match self.failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(self.idle.into_inner()),
        }
    }

    fn is_unfinished(&self) -> bool {
        self.next.load(Ordering::Relaxed) < self.n_items
    }

    fn call_helper<'s>(&'s self, scope: &Scope<'s>) {
        self.n_helpers.fetch_add(1, Ordering::Relaxed);
        N_WAITING.fetch_add(1, Ordering::Relaxed);
        scope.spawn(move |_| {
            N_WAITING.fetch_sub(1, Ordering::Relaxed);
            let begun = Instant::now();
            if self.is_unfinished() {
                self.take_some(|| {
                    let is_over = N_WAITING.load(Ordering::Relaxed) > 0 && begun.elapsed() >= TURN;
                    if is_over { Turn::IsOver } else { Turn::Goes }
                });
            }
            self.n_helpers.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Takes items until none is left, or the turn is over after one of them.
    fn take_some(&self, turn: impl Fn() -> Turn) {
        let idle = self.idle.lock().pop();
        let mut accumulator = idle.unwrap_or_else(|| (self.begin)());
        loop {
            let item = self.next.fetch_add(1, Ordering::Relaxed);
            if item >= self.n_items {
                break;
            }
            if let Err(error) = (self.add)(&mut accumulator, item) {
                // What others would still add is of no use.
                self.next.store(self.n_items, Ordering::Relaxed);
                self.failed.lock().get_or_insert(error);
                break;
            }
            if turn() == Turn::IsOver {
                break;
            }
        }
        self.idle.lock().push(accumulator);
    }
}

/// Whether a thread goes on with the next item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Goes,
    IsOver,
}

/// What [`Runner::fold`] does: begin an accumulator, add a segment, merge two.
pub(crate) struct Fold<'a, A> {
    pub(crate) begin: &'a (dyn Fn() -> A + Sync),
    pub(crate) add: &'a (dyn Fn(&mut A, usize) -> Result<(), ExecError> + Sync),
    pub(crate) merge: &'a (dyn Fn(&mut A, A) -> Result<(), ExecError> + Sync),
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;

    use rayon::ThreadPoolBuilder;

    use super::{Budget, ExecError, Fold, Runner, Stop};

    /// Segments of a query that is far from its end while another one is asked beside it.
    const MANY: usize = 1 << 20;

    fn sum(
        runner: Runner<'_>,
        n: usize,
        seen: &(dyn Fn(usize) + Sync),
    ) -> Result<usize, ExecError> {
        let add = |sum: &mut usize, segment: usize| {
            seen(segment);
            *sum += segment;
            Ok(())
        };
        let merge = |sum: &mut usize, other| {
            *sum += other;
            Ok(())
        };
        runner.fold(n, f64::INFINITY, &Fold { begin: &|| 0, add: &add, merge: &merge })
    }

    #[test]
    fn a_short_query_does_not_wait_for_the_end_of_a_long_one() {
        let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
        let (stop, budget) = (Stop::never(), Budget::unbounded());
        let runner = Runner { pool: Some(&pool), stop: &stop, budget: &budget };
        let (is_over, n_begun, n_before) =
            (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        let linger = |_: usize| {
            n_begun.fetch_add(1, Ordering::Relaxed);
            if !is_over.load(Ordering::Relaxed) {
                n_before.fetch_add(1, Ordering::Relaxed);
                thread::yield_now();
            }
        };
        thread::scope(|scope| {
            // Two, so that all threads of the pool help with them.
            let long = [(); 2].map(|()| scope.spawn(|| sum(runner, MANY, &linger)));
            while n_begun.load(Ordering::Relaxed) < 64 {
                thread::yield_now();
            }
            assert_eq!(sum(runner, 4, &|_| ()), Ok(6));
            is_over.store(true, Ordering::Relaxed);
            for long in long {
                assert_eq!(long.join().ok(), Some(Ok(MANY * (MANY - 1) / 2)));
            }
        });
        assert!(n_before.into_inner() < MANY);
    }

    #[test]
    fn items_are_mapped_in_order_and_errors_end_all() {
        let pool = ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
        let (stop, budget) = (Stop::never(), Budget::unbounded());
        let runner = Runner { pool: Some(&pool), stop: &stop, budget: &budget };
        let items: Vec<usize> = (0..1_000).collect();
        let doubled = runner.map(items.clone(), f64::INFINITY, |item| Ok(item * 2));
        assert_eq!(doubled, Ok(items.iter().map(|item| item * 2).collect()));
        let n_done = AtomicUsize::new(0);
        let failed = runner.map(items, f64::INFINITY, |_| -> Result<(), ExecError> {
            n_done.fetch_add(1, Ordering::Relaxed);
            Err(ExecError::Stopped)
        });
        assert_eq!(failed, Err(ExecError::Stopped));
        assert!(n_done.into_inner() <= 3);
    }
}
