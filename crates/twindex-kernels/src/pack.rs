//! From rows to ranks and back: a lane that a minority of the rows has keeps its values by rank
//! among them, so masks of its slots are masks of rows with the other rows squeezed out.
//!
//! A word at a time by the instructions that do just this, where the machine has them; bit by bit
//! elsewhere.

use crate::dispatch::{Isa, Kernel};
use crate::mask::{MASK_WORDS, Words};

/// Number of rows present before each word of a mask.
pub type Ranks = [u16; MASK_WORDS];

/// Sets in `slots`, which is empty, the ranks of the rows of `rows` among those `present`.
pub fn rows_to_slots(rows: &Words, (present, ranks): (&Words, &Ranks), slots: &mut Words) {
    Isa::current().run(ToSlots { rows, present, ranks, slots });
}

/// Writes into `rows` the rows of `present` whose ranks are in `slots`.
pub fn slots_to_rows(slots: &Words, (present, ranks): (&Words, &Ranks), rows: &mut Words) {
    Isa::current().run(ToRows { slots, present, ranks, rows });
}

struct ToSlots<'a> {
    rows: &'a Words,
    present: &'a Words,
    ranks: &'a Ranks,
    slots: &'a mut Words,
}

impl ToSlots<'_> {
    #[inline(always)]
    fn apply(self, compress: impl Fn(u64, u64) -> u64) {
        let words = self.rows.iter().zip(self.present).zip(self.ranks);
        for ((rows, present), rank) in words {
            let both = rows & present;
            if both != 0 {
                put_bits(self.slots, usize::from(*rank), compress(both, *present));
            }
        }
    }
}

impl Kernel for ToSlots<'_> {
    type Output = ();

    fn scalar(self) {
        self.apply(compress);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) {
        self.apply(|bits, present| std::arch::x86_64::_pext_u64(bits, present));
    }
}

struct ToRows<'a> {
    slots: &'a Words,
    present: &'a Words,
    ranks: &'a Ranks,
    rows: &'a mut Words,
}

impl ToRows<'_> {
    #[inline(always)]
    fn apply(self, expand: impl Fn(u64, u64) -> u64) {
        let words = self.rows.iter_mut().zip(self.present).zip(self.ranks);
        for ((row, present), rank) in words {
            *row = match present {
                0 => 0,
                present => expand(get_bits(self.slots, usize::from(*rank)), *present),
            };
        }
    }
}

impl Kernel for ToRows<'_> {
    type Output = ();

    fn scalar(self) {
        self.apply(expand);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) {
        self.apply(|bits, present| std::arch::x86_64::_pdep_u64(bits, present));
    }
}

/// The bits of `bits`, a part of `present`, at their ranks among those.
fn compress(bits: u64, present: u64) -> u64 {
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

/// The bits of `present` whose ranks are in `bits`.
fn expand(mut bits: u64, mut present: u64) -> u64 {
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

/// Adds 64 bits from place `at` on; those past the end must be empty.
#[inline(always)]
fn put_bits(words: &mut Words, at: usize, bits: u64) {
    let shift = at % 64;
    words[at / 64] |= bits << shift;
    if shift > 0
        && let Some(next) = words.get_mut(at / 64 + 1)
    {
        *next |= bits >> (64 - shift);
    }
}

/// 64 bits from place `at` on.
#[inline(always)]
fn get_bits(words: &Words, at: usize) -> u64 {
    let shift = at % 64;
    let low = words[at / 64] >> shift;
    match words.get(at / 64 + 1) {
        Some(next) if shift > 0 => low | next << (64 - shift),
        _ => low,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;
    use crate::mask::Mask;
    use crate::testing::arb_mask;

    fn ranks_of(present: &Mask) -> Ranks {
        let mut ranks = [0; MASK_WORDS];
        let mut n_before = 0_u32;
        for (rank, word) in ranks.iter_mut().zip(present.words()) {
            *rank = n_before as u16;
            n_before += word.count_ones();
        }
        ranks
    }

    proptest! {
        /// Slots are the ranks of rows, and come back as those rows, on every instruction set.
        #[test]
        fn slots_are_ranks_and_come_back_as_rows(present in arb_mask(), rows in arb_mask()) {
            let ranks = ranks_of(&present);
            let in_order = present.iter().zip(0..=u16::MAX);
            let expected: Vec<u16> =
                in_order.filter(|(row, _)| rows.get(*row)).map(|(_, rank)| rank).collect();
            for isa in Isa::available() {
                let mut slots = Mask::empty();
                isa.run(ToSlots {
                    rows: rows.words(),
                    present: present.words(),
                    ranks: &ranks,
                    slots: slots.words_mut(),
                });
                prop_assert_eq!(slots.iter().collect::<Vec<_>>(), expected.clone(), "{}", isa);
                let mut back = rows.clone();
                isa.run(ToRows {
                    slots: slots.words(),
                    present: present.words(),
                    ranks: &ranks,
                    rows: back.words_mut(),
                });
                let mut both = rows.clone();
                both.and(&present);
                prop_assert_eq!(back, both, "{}", isa);
            }
        }
    }
}
