//! Writes on their way to the sequencer: a bounded queue that batches itself.
//!
//! Nobody gathers: a batch is what queued while the last one was applied, so a lone write goes at
//! once and a crowd shares one lock, one version and one wake.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use twindex_sync::{Condvar, Mutex};

use crate::ticket::{Outcome, Slot};
use crate::write::Write;
use crate::write_error::WriteError;

/// Writes of a batch at most, but that an entry is never parted.
pub(super) const BATCH_OPS_MAX: usize = 4_096;

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// For the sequencer: there is something, or there will be nothing more.
    arrived: Condvar,
    /// For those who would rather wait than be refused.
    room: Condvar,
    ops_max: usize,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<Entry>,
    n_ops: usize,
    n_waiting: usize,
    is_closed: bool,
}

/// What was handed in at once.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) writes: Writes,
    pub(super) answer: Answer,
}

/// One write, as most entries have, or many.
#[derive(Debug)]
pub(super) enum Writes {
    One(Box<Write>),
    Many(Vec<Write>),
}

/// What waiting for entries gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// A batch.
    Batch,
    /// Nothing yet.
    Nothing,
    /// Nothing, and nothing will come.
    End,
}

/// Who gets the outcome. If it is dropped without one, the sequencer has failed.
pub(super) enum Answer {
    One(Arc<Slot<Outcome>>),
    /// In the order of the writes. Fewer than there were writes if the sequencer failed.
    Many(Arc<Slot<Vec<Outcome>>>),
}

impl Entry {
    fn n_ops(&self) -> usize {
        match &self.writes {
            Writes::One(_) => 1,
            Writes::Many(writes) => writes.len(),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        match self {
            Self::One(slot) => slot.resolve(Err(WriteError::Closed)),
            Self::Many(slot) => slot.resolve(Vec::new()),
        }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer")
    }
}

impl Queue {
    pub(super) fn new(ops_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            room: Condvar::new(),
            ops_max: ops_max.max(1),
        }
    }

    /// Appends an entry if there is room for it.
    pub(super) fn push(&self, entry: Entry) -> Result<(), WriteError> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(WriteError::Closed);
        }
        if !self.has_room(&state, entry.n_ops()) {
            return Err(WriteError::QueueFull { ops_max: self.ops_max });
        }
        self.append(&mut state, entry);
        Ok(())
    }

    /// Appends an entry once there is room for it.
    pub(super) fn push_waiting(&self, entry: Entry) -> Result<(), WriteError> {
        let mut state = self.state.lock();
        while !state.is_closed && !self.has_room(&state, entry.n_ops()) {
            state.n_waiting += 1;
            self.room.wait(&mut state);
            state.n_waiting -= 1;
        }
        if state.is_closed {
            return Err(WriteError::Closed);
        }
        self.append(&mut state, entry);
        Ok(())
    }

    /// Waits for entries, but no longer than `patience` if that is given, and moves a batch of them
    /// to `batch`.
    pub(super) fn take(&self, batch: &mut VecDeque<Entry>, patience: Option<Duration>) -> Taken {
        let until = patience.map(|patience| Instant::now() + patience);
        let mut state = self.state.lock();
        while state.entries.is_empty() {
            if state.is_closed {
                return Taken::End;
            }
            match until {
                None => self.arrived.wait(&mut state),
                Some(until) if self.arrived.wait_until(&mut state, until).timed_out() => {
                    return Taken::Nothing;
                }
                Some(_) => {}
            }
        }
        if state.n_ops <= BATCH_OPS_MAX {
            std::mem::swap(&mut state.entries, batch);
            state.n_ops = 0;
        } else {
            let mut n_ops = 0;
            while let Some(entry) = state.entries.front() {
                n_ops += entry.n_ops();
                if n_ops > BATCH_OPS_MAX && !batch.is_empty() {
                    n_ops -= entry.n_ops();
                    break;
                }
                batch.extend(state.entries.pop_front());
            }
            state.n_ops -= n_ops;
        }
        if state.n_waiting > 0 {
            self.room.notify_all();
        }
        Taken::Batch
    }

    /// Takes no more. What is in the queue can still be taken out.
    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.arrived.notify_all();
        self.room.notify_all();
    }

    /// Drops what is in the queue, with the answers that this means.
    pub(super) fn clear(&self) {
        let entries = std::mem::take(&mut self.state.lock().entries);
        drop(entries); // not under the lock: callbacks run
    }

    /// An entry that is larger than the queue goes when the queue is empty.
    fn has_room(&self, state: &State, n_ops: usize) -> bool {
        state.n_ops == 0 || state.n_ops + n_ops <= self.ops_max
    }

    fn append(&self, state: &mut State, entry: Entry) {
        state.n_ops += entry.n_ops();
        state.entries.push_back(entry);
        self.arrived.notify_one();
    }
}
