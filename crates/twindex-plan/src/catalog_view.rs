//! What binding may ask of the data: which paths there are, and of which kinds.

use twindex_model::kind::KindSet;
use twindex_model::path::{Collection, PathId};

/// The catalogue as the binder sees it.
pub trait CatalogView {
    /// The catalogue path of `keys`, if any twin has or had it.
    fn path(&self, keys: &[&str]) -> Option<PathId>;

    /// The kinds that twins of `collection` have at `path` now; empty if no twin has it.
    fn kinds(&self, collection: Collection, path: PathId) -> KindSet;

    /// Up to `n_max` keys met below `keys`, for suggestions.
    fn children(&self, keys: &[&str], n_max: usize) -> Vec<String>;
}
