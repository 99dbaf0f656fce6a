//! Narrowing by codes: dictionary codes and framed numbers, 1, 2 or 4 bytes a row.
//!
//! All of them keep the rows `r < codes.len()` that match and clear the others.

use std::fmt;
use std::ops::RangeInclusive;

use crate::mask::Words;
use crate::narrow::{bits_where, narrow};

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
    narrow(mask, codes, |rows| bits_where(rows, |row| row == code));
}

/// Keeps the rows whose code lies in `range`; an empty range keeps none.
pub fn and_in_range<T: Code>(mask: &mut Words, codes: &[T], range: RangeInclusive<T>) {
    narrow(mask, codes, |rows| {
        bits_where(rows, |row| range.contains(&row))
    });
}

/// Keeps the rows whose code is in a set of bytes: code `c` is bit `c % 64` of word `c / 64`.
pub fn and_in_set_u8(mask: &mut Words, codes: &[u8], set: &[u64; 4]) {
    and_in_set(mask, codes, set);
}

/// Keeps the rows whose code is in a set: code `c` is bit `c % 64` of word `c / 64`. Codes past
/// the set are not in it.
pub fn and_in_set<T: Code>(mask: &mut Words, codes: &[T], set: &[u64]) {
    narrow(mask, codes, |rows| {
        bits_where(rows, |row| {
            let word = set.get(row.index() / 64).copied().unwrap_or(0);
            word >> (row.index() % 64) & 1 == 1
        })
    });
}
