//! Nothing leaks: whatever came and went, an index that was collected holds what a new one of the
//! same twins would, in about the same memory.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use twindex_index::cell_set::{CellSet, TextSet};
use twindex_index::filter::PathFilter;
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::Ts;
use twindex_kernels::mask::Mask;
use twindex_model::json::read::Leaves;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::value::Value;

use crate::arb;
use crate::world::{COLLECTIONS, World};

/// No reader is open.
const NO_READER: Ts = Ts(u64::MAX);

#[derive(Clone, Debug)]
enum Step {
    Put(Value),
    Remove(prop::sample::Index),
    /// A value at a key that was perhaps never seen.
    Set(prop::sample::Index, u16, Value),
    Unset(prop::sample::Index, u16),
    Collect(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    let work = prop_oneof![0u32..4, Just(u32::MAX)];
    prop_oneof![
        4 => arb::twin().prop_map(Step::Put),
        2 => index().prop_map(Step::Remove),
        8 => (index(), 0u16..60, arb::value()).prop_map(|(at, key, value)| Step::Set(at, key, value)),
        6 => (index(), 0u16..60).prop_map(|(at, key)| Step::Unset(at, key)),
        4 => work.prop_map(Step::Collect),
    ]
}

/// The keys of a generated path: some lie below others.
fn with_keys<T>(key: u16, take: impl FnOnce(&[&str]) -> T) -> T {
    let (outer, inner) = (format!("k{}", key % 20), format!("i{key}"));
    match key % 3 {
        0 => take(&["tags", &outer]),
        1 => take(&["properties", "reported", &outer, &inner]),
        _ => take(&["properties", "desired", &outer, &inner]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]
    #[test]
    fn what_is_collected_was_not_used(
        options in arb::options(), steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut world = World::new(options);
        for step in steps {
            let n_twins = world.twins.len();
            match step {
                Step::Put(twin) => world.put(twin),
                Step::Collect(work) => _ = world.index.collect(NO_READER, work),
                _ if n_twins == 0 => (),
                Step::Remove(at) => world.remove(at.index(n_twins)),
                Step::Set(at, key, value) => {
                    with_keys(key, |keys| world.set(at.index(n_twins), keys, &value));
                }
                Step::Unset(at, key) => with_keys(key, |keys| world.unset(at.index(n_twins), keys)),
            }
            world.check();
        }
        check_paths(&mut world);
    }
}

/// After a full collection the catalogue knows the paths that twins have, and no others.
fn check_paths(world: &mut World) {
    collect(&mut world.index);
    world.check();
    let catalog = world.index.catalog();
    for path in catalog.paths().skip(2) {
        let n_rows =
            |kind| COLLECTIONS.map(|of| catalog.n_rows(of, path, kind)).iter().sum::<u32>();
        let n_rows: u32 = Kind::ALL[1..].iter().map(|kind| n_rows(*kind)).sum();
        assert!(n_rows > 0, "{:?} is of no twin", catalog.keys(path));
    }
}

fn collect(index: &mut Index) {
    while !index.collect(NO_READER, 1_000).is_done {}
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Object(entries.map(|(key, value)| (key.to_owned(), value)).into())
}

fn text(text: String) -> Value {
    Value::String(text)
}

/// A plain twin: a serial, a few values that many share, an array.
fn twin(n: u64) -> Value {
    let reported = object([
        ("serial", text(format!("serial number {n:08}"))),
        ("firmware", text(format!("1.{}", n % 7))),
        ("at", text(format!("2024-01-01T00:{:02}:{:02}Z", n / 60 % 60, n % 60))),
        ("level", Value::Number((n % 100) as f64)),
        ("parts", Value::Array(vec![Value::Number((n % 5) as f64)])),
    ]);
    object([
        ("deviceId", text(format!("device-{n}"))),
        ("tags", object([("site", text(format!("site {}", n % 40)))])),
        ("properties", object([("reported", reported)])),
    ])
}

fn put(index: &mut Index, n: u64) {
    index.put(&Leaves::from_value(&twin(n)).expect("an object")).expect("an identity");
}

fn fresh(n_twins: u64) -> Index {
    let mut index = Index::new(IndexOptions::default());
    (0..n_twins).for_each(|n| put(&mut index, n));
    index
}

fn set(index: &mut Index, n: u64, keys: &[&str], value: Value) {
    let row = index.find(&format!("device-{n}"), None).expect("loaded");
    let leaves = Leaves::from_value(&object([("v", value)])).expect("an object");
    let leaf = leaves.root_leaf("v").expect("a leaf");
    index.set((COLLECTIONS[0], row), keys, (leaf, &leaves)).expect("set");
}

fn unset(index: &mut Index, n: u64, keys: &[&str]) {
    let row = index.find(&format!("device-{n}"), None).expect("loaded");
    assert!(index.unset((COLLECTIONS[0], row), keys), "{keys:?}");
}

/// Bytes within a tenth, and a few pages for tables that are never empty.
fn assert_as_small(churned: &Index, n_twins: u64) {
    let (churned, fresh) = (churned.stats().bytes, fresh(n_twins).stats().bytes);
    let most = fresh.total() + fresh.total() / 10 + 16_384;
    assert!(churned.total() <= most, "{churned:?} where a new index has {fresh:?}");
}

const N_TWINS: u64 = 6_000;

#[test]
fn ever_new_keys_are_given_back() {
    let mut index = fresh(N_TWINS);
    for n in 0..60_000 {
        let key = format!("generated-{n}");
        let keys = ["properties", "reported", "sessions", &key, "state"];
        set(&mut index, n % N_TWINS, &keys, text(format!("state {n}")));
        if n >= 1_000 {
            let n = n - 1_000;
            let key = format!("generated-{n}");
            unset(&mut index, n % N_TWINS, &["properties", "reported", "sessions", &key]);
        }
        index.collect(NO_READER, 20);
    }
    assert!(index.catalog().n_paths() < 4_000, "{}", index.catalog().n_paths());
    for n in 59_000..60_000 {
        let key = format!("generated-{n}");
        unset(&mut index, n % N_TWINS, &["properties", "reported", "sessions", &key]);
    }
    for n in 0..N_TWINS {
        unset(&mut index, n, &["properties", "reported", "sessions"]);
    }
    collect(&mut index);
    assert_eq!(index.validate(), Ok(()));
    assert_eq!(index.catalog().path(&["properties", "reported", "sessions"]), None);
    assert_as_small(&index, N_TWINS);
}

#[test]
fn ever_new_texts_are_given_back() {
    let mut index = fresh(N_TWINS);
    for n in 0..60_000 {
        set(&mut index, n % N_TWINS, &["tags", "site"], text(format!("new {n}")));
        set(&mut index, n % N_TWINS, &["tags", "note"], text(format!("note {}", n / 10)));
        index.collect(NO_READER, 20);
    }
    for n in 0..N_TWINS {
        set(&mut index, n, &["tags", "site"], text(format!("site {}", n % 40)));
        unset(&mut index, n, &["tags", "note"]);
    }
    collect(&mut index);
    assert_eq!(index.validate(), Ok(()));
    assert_as_small(&index, N_TWINS);
}

/// Texts that were nearly all distinct for a while go back into a dictionary.
#[test]
fn raw_text_becomes_codes_again() {
    let mut index = fresh(N_TWINS);
    let n_raw = index.stats().lanes.raw;
    for n in 0..N_TWINS {
        set(&mut index, n, &["tags", "site"], text(format!("only site {n}")));
    }
    collect(&mut index);
    assert_eq!(index.stats().lanes.raw, n_raw + 1);
    for n in 0..N_TWINS {
        set(&mut index, n, &["tags", "site"], text(format!("site {}", n % 40)));
        index.collect(NO_READER, 20);
    }
    collect(&mut index);
    assert_eq!(index.validate(), Ok(()));
    assert_eq!(index.stats().lanes.raw, n_raw);
    assert_as_small(&index, N_TWINS);
}

#[test]
fn deleted_twins_are_given_back() {
    let mut index = fresh(N_TWINS * 10);
    for n in N_TWINS..N_TWINS * 10 {
        let row = index.find(&format!("device-{n}"), None).expect("loaded");
        assert!(index.remove(COLLECTIONS[0], row));
        index.collect(NO_READER, 20);
    }
    collect(&mut index);
    assert_eq!(index.validate(), Ok(()));
    assert_as_small(&index, N_TWINS);
}

/// A filter that was made before codes were written anew still finds its texts.
#[test]
fn a_filter_outlives_the_codes_it_was_made_for() {
    let mut index = fresh(N_TWINS);
    let path = index.catalog().path(&["tags", "site"]).expect("loaded");
    let mut set_of = CellSet::of_kinds(KindSet::of(&[Kind::String]));
    set_of.strings = TextSet::Prefix("site 1".into());
    let filter = PathFilter::new(path, set_of);
    let count = |index: &Index| {
        let view = index.segment(COLLECTIONS[0], 0);
        let mut mask = Mask::full();
        filter.narrow(&view, &mut mask);
        mask.iter().filter(|row| filter.keeps(&view.cell(path, *row))).count() as u32
            + 1_000_000 * u32::from(mask.count() as usize != mask.iter().count())
    };
    let expected = count(&index);
    assert_eq!(
        expected,
        (0..N_TWINS).filter(|n| (n % 40).to_string().starts_with('1')).count() as u32
    );
    for n in 0..2_000 {
        set(&mut index, n, &["tags", "site"], text(format!("other {}", n % 500)));
    }
    let n_left = count(&index);
    for n in 0..2_000 {
        set(&mut index, n, &["tags", "site"], text(format!("site {}", n % 40)));
        index.collect(NO_READER, 5);
    }
    for _ in 0..4 {
        for n in 0..N_TWINS {
            set(&mut index, n, &["tags", "site"], text(format!("site {}", n % 40)));
        }
        collect(&mut index);
    }
    assert!(n_left < expected);
    assert_eq!(count(&index), expected);
}

/// Ids of dropped paths wait until nobody can have a plan that names them.
#[test]
fn ids_of_paths_are_given_again_only_past_their_readers() {
    let mut index = fresh(3);
    set(&mut index, 0, &["tags", "a"], text("x".to_owned()));
    let dropped = index.catalog().path(&["tags", "a"]).expect("just set");
    unset(&mut index, 0, &["tags", "a"]);
    while !index.collect(Ts(0), 1_000).is_done {}
    assert_eq!(index.catalog().path(&["tags", "a"]), None);
    set(&mut index, 0, &["tags", "b"], text("x".to_owned()));
    assert_ne!(index.catalog().path(&["tags", "b"]), Some(dropped));
    assert!(index.segment(COLLECTIONS[0], 0).cell(dropped, 0).kind() == Kind::Undefined);
    unset(&mut index, 0, &["tags", "b"]);
    while !index.collect(Ts(1), 1_000).is_done {}
    set(&mut index, 0, &["tags", "c"], text("x".to_owned()));
    assert_eq!(index.catalog().path(&["tags", "c"]), Some(dropped));
}
