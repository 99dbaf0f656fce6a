//! Groups of which nothing but their rows is asked, printed as totals count them.
//!
//! Totals know how often each value of a path occurs, and a dictionary its texts in order. So a page
//! of such groups is one walk that prints: no table, and no key of a group is made but that of the
//! last one, from which the next page goes on. A thousand groups took twice as long to be made, put
//! in order and let go as they take to be printed.

use std::ops::ControlFlow;

use twindex_model::cell::Cell;
use twindex_model::path::PathId;
use twindex_model::value::Value;
use twindex_plan::env::{Env, Scalar};
use twindex_planted::{Fault, planted};

use crate::error::ExecError;
use crate::group::GroupTable;
use crate::grouped::{Distinctness, Grouped};
use crate::key::Key;
use crate::project::Projection;
use crate::rows::Rows;
use crate::scan::Scan;
use crate::window::Window;

/// Groups that are printed while the writer is held off: some tenths of a millisecond.
const PRINTED: usize = if cfg!(test) { 2 } else { 512 };

/// A page of groups that is printed already.
#[derive(Debug)]
pub(crate) struct CountedPage {
    pub(crate) rows: Rows,
    /// The keys of the last group, if there is another one.
    pub(crate) last: Option<Box<[Key]>>,
}

impl Grouped<'_> {
    /// The page, where counts that are kept are all it takes.
    ///
    /// # Errors
    /// [`ExecError::Stopped`], [`ExecError::OverBudget`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn counted(&self, scan: &Scan<'_>) -> Result<Option<CountedPage>, ExecError> {
        let is_plain = self.order.is_empty()
            && self.groups.having.is_none()
            && self.distinctness == Distinctness::All;
        if !is_plain || !GroupTable::is_answered_by_counts(self.groups) {
            return Ok(None);
        }
        let mut page = Printer::new(self.projection, self.window);
        if page.window.n_wanted() == 0 {
            return Ok(Some(page.finish()));
        }
        let Some(path) = GroupTable::counted_path(self.groups) else {
            let n_rows = scan.count()?;
            if self.after.is_none() {
                let _ = page.take(None, n_rows);
            }
            return Ok(Some(page.finish()));
        };
        if !self.print_totals(scan, path, &mut page)? {
            return Ok(None);
        }
        scan.runner.budget.hold().set(page.rows.n_bytes())?;
        Ok(Some(page.finish()))
    }

    /// Prints the groups of a path's values, some of them while the writer is held off, then others;
    /// false, and nothing printed, where totals do not tell.
    fn print_totals(
        &self,
        scan: &Scan<'_>,
        path: PathId,
        page: &mut Printer<'_>,
    ) -> Result<bool, ExecError> {
        let mut progress = Progress::Walked(0);
        while let Progress::Walked(n_walked) = progress {
            scan.runner.check()?;
            progress = self.print_some(scan, (path, n_walked), page)?;
        }
        if progress == Progress::Unknown {
            // A batch that changed the path came between.
            *page = Printer::new(page.projection, page.window);
        }
        Ok(progress == Progress::Ended)
    }

    /// Prints some groups after so many in the order of totals, which is the same at every hold.
    fn print_some(
        &self,
        scan: &Scan<'_>,
        (path, n_before): (PathId, usize),
        page: &mut Printer<'_>,
    ) -> Result<Progress, ExecError> {
        let Some(collection) = scan.collection() else { return Ok(Progress::Unknown) };
        let read = scan.runner.stop.read(scan.snapshot())?;
        let Some(mut totals) = read.totals(collection, path) else { return Ok(Progress::Unknown) };
        if scan.filter.total(&read, collection) != Some(totals.n_live()) {
            return Ok(Progress::Unknown);
        }
        let after = self.after.as_ref().and_then(|after| after.keys.first());
        let (mut n_walked, mut is_after) = (0, after.is_none());
        let mut progress = Progress::Ended;
        let is_known = totals.for_each_in_order(|cell, n_rows| {
            n_walked += 1;
            if n_walked <= n_before {
                return ControlFlow::Continue(());
            }
            if n_walked > n_before + PRINTED {
                progress = Progress::Walked(n_before + PRINTED);
                return ControlFlow::Break(());
            }
            // They ascend, so all that follow one behind that place are behind it.
            is_after = is_after || after.is_none_or(|after| Key::of_cell(cell, || None) > *after);
            if is_after { page.take(Some(cell), n_rows) } else { ControlFlow::Continue(()) }
        });
        Ok(if is_known { progress } else { Progress::Unknown })
    }
}

/// How far the groups of totals are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// The first so many are, as far as they are wanted.
    Walked(usize),
    /// All that are wanted.
    Ended,
    /// Totals do not tell.
    Unknown,
}

/// Prints those of the groups that the page holds.
struct Printer<'a> {
    projection: &'a Projection<'a>,
    window: Window,
    n_skipped: u64,
    rows: Rows,
    last: Option<Box<[Key]>>,
    has_more: bool,
}

impl<'a> Printer<'a> {
    fn new(projection: &'a Projection<'a>, window: Window) -> Self {
        let rows = Rows::default();
        Self { projection, window, n_skipped: 0, rows, last: None, has_more: false }
    }

    /// Takes the next group: its key, if there is one, and its rows. Breaks once none is wanted.
    fn take(&mut self, key: Option<&Cell<'_>>, n_rows: u64) -> ControlFlow<()> {
        if self.n_skipped < self.window.skip {
            self.n_skipped += 1;
            return ControlFlow::Continue(());
        }
        if self.rows.len() == self.window.n_take {
            self.has_more = true;
            return ControlFlow::Break(());
        }
        let group = CountedGroup { key, n_rows };
        self.rows.push_with(|out| self.projection.write_canonical(&group, out));
        if self.rows.len() < self.window.n_take {
            return ControlFlow::Continue(());
        }
        self.last = Some(key.map(|key| Key::of_cell(key, || None)).into_iter().collect());
        self.has_more = planted(Fault::TokenToEmptyPage);
        match self.window.n_wanted() > self.window.n_take {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    }

    fn finish(self) -> CountedPage {
        CountedPage { rows: self.rows, last: self.last.filter(|_| self.has_more) }
    }
}

/// One group as an environment: its key, if there is one, then how many rows it has.
struct CountedGroup<'a> {
    key: Option<&'a Cell<'a>>,
    n_rows: u64,
}

impl Env for CountedGroup<'_> {
    fn cell(&self, _: PathId) -> Cell<'_> {
        Cell::Undefined
    }

    fn object(&self, _: PathId) -> Value {
        Value::Null
    }

    fn slot(&self, slot: usize) -> Scalar<'_> {
        match self.key.filter(|_| slot == 0) {
            None => Scalar::Number(self.n_rows as f64),
            Some(Cell::Null) => Scalar::Null,
            Some(Cell::Bool(value)) => Scalar::Bool(*value),
            Some(Cell::Number(number)) => Scalar::Number(*number),
            Some(Cell::String(text)) => Scalar::Text((&**text).into()),
            // No array or object has a place in the order of totals.
            Some(Cell::Undefined | Cell::Array(_) | Cell::Object) => Scalar::Undefined,
        }
    }
}
