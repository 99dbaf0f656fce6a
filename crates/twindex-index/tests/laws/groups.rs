//! Counting, numbering and comparing columns say what the cells say.

use std::collections::BTreeMap;

use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use twindex_index::coded::CODES_MAX;
use twindex_index::view::{Equality, SegmentView};
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::path::PathId;

use crate::arb;
use crate::world::{COLLECTIONS, World};

/// A cell as something to compare and order by.
pub(crate) fn name(cell: &Cell<'_>) -> String {
    format!("{:?} {cell:?}", cell.kind())
}

/// A mask of some live rows.
pub(crate) fn some_rows(view: &SegmentView<'_>, choice: u64) -> Mask {
    let mut mask = Mask::empty();
    for row in view.live().iter().filter(|row| choice >> (row % 64) & 1 == 1) {
        mask.set(row);
    }
    mask
}

pub(crate) fn check_counts(view: &SegmentView<'_>, path: PathId, mask: &Mask) {
    let mut expected: BTreeMap<String, u32> = BTreeMap::new();
    let mut numbers: BTreeMap<u64, u32> = BTreeMap::new();
    for row in mask {
        let cell = view.cell(path, row);
        *expected.entry(name(&cell)).or_default() += 1;
        if let Cell::Number(number) = cell {
            *numbers.entry(number.to_bits()).or_default() += 1;
        }
    }
    let mut counted: BTreeMap<String, u32> = BTreeMap::new();
    let mut take = |cell: Cell<'_>, n: u32| *counted.entry(name(&cell)).or_default() += n;
    if mask == view.live() {
        view.count_values(path, None, &mut take);
        assert_eq!(counted, expected);
        counted.clear();
    }
    view.count_values(path, Some(mask), |cell, n| *counted.entry(name(&cell)).or_default() += n);
    assert_eq!(counted, expected);
    let mut counted_numbers: BTreeMap<u64, u32> = BTreeMap::new();
    view.count_numbers(path, mask, |number, n| {
        *counted_numbers.entry(number.to_bits()).or_default() += n;
    });
    assert_eq!(counted_numbers, numbers);
}

pub(crate) fn check_ids(view: &SegmentView<'_>, path: PathId, mask: &Mask) {
    let mut ids = vec![7];
    let cells = view.group_ids(path, mask, &mut ids);
    assert_eq!(ids.len() as u32, mask.count());
    for (row, id) in mask.iter().zip(&ids) {
        assert_eq!(name(&cells[*id as usize]), name(&view.cell(path, row)));
    }
    let mut names: Vec<String> = cells.iter().map(name).collect();
    names.sort();
    let n_cells = names.len();
    names.dedup();
    assert_eq!(names.len(), n_cells, "one number for equal cells");
}

pub(crate) fn check_zones(view: &SegmentView<'_>, path: PathId) {
    let zones = view.number_zones(path);
    for row in view.live() {
        if let Cell::Number(number) = view.cell(path, row) {
            let (min, max) = zones[usize::from(row) / 1_024].expect("a zone with a number");
            assert!(min <= number && number <= max);
        }
    }
}

fn check_coded(view: &SegmentView<'_>, paths: (PathId, PathId), mask: &Mask) {
    let mut rest = mask.clone();
    let changed = view.take_changed([paths.0, paths.1], &mut rest);
    assert!(changed.as_ref().is_none_or(|changed| !changed.is_empty()));
    let n_changed = changed.as_ref().map_or(0, Mask::count);
    assert_eq!(rest.count() + n_changed, mask.count());
    let (Some(a), Some(b)) = (view.coded(paths.0, &rest), view.coded(paths.1, &rest)) else {
        return;
    };
    let mut texts: BTreeMap<(u32, u32), String> = BTreeMap::new();
    for (path, coded) in [(paths.0, &a), (paths.1, &b)] {
        let mut counted: BTreeMap<String, u32> = BTreeMap::new();
        for (code, n) in coded.column().histogram(&rest).into_iter().enumerate() {
            let found = coded.found(code);
            if let Some(code) = found.code {
                let text = texts.entry((code.generation, code.code));
                assert_eq!(*text.or_insert_with(|| name(&found.cell)), name(&found.cell));
            }
            if n > 0 {
                *counted.entry(name(&found.cell)).or_default() += n;
            }
        }
        let mut expected: BTreeMap<String, u32> = BTreeMap::new();
        rest.iter().for_each(|row| *expected.entry(name(&view.cell(path, row))).or_default() += 1);
        assert_eq!(counted, expected);
    }
    let n_pairs = a.column().n_codes() * b.column().n_codes();
    let Some(both) = a.column().join(b.column()) else {
        assert!(n_pairs > CODES_MAX);
        return;
    };
    assert_eq!(both.n_codes(), n_pairs);
    let n_b = b.column().n_codes();
    let mut counted: BTreeMap<(String, String), u32> = BTreeMap::new();
    for (pair, n) in both.histogram(&rest).into_iter().enumerate().filter(|pair| pair.1 > 0) {
        let names = (name(&a.found(pair / n_b).cell), name(&b.found(pair % n_b).cell));
        *counted.entry(names).or_default() += n;
    }
    let mut expected: BTreeMap<(String, String), u32> = BTreeMap::new();
    for row in &rest {
        let pair = (name(&view.cell(paths.0, row)), name(&view.cell(paths.1, row)));
        *expected.entry(pair).or_default() += 1;
    }
    assert_eq!(counted, expected);
}

pub(crate) fn check_columns(view: &SegmentView<'_>, paths: (PathId, PathId), mask: &Mask) {
    check_coded(view, paths, mask);
    let mut kept = [mask.clone(), mask.clone()];
    let objects = [Equality::Equal, Equality::Unequal].into_iter().zip(&mut kept);
    let objects: Vec<_> =
        objects.map(|(wanted, kept)| view.narrow_columns_equal(paths, wanted, kept)).collect();
    assert_eq!(objects[0], objects[1]);
    for row in mask {
        let (a, b) = (view.cell(paths.0, row), view.cell(paths.1, row));
        let is_left = objects[0].as_ref().is_some_and(|objects| objects.get(row));
        assert_eq!(is_left, matches!((&a, &b), (Cell::Object, Cell::Object)));
        let is_defined = !matches!((&a, &b), (Cell::Undefined, _) | (_, Cell::Undefined));
        let is_equal = name(&a) == name(&b);
        assert_eq!(kept[0].get(row), is_defined && is_equal && !is_left, "{a:?} = {b:?}");
        assert_eq!(kept[1].get(row), is_defined && !is_equal && !is_left, "{a:?} != {b:?}");
    }
}

proptest! {
    #[test]
    fn counts_and_numbers_are_those_of_the_cells(
        options in arb::options(), twins in prop::collection::vec(arb::twin(), 0..25), choice in any::<u64>(),
    ) {
        let world = World::of(options, twins);
        for collection in COLLECTIONS {
            for view in world.index.segments(collection) {
                let masks = [view.live().clone(), some_rows(&view, choice)];
                for path in (0..world.index.catalog().n_paths() as u32).map(PathId) {
                    for mask in &masks {
                        check_counts(&view, path, mask);
                        check_ids(&view, path, mask);
                    }
                    check_zones(&view, path);
                }
            }
        }
        prop_assert_eq!(world.index.validate(), Ok(()));
    }

    #[test]
    fn columns_compare_as_their_cells(
        options in arb::options(), twins in prop::collection::vec(arb::twin(), 1..20), choice in any::<u64>(),
    ) {
        let world = World::of(options, twins);
        let n_paths = (world.index.catalog().n_paths() as u32).min(30);
        prop_assert!(n_paths > 0);
        for collection in COLLECTIONS {
            for view in world.index.segments(collection) {
                let mask = some_rows(&view, choice);
                for a in (0..n_paths).map(PathId) {
                    for b in (0..n_paths).map(PathId) {
                        check_columns(&view, (a, b), &mask);
                    }
                }
            }
        }
    }
}
