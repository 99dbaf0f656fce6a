//! Narrowing by codes: dictionary codes and framed numbers, 1, 2 or 4 bytes a row.
//!
//! All of them keep the rows `r < codes.len()` that match and clear the others. Sets are bit tables:
//! of bytes they fit into two registers, of wider codes they are gathered.

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

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    use super::*;
    use crate::mask::Mask;
    use crate::testing::{Random, Recipe, arb_mask, arb_recipe, model};

    /// Checks every kernel of this file on one column; `pick` chooses constants, mostly present ones.
    fn check<T: Code>(mask: &Mask, recipe: &Recipe, pick: u64) {
        let values = recipe.codes::<T>();
        let codes = &values[recipe.skip()..];
        let mut random = Random(pick);
        let mut constant = || match random.below(8) {
            0 => T::default(),
            1 => T::MAX,
            2 => T::from_u32(random.below(200)).unwrap(),
            _ => values.get(random.below(999) as usize).copied().unwrap_or_default(),
        };
        let (code, first, last) = (constant(), constant(), constant());
        let kept = |test: &dyn Fn(T) -> bool| model(mask, codes.len(), |row| test(codes[row]));
        for isa in Isa::available() {
            let mut narrowed = mask.clone();
            narrow(isa, narrowed.words_mut(), codes, &Equal(code));
            assert_eq!(narrowed, kept(&|row| row == code), "{isa}: = {code:?}");

            let mut narrowed = mask.clone();
            let (first, last) = (first.min(last), first.max(last));
            narrow(isa, narrowed.words_mut(), codes, &InRange { first, last });
            assert_eq!(narrowed, kept(&|row| (first..=last).contains(&row)), "{isa}: range");
        }
    }

    fn check_set<T: Code>(mask: &Mask, recipe: &Recipe, set: &[u64]) {
        let values = recipe.codes::<T>();
        let codes = &values[recipe.skip()..];
        let has =
            |code: T| set.get(code.index() / 64).is_some_and(|w| w >> (code.index() % 64) & 1 == 1);
        let expected = model(mask, codes.len(), |row| has(codes[row]));
        for isa in Isa::available() {
            let mut narrowed = mask.clone();
            narrow(isa, narrowed.words_mut(), codes, &InSet::new(set));
            assert_eq!(narrowed, expected, "{isa}: set of {} words", set.len());
        }
    }

    proptest! {
        /// Equality and range keep what a loop keeps.
        #[test]
        fn constants_narrow_as_a_loop_does(mask in arb_mask(), recipe in arb_recipe(), pick: u64) {
            check::<u8>(&mask, &recipe, pick);
            check::<u16>(&mask, &recipe, pick);
            check::<u32>(&mask, &recipe, pick);
        }

        /// Sets of any size keep what a loop keeps.
        #[test]
        fn sets_narrow_as_a_loop_does(
            mask in arb_mask(), recipe in arb_recipe(), set in prop::collection::vec(any::<u64>(), 0..40),
        ) {
            check_set::<u8>(&mask, &recipe, &set);
            check_set::<u16>(&mask, &recipe, &set);
            check_set::<u32>(&mask, &recipe, &set);
        }

        /// The byte tables answer as the bit table does.
        #[test]
        fn sets_of_bytes_narrow_as_a_loop_does(
            mask in arb_mask(), recipe in arb_recipe(), set in any::<[u64; 4]>(),
        ) {
            let values = recipe.codes::<u8>();
            let codes = &values[recipe.skip()..];
            let expected = model(&mask, codes.len(), |row| {
                set[codes[row] as usize / 64] >> (codes[row] % 64) & 1 == 1
            });
            for isa in Isa::available() {
                let mut narrowed = mask.clone();
                narrow(isa, narrowed.words_mut(), codes, &InByteSet::new(&set));
                prop_assert_eq!(&narrowed, &expected, "{}", isa);
            }
        }
    }

    #[test]
    fn every_byte_is_found_alone() {
        let codes: Vec<u8> = (0..=u8::MAX).collect();
        for code in 0..=u8::MAX {
            let mut set = [0; 4];
            set[usize::from(code / 64)] = 1 << (code % 64);
            let mut mask = Mask::full();
            and_in_set_u8(mask.words_mut(), &codes, &set);
            assert_eq!(mask.iter().collect::<Vec<_>>(), [u16::from(code)]);
        }
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges)]
    fn an_empty_range_keeps_none() {
        let mut mask = Mask::full();
        and_in_range(mask.words_mut(), &[1_u8, 2, 3], 3..=1);
        assert!(mask.is_empty());
    }

    #[test]
    fn a_set_of_all_codes_keeps_all_rows() {
        let mut mask = Mask::full();
        and_in_set(mask.words_mut(), &[0_u16, 1, u16::MAX], &[u64::MAX; 1_024]);
        assert_eq!(mask, Mask::first(3));
        and_in_set(mask.words_mut(), &[0_u32, 64, u32::MAX], &[u64::MAX]);
        assert_eq!(mask, Mask::first(1));
    }
}
