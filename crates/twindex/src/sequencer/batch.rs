//! Writes with one timestamp, from the queue to their answers.

use std::collections::VecDeque;

use crate::feed::Change;
use crate::sequencer::queue::{Answer, Entry, Writes};
use crate::ticket::Outcome;
use crate::write::Write;
use crate::write_error::WriteError;

/// Writes, what became of them, and who wants to know.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) ops: Vec<Pending>,
    outcomes: Vec<Outcome>,
    /// Each with the number of outcomes that answer it, in order.
    answers: Vec<(Answer, usize)>,
}

/// A write and what became of it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) write: Write,
    pub(super) outcome: Outcome,
    /// Body of the event, where only the index can give it.
    pub(super) event: Option<Box<str>>,
}

impl Batch {
    /// Fills an empty batch with what was queued.
    pub(super) fn fill(&mut self, entries: &mut VecDeque<Entry>) {
        // Whatever is not applied was not done.
        let pending = |write| Pending { write, outcome: Err(WriteError::Closed), event: None };
        for Entry { writes, answer } in entries.drain(..) {
            let n_before = self.ops.len();
            match writes {
                Writes::One(write) => self.ops.push(pending(*write)),
                Writes::Many(writes) => self.ops.extend(writes.into_iter().map(pending)),
            }
            self.answers.push((answer, self.ops.len() - n_before));
        }
    }

    /// Whether any write was done.
    pub(super) fn is_any_accepted(&self) -> bool {
        self.ops.iter().any(|pending| pending.outcome.is_ok())
    }

    /// Says of all writes that would have been done that they were not.
    pub(super) fn fail(&mut self, error: &WriteError) {
        for pending in self.ops.iter_mut().filter(|pending| pending.outcome.is_ok()) {
            pending.outcome = Err(error.clone());
        }
    }

    /// Takes the writes apart: changes for the feed now, outcomes for [`Batch::acknowledge`].
    pub(super) fn drain_changes(&mut self) -> impl Iterator<Item = Change> {
        let outcomes = &mut self.outcomes;
        self.ops.drain(..).filter_map(|Pending { write, outcome, event }| {
            let change = match &outcome {
                Ok(written) => Some(Change::new(write.twin, write.op, written.clone(), event)),
                Err(_) => None,
            };
            outcomes.push(outcome);
            change
        })
    }

    /// Tells everybody what became of their writes.
    pub(super) fn acknowledge(&mut self) {
        let mut outcomes = self.outcomes.drain(..);
        for (answer, n_outcomes) in self.answers.drain(..) {
            match &answer {
                Answer::One(slot) => {
                    slot.resolve(outcomes.next().unwrap_or(Err(WriteError::Closed)));
                }
                Answer::Many(slot) => slot.resolve(outcomes.by_ref().take(n_outcomes).collect()),
            }
        }
    }
}
