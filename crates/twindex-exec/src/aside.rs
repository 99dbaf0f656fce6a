//! Many values that another thread lets go.
//!
//! To free a million texts takes longer than a query may go on after it was cancelled, and no stop can
//! be looked at meanwhile. What lies in an arena is let go at once; what cannot is handed to the pool,
//! and the query returns.
//!
//! One thread at a time lets go of what waits. A job for each was rejected: a query ends when its
//! helpers have, and those waited in the pool for all that queries before had handed over. To give way
//! to helpers was, too: what waits grew until queries had to let go of it.

use std::ops::{Deref, DerefMut};

use rayon::ThreadPool;
use twindex_sync::Mutex;

/// Values that are let go where they are: these take some microseconds, and a query may hold as many
/// in each of many places.
const FEW: usize = if cfg!(test) { 4 } else { 1 << 8 };

/// How many values may wait, about as many as the memory of one query holds. Whoever hands over more
/// lets go of them, so that queries never get ahead of it.
const WAITING_MAX: usize = 1 << 24;

/// What waits to be let go, of all queries.
static WAITING: Mutex<Waiting> =
    Mutex::new(Waiting { all: Vec::new(), n_values: 0, is_at_work: false });

struct Waiting {
    /// What was handed over, and how many values each has.
    all: Vec<(usize, Box<dyn Send>)>,
    n_values: usize,
    /// Whether a thread of some pool takes them.
    is_at_work: bool,
}

impl Waiting {
    fn pop(&mut self) -> Option<Box<dyn Send>> {
        let (n_values, next) = self.all.pop()?;
        self.n_values -= n_values;
        Some(next)
    }
}

/// Lets go of values, in the pool where there is one and they are many.
pub(crate) fn let_go<T: Send + 'static>(values: Vec<T>, pool: Option<&ThreadPool>) {
    if std::mem::needs_drop::<T>() {
        let n_values = values.len();
        let_go_of(values, n_values, pool);
    }
}

/// Lets go of something that has so many values, in the pool where there is one and they are many.
pub(crate) fn let_go_of<T: Send + 'static>(all: T, n_values: usize, pool: Option<&ThreadPool>) {
    let Some(pool) = pool.filter(|_| n_values > FEW) else { return };
    let mut waiting = WAITING.lock();
    if waiting.n_values + n_values > WAITING_MAX {
        drop(waiting);
        return drop(all);
    }
    waiting.n_values += n_values;
    waiting.all.push((n_values, Box::new(all)));
    if !waiting.is_at_work {
        waiting.is_at_work = true;
        pool.spawn(let_go_of_waiting);
    }
}

fn let_go_of_waiting() {
    loop {
        let mut waiting = WAITING.lock();
        let next = waiting.pop();
        waiting.is_at_work = next.is_some();
        drop(waiting);
        if next.is_none() {
            return;
        }
    }
}

/// Values that are let go by [`let_go`].
#[derive(Debug)]
pub(crate) struct Aside<'a, T: Send + 'static> {
    values: Vec<T>,
    pool: Option<&'a ThreadPool>,
}

impl<'a, T: Send + 'static> Aside<'a, T> {
    /// No value yet.
    pub(crate) fn new(pool: Option<&'a ThreadPool>) -> Self {
        Self { values: Vec::new(), pool }
    }

    /// The values, which are let go by whoever has them now.
    pub(crate) fn take_values(&mut self) -> Vec<T> {
        std::mem::take(&mut self.values)
    }

    /// Where they are let go.
    pub(crate) fn pool(&self) -> Option<&'a ThreadPool> {
        self.pool
    }

    /// Takes the values out.
    pub(crate) fn take(&mut self) -> Self {
        let values = std::mem::take(&mut self.values);
        Self { values, pool: self.pool }
    }
}

impl<T: Send + 'static> Deref for Aside<'_, T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.values
    }
}

impl<T: Send + 'static> DerefMut for Aside<'_, T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.values
    }
}

impl<T: Send + 'static> Drop for Aside<'_, T> {
    fn drop(&mut self) {
        let_go(std::mem::take(&mut self.values), self.pool);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::{Duration, Instant};

    use rayon::ThreadPoolBuilder;

    use super::Aside;

    /// Values of other tests may be let go before.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn all_values_are_let_go_once() {
        let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        for pool in [None, Some(&pool)] {
            let value = Arc::new(());
            let mut values = Aside::new(pool);
            values.extend((0..100).map(|_| Arc::clone(&value)));
            let taken = values.take();
            assert_eq!((values.len(), taken.len()), (0, 100));
            drop((values, taken));
            let begun = Instant::now();
            while Arc::strong_count(&value) > 1 && begun.elapsed() < PATIENCE {
                thread::yield_now();
            }
            assert_eq!(Arc::strong_count(&value), 1);
        }
    }
}
