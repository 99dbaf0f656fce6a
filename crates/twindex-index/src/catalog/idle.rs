//! Dropping the paths that no twin has any more, so that ever-new keys do not fill the catalogue.
//!
//! A path whose last row went is noted with the timestamp of that write. Once no reader is older,
//! and nothing is left below it, it is dropped: its key is freed, its id waits until every reader
//! that may have bound a plan to it is gone, and is then given to a new path, the lowest id first.
//! Looking through all paths instead was rejected: most never become idle.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use super::{Catalog, Children, Family, MODULE_ID, NONE, Node, SECTION};
use crate::snapshot::Ts;
use crate::texts::TextKind;

/// One of so many children must be dropped before the list of all is written anew.
const DROPPED_PART: usize = 8;
/// Tables up to this are not worth it.
const ROOMY_MIN: usize = 256;

/// What is on its way out of the catalogue, and what is free.
#[derive(Debug, Default)]
pub(super) struct Idle {
    /// Timestamp of the writes that come.
    now: Ts,
    /// Cells that became undefined or of another kind, ever.
    n_gone: u64,
    /// Paths that lost their last row at a timestamp.
    paths: VecDeque<(Ts, PathId)>,
    /// Paths that lost their last text of a kind.
    texts: Vec<(PathId, TextKind)>,
    /// Dropped paths whose readers may not be gone, with a family if it went with the path.
    pub(super) dropped: VecDeque<(Ts, PathId, Option<Family>)>,
    pub(super) free_paths: BinaryHeap<Reverse<u32>>,
    pub(super) free_families: BinaryHeap<Reverse<u32>>,
}

impl Idle {
    pub(super) fn bytes(&self) -> usize {
        self.paths.capacity() * size_of::<(Ts, PathId)>()
            + self.texts.capacity() * size_of::<(PathId, TextKind)>()
            + self.dropped.capacity() * size_of::<(Ts, PathId, Option<Family>)>()
            + (self.free_paths.capacity() + self.free_families.capacity()) * 4
    }
}

impl Node {
    fn is_idle(&self) -> bool {
        self.n_rows.iter().flatten().all(|n| *n == 0)
    }

    /// A node of no path.
    pub(super) fn vacant() -> Self {
        Self {
            parent: None,
            ordinal: NONE,
            family: SECTION,
            extends: None,
            next_alike: NONE,
            children: Children::default(),
            fragment: Box::default(),
            n_rows: [[0; 8]; 2],
            idle_since: Ts::default(),
            gone_texts: 0,
        }
    }
}

impl Catalog {
    /// Says at which timestamp the writes to come are made; they never go back.
    pub(crate) fn set_now(&mut self, ts: Ts) {
        self.idle.now = self.idle.now.max(ts);
    }

    /// The newest timestamp at which anything may have been written.
    pub(crate) fn now(&self) -> Ts {
        self.idle.now
    }

    /// Cells that became undefined or of another kind, ever.
    pub(crate) fn n_gone(&self) -> u64 {
        self.idle.n_gone
    }

    /// Paths that may be dropped, and texts that may be forgotten, once it is looked at them.
    pub(crate) fn n_waiting(&self) -> usize {
        self.idle.paths.len() + self.idle.texts.len()
    }

    /// Notes that a cell of kind `old` went, perhaps the last of its collection.
    #[inline]
    pub(super) fn note_gone(&mut self, path: PathId, old: Kind, is_last: bool) {
        self.idle.n_gone += 1;
        if is_last {
            self.note_last(path, old);
        }
    }

    #[cold]
    fn note_last(&mut self, path: PathId, old: Kind) {
        let now = self.idle.now;
        let node = &mut self.nodes[path.0 as usize];
        for kind in TextKind::ALL.into_iter().filter(|kind| kind.kind() == old) {
            let is_gone = node.n_rows.iter().all(|n_rows| n_rows[old as usize] == 0);
            if is_gone && node.gone_texts & 1 << kind as u8 == 0 {
                node.gone_texts |= 1 << kind as u8;
                self.idle.texts.push((path, kind));
            }
        }
        if node.is_idle() {
            node.idle_since = now;
            // Of those before it, one of this path and timestamp does as well.
            if self.idle.paths.back() != Some(&(now, path)) {
                self.idle.paths.push_back((now, path));
            }
        }
    }

    /// Notes a path just made, in case that no twin gets it.
    pub(super) fn note_new(&mut self, path: PathId) {
        let now = self.idle.now;
        self.nodes[path.0 as usize].idle_since = now;
        self.idle.paths.push_back((now, path));
    }

    /// A path that had lost its last text of a kind, and whether that is still so.
    pub(crate) fn next_gone_texts(&mut self) -> Option<(PathId, TextKind, bool)> {
        let (path, kind) = self.idle.texts.pop()?;
        let node = self.nodes.get_mut(path.0 as usize)?;
        node.gone_texts &= !(1 << kind as u8);
        let is_gone = node.n_rows.iter().all(|n_rows| n_rows[kind.kind() as usize] == 0);
        Some((path, kind, is_gone && node.ordinal != NONE))
    }

    /// A path that no twin has, none had in any version from `oldest` on, and that has nothing
    /// below it. It is to be dropped.
    pub(crate) fn next_idle(&mut self, oldest: Ts) -> Option<PathId> {
        while let Some((ts, path)) = self.idle.paths.pop_front_if(|entry| entry.0 <= oldest) {
            let is_of_now = |node: &&Node| node.ordinal != NONE && node.idle_since == ts;
            let node = self.nodes.get(path.0 as usize).filter(is_of_now);
            // A parent comes again with the last of its children.
            if node.is_some_and(|node| node.is_idle() && node.children.len() == 0)
                && path.0 > MODULE_ID.0
            {
                return Some(path);
            }
        }
        None
    }

    /// Drops an idle path; gives its family if that is gone with it.
    pub(crate) fn drop_path(&mut self, path: PathId) -> Option<Family> {
        self.mark += 1;
        self.n_dropped += 1;
        let hash = self.hash_of_path(path);
        if let Ok(entry) = self.by_key.find_entry(hash, |id| *id == path.0) {
            entry.remove();
        }
        let gone_family = self.leave_family(path);
        let Node { parent, ordinal, .. } = self.nodes[path.0 as usize];
        self.nodes[path.0 as usize] = Node::vacant();
        let siblings = self.children_mut(parent);
        siblings.entries[ordinal as usize] = (Box::default(), PathId(NONE));
        siblings.n_dropped += 1;
        if siblings.n_dropped as usize * DROPPED_PART >= siblings.entries.len() {
            self.close_ranks(parent);
        }
        self.idle.dropped.push_back((self.idle.now, path, gone_family));
        self.requeue(parent);
        gone_family
    }

    /// Takes a path out of its family, which is gone with its last path.
    fn leave_family(&mut self, path: PathId) -> Option<Family> {
        let Node { family, next_alike, .. } = self.nodes[path.0 as usize];
        let is_alone = self.heads[family.0 as usize] == path.0 && next_alike == NONE;
        if is_alone && self.extended_family(path).is_some() {
            let hash = self.hash_of_family(family);
            if let Ok(entry) = self.families.find_entry(hash, |other| *other == family.0) {
                entry.remove();
            }
        }
        let before = self.paths_of(family).find(|at| self.node(*at).next_alike == path.0);
        match before {
            Some(before) => self.nodes[before.0 as usize].next_alike = next_alike,
            None => self.heads[family.0 as usize] = next_alike,
        }
        is_alone.then_some(family)
    }

    /// Writes the list of children anew without those that were dropped.
    fn close_ranks(&mut self, parent: Option<PathId>) {
        let mut children = std::mem::take(self.children_mut(parent));
        children.entries.retain(|entry| entry.1.0 != NONE);
        children.n_dropped = 0;
        if children.entries.len() * 2 <= children.entries.capacity() {
            children.entries.shrink_to_fit();
        }
        for (ordinal, (_, path)) in (0..).zip(&children.entries) {
            self.nodes[path.0 as usize].ordinal = ordinal;
        }
        *self.children_mut(parent) = children;
    }

    /// Looks at a path once more, which lost a child.
    fn requeue(&mut self, path: Option<PathId>) {
        let Some(path) = path else { return };
        let node = self.node(path);
        if node.children.len() == 0 && node.is_idle() {
            self.idle.paths.push_front((node.idle_since, path));
        }
    }

    /// Frees the ids that were dropped before `oldest`; true if ids at the end are gone by it.
    pub(crate) fn free_dropped(&mut self, oldest: Ts) -> bool {
        while let Some((_, path, family)) = self.idle.dropped.pop_front_if(|d| d.0 < oldest) {
            self.idle.free_paths.push(Reverse(path.0));
            self.idle.free_families.extend(family.map(|family| Reverse(family.0)));
        }
        self.idle.dropped.is_empty() && self.cut_ends()
    }

    /// Cuts ids off the end that are of nothing, none of which waits for its readers; false if
    /// there is none.
    fn cut_ends(&mut self) -> bool {
        let n_before = (self.nodes.len(), self.heads.len());
        let n_paths = self.nodes.iter().rposition(|node| node.ordinal != NONE).map_or(0, |p| p + 1);
        let n_families = self.heads.iter().rposition(|head| *head != NONE).map_or(0, |f| f + 1);
        if n_paths < self.nodes.len() {
            self.nodes.truncate(n_paths);
            self.idle.free_paths.retain(|id| (id.0 as usize) < n_paths);
        }
        let n_families = n_families.max(SECTION.0 as usize + 1);
        if n_families < self.heads.len() {
            self.heads.truncate(n_families);
            self.idle.free_families.retain(|id| (id.0 as usize) < n_families);
        }
        n_before != (self.nodes.len(), self.heads.len())
    }

    /// Gives back memory that tables grew to when there were more paths.
    pub(crate) fn shrink(&mut self) {
        shrink_vec(&mut self.nodes);
        shrink_vec(&mut self.heads);
        let idle = &mut self.idle;
        if is_roomy(idle.paths.len(), idle.paths.capacity()) {
            idle.paths.shrink_to(idle.paths.len() * 2);
        }
        if is_roomy(idle.dropped.len(), idle.dropped.capacity()) {
            idle.dropped.shrink_to(idle.dropped.len() * 2);
        }
        shrink_vec(&mut idle.texts);
        for heap in [&mut idle.free_paths, &mut idle.free_families] {
            if is_roomy(heap.len(), heap.capacity()) {
                heap.shrink_to(heap.len() * 2);
            }
        }
        if is_roomy(self.by_key.len(), self.by_key.capacity()) {
            let mut by_key = std::mem::take(&mut self.by_key);
            by_key.shrink_to_fit(|id| self.hash_of_path(PathId(*id)));
            self.by_key = by_key;
        }
        if is_roomy(self.families.len(), self.families.capacity()) {
            let mut families = std::mem::take(&mut self.families);
            families.shrink_to_fit(|family| self.hash_of_family(Family(*family)));
            self.families = families;
        }
    }

    /// The lowest id that is free.
    pub(super) fn free_path(&mut self) -> PathId {
        let free = self.idle.free_paths.pop();
        PathId(free.map_or(self.nodes.len() as u32, |id| id.0))
    }

    /// The lowest family that is free.
    pub(super) fn free_family(&mut self) -> Family {
        if let Some(Reverse(family)) = self.idle.free_families.pop() {
            return Family(family);
        }
        self.heads.push(NONE);
        Family(self.heads.len() as u32 - 1)
    }

    /// Families have numbers below it.
    pub(crate) fn n_families(&self) -> usize {
        self.heads.len()
    }

    /// The first difference between the tables and the tree.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let n_paths = self.paths().count();
        if self.by_key.len() != n_paths {
            return Err(format!("{} paths by key, {n_paths} found", self.by_key.len()));
        }
        for path in self.paths() {
            let keys = self.keys(path);
            if self.path(&keys) != Some(path) {
                return Err(format!("{path:?} is not found at {keys:?}"));
            }
            if !self.paths_of(self.family(path)).any(|other| other == path) {
                return Err(format!("{path:?} is not in its family"));
            }
        }
        Ok(())
    }
}

/// Whether a table has far more places than entries.
pub(crate) fn is_roomy(len: usize, capacity: usize) -> bool {
    // A hash table that has just grown has two places for each entry.
    capacity > ROOMY_MIN && capacity * 2 > len * 5
}

/// Gives back memory if there is far more than needed.
pub(crate) fn shrink_vec<T>(vec: &mut Vec<T>) {
    if is_roomy(vec.len(), vec.capacity()) {
        vec.shrink_to(vec.len() + vec.len() / 4);
    }
}
