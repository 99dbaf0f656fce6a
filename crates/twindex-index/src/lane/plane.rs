//! Kinds of a dense lane: one bit plane for each kind that occurs.
//!
//! Planes make a kind predicate, `IS_DEFINED` and Booleans a mask operation. A nibble a row would
//! take half a byte always; most paths have one kind in every row, and then a plane takes nothing.

use twindex_kernels::mask::{self, Mask, Words};
use twindex_model::kind::{Kind, KindSet};

/// The rows of one kind.
#[derive(Clone, Debug, Default)]
enum Plane {
    /// No row.
    #[default]
    Empty,
    /// Every row below the length.
    Full,
    /// The rows set; none at or past the length.
    Bits(Box<Words>),
}

/// A plane for each kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planes {
    /// Rows at and past it are undefined.
    len: usize,
    /// By kind. Invariant: no row is in two planes; that of `Undefined` is never used.
    planes: [Plane; 8],
}

impl Planes {
    /// The planes of `kinds[i]` at `rows[i]`, rows ascending.
    pub(crate) fn scattered(rows: &[u16], kinds: &[Kind], counts: &[u32; 8]) -> Self {
        let mut planes = Self::default();
        for (row, kind) in rows.iter().zip(kinds) {
            planes.set(usize::from(*row), (Kind::Undefined, *kind), counts);
        }
        planes
    }

    /// The kind of a row.
    #[inline]
    pub(crate) fn kind(&self, row: usize) -> Kind {
        if row >= self.len {
            return Kind::Undefined;
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

    /// Whether a row is of `kind`, which must not be undefined.
    #[inline]
    pub(crate) fn holds(&self, row: usize, kind: Kind) -> bool {
        row < self.len
            && match &self.planes[kind as usize] {
                Plane::Empty => false,
                Plane::Full => true,
                Plane::Bits(words) => bit(words, row),
            }
    }

    /// Rows below which all defined ones lie.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Gives a row another kind; `counts` are those after the change.
    pub(crate) fn set(&mut self, row: usize, change: (Kind, Kind), counts: &[u32; 8]) {
        let (old, new) = change;
        if old != Kind::Undefined {
            self.take(row, old, counts[old as usize]);
        }
        if new == Kind::Undefined || (row >= self.len && self.append(row, new)) {
            return;
        }
        if counts[new as usize] as usize == self.len {
            self.planes[new as usize] = Plane::Full;
        } else {
            let len = self.len;
            set_bit(self.planes[new as usize].bits(len), row);
        }
    }

    /// Grows to hold `row`; true if that alone gave it its kind, as where all rows are of one.
    fn append(&mut self, row: usize, kind: Kind) -> bool {
        let plane = &mut self.planes[kind as usize];
        if row == self.len && (self.len == 0 || matches!(plane, Plane::Full)) {
            *plane = Plane::Full;
            self.len += 1;
            return true;
        }
        for plane in &mut self.planes {
            if matches!(plane, Plane::Full) {
                plane.bits(self.len);
            }
        }
        self.len = row + 1;
        false
    }

    /// Takes a row out of the plane of its kind, of which `left` rows remain.
    fn take(&mut self, row: usize, kind: Kind, left: u32) {
        let len = self.len;
        let plane = &mut self.planes[kind as usize];
        if left == 0 {
            *plane = Plane::Empty;
        } else if row + 1 == len && matches!(plane, Plane::Full) {
            self.len -= 1;
        } else {
            clear_bit(plane.bits(len), row);
        }
    }

    /// Keeps in `mask` the rows whose kind is in `kinds`.
    pub(crate) fn narrow(&self, kinds: KindSet, mask: &mut Words) {
        let met = |kind: &Kind| !matches!(self.planes[*kind as usize], Plane::Empty);
        if kinds.contains(Kind::Undefined) {
            for kind in Kind::ALL[1..].iter().filter(|kind| met(kind)) {
                if !kinds.contains(*kind) {
                    self.drop_kind(*kind, mask);
                }
            }
            return;
        }
        let wanted: Vec<Kind> = kinds.iter().filter(met).collect();
        match wanted[..] {
            [] => mask.fill(0),
            [kind] => self.keep_kind(kind, mask),
            _ => {
                let mut union = Mask::empty();
                for kind in wanted {
                    self.add_kind(kind, union.words_mut());
                }
                mask::and(mask, union.words());
            }
        }
    }

    fn keep_kind(&self, kind: Kind, mask: &mut Words) {
        match &self.planes[kind as usize] {
            Plane::Empty => mask.fill(0),
            Plane::Full => keep_first(mask, self.len),
            Plane::Bits(words) => mask::and(mask, words),
        }
    }

    fn drop_kind(&self, kind: Kind, mask: &mut Words) {
        match &self.planes[kind as usize] {
            Plane::Empty => (),
            Plane::Full => mask::and_not(mask, Mask::first(self.len).words()),
            Plane::Bits(words) => mask::and_not(mask, words),
        }
    }

    fn add_kind(&self, kind: Kind, mask: &mut Words) {
        match &self.planes[kind as usize] {
            Plane::Empty => (),
            Plane::Full => mask::or(mask, Mask::first(self.len).words()),
            Plane::Bits(words) => mask::or(mask, words),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let is_bits = |plane: &&Plane| matches!(plane, Plane::Bits(_));
        size_of::<Self>() + self.planes.iter().filter(is_bits).count() * size_of::<Words>()
    }
}

impl Plane {
    /// The words of this plane, spelled out if they were not.
    fn bits(&mut self, len: usize) -> &mut Words {
        if let Self::Full | Self::Empty = self {
            let mut words = Box::new([0; twindex_kernels::MASK_WORDS]);
            if let Self::Full = self {
                mask::set_first(&mut words, len);
            }
            *self = Self::Bits(words);
        }
        match self {
            Self::Bits(words) => words,
            Self::Full | Self::Empty => unreachable!("spelled out above"),
        }
    }
}

/// Clears the rows at and past `len`.
pub(crate) fn keep_first(mask: &mut Words, len: usize) {
    let first_word = (len / 64).min(mask.len());
    if let Some((word, rest)) = mask[first_word..].split_first_mut() {
        *word &= (1 << (len % 64)) - 1;
        rest.fill(0);
    }
}

fn bit(words: &Words, row: usize) -> bool {
    words[row / 64] >> (row % 64) & 1 == 1
}

fn set_bit(words: &mut Words, row: usize) {
    words[row / 64] |= 1 << (row % 64);
}

fn clear_bit(words: &mut Words, row: usize) {
    words[row / 64] &= !(1 << (row % 64));
}
