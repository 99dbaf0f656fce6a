//! Groups when all rows were seen: numbers of keys, the keys, and the aggregates.
//!
//! Nothing is made for a group that is not given: sorting, HAVING and printing read it where it
//! lies.

use crate::budget::heap_bytes_of;
use crate::group_keys::heap_bytes_of_keys;
use crate::key::Key;
use crate::row::GroupView;

/// The keys of groups: values and, group by group, their numbers.
#[derive(Debug, Default)]
pub(crate) struct GroupKeys {
    /// The values of each key, by number.
    pub(crate) columns: Vec<Vec<Key>>,
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
    pub(crate) fn of(&self, place: u32) -> impl Iterator<Item = &Key> {
        let numbers = &self.numbers[place as usize * self.columns.len()..];
        self.columns.iter().zip(numbers).map(|(keys, number)| &keys[*number as usize])
    }
}

/// Groups with the values of their aggregates.
#[derive(Debug, Default)]
pub(crate) struct FinishedGroups {
    /// Their keys.
    pub(crate) by: GroupKeys,
    /// The aggregates of all groups, group by group.
    pub(crate) aggregates: Vec<Key>,
    pub(crate) n_aggregates: usize,
}

impl FinishedGroups {
    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let aggregates = &self.aggregates;
        self.by.columns.iter().map(heap_bytes_of_keys).sum::<usize>()
            + self.by.numbers.capacity() * size_of::<u32>()
            + aggregates.capacity() * size_of::<Key>()
            + heap_bytes_of(aggregates.iter(), aggregates.len())
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.by.n_groups
    }

    /// The keys of a group.
    pub(crate) fn keys(&self, place: usize) -> impl Iterator<Item = &Key> {
        // Rows have 32-bit ids, and there are no more groups than rows.
        self.by.of(place as u32)
    }

    /// All values of the first key by number; none without keys.
    pub(crate) fn first_keys(&self) -> Option<&[Key]> {
        self.by.columns.first().map(Vec::as_slice)
    }

    /// The number of the first key of a group, of which there must be one.
    pub(crate) fn first_number(&self, place: usize) -> usize {
        self.by.numbers[place * self.by.columns.len()] as usize
    }

    /// A group as an environment.
    pub(crate) fn view(&self, place: usize) -> GroupView<'_> {
        GroupView { groups: self, place }
    }

    /// A key or aggregate of a group.
    pub(crate) fn slot(&self, place: usize, slot: usize) -> Option<&Key> {
        let n_keys = self.by.columns.len();
        if slot < n_keys {
            return self.by.columns[slot].get(self.by.numbers[place * n_keys + slot] as usize);
        }
        let aggregates = &self.aggregates[place * self.n_aggregates..][..self.n_aggregates];
        aggregates.get(slot - n_keys)
    }
}
