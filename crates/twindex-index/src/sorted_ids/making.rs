//! An order of ids in the making: ids are dealt into buckets, which are sorted one after the other.
//!
//! In steps, each by whoever asked for a range last. The index is needed for copying alone, so it
//! is held for a few rows at a time and let go for the rest. A bucket that comes out far larger than
//! others is dealt again, by what tells its own ids apart; so no step takes long, whatever ids are.

use std::sync::Arc;

use twindex_kernels::SEGMENT_ROWS;
use twindex_model::path::RowId;
use twindex_sync::atomic::Ordering;

use super::buckets::{Bucket, Buckets};
use super::{FENCE, Fences, IdSorter, Order, SortedIds, with_id};
use crate::segment::Segment;
use crate::snapshot::Ts;
use crate::texts::Texts;

/// Rows of a bucket, about.
const BUCKET_ROWS: usize = if cfg!(debug_assertions) { 16 } else { 8_192 };
/// Rows from which on a bucket is dealt again.
const BUCKET_MAX: usize = BUCKET_ROWS * 8;
/// Buckets at most: the splitters of so many lie in the first-level cache.
const BUCKETS_MAX: usize = 1_024;
/// Rows of the sample for each bucket.
const SAMPLED: usize = 8;
/// Times that rows are dealt. Each tells 16 bytes more apart, so this is never reached by ids that a
/// hub takes.
const DEALS_MAX: usize = 32;
/// Rows that are copied under one hold.
const HELD_ROWS: usize = 2_048;
/// Rows that are copied before they are dealt. To deal them at once was rejected: among the streams
/// of all buckets the machine no longer sees that the ids are read one after the other.
const COPIED_ROWS: usize = 4_096;
/// Rows that are dealt in one step.
const DEALT_ROWS: usize = 65_536;

/// What has been done of an order.
#[derive(Debug)]
pub(super) struct Making {
    since: Ts,
    first_move: usize,
    /// The next place to copy from; segments that come later hold moved rows alone.
    next: usize,
    n_places: usize,
    /// What is dealt into, until all rows are.
    dealt: Option<Dealt>,
    /// Buckets yet to be sorted, the first one last, with how often their rows were dealt.
    waiting: Vec<(Bucket, usize)>,
    rows: Vec<u32>,
    fences: Fences,
}

/// Rows that are being dealt.
#[derive(Debug)]
struct Dealt {
    /// What was copied last, or what is left of a large bucket.
    from: Bucket,
    n_deals: usize,
    into: Buckets,
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
            dealt: Some(Dealt { from: Bucket::default(), n_deals: 1, into: buckets_for(at) }),
            waiting: Vec::new(),
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
        let Some(dealt) = self.dealt.as_mut().filter(|_| self.next < self.n_places) else {
            return Step::Sort;
        };
        let number = self.next / SEGMENT_ROWS;
        let first = self.next % SEGMENT_ROWS;
        let last = (first + HELD_ROWS).min(SEGMENT_ROWS);
        let live = at.0[number].live();
        for place in (first..last).map(|place| place as u16).filter(|place| live.get(*place)) {
            let row = RowId::new(number, place);
            with_id(row, at, |id| dealt.from.push(id, row.0));
        }
        self.next += last - first;
        if dealt.from.len() < COPIED_ROWS { Step::Copy } else { Step::Sort }
    }

    /// Deals some rows, or sorts a bucket.
    fn sort(&mut self) -> Step {
        if let Some(mut dealt) = self.dealt.take() {
            let is_left = dealt.deal();
            if is_left || self.next < self.n_places {
                self.dealt = Some(dealt);
                return if is_left { Step::Sort } else { Step::Copy };
            }
            if dealt.n_deals == 1 {
                self.rows.reserve_exact(dealt.into.all.iter().map(Bucket::len).sum());
            }
            let buckets = dealt.into.all.into_iter().rev();
            self.waiting.extend(buckets.map(|bucket| (bucket, dealt.n_deals)));
        }
        match self.waiting.pop() {
            Some((from, n_deals)) if from.len() > BUCKET_MAX && n_deals < DEALS_MAX => {
                let into = buckets_of(&from);
                self.dealt = Some(Dealt { from, n_deals: n_deals + 1, into });
            }
            Some((bucket, _)) => self.take(&bucket),
            None => return Step::Done,
        }
        Step::Sort
    }

    /// Puts the rows of a bucket behind those that are there.
    fn take(&mut self, bucket: &Bucket) {
        for at in bucket.sorted() {
            if self.rows.len().is_multiple_of(FENCE) {
                self.fences.push(bucket.id(at));
            }
            self.rows.push(bucket.row(at));
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let dealt = self.dealt.as_ref().map_or(0, |of| of.from.bytes() + of.into.bytes());
        let waiting = self.waiting.iter().map(|(bucket, _)| bucket.bytes()).sum::<usize>();
        dealt + waiting + self.rows.capacity() * size_of::<u32>() + self.fences.bytes()
    }
}

impl Dealt {
    /// Deals some rows; false once none is left.
    fn deal(&mut self) -> bool {
        let n_rows = self.from.len();
        let n_kept = n_rows.saturating_sub(DEALT_ROWS);
        (n_kept..n_rows).for_each(|at| self.into.push(&self.from, at));
        self.from.drop_last(n_rows - n_kept);
        n_kept > 0
    }
}

/// Buckets for the ids of some segments.
fn buckets_for(at: (&[Segment], &Texts)) -> Buckets {
    let n_places = at.0.len() * SEGMENT_ROWS;
    let n_rows = at.0.iter().map(|segment| segment.live().count() as usize).sum::<usize>();
    let n_buckets = (n_rows / BUCKET_ROWS).min(BUCKETS_MAX);
    let mut sample = Bucket::default();
    // Twins fill segments from the first place on.
    let n_each = (n_buckets * SAMPLED).div_ceil(at.0.len().max(1)).max(1);
    for place in (0..n_places).step_by((SEGMENT_ROWS / n_each).max(1)) {
        let row = RowId::new(place / SEGMENT_ROWS, (place % SEGMENT_ROWS) as u16);
        if at.0[row.segment()].live().get(row.place()) {
            with_id(row, at, |id| sample.push(id, row.0));
        }
    }
    Buckets::of(&sample, n_buckets, n_rows)
}

/// Buckets for the rows of one that is too large.
fn buckets_of(from: &Bucket) -> Buckets {
    let n_buckets = (from.len() / BUCKET_ROWS).min(BUCKETS_MAX);
    let mut sample = Bucket::default();
    for at in (0..from.len()).step_by((from.len() / (n_buckets * SAMPLED).max(1)).max(1)) {
        sample.push(from.id(at), from.row(at));
    }
    Buckets::of(&sample, n_buckets, from.len())
}
