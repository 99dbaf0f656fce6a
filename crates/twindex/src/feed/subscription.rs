//! Reading the feed: from a version on, of one twin, one device or the fleet.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::feed::change::{Change, ChangeKind};
use crate::feed::ring::{Cursor, Found};
use crate::feed::signal::Signal;
use crate::feed::{Feed, State};
use crate::twin_id::TwinId;

/// Changes were pushed out of the ring before they were read. Reading goes on with the oldest that
/// is left; twins read after this was told hold everything that was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{missed} changes were missed")]
pub struct Lagged {
    /// How many changes are gone. Where a subscription began before the oldest change that is
    /// kept, or a load stood in between, which of them concerned it is no longer known: then it is
    /// the most there can have been of the first, and 1 for the second.
    pub missed: u64,
}

/// What a subscription is about to be: see [`crate::Twindex::feed`].
#[derive(Clone, Debug)]
#[must_use = "it begins with `subscribe`"]
pub struct Subscribe {
    feed: Arc<Feed>,
    subject: Subject,
    after: Option<u64>,
}

/// Whose changes are wanted.
#[derive(Clone, Debug)]
enum Subject {
    Fleet,
    /// A device and its modules.
    Device(Arc<str>),
    /// A single twin.
    Twin(TwinId),
}

impl Subject {
    fn device(&self) -> Option<&Arc<str>> {
        match self {
            Self::Fleet => None,
            Self::Device(device_id) => Some(device_id),
            Self::Twin(twin) => Some(twin.shared_device_id()),
        }
    }

    /// Whether a change of the device concerns it. A device takes its modules with it.
    fn wants(&self, change: &Change) -> bool {
        match self {
            Self::Fleet | Self::Device(_) => true,
            Self::Twin(twin) => {
                let id = change.twin();
                id.module_id() == twin.module_id()
                    || (id.module_id().is_none() && change.kind() == ChangeKind::Deleted)
            }
        }
    }
}

impl Subscribe {
    pub(crate) fn new(feed: &Arc<Feed>) -> Self {
        Self { feed: Arc::clone(feed), subject: Subject::Fleet, after: None }
    }

    /// Only the changes of this twin, and the deletion of its device.
    pub fn of_twin(mut self, twin: &TwinId) -> Self {
        self.subject = Subject::Twin(twin.clone());
        self
    }

    /// Only the changes of this device and of its modules.
    pub fn of_device(mut self, device_id: &str) -> Self {
        self.subject = Subject::Device(device_id.into());
        self
    }

    /// Begins after this version, that of a change or of a [`crate::Written`], instead of now. If
    /// changes since then are gone, the first thing to come is [`Lagged`].
    pub fn after(mut self, version: u64) -> Self {
        self.after = Some(version);
        self
    }

    /// Begins.
    #[must_use]
    pub fn subscribe(self) -> Subscription {
        let mut state = self.feed.state.lock();
        let ring = &mut state.ring;
        let after = self.after.unwrap_or(ring.newest());
        let n_gone = ring.floor().saturating_sub(after);
        let cursor = match self.subject.device() {
            None => ring.cursor(after),
            Some(device_id) => ring.enter(device_id, after),
        };
        drop(state);
        Subscription {
            feed: self.feed,
            subject: self.subject,
            cursor,
            missed_before: (n_gone > 0).then_some(n_gone),
            signal: Arc::default(),
        }
    }
}

/// A reader of the feed. As an iterator it blocks for each change and ends when the last handle of
/// the engine is gone and everything was read.
#[derive(Debug)]
pub struct Subscription {
    feed: Arc<Feed>,
    subject: Subject,
    cursor: Cursor,
    /// Still to be told: changes that were gone when it began.
    missed_before: Option<u64>,
    signal: Arc<Signal>,
}

/// A change, or how many were missed.
type Item = Result<Arc<Change>, Lagged>;

impl Subscription {
    /// The next change if there is one already.
    pub fn try_next(&mut self) -> Option<Item> {
        let feed = Arc::clone(&self.feed);
        self.find(&feed.state.lock())
    }

    /// The next change if it comes before `timeout` has passed; `None` too when there will be none.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Item> {
        // A time that no clock reaches is no deadline.
        self.next_until(Instant::now().checked_add(timeout))
    }

    /// The next change, awaited; `None` when there will be no more.
    pub async fn changed(&mut self) -> Option<Item> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// The next change, polled as a stream is; `Ready(None)` when there will be no more.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Item>> {
        match self.find_or_wait(Some(context.waker())) {
            Look::Found(item) => Poll::Ready(Some(item)),
            Look::End => Poll::Ready(None),
            Look::Later => Poll::Pending,
        }
    }

    fn next_until(&mut self, deadline: Option<Instant>) -> Option<Item> {
        loop {
            match self.find_or_wait(None) {
                Look::Found(item) => return Some(item),
                Look::End => return None,
                Look::Later if self.signal.wait_until(deadline) => {}
                Look::Later => return self.try_next(),
            }
        }
    }

    /// The next change, or a place among those who wait for it.
    fn find_or_wait(&mut self, waker: Option<&Waker>) -> Look {
        let feed = Arc::clone(&self.feed);
        let mut state = feed.state.lock();
        if let Some(item) = self.find(&state) {
            return Look::Found(item);
        }
        if state.is_closed {
            return Look::End;
        }
        self.signal.reset(waker);
        match self.subject.device() {
            None => state.ring.wait(&self.signal),
            Some(device_id) => state.ring.wait_for(device_id, &self.signal),
        }
        Look::Later
    }

    fn find(&mut self, state: &State) -> Option<Item> {
        if let Some(missed) = self.missed_before.take() {
            return Some(Err(Lagged { missed }));
        }
        loop {
            let found = match self.subject.device() {
                None => state.ring.next(&mut self.cursor),
                Some(device_id) => state.ring.next_of(device_id, &mut self.cursor),
            };
            match found {
                Found::Change(change) if self.subject.wants(&change) => return Some(Ok(change)),
                Found::Change(_) => {}
                Found::Missed(missed) => return Some(Err(Lagged { missed })),
                Found::Nothing => return None,
            }
        }
    }
}

/// What a look into the ring gave.
enum Look {
    Found(Item),
    End,
    Later,
}

impl Iterator for Subscription {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        self.next_until(None)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let ring = &mut self.feed.state.lock().ring;
        match self.subject.device() {
            None => ring.leave_fleet(&self.signal),
            Some(device_id) => ring.leave(device_id, &self.signal),
        }
    }
}
