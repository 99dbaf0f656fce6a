//! From a twin's identity to its row: a table of row ids alone.
//!
//! The identity lies in the lanes of `deviceId` and `moduleId` already; a map with the text as key
//! would hold it twice, at five times the memory.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use twindex_kernels::mask::Mask;
use twindex_model::cell::{Cell, Text};
use twindex_model::json::read::Leaves;
use twindex_model::path::{Collection, RowId};

use crate::catalog::{DEVICE_ID, MODULE_ID, is_roomy};
use crate::outline::Outline;
use crate::segment::Segment;
use crate::sorted_ids::SortedIds;
use crate::texts::Texts;

/// Who a twin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    pub(crate) device_id: &'a str,
    pub(crate) module_id: Option<&'a str>,
}

impl<'a> Identity<'a> {
    /// The identity that a document states, if it is a twin.
    pub(crate) fn of(leaves: &'a Leaves) -> Option<Self> {
        Outline::of(leaves).map(|outline| outline.identity(leaves))
    }

    /// The collection that the twin belongs to.
    pub(crate) fn collection(self) -> Collection {
        match self.module_id {
            Some(_) => Collection::Modules,
            None => Collection::Devices,
        }
    }
}

/// Row ids by identity.
#[derive(Debug, Default)]
pub(crate) struct IdentityTable {
    rows: HashTable<u32>,
    hasher: RandomState,
    /// The rows in the order of their ids, where that pays.
    sorted: SortedIds,
}

impl IdentityTable {
    /// The row of a twin.
    pub(crate) fn find(&self, of: Identity<'_>, at: (&[Segment], &Texts)) -> Option<RowId> {
        self.find_hashed(self.hash(of), of, at)
    }

    /// The same where the hash of the identity is known.
    pub(crate) fn find_hashed(
        &self,
        hash: u64,
        of: Identity<'_>,
        at: (&[Segment], &Texts),
    ) -> Option<RowId> {
        let same = |row: &u32| {
            let (device_id, module_id) = identity_of_row(RowId(*row), at);
            *device_id == *of.device_id && module_id.as_deref() == of.module_id
        };
        self.rows.find(hash, same).map(|row| RowId(*row))
    }

    /// The row of the twin that an identity of this hash probably is of, without a look at any lane.
    pub(crate) fn likely(&self, hash: u64) -> Option<RowId> {
        self.rows.find(hash, |_| true).map(|row| RowId(*row))
    }

    /// Adds a row, whose identity stands in the lanes and is not in the table.
    pub(crate) fn insert(&mut self, row: RowId, at: (&[Segment], &Texts)) {
        self.insert_hashed(self.hash_of_row(row, at), row, at);
    }

    /// The same where the hash of the identity is known.
    pub(crate) fn insert_hashed(&mut self, hash: u64, row: RowId, at: (&[Segment], &Texts)) {
        debug_assert_eq!(hash, self.hash_of_row(row, at));
        if self.rows.len() == self.rows.capacity() {
            self.grow(at);
        }
        let Self { rows, hasher, .. } = self;
        rows.insert_unique(hash, row.0, |row| {
            let (device_id, module_id) = identity_of_row(RowId(*row), at);
            hasher.hash_one((&*device_id, module_id.as_deref()))
        });
        self.sorted.note_move(row);
    }

    /// Makes room for half as many rows again. They are entered anew in row order, in which their
    /// identities lie in the lanes: in the order of the table each would miss the cache some times,
    /// and readers wait for this.
    fn grow(&mut self, at: (&[Segment], &Texts)) {
        let mut by_segment: Vec<Mask> = at.0.iter().map(|_| Mask::empty()).collect();
        let n_rows = self.rows.len();
        for row in std::mem::take(&mut self.rows) {
            let row = RowId(row);
            by_segment[row.segment()].set(row.place());
        }
        // The old table is gone; the new one is twice as large, as sizes are powers of two.
        let mut rows = HashTable::with_capacity(n_rows + n_rows / 2 + 1);
        let hash_of = |row: &u32| self.hash_of_row(RowId(*row), at);
        for (segment, places) in by_segment.iter().enumerate() {
            for place in places.iter() {
                let row = RowId::new(segment, place).0;
                rows.insert_unique(hash_of(&row), row, hash_of);
            }
        }
        self.rows = rows;
    }

    /// Makes room for so many rows more.
    pub(crate) fn reserve(&mut self, n_rows: usize, at: (&[Segment], &Texts)) {
        let Self { rows, hasher, .. } = self;
        rows.reserve(n_rows, |row| {
            let (device_id, module_id) = identity_of_row(RowId(*row), at);
            hasher.hash_one((&*device_id, module_id.as_deref()))
        });
    }

    /// Adds a row whose identity, which stands in the lanes, has this hash. False, and nothing added,
    /// if another row has it.
    pub(crate) fn enter(&mut self, hash: u64, row: RowId, at: (&[Segment], &Texts)) -> bool {
        let Self { rows, hasher, sorted } = self;
        let is_same = |other: &u32| {
            let ((device_a, module_a), (device_b, module_b)) =
                (identity_of_row(row, at), identity_of_row(RowId(*other), at));
            *device_a == *device_b && module_a.as_deref() == module_b.as_deref()
        };
        let hash_of = |row: &u32| {
            let (device_id, module_id) = identity_of_row(RowId(*row), at);
            hasher.hash_one((&*device_id, module_id.as_deref()))
        };
        match rows.entry(hash, is_same, hash_of) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(row.0);
                sorted.note_move(row);
                true
            }
        }
    }

    /// Takes a row out, whose identity still stands in the lanes.
    pub(crate) fn remove(&mut self, row: RowId, at: (&[Segment], &Texts)) {
        let hash = self.hash_of_row(row, at);
        if let Ok(entry) = self.rows.find_entry(hash, |other| *other == row.0) {
            entry.remove();
        }
        self.sorted.note_move(row);
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self, at: (&[Segment], &Texts)) {
        if is_roomy(self.rows.len(), self.rows.capacity()) {
            self.rows.shrink_to_fit(|row| {
                let (device_id, module_id) = identity_of_row(RowId(*row), at);
                self.hasher.hash_one((&*device_id, module_id.as_deref()))
            });
        }
    }

    /// The rows in the order of their ids.
    pub(crate) fn sorted(&self) -> &SortedIds {
        &self.sorted
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.capacity() * 8 / 7 * 5 + self.sorted.bytes()
    }

    /// Those of them in which no row lies.
    pub(crate) fn slack_bytes(&self) -> usize {
        (self.rows.capacity() * 8 / 7 - self.rows.len()) * 5
    }

    /// The hash of an identity.
    pub(crate) fn hash(&self, of: Identity<'_>) -> u64 {
        self.hasher.hash_one((of.device_id, of.module_id))
    }

    /// The hash of the identity of a row.
    pub(crate) fn hash_of_row(&self, row: RowId, at: (&[Segment], &Texts)) -> u64 {
        let (device_id, module_id) = identity_of_row(row, at);
        self.hash(Identity { device_id: &device_id, module_id: module_id.as_deref() })
    }
}

/// Identity of a live row, from its lanes.
pub(crate) fn identity_of_row<'a>(
    row: RowId,
    (segments, texts): (&'a [Segment], &'a Texts),
) -> (Text<'a>, Option<Text<'a>>) {
    let text = |path| {
        let segment = segments.get(row.segment())?;
        match segment.lane(path)?.cell(row.place(), segment.reading(texts)) {
            Cell::String(text) => Some(text),
            _ => None,
        }
    };
    let module_id = text(MODULE_ID).filter(|module_id| !module_id.is_empty());
    (text(DEVICE_ID).unwrap_or(Text::Borrowed("")), module_id)
}
