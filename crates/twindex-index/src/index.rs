//! The index: catalogue, dictionaries, and a table of segments for each collection.

use twindex_model::json::read::{Leaf, Leaves};
use twindex_model::path::{Collection, PathId, RowId};

use crate::catalog::Catalog;
use crate::options::IndexOptions;
use crate::view::SegmentView;

/// All twins, as columns.
#[derive(Debug)]
pub struct Index {}

/// What became of a twin handed to [`Index::put`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// The collection it belongs to.
    pub collection: Collection,
    /// Its row.
    pub row: RowId,
    /// Whether a twin of the same identity was replaced, which keeps its row.
    pub replaced: bool,
}

impl Index {
    /// An empty index.
    #[must_use]
    pub fn new(options: IndexOptions) -> Self {
        todo!("{options:?}")
    }

    /// The catalogue.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        todo!()
    }

    /// Live twins of `collection`.
    #[must_use]
    pub fn n_rows(&self, collection: Collection) -> u64 {
        todo!("{collection:?}")
    }

    /// Segments of `collection`, empty ones included.
    #[must_use]
    pub fn n_segments(&self, collection: Collection) -> usize {
        todo!("{collection:?}")
    }

    /// Segment `number` of `collection`, which must be below [`Index::n_segments`].
    #[must_use]
    pub fn segment(&self, collection: Collection, number: usize) -> SegmentView<'_> {
        todo!("{collection:?} {number}")
    }

    /// The row of a twin.
    #[must_use]
    pub fn find(&self, device_id: &str, module_id: Option<&str>) -> Option<RowId> {
        todo!("{device_id} {module_id:?}")
    }

    /// Inserts a twin, or replaces the whole twin of the same identity in its row. The document
    /// must hold a string `deviceId` and may hold a string `moduleId`; else nothing changes and
    /// `None` is given, as when the collection is full.
    pub fn put(&mut self, leaves: &Leaves) -> Option<Put> {
        todo!("{leaves:?}")
    }

    /// Removes a twin; its row is free for another one. False if there is none.
    pub fn remove(&mut self, collection: Collection, row: RowId) -> bool {
        todo!("{collection:?} {row:?}")
    }

    /// Sets the value at one path of a live twin, making objects on the way of whatever stood there
    /// and removing what lay below. Identity fields cannot be set. `None` if there is no such row.
    pub fn set(
        &mut self,
        at: (Collection, RowId),
        keys: &[&str],
        leaf: (Leaf, &Leaves),
    ) -> Option<PathId> {
        todo!("{at:?} {keys:?} {leaf:?}")
    }

    /// Removes the value at one path of a live twin with all below it. False if there was none.
    pub fn unset(&mut self, at: (Collection, RowId), keys: &[&str]) -> bool {
        todo!("{at:?} {keys:?}")
    }
}
