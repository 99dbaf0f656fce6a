//! Some documents on their way: framed as text, then read to leaves.

#[cfg(test)]
mod tests;

use std::io::Read;
use std::ops::Range;

use twindex_index::bulk::{RUN_EVENTS, RUN_TWINS};
use twindex_index::outline::Outline;
use twindex_io::document::{DocumentReader, InputError};
use twindex_model::json::read::Leaves;
use twindex_model::json::reader::LeavesReader;
use twindex_model::json::warning::Warnings;

use crate::load::report::Place;

/// Documents of a batch at most.
const DOCUMENTS_MAX: usize = 1_024;

/// Bytes of text after which a batch is closed.
const BYTES_MAX: usize = 8 << 20;

/// Capacity of a slot's buffers up to which it is kept for the next document.
const LEAVES_KEPT: usize = 64 << 10;
const EVENTS_KEPT: usize = 4 << 10;

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
    /// The texts of the documents, one after the other.
    text: Vec<u8>,
    raw: Vec<Raw>,
    /// Buffers that keep their capacity from round to round; the first `n_read` are in use.
    slots: Vec<Slot>,
    n_read: usize,
    /// Documents that are too large to be framed.
    refused: Vec<(Place, String)>,
}

/// A document that was framed.
struct Raw {
    place: Place,
    /// Where its text lies.
    text: Range<usize>,
}

/// One document that was read, or why it was not.
#[derive(Default)]
struct Slot {
    leaves: Leaves,
    outcome: Option<Result<(Outline, Warnings), String>>,
}

/// Some documents of a batch that one thread reads in one go.
pub(super) struct Task<'a> {
    text: &'a [u8],
    raw: &'a [Raw],
    slots: &'a mut [Slot],
}

/// One document that was read, or the reason why it could not be.
pub(super) struct Outcome<'a> {
    /// Where it stands in the input.
    pub(super) place: Place,
    /// What it holds, or why it could not be read.
    pub(super) read: Result<ReadTwin<'a>, &'a str>,
}

/// A twin that was read.
#[derive(Clone, Copy)]
pub(super) struct ReadTwin<'a> {
    /// What it holds.
    pub(super) leaves: &'a Leaves,
    /// Who it is.
    pub(super) outline: &'a Outline,
    /// What was forgiven.
    pub(super) warnings: &'a Warnings,
}

impl Outcome<'_> {
    fn n_events(&self) -> usize {
        self.read.map_or(0, |twin| twin.leaves.events.len())
    }
}

/// Cuts documents into runs that are written in one go, each but for a large document alone within
/// [`RUN_TWINS`] and [`RUN_EVENTS`]: by their number and size and not by time, so the same input is
/// always cut in the same way.
pub(super) fn runs<'r, 'a>(outcomes: &'r [Outcome<'a>]) -> impl Iterator<Item = &'r [Outcome<'a>]> {
    let mut rest = outcomes;
    std::iter::from_fn(move || {
        let mut n_events = 0;
        let fits = |outcome: &&Outcome<'_>| {
            n_events += outcome.n_events();
            n_events <= RUN_EVENTS
        };
        let n_fitting = rest.iter().take(RUN_TWINS).take_while(fits).count();
        let (run, behind) = rest.split_at(n_fitting.max(1).min(rest.len()));
        rest = behind;
        (!run.is_empty()).then_some(run)
    })
}

impl Batch {
    /// Takes the next documents from `documents`, until they are many or nobody wants more.
    pub(super) fn frame<R: Read>(
        &mut self,
        documents: &mut DocumentReader<R>,
        is_over: &dyn Fn() -> bool,
    ) -> Framed {
        while self.raw.len() < DOCUMENTS_MAX && self.text.len() < BYTES_MAX && !is_over() {
            let start = self.text.len();
            match documents.next_into(&mut self.text) {
                None => return Framed::End,
                Some(Ok(place)) => self.raw.push(Raw { place, text: start..self.text.len() }),
                Some(Err(error)) if error.is_fatal() => return Framed::Broken(error),
                Some(Err(error)) => self.refused.push((error.place(), error.to_string())),
            }
        }
        Framed::More
    }

    /// The documents in at most so many parts, to be read.
    pub(super) fn tasks(&mut self, n_tasks: usize) -> Vec<Task<'_>> {
        self.n_read = self.raw.len();
        if self.slots.len() < self.n_read {
            self.slots.resize_with(self.n_read, Slot::default);
        }
        let text = &self.text[..];
        let n_each = self.n_read.div_ceil(n_tasks.max(1)).max(1);
        let slots = self.slots[..self.n_read].chunks_mut(n_each);
        let tasks = self.raw.chunks(n_each).zip(slots);
        tasks.map(|(raw, slots)| Task { text, raw, slots }).collect()
    }

    /// What was read, in the order of the input but for documents that are too large, which come
    /// last.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = Outcome<'_>> {
        let read = self.raw.iter().zip(&self.slots[..self.n_read]).filter_map(|(raw, slot)| {
            let read = match slot.outcome.as_ref()? {
                Ok((outline, warnings)) => Ok(ReadTwin { leaves: &slot.leaves, outline, warnings }),
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
        self.text.len() as u64
    }

    /// Empties it for the next round; buffers keep their capacity, but for those of large documents.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(2 * BYTES_MAX);
        self.raw.clear();
        for slot in &mut self.slots[..self.n_read] {
            if slot.leaves.text.capacity() > LEAVES_KEPT
                || slot.leaves.events.capacity() > EVENTS_KEPT
            {
                slot.leaves = Leaves::default();
            }
        }
        self.refused.clear();
        self.n_read = 0;
    }
}

impl Task<'_> {
    /// Reads the documents.
    pub(super) fn read(self, reader: &mut LeavesReader) {
        for (raw, slot) in self.raw.iter().zip(self.slots) {
            slot.outcome = Some(read(reader, &self.text[raw.text.clone()], &mut slot.leaves));
        }
    }
}

fn read(
    reader: &mut LeavesReader,
    text: &[u8],
    leaves: &mut Leaves,
) -> Result<(Outline, Warnings), String> {
    let warnings = reader.read_twin_into(text, leaves).map_err(|error| error.to_string())?;
    // What was read as a twin has an outline.
    let outline = Outline::of(leaves).ok_or_else(|| "the document is no twin".to_owned())?;
    Ok((outline, warnings))
}
