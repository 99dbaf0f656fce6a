//! Bits of planes: single rows, and runs of them moved between rows and ranks.

use twindex_kernels::MASK_WORDS;
use twindex_kernels::mask::{self, Words};

/// The bits of `bits`, all of which are in `present`, moved together as if `present` were a run.
pub(crate) fn compress(bits: u64, present: u64) -> u64 {
    if present == u64::MAX {
        return bits;
    }
    let (mut left, mut out) = (bits, 0);
    while left != 0 {
        let lowest = left & left.wrapping_neg();
        out |= 1 << (present & (lowest - 1)).count_ones();
        left ^= lowest;
    }
    out
}

/// The lowest bits of `bits` moved to the places of `present`: the inverse of [`compress`].
pub(crate) fn expand(mut bits: u64, mut present: u64) -> u64 {
    if present == u64::MAX {
        return bits;
    }
    let mut out = 0;
    while present != 0 && bits != 0 {
        let lowest = present & present.wrapping_neg();
        out |= lowest * (bits & 1);
        bits >>= 1;
        present ^= lowest;
    }
    out
}

/// Sets bits from place `at` on.
pub(crate) fn put_bits(words: &mut Words, at: usize, bits: u64) {
    let shift = at % 64;
    words[at / 64] |= bits << shift;
    if shift > 0
        && let Some(next) = words.get_mut(at / 64 + 1)
    {
        *next |= bits >> (64 - shift);
    }
}

/// 64 bits from place `at` on.
pub(crate) fn get_bits(words: &Words, at: usize) -> u64 {
    let shift = at % 64;
    let low = words[at / 64] >> shift;
    match words.get(at / 64 + 1) {
        Some(next) if shift > 0 => low | next << (64 - shift),
        _ => low,
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

#[cfg(test)]
mod tests {
    use super::{compress, expand, get_bits, put_bits};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        /// Compressed bits keep their number and order, and expand to themselves.
        #[test]
        fn compress_and_expand_are_inverse(bits in any::<u64>(), present in any::<u64>()) {
            let bits = bits & present;
            let compressed = compress(bits, present);
            prop_assert_eq!(compressed.count_ones(), bits.count_ones());
            prop_assert_eq!(expand(compressed, present), bits);
            prop_assert_eq!(compress(present, present).trailing_ones(), present.count_ones());
        }

        #[test]
        fn bits_put_at_a_place_are_got_there(bits in any::<u64>(), at in 0usize..65_472) {
            let mut words = [0; twindex_kernels::MASK_WORDS];
            put_bits(&mut words, at, bits);
            prop_assert_eq!(get_bits(&words, at), bits);
        }
    }
}
