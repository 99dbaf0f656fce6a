//! The loop that all narrowing kernels share: 64 rows against one word of the mask.
//!
//! Empty words are skipped, the last rows are padded to a whole chunk, and rows past the data are
//! cleared. So a kernel is nothing but a test of 64 rows, and never meets a tail.

use twindex_planted::{Fault, planted};

use crate::dispatch::{Isa, Kernel};
use crate::mask::{MASK_WORDS, Words, low_bits};

/// Rows under one word of a mask.
pub(crate) type Chunk<T> = [T; 64];

/// A cheap test of a whole word costs about as much as so many rows one by one.
#[cfg(target_arch = "x86_64")]
const SPARSE_ROWS_MAX: u32 = 2;

/// A test of the rows of one column.
pub(crate) trait RowTest<T: Copy> {
    /// Words with at most so many rows left are tested row by row: memory is touched where it must
    /// be, which at 1 % of the rows is ten times faster, and a costly test has less to do. Bytes
    /// gain nothing, since their 64 rows are one cache line.
    #[cfg(target_arch = "x86_64")]
    const SPARSE_ROWS_MAX: u32 = if size_of::<T>() == 1 { 0 } else { SPARSE_ROWS_MAX };

    /// Returns whether a row with this value is kept.
    fn keeps(&self, row: T) -> bool;

    /// Returns one bit for each of 64 rows.
    ///
    /// # Safety
    /// The processor must have AVX2.
    #[cfg(target_arch = "x86_64")]
    unsafe fn avx2(&self, rows: &Chunk<T>) -> u64;
}

/// A test of the rows of two columns.
pub(crate) trait PairTest<A: Copy, B: Copy> {
    /// Returns whether a row with these values is kept.
    fn keeps(&self, a: A, b: B) -> bool;

    /// Returns one bit for each of 64 rows.
    ///
    /// # Safety
    /// The processor must have AVX2.
    #[cfg(target_arch = "x86_64")]
    unsafe fn avx2(&self, a: &Chunk<A>, b: &Chunk<B>) -> u64;
}

/// Keeps the rows of `data` that pass `test`; rows past `data` are cleared.
pub(crate) fn narrow<T: Copy + Default>(
    isa: Isa,
    mask: &mut Words,
    data: &[T],
    test: &impl RowTest<T>,
) {
    isa.run(Narrow { mask, data, test });
}

/// Keeps the rows of `a` and `b` that pass `test`; rows past the shorter column are cleared.
pub(crate) fn narrow_pair<A: Copy + Default, B: Copy + Default>(
    isa: Isa,
    mask: &mut Words,
    (a, b): (&[A], &[B]),
    test: &impl PairTest<A, B>,
) {
    isa.run(NarrowPair { mask, a, b, test });
}

struct Narrow<'a, T, Test> {
    mask: &'a mut Words,
    data: &'a [T],
    test: &'a Test,
}

impl<T: Copy + Default, Test: RowTest<T>> Kernel for Narrow<'_, T, Test> {
    type Output = ();

    fn scalar(self) {
        narrow_by(self.mask, self.data, |bits, rows| {
            bits & bits_where(|bit| self.test.keeps(rows[bit]))
        });
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) {
        narrow_by(self.mask, self.data, |bits, rows| {
            if bits.count_ones() <= Test::SPARSE_ROWS_MAX {
                return kept_bits(bits, |bit| self.test.keeps(rows[bit]));
            }
            // SAFETY: this function has AVX2, which is all that is asked.
            bits & unsafe { self.test.avx2(rows) }
        });
    }
}

struct NarrowPair<'a, A, B, Test> {
    mask: &'a mut Words,
    a: &'a [A],
    b: &'a [B],
    test: &'a Test,
}

impl<A: Copy + Default, B: Copy + Default, Test: PairTest<A, B>> Kernel
    for NarrowPair<'_, A, B, Test>
{
    type Output = ();

    fn scalar(self) {
        narrow_pair_by(self.mask, (self.a, self.b), |bits, a, b| {
            bits & bits_where(|bit| self.test.keeps(a[bit], b[bit]))
        });
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) {
        narrow_pair_by(self.mask, (self.a, self.b), |bits, a, b| {
            if bits.count_ones() <= SPARSE_ROWS_MAX {
                return kept_bits(bits, |bit| self.test.keeps(a[bit], b[bit]));
            }
            // SAFETY: this function has AVX2, which is all that is asked.
            bits & unsafe { self.test.avx2(a, b) }
        });
    }
}

// Always inlined, so that the loop is compiled with the features of the kernel that calls it.
#[inline(always)]
fn narrow_by<T: Copy + Default>(
    mask: &mut Words,
    data: &[T],
    keep: impl Fn(u64, &Chunk<T>) -> u64,
) {
    if planted(Fault::LastRowLost) {
        mask[MASK_WORDS - 1] &= u64::MAX >> 1;
    }
    let (chunks, tail) = data.as_chunks::<64>();
    let (head, rest) = mask.split_at_mut(chunks.len().min(MASK_WORDS));
    for (word, chunk) in head.iter_mut().zip(chunks) {
        if *word != 0 {
            *word = keep(*word, chunk);
        }
    }
    if let Some((word, beyond)) = rest.split_first_mut() {
        *word &= low_bits(tail.len());
        if *word != 0 {
            *word = keep(*word, &padded(tail));
        }
        if !planted(Fault::RowsPastDataKept) {
            beyond.fill(0);
        }
    }
}

#[inline(always)]
fn narrow_pair_by<A: Copy + Default, B: Copy + Default>(
    mask: &mut Words,
    (a, b): (&[A], &[B]),
    keep: impl Fn(u64, &Chunk<A>, &Chunk<B>) -> u64,
) {
    let n_rows = a.len().min(b.len());
    let (chunks_a, tail_a) = a[..n_rows].as_chunks::<64>();
    let (chunks_b, tail_b) = b[..n_rows].as_chunks::<64>();
    let (head, rest) = mask.split_at_mut(chunks_a.len().min(MASK_WORDS));
    for ((word, chunk_a), chunk_b) in head.iter_mut().zip(chunks_a).zip(chunks_b) {
        if *word != 0 {
            *word = keep(*word, chunk_a, chunk_b);
        }
    }
    if let Some((word, beyond)) = rest.split_first_mut() {
        *word &= low_bits(tail_a.len());
        if *word != 0 {
            *word = keep(*word, &padded(tail_a), &padded(tail_b));
        }
        beyond.fill(0);
    }
}

/// One bit for each of 64 rows that `keeps` accepts.
///
/// Two steps, for the compiler finds vectors for the first one and none for a loop over bits: a byte
/// for each row, and then eight bytes at a time to bits by a product that moves byte `i` to bit
/// `56 + i`.
#[inline(always)]
fn bits_where(keeps: impl Fn(usize) -> bool) -> u64 {
    let mut kept = [0_u8; 64];
    for (row, kept) in kept.iter_mut().enumerate() {
        *kept = u8::from(keeps(row));
    }
    let mut bits = 0;
    for (at, eight) in kept.as_chunks::<8>().0.iter().enumerate() {
        let byte = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= byte << (at * 8);
    }
    bits
}

/// The bits of `bits` that `keeps` accepts, one by one.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn kept_bits(bits: u64, keeps: impl Fn(usize) -> bool) -> u64 {
    let mut kept = 0;
    let bits = if planted(Fault::LoneRowLost) { bits & !1 } else { bits };
    for_each_bit(bits, |bit| kept |= u64::from(keeps(bit)) << bit);
    kept
}

/// Calls `f` with each word that is not empty and its rows; bits past `data` are cleared. `words`
/// may be any run of a mask's words that begins where `data` does.
#[inline(always)]
pub(crate) fn for_each_chunk<T: Copy + Default>(
    words: &[u64],
    data: &[T],
    mut f: impl FnMut(u64, &Chunk<T>),
) {
    let (chunks, tail) = data.as_chunks::<64>();
    for (word, chunk) in words.iter().zip(chunks) {
        if *word != 0 {
            f(*word, chunk);
        }
    }
    let last = words.get(chunks.len()).map_or(0, |word| word & low_bits(tail.len()));
    if last != 0 {
        f(last, &padded(tail));
    }
}

/// The same over two columns; bits past the shorter one are cleared.
#[inline(always)]
pub(crate) fn for_each_chunk_pair<A: Copy + Default, B: Copy + Default>(
    words: &[u64],
    (a, b): (&[A], &[B]),
    mut f: impl FnMut(u64, &Chunk<A>, &Chunk<B>),
) {
    let n_rows = a.len().min(b.len());
    let (chunks_a, tail_a) = a[..n_rows].as_chunks::<64>();
    let (chunks_b, tail_b) = b[..n_rows].as_chunks::<64>();
    for ((word, chunk_a), chunk_b) in words.iter().zip(chunks_a).zip(chunks_b) {
        if *word != 0 {
            f(*word, chunk_a, chunk_b);
        }
    }
    let last = words.get(chunks_a.len()).map_or(0, |word| word & low_bits(tail_a.len()));
    if last != 0 {
        f(last, &padded(tail_a), &padded(tail_b));
    }
}

/// Calls `f` with the value of each bit, ascending.
#[inline(always)]
pub(crate) fn for_each_value<T: Copy>(bits: u64, rows: &Chunk<T>, mut f: impl FnMut(T)) {
    if bits == u64::MAX {
        rows.iter().for_each(|row| f(*row));
    } else {
        for_each_bit(bits, |bit| f(rows[bit]));
    }
}

/// Calls `f` with the place of each bit, ascending.
#[inline(always)]
pub(crate) fn for_each_bit(mut bits: u64, mut f: impl FnMut(usize)) {
    while bits != 0 {
        f(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// The last rows of a column, filled up to a chunk.
#[inline]
fn padded<T: Copy + Default>(tail: &[T]) -> Chunk<T> {
    let mut chunk = [T::default(); 64];
    chunk[..tail.len()].copy_from_slice(tail);
    chunk
}
