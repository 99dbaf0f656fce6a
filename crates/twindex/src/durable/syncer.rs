//! The log's own thread, which syncs behind the batches under [`Durability::Async`].
//!
//! The first batch after a while is synced at once, and while batches come one sync begins every
//! five milliseconds: a loss of power takes what came since the last one began, and what that one
//! was still writing. The log is free for appending meanwhile.
//!
//! [`Durability::Async`]: crate::Durability::Async

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use twindex_sync::{Condvar, Mutex};

use crate::durable::Log;

/// From the beginning of one sync to that of the next: half of what the mode promises, which leaves
/// the other half to the disk.
const EVERY: Duration = Duration::from_millis(5);

/// The thread, if the machine gave one.
#[derive(Debug, Default)]
pub(super) struct Syncer {
    signal: Arc<Signal>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Batches were appended since the last sync began.
    is_behind: bool,
    /// Whether somebody looks at `is_behind`.
    is_running: bool,
    is_closed: bool,
}

impl Syncer {
    /// Starts the thread.
    pub(super) fn start(log: &Arc<Mutex<Log>>, durable_version: &Arc<AtomicU64>) -> Self {
        let syncer = Self::default();
        let signal = Arc::clone(&syncer.signal);
        let (log, durable_version) = (Arc::clone(log), Arc::clone(durable_version));
        let builder = Builder::new().name("twindex-log".to_owned());
        signal.state.lock().is_running = true;
        let thread = builder.spawn(move || run(&signal, &log, &durable_version));
        syncer.signal.state.lock().is_running = thread.is_ok();
        *syncer.thread.lock() = thread.ok();
        syncer
    }

    /// Says that a batch was appended. False if nobody will sync it.
    pub(super) fn note_appended(&self) -> bool {
        let mut state = self.signal.state.lock();
        state.is_behind = true;
        self.signal.changed.notify_one();
        state.is_running && !state.is_closed
    }

    /// Lets the thread sync what was appended, and waits for its end.
    pub(super) fn close(&self) {
        self.signal.state.lock().is_closed = true;
        self.signal.changed.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            drop(thread.join()); // its panic was reported when it happened
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.close();
    }
}

fn run(signal: &Signal, log: &Mutex<Log>, durable_version: &AtomicU64) {
    while signal.wait_until_behind() {
        let begun = Instant::now();
        sync_once(log, durable_version);
        signal.wait_for_turn(begun + EVERY);
    }
}

/// Syncs what is appended by now. A failure poisons the log: the next batch is told.
fn sync_once(log: &Mutex<Log>, durable_version: &AtomicU64) {
    let (syncing, version) = {
        let log = log.lock();
        (log.writer.begin_sync(), log.version)
    };
    let Some(syncing) = syncing else { return };
    let outcome = syncing.run();
    if log.lock().writer.end_sync(&syncing, outcome).is_ok() {
        durable_version.fetch_max(version, Ordering::AcqRel);
    }
}

impl Signal {
    /// Waits for batches; false if there are none, nor will be.
    fn wait_until_behind(&self) -> bool {
        let mut state = self.state.lock();
        while !state.is_behind && !state.is_closed {
            self.changed.wait(&mut state);
        }
        std::mem::take(&mut state.is_behind)
    }

    /// Waits until the next sync may begin, or all shall end.
    fn wait_for_turn(&self, turn: Instant) {
        let mut state = self.state.lock();
        while !state.is_closed && Instant::now() < turn {
            self.changed.wait_until(&mut state, turn);
        }
    }
}
