//! Distinct texts of a family of paths, numbered in the order they were met.
//!
//! Append-only, so a code once written into a lane stays right; not sorted, so a new text never
//! renumbers the others. The text lies once, in the arena; the hash table holds codes alone.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Distinct texts by code.
#[derive(Debug)]
pub(crate) struct Dictionary {
    arena: String,
    /// Where each text begins, and where the last one ends.
    offsets: Vec<u32>,
    by_text: HashTable<u32>,
    hasher: RandomState,
    /// Raised when the dictionary is emptied, so that nobody takes an old code for a new one.
    generation: u32,
    /// Paths that have written codes of it.
    pub(crate) n_users: u32,
}

/// What [`Dictionary::intern`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interned {
    /// The text had this code.
    Known(u32),
    /// The text was new and has this code now.
    New(u32),
    /// The text is new and the arena is full (4 GiB).
    NoRoom,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self {
            arena: String::new(),
            offsets: vec![0],
            by_text: HashTable::new(),
            hasher: RandomState::default(),
            generation: 0,
            n_users: 0,
        }
    }
}

impl Dictionary {
    /// Number of texts; codes are below it.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Which filling of the dictionary this is.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// The text of a code.
    pub(crate) fn text(&self, code: u32) -> &str {
        text_at(&self.arena, &self.offsets, code)
    }

    /// The code of a text.
    pub(crate) fn code(&self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        let found = self.by_text.find(hash, |code| self.text(*code) == text);
        found.copied()
    }

    /// The code of a text, which is added if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Interned {
        let (arena, offsets, hasher) = (&mut self.arena, &mut self.offsets, &self.hasher);
        let entry = self.by_text.entry(
            hasher.hash_one(text),
            |code| text_at(arena, offsets, *code) == text,
            |code| hasher.hash_one(text_at(arena, offsets, *code)),
        );
        match entry {
            Entry::Occupied(code) => Interned::Known(*code.get()),
            Entry::Vacant(place) => {
                let Ok(end) = u32::try_from(arena.len() + text.len()) else {
                    return Interned::NoRoom;
                };
                let code = (offsets.len() - 1) as u32;
                arena.push_str(text);
                offsets.push(end);
                place.insert(code);
                Interned::New(code)
            }
        }
    }

    /// Forgets every text and gives the memory back.
    pub(crate) fn empty(&mut self) {
        *self = Self { generation: self.generation + 1, n_users: self.n_users, ..Self::default() };
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.arena.capacity() + self.offsets.capacity() * 4 + self.by_text.capacity() * 5
    }
}

fn text_at<'a>(arena: &'a str, offsets: &[u32], code: u32) -> &'a str {
    let code = code as usize;
    &arena[offsets[code] as usize..offsets[code + 1] as usize]
}

#[cfg(test)]
mod tests {
    use super::{Dictionary, Interned};

    #[test]
    fn texts_have_one_code_each_and_come_back() {
        let mut dictionary = Dictionary::default();
        assert_eq!(dictionary.intern("b"), Interned::New(0));
        assert_eq!(dictionary.intern(""), Interned::New(1));
        assert_eq!(dictionary.intern("b"), Interned::Known(0));
        for n in 0..1_000 {
            dictionary.intern(&format!("text {n}"));
        }
        assert_eq!(dictionary.len(), 1_002);
        assert_eq!(dictionary.text(1), "");
        let code = dictionary.code("text 77").expect("interned");
        assert_eq!(dictionary.text(code), "text 77");
        assert_eq!(dictionary.code("text"), None);
    }

    #[test]
    fn emptying_raises_the_generation() {
        let mut dictionary = Dictionary::default();
        dictionary.intern("x");
        dictionary.empty();
        assert_eq!((dictionary.len(), dictionary.generation()), (0, 1));
        assert_eq!(dictionary.intern("y"), Interned::New(0));
    }
}
