//! An order of ids in the making: ids are copied and sorted some thousand at a time, then merged.
//!
//! In steps, each by whoever asked for a range last. The index is needed for copying alone, so it
//! is held for a few rows at a time and let go for the rest.

use std::sync::Arc;

use twindex_kernels::SEGMENT_ROWS;
use twindex_model::path::RowId;
use twindex_sync::atomic::Ordering;

use super::{FENCE, Fences, IdSorter, Order, SortedIds, with_id};
use crate::segment::Segment;
use crate::snapshot::Ts;
use crate::texts::Texts;

/// Rows that are sorted at once.
const RUN_ROWS: usize = 8_192;
/// Rows that are copied under one hold.
const HELD_ROWS: usize = 2_048;
/// Rows that are merged in one step.
const MERGED_ROWS: usize = 8_192;

/// What has been done of an order.
#[derive(Debug)]
pub(super) struct Making {
    since: Ts,
    first_move: usize,
    /// The next place to copy from; segments that come later hold moved rows alone.
    next: usize,
    n_places: usize,
    copied: Run,
    runs: Vec<Run>,
    /// Runs that have rows left, as a heap with the least id first; made when all are copied.
    heap: Option<Vec<u32>>,
    rows: Vec<u32>,
    fences: Fences,
}

/// Rows with their ids.
#[derive(Debug, Default)]
struct Run {
    texts: String,
    /// Where each text begins and ends, and its row.
    entries: Vec<(u32, u32, u32)>,
    /// Entries that are merged.
    n_taken: usize,
}

impl Run {
    fn text(&self, entry: usize) -> &str {
        let (begin, end, _) = self.entries[entry];
        self.texts.get(begin as usize..end as usize).unwrap_or_default()
    }

    fn head(&self) -> &str {
        self.text(self.n_taken)
    }

    fn push(&mut self, text: &str, row: u32) {
        let begin = self.texts.len() as u32;
        self.texts.push_str(text);
        self.entries.push((begin, self.texts.len() as u32, row));
    }

    /// Sorts the rows, and their texts with them, so that merging reads straight on.
    fn sort(&mut self) {
        let (texts, entries) = (&self.texts, &mut self.entries);
        let text = |of: &(u32, u32, u32)| texts.get(of.0 as usize..of.1 as usize);
        entries.sort_unstable_by(|a, b| text(a).cmp(&text(b)));
        let mut sorted = Self::default();
        sorted.texts.reserve(self.texts.len());
        sorted.entries.reserve(self.entries.len());
        for entry in 0..self.entries.len() {
            sorted.push(self.text(entry), self.entries[entry].2);
        }
        *self = sorted;
    }

    fn bytes(&self) -> usize {
        self.texts.capacity() + self.entries.capacity() * size_of::<(u32, u32, u32)>()
    }
}

/// What a step of building an order needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The index.
    Copy,
    /// Nothing but time.
    Sort,
    /// Nothing: it is there, or somebody else is at it.
    Done,
}

impl SortedIds {
    /// Begins an order, or goes on with it, while the index is held; `newest` is the newest batch.
    pub(crate) fn copy(&self, newest: Ts, at: (&[Segment], &Texts)) -> Step {
        let shared = &*self.sorter.0;
        let Some(mut making) = shared.making.try_lock() else { return Step::Done };
        if making.is_none() {
            let known = shared.known.lock();
            if known.order.is_some() {
                return Step::Done;
            }
            // The index is held, so whatever comes or goes from here on is noted.
            shared.is_tracked.store(true, Ordering::Release);
        }
        let making = making.get_or_insert_with(|| Making {
            since: newest,
            first_move: self.moves.len(),
            next: 0,
            n_places: at.0.len() * SEGMENT_ROWS,
            copied: Run::default(),
            runs: Vec::new(),
            heap: None,
            rows: Vec::new(),
            fences: Fences::default(),
        });
        making.copy(at)
    }
}

impl IdSorter {
    /// Goes on with an order, some milliseconds at most, without the index.
    #[must_use]
    pub fn sort(&self) -> Step {
        let Some(mut making) = self.0.making.try_lock() else { return Step::Done };
        let Some(step) = making.as_mut().map(Making::sort) else { return Step::Done };
        if step == Step::Done
            && let Some(Making { rows, fences, since, first_move, .. }) = making.take()
        {
            let mut known = self.0.known.lock();
            known.order = Some(Arc::new(Order { rows, fences, since, first_move }));
            known.spent_ns = 0;
        }
        step
    }
}

impl Making {
    /// Copies some ids.
    fn copy(&mut self, at: (&[Segment], &Texts)) -> Step {
        if self.next == self.n_places || self.copied.entries.len() >= RUN_ROWS {
            return Step::Sort;
        }
        let number = self.next / SEGMENT_ROWS;
        let first = self.next % SEGMENT_ROWS;
        let last = (first + HELD_ROWS).min(SEGMENT_ROWS);
        let live = at.0[number].live();
        for place in (first..last).map(|place| place as u16).filter(|place| live.get(*place)) {
            let row = RowId::new(number, place);
            with_id(row, at, |id| self.copied.push(id, row.0));
        }
        self.next += last - first;
        Step::Copy
    }

    /// Sorts what was copied, or merges some of what was sorted.
    fn sort(&mut self) -> Step {
        if !self.copied.entries.is_empty() {
            let mut run = std::mem::take(&mut self.copied);
            run.sort();
            self.runs.push(run);
            return if self.next == self.n_places { Step::Sort } else { Step::Copy };
        }
        if self.next < self.n_places {
            return Step::Copy;
        }
        let mut heap = match self.heap.take() {
            Some(heap) => heap,
            None => self.new_heap(),
        };
        for _ in 0..MERGED_ROWS {
            let Some(&least) = heap.first() else { break };
            let run = &mut self.runs[least as usize];
            if self.rows.len().is_multiple_of(FENCE) {
                self.fences.push(run.head());
            }
            self.rows.push(run.entries[run.n_taken].2);
            run.n_taken += 1;
            if run.n_taken == run.entries.len() {
                *run = Run::default();
                heap.swap_remove(0);
            }
            sift_down(&mut heap, 0, &self.runs);
        }
        let is_done = heap.is_empty();
        self.heap = Some(heap);
        if is_done { Step::Done } else { Step::Sort }
    }

    fn new_heap(&mut self) -> Vec<u32> {
        let n_rows = self.runs.iter().map(|run| run.entries.len()).sum::<usize>();
        self.rows.reserve_exact(n_rows);
        let mut heap: Vec<u32> = (0..self.runs.len() as u32).collect();
        for at in (0..heap.len()).rev() {
            sift_down(&mut heap, at, &self.runs);
        }
        heap
    }

    pub(super) fn bytes(&self) -> usize {
        self.copied.bytes()
            + self.runs.iter().map(Run::bytes).sum::<usize>()
            + self.rows.capacity() * 4
            + self.fences.bytes()
    }
}

/// Lets a run sink below those whose next id is less.
fn sift_down(heap: &mut [u32], mut at: usize, runs: &[Run]) {
    let head = |place: u32| runs[place as usize].head();
    loop {
        let children = at * 2 + 1..(at * 2 + 3).min(heap.len());
        let Some(least) = children.min_by_key(|child| head(heap[*child])) else { return };
        if head(heap[at]) <= head(heap[least]) {
            return;
        }
        heap.swap(at, least);
        at = least;
    }
}
