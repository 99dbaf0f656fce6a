//! Narrowing by two columns of the same segment: drift, `desired.x != reported.x`, `a < b`.
//!
//! Codes compare as numbers whatever their widths, since both lanes share one dictionary or frame;
//! translating one lane into the other's codes was measured four times slower. All widths are
//! compared as 32 bits: nine kernels of native width would save less than memory costs anyway.

use crate::codes::Code;
use crate::dispatch::Isa;
use crate::mask::Words;
use crate::narrow::{PairTest, narrow_pair};

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    _CMP_EQ_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _CMP_NEQ_UQ, _mm256_cmp_pd, _mm256_cmpeq_epi32,
    _mm256_max_epu32,
};

#[cfg(target_arch = "x86_64")]
use crate::avx2::{bits_of_numbers, bits_of_words, numbers};
#[cfg(target_arch = "x86_64")]
use crate::narrow::Chunk;

/// How the left column must stand to the right one. The other two orders swap the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `a < b`.
    Less,
    /// `a <= b`.
    LessOrEqual,
    /// `a = b`.
    Equal,
    /// `a != b`.
    NotEqual,
}

/// Keeps the rows with equal codes; rows past the shorter column are cleared.
pub fn and_columns_equal<A: Code, B: Code>(mask: &mut Words, a: &[A], b: &[B]) {
    and_columns(mask, a, b, Relation::Equal);
}

/// Keeps the rows with equal numbers; rows past the shorter column are cleared.
pub fn and_columns_equal_f64(mask: &mut Words, a: &[f64], b: &[f64]) {
    and_columns_f64(mask, a, b, Relation::Equal);
}

/// Keeps the rows whose codes stand in `relation`; rows past the shorter column are cleared.
pub fn and_columns<A: Code, B: Code>(mask: &mut Words, a: &[A], b: &[B], relation: Relation) {
    narrow_codes(Isa::current(), mask, (a, b), relation);
}

/// Keeps the rows whose numbers stand in `relation`; rows past the shorter column are cleared.
pub fn and_columns_f64(mask: &mut Words, a: &[f64], b: &[f64], relation: Relation) {
    narrow_numbers(Isa::current(), mask, (a, b), relation);
}

fn narrow_codes<A: Code, B: Code>(
    isa: Isa,
    mask: &mut Words,
    columns: (&[A], &[B]),
    relation: Relation,
) {
    match relation {
        Relation::Less => narrow_pair(isa, mask, columns, &Codes::<LESS>),
        Relation::LessOrEqual => narrow_pair(isa, mask, columns, &Codes::<LESS_OR_EQUAL>),
        Relation::Equal => narrow_pair(isa, mask, columns, &Codes::<EQUAL>),
        Relation::NotEqual => narrow_pair(isa, mask, columns, &Codes::<NOT_EQUAL>),
    }
}

fn narrow_numbers(isa: Isa, mask: &mut Words, columns: (&[f64], &[f64]), relation: Relation) {
    match relation {
        Relation::Less => narrow_pair(isa, mask, columns, &Numbers::<LESS>),
        Relation::LessOrEqual => narrow_pair(isa, mask, columns, &Numbers::<LESS_OR_EQUAL>),
        Relation::Equal => narrow_pair(isa, mask, columns, &Numbers::<EQUAL>),
        Relation::NotEqual => narrow_pair(isa, mask, columns, &Numbers::<NOT_EQUAL>),
    }
}

// A relation is a constant of the test, so that no loop decides it again.
const LESS: u8 = 0;
const LESS_OR_EQUAL: u8 = 1;
const EQUAL: u8 = 2;
const NOT_EQUAL: u8 = 3;

struct Codes<const RELATION: u8>;

impl<A: Code, B: Code, const RELATION: u8> PairTest<A, B> for Codes<RELATION> {
    #[inline(always)]
    fn keeps(&self, a: A, b: B) -> bool {
        stands::<u32, RELATION>(a.into(), b.into())
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn avx2(&self, a: &Chunk<A>, b: &Chunk<B>) -> u64 {
        let bits = bits_of_words(|at| {
            // SAFETY: this function has AVX2, which is all that is asked.
            let (a, b) = unsafe { (A::widened(a, at), B::widened(b, at)) };
            match RELATION {
                // `a < b` is the complement of `a >= b`; there is no unsigned compare.
                LESS => _mm256_cmpeq_epi32(_mm256_max_epu32(a, b), a),
                LESS_OR_EQUAL => _mm256_cmpeq_epi32(_mm256_max_epu32(a, b), b),
                _ => _mm256_cmpeq_epi32(a, b),
            }
        });
        if matches!(RELATION, LESS | NOT_EQUAL) { !bits } else { bits }
    }
}

struct Numbers<const RELATION: u8>;

impl<const RELATION: u8> PairTest<f64, f64> for Numbers<RELATION> {
    #[inline(always)]
    fn keeps(&self, a: f64, b: f64) -> bool {
        stands::<f64, RELATION>(a, b)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn avx2(&self, a: &Chunk<f64>, b: &Chunk<f64>) -> u64 {
        bits_of_numbers(|at| {
            let (a, b) = (numbers(a, at), numbers(b, at));
            match RELATION {
                LESS => _mm256_cmp_pd::<_CMP_LT_OQ>(a, b),
                LESS_OR_EQUAL => _mm256_cmp_pd::<_CMP_LE_OQ>(a, b),
                EQUAL => _mm256_cmp_pd::<_CMP_EQ_OQ>(a, b),
                _ => _mm256_cmp_pd::<_CMP_NEQ_UQ>(a, b),
            }
        })
    }
}

#[inline(always)]
fn stands<T: PartialOrd, const RELATION: u8>(a: T, b: T) -> bool {
    match RELATION {
        LESS => a < b,
        LESS_OR_EQUAL => a <= b,
        EQUAL => a == b,
        _ => a != b,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;
    use crate::mask::Mask;
    use crate::testing::{Recipe, arb_mask, arb_recipe, model};

    const RELATIONS: [Relation; 4] =
        [Relation::Less, Relation::LessOrEqual, Relation::Equal, Relation::NotEqual];

    fn holds<T: PartialOrd>(a: T, b: T, relation: Relation) -> bool {
        match relation {
            Relation::Less => a < b,
            Relation::LessOrEqual => a <= b,
            Relation::Equal => a == b,
            Relation::NotEqual => a != b,
        }
    }

    fn check<A: Code, B: Code>(mask: &Mask, left: &Recipe, right: &Recipe) {
        let (a, b) = (left.codes::<A>(), right.codes::<B>());
        let (a, b) = (&a[left.skip()..], &b[right.skip()..]);
        for relation in RELATIONS {
            let expected = model(mask, a.len().min(b.len()), |row| {
                holds::<u32>(a[row].into(), b[row].into(), relation)
            });
            for isa in Isa::available() {
                let mut narrowed = mask.clone();
                narrow_codes(isa, narrowed.words_mut(), (a, b), relation);
                assert_eq!(narrowed, expected, "{isa}: {relation:?}");
            }
        }
    }

    proptest! {
        /// Two columns of codes, of any widths, compare as their numbers do.
        #[test]
        fn codes_compare_as_in_a_loop(
            mask in arb_mask(), left in arb_recipe(), other in arb_recipe(), is_alike: bool,
        ) {
            let right = if is_alike { left.other() } else { other };
            check::<u8, u8>(&mask, &left, &right);
            check::<u8, u16>(&mask, &left, &right);
            check::<u16, u16>(&mask, &left, &right);
            check::<u16, u32>(&mask, &left, &right);
            check::<u32, u8>(&mask, &left, &right);
            check::<u32, u32>(&mask, &left, &right);
        }

        /// Two columns of numbers compare as in a loop.
        #[test]
        fn numbers_compare_as_in_a_loop(mask in arb_mask(), left in arb_recipe()) {
            let right = left.other();
            let (a, b) = (left.numbers(), right.numbers());
            let (a, b) = (&a[left.skip()..], &b[right.skip()..]);
            for relation in RELATIONS {
                let expected =
                    model(&mask, a.len().min(b.len()), |row| holds(a[row], b[row], relation));
                for isa in Isa::available() {
                    let mut narrowed = mask.clone();
                    narrow_numbers(isa, narrowed.words_mut(), (a, b), relation);
                    assert_eq!(narrowed, expected, "{isa}: {relation:?}");
                }
            }
        }
    }

    #[test]
    fn equality_has_short_names() {
        let mut mask = Mask::full();
        and_columns_equal(mask.words_mut(), &[1_u8, 2, 3], &[1_u32, 258, 3, 4]);
        assert_eq!(mask.iter().collect::<Vec<_>>(), [0, 2]);
        and_columns_equal_f64(mask.words_mut(), &[0.0, 1.0, f64::NAN], &[-0.0, 1.0, f64::NAN]);
        assert_eq!(mask.iter().collect::<Vec<_>>(), [0]);
    }
}
