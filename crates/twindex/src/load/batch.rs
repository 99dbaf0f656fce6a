//! Some documents on their way: framed as text, then read to leaves.

use std::io::Read;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use twindex_io::document::{DocumentReader, InputError, RawDocument};
use twindex_model::json::read::Leaves;
use twindex_model::json::reader::{LeavesReader, Strictness};
use twindex_model::json::warning::Warnings;

use crate::load::report::Place;

/// Documents of a batch at most.
const DOCUMENTS_MAX: usize = 1_024;

/// Bytes of text after which a batch is closed.
const BYTES_MAX: usize = 8 << 20;

/// Capacity of a slot's buffers up to which it is kept for the next document.
const TEXT_KEPT: usize = 64 << 10;
const EVENTS_KEPT: usize = 4 << 10;

/// Documents that a thread reads in one go.
const DOCUMENTS_A_TASK: usize = 32;

/// What framing left behind.
pub(super) enum Framed {
    /// There may be more.
    More,
    /// The input has ended.
    End,
    /// The input broke off.
    Broken(InputError),
}

/// Documents, first as text, then as leaves.
#[derive(Default)]
pub(super) struct Batch {
    raw: Vec<RawDocument>,
    /// Buffers that keep their capacity from round to round; the first `n_read` are in use.
    slots: Vec<Slot>,
    n_read: usize,
    /// Documents that are too large to be framed.
    refused: Vec<(Place, String)>,
    n_bytes: u64,
}

/// One document that was read, or why it was not.
#[derive(Default)]
struct Slot {
    leaves: Leaves,
    outcome: Option<Result<Warnings, String>>,
}

/// One document that was read, or the reason why it could not be.
pub(super) struct Outcome<'a> {
    /// Where it stands in the input.
    pub(super) place: Place,
    /// What it holds and what was forgiven.
    pub(super) read: Result<(&'a Leaves, &'a Warnings), &'a str>,
}

impl Batch {
    /// Takes the next documents from `documents`.
    pub(super) fn frame<R: Read>(&mut self, documents: &mut DocumentReader<R>) -> Framed {
        while self.raw.len() < DOCUMENTS_MAX && self.n_bytes < BYTES_MAX as u64 {
            match documents.next() {
                None => return Framed::End,
                Some(Ok(raw)) => {
                    self.n_bytes += raw.text.len() as u64;
                    self.raw.push(raw);
                }
                Some(Err(error)) if error.is_fatal() => return Framed::Broken(error),
                Some(Err(error)) => self.refused.push((error.place(), error.to_string())),
            }
        }
        Framed::More
    }

    /// Reads the documents on this thread.
    pub(super) fn read(&mut self, strictness: Strictness) {
        self.tasks().into_iter().for_each(|task| read_task(task, strictness));
    }

    /// Reads the documents on the threads of the pool that this is called in.
    pub(super) fn read_in_pool(&mut self, strictness: Strictness) {
        self.tasks().into_par_iter().for_each(|task| read_task(task, strictness));
    }

    /// The documents in parts that one thread reads in one go, each with its slots.
    fn tasks(&mut self) -> Vec<(&[RawDocument], &mut [Slot])> {
        self.n_read = self.raw.len();
        if self.slots.len() < self.n_read {
            self.slots.resize_with(self.n_read, Slot::default);
        }
        let slots = self.slots[..self.n_read].chunks_mut(DOCUMENTS_A_TASK);
        self.raw.chunks(DOCUMENTS_A_TASK).zip(slots).collect()
    }

    /// What was read, in the order of the input but for documents that are too large, which come
    /// last.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = Outcome<'_>> {
        let read = self.raw.iter().zip(&self.slots[..self.n_read]).filter_map(|(raw, slot)| {
            let read = match slot.outcome.as_ref()? {
                Ok(warnings) => Ok((&slot.leaves, warnings)),
                Err(reason) => Err(reason.as_str()),
            };
            Some(Outcome { place: raw.place, read })
        });
        let refused =
            self.refused.iter().map(|(place, reason)| Outcome { place: *place, read: Err(reason) });
        read.chain(refused)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.raw.is_empty() && self.refused.is_empty()
    }

    /// Bytes of the documents' text.
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Empties it for the next round; buffers keep their capacity, but for those of large documents.
    pub(super) fn clear(&mut self) {
        self.raw.clear();
        for slot in &mut self.slots[..self.n_read] {
            if slot.leaves.text.capacity() > TEXT_KEPT
                || slot.leaves.events.capacity() > EVENTS_KEPT
            {
                slot.leaves = Leaves::default();
            }
        }
        self.refused.clear();
        self.n_read = 0;
        self.n_bytes = 0;
    }
}

fn read_task((raw, slots): (&[RawDocument], &mut [Slot]), strictness: Strictness) {
    let mut reader = LeavesReader::new(strictness);
    for (document, slot) in raw.iter().zip(slots) {
        let outcome = reader.read_twin_into(&document.text, &mut slot.leaves);
        slot.outcome = Some(outcome.map_err(|error| error.to_string()));
    }
}
