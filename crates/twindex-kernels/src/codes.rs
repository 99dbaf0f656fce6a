//! Narrowing by codes: dictionary codes and framed numbers, 1, 2 or 4 bytes a row.
//!
//! All of them keep the rows `r < codes.len()` that match and clear the others. Sets are bit tables:
//! of bytes they fit into two registers, of wider codes they are gathered.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::RangeInclusive;

use crate::dispatch::Isa;
use crate::mask::Words;
use crate::narrow::{RowTest, narrow};

#[cfg(target_arch = "x86_64")]
use crate::avx2::{ByteSet, Vector, bits_of_words, tested_bits};
#[cfg(target_arch = "x86_64")]
use crate::narrow::Chunk;

/// An unsigned integer that stands for a value in a lane: `u8`, `u16` or `u32`.
pub trait Code:
    Copy + Default + Ord + Into<u32> + fmt::Debug + Send + Sync + sealed::Sealed + 'static
{
    /// Largest code of this width.
    const MAX: Self;

    /// Returns the code with this number, unless it needs more width.
    fn from_u32(number: u32) -> Option<Self>;

    /// Returns the code as a place in a table.
    #[inline]
    fn index(self) -> usize {
        let number: u32 = self.into();
        number as usize
    }
}

mod sealed {
    /// Closes the trait: three widths, and what their vectors need.
    #[cfg(target_arch = "x86_64")]
    pub trait Sealed: crate::avx2::Vector {}
    #[cfg(not(target_arch = "x86_64"))]
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for u16 {}
    impl Sealed for u32 {}
}

macro_rules! code {
    ($($width:ty),*) => {$(
        impl Code for $width {
            const MAX: Self = <$width>::MAX;

            #[inline]
            fn from_u32(number: u32) -> Option<Self> {
                Self::try_from(number).ok()
            }
        }
    )*};
}
code!(u8, u16, u32);

/// Keeps the rows whose code is `code`.
pub fn and_equal<T: Code>(mask: &mut Words, codes: &[T], code: T) {
    narrow(Isa::current(), mask, codes, &Equal(code));
}

/// Keeps the rows whose code lies in `range`; an empty range keeps none.
pub fn and_in_range<T: Code>(mask: &mut Words, codes: &[T], range: RangeInclusive<T>) {
    if range.is_empty() {
        mask.fill(0);
    } else {
        narrow(Isa::current(), mask, codes, &InRange { first: *range.start(), last: *range.end() });
    }
}

/// Keeps the rows whose code is in a set of bytes: code `c` is bit `c % 64` of word `c / 64`.
pub fn and_in_set_u8(mask: &mut Words, codes: &[u8], set: &[u64; 4]) {
    narrow(Isa::current(), mask, codes, &InByteSet::new(set));
}

/// Keeps the rows whose code is in a set: code `c` is bit `c % 64` of word `c / 64`. Codes past
/// the set are not in it.
pub fn and_in_set<T: Code>(mask: &mut Words, codes: &[T], set: &[u64]) {
    narrow(Isa::current(), mask, codes, &InSet::new(set));
}

struct Equal<T>(T);

impl<T: Code> RowTest<T> for Equal<T> {
    #[inline(always)]
    fn keeps(&self, row: T) -> bool {
        row == self.0
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn avx2(&self, rows: &Chunk<T>) -> u64 {
        // SAFETY: this function has AVX2, which is all that is asked.
        unsafe {
            let code = self.0.splat();
            T::bits(rows, |rows| T::equal(rows, code))
        }
    }
}

/// Invariant: `first <= last`.
struct InRange<T> {
    first: T,
    last: T,
}

impl<T: Code> RowTest<T> for InRange<T> {
    #[inline(always)]
    fn keeps(&self, row: T) -> bool {
        self.first <= row && row <= self.last
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn avx2(&self, rows: &Chunk<T>) -> u64 {
        // Clamping changes exactly the rows outside; there is no unsigned compare.
        // SAFETY: this function has AVX2, which is all that is asked.
        unsafe {
            let (first, last) = (self.first.splat(), self.last.splat());
            T::bits(rows, |rows| T::equal(T::lesser(T::greater(rows, first), last), rows))
        }
    }
}

struct InByteSet<'a> {
    set: &'a [u64; 4],
    #[cfg(target_arch = "x86_64")]
    tables: ByteSet,
}

impl<'a> InByteSet<'a> {
    fn new(set: &'a [u64; 4]) -> Self {
        Self {
            set,
            #[cfg(target_arch = "x86_64")]
            tables: ByteSet::new(set),
        }
    }
}

impl RowTest<u8> for InByteSet<'_> {
    #[inline(always)]
    fn keeps(&self, row: u8) -> bool {
        self.set[usize::from(row) / 64] >> (row % 64) & 1 == 1
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn avx2(&self, rows: &Chunk<u8>) -> u64 {
        // SAFETY: this function has AVX2, which is all that is asked.
        unsafe { u8::bits(rows, |rows| self.tables.contains(rows)) }
    }
}

struct InSet<'a> {
    set: &'a [u64],
}

impl<'a> InSet<'a> {
    fn new(set: &'a [u64]) -> Self {
        // Words past the largest code can never be asked for.
        Self { set: &set[..set.len().min(u32::MAX as usize / 64 + 1)] }
    }
}

impl<T: Code> RowTest<T> for InSet<'_> {
    // A gather costs about as much as 16 single look-ups.
    #[cfg(target_arch = "x86_64")]
    const SPARSE_ROWS_MAX: u32 = 12;

    #[inline(always)]
    fn keeps(&self, row: T) -> bool {
        let word = self.set.get(row.index() / 64).copied().unwrap_or(0);
        word >> (row.index() % 64) & 1 == 1
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn avx2(&self, rows: &Chunk<T>) -> u64 {
        // SAFETY: this function has AVX2, which is all that is asked.
        unsafe { bits_of_words(|at| tested_bits(self.set, T::widened(rows, at))) }
    }
}
