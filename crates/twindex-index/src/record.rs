//! The identity record beside each twin: generation and authentication.
//!
//! Never a path of the catalogue, so that no query can name it and no document prints it. It lies
//! by row as the lanes do; authentication in an arena, since no two are equal.

mod image;

use std::collections::VecDeque;

use twindex_model::path::{Collection, RowId};

use crate::catalog::shrink_vec;
use crate::index::{Index, Store};
use crate::lane::raw::RawText;
use crate::snapshot::Ts;

/// What is kept of an identity beside its twin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Tells the twin from any other that ever had its name; 0 for one that was loaded.
    pub generation: u64,
    /// How the device or module proves who it is: opaque bytes.
    pub authentication: Box<[u8]>,
}

/// The records of one segment, by place; short at the end where rows have none.
#[derive(Debug, Default)]
pub(crate) struct Records {
    generations: Vec<u64>,
    authentication: RawText,
    /// Grows with every change.
    pub(crate) mark: u64,
}

impl Records {
    fn get(&self, place: u16) -> Record {
        let generation = self.generations.get(usize::from(place)).copied().unwrap_or(0);
        Record { generation, authentication: self.authentication.bytes_at(place.into()).into() }
    }

    fn set(&mut self, place: u16, generation: u64, authentication: &[u8]) {
        self.mark += 1;
        let place = usize::from(place);
        if generation != 0 && place >= self.generations.len() {
            self.generations.resize(place + 1, 0);
        }
        if let Some(kept) = self.generations.get_mut(place) {
            *kept = generation;
        }
        if !authentication.is_empty() || !self.authentication.bytes_at(place).is_empty() {
            self.authentication.set(place, authentication);
        }
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self) {
        while self.generations.pop_if(|generation| *generation == 0).is_some() {}
        shrink_vec(&mut self.generations);
        self.authentication.tidy();
    }

    /// Bytes on the heap.
    fn bytes(&self) -> usize {
        self.generations.capacity() * 8 + self.authentication.bytes()
    }
}

/// Records as they were before the batches that changed them, oldest first.
#[derive(Debug, Default)]
pub(crate) struct FormerRecords(VecDeque<(Ts, RowId, Record)>);

impl FormerRecords {
    /// Drops what no version from `oldest` on needs.
    pub(crate) fn prune(&mut self, oldest: Ts) {
        while self.0.pop_front_if(|(ts, ..)| *ts <= oldest).is_some() {}
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let opaque: usize = self.0.iter().map(|(.., record)| record.authentication.len()).sum();
        self.0.len() * size_of::<(Ts, RowId, Record)>() + opaque
    }
}

impl Store {
    fn record(&self, row: RowId) -> Record {
        let records = self.records.get(row.segment());
        records.map(|records| records.get(row.place())).unwrap_or_default()
    }

    /// The record of a row at a version.
    fn record_at(&self, ts: Ts, row: RowId) -> Record {
        let newer = self.former_records.0.partition_point(|(of, ..)| *of <= ts);
        let mut newer = self.former_records.0.range(newer..);
        let first = newer.find(|(_, of, _)| *of == row);
        first.map_or_else(|| self.record(row), |(.., record)| record.clone())
    }

    fn set_record(&mut self, row: RowId, generation: u64, authentication: &[u8]) {
        if row.segment() >= self.records.len() {
            self.records.resize_with(row.segment() + 1, Records::default);
        }
        self.records[row.segment()].set(row.place(), generation, authentication);
    }

    /// Puts back the records that batch `ts` changed.
    pub(crate) fn take_back_records(&mut self, ts: Ts) {
        while let Some((_, row, record)) = self.former_records.0.pop_back_if(|(of, ..)| *of == ts) {
            self.set_record(row, record.generation, &record.authentication);
        }
    }
}

impl Index {
    /// The record beside a twin; that of a loaded one if there is none.
    #[must_use]
    pub fn record(&self, collection: Collection, row: RowId) -> Record {
        self.store(collection).record(row)
    }

    /// The same at version `ts`, which a reader has open.
    #[must_use]
    pub fn record_at(&self, ts: Ts, collection: Collection, row: RowId) -> Record {
        self.store(collection).record_at(ts, row)
    }

    /// The generation of a twin; 0 for one that was loaded.
    #[must_use]
    pub fn generation(&self, collection: Collection, row: RowId) -> u64 {
        let records = self.store(collection).records.get(row.segment());
        let generation = |r: &Records| r.generations.get(usize::from(row.place())).copied();
        records.and_then(generation).unwrap_or(0)
    }

    /// Whether batch `ts`, the newest, changed the record of a row.
    pub(crate) fn has_record_changed(
        &self,
        ts: Ts,
        (collection, row): (Collection, RowId),
    ) -> bool {
        let former = self.store(collection).former_records.0.iter().rev();
        former.take_while(|(of, ..)| *of == ts).any(|(_, of, _)| *of == row)
    }

    /// Writes a record, and keeps the one before for readers of earlier versions.
    pub(crate) fn set_record(
        &mut self,
        (collection, row): (Collection, RowId),
        generation: u64,
        authentication: &[u8],
    ) {
        let now = self.versions.now;
        let store = &mut self.stores[collection as usize];
        let old = store.record(row);
        if old.generation == generation && *old.authentication == *authentication {
            return;
        }
        if now != Ts::default() {
            store.former_records.0.push_back((now, row, old));
        }
        store.set_record(row, generation, authentication);
    }

    /// Bytes of all records.
    pub(crate) fn record_bytes(&self) -> usize {
        self.stores.iter().flat_map(|store| &store.records).map(Records::bytes).sum()
    }
}
