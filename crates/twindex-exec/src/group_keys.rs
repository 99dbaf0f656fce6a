//! One key of a grouped query: its values, numbered in the order they are met.
//!
//! Groups are told apart by numbers; values are kept once each, hashed once for each text of a
//! dictionary, and compared only when a page is put in order. What remembers the numbers of codes
//! goes by the filling of the dictionary, so it stays right when codes are given anew meanwhile.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use twindex_index::coded::{DictionaryCode, Found};
use twindex_model::cell::Cell;

use crate::error::ExecError;
use crate::key::Key;
use crate::key_list::KeyList;
use crate::key_ref::KeyRef;
use crate::places::Places;
use crate::stop::Stop;

/// No number yet.
const NONE: u32 = u32::MAX;

/// The values of one key.
#[derive(Debug)]
pub(crate) struct KeyColumn {
    keys: KeyList,
    /// Hashes by number, where these are asked for.
    hashes: Option<Vec<u64>>,
    lookup: Lookup,
    by_key: Places,
    hasher: RandomState,
    by_code: Vec<CodeTable>,
}

/// Whether equal values have one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// They have.
    Each,
    /// Nearly all differ, and who reads the values later looks for equal ones.
    Skipped,
}

/// Numbers by code of one filling of a dictionary.
#[derive(Debug)]
struct CodeTable {
    generation: u32,
    numbers: Vec<u32>,
}

impl Default for KeyColumn {
    /// No value yet. All columns of the process hash alike, so that what one has hashed another finds.
    fn default() -> Self {
        static STATE: OnceLock<RandomState> = OnceLock::new();
        Self {
            keys: KeyList::default(),
            hashes: None,
            lookup: Lookup::Each,
            by_key: Places::default(),
            hasher: STATE.get_or_init(RandomState::default).clone(),
            by_code: Vec::new(),
        }
    }
}

impl KeyColumn {
    /// Forgets all values and keeps the room they had.
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.by_key.clear();
        self.hashes.iter_mut().for_each(Vec::clear);
        self.by_code.iter_mut().for_each(|table| table.numbers.clear());
    }

    /// Keeps the hashes of values from now on, of which there is none yet.
    pub(crate) fn keep_hashes(&mut self) {
        self.hashes = Some(Vec::new());
    }

    /// The hashes of all values by number, where they are kept.
    pub(crate) fn hashes(&self) -> &[u64] {
        self.hashes.as_deref().unwrap_or_default()
    }

    /// Whether equal values have one number from now on.
    pub(crate) fn set_lookup(&mut self, lookup: Lookup) {
        self.lookup = lookup;
    }

    /// Whether they have.
    pub(crate) fn lookup(&self) -> Lookup {
        self.lookup
    }

    /// The value with a number.
    pub(crate) fn key(&self, number: u32) -> KeyRef<'_> {
        self.keys.get(number as usize)
    }

    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let tables = self.by_code.iter().map(|table| table.numbers.capacity());
        self.keys.heap_bytes()
            + self.by_key.heap_bytes()
            + size_of_val(self.hashes())
            + tables.sum::<usize>() * size_of::<u32>()
    }

    /// The values by number, without what finds them.
    pub(crate) fn into_keys(self) -> KeyList {
        self.keys
    }

    /// The number of a cell, which is no object.
    pub(crate) fn number_of(&mut self, found: &Found<'_>) -> u32 {
        let Some(code) = found.code else { return self.number_of_cell(&found.cell) };
        if let Some(number) = self.by_code(code).filter(|number| **number != NONE) {
            return *number;
        }
        let number = self.number_of_cell(&found.cell);
        let place = code.code as usize;
        if let Some(known) = self.by_code.iter_mut().find(|t| t.generation == code.generation) {
            if place >= known.numbers.len() {
                known.numbers.resize(place + 1, NONE);
            }
            known.numbers[place] = number;
        }
        number
    }

    fn by_code(&mut self, code: DictionaryCode) -> Option<&u32> {
        let known = self.by_code.iter().position(|table| table.generation == code.generation);
        let known = known.unwrap_or_else(|| {
            let generation = code.generation;
            self.by_code.push(CodeTable { generation, numbers: Vec::new() });
            self.by_code.len() - 1
        });
        self.by_code[known].numbers.get(code.code as usize)
    }

    fn number_of_cell(&mut self, cell: &Cell<'_>) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        Key::hash_cell(cell, &mut hasher);
        let hash = hasher.finish();
        let keys = &self.keys;
        let is_it = |number: u32| keys.get(number as usize).is_of_cell(cell);
        self.found(hash, is_it).unwrap_or_else(|| {
            let number = self.push(cell);
            self.enter(hash, number);
            number
        })
    }

    fn found(&self, hash: u64, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        match self.lookup {
            Lookup::Each => self.by_key.find(hash, is_it),
            Lookup::Skipped => None,
        }
    }

    /// Enters a value that was added.
    fn enter(&mut self, hash: u64, number: u32) {
        self.hashes.iter_mut().for_each(|hashes| hashes.push(hash));
        if self.lookup == Lookup::Each {
            self.by_key.insert(hash, number);
        }
    }

    /// The number of a value.
    pub(crate) fn number_of_key(&mut self, key: KeyRef<'_>) -> u32 {
        self.number_of_hashed(self.hasher.hash_one(key), key)
    }

    /// The number of a value with its hash.
    pub(crate) fn number_of_hashed(&mut self, hash: u64, key: KeyRef<'_>) -> u32 {
        let keys = &self.keys;
        self.found(hash, |number| keys.get(number as usize) == key).unwrap_or_else(|| {
            let number = self.next_number();
            self.keys.push(key);
            self.enter(hash, number);
            number
        })
    }

    /// The numbers of the values of another column, by those they have there.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn numbers_of(&mut self, other: &Self, stop: &Stop) -> Result<Vec<u32>, ExecError> {
        let mut numbers = Vec::with_capacity(other.keys.len());
        for (i, key) in other.keys.iter().enumerate() {
            stop.check_at(i)?;
            numbers.push(self.number_of_key(key));
        }
        Ok(numbers)
    }

    /// Values so far.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    fn next_number(&self) -> u32 {
        // Rows have 32-bit ids, and there are no more values than rows.
        self.keys.len() as u32
    }

    /// Adds a cell, which is no object, that is not among the others, and will not be asked for.
    pub(crate) fn push(&mut self, cell: &Cell<'_>) -> u32 {
        let number = self.next_number();
        self.keys.push_cell(cell);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, DictionaryCode, Found, KeyColumn, KeyRef};

    #[test]
    fn equal_values_have_one_number_however_they_are_met() {
        let mut column = KeyColumn::default();
        let text = |text: &'static str, generation, code| Found {
            cell: Cell::String(text.into()),
            code: Some(DictionaryCode { generation, code }),
        };
        let plain = |text: &'static str| Found { cell: Cell::String(text.into()), code: None };
        let a = column.number_of(&text("a", 1, 7));
        assert_eq!(column.number_of(&text("a", 1, 7)), a);
        assert_eq!(column.number_of(&text("a", 2, 0)), a);
        assert_eq!(column.number_of(&plain("a")), a);
        assert_eq!(column.number_of_key(KeyRef::String("a")), a);
        let b = column.number_of(&text("b", 2, 7));
        assert_eq!((a, b), (0, 1));
        assert_eq!(column.number_of(&Found { cell: Cell::Null, code: None }), 2);
        assert_eq!(column.number_of(&Found { cell: Cell::Undefined, code: None }), 3);
        assert_eq!(column.into_keys().len(), 4);
    }
}
