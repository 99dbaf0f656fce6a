//! Writing and following changes, as methods of the handle.

use crate::engine::Twindex;
use crate::error::Error;
use crate::feed::Subscribe;
use crate::ticket::Ticket;
use crate::write::{Write, Written};

impl Twindex {
    /// Submits a write and gives a ticket for the answer. Never blocks. Writes are done in the
    /// order in which they were submitted; dropping the ticket does not take the write back.
    ///
    /// # Errors
    /// [`crate::WriteError::QueueFull`] when [`crate::Options::queue_ops_max`] writes wait: nothing
    /// was submitted, and the same write may go through in a moment.
    pub fn submit(&self, write: Write) -> Result<Ticket, Error> {
        Ok(self.inner().sequencer.submit(write)?)
    }

    /// Writes, and waits until every query that begins then sees it. Waits too for room in the
    /// queue. A thread that has many writes gets them done much faster by [`Twindex::write_all`] or
    /// by submitting them all before it waits for the first.
    ///
    /// # Errors
    /// [`Error::Write`]: nothing was changed.
    pub fn write(&self, write: Write) -> Result<Written, Error> {
        Ok(self.inner().sequencer.write(write)?)
    }

    /// Writes to many twins, and waits for all: a result for each, in the order of the writes. Each
    /// is done or refused by itself; up to 4,096 become visible at once.
    pub fn write_all(&self, writes: Vec<Write>) -> Vec<Result<Written, Error>> {
        let outcomes = self.inner().sequencer.write_all(writes);
        outcomes.into_iter().map(|outcome| outcome.map_err(Error::from)).collect()
    }

    /// The feed of changes, of the whole fleet unless told otherwise, from now on unless told
    /// otherwise. To keep a copy of a twin: subscribe, read the twin, and pass over changes whose
    /// versions are not above those that were read.
    ///
    /// Twins that are loaded are not told one by one: a load makes every subscription lag.
    pub fn feed(&self) -> Subscribe {
        Subscribe::new(&self.inner().writer.feed)
    }
}
