//! Every path that a twin has or had: a trie from keys to [`PathId`].

use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::{Collection, PathId};

/// The catalogue. Append-only: a path keeps its id.
#[derive(Debug, Default)]
pub struct Catalog {}

impl Catalog {
    /// The path of `keys` from the root of a twin.
    #[must_use]
    pub fn path(&self, keys: &[&str]) -> Option<PathId> {
        todo!("{keys:?}")
    }

    /// The keys of `path` from the root.
    #[must_use]
    pub fn keys(&self, path: PathId) -> Vec<&str> {
        todo!("{path:?}")
    }

    /// The children of `path` (of the root for `None`), in the order they were met.
    #[must_use]
    pub fn children(&self, path: Option<PathId>) -> &[(Box<str>, PathId)] {
        todo!("{path:?}")
    }

    /// Live twins of `collection` whose cell at `path` is of `kind` (not for undefined).
    #[must_use]
    pub fn n_rows(&self, collection: Collection, path: PathId, kind: Kind) -> u32 {
        todo!("{collection:?} {path:?} {kind:?}")
    }

    /// The kinds with `n_rows > 0`.
    #[must_use]
    pub fn kinds(&self, collection: Collection, path: PathId) -> KindSet {
        todo!("{collection:?} {path:?}")
    }

    /// Number of paths.
    #[must_use]
    pub fn n_paths(&self) -> usize {
        todo!()
    }
}
