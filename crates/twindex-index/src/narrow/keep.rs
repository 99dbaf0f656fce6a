//! Narrowing slot by slot, where no kernel answers.

use twindex_kernels::mask::Words;

/// Keeps the slots that pass.
#[inline]
pub(crate) fn keep_slots(mask: &mut Words, mut keep: impl FnMut(usize) -> bool) {
    for (at, word) in mask.iter_mut().enumerate() {
        let mut left = *word;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            if !keep(at * 64 + bit) {
                *word &= !(1 << bit);
            }
            left &= left - 1;
        }
    }
}
