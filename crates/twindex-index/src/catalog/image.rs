//! The image of the catalogue: a bit for each id that says whether it is a path's; then every path
//! with its id, parents before children, siblings in the order of the documents. Counts of rows are
//! derived from the lanes.
//!
//! The bits say nothing that the paths do not, but how long the table of paths gets: an id alone may
//! be any number, and a table is made up to it.

use std::cmp::Reverse;
use std::collections::HashSet;

use twindex_model::kind::Kind;
use twindex_model::limits::DOCUMENT_DEPTH_MAX;
use twindex_model::path::{Collection, PathId};

use super::{Catalog, NONE, Node};
use crate::image::{Image as _, ImageBytes, put_len, put_text};

/// Ids between the last one and one that redo restores, at most: those of paths that were made by
/// writes taken back, and never logged.
const GAP_MAX: usize = 1 << 20;

/// Keys of a path at most: those of the deepest document, and of its metadata, which are deeper.
const DEPTH_MAX: usize = 2 * DOCUMENT_DEPTH_MAX;

impl Catalog {
    /// Appends the image.
    pub(crate) fn write_image(&self, out: &mut Vec<u8>) {
        let words = self.nodes.chunks(64).map(|nodes| {
            let has = (0..).zip(nodes).filter(|(_, node)| node.ordinal != NONE);
            has.fold(0, |word, (bit, _)| word | 1_u64 << bit)
        });
        words.collect::<Vec<u64>>().write(out);
        put_len(out, self.paths().count());
        let mut open = vec![None];
        while let Some(parent) = open.pop() {
            for (key, path) in self.children(parent) {
                path.0.write(out);
                parent.map_or(0, |parent| parent.0 + 1).write(out);
                put_text(out, key);
                open.push(Some(*path));
            }
        }
    }

    /// The catalogue of an image; `None` if it is none.
    pub(crate) fn read_image(bytes: &[u8]) -> Option<Self> {
        let mut from = ImageBytes(bytes);
        let mut catalog = Self::default();
        let has = Vec::<u64>::read(&mut from)?;
        let n_paths = from.len(16)?;
        for _ in 0..n_paths {
            let (path, parent) = <(u32, u32)>::read(&mut from)?;
            let is_said = has.get(path as usize / 64)? >> (path % 64) & 1 == 1;
            let parent = parent.checked_sub(1).map(PathId);
            is_said
                .then(|| catalog.restore(PathId(path), parent, from.text()?, has.len() * 64))??;
        }
        from.end()?;
        let n_said: u32 = has.iter().map(|word| word.count_ones()).sum();
        (n_said as usize == catalog.paths().count()).then_some(())?;
        catalog.finish_restore();
        Some(catalog)
    }

    /// Makes a path with the id it had, as redo says. `None` as [`Catalog::restore`] gives it.
    pub(crate) fn restore_logged(
        &mut self,
        path: PathId,
        parent: Option<PathId>,
        key: &str,
    ) -> Option<()> {
        self.restore(path, parent, key, self.nodes.len() + GAP_MAX)
    }

    /// Makes a path with the id it had, which must be below `end`. `None`, and nothing done, if the
    /// id or the key below the parent is another path's, or the parent is none.
    fn restore(
        &mut self,
        path: PathId,
        parent: Option<PathId>,
        key: &str,
        end: usize,
    ) -> Option<()> {
        if self.has(path) {
            let is_it = self.parent(path) == parent && self.key(path) == key;
            return is_it.then_some(());
        }
        let is_near = (path.0 as usize) < end;
        let has_parent = parent.is_none_or(|parent| self.has(parent));
        if !is_near || !has_parent || self.child(parent, key).is_some() {
            return None;
        }
        let above = std::iter::successors(parent, |above| self.parent(*above));
        if above.take(DEPTH_MAX).count() == DEPTH_MAX {
            return None;
        }
        if path.0 as usize >= self.nodes.len() {
            self.nodes.resize_with(path.0 as usize + 1, Node::vacant);
        }
        self.add_at(path, parent, key);
        Some(())
    }

    /// Whether an id is a path's.
    pub(crate) fn has(&self, path: PathId) -> bool {
        self.nodes.get(path.0 as usize).is_some_and(|node| node.ordinal != NONE)
    }

    /// Finds the ids that are free, after paths were restored.
    pub(crate) fn finish_restore(&mut self) {
        // Ids dropped on the way may be of other paths again; there was no reader to wait for.
        self.idle.dropped.clear();
        let n_paths = self.nodes.len() as u32;
        let free = (0..n_paths).filter(|id| !self.has(PathId(*id))).map(Reverse);
        self.idle.free_paths = free.collect();
        let heads = self.heads.iter().enumerate().skip(1);
        let free = heads.filter(|(_, head)| **head == NONE).map(|(family, _)| family as u32);
        self.idle.free_families = free.map(Reverse).collect();
    }

    /// Sets the rows of every path by collection and kind.
    pub(crate) fn set_counts(&mut self, of: impl Fn(PathId, Collection, Kind) -> u32) {
        for id in 0..self.nodes.len() {
            for collection in [Collection::Devices, Collection::Modules] {
                for kind in &Kind::ALL[1..] {
                    self.nodes[id].n_rows[collection as usize][*kind as usize] =
                        of(PathId(id as u32), collection, *kind);
                }
            }
        }
    }

    /// Grows with every path that comes or goes.
    pub(crate) fn mark(&self) -> u64 {
        self.mark
    }

    /// Begins to note which paths are new.
    pub(crate) fn keep_unlogged(&mut self) {
        self.unlogged.get_or_insert_default();
    }

    /// Paths that are new since [`Catalog::clear_unlogged`], parents before their children. An id
    /// that was given twice counts when it was given last.
    pub(crate) fn unlogged(&self) -> Vec<PathId> {
        let mut seen = HashSet::new();
        let paths = self.unlogged.iter().flatten().rev();
        let mut paths: Vec<PathId> =
            paths.copied().filter(|path| self.has(*path) && seen.insert(*path)).collect();
        paths.reverse();
        paths
    }

    /// Whether any path is new.
    pub(crate) fn has_unlogged(&self) -> bool {
        self.unlogged.as_ref().is_some_and(|paths| !paths.is_empty())
    }

    /// Forgets which paths were new.
    pub(crate) fn clear_unlogged(&mut self) {
        self.unlogged.iter_mut().for_each(Vec::clear);
    }
}
