//! Counting rows by code, and by pair of codes, under a mask.
//!
//! Only rows set are visited: adding 0 or 1 for every row was measured slower at any selectivity.
//! Fleets are skewed and loaded customer by customer, so two things count more than instructions:
//! a chunk with a single code is counted at once, and small tables are kept fourfold, since adding
//! to the counter that the row before has just written waits for that write.

use crate::codes::Code;
use crate::dispatch::{Isa, Kernel};
use crate::mask::{self, Words};
use crate::narrow::{Chunk, for_each_bit, for_each_chunk, for_each_chunk_pair};

/// Largest table that is kept fourfold: 16 KB in all, half of a first-level cache.
const FOURFOLD_CODES_MAX: usize = 1_024;
/// Below so many rows, clearing and adding up four tables costs more than it saves.
const FOURFOLD_ROWS_MIN: u32 = 4_096;

/// Places that a byte can have.
const BYTES: usize = 256;

/// Fewer rows of a chunk are counted one by one without looking for a single code.
const SAME_ROWS_MIN: u32 = 8;

/// Adds 1 to `counts[code]` for each row of `mask` below `codes.len()`.
///
/// A code past `counts` is the caller's mistake; it is not counted.
pub fn histogram<T: Code>(mask: &Words, codes: &[T], counts: &mut [u32]) {
    Isa::current().run(Tally { mask, column: One(codes), counts });
}

/// Adds 1 to `counts[a * n_b + b]` for each row of `mask` that both columns have.
///
/// A code of `b` not below `n_b`, or a pair past `counts`, is the caller's mistake; it is not counted.
pub fn histogram_pairs<A: Code, B: Code>(
    mask: &Words,
    a: &[A],
    b: &[B],
    n_b: usize,
    counts: &mut [u32],
) {
    Isa::current().run(Tally { mask, column: Two::new(a, b, n_b), counts });
}

/// What is counted: for each row a place in the table.
trait Column: Copy {
    /// The codes of 64 rows.
    type Rows<'a>: Copy;

    /// Calls `f` with each word that is not empty and its rows.
    fn each(self, mask: &Words, f: impl for<'a> FnMut(u64, Self::Rows<'a>));

    /// Whether all places are below [`BYTES`].
    const IS_BYTES: bool = false;

    /// Returns the place of a row; `usize::MAX` if it has none.
    fn place(self, rows: Self::Rows<'_>, bit: usize) -> usize;

    /// Returns the bits of the rows with the same codes as the row at `bit`; plain code may answer
    /// 0 where not all are the same.
    fn same(self, rows: Self::Rows<'_>, bit: usize) -> u64;

    /// The same.
    ///
    /// # Safety
    /// The processor must have AVX2.
    #[cfg(target_arch = "x86_64")]
    unsafe fn same_avx2(self, rows: Self::Rows<'_>, bit: usize) -> u64;
}

#[derive(Clone, Copy)]
struct One<'a, T>(&'a [T]);

impl<T: Code> Column for One<'_, T> {
    type Rows<'a> = &'a Chunk<T>;

    const IS_BYTES: bool = size_of::<T>() == 1;

    #[inline(always)]
    fn each(self, mask: &Words, mut f: impl for<'a> FnMut(u64, Self::Rows<'a>)) {
        for_each_chunk(mask, self.0, |bits, rows| f(bits, rows));
    }

    #[inline(always)]
    fn place(self, rows: &Chunk<T>, bit: usize) -> usize {
        rows[bit].index()
    }

    #[inline(always)]
    fn same(self, rows: &Chunk<T>, bit: usize) -> u64 {
        same_codes(rows, bit)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn same_avx2(self, rows: &Chunk<T>, bit: usize) -> u64 {
        // SAFETY: this function has AVX2, which is all that is asked.
        unsafe { same_codes_avx2(rows, bit) }
    }
}

#[derive(Clone, Copy)]
struct Two<'a, A, B> {
    a: &'a [A],
    b: &'a [B],
    /// At most 2^32, so that no product overflows.
    n_b: u64,
}

impl<'a, A: Code, B: Code> Two<'a, A, B> {
    fn new(a: &'a [A], b: &'a [B], n_b: usize) -> Self {
        Self { a, b, n_b: (n_b as u64).min(1 << 32) }
    }
}

impl<A: Code, B: Code> Column for Two<'_, A, B> {
    type Rows<'a> = (&'a Chunk<A>, &'a Chunk<B>);

    #[inline(always)]
    fn each(self, mask: &Words, mut f: impl for<'a> FnMut(u64, Self::Rows<'a>)) {
        for_each_chunk_pair(mask, (self.a, self.b), |bits, a, b| f(bits, (a, b)));
    }

    #[inline(always)]
    fn place(self, (a, b): Self::Rows<'_>, bit: usize) -> usize {
        let (a, b): (u32, u32) = (a[bit].into(), b[bit].into());
        let place = u64::from(a) * self.n_b + u64::from(b);
        let has_place = u64::from(b) < self.n_b;
        if has_place { usize::try_from(place).unwrap_or(usize::MAX) } else { usize::MAX }
    }

    #[inline(always)]
    fn same(self, (a, b): Self::Rows<'_>, bit: usize) -> u64 {
        same_codes(a, bit) & same_codes(b, bit)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn same_avx2(self, (a, b): Self::Rows<'_>, bit: usize) -> u64 {
        // SAFETY: this function has AVX2, which is all that is asked.
        unsafe { same_codes_avx2(a, bit) & same_codes_avx2(b, bit) }
    }
}

#[inline(always)]
fn same_codes<T: Code>(rows: &Chunk<T>, bit: usize) -> u64 {
    if rows.iter().all(|row| *row == rows[bit]) { u64::MAX } else { 0 }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn same_codes_avx2<T: Code>(rows: &Chunk<T>, bit: usize) -> u64 {
    // SAFETY: this function has AVX2, which is all that is asked.
    unsafe {
        let code = rows[bit].splat();
        T::bits(rows, |rows| T::equal(rows, code))
    }
}

struct Tally<'a, C> {
    mask: &'a Words,
    column: C,
    counts: &'a mut [u32],
}

impl<C: Column> Kernel for Tally<'_, C> {
    type Output = ();

    fn scalar(self) {
        let column = self.column;
        self.apply(|rows, bit| column.same(rows, bit));
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) {
        let column = self.column;
        // SAFETY: this function has AVX2, which is all that is asked.
        self.apply(|rows, bit| unsafe { column.same_avx2(rows, bit) });
    }
}

impl<C: Column> Tally<'_, C> {
    #[inline(always)]
    fn apply(self, same: impl for<'a> Fn(C::Rows<'a>, usize) -> u64) {
        let Self { mask, column, counts } = self;
        if counts.len() > FOURFOLD_CODES_MAX || mask::count(mask) < FOURFOLD_ROWS_MIN {
            each_row(mask, column, same, |_, place, n| {
                if let Some(count) = counts.get_mut(place) {
                    *count += n;
                }
            });
            return;
        }
        if C::IS_BYTES {
            // No place needs to be looked at: each is one of the table.
            let mut tables = [[0_u32; BYTES]; 4];
            each_row(mask, column, same, |turn, place, n| {
                tables[turn % 4][place % BYTES] += n;
            });
            for (place, count) in counts.iter_mut().enumerate().take(BYTES) {
                *count += tables.iter().map(|table| table[place]).sum::<u32>();
            }
            return;
        }
        // One place more than the largest table takes the rows that have none.
        let mut tables = [[0_u32; FOURFOLD_CODES_MAX + 1]; 4];
        each_row(mask, column, same, |turn, place, n| {
            tables[turn % 4][place.min(FOURFOLD_CODES_MAX)] += n;
        });
        for (place, count) in counts.iter_mut().enumerate() {
            *count += tables.iter().map(|table| table[place]).sum::<u32>();
        }
    }
}

/// Calls `count` with a changing number, a place, and how many rows have it, for all rows set.
#[inline(always)]
fn each_row<C: Column>(
    mask: &Words,
    column: C,
    same: impl for<'a> Fn(C::Rows<'a>, usize) -> u64,
    mut count: impl FnMut(usize, usize, u32),
) {
    column.each(mask, |bits, rows| {
        let n = bits.count_ones();
        let first = bits.trailing_zeros() as usize % 64;
        if n >= SAME_ROWS_MIN && bits & !same(rows, first) == 0 {
            count(0, column.place(rows, first), n);
        } else if bits == u64::MAX {
            for bit in (0..64).step_by(4) {
                count(0, column.place(rows, bit), 1);
                count(1, column.place(rows, bit + 1), 1);
                count(2, column.place(rows, bit + 2), 1);
                count(3, column.place(rows, bit + 3), 1);
            }
        } else {
            let mut turn = 0;
            for_each_bit(bits, |bit| {
                count(turn, column.place(rows, bit), 1);
                turn += 1;
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop_assert_eq, prop_oneof, proptest};

    use super::*;
    use crate::mask::Mask;
    use crate::testing::{arb_mask, arb_recipe};

    /// Tables shorter and longer than the codes, kept once or fourfold.
    fn arb_table() -> impl Strategy<Value = usize> {
        prop_oneof![0..40_usize, 200..300_usize, 1_020..1_030_usize, 60_000..70_000_usize]
    }

    fn check<T: Code>(isa: Isa, mask: &Mask, codes: &[T], table: usize) {
        let mut expected = vec![3; table];
        for row in mask.iter().map(usize::from).filter(|row| *row < codes.len()) {
            if let Some(count) = expected.get_mut(codes[row].index()) {
                *count += 1;
            }
        }
        let mut counts = vec![3; table];
        isa.run(Tally { mask: mask.words(), column: One(codes), counts: &mut counts });
        assert_eq!(counts, expected, "{isa}");
    }

    proptest! {
        /// Every row set is counted once, and codes past the table are not.
        #[test]
        fn rows_are_counted_as_in_a_loop(
            mask in arb_mask(), recipe in arb_recipe(), table in arb_table(),
        ) {
            for isa in Isa::available() {
                check(isa, &mask, &recipe.codes::<u8>()[recipe.skip()..], table);
                check(isa, &mask, &recipe.codes::<u16>()[recipe.skip()..], table);
                check(isa, &mask, &recipe.codes::<u32>()[recipe.skip()..], table);
            }
        }

        /// Pairs are counted at the place of both codes; a right code past its width is not.
        #[test]
        fn pairs_are_counted_as_in_a_loop(
            mask in arb_mask(), left in arb_recipe(), table in arb_table(), n_b in 0..400_usize,
        ) {
            let right = left.other();
            let (a, b) = (left.codes::<u8>(), right.codes::<u16>());
            let (a, b) = (&a[left.skip()..], &b[right.skip()..]);
            let mut expected = vec![0; table];
            for row in mask.iter().map(usize::from).filter(|row| *row < a.len().min(b.len())) {
                if b[row].index() < n_b
                    && let Some(count) = expected.get_mut(a[row].index() * n_b + b[row].index())
                {
                    *count += 1;
                }
            }
            for isa in Isa::available() {
                let mut counts = vec![0; table];
                let column = Two::new(a, b, n_b);
                isa.run(Tally { mask: mask.words(), column, counts: &mut counts });
                prop_assert_eq!(&counts, &expected, "{}", isa);
            }
        }
    }

    #[test]
    fn counts_are_added_to_what_is_there() {
        let mut counts = [10, 20];
        histogram(Mask::first(3).words(), &[1_u8, 0, 1, 0, 9], &mut counts);
        assert_eq!(counts, [11, 22]);
        let mut counts = [0; 4];
        histogram_pairs(Mask::full().words(), &[1_u8, 0, 1], &[1_u16, 0, 7], 2, &mut counts);
        assert_eq!(counts, [1, 0, 0, 1]);
    }
}
