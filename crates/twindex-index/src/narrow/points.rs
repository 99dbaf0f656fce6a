//! Texts listed in a query, found by hash: what thousands of texts cost a row that has none of them.
//!
//! A search of the sorted list is a dozen comparisons, each of which a processor guesses wrong half of
//! the time. Here a row costs a hash of its text and a look at one group of a table's tags.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Places in a list of texts, by the hash of the text.
#[derive(Debug)]
pub(crate) struct PointTable {
    state: RandomState,
    places: HashTable<u32>,
}

impl PointTable {
    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.places.capacity() * (size_of::<u32>() + 1)
    }

    /// The table of a list of distinct texts.
    pub(crate) fn new(points: &[Box<str>]) -> Self {
        let state = RandomState::default();
        let mut places = HashTable::with_capacity(points.len());
        // A query is shorter than 4 GiB.
        for (place, point) in (0..).zip(points) {
            let hash = hash_of(&state, point.as_bytes());
            places.insert_unique(hash, place, |place: &u32| {
                hash_of(&state, points[*place as usize].as_bytes())
            });
        }
        Self { state, places }
    }

    /// Whether a text is among `points`, which must be those of the table.
    #[inline]
    pub(crate) fn contains(&self, points: &[Box<str>], text: &[u8]) -> bool {
        let is_text = |place: &u32| points[*place as usize].as_bytes() == text;
        self.places.find(hash_of(&self.state, text), is_text).is_some()
    }
}

#[inline]
fn hash_of(state: &RandomState, text: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(text);
    hasher.finish()
}
