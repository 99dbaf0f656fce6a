//! The paths that a reader has met, as a tree of keys: documents of a fleet are alike, so nearly
//! every key is where the document before had it.
//!
//! A key is compared with the one that followed last time, and is hashed only if it is another. So
//! a duplicate is noticed by one number a key, where a set of fingerprints takes a hash and a
//! probe; and who writes many documents finds the path of a key by the number of its step, without
//! looking at the key. A reader of one document keeps no tree: it would pay for what it never uses.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// No step.
const NONE: u32 = u32::MAX;
/// The root object.
const ROOT: u32 = 0;
/// Steps from which on the tree is planted anew before the next document: generated keys would
/// make it grow without end.
const STEPS_MAX: usize = 1 << 16;
/// Bytes of keys from which on it is, too: a key may be as long as a document.
const KEY_BYTES_MAX: usize = 8 << 20;

/// One step of a path: a key below a parent. Its number is the place among all.
#[derive(Debug)]
struct Step {
    parent: u32,
    key: Box<str>,
    /// The steps that followed it in its object lately, the latest first.
    next: [u32; 2],
    /// The step that came first below it lately.
    first: u32,
    /// The document that had it last.
    seen: u32,
}

/// The tree of a reader's steps.
#[derive(Debug)]
pub(super) struct StepTree {
    steps: Vec<Step>,
    by_key: HashTable<u32>,
    key_bytes: usize,
    hasher: RandomState,
    name: StepsName,
    /// Number of the document that is read.
    document: u32,
}

/// By which tree steps are numbered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepsName {
    /// The reader, as its maker numbered it.
    pub reader: u32,
    /// How often it began a new tree.
    pub planting: u32,
}

/// Where reading stands within an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    object: u32,
    last: u32,
}

impl At {
    /// The step of the object.
    pub(super) fn object(self) -> u32 {
        self.object
    }

    /// Before the first key of the root object.
    pub(super) const START: Self = Self::in_object(ROOT);

    /// Before the first key of an object.
    pub(super) const fn in_object(step: u32) -> Self {
        Self { object: step, last: NONE }
    }
}

impl StepTree {
    pub(super) fn new(reader: u32) -> Self {
        let mut tree = Self {
            steps: Vec::new(),
            by_key: HashTable::new(),
            key_bytes: 0,
            hasher: RandomState::default(),
            name: StepsName { reader, planting: 0 },
            document: 0,
        };
        tree.add(NONE, "");
        tree
    }

    /// Begins a document; says by which tree its steps are numbered.
    pub(super) fn begin(&mut self) -> StepsName {
        let is_large = self.steps.len() > STEPS_MAX || self.key_bytes > KEY_BYTES_MAX;
        if is_large || self.document == u32::MAX {
            let planting = self.name.planting.wrapping_add(1);
            *self = Self::new(self.name.reader);
            self.name.planting = planting;
        }
        self.document += 1;
        self.name
    }

    /// The step of the next key of an object, and whether the document had it before.
    pub(super) fn step(&mut self, at: &mut At, key: &str) -> (u32, bool) {
        let step = match self.guess(*at, key) {
            Some(step) => step,
            None => self.look_up(*at, key),
        };
        at.last = step;
        let known = &mut self.steps[step as usize];
        (step, std::mem::replace(&mut known.seen, self.document) == self.document)
    }

    /// The step that came here lately, if its key is this one.
    fn guess(&self, at: At, key: &str) -> Option<u32> {
        let is_it = |step: &u32| self.steps.get(*step as usize).is_some_and(|s| *s.key == *key);
        if at.last == NONE {
            return Some(self.steps[at.object as usize].first).filter(is_it);
        }
        self.steps[at.last as usize].next.into_iter().find(is_it)
    }

    /// The step by its hash, made if there is none; it is guessed next time.
    fn look_up(&mut self, at: At, key: &str) -> u32 {
        let hash = hash(&self.hasher, at.object, key);
        let found = self.by_key.find(hash, |step| {
            let known = &self.steps[*step as usize];
            known.parent == at.object && *known.key == *key
        });
        let step = match found {
            Some(step) => *step,
            None => self.add(at.object, key),
        };
        match at.last {
            NONE => self.steps[at.object as usize].first = step,
            last => {
                let next = &mut self.steps[last as usize].next;
                *next = [step, next[0]];
            }
        }
        step
    }

    fn add(&mut self, parent: u32, key: &str) -> u32 {
        // A document is too short for as many keys as there are numbers.
        let step = self.steps.len() as u32;
        let known = Step { parent, key: key.into(), next: [NONE; 2], first: NONE, seen: 0 };
        self.steps.push(known);
        self.key_bytes += key.len();
        let (steps, hasher) = (&self.steps, &self.hasher);
        self.by_key.insert_unique(hash(hasher, parent, key), step, |step| {
            let known = &steps[*step as usize];
            hash(hasher, known.parent, &known.key)
        });
        step
    }
}

fn hash(hasher: &RandomState, parent: u32, key: &str) -> u64 {
    hasher.hash_one((parent, key))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::{prop, prop_assert_eq, proptest};

    use super::{At, KEY_BYTES_MAX, STEPS_MAX, StepTree};

    proptest! {
        /// A key below a step has one number, whatever came before it, and no other key has it.
        #[test]
        fn steps_are_paths(
            documents in prop::collection::vec(prop::collection::vec((0u8..6, 0u8..3), 0..30), 1..8),
        ) {
            let mut tree = StepTree::new(7);
            let (mut by_path, mut by_step) = (HashMap::new(), HashMap::new());
            for document in documents {
                let name = tree.begin();
                prop_assert_eq!((name.reader, name.planting), (7, 0));
                let mut open = vec![(At::START, String::new())];
                let mut met = HashMap::new();
                for (key, leaves) in document {
                    let (at, path) = open.last_mut().unwrap();
                    let path = format!("{path}.{key}");
                    let (step, is_repeated) = tree.step(at, &key.to_string());
                    prop_assert_eq!(is_repeated, met.insert(path.clone(), ()).is_some());
                    prop_assert_eq!(*by_path.entry(path.clone()).or_insert(step), step);
                    prop_assert_eq!(by_step.entry(step).or_insert(path.clone()), &path);
                    match leaves {
                        0 => open.push((At::in_object(step), path)),
                        1 if open.len() > 1 => drop(open.pop()),
                        _ => (),
                    }
                }
            }
        }
    }

    #[test]
    fn a_tree_that_has_grown_large_is_planted_anew() {
        let mut tree = StepTree::new(0);
        let before = tree.begin();
        let mut at = At::START;
        for n in 0..=STEPS_MAX {
            tree.step(&mut at, &n.to_string());
        }
        let after = tree.begin();
        assert_ne!(before, after);
        assert_eq!(tree.step(&mut At::START.clone(), "0"), (1, false));
    }

    #[test]
    fn a_tree_of_long_keys_is_planted_anew() {
        let mut tree = StepTree::new(0);
        let before = tree.begin();
        for n in 0..8 {
            assert_eq!(tree.begin(), before);
            tree.step(&mut At::START.clone(), &format!("{n}{}", "x".repeat(KEY_BYTES_MAX / 8)));
        }
        assert_ne!(tree.begin(), before);
    }
}
