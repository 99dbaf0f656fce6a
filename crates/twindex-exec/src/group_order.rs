//! The order of groups: by the keys of ORDER BY, then by their own.
//!
//! A key that is a group's own, or one of its aggregates, is read where it lies; only one that is
//! computed is kept. Groups carry ranks that sort as their first keys do, so that most of them are told
//! apart without a look at any key.

use std::cmp::Ordering;

use twindex_plan::eval::evaluate;
use twindex_plan::expr::Expr;
use twindex_plan::logical::OrderKey;

use crate::budget::{Budget, Hold};
use crate::error::ExecError;
use crate::group_finished::FinishedGroups;
use crate::grouped::LastGroup;
use crate::key::{Direction, Key};
use crate::key_ref::KeyRef;
use crate::row::GroupView;
use crate::stop::Stop;

/// A group in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RankedGroup {
    /// What sort like the first two keys that order it, as far as they go.
    ranks: [u128; 2],
    /// Its part.
    part: u32,
    /// Its place among the groups of that.
    pub(crate) place: u32,
}

/// What orders groups.
#[derive(Debug)]
pub(crate) struct GroupOrder<'a> {
    parts: Vec<OrderedPart<'a>>,
    /// With how many bytes all texts of the first key begin that are compared by it.
    n_common: usize,
}

/// A part of the groups, with what orders them.
#[derive(Debug)]
pub(crate) struct OrderedPart<'a> {
    groups: &'a FinishedGroups<'a>,
    by: Vec<SortKey>,
    /// The groups that may be given.
    wanted: Vec<u32>,
    /// Where groups are ordered by their own first key, how its texts begin.
    common: Option<&'a [u8]>,
    /// For the keys that are computed, and the places.
    _hold: Hold<'a>,
}

/// One key of ORDER BY.
#[derive(Debug)]
struct SortKey {
    direction: Direction,
    keys: SortKeys,
}

#[derive(Debug)]
enum SortKeys {
    /// A key or aggregate.
    Slot(usize),
    /// Computed, by place; undefined where a group is not wanted.
    Computed(Vec<Key>),
}

impl<'a> OrderedPart<'a> {
    /// The order of those groups that are wanted.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::OverBudget`].
    pub(crate) fn new(
        (groups, order): (&'a FinishedGroups<'a>, &[OrderKey]),
        wanted: Vec<u32>,
        (stop, budget): (&Stop, &'a Budget),
    ) -> Result<Self, ExecError> {
        let mut hold = budget.hold();
        let mut bytes = wanted.capacity() * size_of::<u32>();
        hold.set(bytes)?;
        let mut by = Vec::with_capacity(order.len());
        for key in order {
            let keys = match key.expr {
                Expr::Slot(slot) => SortKeys::Slot(slot),
                ref expr => {
                    bytes += groups.len() * size_of::<Key>();
                    hold.set(bytes)?;
                    let bytes = (&mut bytes, &mut hold);
                    SortKeys::Computed(computed((groups, expr), &wanted, bytes, stop)?)
                }
            };
            by.push(SortKey { direction: Direction::of(key), keys });
        }
        let is_by_own = by.is_empty() && !groups.by.columns.is_empty();
        let common = if is_by_own { common_of(groups, &wanted, stop)? } else { None };
        Ok(Self { groups, by, wanted, common, _hold: hold })
    }

    /// One of the keys that order groups, with its direction.
    fn key(&self, place: u32, i: usize) -> Option<(KeyRef<'_>, Direction)> {
        if let Some(key) = self.by.get(i) {
            return Some((key.of(self.groups, place), key.direction));
        }
        let own = i - self.by.len();
        let is_one = own < self.groups.by.columns.len();
        is_one.then(|| (self.groups.by.key(place, own), Direction::Ascending))
    }
}

impl<'a> GroupOrder<'a> {
    /// The order of all groups of some parts.
    pub(crate) fn new(parts: Vec<OrderedPart<'a>>) -> Self {
        let n_common = parts.iter().filter_map(|part| part.common).reduce(common);
        Self { n_common: n_common.map_or(0, <[u8]>::len), parts }
    }

    /// Parts of the groups.
    pub(crate) fn n_parts(&self) -> usize {
        self.parts.len()
    }

    /// How many groups may be given.
    pub(crate) fn n_wanted(&self) -> usize {
        self.parts.iter().map(|part| part.wanted.len()).sum()
    }

    /// The groups of a part that may be given.
    pub(crate) fn wanted(&self, part: usize) -> &[u32] {
        &self.parts[part].wanted
    }

    /// The groups among which one is.
    pub(crate) fn groups_of(&self, group: &RankedGroup) -> &'a FinishedGroups<'a> {
        self.part_of(group).groups
    }

    /// A group as an environment.
    pub(crate) fn view(&self, group: &RankedGroup) -> GroupView<'a> {
        self.groups_of(group).view(group.place)
    }

    /// A group with its ranks.
    pub(crate) fn ranked(&self, part: usize, place: u32) -> RankedGroup {
        let of = &self.parts[part];
        let mut group = RankedGroup { ranks: [0; 2], part: part as u32, place };
        if let Some((first, direction)) = of.key(place, 0) {
            // Among groups with one first rank the second key decides only if their first keys are
            // equal.
            let second = of.key(place, 1).filter(|_| first.is_told_by_rank());
            let second = second.map_or(0, |(key, direction)| key.rank_directed(0, direction));
            group.ranks = [first.rank_directed(self.n_common, direction), second];
        }
        group
    }

    /// Which of two groups comes first.
    pub(crate) fn cmp(&self, a: &RankedGroup, b: &RankedGroup) -> Ordering {
        a.ranks.cmp(&b.ranks).then_with(|| {
            let [of_a, of_b] = [a, b].map(|group| self.part_of(group));
            let ordering = of_a.by.iter().zip(&of_b.by).map(|(key_a, key_b)| {
                let (a, b) = (key_a.of(of_a.groups, a.place), key_b.of(of_b.groups, b.place));
                a.cmp_directed(b, key_a.direction)
            });
            let by_keys = || of_a.groups.keys(a.place).cmp(of_b.groups.keys(b.place));
            first_unequal(ordering).then_with(by_keys)
        })
    }

    /// Whether a group comes after one whose keys are given.
    pub(crate) fn is_after(&self, group: &RankedGroup, last: &LastGroup) -> bool {
        let OrderedPart { groups, by, .. } = self.part_of(group);
        let ordering = by.iter().zip(&last.order).map(|(key, last)| {
            key.of(groups, group.place).cmp_directed(last.borrowed(), key.direction)
        });
        let by_keys = || groups.keys(group.place).cmp(last.keys.iter().map(Key::borrowed));
        first_unequal(ordering).then_with(by_keys).is_gt()
    }

    /// The keys of ORDER BY of a group.
    pub(crate) fn keys(&self, group: &RankedGroup) -> Box<[Key]> {
        let OrderedPart { groups, by, .. } = self.part_of(group);
        by.iter().map(|key| key.of(groups, group.place).to_key()).collect()
    }

    fn part_of(&self, group: &RankedGroup) -> &OrderedPart<'a> {
        &self.parts[group.part as usize]
    }
}

impl SortKey {
    fn of<'k>(&'k self, groups: &'k FinishedGroups<'_>, place: u32) -> KeyRef<'k> {
        match &self.keys {
            SortKeys::Slot(slot) => groups.slot(place, *slot),
            SortKeys::Computed(keys) => keys[place as usize].borrowed(),
        }
    }
}

fn first_unequal(mut orderings: impl Iterator<Item = Ordering>) -> Ordering {
    orderings.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// The values of an expression by place, as far as they may be held.
fn computed(
    (groups, expr): (&FinishedGroups<'_>, &Expr),
    wanted: &[u32],
    (bytes, hold): (&mut usize, &mut Hold<'_>),
    stop: &Stop,
) -> Result<Vec<Key>, ExecError> {
    let mut keys = vec![Key::Undefined; groups.len()];
    for (i, place) in wanted.iter().enumerate() {
        stop.check_evaluated(i)?;
        let key = Key::of_scalar(evaluate(expr, &groups.view(*place)));
        *bytes += key.heap_bytes();
        keys[*place as usize] = key;
        hold.keep_up(*bytes)?;
    }
    Ok(keys)
}

/// How the texts begin that are the first key of some groups; none where there are no texts.
fn common_of<'a>(
    groups: &'a FinishedGroups<'_>,
    wanted: &[u32],
    stop: &Stop,
) -> Result<Option<&'a [u8]>, ExecError> {
    let mut found = None;
    for (i, place) in wanted.iter().enumerate() {
        stop.check_at(i)?;
        if let KeyRef::String(text) = groups.by.key(*place, 0) {
            let text = text.as_bytes();
            found = Some(found.map_or(text, |found| common(found, text)));
        }
    }
    Ok(found)
}

/// What two texts begin with: ids and names of one kind often begin alike, and by what follows they
/// are told apart.
fn common<'k>(first: &'k [u8], text: &'k [u8]) -> &'k [u8] {
    if text.starts_with(first) {
        return first;
    }
    let n_common = first.iter().zip(text).take_while(|(a, b)| a == b).count();
    &first[..n_common]
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use twindex_model::cell::Cell;
    use twindex_model::path::PathId;
    use twindex_plan::expr::PathRef;
    use twindex_plan::logical::Groups;

    use super::{Budget, ExecError, Expr, GroupOrder, OrderedPart, Stop};
    use crate::group::GroupTable;
    use crate::runner::Runner;

    fn by_path() -> Groups {
        let path = PathRef { id: Some(PathId(1)), tail: Box::default(), text: "tags.name".into() };
        let keys = vec![Expr::Path(path)];
        Groups { keys, aggregates: Vec::new(), having: None, columns: Vec::new() }
    }

    #[test]
    fn what_texts_begin_with_is_looked_for_with_looks_at_the_stop() {
        let (by_path, stop, budget) = (by_path(), Stop::never(), Budget::unbounded());
        let late = Stop::never().with_deadline(Instant::now());
        for (names, n_common) in
            [(&["name-1", "name-27"][..], 5), (&["name", "name-1"], 4), (&[], 0)]
        {
            let mut table = GroupTable::new(&by_path, None, None);
            names.iter().for_each(|name| table.push_counted(&Cell::String((*name).into()), 1));
            table.push_counted(&Cell::Number(7.0), 1);
            let finished = table.finish(Runner { pool: None, stop: &stop, budget: &budget });
            let groups = finished.expect("nothing stops it");
            let part = |stop| {
                let wanted = (0..groups[0].len() as u32).collect();
                OrderedPart::new((&groups[0], &[]), wanted, (stop, &budget))
            };
            let order = GroupOrder::new(vec![part(&stop).expect("nothing stops it")]);
            assert_eq!(order.n_common, n_common, "{names:?}");
            assert_eq!(part(&late).err(), Some(ExecError::Stopped));
        }
    }
}
