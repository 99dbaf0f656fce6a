//! The memory that one query may hold: what its condition lists, columns of values, groups, distinct
//! rows, rows to be sorted, the text of a page.
//!
//! What holds memory says how much after each piece of work (a segment, some printed rows), so
//! nothing is counted row by row, and a query can pass its budget by what one piece adds: 65,536 rows
//! for each thread. Texts are weighed by a sample, as they are many and alike. What is let go is
//! given back at once, and the whole of it when the query ends.
//!
//! An allocator that counts for each query was rejected: it would cost every allocation, and could
//! only end the process.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::ExecError;
use crate::key::Key;

/// Texts looked at when many are weighed.
const SAMPLE: usize = 512;

/// Bytes by which something may grow until they are noted.
const NOTED: usize = if cfg!(test) { 64 } else { 1 << 18 };

/// How much memory a query may hold, and how much it does. A clone is of another query.
#[derive(Debug)]
pub struct Budget {
    bytes_max: usize,
    held: AtomicUsize,
}

impl Budget {
    /// A budget of so many bytes.
    #[must_use]
    pub const fn of(bytes_max: usize) -> Self {
        Self { bytes_max, held: AtomicUsize::new(0) }
    }

    /// No bound.
    #[must_use]
    pub const fn unbounded() -> Self {
        Self::of(usize::MAX)
    }

    /// Asks.
    ///
    /// # Errors
    /// [`ExecError::OverBudget`] when more is held than may be.
    pub(crate) fn check(&self) -> Result<(), ExecError> {
        let held = self.held.load(Ordering::Relaxed);
        match held > self.bytes_max {
            true => Err(ExecError::OverBudget { held, held_max: self.bytes_max }),
            false => Ok(()),
        }
    }

    /// A part of what is held, nothing yet.
    pub(crate) fn hold(&self) -> Hold<'_> {
        Hold { budget: self, bytes: 0 }
    }
}

impl Clone for Budget {
    fn clone(&self) -> Self {
        Self::of(self.bytes_max)
    }
}

/// A part of what a query holds; dropped, it is given back.
#[derive(Debug)]
pub(crate) struct Hold<'a> {
    budget: &'a Budget,
    bytes: usize,
}

impl Hold<'_> {
    /// Says that this part is now so large.
    ///
    /// # Errors
    /// As [`Budget::check`].
    pub(crate) fn set(&mut self, bytes: usize) -> Result<(), ExecError> {
        self.note(bytes);
        self.budget.check()
    }

    /// Says that this part is larger by so much.
    ///
    /// # Errors
    /// As [`Budget::check`].
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), ExecError> {
        self.set(self.bytes + bytes)
    }

    /// Follows something that grows row by row, which is noted now and then.
    ///
    /// # Errors
    /// As [`Budget::check`]. What is made may be cut short for it: asking again is not enough, as other
    /// threads of the query may have let something go meanwhile.
    pub(crate) fn keep_up(&mut self, bytes: usize) -> Result<(), ExecError> {
        if bytes < self.bytes + NOTED { Ok(()) } else { self.set(bytes) }
    }

    /// As [`Hold::set`] where nothing can be refused; the next check will.
    pub(crate) fn note(&mut self, bytes: usize) {
        let held = &self.budget.held;
        match bytes.checked_sub(self.bytes) {
            Some(more) => held.fetch_add(more, Ordering::Relaxed),
            None => held.fetch_sub(self.bytes - bytes, Ordering::Relaxed),
        };
        self.bytes = bytes;
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.note(0);
    }
}

/// Something that grows, with what it holds.
#[derive(Debug)]
pub(crate) struct Held<'a, T> {
    pub(crate) inner: T,
    pub(crate) hold: Hold<'a>,
}

impl<'a, T> Held<'a, T> {
    pub(crate) fn new(inner: T, budget: &'a Budget) -> Self {
        Self { inner, hold: budget.hold() }
    }
}

/// Bytes on the heap of `n` keys, of which these are some.
pub(crate) fn heap_bytes_of<'k>(keys: impl Iterator<Item = &'k Key>, n: usize) -> usize {
    sampled(keys.map(Key::heap_bytes), n)
}

/// The sum of `n` sizes, of which these are some.
pub(crate) fn sampled(sizes: impl Iterator<Item = usize>, n: usize) -> usize {
    let (mut sum, mut n_seen) = (0, 0);
    for size in sizes.take(SAMPLE) {
        sum += size;
        n_seen += 1;
    }
    (sum * n).checked_div(n_seen).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Budget, ExecError, sampled};

    #[test]
    fn what_is_let_go_is_given_back() {
        let budget = Budget::of(100);
        let mut groups = budget.hold();
        let mut rows = budget.hold();
        assert_eq!(groups.set(70), Ok(()));
        assert_eq!(rows.set(31), Err(ExecError::OverBudget { held: 101, held_max: 100 }));
        assert_eq!(rows.set(30), Ok(()));
        drop(groups);
        assert_eq!(rows.set(100), Ok(()));
        drop(rows);
        assert_eq!(budget.hold().set(100), Ok(()));
        assert_eq!(budget.check(), Ok(()));
    }

    #[test]
    fn samples_stand_for_all() {
        assert_eq!(sampled([3, 5].into_iter(), 1_000), 4_000);
        assert_eq!(sampled(std::iter::repeat_n(7, 100_000), 100_000), 700_000);
        assert_eq!(sampled(std::iter::empty(), 10), 0);
    }
}
