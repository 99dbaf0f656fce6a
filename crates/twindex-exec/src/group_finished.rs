//! Groups when all rows were seen: numbers of keys, the keys, and the aggregates.
//!
//! Nothing is made for a group that is not given: sorting, HAVING and printing read it where it
//! lies.

use crate::aside::{Aside, let_go_of};
use crate::budget::heap_bytes_of;
use crate::key::Key;
use crate::key_list::KeyList;
use crate::key_ref::KeyRef;
use crate::row::GroupView;

/// The keys of groups: values and, group by group, their numbers.
#[derive(Debug, Default)]
pub(crate) struct GroupKeys {
    /// The values of each key, by number.
    pub(crate) columns: Vec<KeyList>,
    /// The numbers of the keys of all groups, group by group.
    pub(crate) numbers: Vec<u32>,
    pub(crate) n_groups: usize,
}

impl GroupKeys {
    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.n_groups
    }

    /// The keys of a group.
    pub(crate) fn of(&self, place: u32) -> impl Iterator<Item = KeyRef<'_>> {
        let numbers = &self.numbers[place as usize * self.columns.len()..];
        self.columns.iter().zip(numbers).map(|(keys, number)| keys.get(*number as usize))
    }

    /// One key of a group.
    pub(crate) fn key(&self, place: u32, key: usize) -> KeyRef<'_> {
        let number = self.numbers[place as usize * self.columns.len() + key];
        self.columns[key].get(number as usize)
    }
}

/// Where an aggregate of a group is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aggregated {
    /// `COUNT()`: the rows of the group.
    Rows,
    /// Among the others.
    Value(usize),
}

/// Groups with the values of their aggregates.
#[derive(Debug)]
pub(crate) struct FinishedGroups<'a> {
    /// Their keys.
    pub(crate) by: GroupKeys,
    /// Rows of each.
    pub(crate) rows: Vec<u64>,
    /// The aggregates of a group, in order.
    pub(crate) aggregates: Vec<Aggregated>,
    /// The values of all groups, group by group.
    pub(crate) values: Aside<'a, Key>,
    /// Values of a group.
    pub(crate) n_values: usize,
}

impl Drop for FinishedGroups<'_> {
    /// To give back the room of many groups takes long, too.
    fn drop(&mut self) {
        let (n_bytes, pool) = (self.heap_bytes(), self.values.pool());
        let by = (std::mem::take(&mut self.by), std::mem::take(&mut self.rows));
        let_go_of((by, std::mem::take(&mut *self.values)), n_bytes, pool);
    }
}

impl FinishedGroups<'_> {
    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let values = &self.values;
        self.by.columns.iter().map(KeyList::heap_bytes).sum::<usize>()
            + self.by.numbers.capacity() * size_of::<u32>()
            + self.rows.capacity() * size_of::<u64>()
            + values.capacity() * size_of::<Key>()
            + heap_bytes_of(values.iter(), values.len())
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.by.n_groups
    }

    /// The keys of a group.
    pub(crate) fn keys(&self, place: u32) -> impl Iterator<Item = KeyRef<'_>> {
        self.by.of(place)
    }

    /// A group as an environment.
    pub(crate) fn view(&self, place: u32) -> GroupView<'_> {
        GroupView { groups: self, place }
    }

    /// A key or aggregate of a group; undefined where there is none.
    pub(crate) fn slot(&self, place: u32, slot: usize) -> KeyRef<'_> {
        let n_keys = self.by.columns.len();
        if slot < n_keys {
            return self.by.key(place, slot);
        }
        match self.aggregates.get(slot - n_keys) {
            None => KeyRef::Undefined,
            Some(Aggregated::Rows) => KeyRef::Number(self.rows[place as usize] as f64),
            Some(Aggregated::Value(i)) => {
                self.values[place as usize * self.n_values + i].borrowed()
            }
        }
    }
}
