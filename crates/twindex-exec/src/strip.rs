//! Rows far down in an order, without sorting those before them.
//!
//! Where half a million rows are left out, the page lies between two keys that a sample of the rows
//! tells about: what comes before the lower one is counted, what lies between them (the *strip*) is
//! all that need be sorted, and lanes find both without making a key of any row. A sample may be
//! wrong, which the counts show: the strip then stays as it was before. Where one value fills it, the
//! rows are in the order of their ids already.
//!
//! Sorting prefixes of all keys was rejected: it reads as much and must hold a key for every row.

use std::ops::Range;

use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::path::RowId;
use twindex_model::value::Value;

use crate::budget::Held;
use crate::error::ExecError;
use crate::key::Key;
use crate::order::Order;
use crate::path_key::PathKey;
use crate::scan::Scan;
use crate::top::KEY_NS;

/// Rows of a strip that is sorted as it is, and rows left out from which on a strip pays.
pub(crate) const STRIP_MIN: usize = if cfg!(test) { 8 } else { 1 << 13 };
/// Rows of a sample.
const SAMPLE: usize = if cfg!(test) { 4 } else { 1 << 11 };
/// The part of a sample by which its ranks may be wrong: twice what they mostly are.
const MARGIN: f64 = 0.025;
/// Strips that are cut from one another: each is some hundredths of the one before.
const CUTS_MAX: usize = 4;

/// Rows that stand together in the order of their first key.
#[derive(Debug)]
pub(crate) struct Strip {
    /// Segments with those of their rows that are in.
    pub(crate) rows: Vec<(usize, Mask)>,
    /// Rows that come before all of them.
    pub(crate) n_before: u64,
    /// Whether the first key of all rows is the same.
    is_level: bool,
}

/// The keys between which a strip lies; none where it has no end.
struct Ends {
    low: Option<Key>,
    high: Option<Key>,
}

impl Strip {
    fn n_rows(&self) -> u64 {
        self.rows.iter().map(|(_, mask)| u64::from(mask.count())).sum()
    }

    /// Rows up to its last one.
    pub(crate) fn end(&self) -> u64 {
        self.n_before + self.n_rows()
    }

    /// The rows at some places, if the order is that of their ids.
    pub(crate) fn listed(&self, places: Range<u64>, order: &Order<'_>) -> Option<Vec<RowId>> {
        if !self.is_level || order.keys.len() > 1 {
            return None;
        }
        let (mut n_passed, mut found) = (self.n_before, Vec::new());
        for (segment, mask) in &self.rows {
            let n_rows = u64::from(mask.count());
            if n_passed + n_rows > places.start && n_passed < places.end {
                let rows = (n_passed..).zip(mask).filter(|(place, _)| places.contains(place));
                found.extend(rows.map(|(_, row)| RowId::new(*segment, row)));
            }
            n_passed += n_rows;
        }
        Some(found)
    }
}

impl Scan<'_> {
    /// The rows around some places in an order, if its first key can be asked of lanes.
    ///
    /// # Errors
    /// [`ExecError::Stopped`], [`ExecError::OverBudget`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn strip(
        &self,
        order: &Order<'_>,
        places: Range<u64>,
    ) -> Result<Option<Held<'_, Strip>>, ExecError> {
        let Some(first) = PathKey::of(order.keys) else { return Ok(None) };
        let work_ns = self.work_ns(0..self.n_segments(), 0.0)?;
        let segments = (0..self.n_segments()).collect();
        let mask = |number| Ok((number, self.segment(number).mask(self.filter)?));
        let rows = self.runner.map(segments, work_ns, mask)?;
        let mut hold = self.runner.budget.hold();
        hold.set(rows.len() * size_of::<(usize, Mask)>() * 2)?;
        let mut strip = Strip { rows, n_before: 0, is_level: false };
        let n_matching = strip.n_rows();
        let mut is_cut = n_matching <= STRIP_MIN as u64 || places.start >= n_matching;
        for _ in 0..CUTS_MAX {
            let n_rows = strip.n_rows();
            if n_rows <= STRIP_MIN as u64 || places.start >= strip.n_before + n_rows {
                break;
            }
            let ends = self.ends(first, &strip, &places)?;
            let Some(cut) = self.cut(first, &strip, &ends)? else { break };
            let n_cut = cut.n_rows();
            let end = places.end.min(strip.n_before + n_rows);
            if cut.n_before > places.start || cut.n_before + n_cut < end {
                break;
            }
            (strip, is_cut) = (cut, true);
            if strip.is_level || n_cut > n_rows / 2 {
                break;
            }
        }
        // What lanes cannot cut is sorted by all threads.
        Ok(is_cut.then_some(Held { inner: strip, hold }))
    }

    /// Keys around the places, as a sample has them.
    fn ends(&self, first: PathKey, strip: &Strip, places: &Range<u64>) -> Result<Ends, ExecError> {
        let mut keys = self.sample(first, strip)?;
        keys.sort_unstable_by(|a, b| first.cmp_keys(a, b));
        let n_rows = strip.n_rows() as f64;
        let at = |place: u64, margin: f64| {
            let part = (place - strip.n_before.min(place)) as f64 / n_rows + margin;
            let at = (part * keys.len() as f64).floor();
            // Outside the sample the strip has no end.
            (at >= 0.0).then_some(at as usize).and_then(|at| keys.get(at)).cloned()
        };
        Ok(Ends { low: at(places.start, -MARGIN), high: at(places.end, MARGIN) })
    }

    /// The first keys of some rows that stand for all.
    fn sample(&self, first: PathKey, strip: &Strip) -> Result<Vec<Key>, ExecError> {
        let stride = (strip.n_rows() / SAMPLE as u64).max(1);
        let (mut keys, mut next, mut n_passed) = (Vec::new(), 0, 0);
        for (number, mask) in &strip.rows {
            let n_rows = u64::from(mask.count());
            self.runner.check()?;
            self.segment(*number).step(|view| {
                for (place, row) in (n_passed..).zip(mask) {
                    if place >= next {
                        keys.push(key_of(first, view, row));
                        next = place + 1 + jitter(place) % (stride * 2);
                    }
                }
            })?;
            n_passed += n_rows;
        }
        Ok(keys)
    }

    /// The rows of a strip from one key to another; none where lanes know neither of them.
    fn cut(&self, first: PathKey, strip: &Strip, ends: &Ends) -> Result<Option<Strip>, ExecError> {
        let from = ends.low.as_ref().and_then(|low| first.from(low));
        let up_to = ends.high.as_ref().and_then(|high| first.up_to(high));
        if from.is_none() && up_to.is_none() {
            return Ok(None);
        }
        let work_ns = strip.n_rows() as f64 * KEY_NS;
        let cut = |(number, mask): &(usize, Mask)| {
            let (n_before, mut mask) = (mask.count(), mask.clone());
            if let Some(filter) = &from {
                self.segment(*number).step(|view| filter.narrow(view, &mut mask))?;
            }
            let n_before = u64::from(n_before - mask.count());
            if let Some(filter) = &up_to {
                self.segment(*number).step(|view| filter.narrow(view, &mut mask))?;
            }
            Ok((n_before, (*number, mask)))
        };
        let parts = self.runner.map(strip.rows.iter().collect(), work_ns, cut)?;
        let n_before = parts.iter().map(|part| part.0).sum::<u64>() + strip.n_before;
        let rows = parts.into_iter().map(|part| part.1).filter(|(_, mask)| !mask.is_empty());
        let is_level = from.is_some() && up_to.is_some() && ends.low == ends.high;
        Ok(Some(Strip { rows: rows.collect(), n_before, is_level }))
    }
}

/// The key of a row, all objects as one empty one: a strip does not end at any of them.
fn key_of(first: PathKey, view: &SegmentView<'_>, row: u16) -> Key {
    Key::of_cell(&view.cell(first.path(), row), || Some(Value::Object(Vec::new())))
}

/// A number that is as good as thrown, so that no pattern of the rows meets the stride.
fn jitter(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33
}
