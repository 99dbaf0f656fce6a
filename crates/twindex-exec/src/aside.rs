//! Many values that another thread lets go.
//!
//! To free a million texts takes longer than a query may go on after it was cancelled, and no stop can
//! be looked at meanwhile. What lies in an arena is let go at once; what cannot is handed to the pool,
//! and the query returns.
//!
//! One thread at a time lets go of what waits, and looks for other work between two things: who waits
//! for the pool with a job of its own may find itself with this one. A job for each was rejected: a
//! query ends when its helpers have, and those waited in the pool for all that queries before had
//! handed over. To give way to helpers was, too: what waits grew until queries had to let go of it.

use std::ops::{Deref, DerefMut};

use rayon::ThreadPool;
use twindex_sync::Mutex;

/// Bytes that are let go where they are: it takes some microseconds, and a query may hold as many in
/// each of many places.
const FEW_BYTES: usize = if cfg!(test) { 64 } else { 1 << 14 };

/// Bytes that may wait, about as many as one query may hold. Whoever hands over more while others wait
/// lets go of them, so that queries never get ahead of it.
const WAITING_BYTES_MAX: usize = 1 << 30;

/// What waits to be let go, of all queries.
static WAITING: Mutex<Waiting> =
    Mutex::new(Waiting { all: Vec::new(), n_bytes: 0, is_at_work: false });

struct Waiting {
    /// What was handed over, and how many bytes each has, about.
    all: Vec<(usize, Box<dyn Send>)>,
    n_bytes: usize,
    /// Whether a thread of some pool takes them.
    is_at_work: bool,
}

impl Waiting {
    fn pop(&mut self) -> Option<Box<dyn Send>> {
        let (n_bytes, next) = self.all.pop()?;
        self.n_bytes -= n_bytes;
        Some(next)
    }
}

/// Lets go of values, in the pool where there is one and they are many.
pub(crate) fn let_go<T: Send + 'static>(values: Vec<T>, pool: Option<&ThreadPool>) {
    if std::mem::needs_drop::<T>() {
        let n_bytes = values.capacity() * size_of::<T>();
        let_go_of(values, n_bytes, pool);
    }
}

/// Lets go of something that has about so many bytes, in the pool where there is one and they are
/// many.
pub(crate) fn let_go_of<T: Send + 'static>(all: T, n_bytes: usize, pool: Option<&ThreadPool>) {
    let Some(pool) = pool.filter(|_| n_bytes > FEW_BYTES) else { return };
    let mut waiting = WAITING.lock();
    if waiting.n_bytes > 0 && waiting.n_bytes + n_bytes > WAITING_BYTES_MAX {
        drop(waiting);
        return drop(all);
    }
    waiting.n_bytes += n_bytes;
    waiting.all.push((n_bytes, Box::new(all)));
    if !waiting.is_at_work {
        waiting.is_at_work = true;
        pool.spawn(let_go_of_next);
    }
}

/// Runs on a thread of a pool, and goes on there.
fn let_go_of_next() {
    let mut waiting = WAITING.lock();
    let next = waiting.pop();
    waiting.is_at_work = next.is_some();
    drop(waiting);
    if next.is_some() {
        drop(next);
        rayon::spawn(let_go_of_next);
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
    use std::thread::{self, ThreadId};
    use std::time::{Duration, Instant};

    use rayon::ThreadPoolBuilder;
    use twindex_sync::Mutex;

    use super::Aside;

    /// Values of other tests may be let go before.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Notes the thread that lets go of it.
    struct Noted(Arc<Mutex<Vec<ThreadId>>>);

    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.lock().push(thread::current().id());
        }
    }

    #[test]
    fn all_values_are_let_go_once_and_many_by_the_pool() {
        let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        let here = thread::current().id();
        for (pool, n_values, is_here) in
            [(None, 100, true), (Some(&pool), 2, true), (Some(&pool), 100, false)]
        {
            let noted = Arc::new(Mutex::new(Vec::new()));
            let mut values = Aside::new(pool);
            values.reserve_exact(n_values);
            values.extend((0..n_values).map(|_| Noted(Arc::clone(&noted))));
            let taken = values.take();
            assert_eq!((values.len(), taken.len()), (0, n_values));
            drop((values, taken));
            let begun = Instant::now();
            while noted.lock().len() < n_values && begun.elapsed() < PATIENCE {
                thread::yield_now();
            }
            let noted = noted.lock();
            assert_eq!(noted.len(), n_values);
            assert!(noted.iter().all(|thread| (*thread == here) == is_here));
        }
    }
}
