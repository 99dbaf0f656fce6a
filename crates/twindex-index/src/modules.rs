//! The modules of each device, found without a scan.
//!
//! A table holds one module row for each device that has any, by the hash of the device id; the
//! others hang on it as a ring. A table with an entry for each module was rejected: entries of one
//! hash lie in one run, so a device with a million modules would cost a million squared.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use twindex_model::path::{Collection, RowId};

use crate::catalog::{is_roomy, shrink_vec};
use crate::identity::identity_of_row;
use crate::index::Index;
use crate::segment::Segment;
use crate::texts::Texts;

/// A row in no ring.
const NONE: u32 = u32::MAX;

/// Rings of module rows by device.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    /// One row of each ring.
    heads: HashTable<u32>,
    /// Next and previous row, by row.
    links: Vec<[u32; 2]>,
    hasher: RandomState,
}

impl Modules {
    /// Adds a module's row, whose identity stands in the lanes.
    pub(crate) fn insert(&mut self, row: RowId, at: (&[Segment], &Texts)) {
        let (device_id, _) = identity_of_row(row, at);
        let place = row.0 as usize;
        if place >= self.links.len() {
            self.links.resize(place + 1, [NONE; 2]);
        }
        match self.head(&device_id, at) {
            Some(head) => {
                let [next, _] = self.links[head as usize];
                self.links[place] = [next, head];
                self.links[head as usize][0] = row.0;
                self.links[next as usize][1] = row.0;
            }
            None => {
                self.links[place] = [row.0; 2];
                let hash = |row: &u32| self.hasher.hash_one(&*identity_of_row(RowId(*row), at).0);
                self.heads.insert_unique(self.hasher.hash_one(&*device_id), row.0, hash);
            }
        }
    }

    /// Takes a module's row out, whose identity still stands in the lanes.
    pub(crate) fn remove(&mut self, row: RowId, at: (&[Segment], &Texts)) {
        let Some(&[next, previous]) = self.links.get(row.0 as usize) else { return };
        if next == NONE {
            return;
        }
        let (device_id, _) = identity_of_row(row, at);
        let hash = self.hasher.hash_one(&*device_id);
        if let Ok(mut head) = self.heads.find_entry(hash, |head| *head == row.0) {
            if next == row.0 {
                head.remove();
            } else {
                *head.get_mut() = next;
            }
        }
        self.links[previous as usize][0] = next;
        self.links[next as usize][1] = previous;
        self.links[row.0 as usize] = [NONE; 2];
    }

    fn head(&self, device_id: &str, at: (&[Segment], &Texts)) -> Option<u32> {
        let same = |row: &u32| *identity_of_row(RowId(*row), at).0 == *device_id;
        self.heads.find(self.hasher.hash_one(device_id), same).copied()
    }

    fn ring(&self, head: Option<u32>) -> impl Iterator<Item = RowId> {
        let mut at = head;
        std::iter::from_fn(move || {
            let row = at?;
            let next = self.links[row as usize][0];
            at = Some(next).filter(|next| Some(*next) != head);
            Some(RowId(row))
        })
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self, at: (&[Segment], &Texts)) {
        while self.links.pop_if(|link| *link == [NONE; 2]).is_some() {}
        shrink_vec(&mut self.links);
        if is_roomy(self.heads.len(), self.heads.capacity()) {
            let hash = |row: &u32| self.hasher.hash_one(&*identity_of_row(RowId(*row), at).0);
            self.heads.shrink_to(self.heads.len() + self.heads.len() / 4, hash);
        }
    }

    /// Number of rows in rings.
    pub(crate) fn len(&self) -> usize {
        self.heads.iter().map(|head| self.ring(Some(*head)).count()).sum()
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.heads.capacity() * 8 / 7 * 5 + self.links.capacity() * 8
    }
}

impl Index {
    /// The rows of a device's modules, in no order that means anything.
    #[must_use]
    pub fn modules(&self, device_id: &str) -> Vec<RowId> {
        let store = self.store(Collection::Modules);
        let head = store.modules.head(device_id, (&store.segments, &self.texts));
        store.modules.ring(head).collect()
    }

    /// The same of the device in a row.
    pub(crate) fn modules_of(&self, device: RowId) -> Vec<RowId> {
        let store = self.store(Collection::Devices);
        let (device_id, _) = identity_of_row(device, (&store.segments, &self.texts));
        self.modules(&device_id)
    }
}
