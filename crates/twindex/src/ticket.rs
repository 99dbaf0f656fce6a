//! The pending answer to a submitted write: to be waited for, awaited, or called back with.
//!
//! A mutex and a condition variable of a few bytes a write; a channel each was rejected as a heap
//! block more, and since no channel is a `Future` and a callback too.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use twindex_sync::{Condvar, Mutex};

use crate::error::Error;
use crate::write::Written;
use crate::write_error::WriteError;

/// What became of one write.
pub(crate) type Outcome = Result<Written, WriteError>;

type Callback<T> = Box<dyn FnOnce(T) + Send>;

twindex_sync::thread_local! {
    /// Whether this thread is a sequencer: it must not wait for what itself has to do.
    static IS_SEQUENCER: Cell<bool> = const { Cell::new(false) };
}

/// Marks the calling thread as a sequencer.
pub(crate) fn become_sequencer() {
    IS_SEQUENCER.with(|is_sequencer| is_sequencer.set(true));
}

/// An error on the thread of a sequencer, where waiting for a write would never end.
pub(crate) fn may_wait() -> Result<(), WriteError> {
    if IS_SEQUENCER.with(Cell::get) { Err(WriteError::WaitInCallback) } else { Ok(()) }
}

/// A place for an answer, shared by who gives it and who waits for it.
pub(crate) struct Slot<T> {
    state: Mutex<State<T>>,
    resolved: Condvar,
}

struct State<T> {
    answer: Option<T>,
    waker: Option<Waker>,
    callback: Option<Callback<T>>,
}

impl<T: Clone> Slot<T> {
    pub(crate) fn new() -> Arc<Self> {
        let state = State { answer: None, waker: None, callback: None };
        Arc::new(Self { state: Mutex::new(state), resolved: Condvar::new() })
    }

    /// Gives the answer, once: a later one is ignored. Runs the waker and the callback, neither of
    /// which can stop the caller by panicking.
    pub(crate) fn resolve(&self, answer: T) {
        let mut state = self.state.lock();
        if state.answer.is_some() {
            return;
        }
        let (waker, callback) = (state.waker.take(), state.callback.take());
        let given = callback.map(|callback| (callback, answer.clone()));
        state.answer = Some(answer);
        drop(state);
        self.resolved.notify_all();
        if let Some(waker) = waker {
            run_foreign(|| waker.wake());
        }
        if let Some((callback, answer)) = given {
            run_foreign(|| callback(answer));
        }
    }

    /// Waits for the answer; `None` if the deadline passes first.
    pub(crate) fn wait_until(&self, deadline: Option<Instant>) -> Option<T> {
        let mut state = self.state.lock();
        loop {
            if let Some(answer) = &state.answer {
                return Some(answer.clone());
            }
            match deadline {
                None => self.resolved.wait(&mut state),
                Some(deadline) if self.resolved.wait_until(&mut state, deadline).timed_out() => {
                    return state.answer.clone();
                }
                Some(_) => {}
            }
        }
    }

    fn try_get(&self) -> Option<T> {
        self.state.lock().answer.clone()
    }

    fn poll(&self, context: &Context<'_>) -> Poll<T> {
        let mut state = self.state.lock();
        if let Some(answer) = &state.answer {
            return Poll::Ready(answer.clone());
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    fn call(&self, callback: Callback<T>) {
        let mut state = self.state.lock();
        match &state.answer {
            None => state.callback = Some(callback),
            Some(answer) => {
                let answer = answer.clone();
                drop(state);
                callback(answer);
            }
        }
    }
}

/// Runs code of a caller, whose panic is reported by the panic hook and goes no further.
pub(crate) fn run_foreign(run: impl FnOnce()) {
    drop(catch_unwind(AssertUnwindSafe(run)));
}

/// The pending answer to a write that was submitted. Dropping it does not take the write back.
///
/// Wait for it, await it as a `Future` (any executor: only its `Waker` is used), or have a callback
/// called. The answer comes once the write is visible to every query that begins then.
#[must_use = "a write may be refused"]
pub struct Ticket {
    slot: Arc<Slot<Outcome>>,
}

impl Ticket {
    pub(crate) fn new(slot: Arc<Slot<Outcome>>) -> Self {
        Self { slot }
    }

    /// Blocks until the write is done or refused.
    ///
    /// # Errors
    /// Those of [`crate::Twindex::write`].
    pub fn wait(self) -> Result<Written, Error> {
        if let Some(outcome) = self.slot.try_get() {
            return Ok(outcome?);
        }
        may_wait()?;
        let outcome = self.slot.wait_until(None);
        Ok(outcome.unwrap_or(Err(WriteError::Closed))?)
    }

    /// Blocks until the write is done or refused, but no longer than `timeout`: then `None`, and
    /// the ticket can be waited for again.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Result<Written, Error>> {
        if let Some(outcome) = self.slot.try_get() {
            return Some(outcome.map_err(Error::from));
        }
        if let Err(error) = may_wait() {
            return Some(Err(error.into()));
        }
        // A time that no clock reaches is no deadline.
        let outcome = self.slot.wait_until(Instant::now().checked_add(timeout));
        outcome.map(|outcome| outcome.map_err(Error::from))
    }

    /// Calls `callback` once the write is done or refused: on the thread that applies writes, or at
    /// once on this one if there is an answer already. It holds all writes up while it runs, so it
    /// must be short and must not block; a wait for another write in it is refused with
    /// [`WriteError::WaitInCallback`], while submitting another is fine. A panic in it is
    /// reported by the panic hook and does no other harm.
    pub fn on_done(self, callback: impl FnOnce(Result<Written, Error>) + Send + 'static) {
        self.slot.call(Box::new(|outcome: Outcome| callback(outcome.map_err(Error::from))));
    }
}

impl Future for Ticket {
    type Output = Result<Written, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.slot.poll(context).map(|outcome| outcome.map_err(Error::from))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("is_done", &self.slot.try_get().is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};
    use std::time::Duration;

    use super::{Outcome, Slot, Ticket, become_sequencer};
    use crate::write_error::WriteError;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn refused() -> Outcome {
        Err(WriteError::Closed)
    }

    #[test]
    fn wakes_the_newest_waker_once() {
        let slot = Slot::new();
        let mut ticket = pin!(Ticket::new(Arc::clone(&slot)));
        let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
        for waker in [&old, &new] {
            let waker = Waker::from(Arc::clone(waker));
            assert!(ticket.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        slot.resolve(refused());
        slot.resolve(refused());
        assert_eq!((old.0.load(Ordering::SeqCst), new.0.load(Ordering::SeqCst)), (0, 1));
        let poll = ticket.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(poll, Poll::Ready(Err(_))));
    }

    #[test]
    fn times_out_and_waits_again() {
        let slot = Slot::new();
        let ticket = Ticket::new(Arc::clone(&slot));
        assert!(ticket.wait_timeout(Duration::from_millis(1)).is_none());
        let waiting = std::thread::spawn(move || ticket.wait());
        slot.resolve(refused());
        assert!(waiting.join().unwrap().is_err());
    }

    #[test]
    fn calls_back_before_and_after_and_survives_a_panic() {
        let called = Arc::new(AtomicUsize::new(0));
        let count = || {
            let called = Arc::clone(&called);
            move |outcome: Result<_, crate::Error>| {
                assert!(outcome.is_err());
                called.fetch_add(1, Ordering::SeqCst);
            }
        };
        let slot = Slot::new();
        Ticket::new(Arc::clone(&slot)).on_done(count());
        assert_eq!(called.load(Ordering::SeqCst), 0);
        slot.resolve(refused());
        Ticket::new(Arc::clone(&slot)).on_done(count());
        assert_eq!(called.load(Ordering::SeqCst), 2);
        let slot = Slot::new();
        Ticket::new(Arc::clone(&slot)).on_done(|_| panic!("a caller's defect"));
        slot.resolve(refused());
    }

    #[test]
    fn a_sequencer_does_not_wait_for_itself() {
        let outcome = std::thread::spawn(|| {
            become_sequencer();
            let slot = Slot::new();
            let late = Ticket::new(Arc::clone(&slot)).wait().unwrap_err().code();
            slot.resolve(refused());
            (late, Ticket::new(slot).wait().unwrap_err().code())
        });
        assert_eq!(outcome.join().unwrap(), ("T032", "T031"));
    }
}
