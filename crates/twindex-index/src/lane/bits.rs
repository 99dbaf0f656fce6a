//! Bits of planes: single rows, and runs of them from the first on.

use twindex_kernels::MASK_WORDS;
use twindex_kernels::mask::{self, Words};

/// Clears the rows at and past `len`.
pub(crate) fn keep_first(mask: &mut Words, len: usize) {
    let first_word = (len / 64).min(mask.len());
    if let Some((word, rest)) = mask[first_word..].split_first_mut() {
        *word &= (1 << (len % 64)) - 1;
        rest.fill(0);
    }
}

/// The words of the rows below `len`.
pub(crate) fn first(len: usize) -> Box<Words> {
    let mut words = Box::new([0; MASK_WORDS]);
    mask::set_first(&mut words, len);
    words
}

/// The words of the rows given.
pub(crate) fn bits_at<'a>(rows: impl Iterator<Item = &'a u16>) -> Box<Words> {
    let mut words = Box::new([0; MASK_WORDS]);
    rows.for_each(|row| mask::set(&mut words, *row));
    words
}

/// Whether a row is set.
pub(crate) fn bit(words: &Words, row: usize) -> bool {
    words[row / 64] >> (row % 64) & 1 == 1
}

/// Sets a row.
pub(crate) fn set_bit(words: &mut Words, row: usize) {
    words[row / 64] |= 1 << (row % 64);
}

/// Clears a row.
pub(crate) fn clear_bit(words: &mut Words, row: usize) {
    words[row / 64] &= !(1 << (row % 64));
}
