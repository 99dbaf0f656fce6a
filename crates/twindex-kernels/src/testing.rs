//! Data for the properties of this crate: every kernel, on every instruction set, answers as an
//! obvious loop does.
//!
//! Columns come from a seed and not from the strategies: a column of 65,536 values would otherwise
//! take longer to make than all kernels to run. Lengths crowd around the edges of words.

use proptest::prelude::{Just, Strategy, any, prop_oneof};

use crate::codes::Code;
use crate::mask::{Mask, SEGMENT_ROWS};

/// How to make a column.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    seed: u64,
    n_rows: usize,
    /// Values before the column, so that it begins at any alignment.
    skip: usize,
    /// Number of different values.
    n_distinct: u32,
    /// Whether the values are the largest of their width, not the smallest.
    is_high: bool,
    /// Rows in sequence with the same value.
    run_rows: usize,
}

impl Recipe {
    /// Makes the values; the column is all but the first [`Recipe::skip`].
    pub(crate) fn codes<T: Code>(&self) -> Vec<T> {
        let max: u32 = T::MAX.into();
        let mut random = Random(self.seed);
        let mut values = Vec::with_capacity(self.n_rows + self.skip);
        let mut value = T::default();
        for row in 0..self.n_rows + self.skip {
            if row % self.run_rows == 0 {
                let number = random.below(self.n_distinct).min(max);
                let number = if self.is_high { max - number } else { number };
                value = T::from_u32(number).unwrap();
            }
            values.push(value);
        }
        values
    }

    /// Makes numbers: halves around zero, and both infinities.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        let middle = f64::from(self.n_distinct / 2);
        let number = |code: u32| match f64::from(code) - middle {
            7.0 => f64::INFINITY,
            -7.0 => f64::NEG_INFINITY,
            whole => whole / 2.0,
        };
        Self { is_high: false, ..self.clone() }.codes::<u32>().into_iter().map(number).collect()
    }

    /// Values to leave out at the front.
    pub(crate) fn skip(&self) -> usize {
        self.skip
    }

    /// The same shape with other values.
    pub(crate) fn other(&self) -> Self {
        Self { seed: self.seed ^ 0x55, skip: self.skip / 2, ..self.clone() }
    }
}

/// Recipes of columns from empty to a little more than a segment.
pub(crate) fn arb_recipe() -> impl Strategy<Value = Recipe> {
    let n_rows = prop_oneof![
        prop_oneof![
            Just(0_usize),
            Just(1),
            Just(63),
            Just(64),
            Just(65),
            Just(1_024),
            Just(65_535),
            Just(65_536),
            Just(65_600),
        ],
        0..700_usize,
        0..65_537_usize,
    ];
    let n_distinct = prop_oneof![1..6_u32, 1..300_u32, 1..70_000_u32, Just(u32::MAX)];
    let run_rows = prop_oneof![Just(1_usize), Just(1), 1..300_usize];
    (any::<u64>(), n_rows, 0..33_usize, n_distinct, any::<bool>(), run_rows).prop_map(
        |(seed, n_rows, skip, n_distinct, is_high, run_rows)| Recipe {
            seed,
            n_rows,
            skip,
            n_distinct,
            is_high,
            run_rows,
        },
    )
}

/// Masks: none, all, the first rows, and each row with some chance, in words of which some are empty.
pub(crate) fn arb_mask() -> impl Strategy<Value = Mask> {
    let random = (any::<u64>(), 1..=64_u32, 0..5_u32).prop_map(|(seed, of_64, empty_of_5)| {
        let mut random = Random(seed);
        let mut mask = Mask::empty();
        for word in mask.words_mut() {
            if random.below(5) >= empty_of_5 {
                for bit in 0..64 {
                    *word |= u64::from(random.below(64) < of_64) << bit;
                }
            }
        }
        mask
    });
    prop_oneof![
        1 => Just(Mask::empty()),
        2 => Just(Mask::full()),
        2 => (0..=SEGMENT_ROWS).prop_map(Mask::first),
        5 => random,
    ]
}

/// The rows of `mask` below `n_rows` for which `keeps` holds.
pub(crate) fn model(mask: &Mask, n_rows: usize, keeps: impl Fn(usize) -> bool) -> Mask {
    let mut kept = Mask::empty();
    for row in (0..=u16::MAX).filter(|row| mask.get(*row)) {
        if usize::from(row) < n_rows && keeps(usize::from(row)) {
            kept.set(row);
        }
    }
    kept
}

/// A small generator with a period of 2^64 (SplitMix).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        (((self.next() >> 32) * u64::from(n)) >> 32) as u32
    }
}
