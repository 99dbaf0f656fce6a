//! Kinds of a lane with many rows: which rows have the path, and a bit plane for each kind.
//!
//! Planes make a kind predicate, `IS_DEFINED` and Booleans a mask operation. A nibble a row would
//! take half a byte always; a path whose rows are all of one kind needs one plane, and none if it
//! is in every row.

mod image;
mod write;

use std::sync::Arc;

use hashbrown::HashMap;
use twindex_kernels::mask::{self, Mask, Words};
use twindex_kernels::pack::{Ranks, rows_to_slots, slots_to_rows};
use twindex_kernels::prefetch;
use twindex_model::kind::{Kind, KindSet};

use crate::lane::asked::Asked;
use crate::lane::bits::{bit, bits_at, keep_first};

/// Rows with the path, and planes by kind. What says the slot of a row, and its kind where all are
/// of one, stands in one line of the cache: a twin has a hundred cells, each in another lane.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Planes {
    /// The rows that have the path, which lanes of the same rows may share; `None` for all below
    /// their number.
    present: Option<Arc<Words>>,
    /// Rows present before each word, kept while slots are ranks. Invariant: right up to the word
    /// before `end`; those after it are filled as rows come to them.
    ranks: Option<Arc<Ranks>>,
    /// Number of rows that have the path.
    n_present: usize,
    /// No row at or past it has the path, nor had since the end was last cut.
    end: usize,
    /// The kind whose plane is full; undefined if there is none.
    only: Kind,
    /// By kind. Invariant: every present row is in exactly one plane; that of `Undefined` is empty.
    planes: [Plane; 8],
}

/// Rows present, and ranks if there are any, that lanes share: by hash of the words.
pub(crate) type SharedRows = HashMap<u64, Vec<(Arc<Words>, Option<Arc<Ranks>>)>>;

/// The rows of one kind.
#[derive(Clone, Debug, Default)]
enum Plane {
    /// No row.
    #[default]
    Empty,
    /// Every row present.
    Full,
    /// The rows set.
    Bits(Box<Words>),
}

impl Default for Planes {
    fn default() -> Self {
        Self {
            present: None,
            ranks: None,
            n_present: 0,
            end: 0,
            only: Kind::Undefined,
            planes: Default::default(),
        }
    }
}

impl Planes {
    /// The planes of `kinds[i]` at `rows[i]`, rows ascending; `counts` are the rows by kind.
    pub(crate) fn scattered(rows: &[u16], kinds: &[u8], counts: &[u32; 8]) -> Self {
        let end = rows.last().map_or(0, |last| usize::from(*last) + 1);
        let mut planes = Self { n_present: rows.len(), end, ..Self::default() };
        if end != rows.len() {
            planes.present = Some(bits_at(rows.iter()).into());
        }
        for kind in &Kind::ALL[1..] {
            let count = counts[*kind as usize] as usize;
            planes.planes[*kind as usize] = if count == 0 {
                Plane::Empty
            } else if count == rows.len() {
                planes.only = *kind;
                Plane::Full
            } else {
                let of_kind = rows.iter().zip(kinds).filter(|(_, k)| **k == *kind as u8);
                Plane::Bits(bits_at(of_kind.map(|(row, _)| row)))
            };
        }
        planes
    }

    /// Whether slots are ranks among the rows present; else they are rows.
    pub(crate) fn is_packed(&self) -> bool {
        self.ranks.is_some()
    }

    /// The rows of a kind that occurs, unless they are all that are present.
    pub(crate) fn plane_of(&self, kind: Kind) -> Option<&Words> {
        match &self.planes[kind as usize] {
            Plane::Bits(words) => Some(words),
            Plane::Empty | Plane::Full => None,
        }
    }

    /// The rows that have the path; `None` for the first ones.
    pub(crate) fn present_rows(&self) -> Option<&Words> {
        self.present.as_deref()
    }

    /// Whether both are packed and have the path in the same rows, so that slots are the same too.
    pub(crate) fn has_slots_of(&self, other: &Self) -> bool {
        let is_same = match (&self.present, &other.present) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            (a, b) => a.is_none() && b.is_none() && self.n_present == other.n_present,
        };
        self.is_packed() && other.is_packed() && is_same
    }

    /// Number of rows that have the path.
    pub(crate) fn n_present(&self) -> usize {
        self.n_present
    }

    /// Rows below which all lie that have the path.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// Slots below which all values lie.
    pub(crate) fn n_slots(&self) -> usize {
        if self.is_packed() { self.n_present } else { self.end }
    }

    /// The slot of a row, or the slot it would have.
    #[inline]
    pub(crate) fn slot(&self, row: usize) -> usize {
        match (&self.ranks, &self.present) {
            (Some(_), _) if row >= self.end => self.n_present,
            (Some(ranks), Some(words)) => {
                let below = words[row / 64] & ((1 << (row % 64)) - 1);
                usize::from(ranks[row / 64]) + below.count_ones() as usize
            }
            _ => row,
        }
    }

    /// Slot and kind of a row that has the path.
    #[inline]
    pub(crate) fn find(&self, row: usize) -> Option<(usize, Kind)> {
        let slot = match &self.present {
            None if row < self.n_present => row,
            None => return None,
            Some(words) => {
                let (word, bit) = (words[row / 64], 1 << (row % 64));
                if word & bit == 0 {
                    return None;
                }
                match &self.ranks {
                    Some(ranks) => {
                        usize::from(ranks[row / 64]) + (word & (bit - 1)).count_ones() as usize
                    }
                    None => row,
                }
            }
        };
        Some((slot, if self.only == Kind::Undefined { self.kind(row) } else { self.only }))
    }

    /// Asks for what says the slot and kind of a row.
    pub(crate) fn fetch(&self, row: usize) {
        let word = row / 64;
        self.present.iter().for_each(|words| prefetch(words.as_slice(), word));
        self.ranks.iter().for_each(|ranks| prefetch(ranks.as_slice(), word));
        if self.only == Kind::Undefined {
            for plane in &self.planes {
                if let Plane::Bits(words) = plane {
                    prefetch(words.as_slice(), word);
                }
            }
        }
    }

    /// Hands over the number, row and slot of those of the rows asked for that have the path.
    #[inline(always)]
    pub(crate) fn for_each_of(&self, asked: &Asked, mut take: impl FnMut(usize, usize, usize)) {
        for word in asked.words() {
            let present = self.present_in(word.at);
            let mut hits = present & word.rows;
            let mut slot = self.ranks.as_ref().map(|ranks| usize::from(ranks[word.at]));
            let mut passed = 0;
            while hits != 0 {
                let bit = hits.trailing_zeros() as usize;
                let row = word.at * 64 + bit;
                let slot = match &mut slot {
                    None => row,
                    Some(rank) => {
                        let below = present & ((1 << bit) - 1) & !passed;
                        // Rows asked for often stand together.
                        if below != 0 {
                            *rank += below.count_ones() as usize;
                        }
                        passed = u64::MAX >> (63 - bit);
                        *rank += 1;
                        *rank - 1
                    }
                };
                take(word.number(bit), row, slot);
                hits &= hits - 1;
            }
        }
    }

    /// Whether both have the same of the rows asked for.
    #[inline]
    pub(crate) fn has_those_of(&self, other: &Self, asked: &Asked) -> bool {
        let others = |at: usize| self.present_in(at) ^ other.present_in(at);
        asked.words().iter().all(|word| others(word.at) & word.rows == 0)
    }

    /// Whether some of the rows asked for have the path.
    #[inline]
    pub(crate) fn has_any_of(&self, asked: &Asked) -> bool {
        asked.words().iter().any(|word| self.present_in(word.at) & word.rows != 0)
    }

    /// The kind of all rows present, if they are of one.
    #[inline]
    pub(crate) fn only(&self) -> Option<Kind> {
        (self.only != Kind::Undefined).then_some(self.only)
    }

    /// Which of 64 rows have the path.
    #[inline]
    fn present_in(&self, word: usize) -> u64 {
        match &self.present {
            Some(words) => words[word],
            None => match self.n_present.saturating_sub(word * 64) {
                0 => 0,
                n if n < 64 => (1 << n) - 1,
                _ => u64::MAX,
            },
        }
    }

    /// The rows that have the path.
    pub(crate) fn rows(&self) -> Box<dyn Iterator<Item = u16> + '_> {
        match &self.present {
            None => Box::new((0..self.n_present).map(|row| row as u16)),
            Some(words) => Box::new(mask::rows(words)),
        }
    }

    /// The kind of a row.
    #[inline]
    pub(crate) fn kind(&self, row: usize) -> Kind {
        if !self.has(row) {
            return Kind::Undefined;
        }
        if self.only != Kind::Undefined {
            return self.only;
        }
        for kind in &Kind::ALL[1..] {
            match &self.planes[*kind as usize] {
                Plane::Empty => (),
                Plane::Full => return *kind,
                Plane::Bits(words) if bit(words, row) => return *kind,
                Plane::Bits(_) => (),
            }
        }
        Kind::Undefined
    }

    #[inline]
    fn has(&self, row: usize) -> bool {
        match &self.present {
            None => row < self.n_present,
            Some(words) => bit(words, row),
        }
    }

    /// Keeps in `mask`, one bit a row, those whose kind is in `kinds`.
    pub(crate) fn narrow(&self, kinds: KindSet, mask: &mut Words) {
        let occurring =
            Kind::ALL[1..].iter().filter(|kind| !self.planes[**kind as usize].is_empty());
        let (wanted, others): (Vec<Kind>, Vec<Kind>) =
            occurring.partition(|kind| kinds.contains(**kind));
        if kinds.contains(Kind::Undefined) {
            for kind in others {
                mask::and_not(mask, self.rows_of(kind).words());
            }
            return;
        }
        match wanted[..] {
            [] => mask.fill(0),
            [kind] => self.keep_kind(kind, mask),
            _ if others.is_empty() => self.keep_present(mask),
            _ => {
                let mut union = Mask::empty();
                for kind in wanted {
                    mask::or(union.words_mut(), self.rows_of(kind).words());
                }
                mask::and(mask, union.words());
            }
        }
    }

    fn keep_kind(&self, kind: Kind, mask: &mut Words) {
        match &self.planes[kind as usize] {
            Plane::Empty => mask.fill(0),
            Plane::Full => self.keep_present(mask),
            Plane::Bits(words) => mask::and(mask, words),
        }
    }

    fn keep_present(&self, mask: &mut Words) {
        match &self.present {
            None => keep_first(mask, self.n_present),
            Some(words) => mask::and(mask, words),
        }
    }

    fn rows_of(&self, kind: Kind) -> Rows<'_> {
        match (&self.planes[kind as usize], &self.present) {
            (Plane::Empty, _) => Rows::Made(Mask::empty()),
            (Plane::Full, None) => Rows::Made(Mask::first(self.n_present)),
            (Plane::Bits(words), _) => Rows::Kept(words),
            (Plane::Full, Some(words)) => Rows::Kept(words),
        }
    }

    /// From rows to slots, one bit each; rows without the path have none.
    pub(crate) fn to_slots(&self, rows: &Words) -> Mask {
        let (Some(ranks), Some(present)) = (&self.ranks, &self.present) else {
            let mut slots = Mask::empty();
            slots.words_mut().copy_from_slice(rows);
            return slots;
        };
        let mut slots = Mask::empty();
        rows_to_slots(rows, (present, ranks), slots.words_mut());
        slots
    }

    /// From slots to rows.
    pub(crate) fn to_rows(&self, slots: &Words) -> Mask {
        let mut rows = Mask::empty();
        let (Some(ranks), Some(present)) = (&self.ranks, &self.present) else {
            rows.words_mut().copy_from_slice(slots);
            return rows;
        };
        slots_to_rows(slots, (present, ranks), rows.words_mut());
        rows
    }

    /// Bytes on the heap; what is shared counts in part.
    pub(crate) fn bytes(&self) -> usize {
        let is_bits = |plane: &&Plane| matches!(plane, Plane::Bits(_));
        let planes = self.planes.iter().filter(is_bits).count() * size_of::<Words>();
        let present = match &self.present {
            None => 0,
            Some(words) => size_of::<Words>() / Arc::strong_count(words),
        };
        let ranks = self.ranks.as_ref();
        let ranks = ranks.map_or(0, |ranks| size_of::<Ranks>() / Arc::strong_count(ranks));
        size_of::<Self>() + planes + present + ranks
    }
}

/// A plane as words, kept or made on the spot.
enum Rows<'a> {
    Kept(&'a Words),
    Made(Mask),
}

impl Rows<'_> {
    fn words(&self) -> &Words {
        match self {
            Self::Kept(words) => words,
            Self::Made(mask) => mask.words(),
        }
    }
}
