//! The change feed: every accepted change in the order of versions, kept in a bounded ring.
//!
//! The writer pushes a batch under a short lock and goes on; subscribers read the ring under the
//! same lock, one change at a time, and share what they read. Who is too slow for the ring is told
//! so ([`Lagged`]) and reads the twins again: a subscriber never holds the writer up.

mod change;
mod event;
mod json;
mod ring;
mod signal;
mod subscription;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use twindex_sync::Mutex;

pub use change::{Change, ChangeKind};
pub use event::{EventProperties, OpType};
use ring::Ring;
pub(crate) use ring::RingLimits;
pub use subscription::{Lagged, Subscribe, Subscription};

/// The ring, shared by the writer and the subscribers.
#[derive(Debug)]
pub(crate) struct Feed {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    /// Whether there will be no more changes.
    is_closed: bool,
}

/// Subscribers to be woken once no lock is held any more.
#[must_use = "subscribers wait for it"]
#[derive(Debug, Default)]
pub(crate) struct Woken(Vec<Arc<signal::Signal>>);

impl Woken {
    /// Wakes them.
    pub(crate) fn wake(self) {
        for signal in self.0 {
            signal.give();
        }
    }
}

impl Feed {
    pub(crate) fn new(limits: RingLimits) -> Arc<Self> {
        let state = State { ring: Ring::new(limits), is_closed: false };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Appends the changes of a batch that is visible.
    pub(crate) fn push(&self, changes: impl Iterator<Item = Change>) -> Woken {
        let mut woken = Woken::default();
        let mut state = self.state.lock();
        for change in changes {
            state.ring.push(Arc::new(change), &mut woken.0);
        }
        woken
    }

    /// Notes that twins changed, up to `version`, in a way that is not told one by one: every
    /// subscriber is told that it missed something.
    pub(crate) fn skip(&self, version: u64) {
        let mut woken = Woken::default();
        self.state.lock().ring.skip(version, &mut woken.0);
        woken.wake();
    }

    /// Bytes of the changes that it keeps.
    pub(crate) fn bytes(&self) -> usize {
        self.state.lock().ring.bytes()
    }

    /// Ends the feed: subscribers get what is in the ring, and then its end.
    pub(crate) fn close(&self) {
        let mut woken = Woken::default();
        let mut state = self.state.lock();
        state.is_closed = true;
        state.ring.wake_all(&mut woken.0);
        drop(state);
        woken.wake();
    }
}
