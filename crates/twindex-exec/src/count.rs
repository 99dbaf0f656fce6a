//! `COUNT()` alone: how many rows match, found without looking at what they hold.
//!
//! Totals of the whole collection answer at once. Else the segments are counted, several under one
//! hold of the index while that is short: a count takes a microsecond or two a segment, and a hold
//! for each would be a place to wait for a busy writer each time.

use std::ops::Range;
use std::time::{Duration, Instant};

use twindex_index::snapshot::SnapshotRead;
use twindex_model::path::Collection;

use crate::error::ExecError;
use crate::scan::Scan;

/// How long the writer is held off for segments one after the other, at most one more than that.
const HOLD: Duration = Duration::from_micros(100);
/// Segments counted between two looks at the clock.
const LOOK: usize = 4;
/// Segments that one thread of several takes at a time, at most.
const CHUNK_MAX: usize = 16;
/// Chunks for each thread at least, where there are so many segments: what one thread takes longer
/// for, another makes good.
const CHUNKS_A_THREAD: usize = 4;

impl Scan<'_> {
    /// How many rows match.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn count(&self) -> Result<u64, ExecError> {
        let Some(collection) = self.collection() else { return Ok(0) };
        let read = self.runner.stop.read(self.snapshot())?;
        if let Some(n_rows) = self.filter.total(&read, collection) {
            return Ok(n_rows);
        }
        let n_segments = self.n_segments();
        let work_ns = match n_segments {
            0 => 0.0,
            n => self.filter.cost_ns(&read.segment(collection, 0)).0 * n as f64,
        };
        let n_threads = self.runner.n_threads(work_ns);
        if n_threads <= 1 {
            self.runner.stop.check()?;
            // Under the hold there is: each one more may be one more wait for a busy writer.
            let (n_rows, next) = match self.filter.has_row_steps() {
                true => (0, 0),
                false => self.count_held(&read, 0..n_segments, collection),
            };
            drop(read);
            return Ok(n_rows + self.count_run(next..n_segments, collection)?);
        }
        drop(read);
        let n_chunk = n_segments.div_ceil(n_threads * CHUNKS_A_THREAD).clamp(1, CHUNK_MAX);
        let chunks = (0..n_segments).step_by(n_chunk);
        let chunks = chunks.map(|begin| begin..n_segments.min(begin + n_chunk)).collect();
        let counts = self.runner.map(chunks, work_ns, |run| self.count_run(run, collection))?;
        Ok(counts.into_iter().sum())
    }

    /// Counts some segments on this thread.
    fn count_run(&self, run: Range<usize>, collection: Collection) -> Result<u64, ExecError> {
        let mut n_rows = 0;
        let mut next = run.start;
        let counts_held = !self.filter.has_row_steps();
        while next < run.end {
            self.runner.stop.check()?;
            if counts_held {
                let read = self.runner.stop.read(self.snapshot())?;
                let (n_counted, end) = self.count_held(&read, next..run.end, collection);
                n_rows += n_counted;
                if end > next {
                    next = end;
                    continue;
                }
            }
            n_rows += u64::from(self.segment(next).mask(self.filter)?.count());
            next += 1;
        }
        Ok(n_rows)
    }

    /// Counts segments under one hold, up to one that is too much for a step; gives the rows and the
    /// next segment.
    fn count_held(
        &self,
        read: &SnapshotRead<'_>,
        run: Range<usize>,
        collection: Collection,
    ) -> (u64, usize) {
        let begun = Instant::now();
        let mut n_rows = 0;
        for number in run.clone() {
            let view = read.segment(collection, number);
            if self.filter.is_slow(&view) {
                return (n_rows, number);
            }
            n_rows += u64::from(self.filter.count(&view));
            let n_done = number + 1 - run.start;
            if n_done.is_multiple_of(LOOK) && begun.elapsed() >= HOLD {
                return (n_rows, number + 1);
            }
        }
        (n_rows, run.end)
    }
}
