//! Values under a mask: collected, summed, and their extremes, also zone by zone.
//!
//! Rows past the data are not there, whatever the mask says. Sums and extremes take whole vectors
//! and blank the lanes of rows that are not set: visiting set bits one by one is slower from a few
//! bits a word on.

use crate::codes::Code;
use crate::dispatch::{Isa, Kernel};
use crate::mask::{self, MASK_WORDS, SEGMENT_ROWS, Words, ZONE_ROWS};
use crate::narrow::{for_each_bit, for_each_chunk, for_each_value};

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    _mm256_add_epi64, _mm256_and_si256, _mm256_blendv_pd, _mm256_castpd_si256, _mm256_cmpeq_epi8,
    _mm256_max_pd, _mm256_min_pd, _mm256_or_si256, _mm256_set1_pd, _mm256_setzero_si256,
    _mm256_xor_si256,
};

#[cfg(target_arch = "x86_64")]
use crate::avx2;

/// Zones of a segment.
pub const ZONES: usize = SEGMENT_ROWS / ZONE_ROWS;

/// Words of a mask for one zone.
const ZONE_WORDS: usize = MASK_WORDS / ZONES;

/// Words with at most so many rows are visited row by row: fewer cache lines are touched.
#[cfg(target_arch = "x86_64")]
const SPARSE_ROWS_MAX: u32 = 2;

/// Appends the codes of the rows of `mask`, in row order.
pub fn gather_codes<T: Code>(mask: &Words, codes: &[T], out: &mut Vec<u32>) {
    gather(mask, codes, out);
}

/// Appends the numbers of the rows of `mask`, in row order.
pub fn gather_f64(mask: &Words, numbers: &[f64], out: &mut Vec<f64>) {
    gather(mask, numbers, out);
}

/// Sums the codes of the rows of `mask`; exact.
pub fn sum_codes<T: Code>(mask: &Words, codes: &[T]) -> u64 {
    Isa::current().run(Sum { words: mask, codes })
}

/// Returns the least and the greatest code of the rows of `mask`.
pub fn min_max_codes<T: Code>(mask: &Words, codes: &[T]) -> Option<(T, T)> {
    Isa::current().run(CodeRange { words: mask, codes })
}

/// Returns the least and the greatest number of the rows of `mask`. None may be a NaN.
pub fn min_max_f64(mask: &Words, numbers: &[f64]) -> Option<(f64, f64)> {
    Isa::current().run(NumberRange { words: mask, numbers })
}

/// Returns least and greatest code of each zone (1,024 rows); `None` where it has no row of `mask`.
pub fn zones_codes<T: Code>(mask: &Words, codes: &[T]) -> [Option<(T, T)>; ZONES] {
    let isa = Isa::current();
    zones(mask, codes, |words, codes| isa.run(CodeRange { words, codes }))
}

/// Returns least and greatest number of each zone (1,024 rows); `None` where it has no row of `mask`.
/// None may be a NaN.
pub fn zones_f64(mask: &Words, numbers: &[f64]) -> [Option<(f64, f64)>; ZONES] {
    let isa = Isa::current();
    zones(mask, numbers, |words, numbers| isa.run(NumberRange { words, numbers }))
}

fn zones<T, R: Copy>(
    mask: &Words,
    data: &[T],
    range: impl Fn(&[u64], &[T]) -> Option<R>,
) -> [Option<R>; ZONES] {
    let mut zones = [None; ZONES];
    let parts = mask.chunks(ZONE_WORDS).zip(data.chunks(ZONE_ROWS));
    for (zone, (words, rows)) in zones.iter_mut().zip(parts) {
        *zone = range(words, rows);
    }
    zones
}

fn gather<T: Copy + Default + Into<U>, U: Copy + Default>(
    mask: &Words,
    data: &[T],
    out: &mut Vec<U>,
) {
    out.reserve(mask::count(mask) as usize);
    for_each_chunk(mask, data, |bits, rows| {
        if bits == u64::MAX {
            out.extend(rows.iter().map(|row| (*row).into()));
            return;
        }
        // By way of an array: a push for each row would check the capacity each time.
        let (mut found, mut n) = ([U::default(); 64], 0);
        for_each_bit(bits, |bit| {
            found[n % 64] = rows[bit].into();
            n += 1;
        });
        out.extend_from_slice(&found[..n]);
    });
}

struct Sum<'a, T> {
    words: &'a [u64],
    codes: &'a [T],
}

impl<T: Code> Kernel for Sum<'_, T> {
    type Output = u64;

    fn scalar(self) -> u64 {
        let mut sum = 0;
        for_each_chunk(self.words, self.codes, |bits, rows| {
            for_each_value(bits, rows, |code| {
                let code: u32 = code.into();
                sum += u64::from(code);
            });
        });
        sum
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) -> u64 {
        let (mut sum, mut sums) = (0, _mm256_setzero_si256());
        for_each_chunk(self.words, self.codes, |bits, rows| {
            if bits.count_ones() <= SPARSE_ROWS_MAX {
                for_each_bit(bits, |bit| sum += u64::from(rows[bit].into()));
                return;
            }
            // SAFETY: this function has AVX2, which is all that is asked.
            unsafe {
                T::masked(rows, bits, |rows, lanes| {
                    sums = _mm256_add_epi64(sums, T::sum(_mm256_and_si256(rows, lanes)));
                });
            }
        });
        avx2::lanes::<u64, 4>(sums).into_iter().fold(sum, |sum, part| sum + part)
    }
}

struct CodeRange<'a, T> {
    words: &'a [u64],
    codes: &'a [T],
}

impl<T: Code> Kernel for CodeRange<'_, T> {
    type Output = Option<(T, T)>;

    fn scalar(self) -> Option<(T, T)> {
        let (mut min, mut max) = (T::MAX, T::default());
        for_each_chunk(self.words, self.codes, |bits, rows| {
            for_each_value(bits, rows, |row| {
                min = min.min(row);
                max = max.max(row);
            });
        });
        (min <= max).then_some((min, max))
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) -> Option<(T, T)> {
        let zeros = _mm256_setzero_si256();
        let ones = _mm256_cmpeq_epi8(zeros, zeros);
        let (mut min, mut max) = (ones, zeros);
        let (mut least, mut greatest) = (T::MAX, T::default());
        for_each_chunk(self.words, self.codes, |bits, rows| {
            if bits.count_ones() <= SPARSE_ROWS_MAX {
                for_each_bit(bits, |bit| {
                    least = least.min(rows[bit]);
                    greatest = greatest.max(rows[bit]);
                });
                return;
            }
            // Rows not set count as the largest code for the least, and as 0 for the greatest.
            // SAFETY: this function has AVX2, which is all that is asked.
            unsafe {
                T::masked(rows, bits, |rows, lanes| {
                    min = T::lesser(min, _mm256_or_si256(rows, _mm256_xor_si256(lanes, ones)));
                    max = T::greater(max, _mm256_and_si256(rows, lanes));
                });
            }
        });
        // SAFETY: as above.
        let (min, max) = unsafe { (T::least(min).min(least), T::greatest(max).max(greatest)) };
        (min <= max).then_some((min, max))
    }
}

struct NumberRange<'a> {
    words: &'a [u64],
    numbers: &'a [f64],
}

impl Kernel for NumberRange<'_> {
    type Output = Option<(f64, f64)>;

    fn scalar(self) -> Option<(f64, f64)> {
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for_each_chunk(self.words, self.numbers, |bits, rows| {
            for_each_value(bits, rows, |row| {
                min = min.min(row);
                max = max.max(row);
            });
        });
        (min <= max).then_some((min, max))
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) -> Option<(f64, f64)> {
        let (above, below) = (_mm256_set1_pd(f64::INFINITY), _mm256_set1_pd(f64::NEG_INFINITY));
        let (mut min, mut max) = (above, below);
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        for_each_chunk(self.words, self.numbers, |bits, rows| {
            if bits.count_ones() <= SPARSE_ROWS_MAX {
                for_each_bit(bits, |bit| {
                    least = least.min(rows[bit]);
                    greatest = greatest.max(rows[bit]);
                });
                return;
            }
            for at in 0..16 {
                let (rows, lanes) =
                    (avx2::numbers(rows, at), avx2::lanes_of_numbers(bits >> (at * 4)));
                min = _mm256_min_pd(min, _mm256_blendv_pd(above, rows, lanes));
                max = _mm256_max_pd(max, _mm256_blendv_pd(below, rows, lanes));
            }
        });
        let min = avx2::lanes::<f64, 4>(_mm256_castpd_si256(min)).into_iter().fold(least, f64::min);
        let max =
            avx2::lanes::<f64, 4>(_mm256_castpd_si256(max)).into_iter().fold(greatest, f64::max);
        (min <= max).then_some((min, max))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;
    use crate::mask::Mask;
    use crate::testing::{Recipe, arb_mask, arb_recipe};

    fn rows_below(mask: &Mask, n_rows: usize) -> impl Iterator<Item = usize> {
        mask.iter().map(usize::from).filter(move |row| *row < n_rows)
    }

    fn check<T: Code>(mask: &Mask, recipe: &Recipe) {
        let values = recipe.codes::<T>();
        let codes = &values[recipe.skip()..];
        let set: Vec<T> = rows_below(mask, codes.len()).map(|row| codes[row]).collect();
        let mut gathered = vec![7];
        gather_codes(mask.words(), codes, &mut gathered);
        let expected: Vec<u32> = [7].into_iter().chain(set.iter().map(|c| (*c).into())).collect();
        assert_eq!(gathered, expected);

        let sum: u64 = expected[1..].iter().map(|code| u64::from(*code)).sum();
        let range = set.iter().min().copied().zip(set.iter().max().copied());
        for isa in Isa::available() {
            let words = mask.words().as_slice();
            assert_eq!(isa.run(Sum { words, codes }), sum, "{isa}: sum");
            assert_eq!(isa.run(CodeRange { words, codes }), range, "{isa}: range");
        }
    }

    proptest! {
        /// Codes are gathered, summed and ranged as in a loop.
        #[test]
        fn codes_reduce_as_in_a_loop(mask in arb_mask(), recipe in arb_recipe()) {
            check::<u8>(&mask, &recipe);
            check::<u16>(&mask, &recipe);
            check::<u32>(&mask, &recipe);
        }

        /// Numbers are gathered and ranged as in a loop.
        #[test]
        fn numbers_reduce_as_in_a_loop(mask in arb_mask(), recipe in arb_recipe()) {
            let values = recipe.numbers();
            let numbers = &values[recipe.skip()..];
            let set: Vec<f64> = rows_below(&mask, numbers.len()).map(|row| numbers[row]).collect();
            let mut gathered = Vec::new();
            gather_f64(mask.words(), numbers, &mut gathered);
            prop_assert_eq!(&gathered, &set);

            let min = set.iter().copied().reduce(f64::min);
            let range = min.zip(set.iter().copied().reduce(f64::max));
            for isa in Isa::available() {
                let found = isa.run(NumberRange { words: mask.words(), numbers });
                prop_assert_eq!(found, range, "{}", isa);
            }
        }

        /// A zone has the range of its own rows.
        #[test]
        fn zones_are_ranges_of_their_rows(mask in arb_mask(), recipe in arb_recipe()) {
            let (codes, numbers) = (recipe.codes::<u16>(), recipe.numbers());
            let found = zones_codes(mask.words(), &codes);
            let found_f64 = zones_f64(mask.words(), &numbers);
            for zone in 0..ZONES {
                let rows = zone * ZONE_ROWS..(zone + 1) * ZONE_ROWS;
                let of_zone = || rows_below(&mask, codes.len()).filter(|row| rows.contains(row));
                let min = of_zone().map(|row| codes[row]).min();
                prop_assert_eq!(found[zone], min.zip(of_zone().map(|row| codes[row]).max()));
                let min = of_zone().map(|row| numbers[row]).reduce(f64::min);
                let max = of_zone().map(|row| numbers[row]).reduce(f64::max);
                prop_assert_eq!(found_f64[zone], min.zip(max));
            }
        }
    }

    #[test]
    fn the_largest_sum_is_exact() {
        let codes = vec![u32::MAX; SEGMENT_ROWS];
        let sum = u64::from(u32::MAX) * SEGMENT_ROWS as u64;
        for isa in Isa::available() {
            let words = Mask::full();
            assert_eq!(isa.run(Sum { words: words.words(), codes: &codes }), sum);
        }
    }

    #[test]
    fn no_row_has_no_range() {
        assert_eq!(min_max_codes::<u8>(Mask::full().words(), &[]), None);
        assert_eq!(min_max_codes(Mask::empty().words(), &[1_u8]), None);
        assert_eq!(min_max_codes(Mask::full().words(), &[u8::MAX]), Some((u8::MAX, u8::MAX)));
        assert_eq!(min_max_f64(Mask::empty().words(), &[1.0]), None);
        let infinite = [f64::INFINITY];
        assert_eq!(
            min_max_f64(Mask::full().words(), &infinite),
            Some((f64::INFINITY, f64::INFINITY))
        );
    }
}
