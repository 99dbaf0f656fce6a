//! A page of groups: aggregated, filtered by HAVING, ordered, made distinct, cut.
//!
//! Every page aggregates anew: groups have no place of their own in the store. What orders them is
//! their sort keys and then their own keys, and that is the place a page goes on from.

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use twindex_model::kind::{Kind, KindSet};
use twindex_plan::eval::evaluate;
use twindex_plan::logical::{Groups, OrderKey};

use crate::budget::Held;
use crate::error::ExecError;
use crate::group::GroupTable;
use crate::group_bound::Bound;
use crate::group_finished::FinishedGroups;
use crate::key::{Direction, Key, cmp_keys};
use crate::leaf::plain_path;
use crate::path_key::PathKey;
use crate::pieces::first_in_order;
use crate::project::Projection;
use crate::row::is_truth;
use crate::runner::Fold;
use crate::scan::Scan;
use crate::stop::Stop;
use crate::window::Window;

/// Nanoseconds that grouping one row is taken to cost, for each key and aggregate.
const GROUP_NS: f64 = 8.0;

const OBJECT: KindSet = KindSet::of(&[Kind::Object]);

/// Groups that are looked at between two looks at the stop.
const LOOKED_AT: usize = 4_096;

/// A group in its place.
#[derive(Clone, Debug)]
pub(crate) struct RankedGroup {
    /// What sorts like the first of what orders groups, as far as it goes.
    rank: u128,
    /// Its sort keys; none without ORDER BY.
    pub(crate) order: Box<[Key]>,
    /// Its place among the groups.
    pub(crate) place: usize,
}

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
    /// All groups of the query, or those that a page can hold.
    ///
    /// # Errors
    /// [`ExecError::Stopped`], [`ExecError::OverBudget`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn all<'s>(&self, scan: &Scan<'s>) -> Result<Held<'s, FinishedGroups>, ExecError> {
        if let Some(mut table) = GroupTable::of_rows(self.groups) {
            table.add_rows(scan.count()?);
            return Ok(Held::new(table.finish(scan.runner.stop)?, scan.runner.budget));
        }
        if let Some(table) = self.by_totals(scan)? {
            return Ok(Held::new(table.finish(scan.runner.stop)?, scan.runner.budget));
        }
        let Held { inner, mut hold } = self.table(scan)?;
        let groups = inner.finish(scan.runner.stop)?;
        hold.set(groups.heap_bytes() + groups.len() * size_of::<RankedGroup>())?;
        Ok(Held { inner: groups, hold })
    }

    /// The groups of all segments.
    fn table<'t, 's>(&'t self, scan: &Scan<'s>) -> Result<Held<'s, GroupTable<'t>>, ExecError> {
        let n_values = self.groups.keys.len() + self.groups.aggregates.len();
        let row_ns = GROUP_NS * n_values as f64;
        let (budget, stop) = (scan.runner.budget, scan.runner.stop);
        let add = |table: &mut Held<'s, GroupTable<'t>>, number| {
            table.inner.add_segment(&scan.segment(number), scan.filter)?;
            table.hold.set(table.inner.heap_bytes())
        };
        let merge = |table: &mut Held<'s, GroupTable<'t>>, other: Held<'s, GroupTable<'t>>| {
            table.inner.merge(other.inner, stop)?;
            table.hold.set(table.inner.heap_bytes())
        };
        let work_ns = self.work_ns(scan, row_ns)?;
        let mut first = Held::new(GroupTable::bounded(self.groups, self.bound()), budget);
        let (mut n_done, mut bar) = (0, None);
        if first.inner.is_bounded() && scan.n_segments() > 1 {
            // The first segment is taken here, so that all threads have a bar to begin with.
            scan.runner.check()?;
            add(&mut first, 0)?;
            (n_done, bar) = (1, first.inner.cut_to_page());
        }
        let begin = || {
            let bound = self.bound().map(|bound| bound.with_bar(bar.clone()));
            Held::new(GroupTable::bounded(self.groups, bound), budget)
        };
        let add = |table: &mut Held<'s, GroupTable<'t>>, i| add(table, n_done + i);
        let n_segments = scan.n_segments() - n_done;
        let fold = Fold { begin: &begin, add: &add, merge: &merge };
        let mut table = scan.runner.fold(n_segments, work_ns, &fold)?;
        if n_done > 0 {
            merge(&mut table, first)?;
        }
        Ok(table)
    }

    /// The groups of a path's values over the whole collection, where totals know them.
    fn by_totals(&self, scan: &Scan<'_>) -> Result<Option<GroupTable<'_>>, ExecError> {
        let Some(path) = GroupTable::counted_path(self.groups) else { return Ok(None) };
        let Some(collection) = scan.collection() else { return Ok(None) };
        let read = scan.runner.stop.read(scan.snapshot())?;
        let Some(mut totals) = read.totals(collection, path) else { return Ok(None) };
        let is_whole = scan.filter.total(&read, collection) == Some(totals.n_live());
        if !is_whole || totals.n_rows_of_kinds(OBJECT) > 0 {
            return Ok(None);
        }
        let mut table = GroupTable::new(self.groups);
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
        if !is_by_key || paths.is_empty() || n_max == usize::MAX {
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

    /// The groups that HAVING keeps, with their sort keys.
    fn kept(&self, groups: &FinishedGroups, stop: &Stop) -> Result<Vec<RankedGroup>, ExecError> {
        let having = self.groups.having.as_ref();
        let is_kept = |place: &usize| {
            having.is_none_or(|having| is_truth(having, &groups.view(*place), true))
        };
        let order = |place: usize| -> Box<[Key]> {
            let keys = self.order.iter();
            keys.map(|key| Key::of_scalar(evaluate(&key.expr, &groups.view(place)))).collect()
        };
        let ranks = self.order.is_empty().then(|| ranks(groups.first_keys().unwrap_or_default()));
        let direction = self.order.first().map_or(Direction::Ascending, Direction::of);
        let ranked = |place: usize| {
            let order = order(place);
            let rank = match (&ranks, order.first()) {
                (Some(ranks), _) if !ranks.is_empty() => ranks[groups.first_number(place)],
                (None, Some(key)) => key.rank_directed(0, direction),
                _ => 0,
            };
            RankedGroup { rank, order, place }
        };
        let mut kept = Vec::new();
        for begin in (0..groups.len()).step_by(LOOKED_AT) {
            stop.check()?;
            let end = groups.len().min(begin + LOOKED_AT);
            kept.extend((begin..end).filter(is_kept).map(ranked));
        }
        Ok(kept)
    }

    /// The groups of a page in order, at most one more than it holds.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn page(
        &self,
        groups: &FinishedGroups,
        stop: &Stop,
    ) -> Result<Vec<RankedGroup>, ExecError> {
        let after = self.after.as_ref();
        let directions: Vec<Direction> = self.order.iter().map(Direction::of).collect();
        let cmp = |a: &RankedGroup, b: &RankedGroup| {
            a.rank
                .cmp(&b.rank)
                .then_with(|| cmp_keys(&a.order, &b.order, &directions))
                .then_with(|| groups.keys(a.place).cmp(groups.keys(b.place)))
        };
        let is_after = |group: &RankedGroup| {
            after.is_none_or(|after| {
                cmp_keys(&group.order, &after.order, &directions)
                    .then_with(|| groups.keys(group.place).cmp(after.keys.iter()))
                    .is_gt()
            })
        };
        let n_max = self.window.n_wanted_with_skip();
        let mut ranked = self.kept(groups, stop)?;
        match self.distinctness {
            Distinctness::All => {
                ranked.retain(is_after);
                ranked = first_in_order(ranked, n_max, stop, cmp)?;
            }
            Distinctness::FirstOfEqual => {
                ranked = first_in_order(ranked, usize::MAX, stop, cmp)?;
                let mut seen: HashSet<String, RandomState> = HashSet::default();
                ranked.retain(|group| {
                    let mut text = String::new();
                    self.projection.write_canonical(&groups.view(group.place), &mut text);
                    seen.insert(text) && is_after(group)
                });
            }
        }
        ranked.truncate(n_max);
        Ok(self.window.without_skipped(ranked))
    }
}

/// For each key what sorts like it, as far as it goes: ids and names of one kind often begin alike,
/// so what all texts begin with is left out.
fn ranks(keys: &[Key]) -> Vec<u128> {
    let mut texts = keys.iter().filter_map(|key| match key {
        Key::String(text) => Some(text.as_bytes()),
        _ => None,
    });
    let first = texts.next().unwrap_or_default();
    let n_common = texts.fold(first.len(), |n_common, text| {
        if text.get(..n_common) == first.get(..n_common) {
            return n_common;
        }
        first.iter().zip(text).take(n_common).take_while(|(a, b)| a == b).count()
    });
    keys.iter().map(|key| key.rank_directed(n_common, Direction::Ascending)).collect()
}

/// Whether equal rows are all given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distinctness {
    /// They are.
    All,
    /// Only the first of them is.
    FirstOfEqual,
}
