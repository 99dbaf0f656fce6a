//! The role of the writer: who has it chooses versions and times, and makes them visible.
//!
//! The sequencer has it for a batch of writes, a load for a batch of documents. Versions number
//! changes, so a batch has as many as it has writes and is published at the last of them: one
//! number then does for queries, which want a batch whole, and for the feed, which tells changes
//! apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use twindex_index::collect::Collected;
use twindex_index::index::Index;
use twindex_index::snapshot::{IndexWrite, Shared, Ts};
use twindex_index::write::When;
use twindex_planted::{Fault, planted};
use twindex_store::error::StoreError;
use twindex_sync::{Mutex, MutexGuard};

use crate::clock::Clock;
use crate::durable::{Behind, CheckpointReport, Durable, ReadOnly, Scope, Told};
use crate::feed::{Change, Feed, RingLimits, Woken};
use crate::options::Options;

/// How long a batch holds the lock for some of its writes, before readers get their turn.
const SLICE_MAX: Duration = Duration::from_micros(200);

/// About how many microseconds are spent on giving back memory: at most so many a write, within
/// bounds for a batch, and so many at once while there is nothing to write.
const COLLECT_WORK_A_WRITE: u32 = 4;
const COLLECT_WORK_A_BATCH: (u32, u32) = (16, 500);
const COLLECT_WORK_IDLE: u32 = 200;
/// The same for one piece of giving back all there is, and so many pieces at most: some minutes, if
/// a writer makes new work meanwhile, or a reader keeps it from being done. So many in a row must
/// have found nothing: only after some such calls is all looked at that little went from.
const COLLECT_WORK_ALL: u32 = 1_000;
const COLLECT_CALLS_MAX: u32 = 100_000;
const DONE_CALLS_MIN: u32 = 40;
/// Pieces of such work after a batch, while more than so many paths wait for it.
const COLLECT_PIECES_MAX: u32 = 32;
const WAITING_MAX: usize = 10_000;

/// What writing needs, and the role itself.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    pub(crate) feed: Arc<Feed>,
    clock: Arc<dyn Clock>,
    undo_bytes_max: usize,
    /// Paths that waited to be given back when it was last looked.
    n_waiting: AtomicUsize,
    /// `None` for an engine in memory alone, or one that only reads.
    pub(crate) durable: Option<Durable>,
    /// The store that must not be written to.
    pub(crate) read_only: Option<ReadOnly>,
    /// Held by who has the role. The latest time of a batch: the clock may be set back.
    role: Mutex<i64>,
}

/// The role, held for one batch.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    writer: &'a Writer,
    _role: MutexGuard<'a, i64>,
    /// Version of the batch's first write.
    first: u64,
    /// Timestamp of the whole batch, and its time.
    pub(crate) when: When,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, options: &Options, store: Behind) -> Self {
        let (durable, read_only) = match store {
            Behind::Memory => (None, None),
            Behind::Store(durable) => (Some(durable), None),
            Behind::ReadOnly(read_only) => (None, Some(read_only)),
        };
        let feed = Feed::new(RingLimits {
            changes_max: options.feed_changes_max,
            bytes_max: options.feed_bytes_max,
        });
        let opened_at = shared.visible().0;
        if opened_at > 0 && !planted(Fault::FeedPretends) {
            // Changes from before a store was opened are not in the feed.
            feed.skip(opened_at);
        }
        Self {
            shared,
            feed,
            clock: Arc::clone(&options.clock),
            undo_bytes_max: options.undo_bytes_max,
            n_waiting: AtomicUsize::new(0),
            durable,
            read_only,
            role: Mutex::new(i64::MIN),
        }
    }

    /// Takes the role for a batch of `n_writes`, when nobody else has it. To be called without the
    /// lock of the index in hand.
    pub(crate) fn begin(&self, n_writes: u64) -> Writing<'_> {
        self.with_role(self.role.lock(), n_writes)
    }

    /// The same, if nobody else has it by then.
    pub(crate) fn begin_within(&self, patience: Duration) -> Option<Writing<'_>> {
        self.role.try_lock_for(patience).map(|role| self.with_role(role, 1))
    }

    /// The same, if nobody else has it now.
    pub(crate) fn try_begin(&self) -> Option<Writing<'_>> {
        self.role.try_lock().map(|role| self.with_role(role, 1))
    }

    fn with_role<'a>(&'a self, mut role: MutexGuard<'a, i64>, n_writes: u64) -> Writing<'a> {
        *role = self.clock.now_ms().max(*role);
        let newest = self.shared.visible().0;
        let when = When { ts: Ts(newest + n_writes.max(1)), now_ms: *role };
        Writing { writer: self, _role: role, first: newest + 1, when }
    }

    /// Makes a checkpoint of the store; nothing without one.
    ///
    /// # Errors
    /// [`StoreError`]: the checkpoint before counts as it did.
    pub(crate) fn checkpoint(&self) -> Result<CheckpointReport, StoreError> {
        self.checkpoint_of(Scope::Changed)
    }

    /// The same, or one of everything.
    pub(crate) fn checkpoint_of(&self, scope: Scope) -> Result<CheckpointReport, StoreError> {
        if self.read_only.is_some() {
            return Err(StoreError::ReadOnly);
        }
        let Some(durable) = &self.durable else { return Ok(CheckpointReport::default()) };
        durable.checkpoint(&self.shared, || self.role.lock(), scope)
    }

    /// Forgets what no reader needs any more, and gives back some of what no twin has any more:
    /// with the index in hand, since each wait for the lock may be one for a reader.
    fn clean(&self, index: &mut Index, work: u32) -> Collected {
        self.shared.prune_held(index, self.undo_bytes_max);
        if !self.durable.as_ref().is_none_or(Durable::may_collect) {
            return Collected { is_done: true, ..Collected::default() };
        }
        let collected = index.collect(self.shared.oldest(), work);
        self.n_waiting.store(collected.n_waiting, Ordering::Relaxed);
        collected
    }

    /// Cleans while there is nothing to write. False if there is more to be done.
    pub(crate) fn clean_idle(&self) -> bool {
        let mut index = self.shared.write();
        self.clean(&mut index, COLLECT_WORK_IDLE).is_done && !index.has_undo()
    }

    /// Gives back all that can be, however long it takes. Writers and readers come in between.
    pub(crate) fn collect_all(&self) {
        let mut n_done = 0;
        for _ in 0..COLLECT_CALLS_MAX {
            let mut index = self.shared.write();
            let is_done = self.clean(&mut index, COLLECT_WORK_ALL).is_done;
            index.unlock_fair();
            n_done = if is_done { n_done + 1 } else { 0 };
            if n_done > DONE_CALLS_MIN {
                break;
            }
        }
    }

    /// The role alone, for what begins no batch and must have none under way.
    pub(crate) fn role(&self) -> impl Sized {
        self.role.lock()
    }

    /// Catches up where ever-new keys leave more behind in a batch than one piece of work takes
    /// away. The lock is free between two pieces.
    pub(crate) fn catch_up(&self) {
        let mut n_waiting = self.n_waiting.load(Ordering::Relaxed);
        for _ in 0..COLLECT_PIECES_MAX {
            if n_waiting <= WAITING_MAX {
                break;
            }
            let n_left = self.clean(&mut self.shared.write(), COLLECT_WORK_IDLE).n_waiting;
            // Those that wait for a reader do not get fewer.
            if n_left >= n_waiting {
                break;
            }
            n_waiting = n_left;
        }
    }
}

impl Writing<'_> {
    /// Cleans up after earlier batches, before the first of this one's `n_writes`.
    pub(crate) fn clean(&self, index: &mut Index, n_writes: usize) {
        let work = u32::try_from(n_writes).unwrap_or(u32::MAX).saturating_mul(COLLECT_WORK_A_WRITE);
        let (least, most) = COLLECT_WORK_A_BATCH;
        self.writer.clean(index, work.clamp(least, most));
    }

    /// Version of write `number` of the batch.
    pub(crate) fn version(&self, number: u64) -> u64 {
        self.first + number
    }

    /// The index, for some writes of the batch.
    pub(crate) fn lock(&self) -> IndexWrite<'_> {
        let mut index = self.writer.shared.write();
        index.begin(self.when.ts);
        index
    }

    /// Writes one item after another until `write` fails, letting readers in between.
    pub(crate) fn each<T, E>(
        &self,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Index, T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut items = items.peekable();
        while items.peek().is_some() {
            let mut index = self.lock();
            let begun = Instant::now();
            for item in items.by_ref() {
                write(&mut index, item)?;
                if begun.elapsed() > SLICE_MAX {
                    break;
                }
            }
            index.unlock_fair();
            if planted(Fault::HalfBatchSeen) {
                self.writer.shared.publish(self.when.ts);
            }
        }
        Ok(())
    }

    /// Makes the batch, all of whose writes are done, durable. False if there is nothing to publish.
    ///
    /// # Errors
    /// [`StoreError`]: the batch is to be rolled back.
    pub(crate) fn log(&self, told: Told) -> Result<bool, StoreError> {
        match &self.writer.durable {
            Some(durable) => durable.log(&self.writer.shared, self.when.ts, told),
            None => Ok(true),
        }
    }

    /// Lets readers see the batch, all of whose writes are logged, and appends its changes to the
    /// feed.
    pub(crate) fn publish(self, changes: impl Iterator<Item = Change>) -> Woken {
        // Visible first: who subscribes and then reads a twin must not miss what lies in between.
        self.writer.shared.publish(self.when.ts);
        let is_told = |(number, _): &(usize, Change)| *number != 1 || !planted(Fault::EventLost);
        self.writer.feed.push(changes.enumerate().filter(is_told).map(|(_, change)| change))
    }

    /// Logs and publishes a batch that the feed does not tell one by one, or rolls it back; forgets
    /// what no reader needs.
    ///
    /// # Errors
    /// [`StoreError`]: the batch was rolled back.
    pub(crate) fn finish_untold(self) -> Result<(), StoreError> {
        match self.log(Told::Nobody) {
            Ok(true) => {
                self.writer.shared.publish(self.when.ts);
                self.writer.feed.skip(self.when.ts.0);
            }
            // Its version is given to the next batch, as it would be after reopening.
            Ok(false) => {}
            Err(error) => {
                self.roll_back();
                return Err(error);
            }
        }
        self.writer.clean_idle();
        self.writer.catch_up();
        Ok(())
    }

    /// Takes back what the batch wrote, letting readers in between.
    pub(crate) fn roll_back(self) {
        self.writer.durable.iter().for_each(Durable::note_rolled_back);
        loop {
            let mut index = self.writer.shared.write();
            let begun = Instant::now();
            if index.roll_back_while(self.when.ts, || begun.elapsed() < SLICE_MAX) {
                return;
            }
            index.unlock_fair();
        }
    }
}
