//! The catalogue as the binder sees it.
//!
//! It is of no version: it knows every path that twins of any open version have, and what it counts
//! are the newest writes. So binding takes from it where a path lies, and warnings, but no answer.

use twindex_index::catalog::Catalog;
use twindex_lang::ast;
use twindex_model::kind::KindSet;
use twindex_model::path::{Collection, PathId};
use twindex_plan::catalog_view::CatalogView;

/// A catalogue, for binding.
#[derive(Clone, Copy, Debug)]
pub struct IndexCatalog<'a>(pub &'a Catalog);

impl CatalogView for IndexCatalog<'_> {
    fn path(&self, keys: &[&str]) -> Option<PathId> {
        self.0.path(keys)
    }

    fn kinds(&self, collection: Collection, path: PathId) -> KindSet {
        self.0.kinds(collection, path)
    }

    fn children(&self, keys: &[&str], n_max: usize) -> Vec<String> {
        let catalog = self.0;
        let parent = if keys.is_empty() {
            None
        } else {
            match catalog.path(keys) {
                Some(path) => Some(path),
                None => return Vec::new(),
            }
        };
        let children = catalog.children(parent);
        children.take(n_max).map(|(key, _)| key.to_string()).collect()
    }
}

/// The collection of twins that a query reads; none for jobs, of which there are none.
pub(crate) fn twins_of(collection: ast::Collection) -> Option<Collection> {
    match collection {
        ast::Collection::Devices => Some(Collection::Devices),
        ast::Collection::Modules => Some(Collection::Modules),
        ast::Collection::Jobs => None,
    }
}
