//! The loop that all narrowing kernels share: 64 rows against one word of the mask.
//!
//! Empty words are skipped, the last rows are padded to a whole chunk, and rows past the data are
//! cleared. So a kernel is nothing but a test of 64 rows, and never meets a tail.

use crate::mask::{MASK_WORDS, Words, low_bits};

/// Rows under one word of a mask.
pub(crate) type Chunk<T> = [T; 64];

/// Keeps the rows of `data` whose bit in `test` is set; rows past `data` are cleared.
#[inline(always)]
pub(crate) fn narrow<T: Copy + Default>(
    mask: &mut Words,
    data: &[T],
    test: impl Fn(&Chunk<T>) -> u64,
) {
    let (chunks, tail) = data.as_chunks::<64>();
    let (head, rest) = mask.split_at_mut(chunks.len().min(MASK_WORDS));
    for (word, chunk) in head.iter_mut().zip(chunks) {
        if *word != 0 {
            *word &= test(chunk);
        }
    }
    if let Some((word, beyond)) = rest.split_first_mut() {
        *word &= low_bits(tail.len());
        if *word != 0 {
            *word &= test(&padded(tail));
        }
        beyond.fill(0);
    }
}

/// The same over two columns; rows past the shorter one are cleared.
#[inline(always)]
pub(crate) fn narrow_pair<A: Copy + Default, B: Copy + Default>(
    mask: &mut Words,
    a: &[A],
    b: &[B],
    test: impl Fn(&Chunk<A>, &Chunk<B>) -> u64,
) {
    let n_rows = a.len().min(b.len());
    let (chunks_a, tail_a) = a[..n_rows].as_chunks::<64>();
    let (chunks_b, tail_b) = b[..n_rows].as_chunks::<64>();
    let (head, rest) = mask.split_at_mut(chunks_a.len().min(MASK_WORDS));
    for ((word, chunk_a), chunk_b) in head.iter_mut().zip(chunks_a).zip(chunks_b) {
        if *word != 0 {
            *word &= test(chunk_a, chunk_b);
        }
    }
    if let Some((word, beyond)) = rest.split_first_mut() {
        *word &= low_bits(tail_a.len());
        if *word != 0 {
            *word &= test(&padded(tail_a), &padded(tail_b));
        }
        beyond.fill(0);
    }
}

/// One bit a row for which `keep` holds.
#[inline(always)]
pub(crate) fn bits_where<T: Copy>(rows: &Chunk<T>, keep: impl Fn(T) -> bool) -> u64 {
    let mut bits = 0;
    for (bit, row) in rows.iter().enumerate() {
        bits |= u64::from(keep(*row)) << bit;
    }
    bits
}

/// One bit a row for which `keep` holds of both columns.
#[inline(always)]
pub(crate) fn bits_where_pair<A: Copy, B: Copy>(
    a: &Chunk<A>,
    b: &Chunk<B>,
    keep: impl Fn(A, B) -> bool,
) -> u64 {
    let mut bits = 0;
    for (bit, (a, b)) in a.iter().zip(b).enumerate() {
        bits |= u64::from(keep(*a, *b)) << bit;
    }
    bits
}

/// The last rows of a column, filled up to a chunk.
#[inline]
pub(crate) fn padded<T: Copy + Default>(tail: &[T]) -> Chunk<T> {
    let mut chunk = [T::default(); 64];
    chunk[..tail.len()].copy_from_slice(tail);
    chunk
}
