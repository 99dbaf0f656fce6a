//! Groups in the making: their keys, how many rows they have, and the states of their aggregates.
//!
//! A group is a tuple of numbers, one for each key, and has a place; what it holds lies in tables by
//! place. Rows are counted for every group, so `COUNT()` takes eight bytes and no state.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::RandomState;
use rayon::ThreadPool;
use twindex_index::coded::Found;
use twindex_model::cell::Cell;
use twindex_plan::logical::{AggregateFunction, Groups};

use crate::aggregate::Partial;
use crate::aside::{Aside, let_go_of};
use crate::budget::sampled;
use crate::distinct_set::{DistinctSet, SharedParts};
use crate::error::ExecError;
use crate::group_finished::{Aggregated, FinishedGroups, GroupKeys};
use crate::group_keys::{KeyColumn, Lookup};
use crate::places::Places;
use crate::runner::Runner;
use crate::stop::Stop;

/// Spreads the hashes of several keys over that of a group.
const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Of how many rows how many values differ from which on equal ones are not looked for.
const SKIPPED_PART: (u64, u64) = (9, 10);

/// Groups with the partial states of their aggregates.
#[derive(Debug)]
pub(crate) struct GroupStates<'a> {
    /// The functions of the aggregates that have states: all but `COUNT()`, in order.
    functions: Vec<AggregateFunction>,
    /// The values of each key.
    columns: Vec<KeyColumn>,
    hasher: RandomState,
    /// Places of groups of several keys, found by the hash of their numbers. With one key the place
    /// of a group is the number of its value.
    places: Places,
    /// The numbers of the keys of all groups, group by group.
    numbers: Vec<u32>,
    /// Rows of each group.
    rows: Vec<u64>,
    /// The states of all groups, group by group.
    partials: Aside<'a, Partial>,
}

impl<'a> GroupStates<'a> {
    /// No group yet; without keys the one group there is.
    pub(crate) fn new(groups: &Groups, pool: Option<&'a ThreadPool>) -> Self {
        let functions = groups.aggregates.iter().map(|aggregate| aggregate.function);
        let mut states = Self {
            functions: functions.filter(|one| *one != AggregateFunction::CountRows).collect(),
            columns: groups.keys.iter().map(|_| KeyColumn::default()).collect(),
            hasher: RandomState::default(),
            places: Places::default(),
            numbers: Vec::new(),
            rows: Vec::new(),
            partials: Aside::new(pool),
        };
        if groups.keys.is_empty() {
            states.grow(&[]);
        }
        states
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes on the heap, about: states that grow with their values by a sample.
    pub(crate) fn heap_bytes(&self) -> usize {
        let partials = &self.partials;
        self.columns.iter().map(KeyColumn::heap_bytes).sum::<usize>()
            + self.places.heap_bytes()
            + self.numbers.capacity() * size_of::<u32>()
            + self.rows.capacity() * size_of::<u64>()
            + partials.capacity() * size_of::<Partial>()
            + sampled(partials.iter().map(Partial::heap_bytes), partials.len())
    }

    /// The values of a key.
    pub(crate) fn column(&mut self, key: usize) -> &mut KeyColumn {
        &mut self.columns[key]
    }

    /// The number of a cell, which is no object, among the values of a key.
    pub(crate) fn number_of(&mut self, key: usize, found: &Found<'_>) -> u32 {
        self.columns[key].number_of(found)
    }

    /// Adds a group of the only key that is not among the others.
    pub(crate) fn push(&mut self, cell: &Cell<'_>) -> usize {
        let number = self.columns[0].push(cell);
        self.grow(&[number])
    }

    /// The place of the group with these numbers, one for each key; a new one if there is none.
    pub(crate) fn place(&mut self, numbers: &[u32]) -> usize {
        match numbers {
            [] => 0,
            [number] => {
                // Numbers are given in sequence, and each is asked for at once.
                while self.len() <= *number as usize {
                    self.grow(&[self.len() as u32]);
                }
                *number as usize
            }
            _ => self.place_of_several(numbers),
        }
    }

    fn place_of_several(&mut self, numbers: &[u32]) -> usize {
        if self.skips_lookups() {
            return self.grow(numbers);
        }
        let hash = self.hasher.hash_one(numbers);
        let (all, n_keys) = (&self.numbers, numbers.len());
        let is_it = |place: u32| all[place as usize * n_keys..][..n_keys] == *numbers;
        if let Some(place) = self.places.find(hash, is_it) {
            return place as usize;
        }
        let place = self.grow(numbers);
        // Rows have 32-bit ids, and there are no more groups than rows.
        self.places.insert(hash, place as u32);
        place
    }

    /// Adds a group. Here, and nowhere else, the state grows by groups.
    fn grow(&mut self, numbers: &[u32]) -> usize {
        self.numbers.extend_from_slice(numbers);
        let new = |function: &AggregateFunction| Partial::new(*function).unwrap_or_default();
        self.partials.extend(self.functions.iter().map(new));
        self.rows.push(0);
        self.rows.len() - 1
    }

    /// Lets the sets of distinct values, all empty, be those that others fill too, one for each.
    pub(crate) fn share(&mut self, sets: &[Arc<SharedParts>]) {
        let is_set = |partial: &&mut Partial| matches!(partial, Partial::FirstDistinct(None));
        for (partial, shared) in self.partials.iter_mut().filter(is_set).zip(sets) {
            *partial = Partial::Distinct(Box::new(DistinctSet::sharing(shared)));
        }
    }

    /// Adds rows to a group.
    pub(crate) fn add_rows(&mut self, place: usize, n_rows: u64) {
        self.rows[place] += n_rows;
    }

    /// The states of a group, of the aggregates that have arguments.
    pub(crate) fn partials_of(&mut self, place: usize) -> &mut [Partial] {
        let n = self.functions.len();
        &mut self.partials[place * n..(place + 1) * n]
    }

    /// Keeps the hashes of keys, so that groups can be poured into other tables.
    pub(crate) fn keep_hashes(&mut self) {
        self.columns.iter_mut().for_each(KeyColumn::keep_hashes);
    }

    /// The hash of a group by those of its keys, which are kept; the same in all tables.
    pub(crate) fn hash_of(&self, group: usize) -> u64 {
        let numbers = &self.numbers[group * self.columns.len()..];
        let of_keys = self.columns.iter().zip(numbers).map(|(of, n)| of.hashes()[*n as usize]);
        of_keys.fold(0, |all: u64, hash| all.rotate_left(5).wrapping_mul(ODD) ^ hash)
    }

    /// Rows of all groups.
    pub(crate) fn n_rows(&self) -> u64 {
        self.rows.iter().sum()
    }

    /// Lets the values of those keys that nearly all differ be taken without a look for equal ones, if
    /// `may_skip`: several groups may have the same keys then, and only pouring makes them one.
    pub(crate) fn choose_lookups(&mut self, may_skip: bool) {
        let n_rows = self.n_rows();
        for column in &mut self.columns {
            let differ = column.len() as u64 * SKIPPED_PART.1 >= n_rows * SKIPPED_PART.0;
            let is_skipped = may_skip && differ;
            column.set_lookup(if is_skipped { Lookup::Skipped } else { Lookup::Each });
        }
    }

    fn skips_lookups(&self) -> bool {
        self.columns.iter().any(|column| column.lookup() == Lookup::Skipped)
    }

    /// Takes some groups of `other` with their states; what is left of it there is only good to be
    /// cleared once all are taken. It keeps the hashes of its keys.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn take_some(
        &mut self,
        other: &mut Self,
        some: &[u32],
        stop: &Stop,
    ) -> Result<(), ExecError> {
        let (n_keys, n_partials) = (self.columns.len(), self.functions.len());
        let mut numbers = vec![0; n_keys];
        for (i, group) in some.iter().map(|group| *group as usize).enumerate() {
            stop.check_at(i)?;
            let of_group = &other.numbers[group * n_keys..][..n_keys];
            for (key, from) in of_group.iter().enumerate() {
                let column = &other.columns[key];
                let hash = column.hashes()[*from as usize];
                numbers[key] = self.columns[key].number_of_hashed(hash, column.key(*from));
            }
            let n_before = self.len();
            let place = self.place(&numbers);
            self.add_rows(place, other.rows[group]);
            let of_group = &mut other.partials[group * n_partials..][..n_partials];
            if place == n_before {
                self.partials_of(place).swap_with_slice(of_group);
                continue;
            }
            for (to, from) in self.partials_of(place).iter_mut().zip(of_group) {
                to.merge(std::mem::take(from), stop)?;
            }
        }
        Ok(())
    }

    /// Forgets all groups and keeps the room they had.
    pub(crate) fn clear(&mut self) {
        self.columns.iter_mut().for_each(KeyColumn::clear);
        self.places.clear();
        self.numbers.clear();
        self.rows.clear();
        self.partials.clear();
    }

    /// Adds the groups of `other`.
    ///
    /// # Errors
    /// As [`Runner::check`].
    pub(crate) fn merge(&mut self, mut other: Self, runner: Runner<'_>) -> Result<(), ExecError> {
        let stop = runner.stop;
        let (mut places, mut pairs) = (Vec::new(), Vec::new());
        let (n_keys, n_partials) = (self.columns.len(), self.functions.len());
        let columns = self.columns.iter_mut().zip(&other.columns);
        let renumbered: Vec<Vec<u32>> = columns
            .map(|(to, from)| to.numbers_of(from, stop))
            .collect::<Result<_, ExecError>>()?;
        let mut partials = other.partials.take();
        let mut numbers = vec![0; n_keys];
        for (group, n_rows) in std::mem::take(&mut other.rows).into_iter().enumerate() {
            stop.check_at(group)?;
            for (i, renumbered) in renumbered.iter().enumerate() {
                numbers[i] = renumbered[other.numbers[group * n_keys + i] as usize];
            }
            let place = self.place(&numbers);
            self.add_rows(place, n_rows);
            let of_group = &mut partials[group * n_partials..][..n_partials];
            for (i, (to, from)) in self.partials_of(place).iter_mut().zip(of_group).enumerate() {
                match (to, std::mem::take(from)) {
                    (Partial::Distinct(to), Partial::Distinct(from))
                        if to.is_large() && from.is_large() =>
                    {
                        places.push(place * n_partials + i);
                        pairs.push([std::mem::take(&mut **to), *from]);
                    }
                    (to, from) => to.merge(from, stop)?,
                }
            }
        }
        // All threads merge large sets, of which a few groups of many rows have one each.
        for (place, merged) in places.into_iter().zip(DistinctSet::merge_pairs(pairs, runner)?) {
            self.partials[place] = Partial::Distinct(Box::new(merged));
        }
        Ok(())
    }

    /// Keeps those groups that `choose` names, ascending by their places.
    pub(crate) fn keep(&mut self, choose: impl FnOnce(&GroupKeys) -> Vec<u32>) {
        let keys = self.columns.iter_mut().map(|column| std::mem::take(column).into_keys());
        let keys = GroupKeys {
            columns: keys.collect(),
            numbers: std::mem::take(&mut self.numbers),
            n_groups: self.rows.len(),
        };
        self.places.clear();
        let rows = std::mem::take(&mut self.rows);
        let mut partials = self.partials.take();
        let n_partials = self.functions.len();
        let mut numbers = vec![0; self.columns.len()];
        for group in choose(&keys) {
            let columns = self.columns.iter_mut().zip(&mut numbers);
            columns.zip(keys.of(group)).for_each(|((to, number), key)| {
                *number = to.number_of_key(key);
            });
            let place = self.place(&numbers);
            self.add_rows(place, rows[group as usize]);
            let of_group = &mut partials[group as usize * n_partials..][..n_partials];
            self.partials_of(place).swap_with_slice(of_group);
        }
    }

    /// The groups with their aggregates, in no order.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn finish(
        mut self,
        groups: &Groups,
        stop: &Stop,
    ) -> Result<FinishedGroups<'a>, ExecError> {
        let n_values = self.functions.len();
        let mut values = Aside::new(self.partials.pool());
        values.reserve_exact(self.partials.len());
        for (i, partial) in self.partials.iter_mut().enumerate() {
            stop.check_at(i)?;
            values.push(std::mem::take(partial).finish(self.functions[i % n_values], stop)?);
        }
        let mut n_met = 0;
        let aggregates = groups.aggregates.iter().map(|aggregate| match aggregate.function {
            AggregateFunction::CountRows => Aggregated::Rows,
            _ => {
                n_met += 1;
                Aggregated::Value(n_met - 1)
            }
        });
        let aggregates = aggregates.collect();
        let columns = std::mem::take(&mut self.columns);
        let columns = columns.into_iter().map(KeyColumn::into_keys).collect();
        let (numbers, rows) = (std::mem::take(&mut self.numbers), std::mem::take(&mut self.rows));
        let by = GroupKeys { columns, numbers, n_groups: rows.len() };
        Ok(FinishedGroups { by, rows, aggregates, values, n_values })
    }
}

impl Drop for GroupStates<'_> {
    /// To give back the room of many groups takes long, too.
    fn drop(&mut self) {
        let (n_bytes, pool) = (self.heap_bytes(), self.partials.pool());
        let tables = (std::mem::take(&mut self.columns), std::mem::take(&mut self.places));
        let groups = (std::mem::take(&mut self.numbers), std::mem::take(&mut self.rows));
        let_go_of((tables, groups, std::mem::take(&mut *self.partials)), n_bytes, pool);
    }
}
