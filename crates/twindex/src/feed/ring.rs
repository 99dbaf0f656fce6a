//! The newest changes, in order, and for each device the trail of its own among them.
//!
//! A ring alone would make each of ten thousand devices' subscribers look through the changes of
//! the whole fleet; a queue for each subscriber would cost the writer a push for each of them, and
//! could not resume. So each change names the next one of its device: a subscriber follows that
//! trail, and the writer pays one look into a table a change.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use twindex_planted::{Fault, planted};

use crate::feed::change::Change;
use crate::feed::signal::Signal;

/// How much the ring keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingLimits {
    /// Changes.
    pub(crate) changes_max: usize,
    /// Bytes of their patches.
    pub(crate) bytes_max: usize,
}

/// A change and the way on from it. Places number changes from 1, without gaps but where
/// [`Ring::skip`] leaves one.
#[derive(Debug)]
struct Link {
    change: Arc<Change>,
    /// Place of the next change of the same device; 0 while there is none.
    next: u64,
}

/// The changes of one device.
#[derive(Debug, Default)]
struct Trail {
    /// Place of the oldest and of the newest in the ring, if there is any.
    ends: (u64, u64),
    /// How many are in the ring.
    n_in_ring: u64,
    /// How many there were since this trail was laid.
    n_pushed: u64,
    n_subscriptions: usize,
    /// Subscribers that wait for the next one.
    waiting: Vec<Arc<Signal>>,
}

impl Trail {
    /// How many left the ring.
    fn n_gone(&self) -> u64 {
        self.n_pushed - self.n_in_ring
    }

    fn is_unused(&self) -> bool {
        self.n_in_ring == 0 && self.n_subscriptions == 0
    }
}

/// The newest changes.
#[derive(Debug)]
pub(crate) struct Ring {
    links: VecDeque<Link>,
    /// Place of the first link.
    first: u64,
    /// Every change after this version is in the ring.
    floor: u64,
    /// Version of the newest change, or of what was skipped.
    newest: u64,
    bytes: usize,
    limits: RingLimits,
    /// By device id. Invariant: has each device with a change in the ring or a subscription.
    trails: HashMap<Arc<str>, Trail>,
    /// Subscribers of the whole fleet that wait.
    waiting: Vec<Arc<Signal>>,
}

/// Where in a ring a subscriber has come to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor {
    /// Changes of its trail up to this one were delivered: of the ring, a place; of a device, a
    /// number on its trail.
    n_seen: u64,
    /// Place of the change delivered last, of a device's subscriber.
    last: u64,
}

/// What a cursor finds.
#[derive(Debug)]
pub(crate) enum Found {
    /// The next change.
    Change(Arc<Change>),
    /// So many were pushed out before they were read.
    Missed(u64),
    /// There is none yet.
    Nothing,
}

impl Ring {
    pub(crate) fn new(limits: RingLimits) -> Self {
        Self {
            links: VecDeque::new(),
            first: 1,
            floor: 0,
            newest: 0,
            bytes: 0,
            limits,
            trails: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Bytes of the changes, and of the places that hold them.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes + self.links.capacity() * size_of::<Link>()
    }

    /// Version after which every change is there.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Version of the newest change.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// Appends a change, drops what there is no more room for, and moves to `woken` whoever waited.
    pub(crate) fn push(&mut self, change: Arc<Change>, woken: &mut Vec<Arc<Signal>>) {
        let place = self.end();
        let device = change.twin().shared_device_id();
        let trail = match self.trails.get_mut(device) {
            Some(trail) => trail,
            None => self.trails.entry(Arc::clone(device)).or_default(),
        };
        if trail.n_in_ring == 0 {
            trail.ends.0 = place;
        } else if let Some(last) = self.links.get_mut((trail.ends.1 - self.first) as usize) {
            last.next = place;
        }
        trail.ends.1 = place;
        trail.n_in_ring += 1;
        trail.n_pushed += 1;
        wake(&mut trail.waiting, woken);
        wake(&mut self.waiting, woken);
        self.newest = change.version();
        self.bytes += change.bytes();
        self.links.push_back(Link { change, next: 0 });
        while self.links.len() > self.limits.changes_max || self.bytes > self.limits.bytes_max {
            self.drop_first();
        }
    }

    /// Forgets all: up to `version` twins changed in a way that is not told one by one.
    pub(crate) fn skip(&mut self, version: u64, woken: &mut Vec<Arc<Signal>>) {
        self.first = self.end() + 1; // so that every cursor has missed something
        self.links.clear();
        self.bytes = 0;
        (self.floor, self.newest) = (version, version);
        self.trails.retain(|_, trail| {
            trail.n_in_ring = 0;
            trail.n_pushed += 1;
            wake(&mut trail.waiting, woken);
            !trail.is_unused()
        });
        wake(&mut self.waiting, woken);
    }

    /// A cursor over all changes after `version`, which must not be below the floor.
    pub(crate) fn cursor(&self, version: u64) -> Cursor {
        let n_before = self.links.partition_point(|link| link.change.version() <= version);
        Cursor { n_seen: self.first + n_before as u64 - 1, last: 0 }
    }

    /// The same over the changes of one device, whose trail stays until [`Ring::leave`].
    pub(crate) fn enter(&mut self, device: &Arc<str>, version: u64) -> Cursor {
        let trail = self.trails.entry(Arc::clone(device)).or_default();
        trail.n_subscriptions += 1;
        let mut cursor = Cursor { n_seen: trail.n_gone(), last: 0 };
        let mut place = trail.ends.0;
        for _ in 0..trail.n_in_ring {
            let Some(link) = self.links.get((place - self.first) as usize) else { break };
            if link.change.version() > version {
                break;
            }
            cursor = Cursor { n_seen: cursor.n_seen + 1, last: place };
            place = link.next;
        }
        cursor
    }

    /// Ends a subscription to a device.
    pub(crate) fn leave(&mut self, device: &str, signal: &Arc<Signal>) {
        if let Some(trail) = self.trails.get_mut(device) {
            trail.n_subscriptions = trail.n_subscriptions.saturating_sub(1);
            trail.waiting.retain(|waiting| !Arc::ptr_eq(waiting, signal));
            if trail.is_unused() {
                self.trails.remove(device);
            }
        }
    }

    /// Ends a subscription to the fleet.
    pub(crate) fn leave_fleet(&mut self, signal: &Arc<Signal>) {
        self.waiting.retain(|waiting| !Arc::ptr_eq(waiting, signal));
    }

    /// The next of all changes.
    pub(crate) fn next(&self, cursor: &mut Cursor) -> Found {
        if cursor.n_seen + 1 < self.first {
            let n_missed = self.first - 1 - cursor.n_seen;
            cursor.n_seen = self.first - 1;
            if !planted(Fault::LagUntold) {
                return Found::Missed(n_missed);
            }
        }
        match self.links.get((cursor.n_seen + 1 - self.first) as usize) {
            Some(link) => {
                cursor.n_seen += 1;
                Found::Change(Arc::clone(&link.change))
            }
            None => Found::Nothing,
        }
    }

    /// The next change of a device that was entered.
    pub(crate) fn next_of(&self, device: &str, cursor: &mut Cursor) -> Found {
        let Some(trail) = self.trails.get(device) else { return Found::Nothing };
        let n_gone = trail.n_gone();
        if cursor.n_seen < n_gone {
            let n_missed = n_gone - cursor.n_seen;
            *cursor = Cursor { n_seen: n_gone, last: 0 };
            return Found::Missed(n_missed);
        }
        if cursor.n_seen == trail.n_pushed {
            return Found::Nothing;
        }
        // Either the one delivered last is still there, or it was the last to leave.
        let place = match cursor.last.checked_sub(self.first) {
            Some(last) => self.links.get(last as usize).map_or(0, |link| link.next),
            None => trail.ends.0,
        };
        match place.checked_sub(self.first).and_then(|at| self.links.get(at as usize)) {
            Some(link) => {
                *cursor = Cursor { n_seen: cursor.n_seen + 1, last: place };
                Found::Change(Arc::clone(&link.change))
            }
            None => Found::Nothing,
        }
    }

    /// Has `signal` given by the next change.
    pub(crate) fn wait(&mut self, signal: &Arc<Signal>) {
        if signal.begin_waiting() {
            self.waiting.push(Arc::clone(signal));
        }
    }

    /// Has `signal` given by the next change of a device that was entered.
    pub(crate) fn wait_for(&mut self, device: &str, signal: &Arc<Signal>) {
        if let Some(trail) = self.trails.get_mut(device)
            && signal.begin_waiting()
        {
            trail.waiting.push(Arc::clone(signal));
        }
    }

    /// Moves to `woken` everybody who waits.
    pub(crate) fn wake_all(&mut self, woken: &mut Vec<Arc<Signal>>) {
        wake(&mut self.waiting, woken);
        for trail in self.trails.values_mut() {
            wake(&mut trail.waiting, woken);
        }
    }

    /// Devices that are kept track of.
    #[cfg(test)]
    pub(super) fn n_trails(&self) -> usize {
        self.trails.len()
    }

    /// Subscribers that wait.
    #[cfg(test)]
    pub(super) fn n_waiting(&self) -> usize {
        self.waiting.len() + self.trails.values().map(|trail| trail.waiting.len()).sum::<usize>()
    }

    /// Place of the change to come.
    fn end(&self) -> u64 {
        self.first + self.links.len() as u64
    }

    fn drop_first(&mut self) {
        let Some(link) = self.links.pop_front() else { return };
        self.first += 1;
        self.floor = link.change.version();
        self.bytes -= link.change.bytes();
        let device = link.change.twin().device_id();
        if let Some(trail) = self.trails.get_mut(device) {
            trail.ends.0 = link.next;
            trail.n_in_ring -= 1;
            if trail.is_unused() {
                self.trails.remove(device);
            }
        }
    }
}

/// Moves those who wait to those who are to be woken, once the lock is given back.
fn wake(waiting: &mut Vec<Arc<Signal>>, woken: &mut Vec<Arc<Signal>>) {
    for signal in waiting.drain(..) {
        signal.end_waiting();
        woken.push(signal);
    }
}
