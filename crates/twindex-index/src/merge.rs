//! Merging entries into a section of a twin, cell by cell, with the metadata beside.
//!
//! The patch is walked once against the trie of paths, in step with the mirror of it below
//! `$metadata`. A level is marked when the first thing below it is touched, so that removing what
//! is not there leaves no trace.

use smallvec::SmallVec;
use twindex_model::cell::Cell;
use twindex_model::json::read::{Event, Leaf, Leaves};
use twindex_model::kind::Kind;
use twindex_model::path::PathId;
use twindex_planted::{Fault, planted};

use crate::apply::{Writer, cell_of};
use crate::catalog::Catalog;
use crate::known::SectionPaths;
use crate::lane::cells::New;
use crate::metadata::Mark;

/// An object that is being merged into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    value: PathId,
    /// Its node of metadata.
    node: Option<PathId>,
    /// Where the next key probably lies among the children of the value.
    next: u32,
    /// How much further on it probably lies among those of the node: behind the marks, and both
    /// met the same keys in the same order.
    shift: u32,
    is_marked: bool,
}

impl Level {
    pub(crate) fn new(value: PathId, node: Option<PathId>) -> Self {
        Self { value, node, next: 0, shift: 1, is_marked: false }
    }

    /// The paths of the next key, if they are known: of its value and of its node.
    pub(crate) fn find(
        &mut self,
        catalog: &Catalog,
        key: &str,
    ) -> (Option<PathId>, Option<PathId>) {
        let value = catalog.child_near(Some(self.value), key, self.next);
        let ordinal = value.map_or(self.next, |value| catalog.ordinal(value));
        let near = ordinal.wrapping_add(self.shift);
        let node = self.node.and_then(|node| catalog.child_near(Some(node), key, near));
        if value.is_some() {
            self.next = ordinal + 1;
        }
        (value, node)
    }
}

type Levels = SmallVec<[Level; 12]>;

impl Writer<'_> {
    /// Merges entries into a section: objects merge, null removes, anything else replaces.
    pub(crate) fn merge_section(
        &mut self,
        row: u16,
        paths: SectionPaths,
        entries: &Leaves,
        mark: Mark,
    ) {
        self.make_section(row, paths);
        let root = Level::new(paths.root, paths.metadata);
        self.merge(row, root, (entries, &entries.events), Some(mark));
    }

    /// Makes entries all that a section has.
    pub(crate) fn replace_section(
        &mut self,
        row: u16,
        paths: SectionPaths,
        entries: &Leaves,
        mark: Mark,
    ) {
        self.unset(row, paths.root);
        self.make_section(row, paths);
        if let Some(metadata) = paths.metadata {
            self.mark(row, metadata, mark);
        }
        let root = Level { is_marked: true, ..Level::new(paths.root, paths.metadata) };
        self.merge(row, root, (entries, &entries.events), Some(mark));
    }

    /// Merges entries into an object that has no metadata.
    pub(crate) fn merge_entries(&mut self, row: u16, object: PathId, entries: (&Leaves, &[Event])) {
        self.merge(row, Level::new(object, None), entries, None);
    }

    fn make_section(&mut self, row: u16, paths: SectionPaths) {
        if self.kind(row, paths.root) == Kind::Object {
            return;
        }
        for path in [paths.above, Some(paths.root)].into_iter().flatten() {
            self.make_object(row, path);
        }
    }

    fn merge(
        &mut self,
        row: u16,
        root: Level,
        (leaves, events): (&Leaves, &[Event]),
        mark: Option<Mark>,
    ) {
        let mut levels: Levels = SmallVec::new();
        levels.push(root);
        for event in events {
            match *event {
                Event::Leave => drop(levels.pop()),
                Event::Enter { key } => self.enter(row, &mut levels, leaves.str(key), mark),
                Event::Leaf { key, leaf: Leaf::Null } => {
                    self.remove_entry(row, &mut levels, leaves.str(key), mark);
                }
                Event::Leaf { key, leaf } => {
                    let Some(level) = levels.last_mut() else { return };
                    let (value, node) = self.step_both(level, leaves.str(key));
                    self.set_cell(row, value, &cell_of(leaf, leaves));
                    if let (Some(node), Some(mark)) = (node, mark) {
                        self.mark_leaf(row, node, mark);
                    }
                    self.mark_levels(row, &mut levels, mark);
                }
            }
        }
    }

    /// Goes into an object, which is made of whatever stood there.
    fn enter(&mut self, row: u16, levels: &mut Levels, key: &str, mark: Option<Mark>) {
        let Some(level) = levels.last_mut() else { return };
        let (value, node) = self.step_both(level, key);
        let is_new = self.kind(row, value) != Kind::Object;
        if is_new {
            self.set_cell(row, value, &Cell::Object);
            if let (Some(node), Some(mark)) = (node, mark) {
                self.mark_leaf(row, node, mark);
            }
            self.mark_levels(row, levels, mark);
        }
        levels.push(Level { is_marked: is_new, ..Level::new(value, node) });
    }

    /// Removes an entry with all below it.
    fn remove_entry(&mut self, row: u16, levels: &mut Levels, key: &str, mark: Option<Mark>) {
        let Some(level) = levels.last_mut() else { return };
        let (value, node) = level.find(self.catalog, key);
        if let Some(node) = node {
            self.unset(row, node);
        }
        if value.is_some_and(|value| self.unset(row, value)) {
            self.mark_levels(row, levels, mark);
        }
    }

    /// Marks the open levels that are not yet.
    fn mark_levels(&mut self, row: u16, levels: &mut Levels, mark: Option<Mark>) {
        let Some(mark) = mark else { return };
        let n_marked = if planted(Fault::OuterLevelsUnmarked) { 1 } else { usize::MAX };
        let unmarked = levels.iter_mut().rev().take_while(|level| !level.is_marked);
        for level in unmarked.take(n_marked) {
            level.is_marked = true;
            if let Some(node) = level.node {
                self.mark(row, node, mark);
            }
        }
    }

    /// The paths of the next key: of its value and of its node.
    fn step_both(&mut self, level: &mut Level, key: &str) -> (PathId, Option<PathId>) {
        let value = self.catalog.child_or_new(Some(level.value), key, level.next);
        let ordinal = self.catalog.ordinal(value);
        level.next = ordinal + 1;
        let node = level.node.map(|node| {
            let near = ordinal.wrapping_add(level.shift);
            let node = self.catalog.child_or_new(Some(node), key, near);
            level.shift = self.catalog.ordinal(node).wrapping_sub(ordinal);
            node
        });
        (value, node)
    }

    /// Writes a cell; what lay below an object that it replaces goes. Gives the kind before.
    pub(crate) fn set_cell<'c>(
        &mut self,
        row: u16,
        path: PathId,
        cell: impl Into<New<'c>>,
    ) -> Kind {
        let cell = cell.into();
        let old = self.write(row, path, cell, 0);
        if old == Kind::Object && cell.kind() != Kind::Object {
            self.clear_below(row, path);
        }
        old
    }

    /// Makes an object of whatever stands at a path.
    pub(crate) fn make_object(&mut self, row: u16, path: PathId) {
        if self.kind(row, path) != Kind::Object {
            self.write(row, path, New::Cell(&Cell::Object), 0);
        }
    }

    /// Ends a row of writes to one twin.
    pub(crate) fn tidy(&mut self) {
        self.segment.tidy_stamps();
    }
}
