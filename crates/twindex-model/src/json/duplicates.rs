//! Duplicated keys: noticed in passing, settled afterwards.
//!
//! While a document streams by, each (object, key) leaves a 64-bit fingerprint in one hash set.
//! A fingerprint met twice is a duplicate or, once in a blue moon, a collision; both send the
//! document through [`keep_last`], which compares the keys themselves. So the usual document pays
//! one probe a key and nobody pays a search among siblings, however many there are. A reader of
//! many documents knows the paths it has met, and needs no fingerprints: see [`super::steps`].

use std::collections::HashMap;
use std::hash::BuildHasher;

use hashbrown::HashTable;

use twindex_planted::{Fault, planted};

use crate::json::read::{Event, Leaves, entry_len};

/// Above this many slots the set is dropped after its document instead of being kept.
const KEPT_SLOTS_MAX: usize = 1 << 14;

/// The fingerprints of the keys of one document.
#[derive(Default)]
pub(super) struct SeenKeys {
    prints: HashTable<u64>,
    /// Seeded at random, so that no one can prepare keys that collide.
    hasher: foldhash::fast::RandomState,
}

impl SeenKeys {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        if self.prints.capacity() > KEPT_SLOTS_MAX {
            self.prints = HashTable::new();
        }
        self.prints.clear();
    }

    /// Notes `key` of object number `object`; true if it may have been noted before.
    pub(super) fn is_suspect(&mut self, object: u32, key: &str) -> bool {
        let print = self.hasher.hash_one((object, key));
        match self.prints.entry(print, |&other| other == print, |&other| other) {
            hashbrown::hash_table::Entry::Occupied(_) => true,
            hashbrown::hash_table::Entry::Vacant(slot) => {
                slot.insert(print);
                false
            }
        }
    }
}

/// Removes every entry whose key comes again in the same object. Gives the numbers of the events
/// that began the removed entries, ascending, as numbered before.
pub(super) fn keep_last(leaves: &mut Leaves) -> Vec<usize> {
    if planted(Fault::DuplicateKeyKept) {
        return Vec::new();
    }
    let dropped = superseded(leaves);
    let mut kept = Vec::with_capacity(leaves.events.len());
    let mut next = dropped.iter().copied().peekable();
    let mut at = 0;
    while at < leaves.events.len() {
        while next.next_if(|&start| start < at).is_some() {} // inside what was removed
        if next.next_if_eq(&at).is_some() {
            at += entry_len(&leaves.events[at..]);
        } else {
            kept.push(leaves.events[at]);
            at += 1;
        }
    }
    leaves.events = kept;
    leaves.steps.clear();
    dropped
}

/// The events that begin an entry whose key comes again in the same object, ascending.
fn superseded(leaves: &Leaves) -> Vec<usize> {
    let mut last: HashMap<(usize, &str), usize> = HashMap::new();
    let mut dropped = Vec::new();
    let (mut open, mut n_objects) = (vec![0], 1);
    for (at, event) in leaves.events.iter().enumerate() {
        let (Event::Enter { key } | Event::Leaf { key, .. }) = *event else {
            open.pop();
            continue;
        };
        let object = open.last().copied().unwrap_or(0);
        dropped.extend(last.insert((object, leaves.str(key)), at));
        if let Event::Enter { .. } = event {
            open.push(n_objects);
            n_objects += 1;
        }
    }
    dropped.sort_unstable();
    dropped
}
