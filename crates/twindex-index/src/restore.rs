//! Making anew what is derived of rows: counts, and who is where. The last step of opening a store.
//!
//! Looking through segments takes most of the time and changes nothing, so threads may share it;
//! what it finds is entered by one. Hashes are taken while the names are at hand, so entering ten
//! million of them reads no name again but where two are of one hash.

use std::collections::HashMap;

use twindex_model::kind::Kind;
use twindex_model::path::{Collection, PathId, RowId};

use crate::catalog::DEVICE_ID;
use crate::identity::{Identity, identity_of_row};
use crate::index::Index;
use crate::redo::BadRedo;
use crate::segment::Segment;

/// A segment that was looked through: the hash of each name in it.
#[derive(Debug)]
pub struct Names {
    collection: Collection,
    hashes: Vec<(u64, RowId)>,
}

impl Index {
    /// Makes anew what is derived, after parts were restored and redo was done.
    ///
    /// # Errors
    /// [`BadRedo`]: two twins have one name, or one has none; a lane has rows where no twin is, or
    /// where nothing is that its path could be below.
    pub fn finish_redo(&mut self) -> Result<(), BadRedo> {
        let segments = self.begin_finish();
        let names = segments.into_iter().map(|of| self.look_through(of));
        let names: Result<Vec<Names>, BadRedo> = names.collect();
        self.enter_names(names?)
    }

    /// The first of the three steps of [`Index::finish_redo`]: gives the segments to be looked
    /// through.
    pub fn begin_finish(&mut self) -> Vec<(Collection, usize)> {
        self.catalog.finish_restore();
        self.restore_counts();
        let mut of = Vec::new();
        for collection in [Collection::Devices, Collection::Modules] {
            let store = &mut self.stores[collection as usize];
            store.forget_rows();
            store.segments.iter_mut().for_each(Segment::finish_restore);
            of.extend((0..store.segments.len()).map(|number| (collection, number)));
        }
        of
    }

    /// The second step: looks through a segment, and changes nothing. Threads may share the work.
    ///
    /// # Errors
    /// As [`Index::finish_redo`].
    pub fn look_through(
        &self,
        (collection, number): (Collection, usize),
    ) -> Result<Names, BadRedo> {
        let store = self.store(collection);
        let segment = store.segments.get(number).ok_or(BadRedo)?;
        segment.has_sound_rows(&self.catalog).then_some(()).ok_or(BadRedo)?;
        let names = segment.lane(DEVICE_ID);
        let mut hashes = Vec::with_capacity(segment.n_live() as usize);
        for place in segment.live().iter() {
            let row = RowId::new(number, place);
            let (device_id, module_id) = identity_of_row(row, (&store.segments, &self.texts));
            let identity = Identity { device_id: &device_id, module_id: module_id.as_deref() };
            let has_name = names.is_some_and(|lane| lane.kinds.kind(place) == Kind::String);
            if !has_name || identity.collection() != collection {
                return Err(BadRedo);
            }
            hashes.push((store.by_identity.hash(identity), row));
        }
        Ok(Names { collection, hashes })
    }

    /// The last step: enters what was found in all segments.
    ///
    /// # Errors
    /// As [`Index::finish_redo`].
    pub fn enter_names(&mut self, names: Vec<Names>) -> Result<(), BadRedo> {
        for collection in [Collection::Devices, Collection::Modules] {
            let of = names.iter().filter(|names| names.collection == collection);
            let n_rows = of.clone().map(|names| names.hashes.len()).sum();
            let store = &mut self.stores[collection as usize];
            store.by_identity.reserve(n_rows, (&store.segments, &self.texts));
            for (hash, row) in of.flat_map(|names| &names.hashes) {
                let at = (store.segments.as_slice(), &self.texts);
                if !store.by_identity.enter(*hash, *row, at) {
                    return Err(BadRedo);
                }
                if collection == Collection::Modules {
                    store.modules.insert(*row, at);
                }
            }
            store.n_rows = n_rows as u64;
            let rows_max = self.options.segment_rows_max;
            let full = store.segments.iter_mut().filter(|segment| segment.n_live() >= rows_max);
            full.for_each(Segment::settle);
        }
        Ok(())
    }

    fn restore_counts(&mut self) {
        let mut counts: HashMap<(PathId, Collection), [u32; 8]> = HashMap::new();
        for collection in [Collection::Devices, Collection::Modules] {
            for lane in self.store(collection).segments.iter().flat_map(Segment::lanes) {
                let sums = counts.entry((lane.path, collection)).or_default();
                sums.iter_mut().zip(lane.kinds.counts()).for_each(|(sum, n)| *sum += n);
            }
        }
        self.catalog.set_counts(|path, collection, kind: Kind| {
            counts.get(&(path, collection)).map_or(0, |counts| counts[kind as usize])
        });
    }
}
