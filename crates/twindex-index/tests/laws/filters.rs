//! A filter keeps the rows whose cells it keeps, in every lane form, and estimates them rightly.

use std::sync::Arc;

use proptest::prelude::{
    Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use std::ops::Bound;
use twindex_index::cell_set::{CellSet, NumberBounds, NumberSet, TextSet};
use twindex_index::filter::PathFilter;
use twindex_kernels::mask::Mask;
use twindex_model::kind::KindSet;
use twindex_model::path::PathId;

use crate::arb;
use crate::world::{COLLECTIONS, World};

fn bound<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Bound<T>> {
    (value, 0..3).prop_map(|(value, which)| match which {
        0 => Bound::Included(value),
        1 => Bound::Excluded(value),
        _ => Bound::Unbounded,
    })
}

fn numbers() -> impl Strategy<Value = NumberSet> {
    let points = || {
        prop::collection::vec(arb::number(), 0..4).prop_map(|mut points| {
            points.sort_by(f64::total_cmp);
            points.dedup();
            points
        })
    };
    prop_oneof![
        Just(NumberSet::None),
        Just(NumberSet::All),
        (bound(arb::number()), bound(arb::number()))
            .prop_map(|(low, high)| NumberSet::Between(NumberBounds { low, high })),
        points().prop_map(NumberSet::Points),
        points().prop_map(NumberSet::NotPoints),
        Just(NumberSet::Test(Arc::new(|number| number % 2.0 == 0.0))),
    ]
}

pub(crate) fn texts() -> impl Strategy<Value = TextSet> {
    let text = || {
        prop_oneof![3 => arb::string(), 1 => Just("[1]".to_owned()), 1 => Just("[]".to_owned())]
            .prop_map(String::into_boxed_str)
    };
    let points = || {
        prop::collection::vec(text(), 0..4).prop_map(|mut points| {
            points.sort();
            points.dedup();
            points
        })
    };
    let part = (text(), 0_usize..30, 0_usize..4).prop_map(|(text, from, n)| {
        text.chars()
            .skip(from % (text.chars().count() + 1))
            .take(n)
            .collect::<String>()
            .into_boxed_str()
    });
    let prefix =
        (text(), 0_usize..30).prop_map(|(text, n)| text.chars().take(n).collect::<String>().into());
    prop_oneof![
        1 => Just(TextSet::None),
        1 => Just(TextSet::All),
        2 => points().prop_map(TextSet::Points),
        2 => points().prop_map(TextSet::NotPoints),
        3 => (bound(text()), bound(text())).prop_map(|(low, high)| TextSet::Between(low, high)),
        2 => prefix.prop_map(TextSet::Prefix),
        2 => part.prop_map(TextSet::Contains),
        1 => Just(TextSet::Test(Arc::new(|text: &str| text.len() % 3 == 1))),
    ]
}

pub(crate) fn cell_set() -> impl Strategy<Value = CellSet> {
    (any::<u8>(), numbers(), texts(), texts()).prop_map(|(kinds, numbers, strings, arrays)| {
        CellSet { kinds: KindSet(kinds), numbers, strings, arrays }
    })
}

/// Compares a filter with its verdict on single cells, in every segment.
pub(crate) fn check(world: &World, filter: &PathFilter) {
    for collection in COLLECTIONS {
        for view in world.index.segments(collection) {
            let estimate = filter.estimate(&view);
            let mut kept = Mask::full();
            filter.narrow(&view, &mut kept);
            let mut kept_live = view.live().clone();
            filter.narrow(&view, &mut kept_live);
            let n_rows = view.live().last_set().map_or(0, |last| last + 1).max(70);
            for row in (0..n_rows).chain([u16::MAX]) {
                let cell = view.cell(filter.path, row);
                let keeps = filter.keeps(&cell);
                assert_eq!(kept.get(row), keeps, "row {row}: {cell:?} of {:?}", filter.set);
                assert_eq!(
                    kept_live.get(row),
                    keeps && view.live().get(row),
                    "row {row}: {cell:?}"
                );
            }
            let n_kept = kept_live.count();
            assert!(n_kept <= estimate.rows_max, "{n_kept} kept, {estimate:?}");
            assert!(
                !estimate.is_exact || n_kept == estimate.rows_max,
                "{n_kept} kept, {estimate:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn filters_keep_what_they_keep_cell_by_cell(
        options in arb::options(), twins in prop::collection::vec(arb::twin(), 0..25),
        more in prop::collection::vec(arb::twin(), 0..10),
        sets in prop::collection::vec(cell_set(), 1..4),
    ) {
        let mut world = World::of(options, twins);
        let mut filters = Vec::new();
        for path in (0..world.index.catalog().n_paths() as u32).map(PathId) {
            filters.extend(sets.iter().map(|set| PathFilter::new(path, set.clone())));
        }
        filters.iter().for_each(|filter| check(&world, filter));
        // The same filters after writes: what they kept of dictionaries must be extended.
        more.into_iter().for_each(|twin| world.put(twin));
        filters.iter().for_each(|filter| check(&world, filter));
        prop_assert_eq!(world.index.validate(), Ok(()));
    }

    #[test]
    fn counts_by_kind_are_those_of_the_cells(
        options in arb::options(), twins in prop::collection::vec(arb::twin(), 0..25), kinds in any::<u8>(),
    ) {
        let world = World::of(options, twins);
        let kinds = KindSet(kinds);
        for collection in COLLECTIONS {
            for view in world.index.segments(collection) {
                for path in (0..world.index.catalog().n_paths() as u32).map(PathId) {
                    let is_in = |row: &u16| kinds.contains(view.cell(path, *row).kind());
                    let expected = view.live().iter().filter(is_in).count() as u32;
                    prop_assert_eq!(view.n_rows_of_kinds(path, kinds), expected);
                    prop_assert!(expected <= view.n_live());
                }
            }
        }
    }
}
