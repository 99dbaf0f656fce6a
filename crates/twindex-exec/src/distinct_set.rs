//! A set of values that are only counted: what `COUNT(DISTINCT x)` has seen.
//!
//! Values lie one after the other in an arena, each with its kind before it, and a table knows their
//! places by hash: no value is an allocation of its own. A set of many values is cut into parts by
//! hash, and what a segment brings is sorted by part first, so that the part at work stays in a
//! core's own cache: a table of a million values is a miss or two for each row otherwise. Merging goes
//! part by part for the same reason.
//!
//! Where there is one set for all rows, the threads of a query fill the same parts, each under a lock of
//! its own for what a segment brings: nothing is merged then, which one thread would do for all, and no
//! value is held twice.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use twindex_index::coded::DictionaryCode;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::cell::{Cell, Text};
use twindex_model::path::PathId;
use twindex_sync::Mutex;

use crate::error::ExecError;
use crate::key::Key;
use crate::runner::Runner;
use crate::stop::Stop;

/// Parts of a large set.
const PARTS: usize = 64;
/// Where in a hash the number of a part is; a table goes by the lowest bits and by the highest.
const PART_SHIFT: u32 = 40;
/// Values from which on a set is large.
const LARGE: usize = if cfg!(test) { 8 } else { 1 << 13 };

/// Nanoseconds that it takes to merge a value.
const MERGE_NS: f64 = 30.0;

const STRING: u8 = b's';
const CONTAINER: u8 = b'c';
const NUMBER: u8 = b'n';
const TRUE: u8 = b't';
const FALSE: u8 = b'f';

/// Distinct values; undefined and null are none.
#[derive(Clone, Debug, Default)]
pub(crate) struct DistinctSet {
    /// One, or as many as [`PARTS`]; none where parts are shared.
    parts: Vec<Part>,
    /// What other sets fill too.
    shared: Option<Arc<SharedParts>>,
    /// Bytes that this one has added to those.
    shared_bytes: usize,
    /// Codes of dictionaries whose texts are in.
    seen: Vec<SeenCodes>,
}

/// As many parts as [`PARTS`], for several threads.
#[derive(Debug)]
pub(crate) struct SharedParts {
    parts: Vec<Mutex<Part>>,
}

impl SharedParts {
    /// Parts without a value.
    pub(crate) fn new() -> Arc<Self> {
        let parts = (0..PARTS).map(|_| Mutex::new(Part::default()));
        Arc::new(Self { parts: parts.collect() })
    }
}

/// Values whose hashes have the same bits at one place.
#[derive(Clone, Debug, Default)]
struct Part {
    /// Of each value its length in bytes, its kind and what tells it from others of that kind.
    arena: Vec<u8>,
    places: HashTable<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u64,
    begin: usize,
}

/// Codes of one filling of a dictionary, one bit each.
#[derive(Clone, Debug)]
struct SeenCodes {
    generation: u32,
    bits: Vec<u64>,
}

/// A value of a segment, until all of its part are there.
#[derive(Clone, Copy, Debug)]
enum Waiting<'a> {
    Text(&'a str),
    Number(f64),
}

/// A value as it lies in an arena.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    kind: u8,
    bytes: &'a [u8],
}

impl Entry<'_> {
    /// One hash for all sets of the process, so that they can be merged.
    fn hash(self) -> u64 {
        static STATE: OnceLock<RandomState> = OnceLock::new();
        let mut hasher = STATE.get_or_init(RandomState::default).build_hasher();
        hasher.write_u8(self.kind);
        hasher.write(self.bytes);
        hasher.finish()
    }
}

impl Waiting<'_> {
    /// Hands the value over as it would lie in an arena.
    fn with<R>(self, f: impl FnOnce(Entry<'_>) -> R) -> R {
        match self {
            Self::Text(text) => f(Entry { kind: STRING, bytes: text.as_bytes() }),
            Self::Number(number) => f(Entry { kind: NUMBER, bytes: &bytes_of(number) }),
        }
    }
}

impl Part {
    fn insert(&mut self, hash: u64, entry: Entry<'_>) {
        let Self { arena, places } = self;
        let is_same = |place: &Place| {
            let kept = entry_at(arena, place.begin);
            place.hash == hash && kept.kind == entry.kind && kept.bytes == entry.bytes
        };
        if places.find(hash, is_same).is_some() {
            return;
        }
        let begin = arena.len();
        // A value is shorter than 4 GiB, or it would not be in the index.
        arena.extend_from_slice(&(entry.bytes.len() as u32).to_le_bytes());
        arena.push(entry.kind);
        arena.extend_from_slice(entry.bytes);
        places.insert_unique(hash, Place { hash, begin }, |place| place.hash);
    }

    /// Adds what another part has of the same values.
    fn merge(&mut self, from: &Self, stop: &Stop) -> Result<(), ExecError> {
        for (n_done, place) in from.places.iter().enumerate() {
            stop.check_at(n_done)?;
            self.insert(place.hash, entry_at(&from.arena, place.begin));
        }
        Ok(())
    }

    fn heap_bytes(&self) -> usize {
        self.arena.capacity() + self.places.capacity() * (size_of::<Place>() + 1)
    }
}

fn entry_at(arena: &[u8], begin: usize) -> Entry<'_> {
    let (len, rest) = arena[begin..].split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    let (kind, rest) = rest.split_first().unwrap_or((&0, &[]));
    Entry { kind: *kind, bytes: &rest[..u32::from_le_bytes(*len) as usize] }
}

fn part_of(hash: u64, n_parts: usize) -> usize {
    (hash >> PART_SHIFT) as usize % n_parts
}

impl DistinctSet {
    /// An empty set that is one with all others of the same parts.
    pub(crate) fn sharing(shared: &Arc<SharedParts>) -> Self {
        Self { shared: Some(Arc::clone(shared)), ..Self::default() }
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        let shared = self.shared.iter().flat_map(|shared| &shared.parts);
        self.parts.iter().map(|part| part.places.len()).sum::<usize>()
            + shared.map(|part| part.lock().places.len()).sum::<usize>()
    }

    /// Bytes on the heap; of what is shared those that came by this set.
    pub(crate) fn heap_bytes(&self) -> usize {
        let bits = self.seen.iter().map(|seen| seen.bits.capacity() * size_of::<u64>());
        self.parts.iter().map(Part::heap_bytes).sum::<usize>()
            + self.parts.capacity() * size_of::<Part>()
            + self.shared_bytes
            + bits.sum::<usize>()
    }

    /// Adds a value.
    pub(crate) fn add_key(&mut self, key: &Key) {
        match key {
            Key::Undefined | Key::Null => {}
            Key::Bool(value) => self.insert(of_bool(*value)),
            Key::Number(number) => self.insert(Entry { kind: NUMBER, bytes: &bytes_of(*number) }),
            Key::String(text) => self.insert(Entry { kind: STRING, bytes: text.as_bytes() }),
            Key::Container(container) => {
                self.insert(Entry { kind: CONTAINER, bytes: container.text().as_bytes() });
            }
        }
    }

    /// Adds a cell, which must not be an object.
    pub(crate) fn add_cell(&mut self, cell: &Cell<'_>) {
        match cell {
            Cell::Undefined | Cell::Null | Cell::Object => {}
            Cell::Bool(value) => self.insert(of_bool(*value)),
            Cell::Number(number) => self.insert(Entry { kind: NUMBER, bytes: &bytes_of(*number) }),
            Cell::String(text) => self.insert(Entry { kind: STRING, bytes: text.as_bytes() }),
            // A lane holds canonical text.
            Cell::Array(text) => self.insert(Entry { kind: CONTAINER, bytes: text.as_bytes() }),
        }
    }

    /// Adds the cells at a path of the rows of `mask` (or of all live rows), of which none must be an
    /// object.
    pub(crate) fn add_rows(
        &mut self,
        path: PathId,
        segment: &SegmentView<'_>,
        mask: Option<&Mask>,
    ) {
        let mut waiting: Vec<Vec<(u64, Waiting<'_>)>> = vec![Vec::new(); PARTS];
        let waits = self.shared.is_some() || self.parts.len() == PARTS;
        segment.count_found(path, mask, |found, n| {
            let value = match (&found.cell, found.code) {
                _ if n == 0 => return,
                (_, Some(code)) if !self.is_new(code) => return,
                (Cell::String(Text::Borrowed(text)), None) if waits => Waiting::Text(text),
                (Cell::Number(number), None) if waits => Waiting::Number(*number),
                (cell, _) => return self.add_cell(cell),
            };
            let hash = value.with(|entry| entry.hash());
            waiting[part_of(hash, PARTS)].push((hash, value));
        });
        // Threads begin with different parts, so that they seldom wait for each other.
        let first = segment.number() % PARTS;
        for number in (first..PARTS).chain(0..first) {
            self.with_part(number, |part| {
                for (hash, value) in &waiting[number] {
                    value.with(|entry| part.insert(*hash, entry));
                }
            });
        }
    }

    /// Works on a part, one of as many as [`PARTS`].
    fn with_part(&mut self, number: usize, work: impl FnOnce(&mut Part)) {
        match (&self.shared, self.parts.get_mut(number)) {
            (Some(shared), _) => {
                let mut part = shared.parts[number].lock();
                let n_bytes = part.heap_bytes();
                work(&mut part);
                self.shared_bytes += part.heap_bytes() - n_bytes;
            }
            (None, Some(part)) => work(part),
            (None, None) => (),
        }
    }

    /// Notes a code; true if it was not noted before.
    fn is_new(&mut self, code: DictionaryCode) -> bool {
        let at = self.seen.iter().position(|seen| seen.generation == code.generation);
        let at = at.unwrap_or_else(|| {
            self.seen.push(SeenCodes { generation: code.generation, bits: Vec::new() });
            self.seen.len() - 1
        });
        let bits = &mut self.seen[at].bits;
        let (word, bit) = (code.code as usize / 64, 1 << (code.code % 64));
        if word >= bits.len() {
            bits.resize(word + 1, 0);
        }
        let is_new = bits[word] & bit == 0;
        bits[word] |= bit;
        is_new
    }

    fn insert(&mut self, entry: Entry<'_>) {
        if self.shared.is_some() {
            let hash = entry.hash();
            return self.with_part(part_of(hash, PARTS), |part| part.insert(hash, entry));
        }
        if self.parts.is_empty() {
            self.parts.push(Part::default());
        }
        let (hash, n_parts) = (entry.hash(), self.parts.len());
        self.parts[part_of(hash, n_parts)].insert(hash, entry);
        if n_parts == 1 && self.parts[0].places.len() > LARGE {
            self.split();
        }
    }

    /// Cuts the only part.
    fn split(&mut self) {
        let whole = std::mem::take(&mut self.parts);
        self.parts = vec![Part::default(); PARTS];
        for part in whole {
            for place in &part.places {
                let to = &mut self.parts[part_of(place.hash, PARTS)];
                to.insert(place.hash, entry_at(&part.arena, place.begin));
            }
        }
    }

    /// The same where one of both shares its parts, or each of them the same ones.
    fn merge_shared(&mut self, mut other: Self, stop: &Stop) -> Result<(), ExecError> {
        if self.shared.is_none() {
            std::mem::swap(self, &mut other);
        }
        self.shared_bytes += other.shared_bytes;
        for from in other.parts {
            for (n_done, place) in from.places.iter().enumerate() {
                stop.check_at(n_done)?;
                let entry = entry_at(&from.arena, place.begin);
                let number = part_of(place.hash, PARTS);
                self.with_part(number, |part| part.insert(place.hash, entry));
            }
        }
        Ok(())
    }

    /// Whether it is worth several threads to be merged.
    pub(crate) fn is_large(&self) -> bool {
        self.parts.len() == PARTS
    }

    /// Merges the two of each pair, all of which are large.
    ///
    /// # Errors
    /// As [`Runner::check`].
    pub(crate) fn merge_pairs(
        pairs: Vec<[Self; 2]>,
        runner: Runner<'_>,
    ) -> Result<Vec<Self>, ExecError> {
        let n_values: usize = pairs.iter().flatten().map(Self::len).sum();
        let (mut sets, mut parts) = (Vec::new(), Vec::new());
        for [mut to, from] in pairs {
            let of_both = std::mem::take(&mut to.parts).into_iter().zip(from.parts);
            parts.extend(of_both.map(Mutex::new));
            sets.push(to);
        }
        runner.map((0..parts.len()).collect(), n_values as f64 * MERGE_NS, |i| {
            let (to, from) = &mut *parts[i].lock();
            to.merge(from, runner.stop)?;
            *from = Part::default();
            Ok(())
        })?;
        let mut parts = parts.into_iter().map(|both| both.into_inner().0);
        sets.iter_mut().for_each(|set| set.parts.extend(parts.by_ref().take(PARTS)));
        Ok(sets)
    }

    /// Adds what another set has; those that share their parts are one already.
    ///
    /// # Errors
    /// [`ExecError::Stopped`].
    pub(crate) fn merge(&mut self, mut other: Self, stop: &Stop) -> Result<(), ExecError> {
        if self.shared.is_some() || other.shared.is_some() {
            return self.merge_shared(other, stop);
        }
        if other.len() > self.len() {
            std::mem::swap(self, &mut other);
        }
        if self.parts.len() == 1 && other.parts.len() == PARTS {
            self.split();
        }
        // What the other has seen, all of it is in now; its codes are seen again if they are met.
        if self.parts.len() == other.parts.len() {
            return self
                .parts
                .iter_mut()
                .zip(&other.parts)
                .try_for_each(|(to, from)| to.merge(from, stop));
        }
        let mut n_done = 0;
        for from in other.parts {
            for place in &from.places {
                stop.check_at(n_done)?;
                n_done += 1;
                let n_parts = self.parts.len();
                let to = &mut self.parts[part_of(place.hash, n_parts)];
                to.insert(place.hash, entry_at(&from.arena, place.begin));
            }
        }
        if self.parts.len() == 1 && self.parts[0].places.len() > LARGE {
            self.split();
        }
        Ok(())
    }
}

fn of_bool(value: bool) -> Entry<'static> {
    Entry { kind: if value { TRUE } else { FALSE }, bytes: &[] }
}

fn bytes_of(number: f64) -> [u8; 8] {
    number.to_bits().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Cell, DictionaryCode, DistinctSet, Key, LARGE, Runner, SharedParts, Stop};
    use crate::budget::Budget;

    #[test]
    fn equal_values_are_one_however_they_come() {
        let mut set = DistinctSet::default();
        for cell in [
            Cell::String("x".into()),
            Cell::Number(1.0),
            Cell::Bool(true),
            Cell::Bool(false),
            Cell::Array("[1]".into()),
            Cell::Null,
            Cell::Undefined,
        ] {
            set.add_cell(&cell);
            set.add_key(&Key::of_cell(&cell, || None));
        }
        assert_eq!(set.len(), 5);
        set.add_key(&Key::String("".into()));
        set.add_key(&Key::String("[1]".into()));
        assert_eq!(set.len(), 7);
    }

    #[test]
    fn merged_sets_hold_what_both_did() {
        for (n_a, n_b) in [(0, 3), (3, 0), (5, LARGE * 5), (LARGE * 5, 5), (LARGE * 5, LARGE * 9)] {
            let set = |from: usize, n: usize| {
                let mut set = DistinctSet::default();
                (from..from + n).for_each(|n| set.add_key(&Key::String(n.to_string().into())));
                set
            };
            let (mut a, b) = (set(0, n_a), set(2, n_b));
            assert_eq!((a.len(), b.len()), (n_a, n_b));
            assert_eq!(a.merge(b, &Stop::never()), Ok(()));
            let wanted = (0..n_a).chain(2..2 + n_b).collect::<std::collections::BTreeSet<_>>();
            assert_eq!(a.len(), wanted.len());
        }
        let late = Stop::never().with_deadline(std::time::Instant::now());
        let mut many = DistinctSet::default();
        many.add_key(&Key::Number(1.0));
        assert!(many.clone().merge(many, &late).is_err());
    }

    #[test]
    fn pairs_are_merged_by_all_threads() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
        let (stop, budget) = (Stop::never(), Budget::unbounded());
        let runner = Runner { pool: Some(&pool), stop: &stop, budget: &budget };
        let set = |from: usize| {
            let mut set = DistinctSet::default();
            (from..from + 9 * LARGE).for_each(|n| set.add_key(&Key::Number(n as f64)));
            assert!(set.is_large());
            set
        };
        let merged = DistinctSet::merge_pairs(vec![[set(0), set(5)], [set(7), set(7)]], runner);
        let lens = merged.map(|sets| sets.iter().map(DistinctSet::len).collect());
        assert_eq!(lens, Ok(vec![9 * LARGE + 5, 9 * LARGE]));
    }

    #[test]
    fn sets_that_share_are_one() {
        let shared = SharedParts::new();
        let [first, mut one, mut other] = [(); 3].map(|()| DistinctSet::sharing(&shared));
        std::thread::scope(|scope| {
            for (from, set) in [&mut one, &mut other].into_iter().enumerate() {
                scope.spawn(move || {
                    (from..from + 100).for_each(|n| set.add_cell(&Cell::Number(n as f64)));
                    set.add_key(&Key::String("1".into()));
                });
            }
        });
        // Who comes second may find all its values there.
        assert!(one.heap_bytes() + other.heap_bytes() > 0);
        assert_eq!((first.len(), other.len()), (102, 102));
        assert_eq!(one.merge(other, &Stop::never()), Ok(()));
        assert_eq!(one.len(), 102);
        let mut own = DistinctSet::default();
        (90..110).for_each(|n| own.add_cell(&Cell::Number(f64::from(n))));
        assert_eq!(own.merge(one, &Stop::never()), Ok(()));
        assert_eq!((own.len(), first.len()), (111, 111));
    }

    #[test]
    fn codes_are_noted_once_for_each_filling() {
        let mut set = DistinctSet::default();
        let code = |generation, code| DictionaryCode { generation, code };
        assert!(set.is_new(code(1, 70)) && set.is_new(code(2, 70)) && set.is_new(code(1, 6)));
        assert!(!set.is_new(code(1, 70)) && !set.is_new(code(1, 6)));
    }
}
