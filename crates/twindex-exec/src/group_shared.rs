//! Groups that all threads of a query fill together, once they are many.
//!
//! A thread gathers groups of its own while they are few: those of one segment after the other are
//! mostly the same, and no thread waits for another. Many groups are poured out into parts by the
//! hash of their keys, each under a lock of its own. So a group is held once, nothing is merged at
//! the end, and each part is finished and put in order by whichever thread takes it. Tables of each
//! thread that are merged at the end were rejected: one thread did that for all of them, which took
//! longer than gathering a million groups had taken two threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::ThreadPool;
use twindex_plan::logical::Groups;
use twindex_sync::Mutex;

use crate::budget::{Budget, Hold};
use crate::error::ExecError;
use crate::group_finished::FinishedGroups;
use crate::group_states::GroupStates;
use crate::runner::Runner;
use crate::stop::Stop;

/// Parts of all groups.
const PARTS: usize = 64;
/// Where in a hash the number of a part is; tables go by other bits.
const PART_SHIFT: u32 = 40;
/// Groups of a thread from which on it pours them out.
const POURED: usize = if cfg!(test) { 8 } else { 1 << 13 };
/// How often a part is weighed at least: once in so many times that groups are poured into it.
const WEIGHED: u32 = 8;
/// Nanoseconds that a group takes to be finished, and to be given its rank.
pub(crate) const FINISH_NS: f64 = 40.0;

/// Groups in parts.
#[derive(Debug)]
pub(crate) struct SharedGroups<'a> {
    parts: Vec<Mutex<Part<'a>>>,
    is_used: AtomicBool,
    bytes: AtomicUsize,
    hold: Mutex<Hold<'a>>,
}

/// The groups whose hashes have the same bits at one place.
#[derive(Debug)]
struct Part<'a> {
    states: GroupStates<'a>,
    /// Bytes on the heap, about, and the groups when they were weighed.
    bytes: usize,
    n_weighed: usize,
    n_poured: u32,
}

impl Part<'_> {
    /// By how much it has grown. Weighing looks at some states, so it is done now and then, and groups
    /// that came since are taken to be like those before.
    fn growth(&mut self) -> isize {
        let n_groups = self.states.len();
        self.n_poured += 1;
        let bytes = if n_groups / 5 * 4 >= self.n_weighed || self.n_poured.is_multiple_of(WEIGHED) {
            self.n_weighed = n_groups;
            self.states.heap_bytes()
        } else {
            self.bytes
        };
        let growth = bytes as isize - self.bytes as isize;
        self.bytes = bytes;
        growth
    }
}

/// All groups by their parts, and where those of each part begin and end.
fn by_part(states: &GroupStates<'_>) -> (Vec<u32>, [u32; PARTS + 1]) {
    let part_of = |group: usize| (states.hash_of(group) >> PART_SHIFT) as usize % PARTS;
    let parts: Vec<u8> = (0..states.len()).map(|group| part_of(group) as u8).collect();
    let mut ends = [0; PARTS + 1];
    parts.iter().for_each(|part| ends[*part as usize + 1] += 1);
    (0..PARTS).for_each(|part| ends[part + 1] += ends[part]);
    let (mut next, mut groups) = (ends, vec![0; parts.len()]);
    for (group, part) in parts.into_iter().enumerate() {
        let place = &mut next[part as usize];
        // Rows have 32-bit ids, and there are no more groups than rows.
        groups[*place as usize] = group as u32;
        *place += 1;
    }
    (groups, ends)
}

impl<'a> SharedGroups<'a> {
    /// No group yet.
    pub(crate) fn new(
        groups: &Groups,
        pool: Option<&'a ThreadPool>,
        budget: &'a Budget,
    ) -> Arc<Self> {
        let part =
            || Part { states: GroupStates::new(groups, pool), bytes: 0, n_weighed: 0, n_poured: 0 };
        Arc::new(Self {
            parts: (0..PARTS).map(|_| Mutex::new(part())).collect(),
            is_used: AtomicBool::new(false),
            bytes: AtomicUsize::new(0),
            hold: Mutex::new(budget.hold()),
        })
    }

    /// Whether a thread has enough groups to pour them out.
    pub(crate) fn are_many(n_groups: usize) -> bool {
        n_groups >= POURED
    }

    /// Whether groups were poured in.
    pub(crate) fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Acquire)
    }

    /// Takes all groups of `from`, which has none then. `number` is one of the threads' own choice:
    /// those that begin with different ones seldom wait for each other.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::OverBudget`].
    pub(crate) fn pour(
        &self,
        from: &mut GroupStates<'a>,
        number: usize,
        stop: &Stop,
    ) -> Result<(), ExecError> {
        self.is_used.store(true, Ordering::Release);
        let (groups, ends) = by_part(from);
        let (mut growth, mut n_new) = (0, 0);
        let first = number % PARTS;
        for number in (first..PARTS).chain(0..first) {
            stop.check()?;
            let some = &groups[ends[number] as usize..ends[number + 1] as usize];
            let mut part = self.parts[number].lock();
            let n_before = part.states.len();
            part.states.take_some(from, some, stop)?;
            n_new += part.states.len() - n_before;
            growth += part.growth();
        }
        from.choose_lookups(n_new as u64 * 10 >= from.n_rows() * 9);
        from.clear();
        self.note(growth)
    }

    fn note(&self, growth: isize) -> Result<(), ExecError> {
        let mut hold = self.hold.lock();
        let bytes = self.bytes.load(Ordering::Relaxed).saturating_add_signed(growth);
        self.bytes.store(bytes, Ordering::Relaxed);
        hold.set(bytes)
    }

    /// All groups with their aggregates, part by part. None is left here.
    ///
    /// # Errors
    /// [`ExecError::Stopped`] and [`ExecError::OverBudget`].
    pub(crate) fn finish(
        &self,
        groups: &Groups,
        runner: Runner<'a>,
    ) -> Result<Vec<FinishedGroups<'a>>, ExecError> {
        let n_groups: usize = self.parts.iter().map(|part| part.lock().states.len()).sum();
        let finish = |number: usize| {
            let empty = GroupStates::new(groups, None);
            let states = std::mem::replace(&mut self.parts[number].lock().states, empty);
            states.finish(groups, runner.stop)
        };
        let numbers = (0..PARTS).collect();
        runner.map(numbers, n_groups as f64 * FINISH_NS, finish)
    }
}
