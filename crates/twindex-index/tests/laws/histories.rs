//! Any history of writes leaves what a naive store would hold, and an index that equals its rebuild.

use std::ops::DerefMut;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use twindex_index::cell_set::CellSet;
use twindex_index::filter::PathFilter;
use twindex_index::index::Index;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_model::value::Value;

use crate::arb;
use crate::world::{COLLECTIONS, World};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Put(Value),
    Remove(prop::sample::Index),
    Set(prop::sample::Index, Vec<String>, Value),
    Unset(prop::sample::Index, Vec<String>),
    /// Reads that build caches, which later writes must keep in step.
    Warm,
}

impl Step {
    /// Does it; nothing to a twin where there is none.
    pub(crate) fn take<I: DerefMut<Target = Index>>(self, world: &mut World<I>) {
        let n_twins = world.twins.len();
        match self {
            Self::Put(twin) => world.put(twin),
            Self::Warm => warm(&world.index),
            _ if n_twins == 0 => (),
            Self::Remove(at) => world.remove(at.index(n_twins)),
            Self::Set(at, keys, value) => world.set(at.index(n_twins), &strs(&keys), &value),
            Self::Unset(at, keys) => world.unset(at.index(n_twins), &strs(&keys)),
        }
    }
}

fn keys() -> impl Strategy<Value = Vec<String>> {
    let root = prop::sample::select(vec![
        vec!["tags"],
        vec!["properties", "desired"],
        vec!["properties", "reported"],
        vec!["x"],
        vec!["deviceId"],
        vec![],
    ]);
    (root, prop::collection::vec(arb::key(), 0..3))
        .prop_map(|(root, below)| root.into_iter().map(str::to_owned).chain(below).collect())
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        5 => arb::twin().prop_map(Step::Put),
        2 => index().prop_map(Step::Remove),
        6 => (index(), keys(), arb::value()).prop_map(|(at, keys, value)| Step::Set(at, keys, value)),
        3 => (index(), keys()).prop_map(|(at, keys)| Step::Unset(at, keys)),
        2 => Just(Step::Warm),
    ]
}

pub(crate) fn strs(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]
    #[test]
    fn histories_leave_what_a_naive_store_holds(
        options in arb::options(), steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut world = World::new(options);
        for step in steps {
            step.take(&mut world);
            world.check();
        }
    }
}

pub(crate) fn warm(index: &Index) {
    for collection in COLLECTIONS {
        for view in index.segments(collection) {
            for path in (0..index.catalog().n_paths() as u32).map(PathId) {
                let mut n_rows = 0;
                view.count_values(path, None, |_, n| n_rows += n);
                assert_eq!(n_rows, view.n_live());
                _ = view.number_zones(path);
                let mut set = CellSet::of_kinds(KindSet::of(&[Kind::Number]));
                set.strings = twindex_index::cell_set::TextSet::Points(vec!["prod".into()]);
                set.numbers = twindex_index::cell_set::NumberSet::Points(vec![1.0]);
                _ = PathFilter::new(path, set).estimate(&view);
            }
        }
    }
}

#[test]
fn the_lowest_free_row_is_filled_and_a_twin_keeps_its_row() {
    let options = twindex_index::options::IndexOptions {
        segment_rows_max: 2,
        ..twindex_index::options::IndexOptions::default()
    };
    let mut world = World::new(options);
    let twin =
        |id: &str| Value::Object(vec![("deviceId".to_owned(), Value::String(id.to_owned()))]);
    for id in ["a", "b", "c", "d", "e"] {
        world.put(twin(id));
    }
    let row =
        |world: &World, id| world.index.find(id, None).map(|row| (row.segment(), row.place()));
    assert_eq!(row(&world, "e"), Some((2, 0)));
    world.remove(3);
    world.remove(1);
    world.put(twin("a"));
    assert_eq!(row(&world, "a"), Some((0, 0)));
    world.put(twin("f"));
    world.put(twin("g"));
    world.put(twin("h"));
    assert_eq!(row(&world, "f"), Some((0, 1)));
    assert_eq!(row(&world, "g"), Some((1, 1)));
    assert_eq!(row(&world, "h"), Some((2, 1)));
    assert_eq!(row(&world, "b"), None);
    world.check();
}

fn stamp(n: u32) -> Value {
    Value::String(format!("2024-05-06T{:02}:{:02}:{:02}.1234567Z", n / 3_600, n / 60 % 60, n % 60))
}

/// A twin whose metadata has a stamp on each of `n` properties.
fn stamped(n: u32) -> Value {
    let object = |entries: Vec<(String, Value)>| Value::Object(entries);
    let property = |k: u32| (format!("p{k}"), object(vec![("$lastUpdated".to_owned(), stamp(k))]));
    let metadata = object((0..n).map(property).collect());
    object(vec![
        ("deviceId".to_owned(), Value::String("d".to_owned())),
        ("tags".to_owned(), object(vec![("$metadata".to_owned(), metadata)])),
    ])
}

#[test]
fn stamps_that_no_lane_uses_any_more_are_dropped() {
    let mut world = World::new(twindex_index::options::IndexOptions::default());
    world.put(stamped(5));
    for n in 0..2_000 {
        let key = format!("p{}", n % 5);
        world.set(0, &["tags", "$metadata", &key, "$lastUpdated"], &stamp(1_000 + n));
    }
    world.check();
    let n_bytes = world.index.stats().bytes.times;
    world.put(stamped(7));
    world.check();
    assert!(n_bytes < 8_192, "{n_bytes}");
    let lanes = world.index.stats().lanes;
    assert_eq!(lanes.times, 7);
}

#[test]
fn a_twin_may_have_more_stamps_than_a_row_shares() {
    let mut world = World::new(twindex_index::options::IndexOptions::default());
    world.put(stamped(300));
    world.check();
    world.put(stamped(3));
    world.check();
}
