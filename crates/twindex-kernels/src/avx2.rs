//! What AVX2 code is made of: vectors of codes, and packing them to one bit a row.
//!
//! Everything works on chunks of 64 rows, given as arrays, so that no load can leave its slice. A
//! test answers all ones or all zeros in each lane of a vector, as the compare instructions do.

use std::arch::x86_64::{
    __m256d, __m256i, _mm_loadl_epi64, _mm_loadu_si128, _mm256_add_epi64, _mm256_and_si256,
    _mm256_andnot_si256, _mm256_blendv_epi8, _mm256_broadcastsi128_si256, _mm256_castsi256_pd,
    _mm256_cmpeq_epi8, _mm256_cmpeq_epi16, _mm256_cmpeq_epi32, _mm256_cmpeq_epi64,
    _mm256_cmpgt_epi32, _mm256_cvtepu8_epi32, _mm256_cvtepu16_epi32, _mm256_loadu_pd,
    _mm256_loadu_si256, _mm256_mask_i32gather_epi32, _mm256_max_epu8, _mm256_max_epu16,
    _mm256_max_epu32, _mm256_min_epu8, _mm256_min_epu16, _mm256_min_epu32, _mm256_movemask_epi8,
    _mm256_movemask_pd, _mm256_or_si256, _mm256_packs_epi16, _mm256_packs_epi32,
    _mm256_permute4x64_epi64, _mm256_permutevar8x32_epi32, _mm256_sad_epu8, _mm256_set1_epi8,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_setr_epi16,
    _mm256_setr_epi32, _mm256_setr_epi64x, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_slli_epi64, _mm256_sllv_epi32, _mm256_srai_epi32, _mm256_srli_epi16, _mm256_srli_epi32,
    _mm256_srli_epi64, _mm256_storeu_si256, _mm256_xor_si256,
};

use crate::memory::Plain;
use crate::narrow::Chunk;

/// A code of 1, 2 or 4 bytes as a lane of a vector. All functions need AVX2.
///
/// # Safety
/// Every function must be called only on a processor with AVX2.
pub trait Vector: Copy {
    /// `self` in every lane.
    unsafe fn splat(self) -> __m256i;
    /// All ones where equal.
    unsafe fn equal(a: __m256i, b: __m256i) -> __m256i;
    /// The lesser, unsigned.
    unsafe fn lesser(a: __m256i, b: __m256i) -> __m256i;
    /// The greater, unsigned.
    unsafe fn greater(a: __m256i, b: __m256i) -> __m256i;
    /// One bit a row from what `test` says of each vector.
    unsafe fn bits(rows: &Chunk<Self>, test: impl Fn(__m256i) -> __m256i) -> u64;
    /// Calls `f` with each vector of rows, and all ones in the lanes whose bit in `bits` is set.
    unsafe fn masked(rows: &Chunk<Self>, bits: u64, f: impl FnMut(__m256i, __m256i));
    /// Writes `rows` over `out` where the bit in `bits` is set.
    unsafe fn blend(out: &mut Chunk<Self>, rows: &Chunk<Self>, bits: u64);
    /// Sums the lanes into four 64-bit lanes.
    unsafe fn sum(vector: __m256i) -> __m256i;
    /// Eight rows from `8 * at` on, each as 32 bits; `at` is below 8.
    unsafe fn widened(rows: &Chunk<Self>, at: usize) -> __m256i;
    /// The least lane, unsigned.
    unsafe fn least(vector: __m256i) -> Self;
    /// The greatest lane, unsigned.
    unsafe fn greatest(vector: __m256i) -> Self;
}

/// Implements what differs between the widths only by the name of the instruction.
macro_rules! lanes {
    ($code:ty, $signed:ty, $n:literal, $splat:ident, $equal:ident, $min:ident, $max:ident) => {
        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn splat(self) -> __m256i {
            $splat(self as $signed)
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn equal(a: __m256i, b: __m256i) -> __m256i {
            $equal(a, b)
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn lesser(a: __m256i, b: __m256i) -> __m256i {
            $min(a, b)
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn greater(a: __m256i, b: __m256i) -> __m256i {
            $max(a, b)
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn masked(rows: &Chunk<Self>, bits: u64, mut f: impl FnMut(__m256i, __m256i)) {
            for (at, rows) in rows.as_chunks::<$n>().0.iter().enumerate() {
                // SAFETY: this function has AVX2, which is all that is asked.
                f(load(rows), unsafe { Self::lanes_of(bits >> (at * $n)) });
            }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn blend(out: &mut Chunk<Self>, rows: &Chunk<Self>, bits: u64) {
            let out = out.as_chunks_mut::<$n>().0.iter_mut();
            for (at, (out, rows)) in out.zip(rows.as_chunks::<$n>().0).enumerate() {
                // SAFETY: this function has AVX2, which is all that is asked.
                let set = unsafe { Self::lanes_of(bits >> (at * $n)) };
                *out = lanes(_mm256_blendv_epi8(load(out), load(rows), set));
            }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn least(vector: __m256i) -> Self {
            let lanes: [Self; $n] = lanes(vector);
            lanes.into_iter().fold(Self::MAX, Ord::min)
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn greatest(vector: __m256i) -> Self {
            let lanes: [Self; $n] = lanes(vector);
            lanes.into_iter().fold(0, Ord::max)
        }
    };
}

/// Spreads the low bits over the lanes of a vector.
trait Spread {
    /// All ones in the lanes whose bit is set; higher bits are ignored.
    ///
    /// # Safety
    /// The processor must have AVX2.
    unsafe fn lanes_of(bits: u64) -> __m256i;
}

impl Spread for u8 {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn lanes_of(bits: u64) -> __m256i {
        // Each lane gets the byte that holds its bit: a shuffle stays within 16 lanes, and both
        // halves of the vector hold all four bytes.
        let byte = _mm256_setr_epi64x(
            0,
            0x0101_0101_0101_0101,
            0x0202_0202_0202_0202,
            0x0303_0303_0303_0303,
        );
        let bit = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
        let spread = _mm256_shuffle_epi8(_mm256_set1_epi32(bits as i32), byte);
        _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit)
    }
}

impl Spread for u16 {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn lanes_of(bits: u64) -> __m256i {
        let bit = _mm256_setr_epi16(
            1,
            2,
            4,
            8,
            16,
            32,
            64,
            128,
            256,
            512,
            1024,
            2048,
            4096,
            8192,
            16384,
            i16::MIN,
        );
        _mm256_cmpeq_epi16(_mm256_and_si256(_mm256_set1_epi16(bits as i16), bit), bit)
    }
}

impl Spread for u32 {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn lanes_of(bits: u64) -> __m256i {
        let bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(bits as i32), bit), bit)
    }
}

impl Vector for u8 {
    lanes!(u8, i8, 32, _mm256_set1_epi8, _mm256_cmpeq_epi8, _mm256_min_epu8, _mm256_max_epu8);

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn bits(rows: &Chunk<Self>, test: impl Fn(__m256i) -> __m256i) -> u64 {
        let (rows, _) = rows.as_chunks::<32>();
        joined(test(load(&rows[0])), test(load(&rows[1])))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn sum(vector: __m256i) -> __m256i {
        _mm256_sad_epu8(vector, _mm256_setzero_si256())
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn widened(rows: &Chunk<Self>, at: usize) -> __m256i {
        let rows: &[u8; 8] = &rows.as_chunks().0[at];
        // SAFETY: the load reads the 8 bytes of the array.
        _mm256_cvtepu8_epi32(unsafe { _mm_loadl_epi64(rows.as_ptr().cast()) })
    }
}

impl Vector for u16 {
    lanes!(u16, i16, 16, _mm256_set1_epi16, _mm256_cmpeq_epi16, _mm256_min_epu16, _mm256_max_epu16);

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn bits(rows: &Chunk<Self>, test: impl Fn(__m256i) -> __m256i) -> u64 {
        let (rows, _) = rows.as_chunks::<16>();
        let half = |at: usize| {
            let packed = _mm256_packs_epi16(test(load(&rows[at])), test(load(&rows[at + 1])));
            // Packing works on the halves of the vectors: quarters a0 b0 a1 b1.
            _mm256_permute4x64_epi64::<0b11_01_10_00>(packed)
        };
        joined(half(0), half(2))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn sum(vector: __m256i) -> __m256i {
        let zero = _mm256_setzero_si256();
        let low = _mm256_sad_epu8(_mm256_and_si256(vector, _mm256_set1_epi16(0xff)), zero);
        let high = _mm256_sad_epu8(_mm256_srli_epi16::<8>(vector), zero);
        _mm256_add_epi64(low, _mm256_slli_epi64::<8>(high))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn widened(rows: &Chunk<Self>, at: usize) -> __m256i {
        let rows: &[u16; 8] = &rows.as_chunks().0[at];
        // SAFETY: the load reads the 16 bytes of the array.
        _mm256_cvtepu16_epi32(unsafe { _mm_loadu_si128(rows.as_ptr().cast()) })
    }
}

impl Vector for u32 {
    lanes!(u32, i32, 8, _mm256_set1_epi32, _mm256_cmpeq_epi32, _mm256_min_epu32, _mm256_max_epu32);

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn bits(rows: &Chunk<Self>, test: impl Fn(__m256i) -> __m256i) -> u64 {
        let (rows, _) = rows.as_chunks::<8>();
        bits_of_words(|at| test(load(&rows[at])))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn sum(vector: __m256i) -> __m256i {
        let low = _mm256_and_si256(vector, _mm256_set1_epi64x(0xffff_ffff));
        _mm256_add_epi64(low, _mm256_srli_epi64::<32>(vector))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn widened(rows: &Chunk<Self>, at: usize) -> __m256i {
        load(&rows.as_chunks::<8>().0[at])
    }
}

/// One bit for each of 64 rows, from eight vectors of eight tested rows.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn bits_of_words(vector: impl Fn(usize) -> __m256i) -> u64 {
    let half = |at: usize| {
        let low = _mm256_packs_epi32(vector(at), vector(at + 1));
        let high = _mm256_packs_epi32(vector(at + 2), vector(at + 3));
        // Packing works on the halves of the vectors: four rows each of a0 b0 c0 d0 a1 b1 c1 d1.
        let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
        _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order)
    };
    joined(half(0), half(4))
}

/// One bit for each of 64 numbers, from what `test` says of each vector of four.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn bits_of_numbers(test: impl Fn(usize) -> __m256d) -> u64 {
    let mut bits = 0;
    for at in 0..16 {
        bits |= (_mm256_movemask_pd(test(at)) as u64) << (at * 4);
    }
    bits
}

/// Four numbers from `4 * at` on; `at` is below 16.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn numbers(rows: &Chunk<f64>, at: usize) -> __m256d {
    let rows: &[f64; 4] = &rows.as_chunks().0[at];
    // SAFETY: the load reads the four numbers of the array.
    unsafe { _mm256_loadu_pd(rows.as_ptr()) }
}

/// All ones in the four lanes whose low bit is set.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn lanes_of_numbers(bits: u64) -> __m256d {
    let bit = _mm256_setr_epi64x(1, 2, 4, 8);
    let lanes = _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(bits as i64), bit), bit);
    _mm256_castsi256_pd(lanes)
}

/// A set of bytes as two tables of 16: for a low half, one bit for each high half below 8, and
/// for the others.
pub(crate) struct ByteSet {
    low: [u8; 16],
    high: [u8; 16],
}

impl ByteSet {
    /// Turns a set with code `c` at bit `c % 64` of word `c / 64` into tables.
    pub(crate) fn new(set: &[u64; 4]) -> Self {
        let mut tables = Self { low: [0; 16], high: [0; 16] };
        for code in 0..=u8::MAX {
            let (column, row) = (usize::from(code % 16), code / 16);
            let bit = (set[usize::from(code / 64)] >> (code % 64) & 1) as u8;
            if row < 8 {
                tables.low[column] |= bit << row;
            } else {
                tables.high[column] |= bit << (row - 8);
            }
        }
        tables
    }

    /// All ones in the lanes whose byte is in the set.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(crate) fn contains(&self, bytes: __m256i) -> __m256i {
        // A shuffle gives 0 where bit 7 of its index is set: so the low table answers bytes below
        // 128 and, with that bit flipped, the high table the others.
        let index = _mm256_and_si256(bytes, _mm256_set1_epi8(0x8f_u8 as i8));
        let flipped = _mm256_xor_si256(index, _mm256_set1_epi8(i8::MIN));
        let rows = _mm256_or_si256(
            _mm256_shuffle_epi8(twice(&self.low), index),
            _mm256_shuffle_epi8(twice(&self.high), flipped),
        );
        let bits = _mm256_setr_epi8(
            1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64,
            -128, 1, 2, 4, 8, 16, 32, 64, -128,
        );
        let row = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
        let bit = _mm256_shuffle_epi8(bits, row);
        _mm256_cmpeq_epi8(_mm256_and_si256(rows, bit), bit)
    }
}

/// The table in both halves of a vector.
#[inline]
#[target_feature(enable = "avx2")]
fn twice(table: &[u8; 16]) -> __m256i {
    // SAFETY: the load reads the 16 bytes of the array.
    let half = unsafe { _mm_loadu_si128(table.as_ptr().cast()) };
    _mm256_broadcastsi128_si256(half)
}

/// Loads a vector's worth of codes.
#[inline]
#[target_feature(enable = "avx2")]
fn load<T, const N: usize>(rows: &[T; N]) -> __m256i {
    const { assert!(size_of::<[T; N]>() == size_of::<__m256i>()) };
    // SAFETY: the array has as many bytes as a vector, by the line above.
    unsafe { _mm256_loadu_si256(rows.as_ptr().cast()) }
}

/// The lanes of a vector as an array of plain numbers.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn lanes<T: Plain, const N: usize>(vector: __m256i) -> [T; N] {
    const { assert!(size_of::<[T; N]>() == size_of::<__m256i>()) };
    let mut lanes = [T::default(); N];
    // SAFETY: the array has as many bytes as a vector, by the first line, and any bits are a plain
    // number.
    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), vector) };
    lanes
}

/// The sign bits of two vectors of bytes, `low` first.
#[inline]
#[target_feature(enable = "avx2")]
fn joined(low: __m256i, high: __m256i) -> u64 {
    let low = _mm256_movemask_epi8(low) as u32;
    let high = _mm256_movemask_epi8(high) as u32;
    u64::from(low) | u64::from(high) << 32
}

/// All ones in the lanes whose bit in `table` is set; the eight lanes are places of bits, and
/// those past the table count as clear. The table has at most 2^26 words.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn tested_bits(table: &[u64], places: __m256i) -> __m256i {
    debug_assert!(table.len() <= 1 << 26);
    // The table is read as 32-bit words. On a little-endian machine word `p / 32` has bit `p % 32`
    // of place `p`. Both sides of the comparison are below 2^27 and so not negative.
    let n_words = _mm256_set1_epi32((table.len() * 2) as i32);
    let word_idx = _mm256_srli_epi32::<5>(places);
    let inside = _mm256_cmpgt_epi32(n_words, word_idx);
    // SAFETY: lanes outside the table are not read, by the mask; the others lie within the slice.
    let words = unsafe {
        let words = table.as_ptr().cast::<i32>();
        _mm256_mask_i32gather_epi32::<4>(_mm256_setzero_si256(), words, word_idx, inside)
    };
    // Bit `p % 32` moves to the top: a shift by its distance, and that is `!p % 32`.
    let distance = _mm256_andnot_si256(places, _mm256_set1_epi32(31));
    _mm256_srai_epi32::<31>(_mm256_sllv_epi32(words, distance))
}
