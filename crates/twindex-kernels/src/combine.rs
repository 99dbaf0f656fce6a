//! Columns of codes made of others: two as one, `a * n_b + b - least`, the place of a pair in a table
//! of counts; and codes moved into a column that others share.
//!
//! A pass of its own, and not a product in the loop that counts: the product of whole vectors costs
//! a tenth of a nanosecond a row, and what counts then reads one narrow column. Plain code under the
//! wider instructions is enough, for the compiler finds the vectors.

use crate::codes::Code;
use crate::dispatch::{Isa, Kernel};
use crate::mask::Words;
use crate::narrow::Chunk;

/// The places of the rows of the shorter column, as `T`: places that need more width lose their
/// high bits, and so do those below `least`.
pub fn combine_codes<A: Code, B: Code, T: Place>(
    columns: (&[A], &[B]),
    n_b: u32,
    least: u32,
) -> Vec<T> {
    combine(Isa::current(), columns, n_b, least)
}

fn combine<A: Code, B: Code, T: Place>(
    isa: Isa,
    (a, b): (&[A], &[B]),
    n_b: u32,
    least: u32,
) -> Vec<T> {
    let mut out = vec![T::default(); a.len().min(b.len())];
    let least = T::cut(least.wrapping_neg());
    isa.run(Combine { a, b, n_b: T::cut(n_b), least, out: &mut out });
    out
}

/// Writes `code + shift`, wrapping, for each row of `mask` that both columns have. Other rows keep
/// what they have.
pub fn write_codes<C: Code, T: Place>(mask: &Words, codes: &[C], shift: u32, out: &mut [T]) {
    Isa::current().run(Write { mask, codes, shift, out });
}

struct Write<'a, C, T> {
    mask: &'a Words,
    codes: &'a [C],
    shift: u32,
    out: &'a mut [T],
}

impl<C: Code, T: Place> Write<'_, C, T> {
    /// `blend` writes the second codes over the first in the rows of a word.
    #[inline(always)]
    fn apply(self, blend: impl Fn(&mut Chunk<T>, &Chunk<T>, u64)) {
        let shift = T::cut(self.shift);
        let moved = |code: C| T::cut(code.into()).extended(T::cut(1), shift, T::default());
        let n_rows = self.out.len().min(self.codes.len());
        let (out, out_tail) = self.out[..n_rows].as_chunks_mut::<64>();
        let (codes, codes_tail) = self.codes[..n_rows].as_chunks::<64>();
        let mut words = self.mask.iter();
        for ((out, codes), bits) in out.iter_mut().zip(codes).zip(words.by_ref()) {
            match *bits {
                0 => (),
                u64::MAX => out.iter_mut().zip(codes).for_each(|(out, code)| *out = moved(*code)),
                bits => {
                    let mut to = [T::default(); 64];
                    to.iter_mut().zip(codes).for_each(|(to, code)| *to = moved(*code));
                    blend(out, &to, bits);
                }
            }
        }
        let bits = words.next().copied().unwrap_or(0);
        for (bit, (out, code)) in out_tail.iter_mut().zip(codes_tail).enumerate() {
            if bits >> bit & 1 == 1 {
                *out = moved(*code);
            }
        }
    }
}

impl<C: Code, T: Place> Kernel for Write<'_, C, T> {
    type Output = ();

    fn scalar(self) {
        self.apply(|out, codes, bits| {
            for (bit, (out, code)) in out.iter_mut().zip(codes).enumerate() {
                *out = if bits >> bit & 1 == 1 { *code } else { *out };
            }
        });
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) {
        // SAFETY: this function has AVX2, which is all that is asked.
        self.apply(|out, codes, bits| unsafe { T::blend(out, codes, bits) });
    }
}

/// A place in a table: `u8` or `u16`.
pub trait Place: Code {
    /// The low bits of a number.
    fn cut(number: u32) -> Self;
    /// `self * n + more + least`, wrapping.
    fn extended(self, n: Self, more: Self, least: Self) -> Self;
}

macro_rules! place {
    ($($width:ty),*) => {$(
        impl Place for $width {
            #[inline(always)]
            fn cut(number: u32) -> Self {
                number as Self
            }

            #[inline(always)]
            fn extended(self, n: Self, more: Self, least: Self) -> Self {
                self.wrapping_mul(n).wrapping_add(more).wrapping_add(least)
            }
        }
    )*};
}
place!(u8, u16);

struct Combine<'a, A, B, T> {
    a: &'a [A],
    b: &'a [B],
    n_b: T,
    /// What is to be added for the least place to be 0.
    least: T,
    out: &'a mut [T],
}

impl<A: Code, B: Code, T: Place> Kernel for Combine<'_, A, B, T> {
    type Output = ();

    #[inline(always)]
    fn scalar(self) {
        let (n_b, least) = (self.n_b, self.least);
        for ((out, a), b) in self.out.iter_mut().zip(self.a).zip(self.b) {
            *out = T::cut((*a).into()).extended(n_b, T::cut((*b).into()), least);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;
    use crate::mask::Mask;
    use crate::testing::{arb_mask, arb_recipe};

    fn check<A: Code, B: Code, T: Place>(a: &[A], b: &[B], n_b: u32, least: u32) {
        let place = |(a, b): (&A, &B)| {
            let (a, b): (u32, u32) = ((*a).into(), (*b).into());
            T::cut(a.wrapping_mul(n_b).wrapping_add(b).wrapping_sub(least))
        };
        let expected: Vec<T> = a.iter().zip(b).map(place).collect();
        for isa in Isa::available() {
            assert_eq!(combine::<A, B, T>(isa, (a, b), n_b, least), expected, "{isa}");
        }
    }

    fn check_written<C: Code, T: Place>(mask: &Mask, codes: &[C], shift: u32) {
        let old: Vec<T> = (0..codes.len() as u32 / 2 * 3).map(T::cut).collect();
        let mut expected = old.clone();
        for row in mask.iter().map(usize::from).filter(|row| *row < old.len().min(codes.len())) {
            let code: u32 = codes[row].into();
            expected[row] = T::cut(code.wrapping_add(shift));
        }
        for isa in Isa::available() {
            let mut out = old.clone();
            isa.run(Write { mask: mask.words(), codes, shift, out: &mut out });
            assert_eq!(out, expected, "{isa}");
        }
    }

    proptest! {
        /// Rows set get their code, moved, and no other row changes.
        #[test]
        fn codes_are_written_as_in_a_loop(
            mask in arb_mask(), recipe in arb_recipe(), shift: u32,
        ) {
            let skip = recipe.skip();
            check_written::<u8, u8>(&mask, &recipe.codes()[skip..], shift);
            check_written::<u8, u16>(&mask, &recipe.codes()[skip..], shift);
            check_written::<u16, u8>(&mask, &recipe.codes()[skip..], shift);
            check_written::<u32, u16>(&mask, &recipe.codes()[skip..], shift);
        }

        /// Each row gets the place of its pair, whatever the widths.
        #[test]
        fn pairs_are_placed_as_in_a_loop(
            left in arb_recipe(), n_b in 0..300_u32, least in 0..70_000_u32,
        ) {
            let right = left.other();
            let (bytes, words) = (left.codes::<u8>(), right.codes::<u16>());
            let (bytes, words) = (&bytes[left.skip()..], &words[right.skip()..]);
            let wide = left.codes::<u32>();
            check::<u8, u16, u16>(bytes, words, n_b, least);
            check::<u16, u8, u8>(words, bytes, n_b, least);
            check::<u8, u8, u8>(bytes, bytes, n_b, least);
            check::<u32, u32, u16>(&wide, &wide, n_b, least);
        }
    }
}
