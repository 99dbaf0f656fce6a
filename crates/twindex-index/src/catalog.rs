//! Every path that a twin has or had: a trie from keys to [`PathId`].
//!
//! One hash table over `(parent, key)` serves all nodes, so a parent with a million children costs
//! no more to extend than one with three; keys lie once, in the child list of their parent. A map
//! in every node was rejected: most nodes are leaves. What no twin has any more is dropped, see
//! [`idle`].

mod idle;
mod image;

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::{Collection, PathId};
use twindex_model::value::write_json_string;
use twindex_planted::{Fault, planted};

use crate::snapshot::Ts;
use idle::Idle;
pub(crate) use idle::{is_roomy, shrink_vec};

/// The path of `deviceId`, there from the start.
pub(crate) const DEVICE_ID: PathId = PathId(0);
/// The path of `moduleId`, there from the start.
pub(crate) const MODULE_ID: PathId = PathId(1);

/// No path.
const NONE: u32 = u32::MAX;

/// The catalogue. A path keeps its id while a twin or a reader may have it.
#[derive(Debug)]
pub struct Catalog {
    nodes: Vec<Node>,
    roots: Children,
    /// Path ids by the hash of parent and key.
    by_key: HashTable<u32>,
    /// Families below a section, by the hash of the parent's family and key.
    families: HashTable<u32>,
    /// First path of each family; [`NONE`] for a family that is free.
    heads: Vec<u32>,
    idle: Idle,
    /// Paths that no log holds yet, where one is kept.
    unlogged: Option<Vec<PathId>>,
    /// Grows with every path that comes or goes.
    mark: u64,
    /// Paths dropped, ever.
    n_dropped: u64,
    hasher: RandomState,
}

/// Paths that are the same below `tags`, `properties.desired` and `properties.reported` are of one
/// family and share their dictionaries; any other path is a family of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Family(pub(crate) u32);

/// The family that the three sections themselves stand for, as parents.
const SECTION: Family = Family(0);

#[derive(Debug)]
struct Node {
    parent: Option<PathId>,
    /// Place among the children of the parent; [`NONE`] in a node that is of no path.
    ordinal: u32,
    family: Family,
    /// What the families of the children extend; `None` outside the sections.
    extends: Option<Family>,
    /// Next path of the family, of which there are at most three.
    next_alike: u32,
    children: Children,
    /// `"key":`, escaped.
    fragment: Box<str>,
    /// Invariant: live twins by collection and kind, in step with the lanes after every write.
    n_rows: [[u32; 8]; 2],
    /// When the last twin lost the path, if none has it.
    idle_since: Ts,
    /// Kinds of text whose last value went, which was not looked at yet: a bit each.
    gone_texts: u8,
}

/// What lies below a path.
#[derive(Debug, Default)]
struct Children {
    /// In the order they were met; of a dropped one an empty key is left and no path.
    entries: Vec<(Box<str>, PathId)>,
    n_dropped: u32,
}

impl Children {
    fn iter(&self) -> impl Iterator<Item = &(Box<str>, PathId)> {
        self.entries.iter().filter(|entry| entry.1.0 != NONE)
    }

    fn len(&self) -> usize {
        self.entries.len() - self.n_dropped as usize
    }
}

impl Default for Catalog {
    fn default() -> Self {
        let mut catalog = Self {
            nodes: Vec::new(),
            roots: Children::default(),
            by_key: HashTable::new(),
            families: HashTable::new(),
            heads: vec![NONE; SECTION.0 as usize + 1],
            idle: Idle::default(),
            unlogged: None,
            mark: 0,
            n_dropped: 0,
            hasher: RandomState::default(),
        };
        catalog.child_or_new(None, "deviceId", 0);
        catalog.child_or_new(None, "moduleId", 1);
        catalog
    }
}

impl Catalog {
    /// The path of `keys` from the root of a twin. A path known here may have no twin any more.
    #[must_use]
    pub fn path(&self, keys: &[&str]) -> Option<PathId> {
        let mut path = None;
        for key in keys {
            path = Some(self.child(path, key)?);
        }
        path
    }

    /// The child of `parent` (of the root for `None`) at `key`.
    #[must_use]
    pub fn child(&self, parent: Option<PathId>, key: &str) -> Option<PathId> {
        let found = self.by_key.find(self.hash(parent.map(|p| p.0), key), |id| {
            let node = &self.nodes[*id as usize];
            node.parent == parent && self.key(PathId(*id)) == key
        });
        found.map(|id| PathId(*id))
    }

    /// The keys of `path` from the root.
    #[must_use]
    pub fn keys(&self, path: PathId) -> Vec<&str> {
        let mut keys: Vec<_> = std::iter::successors(Some(path), |path| self.parent(*path))
            .map(|path| self.key(path))
            .collect();
        keys.reverse();
        keys
    }

    /// The last key of `path`; empty if it was dropped.
    #[must_use]
    pub fn key(&self, path: PathId) -> &str {
        let node = self.node(path);
        let entry = self.below(node.parent).entries.get(node.ordinal as usize);
        entry.map_or("", |entry| &entry.0)
    }

    /// The path that `path` is a child of; `None` below the root.
    #[must_use]
    pub fn parent(&self, path: PathId) -> Option<PathId> {
        self.node(path).parent
    }

    /// The children of `path` (of the root for `None`), in the order they were met.
    pub fn children(&self, path: Option<PathId>) -> impl Iterator<Item = &(Box<str>, PathId)> {
        self.below(path).iter()
    }

    /// Number of children of `path` (of the root for `None`).
    #[must_use]
    pub fn n_children(&self, path: Option<PathId>) -> usize {
        self.below(path).len()
    }

    /// Places of children below `path`, a few of dropped ones among them.
    pub(crate) fn n_entries(&self, path: Option<PathId>) -> usize {
        self.below(path).entries.len()
    }

    /// The child of `path` at a place.
    pub(crate) fn entry(&self, path: Option<PathId>, place: usize) -> Option<PathId> {
        let (_, child) = self.below(path).entries.get(place)?;
        (child.0 != NONE).then_some(*child)
    }

    fn below(&self, path: Option<PathId>) -> &Children {
        match path {
            Some(path) => &self.node(path).children,
            None => &self.roots,
        }
    }

    /// Live twins of `collection` whose cell at `path` is of `kind` (not for undefined).
    #[must_use]
    pub fn n_rows(&self, collection: Collection, path: PathId, kind: Kind) -> u32 {
        self.node(path).n_rows[collection as usize][kind as usize]
    }

    /// The kinds with `n_rows > 0`.
    #[must_use]
    pub fn kinds(&self, collection: Collection, path: PathId) -> KindSet {
        let n_rows = &self.node(path).n_rows[collection as usize];
        let met = Kind::ALL.into_iter().filter(|kind| n_rows[*kind as usize] > 0);
        met.fold(KindSet::NONE, KindSet::with)
    }

    /// Paths dropped, ever: while it stays, a path that was found stays what it is.
    pub(crate) fn n_dropped(&self) -> u64 {
        self.n_dropped
    }

    /// Every path has an id below it; few ids below it are of no path.
    #[must_use]
    pub fn n_paths(&self) -> usize {
        self.nodes.len()
    }

    /// Every path, by ascending id.
    pub fn paths(&self) -> impl Iterator<Item = PathId> {
        let nodes = self.nodes.iter().enumerate();
        nodes.filter(|(_, node)| node.ordinal != NONE).map(|(id, _)| PathId(id as u32))
    }

    /// The child of `parent` at `key`, made if there is none. `guess` is the ordinal it probably
    /// has: documents repeat the order of their keys, so the hash is seldom needed.
    pub(crate) fn child_or_new(&mut self, parent: Option<PathId>, key: &str, guess: u32) -> PathId {
        match self.child_near(parent, key, guess) {
            Some(path) => path,
            None => self.add(parent, key),
        }
    }

    /// The child of `parent` at `key`, with the same guess.
    pub(crate) fn child_near(
        &self,
        parent: Option<PathId>,
        key: &str,
        guess: u32,
    ) -> Option<PathId> {
        if let Some((guessed, path)) = self.below(parent).entries.get(guess as usize)
            && **guessed == *key
            && path.0 != NONE
        {
            return Some(*path);
        }
        self.child(parent, key)
    }

    fn add(&mut self, parent: Option<PathId>, key: &str) -> PathId {
        let path = self.free_path();
        self.add_at(path, parent, key);
        if let Some(unlogged) = &mut self.unlogged {
            unlogged.push(path);
        }
        path
    }

    /// Makes a path with an id that is free.
    fn add_at(&mut self, path: PathId, parent: Option<PathId>, key: &str) {
        self.mark += 1;
        let (family, extends) = self.family_of_new(parent, key);
        let siblings = &mut self.children_mut(parent).entries;
        let ordinal = siblings.len() as u32;
        siblings.push((key.into(), path));
        let mut fragment = String::new();
        write_json_string(&mut fragment, key);
        fragment.push(':');
        let head = &mut self.heads[family.0 as usize];
        let next_alike = std::mem::replace(head, path.0);
        let node = Node {
            parent,
            ordinal,
            family,
            extends,
            next_alike,
            children: Children::default(),
            fragment: fragment.into(),
            n_rows: [[0; 8]; 2],
            idle_since: Ts::default(),
            gone_texts: 0,
        };
        match self.nodes.get_mut(path.0 as usize) {
            Some(free) => *free = node,
            None => self.nodes.push(node),
        }
        self.note_new(path);
        self.enter_hash(path, key);
        if let Some(extended) = self.extended_family(path)
            && next_alike == NONE
        {
            self.enter_family(family, (extended, key));
        }
    }

    fn children_mut(&mut self, path: Option<PathId>) -> &mut Children {
        match path {
            Some(path) => &mut self.nodes[path.0 as usize].children,
            None => &mut self.roots,
        }
    }

    fn enter_hash(&mut self, path: PathId, key: &str) {
        let hash = self.hash(self.parent(path).map(|p| p.0), key);
        let mut by_key = std::mem::take(&mut self.by_key);
        by_key.insert_unique(hash, path.0, |id| self.hash_of_path(PathId(*id)));
        self.by_key = by_key;
    }

    /// Family of a path that is about to be made, and what its children's families extend.
    fn family_of_new(&mut self, parent: Option<PathId>, key: &str) -> (Family, Option<Family>) {
        let Some(extended) = parent.and_then(|parent| self.node(parent).extends) else {
            let extends = self.is_section(parent, key).then_some(SECTION);
            return (self.free_family(), extends);
        };
        let found = self.families.find(self.hash(Some(extended.0), key), |family| {
            let head = PathId(self.heads[*family as usize]);
            self.extended_family(head) == Some(extended) && self.key(head) == key
        });
        let family = match found {
            Some(family) => Family(*family),
            None => self.free_family(),
        };
        (family, Some(family))
    }

    /// Makes a family known by what it extends and its key.
    fn enter_family(&mut self, family: Family, (extended, key): (Family, &str)) {
        let hash = self.hash(Some(extended.0), key);
        let mut families = std::mem::take(&mut self.families);
        families.insert_unique(hash, family.0, |family| self.hash_of_family(Family(*family)));
        self.families = families;
    }

    fn hash_of_family(&self, family: Family) -> u64 {
        let head = PathId(self.heads[family.0 as usize]);
        self.hash(self.extended_family(head).map(|family| family.0), self.key(head))
    }

    fn hash_of_path(&self, path: PathId) -> u64 {
        self.hash(self.parent(path).map(|parent| parent.0), self.key(path))
    }

    /// The paths of a family.
    pub(crate) fn paths_of(&self, family: Family) -> impl Iterator<Item = PathId> {
        let path = |id: u32| (id != NONE).then_some(PathId(id));
        let head = self.heads.get(family.0 as usize).copied().and_then(path);
        std::iter::successors(head, move |at| path(self.node(*at).next_alike))
    }

    fn extended_family(&self, path: PathId) -> Option<Family> {
        self.node(path).parent.and_then(|parent| self.node(parent).extends)
    }

    fn is_section(&self, parent: Option<PathId>, key: &str) -> bool {
        match parent {
            None => key == "tags",
            Some(parent) => {
                let is_properties =
                    self.parent(parent).is_none() && self.key(parent) == "properties";
                is_properties && matches!(key, "desired" | "reported")
            }
        }
    }

    /// Place of `path` among its siblings.
    pub(crate) fn ordinal(&self, path: PathId) -> u32 {
        self.node(path).ordinal
    }

    /// The family of `path`.
    pub(crate) fn family(&self, path: PathId) -> Family {
        self.node(path).family
    }

    /// `"key":` of the last key of `path`, escaped.
    pub(crate) fn fragment(&self, path: PathId) -> &str {
        &self.node(path).fragment
    }

    /// Live twins of both collections whose cell at `path` is of `kind`.
    pub(crate) fn n_rows_of_both(&self, path: PathId, kind: Kind) -> u64 {
        let n_rows = &self.node(path).n_rows;
        u64::from(n_rows[0][kind as usize]) + u64::from(n_rows[1][kind as usize])
    }

    /// Notes that so many twins got a cell of a kind at `path`, where they had none.
    pub(crate) fn count_new(
        &mut self,
        (collection, path): (Collection, PathId),
        kind: Kind,
        n: u32,
    ) {
        let n_rows = &mut self.nodes[path.0 as usize].n_rows[collection as usize];
        n_rows[kind as usize] = n_rows[kind as usize].wrapping_add(n);
    }

    /// Notes that one twin's cell at `path` was of kind `old` and is now of kind `new`.
    #[inline]
    pub(crate) fn recount(&mut self, collection: Collection, path: PathId, change: (Kind, Kind)) {
        let (old, new) = change;
        if old != new {
            let n_rows = &mut self.nodes[path.0 as usize].n_rows[collection as usize];
            n_rows[old as usize] =
                n_rows[old as usize].wrapping_sub(u32::from(!planted(Fault::TotalKept)));
            n_rows[new as usize] = n_rows[new as usize].wrapping_add(1);
            n_rows[Kind::Undefined as usize] = 0;
            if old != Kind::Undefined {
                let is_last = n_rows[old as usize] == 0;
                self.note_gone(path, old, is_last);
            }
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let entry = size_of::<(Box<str>, PathId)>();
        let keys: usize = self.nodes.iter().map(|node| node.fragment.len() * 2).sum();
        let of = |node: &Node| node.children.entries.capacity();
        let children: usize = self.nodes.iter().map(of).sum();
        let tables = (self.by_key.capacity() + self.families.capacity()) * 8 / 7 * 5;
        self.nodes.capacity() * size_of::<Node>()
            + (children + self.roots.entries.capacity()) * entry
            + self.heads.capacity() * 4
            + self.idle.bytes()
            + keys
            + tables
    }

    fn node(&self, path: PathId) -> &Node {
        &self.nodes[path.0 as usize]
    }

    fn hash(&self, above: Option<u32>, key: &str) -> u64 {
        self.hasher.hash_one((above.unwrap_or(u32::MAX), key))
    }
}

#[cfg(test)]
mod tests {
    use super::{Catalog, DEVICE_ID};
    use twindex_model::kind::{Kind, KindSet};
    use twindex_model::path::{Collection, PathId};

    fn add(catalog: &mut Catalog, keys: &[&str]) -> PathId {
        let path = keys.iter().fold(None, |parent, key| Some(catalog.child_or_new(parent, key, 0)));
        path.expect("keys given")
    }

    #[test]
    fn a_path_is_found_by_its_keys_and_gives_them_back() {
        let mut catalog = Catalog::default();
        let deep = add(&mut catalog, &["tags", "a.b", "", "ü\"", "x"]);
        assert_eq!(catalog.path(&["tags", "a.b", "", "ü\"", "x"]), Some(deep));
        assert_eq!(catalog.keys(deep), ["tags", "a.b", "", "ü\"", "x"]);
        assert_eq!(catalog.path(&["tags", "a"]), None);
        assert_eq!(catalog.path(&["deviceId"]), Some(DEVICE_ID));
        assert_eq!(catalog.path(&[]), None);
        assert_eq!(catalog.fragment(catalog.parent(deep).expect("deep")), "\"ü\\\"\":");
        assert_eq!(
            add(&mut catalog, &["tags", "a.b"]),
            catalog.path(&["tags", "a.b"]).expect("met")
        );
    }

    #[test]
    fn sections_share_families_and_other_paths_do_not() {
        let mut catalog = Catalog::default();
        let tags = add(&mut catalog, &["tags", "fw", "x"]);
        let desired = add(&mut catalog, &["properties", "desired", "fw", "x"]);
        let reported = add(&mut catalog, &["properties", "reported", "fw", "x"]);
        let other = add(&mut catalog, &["properties", "other", "fw", "x"]);
        let outside = add(&mut catalog, &["fw", "x"]);
        assert_eq!(catalog.family(tags), catalog.family(desired));
        assert_eq!(catalog.family(tags), catalog.family(reported));
        assert_ne!(catalog.family(tags), catalog.family(other));
        assert_ne!(catalog.family(tags), catalog.family(outside));
        let nested = add(&mut catalog, &["tags", "tags", "x"]);
        assert_ne!(catalog.family(nested), catalog.family(tags));
    }

    #[test]
    fn a_hundred_thousand_children_are_each_found() {
        let mut catalog = Catalog::default();
        let tags = catalog.child_or_new(None, "tags", 0);
        for n in 0..100_000 {
            catalog.child_or_new(Some(tags), &format!("k{n}"), 0);
        }
        assert_eq!(catalog.n_children(Some(tags)), 100_000);
        let path = catalog.path(&["tags", "k73123"]).expect("made above");
        assert_eq!(catalog.key(path), "k73123");
    }

    #[test]
    fn counts_follow_the_kinds() {
        let mut catalog = Catalog::default();
        let devices = Collection::Devices;
        catalog.recount(devices, DEVICE_ID, (Kind::Undefined, Kind::String));
        catalog.recount(devices, DEVICE_ID, (Kind::Undefined, Kind::Null));
        catalog.recount(devices, DEVICE_ID, (Kind::Null, Kind::True));
        assert_eq!(catalog.n_rows(devices, DEVICE_ID, Kind::String), 1);
        assert_eq!(catalog.kinds(devices, DEVICE_ID), KindSet::of(&[Kind::String, Kind::True]));
        catalog.recount(devices, DEVICE_ID, (Kind::True, Kind::Undefined));
        assert_eq!(catalog.kinds(devices, DEVICE_ID), KindSet::of(&[Kind::String]));
        assert_eq!(catalog.kinds(Collection::Modules, DEVICE_ID), KindSet::NONE);
    }
}
