//! One page of a query: where the sinks meet paging.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::ThreadPool;
use twindex_index::filter::PathFilter;
use twindex_index::snapshot::Snapshot;
use twindex_model::path::RowId;
use twindex_plan::logical::{Column, Groups, LogicalPlan, Output};

use crate::aside::let_go;
use crate::budget::{Budget, Held};
use crate::distinct::Distinct;
use crate::error::ExecError;
use crate::grouped::{Distinctness, Grouped, LastGroup};
use crate::in_place::ById;
use crate::operator::Metering;
use crate::order::{Order, Ranked};
use crate::physical::Filter;
use crate::position::{Place, Position};
use crate::project::Projection;
pub use crate::rows::Rows;
use crate::scan::Scan;
use crate::stop::Stop;

use crate::window::Window;

/// How a query is to be run.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Rows given at most; none is taken as one.
    pub page_rows_max: usize,
    /// Where the page before ended; none for the first.
    pub after: Option<Position>,
    /// When to give up.
    pub stop: Stop,
    /// Threads that may help; none, and all work is done on the caller's.
    pub pool: Option<&'a ThreadPool>,
    /// Memory that the query may hold meanwhile.
    pub budget: Budget,
}

impl Request<'_> {
    /// All rows on one page, on the caller's thread, without a stop.
    #[must_use]
    pub fn unbounded() -> Self {
        Self {
            page_rows_max: usize::MAX,
            after: None,
            stop: Stop::never(),
            pool: None,
            budget: Budget::unbounded(),
        }
    }
}

/// A page of rows.
#[derive(Clone, Debug)]
pub struct Page {
    /// Names of the columns in order; none when rows are whole twins.
    pub columns: Option<Arc<[Arc<str>]>>,
    /// The rows.
    pub rows: Rows,
    /// The place to go on from; none exactly when no row is left.
    pub next: Option<Position>,
    /// Rows given on this page and those before.
    pub rows_given: u64,
}

/// Runs `plan` over the twins of `snapshot` for one page.
///
/// # Errors
/// [`ExecError::Stopped`], [`ExecError::SnapshotExpired`], and [`ExecError::ForeignPosition`] for a place that the query cannot
/// have given.
pub fn execute(
    snapshot: &Snapshot,
    plan: &LogicalPlan,
    request: &Request<'_>,
) -> Result<Page, ExecError> {
    let filter = Filter::new(&plan.filter, Metering::Off);
    execute_with(snapshot, plan, &filter, request).map(|timed| timed.page)
}

/// A page and how long its parts took, where the filter is metered: asking for the time is a part of
/// what the page of one twin takes.
pub(crate) struct TimedPage {
    pub(crate) page: Page,
    pub(crate) total: Duration,
    pub(crate) printing: Duration,
}

/// The same with a filter that is made already.
pub(crate) fn execute_with(
    snapshot: &Snapshot,
    plan: &LogicalPlan,
    filter: &Filter,
    request: &Request<'_>,
) -> Result<TimedPage, ExecError> {
    let begun = (filter.is_metered() || may_sort_ids(plan, filter)).then(Instant::now);
    request.stop.check()?;
    let run = Run {
        plan,
        printing: Cell::default(),
        after: request.after.as_ref(),
        window: Window::new(
            (plan.offset, plan.limit),
            request.after.as_ref(),
            request.page_rows_max,
        ),
        scan: Scan::new(snapshot, plan, filter, request)?,
    };
    let mut hold = request.budget.hold();
    hold.set(filter.heap_bytes())?;
    let page = run.page()?;
    let total = begun.map_or(Duration::ZERO, |begun| begun.elapsed());
    if let Some(begun) = begun {
        run.scan.sort_ids(begun);
    }
    Ok(TimedPage { page, total, printing: run.printing.get() })
}

/// Whether what the query costs may tell that an order of `deviceId` would pay.
fn may_sort_ids(plan: &LogicalPlan, filter: &Filter) -> bool {
    !plan.order.is_empty() || filter.identities().is_some_and(PathFilter::is_identity_range)
}

/// One page in the making.
struct Run<'a> {
    plan: &'a LogicalPlan,
    after: Option<&'a Position>,
    window: Window,
    scan: Scan<'a>,
    /// Time spent on printing rows from lanes.
    printing: Cell<Duration>,
}

/// Rows of a page and, if there is a next page, the last of their places.
struct Given {
    rows: Rows,
    last: Option<Place>,
}

impl Run<'_> {
    fn page(&self) -> Result<Page, ExecError> {
        let given = match &self.plan.output {
            Output::Twins => self.rows(&Projection::Twin)?,
            Output::Rows(columns) if self.plan.distinct => self.distinct(columns)?,
            Output::Rows(columns) => self.rows(&Projection::of_columns(columns))?,
            Output::Groups(groups) => self.groups(groups)?,
        };
        let rows_given = self.window.n_given.saturating_add(given.rows.len() as u64);
        Ok(Page {
            columns: self.columns(),
            rows: given.rows,
            next: given.last.map(|place| Position { place, rows_given }),
            rows_given,
        })
    }

    fn columns(&self) -> Option<Arc<[Arc<str>]>> {
        let columns = match &self.plan.output {
            Output::Twins => return None,
            Output::Rows(columns) => columns,
            Output::Groups(groups) => &groups.columns,
        };
        Some(columns.iter().map(|column| Arc::clone(&column.name)).collect())
    }

    /// One row for each twin. Whole twins are all distinct, for each holds its own identity.
    fn rows(&self, projection: &Projection<'_>) -> Result<Given, ExecError> {
        if self.plan.order.is_empty() {
            let after = match self.after.map(|after| &after.place) {
                None => None,
                Some(Place::Row(row)) => Some(*row),
                Some(_) => return Err(ExecError::ForeignPosition),
            };
            let mut found = self.scan.rows(after, self.window.skip, self.window.n_wanted())?;
            let last = self.cut(&mut found, |&row| Place::Row(row));
            let rows = self.print(&found, projection)?;
            return Ok(Given { rows, last });
        }
        let order = Order::new(&self.plan.order);
        let after = self.ranked_after(&order)?;
        let (skip, n_wanted) = (self.window.skip, self.window.n_wanted());
        let mut found = match self.scan.by_id(&order, after.as_ref(), (skip, n_wanted))? {
            Some(found) => found,
            None => match self.window.places() {
                Some(places) => self.scan.at_places(&order, places)?,
                None => self.scan.top(&order, after.as_ref(), n_wanted)?,
            },
        };
        let last = self.cut(&mut found, place_of);
        let ids: Vec<RowId> = found.iter().map(|ranked| ranked.row).collect();
        let_go(found, self.scan.runner.pool);
        let rows = self.print_any(&ids, projection)?;
        Ok(Given { rows, last })
    }

    fn distinct(&self, columns: &[Column]) -> Result<Given, ExecError> {
        let order = Order::new(&self.plan.order);
        let after = self.ranked_after(&order)?;
        let distinct =
            Distinct { columns, projection: &Projection::of_columns(columns), order: &order };
        let mut found = distinct.rows(&self.scan, after.as_ref(), &self.window)?;
        let last = self.cut(&mut found, |(ranked, _)| place_of(ranked));
        let mut rows = Held::new(Rows::default(), self.scan.runner.budget);
        rows.hold.set(found.iter().map(|(_, text)| 2 * text.len()).sum())?;
        for (i, (_, text)) in found.iter().enumerate() {
            self.scan.runner.stop.check_at(i)?;
            rows.inner.push(text);
        }
        let_go(found, self.scan.runner.pool);
        Ok(Given { rows: rows.inner, last })
    }

    fn groups(&self, groups: &Groups) -> Result<Given, ExecError> {
        let distinctness =
            if self.plan.distinct { Distinctness::FirstOfEqual } else { Distinctness::All };
        let grouped = Grouped {
            groups,
            order: &self.plan.order,
            projection: &Projection::of_columns(&groups.columns),
            after: self.group_after(groups)?,
            window: self.window,
            distinctness,
        };
        if let Some(page) = grouped.counted(&self.scan)? {
            let last = page.last.map(|keys| Place::Group { order: Box::default(), keys });
            return Ok(Given { rows: page.rows, last });
        }
        let groups = grouped.all(&self.scan)?;
        let (rows, last) = grouped.page(&groups.inner, self.scan.runner)?;
        Ok(Given { rows, last })
    }

    /// Cuts what was found to the page and gives the last place on it if anything was cut.
    fn cut<T>(&self, found: &mut Vec<T>, place: impl Fn(&T) -> Place) -> Option<Place> {
        let last = self.window.last_of(found).map(place);
        found.truncate(self.window.n_take);
        last
    }

    /// The place to go on from, in an order of rows.
    fn ranked_after(&self, order: &Order<'_>) -> Result<Option<Ranked>, ExecError> {
        match self.after.map(|after| &after.place) {
            None => Ok(None),
            Some(Place::Row(row)) if order.keys.is_empty() => {
                Ok(Some(Ranked { keys: Box::default(), row: *row }))
            }
            Some(Place::Ordered { keys, row })
                if !keys.is_empty() && keys.len() == order.keys.len() =>
            {
                Ok(Some(Ranked { keys: keys.clone(), row: *row }))
            }
            Some(_) => Err(ExecError::ForeignPosition),
        }
    }

    /// The place to go on from among groups.
    fn group_after(&self, groups: &Groups) -> Result<Option<LastGroup>, ExecError> {
        match self.after.map(|after| &after.place) {
            None => Ok(None),
            Some(Place::Group { order, keys })
                if order.len() == self.plan.order.len() && keys.len() == groups.keys.len() =>
            {
                Ok(Some(LastGroup { order: order.clone(), keys: keys.clone() }))
            }
            Some(_) => Err(ExecError::ForeignPosition),
        }
    }

    /// Prints rows in any order: in that of their ids, in which those of a segment stand together and
    /// are gathered from lanes at once, and then puts them in place.
    fn print_any(&self, found: &[RowId], projection: &Projection<'_>) -> Result<Rows, ExecError> {
        if found.is_sorted() {
            return self.print(found, projection);
        }
        let mut hold = self.scan.runner.budget.hold();
        let mut rows = Rows::default();
        for some in found.chunks(RUN_MAX) {
            self.scan.runner.check()?;
            let printed = self.print_run(some, projection)?;
            rows.append(printed);
            hold.set(rows.n_bytes())?;
        }
        Ok(rows)
    }

    /// The same for so few rows that holding their text twice does not matter.
    fn print_run(&self, found: &[RowId], projection: &Projection<'_>) -> Result<Rows, ExecError> {
        let by_id = ById::new(found.iter().copied());
        let printed = self.print(&by_id.ids, projection)?;
        let mut hold = self.scan.runner.budget.hold();
        hold.set(2 * printed.n_bytes())?;
        let mut rows = Rows::default();
        rows.extend_with(|out, ends| {
            out.reserve(printed.n_bytes());
            for text in by_id.in_place(printed.iter()) {
                out.push_str(text);
                ends.push(out.len());
            }
        });
        Ok(rows)
    }

    fn print(&self, found: &[RowId], projection: &Projection<'_>) -> Result<Rows, ExecError> {
        let scan = self.scan;
        let begun = scan.filter.is_metered().then(Instant::now);
        let print = |chunk: &[RowId]| {
            let mut rows = Held::new(Rows::default(), scan.runner.budget);
            for (held, some) in chunk.chunks(HELD_MAX).enumerate() {
                scan.runner.stop.check()?;
                rows.hold.set(rows.inner.n_bytes())?;
                if held == 1 {
                    rows.inner.reserve_alike(chunk.len() - HELD_MAX);
                }
                scan.with_rows(some, |segment, ids| {
                    projection.write(segment, ids, &mut rows.inner);
                })?;
            }
            rows.hold.set(rows.inner.n_bytes())?;
            Ok(rows)
        };
        let work_ns = projection.row_ns() * found.len() as f64;
        let n_threads = scan.runner.n_threads(work_ns);
        let n_chunk = found.len().div_ceil(n_threads * CHUNKS_PER_THREAD).max(CHUNK_MIN);
        let chunks: Vec<&[RowId]> = found.chunks(n_chunk).collect();
        let parts = scan.runner.map(chunks, work_ns, print)?;
        let mut parts = parts.into_iter();
        let mut rows = parts.next().map(|part| part.inner).unwrap_or_default();
        parts.for_each(|part| rows.append(part.inner));
        if let Some(begun) = begun {
            self.printing.set(self.printing.get() + begun.elapsed());
        }
        Ok(rows)
    }
}

/// Rows that are printed in the order of their ids and then put in place.
const RUN_MAX: usize = if cfg!(test) { 8 } else { 1 << 12 };
/// Chunks a page is printed in, so that a slow thread does not hold up the others.
const CHUNKS_PER_THREAD: usize = 4;
/// Rows of a chunk at least.
const CHUNK_MIN: usize = 64;
/// Rows that are printed while the writer is held off, and between two looks at the stop.
const HELD_MAX: usize = 64;

fn place_of(ranked: &Ranked) -> Place {
    if ranked.keys.is_empty() {
        Place::Row(ranked.row)
    } else {
        Place::Ordered { keys: ranked.keys.clone(), row: ranked.row }
    }
}
