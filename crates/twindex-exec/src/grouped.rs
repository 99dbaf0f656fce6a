//! A page of groups: aggregated, filtered by HAVING, ordered, made distinct, cut.
//!
//! Every page aggregates anew: groups have no place of their own in the store. What orders them is
//! their sort keys and then their own keys, and that is the place a page goes on from.

use twindex_model::kind::{Kind, KindSet};
use twindex_plan::logical::{Groups, OrderKey};

use crate::budget::{Budget, Held};
use crate::error::ExecError;
use crate::group::GroupTable;
use crate::group_bound::Bound;
use crate::group_finished::FinishedGroups;
use crate::group_keys::KeyColumn;
use crate::group_order::{GroupOrder, OrderedPart, RankedGroup};
use crate::group_shared::{FINISH_NS, SharedGroups};
use crate::key::Key;
use crate::key_ref::KeyRef;
use crate::leaf::plain_path;
use crate::path_key::PathKey;
use crate::pieces::{keep_first, places_in_order};
use crate::position::Place;
use crate::project::Projection;
use crate::row::is_truth;
use crate::rows::Rows;
use crate::runner::{Fold, Runner};
use crate::scan::Scan;
use crate::stop::Stop;
use crate::window::Window;

/// Nanoseconds that grouping one row is taken to cost, for each key and aggregate.
const GROUP_NS: f64 = 8.0;

const OBJECT: KindSet = KindSet::of(&[Kind::Object]);

/// Groups up to which a page bars others while it is gathered: dropping more takes longer than they
/// take to be kept.
const BOUNDED_MAX: usize = 1 << 14;

/// Groups that are printed between two looks at the stop and the budget.
const PRINTED: usize = 64;

/// The group that the page before ended with.
#[derive(Clone, Debug)]
pub(crate) struct LastGroup {
    pub(crate) order: Box<[Key]>,
    pub(crate) keys: Box<[Key]>,
}

/// A grouped query.
#[derive(Debug)]
pub(crate) struct Grouped<'a> {
    pub(crate) groups: &'a Groups,
    pub(crate) order: &'a [OrderKey],
    pub(crate) projection: &'a Projection<'a>,
    /// The group that the page before ended with; none for the first.
    pub(crate) after: Option<LastGroup>,
    pub(crate) window: Window,
    pub(crate) distinctness: Distinctness,
}

impl Grouped<'_> {
    /// All groups of the query, or those that a page can hold, in some parts.
    ///
    /// # Errors
    /// [`ExecError::Stopped`], [`ExecError::OverBudget`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn all<'s>(
        &'s self,
        scan: &Scan<'s>,
    ) -> Result<Held<'s, Vec<FinishedGroups<'s>>>, ExecError> {
        if let Some(mut table) = GroupTable::of_rows(self.groups) {
            table.add_rows(scan.count()?);
            return Ok(Held::new(table.finish(scan.runner)?, scan.runner.budget));
        }
        if let Some(table) = self.by_totals(scan)? {
            return Ok(Held::new(table.finish(scan.runner)?, scan.runner.budget));
        }
        let Held { inner, mut hold } = self.table(scan)?;
        let groups = inner.finish(scan.runner)?;
        hold.set(groups.iter().map(FinishedGroups::heap_bytes).sum())?;
        Ok(Held { inner: groups, hold })
    }

    /// The groups of all segments.
    fn table<'s>(&'s self, scan: &Scan<'s>) -> Result<Held<'s, GroupTable<'s>>, ExecError> {
        let n_values = self.groups.keys.len() + self.groups.aggregates.len();
        let row_ns = GROUP_NS * n_values as f64;
        let Runner { budget, pool, .. } = scan.runner;
        let add = |table: &mut Held<'s, GroupTable<'s>>, number| {
            table.inner.add_segment(&scan.segment(number), scan.filter)?;
            table.hold.set(table.inner.heap_bytes())
        };
        let merge = |table: &mut Held<'s, GroupTable<'s>>, other: Held<'s, GroupTable<'s>>| {
            table.inner.merge(other.inner, scan.runner)?;
            table.hold.set(table.inner.heap_bytes())
        };
        let work_ns = self.work_ns(scan, row_ns)?;
        let mut first = Held::new(GroupTable::new(self.groups, self.bound(), pool), budget);
        let (mut n_done, mut bar) = (0, None);
        if first.inner.is_bounded() && scan.n_segments() > 1 {
            // The first segment is taken here, so that all threads have a bar to begin with.
            scan.runner.check()?;
            add(&mut first, 0)?;
            (n_done, bar) = (1, first.inner.cut_to_page());
        }
        let sets = GroupTable::shared_sets(self.groups);
        let shared = SharedGroups::new(self.groups, pool, budget);
        let begin = || {
            let bound = self.bound().map(|bound| bound.with_bar(bar.clone()));
            let table = GroupTable::new(self.groups, bound, pool);
            Held::new(table.sharing(&sets).pouring_into(&shared), budget)
        };
        let add = |table: &mut Held<'s, GroupTable<'s>>, i| add(table, n_done + i);
        let n_segments = scan.n_segments() - n_done;
        let fold = Fold { begin: &begin, add: &add, merge: &merge };
        let mut table = scan.runner.fold(n_segments, work_ns, &fold)?;
        if n_done > 0 {
            merge(&mut table, first)?;
        }
        Ok(table)
    }

    /// The groups of a path's values over the whole collection, where totals know them.
    fn by_totals<'s>(&'s self, scan: &Scan<'s>) -> Result<Option<GroupTable<'s>>, ExecError> {
        let Some(path) = GroupTable::counted_path(self.groups) else { return Ok(None) };
        let Some(collection) = scan.collection() else { return Ok(None) };
        let read = scan.runner.stop.read(scan.snapshot())?;
        let Some(mut totals) = read.totals(collection, path) else { return Ok(None) };
        let is_whole = scan.filter.total(&read, collection) == Some(totals.n_live());
        if !is_whole || totals.n_rows_of_kinds(OBJECT) > 0 {
            return Ok(None);
        }
        let mut table = GroupTable::new(self.groups, None, None);
        let is_known = totals.for_each(|cell, n_rows| {
            if n_rows > 0 {
                table.push_counted(&cell, n_rows);
            }
        });
        Ok(is_known.then_some(table))
    }

    /// Which groups the page can hold, where the order of paths decides that.
    fn bound(&self) -> Option<Bound<'_>> {
        let paths = self.groups.keys.iter().map_while(plain_path).map(PathKey::ascending);
        let paths: Vec<PathKey> = paths.collect();
        let is_by_key = self.order.is_empty()
            && self.groups.having.is_none()
            && self.distinctness == Distinctness::All;
        let n_max = self.window.n_wanted_with_skip();
        if !is_by_key || paths.is_empty() || n_max > BOUNDED_MAX {
            return None;
        }
        Some(Bound::new(paths, self.after.as_ref().map(|after| &*after.keys), n_max))
    }

    /// What grouping costs; nothing worth a thread where kept counts answer.
    fn work_ns(&self, scan: &Scan<'_>, row_ns: f64) -> Result<f64, ExecError> {
        let n_segments = scan.n_segments();
        let is_counted = n_segments > 0
            && GroupTable::is_answered_by_counts(self.groups)
            && scan.segment(0).step(|view| {
                let has_counts = |path| view.has_counts(path);
                let mut keys = self.groups.keys.iter().filter_map(plain_path);
                keys.all(has_counts) && scan.filter.exact_count(view).is_some()
            })?;
        if is_counted { Ok(0.0) } else { scan.work_ns(0..n_segments, row_ns) }
    }

    /// The groups that HAVING keeps.
    fn kept(&self, groups: &FinishedGroups<'_>, stop: &Stop) -> Result<Vec<u32>, ExecError> {
        // Rows have 32-bit ids, and there are no more groups than rows.
        let all = 0..groups.len() as u32;
        let Some(having) = &self.groups.having else { return Ok(all.collect()) };
        let mut kept = Vec::new();
        for place in all {
            stop.check_evaluated(place as usize)?;
            if is_truth(having, &groups.view(place), true) {
                kept.push(place);
            }
        }
        Ok(kept)
    }

    /// The page, printed, and where the next one begins if there is one.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::OverBudget`].
    pub(crate) fn page(
        &self,
        groups: &[FinishedGroups<'_>],
        runner: Runner<'_>,
    ) -> Result<(Rows, Option<Place>), ExecError> {
        let Runner { stop, budget, .. } = runner;
        let n_groups: usize = groups.iter().map(FinishedGroups::len).sum();
        let work_ns = FINISH_NS * n_groups as f64;
        let part = |groups| {
            OrderedPart::new((groups, self.order), self.kept(groups, stop)?, (stop, budget))
        };
        let order = GroupOrder::new(runner.map(groups.iter().collect(), work_ns, part)?);
        let mut hold = budget.hold();
        let found = match self.far_down(&order, (work_ns, runner))? {
            Some(found) => found,
            None => {
                hold.add(self.n_ranked(&order, work_ns, runner) * size_of::<RankedGroup>())?;
                let parts = (0..groups.len()).collect();
                let ranked = runner.map(parts, work_ns, |part| self.ranked(&order, part, stop))?;
                let ranked = ranked.into_iter().reduce(|mut all, more| {
                    all.extend(more);
                    all
                });
                self.places(&order, ranked.unwrap_or_default(), (stop, budget))?
            }
        };
        let last = self.window.last_of(&found).map(|last| Place::Group {
            order: order.keys(last),
            keys: order.groups_of(last).keys(last.place).map(KeyRef::to_key).collect(),
        });
        let mut rows = Held::new(Rows::default(), budget);
        for (i, ranked) in found.iter().take(self.window.n_take).enumerate() {
            if i % PRINTED == 0 {
                stop.check()?;
                rows.hold.set(rows.inner.n_bytes())?;
            }
            let view = order.view(ranked);
            rows.inner.push_with(|out| self.projection.write_canonical(&view, out));
        }
        rows.hold.set(rows.inner.n_bytes())?;
        Ok((rows.inner, last))
    }

    /// The groups of a page that is far down, where they were found without a rank for each group.
    fn far_down(
        &self,
        order: &GroupOrder<'_>,
        (work_ns, runner): (f64, Runner<'_>),
    ) -> Result<Option<Vec<RankedGroup>>, ExecError> {
        let places = self.window.all_places();
        if self.distinctness == Distinctness::FirstOfEqual || self.after.is_some() {
            return Ok(None);
        }
        let Some(strip) = order.strip(&places, work_ns, runner)? else { return Ok(None) };
        let mut hold = runner.budget.hold();
        hold.set(strip.groups.len() * size_of::<RankedGroup>())?;
        let places = places.start - strip.n_before..places.end - strip.n_before;
        places_in_order(strip.groups, places, runner.stop, |a, b| order.cmp(a, b)).map(Some)
    }

    /// How many groups are given ranks at one time at most.
    fn n_ranked(&self, order: &GroupOrder<'_>, work_ns: f64, runner: Runner<'_>) -> usize {
        let n_max = match self.distinctness {
            Distinctness::All => self.window.n_wanted_with_skip(),
            Distinctness::FirstOfEqual => usize::MAX,
        };
        let of_parts = || (0..order.n_parts()).map(|part| order.wanted(part).len());
        let n_kept: usize = of_parts().map(|n| n.min(n_max)).sum();
        let n_at_work = of_parts().max().unwrap_or(0) * runner.n_threads(work_ns);
        n_kept.saturating_add(n_at_work).min(order.n_wanted())
    }

    /// The groups of a part that may be on the page.
    fn ranked(
        &self,
        order: &GroupOrder<'_>,
        part: usize,
        stop: &Stop,
    ) -> Result<Vec<RankedGroup>, ExecError> {
        let mut ranked = Vec::with_capacity(order.wanted(part).len());
        for (i, place) in order.wanted(part).iter().enumerate() {
            stop.check_at(i)?;
            let group = order.ranked(part, *place);
            let is_after = || self.after.as_ref().is_none_or(|last| order.is_after(&group, last));
            // Whether a row was seen before is not known yet of those before the place.
            if self.distinctness == Distinctness::FirstOfEqual || is_after() {
                ranked.push(group);
            }
        }
        let n_max = self.window.n_wanted_with_skip();
        if self.distinctness == Distinctness::All && 0 < n_max && n_max < ranked.len() {
            keep_first(&mut ranked, n_max, stop, |a, b| order.cmp(a, b))?;
            ranked.shrink_to_fit();
        }
        Ok(ranked)
    }

    /// The groups of the page in order, at most one more than it holds.
    fn places(
        &self,
        order: &GroupOrder<'_>,
        ranked: Vec<RankedGroup>,
        (stop, budget): (&Stop, &Budget),
    ) -> Result<Vec<RankedGroup>, ExecError> {
        let cmp = |a: &RankedGroup, b: &RankedGroup| order.cmp(a, b);
        if self.distinctness == Distinctness::All {
            return places_in_order(ranked, self.window.all_places(), stop, cmp);
        }
        let ranked = places_in_order(ranked, 0..usize::MAX, stop, cmp)?;
        let mut seen = Held::new(KeyColumn::default(), budget);
        let (mut firsts, mut text) = (Vec::new(), String::new());
        for (i, group) in ranked.into_iter().enumerate() {
            if i % PRINTED == 0 {
                stop.check()?;
                seen.hold.set(seen.inner.heap_bytes())?;
            }
            text.clear();
            self.projection.write_canonical(&order.view(&group), &mut text);
            let n_seen = seen.inner.len();
            let is_new = seen.inner.number_of_key(KeyRef::String(&text)) as usize == n_seen;
            let is_after = || match &self.after {
                Some(last) => order.is_after(&group, last),
                None => true,
            };
            if is_new && is_after() {
                firsts.push(group);
            }
        }
        firsts.truncate(self.window.n_wanted_with_skip());
        Ok(self.window.without_skipped(firsts))
    }
}

/// Whether equal rows are all given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distinctness {
    /// They are.
    All,
    /// Only the first of them is.
    FirstOfEqual,
}
