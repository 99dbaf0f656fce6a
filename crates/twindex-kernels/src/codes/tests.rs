//! Each kernel beside its scalar twin.

use proptest::prelude::{any, prop, prop_assert_eq, proptest};

use super::*;
use crate::mask::Mask;
use crate::testing::{Random, Recipe, arb_mask, arb_recipe, model};

/// Checks every kernel of this file on one column; `pick` chooses constants, mostly present ones.
fn check<T: Code>(mask: &Mask, recipe: &Recipe, pick: u64) {
    let values = recipe.codes::<T>();
    let codes = &values[recipe.skip()..];
    let mut random = Random(pick);
    let mut constant = || match random.below(8) {
        0 => T::default(),
        1 => T::MAX,
        2 => T::from_u32(random.below(200)).unwrap(),
        _ => values.get(random.below(999) as usize).copied().unwrap_or_default(),
    };
    let (code, first, last) = (constant(), constant(), constant());
    let kept = |test: &dyn Fn(T) -> bool| model(mask, codes.len(), |row| test(codes[row]));
    for isa in Isa::available() {
        let mut narrowed = mask.clone();
        narrow(isa, narrowed.words_mut(), codes, &Equal(code));
        assert_eq!(narrowed, kept(&|row| row == code), "{isa}: = {code:?}");

        let mut narrowed = mask.clone();
        let (first, last) = (first.min(last), first.max(last));
        narrow(isa, narrowed.words_mut(), codes, &InRange { first, last });
        assert_eq!(narrowed, kept(&|row| (first..=last).contains(&row)), "{isa}: range");
    }
}

fn check_set<T: Code>(mask: &Mask, recipe: &Recipe, set: &[u64]) {
    let values = recipe.codes::<T>();
    let codes = &values[recipe.skip()..];
    let has =
        |code: T| set.get(code.index() / 64).is_some_and(|w| w >> (code.index() % 64) & 1 == 1);
    let expected = model(mask, codes.len(), |row| has(codes[row]));
    for isa in Isa::available() {
        let mut narrowed = mask.clone();
        narrow(isa, narrowed.words_mut(), codes, &InSet::new(set));
        assert_eq!(narrowed, expected, "{isa}: set of {} words", set.len());
    }
}

proptest! {
    /// Equality and range keep what a loop keeps.
    #[test]
    fn constants_narrow_as_a_loop_does(mask in arb_mask(), recipe in arb_recipe(), pick: u64) {
        check::<u8>(&mask, &recipe, pick);
        check::<u16>(&mask, &recipe, pick);
        check::<u32>(&mask, &recipe, pick);
    }

    /// Sets of any size keep what a loop keeps.
    #[test]
    fn sets_narrow_as_a_loop_does(
        mask in arb_mask(), recipe in arb_recipe(), set in prop::collection::vec(any::<u64>(), 0..40),
    ) {
        check_set::<u8>(&mask, &recipe, &set);
        check_set::<u16>(&mask, &recipe, &set);
        check_set::<u32>(&mask, &recipe, &set);
    }

    /// The byte tables answer as the bit table does.
    #[test]
    fn sets_of_bytes_narrow_as_a_loop_does(
        mask in arb_mask(), recipe in arb_recipe(), set in any::<[u64; 4]>(),
    ) {
        let values = recipe.codes::<u8>();
        let codes = &values[recipe.skip()..];
        let expected = model(&mask, codes.len(), |row| {
            set[codes[row] as usize / 64] >> (codes[row] % 64) & 1 == 1
        });
        for isa in Isa::available() {
            let mut narrowed = mask.clone();
            narrow(isa, narrowed.words_mut(), codes, &InByteSet::new(&set));
            prop_assert_eq!(&narrowed, &expected, "{}", isa);
        }
    }
}

#[test]
fn every_byte_is_found_alone() {
    let codes: Vec<u8> = (0..=u8::MAX).collect();
    for code in 0..=u8::MAX {
        let mut set = [0; 4];
        set[usize::from(code / 64)] = 1 << (code % 64);
        let mut mask = Mask::full();
        and_in_set_u8(mask.words_mut(), &codes, &set);
        assert_eq!(mask.iter().collect::<Vec<_>>(), [u16::from(code)]);
    }
}

#[test]
#[expect(clippy::reversed_empty_ranges)]
fn an_empty_range_keeps_none() {
    let mut mask = Mask::full();
    and_in_range(mask.words_mut(), &[1_u8, 2, 3], 3..=1);
    assert!(mask.is_empty());
}

#[test]
fn a_set_of_all_codes_keeps_all_rows() {
    let mut mask = Mask::full();
    and_in_set(mask.words_mut(), &[0_u16, 1, u16::MAX], &[u64::MAX; 1_024]);
    assert_eq!(mask, Mask::first(3));
    and_in_set(mask.words_mut(), &[0_u32, 64, u32::MAX], &[u64::MAX]);
    assert_eq!(mask, Mask::first(1));
}
