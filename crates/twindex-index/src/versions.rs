//! Versions of the index: keeping what writes overwrite, dropping it, and taking a batch back.

use std::collections::VecDeque;

use twindex_model::cell::Cell;
use twindex_model::path::{Collection, PathId, RowId};

use crate::catalog::{DEVICE_ID, MODULE_ID};
use crate::identity::Identity;
use crate::index::{Index, Store};
use crate::segment::Segment;
use crate::snapshot::Ts;
use crate::undo::{Fate, Taken};

/// Records of a batch that are taken back at once, and those of the same row.
const ROWS_TAKEN: usize = 64;

/// Which batch is being written, and where before-images lie.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    /// The batch; 0 keeps nothing.
    pub(crate) now: Ts,
    /// The newest batch there was, whether it is published or was taken back.
    pub(crate) newest: Ts,
    /// Segments with before-images, each once.
    with_undo: Vec<(Collection, u32)>,
}

/// Numbers of live twins before the batches that changed them, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Sizes(VecDeque<(Ts, u64)>);

impl Sizes {
    /// Notes how many twins there were before `ts`, unless that is noted.
    pub(crate) fn note(&mut self, ts: Ts, n_rows: u64) {
        if self.0.back().is_none_or(|(newest, _)| *newest != ts) {
            self.0.push_back((ts, n_rows));
        }
    }

    fn at(&self, ts: Ts) -> Option<u64> {
        let newer = self.0.partition_point(|(of, _)| *of <= ts);
        self.0.get(newer).map(|(_, n_rows)| *n_rows)
    }
}

impl Index {
    /// The writes that follow are of batch `ts`: what they overwrite is kept for readers of earlier
    /// versions until it is pruned. Batches come in ascending order; at `Ts(0)`, where an index
    /// begins, nothing is kept, and no version before such writes may be read any more.
    pub fn begin(&mut self, ts: Ts) {
        self.versions.now = ts;
        self.versions.newest = self.versions.newest.max(ts);
        self.catalog.set_now(ts);
    }

    /// Notes that a segment is about to be written; gives the batch.
    pub(crate) fn note_write(&mut self, collection: Collection, number: usize) -> Ts {
        let ts = self.versions.now;
        if ts != Ts::default()
            && let Some(segment) = self.stores[collection as usize].segments.get_mut(number)
            && !std::mem::replace(&mut segment.is_listed, true)
        {
            self.versions.with_undo.push((collection, number as u32));
        }
        ts
    }

    /// Drops the before-images that no version from `oldest` on needs. The work is bounded by the
    /// number of segments written since.
    pub fn prune(&mut self, oldest: Ts) {
        let stores = &mut self.stores;
        self.versions.with_undo.retain(|(collection, number)| {
            let segment = &mut stores[*collection as usize].segments[*number as usize];
            segment.undo_mut().prune(oldest);
            segment.is_listed = segment.undo().newest().is_some();
            segment.is_listed
        });
        for store in stores {
            while store.sizes.0.pop_front_if(|(ts, _)| *ts <= oldest).is_some() {}
            store.former.prune(oldest);
            store.former_records.prune(oldest);
        }
    }

    /// Bytes of before-images.
    #[must_use]
    pub fn undo_bytes(&self) -> usize {
        let segments = self.versions.with_undo.iter();
        let of = |(collection, number): &(Collection, u32)| {
            self.store(*collection).segments[*number as usize].undo().bytes()
        };
        let of_store = |store: &Store| store.former.bytes() + store.former_records.bytes();
        segments.map(of).sum::<usize>() + self.stores.iter().map(of_store).sum::<usize>()
    }

    /// Whether there are before-images. While there are, a path or lane that they name must stay.
    #[must_use]
    pub fn has_undo(&self) -> bool {
        !self.versions.with_undo.is_empty()
    }

    /// Segments that the newest batch wrote, if it is `ts`.
    pub(crate) fn written_in(&self, ts: Ts) -> impl Iterator<Item = (Collection, usize)> {
        let segments = self.versions.with_undo.iter();
        let segments = segments.map(|(collection, number)| (*collection, *number as usize));
        segments.filter(move |(collection, number)| {
            self.store(*collection).segments[*number].undo().newest() == Some(ts)
        })
    }

    /// Takes back every write of batch `ts`, the newest one and not published: cells, rows and
    /// identities are those from before it. Paths and texts first met in it stay known. The writes
    /// that follow keep nothing until [`Index::begin`] is called again.
    pub fn roll_back(&mut self, ts: Ts) {
        while !self.roll_back_while(ts, || true) {}
    }

    /// The same for some rows at a time, until `goes_on` says no; true once all is taken back. In
    /// between readers of earlier versions read on, but nothing may be written.
    pub fn roll_back_while(&mut self, ts: Ts, mut goes_on: impl FnMut() -> bool) -> bool {
        self.versions.now = Ts::default();
        for place in 0..self.versions.with_undo.len() {
            let (collection, number) = self.versions.with_undo[place];
            let at = (collection, number as usize);
            while let Some(taken) = self.take_newest(at, ts) {
                self.put_back(at, &taken);
                if !goes_on() {
                    return false;
                }
            }
        }
        for store in &mut self.stores {
            while store.sizes.0.pop_back_if(|(of, _)| *of == ts).is_some() {}
            store.former.take_back(ts);
            store.take_back_records(ts);
        }
        self.settle();
        true
    }

    fn take_newest(&mut self, at: (Collection, usize), ts: Ts) -> Option<Taken> {
        self.stores[at.0 as usize].segments[at.1].undo_mut().take_newest(ts, ROWS_TAKEN)
    }

    fn put_back(&mut self, (collection, number): (Collection, usize), taken: &Taken) {
        for (record, cell) in taken.newest_first() {
            let row = RowId::new(number, record.row);
            match record.fate() {
                Some(Fate::Born) => _ = self.remove(collection, row),
                Some(Fate::Died) => {
                    let store = &mut self.stores[collection as usize];
                    store.segments[number].set_live(record.row);
                    store.by_identity.insert(row, (&store.segments, &self.texts));
                    if collection == Collection::Modules {
                        store.modules.insert(row, (&store.segments, &self.texts));
                    }
                    store.n_rows += 1;
                }
                None => {
                    self.forget_weights((collection, row));
                    if let Some(mut writer) = self.writer(collection, row) {
                        writer.restore(record.row, record.path, (&cell).into());
                    }
                }
            }
        }
        let segment = &mut self.stores[collection as usize].segments[number];
        let mut rows: Vec<u16> = taken.newest_first().map(|(record, _)| record.row).collect();
        // Each once, in whatever order they were written: looking through a row walks its lanes.
        rows.sort_unstable();
        rows.dedup();
        for row in rows {
            segment.stamps_mut().look_through(row);
        }
        segment.tidy_stamps();
    }

    /// Live twins of `collection` at a version.
    pub(crate) fn n_rows_at(&self, ts: Ts, collection: Collection) -> u64 {
        let store = self.store(collection);
        store.sizes.at(ts).unwrap_or(store.n_rows)
    }

    /// The row of a twin at a version.
    pub(crate) fn find_at(&self, ts: Ts, identity: Identity<'_>) -> Option<RowId> {
        let store = self.store(identity.collection());
        let now = store.find(identity, &self.texts);
        if let Some(row) = now
            && store.first_fate(ts, row).is_none()
        {
            return now;
        }
        let hash = store.by_identity.hash(identity);
        let mut left = store.former.left_after(ts, hash);
        left.find(|row| store.was_at(ts, *row, identity))
    }
}

impl Store {
    /// Place and kind of the first event of a row after a version.
    fn first_fate(&self, ts: Ts, row: RowId) -> Option<(u32, Fate)> {
        let undo = self.segments[row.segment()].undo();
        if undo.newest().is_none_or(|newest| newest <= ts) {
            return None;
        }
        let mut events = undo.fates(undo.first_after(ts));
        let found = events.find(|(_, place, _)| *place == row.place());
        found.map(|(record, _, event)| (record, event))
    }

    /// Whether a twin that left a row after a version was there at the version.
    fn was_at(&self, ts: Ts, row: RowId, identity: Identity<'_>) -> bool {
        let Some((place, Fate::Died)) = self.first_fate(ts, row) else {
            return false;
        };
        let segment = &self.segments[row.segment()];
        let text = |path| text_of_removed(segment, place, path);
        let module_id = text(MODULE_ID).filter(|module_id| !module_id.is_empty());
        text(DEVICE_ID).as_deref() == Some(identity.device_id)
            && module_id.as_deref() == identity.module_id
    }
}

/// The text that a removed twin had at a path, from the records behind that of its removal.
fn text_of_removed(segment: &Segment, removal: u32, path: PathId) -> Option<String> {
    let row = segment.undo().records(removal as usize).next()?.1.row;
    let mut cells = segment.undo().records(removal as usize + 1);
    let of_removal = |r: &crate::undo::Record| r.row == row && r.fate().is_none();
    let (_, record) = cells
        .by_ref()
        .take_while(|(_, record)| of_removal(record))
        .find(|(_, record)| record.path == path)?;
    match segment.undo().cell(record) {
        Cell::String(text) => Some(text.to_string()),
        _ => None,
    }
}
