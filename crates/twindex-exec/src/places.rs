//! A table of places by hash, of which no growth takes long.
//!
//! Hashes are kept, so that growing reads nothing but the table, and a place is compared only where
//! its hash is the same. A large table is cut into parts that grow one by one: moving all of ten
//! million places at once would take longer than a query may go on after it was cancelled.

use hashbrown::HashTable;

/// Parts of a large table.
const PARTS: usize = 64;
/// Where in a hash the number of a part is: a table goes by the lowest bits and by the highest.
const PART_SHIFT: u32 = 19;
/// Places from which on a table is large.
const LARGE: usize = if cfg!(test) { 8 } else { 1 << 13 };

/// Places by hash.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// None, one, or as many as [`PARTS`].
    parts: Vec<HashTable<Place>>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    place: u32,
}

/// A hash in 32 bits.
fn folded(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}

/// A hash for a table, which goes by the lowest bits and by the highest.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

fn part_of(hash: u32, n_parts: usize) -> usize {
    (hash >> PART_SHIFT) as usize % n_parts
}

impl Places {
    /// The place with this hash of which `is_it` says so.
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let hash = folded(hash);
        let part = self.parts.get(part_of(hash, self.parts.len().max(1)))?;
        let is_same = |kept: &Place| kept.hash == hash && is_it(kept.place);
        part.find(spread(hash), is_same).map(|kept| kept.place)
    }

    /// Adds a place that is not in it.
    pub(crate) fn insert(&mut self, hash: u64, place: u32) {
        if self.parts.is_empty() {
            self.parts.push(HashTable::new());
        } else if self.parts.len() == 1 && self.parts[0].len() >= LARGE {
            let whole = std::mem::replace(&mut self.parts, vec![HashTable::new(); PARTS]);
            whole.into_iter().flatten().for_each(|kept| self.put(kept));
        }
        self.put(Place { hash: folded(hash), place });
    }

    fn put(&mut self, place: Place) {
        let part = part_of(place.hash, self.parts.len());
        self.parts[part].insert_unique(spread(place.hash), place, |kept| spread(kept.hash));
    }

    /// Forgets all and keeps the room it had.
    pub(crate) fn clear(&mut self) {
        self.parts.iter_mut().for_each(HashTable::clear);
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let n_places: usize = self.parts.iter().map(HashTable::capacity).sum();
        n_places * (size_of::<Place>() + 1) + self.parts.capacity() * size_of::<HashTable<Place>>()
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use foldhash::fast::RandomState;

    use super::Places;

    #[test]
    fn places_are_found_however_many() {
        let (hasher, mut places) = (RandomState::default(), Places::default());
        let hash = |n: u32| hasher.hash_one(n);
        for n in 0..10_000 {
            assert_eq!(places.find(hash(n), |place| place == n), None);
            places.insert(hash(n), n);
        }
        assert!((0..10_000).all(|n| places.find(hash(n), |place| place == n) == Some(n)));
        assert_eq!(places.find(hash(7), |_| false), None);
        assert!(places.heap_bytes() >= 90_000);
        places.clear();
        assert_eq!(places.find(hash(7), |_| true), None);
    }
}
