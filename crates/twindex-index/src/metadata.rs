//! `$metadata`: what is left on every level that a write touches.

use twindex_model::cell::Cell;
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::apply::Writer;
use crate::lane::cells::New;
use crate::lane::stamp::Stamp;

/// The key of a time.
pub(crate) const LAST_UPDATED: &str = "$lastUpdated";
/// The key of a `$version`.
pub(crate) const LAST_UPDATED_VERSION: &str = "$lastUpdatedVersion";

/// What is left: the time, and in desired properties the section's `$version`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) time: Stamp,
    pub(crate) version: Option<u64>,
}

impl Writer<'_> {
    /// Marks a node of metadata, which becomes an object if it is none.
    pub(crate) fn mark(&mut self, row: u16, node: PathId, mark: Mark) {
        let time = self.catalog.child_or_new(Some(node), LAST_UPDATED, 0);
        let old = self.set_cell(row, time, New::Stamp(&mark.time));
        if old == Kind::Undefined {
            // What has something below is an object already.
            self.make_object(row, node);
        }
        if let Some(version) = mark.version {
            let path = self.catalog.child_or_new(Some(node), LAST_UPDATED_VERSION, 1);
            self.set_cell(row, path, &Cell::Number(version as f64));
        }
    }

    /// Marks the node of a value that is no object: nothing else stays in it.
    pub(crate) fn mark_leaf(&mut self, row: u16, node: PathId, mark: Mark) {
        let n_marks = 1 + usize::from(mark.version.is_some());
        if self.catalog.n_children(Some(node)) > n_marks && self.kind(row, node) == Kind::Object {
            self.clear_below(row, node);
        }
        self.mark(row, node, mark);
    }
}
