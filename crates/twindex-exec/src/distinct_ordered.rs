//! Distinct rows in an order of keys.
//!
//! The first rows of an order hold its first distinct rows. So where most rows differ, the best few
//! thousand are found as those of any sorted page are, and only these are printed and told apart.
//! What lies before the place to go on from is found again with them.
//!
//! Where rows are often equal, or a page lies far down, all segments are asked for the first twin of
//! each distinct row. Once there are more than a page holds, those behind are dropped, and the last one
//! kept is a bar for the others: a distinct row of the page has a first twin that is behind no bar, and
//! one that was dropped, begun anew with a later twin, is behind as many others as before. After a
//! place nothing is dropped: what was met behind it may have a twin before it that is yet to come.
//!
//! Grouping by all columns was rejected: groups that are level come by their keys, distinct rows by
//! their first twins.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use twindex_index::filter::PathFilter;
use twindex_kernels::mask::Mask;
use twindex_model::path::RowId;

use crate::aside::Aside;
use crate::budget::{Held, heap_bytes_of, sampled};
use crate::column::Combined;
use crate::distinct::{Distinct, DistinctRow, Found, Kept, ROW_BYTES};
use crate::error::ExecError;
use crate::in_place::ById;
use crate::key::Key;
use crate::order::{Order, Ranked};
use crate::path_key::PathKey;
use crate::pieces::{first_in_order, keep_first};
use crate::places::Places;
use crate::row::RowView;
use crate::runner::Fold;
use crate::scan::Scan;
use crate::segment::{Segment, cut_rows};
use crate::stop::Stop;
use crate::top::{COLUMN_ROWS, FEW_ROWS, KEY_NS};
use crate::window::Window;

/// First rows of the order that are looked at: at least, at most, for each distinct row wanted, and
/// how many more after too few.
const FIRST_MIN: usize = if cfg!(test) { 4 } else { 1 << 12 };
const FIRST_MAX: usize = if cfg!(test) { 64 } else { 1 << 16 };
const FIRST_ROWS: usize = if cfg!(test) { 1 } else { 4 };
const FIRST_GROWTH: usize = 16;

/// Rows that tell whether most differ, and the part of them that do then.
const SAMPLE: usize = 1 << 12;
const VARIED_PART: usize = 2;

/// Distinct rows past twice the page that are kept before those behind are dropped.
const SPARE_ROWS: usize = if cfg!(test) { 2 } else { 64 };

impl Distinct<'_> {
    /// The rows of a page, at most one more than it holds.
    ///
    /// # Errors
    /// As [`Distinct::rows`].
    pub(crate) fn rows_in_order(
        &self,
        scan: &Scan<'_>,
        after: Option<&Ranked>,
        window: &Window,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        let n_max = window.n_wanted_with_skip();
        if n_max == 0 {
            return Ok(Vec::new());
        }
        let n_given = usize::try_from(window.n_given).unwrap_or(usize::MAX);
        let rows = match self.among_first(scan, after, (n_given, n_max))? {
            Some(rows) => rows,
            None => self.among_all(scan, after, n_max)?,
        };
        Ok(window.without_skipped(rows))
    }

    /// The same from the first rows of the order; none where these do not hold enough that differ.
    fn among_first(
        &self,
        scan: &Scan<'_>,
        after: Option<&Ranked>,
        (n_given, n_max): (usize, usize),
    ) -> Result<Option<Vec<DistinctRow>>, ExecError> {
        let n_wanted = n_given.saturating_add(n_max);
        let mut n_rows = n_wanted.saturating_mul(FIRST_ROWS).max(FIRST_MIN);
        if n_rows > FIRST_MAX || !self.is_varied(scan)? {
            return Ok(None);
        }
        let mut hold = scan.runner.budget.hold();
        while n_rows <= FIRST_MAX {
            let first = scan.top(self.order, None, n_rows)?;
            let is_all = first.len() < n_rows;
            let mut found = Found::new(self.order, after);
            found.add(self.printed(scan, first)?);
            hold.set(found.heap_bytes())?;
            if is_all || found.rows.len() >= n_max {
                found.rows.truncate(n_max);
                return Ok(Some(found.rows));
            }
            if found.n_seen().saturating_mul(FIRST_GROWTH) < n_wanted {
                break;
            }
            n_rows = n_rows.saturating_mul(FIRST_GROWTH);
        }
        Ok(None)
    }

    /// Whether most rows differ, as some of the first segment that has any tell.
    fn is_varied(&self, scan: &Scan<'_>) -> Result<bool, ExecError> {
        for segment in (0..scan.n_segments()).map(|number| scan.segment(number)) {
            let live = segment.step(|view| view.live().clone())?;
            if let Some(some) = cut_rows(&live, SAMPLE).next() {
                let n_distinct = Combined::new(&self.columns_of(&segment, &some)?).len();
                return Ok(n_distinct * VARIED_PART >= some.count() as usize);
            }
        }
        Ok(false)
    }

    /// Rows with their texts, in the order they have.
    fn printed(&self, scan: &Scan<'_>, rows: Vec<Ranked>) -> Result<Vec<DistinctRow>, ExecError> {
        let by_id = ById::new(rows.iter().map(|of| of.row));
        let mut texts = Vec::with_capacity(rows.len());
        for some in by_id.ids.chunks(FEW_ROWS as usize) {
            scan.runner.check()?;
            scan.with_rows(some, |segment, ids| {
                let row = |id: &RowId| RowView { segment: *segment, row: id.place() };
                texts.extend(ids.iter().map(|id| self.text_of(&row(id))));
            })?;
        }
        Ok(rows.into_iter().zip(by_id.in_place(texts.into_iter())).collect())
    }

    /// The same from all rows.
    fn among_all(
        &self,
        scan: &Scan<'_>,
        after: Option<&Ranked>,
        n_max: usize,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        let (budget, stop) = (scan.runner.budget, scan.runner.stop);
        let n_kept = if after.is_none() { n_max } else { usize::MAX };
        let row_ns = KEY_NS * (self.order.keys.len() + self.columns.len()) as f64;
        let Held { inner: firsts, mut hold } = scan.runner.fold(
            scan.n_segments(),
            scan.work_ns(0..scan.n_segments(), row_ns)?,
            &Fold {
                begin: &|| {
                    let mut firsts = Firsts::new(self.order, n_kept);
                    firsts.rows = Aside::new(scan.runner.pool);
                    Held::new(firsts, budget)
                },
                add: &|firsts: &mut Held<'_, Firsts<'_>>, number| {
                    let segment = scan.segment(number);
                    for some in cut_rows(&segment.mask(scan.filter)?, COLUMN_ROWS) {
                        stop.check()?;
                        firsts.inner.add(self, &segment, some)?;
                        firsts.hold.set(firsts.inner.heap_bytes())?;
                    }
                    Ok(())
                },
                merge: &|firsts, others| {
                    firsts.inner.merge(others.inner, stop)?;
                    firsts.hold.set(firsts.inner.heap_bytes())
                },
            },
        )?;
        // Held until the rows are cut.
        hold.set(firsts.heap_bytes())?;
        firsts.finish(after, n_max, stop)
    }
}

/// The first twin met of each distinct row, as far as these may be of the page.
#[derive(Debug)]
struct Firsts<'a> {
    order: &'a Order<'a>,
    n_max: usize,
    rows: Aside<'a, DistinctRow>,
    /// Places in `rows`.
    by_text: Places,
    hasher: RandomState,
    /// The worst row that may still be kept, once `n_max` distinct ones were met.
    bar: Option<Ranked>,
    /// What narrows to the rows up to the bar's first key.
    up_to_bar: Option<PathFilter>,
}

impl<'a> Firsts<'a> {
    /// None yet, of which at most the first `n_max`, one or more, will be asked for.
    fn new(order: &'a Order<'a>, n_max: usize) -> Self {
        Self {
            order,
            n_max,
            rows: Aside::new(None),
            by_text: Places::default(),
            hasher: RandomState::default(),
            bar: None,
            up_to_bar: None,
        }
    }

    /// Adds some rows of a segment.
    fn add(
        &mut self,
        distinct: &Distinct<'_>,
        segment: &Segment<'_>,
        mut mask: Mask,
    ) -> Result<(), ExecError> {
        if let Some(filter) = &self.up_to_bar {
            segment.step(|view| filter.narrow(view, &mut mask))?;
        }
        if mask.is_empty() {
            return Ok(());
        }
        let kept = Kept { bar: self.bar.as_ref(), n_max: self.n_max };
        let found = distinct.rows_of_mask(segment, &mask, kept)?;
        found.into_iter().for_each(|row| self.insert(row));
        self.cut(segment.stop)
    }

    fn insert(&mut self, (ranked, text): DistinctRow) {
        let hash = self.hasher.hash_one(&*text);
        let rows = &mut self.rows;
        match self.by_text.find(hash, |place| rows[place as usize].1 == text) {
            Some(place) => {
                let first = &mut rows[place as usize].0;
                if self.order.cmp(&ranked, first).is_lt() {
                    *first = ranked;
                }
            }
            None => {
                // Rows have 32-bit ids.
                self.by_text.insert(hash, rows.len() as u32);
                rows.push((ranked, text));
            }
        }
    }

    /// Cuts back to the rows wanted once they are twice as many.
    fn cut(&mut self, stop: &Stop) -> Result<(), ExecError> {
        if self.rows.len() < self.n_max.saturating_mul(2).saturating_add(SPARE_ROWS) {
            return Ok(());
        }
        let order = self.order;
        keep_first(&mut self.rows, self.n_max, stop, |a, b| order.cmp(&a.0, &b.0))?;
        self.bar = self.rows.last().map(|(ranked, _)| ranked.clone());
        let first_key = self.bar.as_ref().and_then(|bar| bar.keys.first());
        let first = PathKey::of(order.keys).zip(first_key);
        self.up_to_bar = first.and_then(|(path, key)| path.up_to(key));
        self.by_text.clear();
        for (place, (_, text)) in self.rows.iter().enumerate() {
            stop.check_at(place)?;
            self.by_text.insert(self.hasher.hash_one(&**text), place as u32);
        }
        Ok(())
    }

    fn merge(&mut self, mut other: Self, stop: &Stop) -> Result<(), ExecError> {
        while let Some(row) = other.rows.pop() {
            stop.check_at(other.rows.len())?;
            self.insert(row);
        }
        self.cut(stop)
    }

    /// The first `n_max` after a place, in order.
    fn finish(
        mut self,
        after: Option<&Ranked>,
        n_max: usize,
        stop: &Stop,
    ) -> Result<Vec<DistinctRow>, ExecError> {
        // Places are put in order, for rows that are many must be let go aside.
        let (order, rows) = (self.order, &self.rows);
        let mut places = Vec::with_capacity(rows.len());
        for (place, (ranked, _)) in rows.iter().enumerate() {
            stop.check_at(place)?;
            if after.is_none_or(|after| order.cmp(ranked, after).is_gt()) {
                places.push(place as u32);
            }
        }
        let cmp = |a: &u32, b: &u32| order.cmp(&rows[*a as usize].0, &rows[*b as usize].0);
        let places = first_in_order(places, n_max, stop, cmp)?;
        let take = |place: u32| {
            let (ranked, text) = &mut self.rows[place as usize];
            (ranked.take(), std::mem::take(text))
        };
        Ok(places.into_iter().map(take).collect())
    }

    /// Bytes on the heap, about.
    fn heap_bytes(&self) -> usize {
        let n_rows = self.rows.len();
        let n_keys = n_rows * self.order.keys.len();
        let keys = self.rows.iter().flat_map(|(ranked, _)| &ranked.keys);
        self.rows.capacity() * ROW_BYTES
            + self.by_text.heap_bytes()
            + sampled(self.rows.iter().map(|(_, text)| text.len()), n_rows)
            + n_keys * size_of::<Key>()
            + heap_bytes_of(keys, n_keys)
    }
}
