//! The order of groups: by the keys of ORDER BY, then by their own.
//!
//! A key that is a group's own, or one of its aggregates, is read where it lies; only one that is
//! computed is kept. Groups carry ranks that sort as their first keys do, so that most of them are told
//! apart without a look at any key.

use std::cmp::Ordering;

use twindex_plan::eval::evaluate;
use twindex_plan::expr::Expr;
use twindex_plan::logical::OrderKey;

use crate::budget::heap_bytes_of;
use crate::error::ExecError;
use crate::group_finished::FinishedGroups;
use crate::grouped::LastGroup;
use crate::key::{Direction, Key};
use crate::key_ref::KeyRef;
use crate::stop::Stop;

/// A group in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RankedGroup {
    /// What sort like the first two keys that order it, as far as they go.
    ranks: [u128; 2],
    /// Its place among the groups.
    pub(crate) place: u32,
}

/// What orders groups.
#[derive(Debug)]
pub(crate) struct GroupOrder<'a> {
    groups: &'a FinishedGroups<'a>,
    by: Vec<SortKey>,
    /// With how many bytes all texts of the first key begin that are compared by it.
    n_common: usize,
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

impl<'a> GroupOrder<'a> {
    /// The order of those groups that are wanted.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn new(
        (groups, order): (&'a FinishedGroups<'a>, &[OrderKey]),
        wanted: &[u32],
        stop: &Stop,
    ) -> Result<Self, ExecError> {
        let mut by = Vec::with_capacity(order.len());
        for key in order {
            let keys = match key.expr {
                Expr::Slot(slot) => SortKeys::Slot(slot),
                ref expr => SortKeys::Computed(computed((groups, expr), wanted, stop)?),
            };
            by.push(SortKey { direction: Direction::of(key), keys });
        }
        let mut order = Self { groups, by, n_common: 0 };
        if order.by.is_empty() && !groups.by.columns.is_empty() {
            order.n_common = n_common(wanted.iter().map(|place| groups.by.key(*place, 0)));
        }
        Ok(order)
    }

    /// The groups.
    pub(crate) fn groups(&self) -> &'a FinishedGroups<'a> {
        self.groups
    }

    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let computed = self.by.iter().map(|key| match &key.keys {
            SortKeys::Slot(_) => 0,
            SortKeys::Computed(keys) => {
                keys.capacity() * size_of::<Key>() + heap_bytes_of(keys.iter(), keys.len())
            }
        });
        computed.sum()
    }

    /// A group with its ranks.
    pub(crate) fn ranked(&self, place: u32) -> RankedGroup {
        let Some((first, direction)) = self.key(place, 0) else {
            return RankedGroup { ranks: [0; 2], place };
        };
        // Among groups with one first rank the second key decides only if their first keys are equal.
        let second = self.key(place, 1).filter(|_| first.is_told_by_rank());
        let second = second.map_or(0, |(key, direction)| key.rank_directed(0, direction));
        RankedGroup { ranks: [first.rank_directed(self.n_common, direction), second], place }
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

    /// Which of two groups comes first.
    pub(crate) fn cmp(&self, a: &RankedGroup, b: &RankedGroup) -> Ordering {
        a.ranks.cmp(&b.ranks).then_with(|| {
            let ordering = self.by.iter().map(|key| {
                let [a, b] = [a, b].map(|group| key.of(self.groups, group.place));
                a.cmp_directed(b, key.direction)
            });
            let by_keys = || self.groups.keys(a.place).cmp(self.groups.keys(b.place));
            first_unequal(ordering).then_with(by_keys)
        })
    }

    /// Whether a group comes after one whose keys are given.
    pub(crate) fn is_after(&self, place: u32, last: &LastGroup) -> bool {
        let ordering = self.by.iter().zip(&last.order).map(|(key, last)| {
            key.of(self.groups, place).cmp_directed(last.borrowed(), key.direction)
        });
        let by_keys = || self.groups.keys(place).cmp(last.keys.iter().map(Key::borrowed));
        first_unequal(ordering).then_with(by_keys).is_gt()
    }

    /// The keys of ORDER BY of a group.
    pub(crate) fn keys(&self, place: u32) -> Box<[Key]> {
        self.by.iter().map(|key| key.of(self.groups, place).to_key()).collect()
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

/// The values of an expression by place.
fn computed(
    (groups, expr): (&FinishedGroups<'_>, &Expr),
    wanted: &[u32],
    stop: &Stop,
) -> Result<Vec<Key>, ExecError> {
    let mut keys = vec![Key::Undefined; groups.len()];
    for (i, place) in wanted.iter().enumerate() {
        stop.check_at(i)?;
        keys[*place as usize] = Key::of_scalar(evaluate(expr, &groups.view(*place)));
    }
    Ok(keys)
}

/// With how many bytes all texts begin: ids and names of one kind often begin alike.
fn n_common<'k>(keys: impl Iterator<Item = KeyRef<'k>>) -> usize {
    let mut texts = keys.filter_map(|key| match key {
        KeyRef::String(text) => Some(text.as_bytes()),
        _ => None,
    });
    let first = texts.next().unwrap_or_default();
    texts.fold(first.len(), |n_common, text| {
        if text.get(..n_common) == first.get(..n_common) {
            return n_common;
        }
        first.iter().zip(text).take(n_common).take_while(|(a, b)| a == b).count()
    })
}
