//! The best rows of all segments: which segments are asked, in which order, by how many threads.
//!
//! What a segment's rows are judged by is [`Best`]; here it is made, handed from thread to thread, and
//! given a bar as early as there is one.

use std::ops::Range;

use twindex_model::path::RowId;
use twindex_plan::eval::evaluate;

use crate::budget::Held;
use crate::error::ExecError;
use crate::key::Key;
use crate::order::{Order, Ranked};
use crate::path_key::Promise;
use crate::row::RowView;
use crate::runner::Fold;
use crate::scan::Scan;
use crate::strip::{STRIP_MIN, Strip};
use crate::top::{Best, FEW_ROWS, KEY_NS};
use crate::top_survey::Survey;

/// The share of rows that zones and bars leave to be keyed.
const KEYED_PART: f64 = 0.02;
/// Nanoseconds that a look at one segment is taken to cost where there is a bar from the beginning.
const BARRED_SEGMENT_NS: f64 = 2_000.0;

impl Scan<'_> {
    /// The rows at some places of `order`.
    ///
    /// # Errors
    /// [`ExecError::Stopped`], [`ExecError::OverBudget`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn at_places<'a>(
        &self,
        order: &'a Order<'a>,
        places: Range<u64>,
    ) -> Result<Vec<Ranked>, ExecError> {
        let strip = match usize::try_from(places.start) {
            Ok(n_skipped) if n_skipped >= STRIP_MIN => self.strip(order, places.clone())?,
            _ => None,
        };
        if strip.as_ref().is_some_and(|strip| strip.inner.end() <= places.start) {
            return Ok(Vec::new());
        }
        let n_max = |n_before: u64| usize::try_from(places.end - n_before).unwrap_or(usize::MAX);
        let (mut found, n_before) = match strip {
            Some(held) => match held.inner.listed(places.clone(), order) {
                Some(rows) => return self.keyed(order, &rows),
                None => {
                    let n_before = held.inner.n_before;
                    (self.top_of_strip(order, &held.inner, n_max(n_before))?, n_before)
                }
            },
            None => (self.top(order, None, n_max(0))?, 0),
        };
        let n_skipped = usize::try_from(places.start - n_before).unwrap_or(usize::MAX);
        found.drain(..n_skipped.min(found.len()));
        Ok(found)
    }

    /// The first rows of a strip.
    fn top_of_strip<'a>(
        &self,
        order: &'a Order<'a>,
        strip: &Strip,
        n_max: usize,
    ) -> Result<Vec<Ranked>, ExecError> {
        let mut held =
            Held::new(Best::new(order, None, n_max, self.runner.pool), self.runner.budget);
        for (number, mask) in &strip.rows {
            self.runner.check()?;
            let (segment, mut mask) = (self.segment(*number), mask.clone());
            segment.step(|view| held.inner.narrow_to_bar(view, &mut mask))?;
            held.inner.add_mask(&segment, mask)?;
            held.hold.set(held.inner.heap_bytes())?;
        }
        held.inner.finish(self.runner.stop)
    }

    /// Some rows with their sort keys, as they stand.
    pub(crate) fn keyed(
        &self,
        order: &Order<'_>,
        rows: &[RowId],
    ) -> Result<Vec<Ranked>, ExecError> {
        let mut ranked = Vec::with_capacity(rows.len());
        for some in rows.chunks(FEW_ROWS as usize) {
            self.runner.check()?;
            self.with_rows(some, |segment, rows| {
                ranked.extend(rows.iter().map(|row| {
                    let view = RowView { segment: *segment, row: row.place() };
                    let keys = order.keys.iter();
                    let keys = keys.map(|key| Key::of_scalar(evaluate(&key.expr, &view)));
                    Ranked { keys: keys.collect(), row: *row }
                }));
            })?;
        }
        Ok(ranked)
    }

    /// The first `n_max` rows after `after` that match, in `order`.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn top<'a>(
        &self,
        order: &'a Order<'a>,
        after: Option<&'a Ranked>,
        n_max: usize,
    ) -> Result<Vec<Ranked>, ExecError> {
        let Survey { segments, bar } = match after {
            // How many rows lie between a place and a bar is not known.
            Some(_) => Survey { bar: None, ..self.survey(order, 0)? },
            None => self.survey(order, n_max)?,
        };
        if bar.is_some() {
            let best = self.best_of(&segments, bar, (order, after, n_max))?;
            if best.len() == n_max {
                return Ok(best);
            }
        }
        self.best_of(&segments, None, (order, after, n_max))
    }

    /// The same, of some segments; those behind a probable bar are left out, so if there are fewer
    /// rows than wanted some may be missing.
    fn best_of<'a>(
        &self,
        segments: &[(usize, Promise)],
        probable: Option<f64>,
        (order, after, n_max): (&'a Order<'a>, Option<&'a Ranked>, usize),
    ) -> Result<Vec<Ranked>, ExecError> {
        let budget = self.runner.budget;
        let begin = || Best::new(order, after, n_max, self.runner.pool).with_probable(probable);
        let mut held = Held::new(begin(), budget);
        let best = &mut held.inner;
        let mut n_done = 0;
        // The first segments are taken here, until there is a bar for the others to begin with.
        while n_done < segments.len() && best.bar().is_none() && n_done < 2 {
            self.runner.check()?;
            best.add_segment(self, segments[n_done])?;
            held.hold.note(best.heap_bytes());
            n_done += 1;
        }
        let rest = &segments[n_done..];
        let bar = best.bar().cloned();
        let work_ns = if rest.is_empty() {
            0.0
        } else if probable.is_some() {
            BARRED_SEGMENT_NS * rest.len() as f64
        } else {
            let part = if best.narrows_by_bar() { KEYED_PART } else { 1.0 };
            self.work_ns(0..rest.len(), KEY_NS * order.keys.len() as f64 * part)?
        };
        let others = self.runner.fold(
            rest.len(),
            work_ns,
            &Fold {
                begin: &|| Held::new(begin().with_bar(bar.clone()), budget),
                add: &|best: &mut Held<'_, Best<'_>>, i| {
                    best.inner.add_segment(self, rest[i])?;
                    best.hold.set(best.inner.heap_bytes())
                },
                merge: &|best, other| {
                    best.inner.merge(other.inner, self.runner.stop)?;
                    best.hold.set(best.inner.heap_bytes())
                },
            },
        )?;
        held.inner.merge(others.inner, self.runner.stop)?;
        held.hold.set(held.inner.heap_bytes())?;
        held.inner.finish(self.runner.stop)
    }
}
