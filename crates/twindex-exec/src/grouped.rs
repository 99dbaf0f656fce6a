//! A page of groups: aggregated, filtered by HAVING, ordered, made distinct, cut.
//!
//! Every page aggregates anew: groups have no place of their own in the store. What orders them is
//! their sort keys and then their own keys, and that is the place a page goes on from.

use std::cmp::Ordering;

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use twindex_plan::eval::evaluate;
use twindex_plan::logical::{Groups, OrderKey};

use crate::error::ExecError;
use crate::group::{Group, GroupTable};
use crate::key::{Direction, Key, cmp_keys};
use crate::project::Projection;
use crate::row::{GroupView, is_truth};
use crate::runner::Fold;
use crate::scan::Scan;
use crate::window::Window;

/// Nanoseconds that grouping one row is taken to cost, for each key and aggregate.
const GROUP_NS: f64 = 8.0;

/// A group in its place.
#[derive(Clone, Debug)]
pub(crate) struct RankedGroup {
    pub(crate) order: Box<[Key]>,
    pub(crate) group: Group,
}

/// A grouped query.
#[derive(Debug)]
pub(crate) struct Grouped<'a> {
    pub(crate) groups: &'a Groups,
    pub(crate) order: &'a [OrderKey],
    pub(crate) projection: &'a Projection<'a>,
}

impl Grouped<'_> {
    /// All groups of the query that HAVING keeps, in no order.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::SnapshotExpired`].
    pub(crate) fn all(&self, scan: &Scan<'_>) -> Result<Vec<RankedGroup>, ExecError> {
        let n_values = self.groups.keys.len() + self.groups.aggregates.len();
        let row_ns = GROUP_NS * n_values as f64;
        let n_segments = scan.n_segments();
        let table = scan.runner.fold(
            n_segments,
            self.work_ns(scan, row_ns)?,
            &Fold {
                begin: &|| GroupTable::new(self.groups),
                add: &|table: &mut GroupTable<'_>, number| {
                    table.add_segment(&scan.segment(number), scan.filter)
                },
                merge: &GroupTable::merge,
            },
        )?;
        let groups = table.finish().into_iter();
        let kept = groups.filter(|group| {
            let having = self.groups.having.as_ref();
            having.is_none_or(|having| is_truth(having, &group.view(), true))
        });
        Ok(kept.map(|group| self.ranked(group)).collect())
    }

    /// What grouping costs; nothing worth a thread where kept counts answer.
    fn work_ns(&self, scan: &Scan<'_>, row_ns: f64) -> Result<f64, ExecError> {
        let n_segments = scan.n_segments();
        let is_counted = n_segments > 0
            && GroupTable::is_answered_by_counts(self.groups)
            && scan.segment(0).step(|view| scan.filter.exact_count(view).is_some())?;
        if is_counted { Ok(0.0) } else { scan.work_ns(0..n_segments, row_ns) }
    }

    fn ranked(&self, group: Group) -> RankedGroup {
        let keys = self.order.iter();
        RankedGroup {
            order: keys.map(|key| Key::of_scalar(evaluate(&key.expr, &group.view()))).collect(),
            group,
        }
    }

    /// The groups of a page in order, at most one more than it holds.
    pub(crate) fn page(
        &self,
        groups: Vec<RankedGroup>,
        after: Option<&RankedGroup>,
        window: &Window,
        is_distinct: Distinctness,
    ) -> Vec<RankedGroup> {
        let directions: Vec<Direction> = self.order.iter().map(Direction::of).collect();
        let cmp = |a: &RankedGroup, b: &RankedGroup| a.cmp(b, &directions);
        let is_after = |group: &RankedGroup| after.is_none_or(|after| cmp(group, after).is_gt());
        let n_max = window.n_wanted_with_skip();
        let mut groups = groups;
        match is_distinct {
            Distinctness::All => {
                groups.retain(is_after);
                if n_max > 0 && groups.len() > n_max.saturating_mul(2) {
                    groups.select_nth_unstable_by(n_max - 1, cmp);
                    groups.truncate(n_max);
                }
                groups.sort_unstable_by(cmp);
            }
            Distinctness::FirstOfEqual => {
                groups.sort_unstable_by(cmp);
                let mut seen: HashSet<String, RandomState> = HashSet::default();
                groups.retain(|group| {
                    let mut text = String::new();
                    self.projection.write_canonical(&group.group.view(), &mut text);
                    seen.insert(text) && is_after(group)
                });
            }
        }
        groups.truncate(n_max);
        window.without_skipped(groups)
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

impl Group {
    pub(crate) fn view(&self) -> GroupView<'_> {
        GroupView { keys: &self.keys, aggregates: &self.aggregates }
    }
}

impl RankedGroup {
    /// A place among groups, whatever the group there holds.
    pub(crate) fn at(order: Box<[Key]>, keys: Box<[Key]>) -> Self {
        Self { order, group: Group { keys, aggregates: Box::default() } }
    }

    fn cmp(&self, other: &Self, directions: &[Direction]) -> Ordering {
        cmp_keys(&self.order, &other.order, directions)
            .then_with(|| cmp_keys(&self.group.keys, &other.group.keys, &[]))
    }
}
