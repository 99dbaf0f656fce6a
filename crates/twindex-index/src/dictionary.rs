//! Distinct texts of a family of paths, numbered in the order they were met.
//!
//! Append-only, so a code once written into a lane stays right; not sorted, so a new text never
//! renumbers the others. The text lies once, in the arena; the hash table holds codes alone.
//!
//! Codes that no row has any more are found by a pass over the lanes: a count for each code would
//! cost every write two cache misses. When most are gone the rest is numbered anew.

mod image;

use std::hash::BuildHasher;
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use twindex_planted::{Fault, planted};

use crate::options::IndexOptions;

/// Distinct texts by code.
#[derive(Debug)]
pub(crate) struct Dictionary {
    arena: String,
    /// Where each text begins, and where the last one ends.
    offsets: Vec<u32>,
    by_text: HashTable<u32>,
    hasher: RandomState,
    /// No two fillings of any dictionary have the same, so that nobody takes an old code for a new
    /// one.
    generation: u32,
    /// The codes by ascending text, once asked for; texts that come void it.
    order: OnceLock<Box<[u32]>>,
    /// Codes that a pass has found in use, a bit each; the pass is done in steps.
    in_use: Option<Vec<u64>>,
    /// When the next pass is due.
    due: Due,
    /// Paths that have written codes of it.
    pub(crate) n_users: u32,
}

/// When it is worth looking for codes that no row has any more.
#[derive(Clone, Copy, Debug, Default)]
struct Due {
    /// So many texts.
    n_texts: usize,
    /// So many codes written since the last pass.
    n_writes: u64,
    /// Half of the most rows met since the last pass.
    n_rows: u64,
    n_written: u64,
    is_noted: bool,
}

/// Of so many texts one must be written before a pass is due once writes rest.
const REST_PART: u64 = 8;
/// Fewer texts than this may stay though no row has them.
const TEXTS_MIN: usize = 256;

/// More texts are not sorted: these take a millisecond.
const SORTED_MAX: usize = 4_096;

/// The same where even fewer are many for a path.
pub(crate) fn texts_min(options: &IndexOptions) -> usize {
    options.dictionary_values_min.min(TEXTS_MIN)
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

impl Dictionary {
    /// An empty dictionary.
    pub(crate) fn new(generation: u32) -> Self {
        Self {
            arena: String::new(),
            offsets: Vec::new(),
            by_text: HashTable::new(),
            hasher: RandomState::default(),
            generation,
            order: OnceLock::new(),
            in_use: None,
            due: Due { n_writes: u64::MAX, ..Due::default() },
            n_users: 0,
        }
    }

    /// Number of texts; codes are below it.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Bytes of a text, on average.
    pub(crate) fn mean_bytes(&self) -> u64 {
        (self.arena.len() / self.len().max(1)) as u64
    }

    /// Which filling of the dictionary this is.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// The text of a code.
    #[inline]
    pub(crate) fn text(&self, code: u32) -> &str {
        text_at(&self.arena, &self.offsets, code)
    }

    /// The codes by ascending text; `None` of so many that sorting them would hold a writer up.
    pub(crate) fn order(&self) -> Option<&[u32]> {
        let sorted = || {
            let mut codes: Box<[u32]> = (0..self.len() as u32).collect();
            codes.sort_unstable_by(|a, b| self.text(*a).cmp(self.text(*b)));
            codes
        };
        (self.len() <= SORTED_MAX).then(|| &**self.order.get_or_init(sorted))
    }

    /// The code of a text.
    pub(crate) fn code(&self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        let found = self.by_text.find(hash, |code| self.text(*code) == text);
        found.copied()
    }

    /// The code of a text, which is added if it is new. `guess` is a code that it may have.
    #[inline]
    pub(crate) fn intern_near(&mut self, text: &str, guess: u32) -> Interned {
        if (guess as usize) < self.len() && self.text(guess) == text {
            self.note_written(guess);
            return Interned::Known(guess);
        }
        self.intern(text)
    }

    /// Notes for a pass under way that a code is in use.
    #[inline]
    fn note_written(&mut self, code: u32) {
        if let Some(word) = self.in_use.as_mut().and_then(|w| w.get_mut(code as usize / 64))
            && !planted(Fault::CodeInUseDropped)
        {
            *word |= 1 << (code % 64);
        }
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
            Entry::Occupied(code) => {
                let code = *code.get();
                self.note_written(code);
                Interned::Known(code)
            }
            Entry::Vacant(place) => {
                let Ok(end) = u32::try_from(arena.len() + text.len()) else {
                    return Interned::NoRoom;
                };
                if offsets.is_empty() {
                    offsets.push(0);
                }
                let code = (offsets.len() - 1) as u32;
                arena.push_str(text);
                offsets.push(end);
                self.order = OnceLock::new();
                place.insert(code);
                Interned::New(code)
            }
        }
    }

    /// Forgets every text and gives the memory back.
    pub(crate) fn empty(&mut self, generation: u32) {
        *self = Self { n_users: self.n_users, ..Self::new(generation) };
    }

    /// Notes that a code was written; true if that makes a pass due.
    #[inline]
    pub(crate) fn note_write(&mut self, texts_min: usize) -> bool {
        self.due.n_written += 1;
        let is_due =
            self.len() > self.due.n_texts.max(texts_min) || self.due.n_written >= self.due.n_writes;
        is_due && !std::mem::replace(&mut self.due.is_noted, true)
    }

    /// Whether a pass is due now that writes rest.
    pub(crate) fn is_due_at_rest(&mut self, texts_min: usize) -> bool {
        let is_due = self.len() > texts_min && self.due.n_written * REST_PART > self.len() as u64;
        is_due && !std::mem::replace(&mut self.due.is_noted, true)
    }

    /// Whether a pass is due now that so many rows have codes.
    pub(crate) fn is_due(&mut self, n_rows: u64, texts_min: usize) -> bool {
        self.due.n_rows = self.due.n_rows.max(n_rows);
        let n_max = self.due.n_rows.max(self.len() as u64);
        let is_due = self.len() > texts_min && n_rows.saturating_mul(2) <= n_max;
        is_due && !std::mem::replace(&mut self.due.is_noted, true)
    }

    /// Begins a pass: until its end every code that is written is noted as in use.
    pub(crate) fn begin_pass(&mut self) {
        let mut in_use = vec![0; self.len().div_ceil(64)];
        if let Some(last) = in_use.last_mut()
            && !self.len().is_multiple_of(64)
        {
            *last = u64::MAX << (self.len() % 64);
        }
        self.in_use = Some(in_use);
    }

    /// Notes codes found in a lane.
    pub(crate) fn note_in_use(&mut self, codes: impl Iterator<Item = u32>) {
        let Some(in_use) = &mut self.in_use else { return };
        for code in codes {
            // Codes that came since the pass began are in use anyway.
            if let Some(word) = in_use.get_mut(code as usize / 64) {
                *word |= 1 << (code % 64);
            }
        }
    }

    /// Ends a pass, so many rows having codes. Gives the codes in use, and how many they are; all
    /// that came during the pass count as such.
    pub(crate) fn end_pass(&mut self, n_rows: u64) -> (Vec<u64>, usize) {
        let mut in_use = self.in_use.take().unwrap_or_default();
        in_use.resize(self.len().div_ceil(64), u64::MAX);
        let n_ones: usize = in_use.iter().map(|word| word.count_ones() as usize).sum();
        let n_in_use = n_ones - (in_use.len() * 64 - self.len());
        self.due = Due {
            n_texts: n_in_use * 2,
            n_writes: n_rows.max(n_in_use as u64 * 2).max(TEXTS_MIN as u64),
            n_rows,
            n_written: 0,
            is_noted: false,
        };
        (in_use, n_in_use)
    }

    /// Numbers the texts in use anew, in the order they had. Gives the new code of each old one.
    pub(crate) fn renumber(&mut self, in_use: &[u64], generation: u32) -> Vec<u32> {
        let mut kept = Self { n_users: self.n_users, due: self.due, ..Self::new(generation) };
        let codes = (0..self.len() as u32).map(|code| {
            let is_in_use = in_use[code as usize / 64] >> (code % 64) & 1 == 1;
            match is_in_use.then(|| kept.intern(self.text(code))) {
                Some(Interned::New(code) | Interned::Known(code)) => code,
                _ => 0,
            }
        });
        let codes = codes.collect();
        kept.arena.shrink_to_fit();
        kept.offsets.shrink_to_fit();
        *self = kept;
        codes
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let in_use = self.in_use.as_ref().map_or(0, Vec::capacity) * 8;
        let by_text = self.by_text.capacity() * 8 / 7 * 5;
        let order = self.order.get().map_or(0, |codes| codes.len() * 4);
        self.arena.capacity() + self.offsets.capacity() * 4 + by_text + in_use + order
    }

    /// Those of them in which nothing lies.
    pub(crate) fn slack_bytes(&self) -> usize {
        self.arena.capacity() - self.arena.len()
            + (self.offsets.capacity() - self.offsets.len()) * 4
            + (self.by_text.capacity() * 8 / 7 - self.by_text.len()) * 5
    }
}

#[inline]
fn text_at<'a>(arena: &'a str, offsets: &[u32], code: u32) -> &'a str {
    let code = code as usize;
    &arena[offsets[code] as usize..offsets[code + 1] as usize]
}

#[cfg(test)]
mod tests {
    use super::{Dictionary, Interned};

    #[test]
    fn texts_have_one_code_each_and_come_back() {
        let mut dictionary = Dictionary::new(0);
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
    fn the_order_of_texts_follows_what_comes() {
        let mut dictionary = Dictionary::new(0);
        let sorted = |dictionary: &Dictionary| -> Vec<String> {
            let codes = dictionary.order().expect("few texts").iter();
            codes.map(|code| dictionary.text(*code).to_owned()).collect()
        };
        ["b", "", "aa"].into_iter().for_each(|text| _ = dictionary.intern(text));
        assert_eq!(sorted(&dictionary), ["", "aa", "b"]);
        dictionary.intern("a");
        assert_eq!(sorted(&dictionary), ["", "a", "aa", "b"]);
        let _ = dictionary.renumber(&[0b1010], 1);
        assert_eq!(sorted(&dictionary), ["", "a"]);
        (0..super::SORTED_MAX).for_each(|n| _ = dictionary.intern(&n.to_string()));
        assert_eq!(dictionary.order(), None);
    }

    #[test]
    fn emptying_takes_another_generation() {
        let mut dictionary = Dictionary::new(0);
        dictionary.intern("x");
        dictionary.empty(1);
        assert_eq!((dictionary.len(), dictionary.generation()), (0, 1));
        assert_eq!(dictionary.intern("y"), Interned::New(0));
    }

    #[test]
    fn a_pass_keeps_what_is_in_use_and_what_came_meanwhile() {
        let mut dictionary = Dictionary::new(0);
        for n in 0..100 {
            dictionary.intern(&n.to_string());
        }
        dictionary.begin_pass();
        dictionary.note_in_use([3, 70, 3].into_iter());
        dictionary.intern("99");
        dictionary.intern("new");
        let (in_use, n_in_use) = dictionary.end_pass(10);
        assert_eq!((in_use[0], n_in_use), (1 << 3, 4));
        let codes = dictionary.renumber(&in_use, 7);
        assert_eq!(dictionary.generation(), 7);
        for text in ["3", "70", "99", "new"] {
            let old = if text == "new" { 100 } else { text.parse().expect("a number") };
            assert_eq!(dictionary.code(text), Some(codes[old]), "{text}");
        }
        assert_eq!((dictionary.len(), dictionary.code("98")), (4, None));
    }
}
