//! Many values that another thread lets go.
//!
//! To free a million texts takes longer than a query may go on after it was cancelled, and no stop can
//! be looked at meanwhile. What lies in an arena is let go at once; what cannot is handed to the pool,
//! and the query returns.

use std::ops::{Deref, DerefMut};

use rayon::ThreadPool;

/// Values that are let go where they are: these take some tenths of a millisecond.
const FEW: usize = if cfg!(test) { 4 } else { 1 << 12 };

/// Lets go of values, in the pool where there is one and they are many.
pub(crate) fn let_go<T: Send + 'static>(values: Vec<T>, pool: Option<&ThreadPool>) {
    if let Some(pool) = pool.filter(|_| std::mem::needs_drop::<T>() && values.len() > FEW) {
        pool.spawn(move || drop(values));
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

    use rayon::ThreadPoolBuilder;

    use super::Aside;

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
            // What the pool was given before is done before.
            pool.into_iter().for_each(|pool| pool.install(|| ()));
            assert_eq!(Arc::strong_count(&value), 1);
        }
    }
}
