//! What a subscriber waits on: a thread that blocks, or a task that is polled.

use std::task::Waker;
use std::time::Instant;
use twindex_sync::atomic::{AtomicBool, Ordering};

use twindex_sync::{Condvar, Mutex};

use crate::ticket::run_foreign;

/// Given by the writer after its changes are in the ring.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    state: Mutex<State>,
    given: Condvar,
    /// Whether it stands in a list of those who wait. Changed under the ring's lock alone, so that
    /// it stands in one only once.
    is_waiting: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    is_given: bool,
    waker: Option<Waker>,
}

impl Signal {
    /// False if it waits already.
    pub(crate) fn begin_waiting(&self) -> bool {
        !self.is_waiting.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn end_waiting(&self) {
        self.is_waiting.store(false, Ordering::Relaxed);
    }

    /// Forgets an earlier one: the ring is about to be looked at. `waker` is what to wake from then
    /// on.
    pub(crate) fn reset(&self, waker: Option<&Waker>) {
        let mut state = self.state.lock();
        state.is_given = false;
        state.waker = waker.cloned();
    }

    /// Lets the subscriber look again.
    pub(crate) fn give(&self) {
        let mut state = self.state.lock();
        state.is_given = true;
        let waker = state.waker.take();
        drop(state);
        self.given.notify_all();
        if let Some(waker) = waker {
            run_foreign(|| waker.wake());
        }
    }

    /// Waits until it is given; false if the deadline passes first.
    pub(crate) fn wait_until(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.state.lock();
        while !state.is_given {
            match deadline {
                None => self.given.wait(&mut state),
                Some(deadline) => {
                    if self.given.wait_until(&mut state, deadline).timed_out() {
                        return state.is_given;
                    }
                }
            }
        }
        true
    }
}
