//! The one thread that applies writes, in the order in which they were submitted.
//!
//! Writers of many threads would fight for the lock of the index and for the cache lines behind
//! it; one thread that takes what has queued pays for lock, version and wake once a batch. It is
//! started by the first write, and joined when the last handle goes: what was submitted is done
//! first.

mod apply;
mod batch;
mod queue;

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use twindex_sync::thread::{Builder, JoinHandle};

use crate::durable::{Durable, checkpoint_when_due};
use crate::sequencer::batch::Batch;
use crate::sequencer::queue::{Answer, BATCH_OPS_MAX, Entry, Queue, Taken, Writes};
use crate::ticket::{Outcome, Slot, Ticket, become_sequencer, may_wait};
use crate::write::Write;
use crate::write_error::WriteError;
use crate::writer::Writer;

/// How long nothing must have come before the thread cleans up, and between one time and the next.
const CLEAN_AFTER: Duration = Duration::from_millis(20);

/// The queue and the thread at its end.
#[derive(Debug)]
pub(crate) struct Sequencer {
    core: Arc<Core>,
    /// `None` inside if the machine refused a thread.
    thread: OnceLock<Option<JoinHandle<()>>>,
}

/// What the thread needs. It holds no handle of the engine, or none would ever be the last.
#[derive(Debug)]
struct Core {
    queue: Queue,
    writer: Arc<Writer>,
}

impl Sequencer {
    pub(crate) fn new(writer: Arc<Writer>, queue_ops_max: usize) -> Self {
        let core = Arc::new(Core { queue: Queue::new(queue_ops_max), writer });
        Self { core, thread: OnceLock::new() }
    }

    /// Queues a write, or refuses it at once if the queue is full.
    pub(crate) fn submit(&self, write: Write) -> Result<Ticket, WriteError> {
        let (entry, slot) = one(write);
        self.queue()?.push(entry)?;
        Ok(Ticket::new(slot))
    }

    /// Queues a write, when there is room, and waits for it.
    pub(crate) fn write(&self, write: Write) -> Outcome {
        may_wait()?;
        let (entry, slot) = one(write);
        self.queue()?.push_waiting(entry)?;
        slot.wait_until(None).unwrap_or(Err(WriteError::Closed))
    }

    /// Queues writes, as one entry if they fit a batch, and waits for all of them.
    pub(crate) fn write_all(&self, writes: Vec<Write>) -> Vec<Outcome> {
        let n_writes = writes.len();
        let mut slots = Vec::new();
        let mut rest = writes.into_iter();
        let mut failure = WriteError::Closed;
        loop {
            let part: Vec<Write> = rest.by_ref().take(BATCH_OPS_MAX).collect();
            if part.is_empty() {
                break;
            }
            match self.queue_many(part) {
                Ok(slot) => slots.push(slot),
                Err(error) => {
                    failure = error;
                    break;
                }
            }
        }
        let answers = slots.iter().filter_map(|slot| slot.wait_until(None));
        let mut outcomes: Vec<Outcome> = answers.flatten().collect();
        outcomes.resize(n_writes, Err(failure));
        outcomes
    }

    fn queue_many(&self, writes: Vec<Write>) -> Result<Arc<Slot<Vec<Outcome>>>, WriteError> {
        may_wait()?;
        let slot = Slot::new();
        let answer = Answer::Many(Arc::clone(&slot));
        self.queue()?.push_waiting(Entry { writes: Writes::Many(writes), answer })?;
        Ok(slot)
    }

    /// The queue, with the thread at its end.
    fn queue(&self) -> Result<&Queue, WriteError> {
        if self.core.writer.read_only.is_some() {
            return Err(WriteError::ReadOnly);
        }
        let thread = self.thread.get_or_init(|| {
            let core = Arc::clone(&self.core);
            let builder = Builder::new().name("twindex-writer".to_owned());
            builder.spawn(move || run(&core)).ok()
        });
        if thread.is_some() { Ok(&self.core.queue) } else { Err(WriteError::Closed) }
    }
}

impl Drop for Sequencer {
    fn drop(&mut self) {
        self.core.queue.close();
        if let Some(Some(thread)) = self.thread.take()
            && thread.thread().id() != twindex_sync::thread::current().id()
        {
            drop(thread.join()); // its panic was reported when it happened
        }
        // Where it is the thread itself that dropped the last handle, it goes on to the end of the
        // queue, and closes the feed a second time.
        self.core.writer.feed.close();
        self.core.writer.durable.iter().for_each(Durable::close);
    }
}

fn one(write: Write) -> (Entry, Arc<Slot<Outcome>>) {
    let slot = Slot::new();
    let answer = Answer::One(Arc::clone(&slot));
    (Entry { writes: Writes::One(Box::new(write)), answer }, slot)
}

fn run(core: &Arc<Core>) {
    become_sequencer();
    let _ends = Ends(core);
    let (mut entries, mut batch) = (VecDeque::new(), Batch::default());
    let mut is_clean = true;
    loop {
        match core.queue.take(&mut entries, (!is_clean).then_some(CLEAN_AFTER)) {
            Taken::Batch => {
                batch.fill(&mut entries);
                apply::perform(&core.writer, &mut batch);
                checkpoint_when_due(&core.writer);
                is_clean = false;
            }
            Taken::Nothing => is_clean = core.writer.clean_idle(),
            Taken::End => return,
        }
    }
}

/// Whatever ends the thread, nobody is left waiting for it.
struct Ends<'a>(&'a Core);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.queue.close();
        self.0.queue.clear();
        self.0.writer.feed.close();
    }
}
