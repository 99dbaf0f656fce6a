//! Lanes of thousands of rows: every width, zones, postings, the step to raw text and times.

use std::ops::Bound;
use twindex_index::cell_set::{CellSet, NumberBounds, NumberSet, TextSet};
use twindex_index::filter::PathFilter;
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::{Collection, PathId};
use twindex_model::value::Value;

use crate::groups::{check_columns, check_counts, check_ids};
use crate::many::Many;
use crate::world::World;

/// Rows of the world: more than a sparse lane, a few zones, two segments.
const N_ROWS: i64 = 5_000;
/// Twins put at a time.
const N_TOGETHER: usize = 40;

fn object(entries: Vec<(&str, Value)>) -> Value {
    Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

/// A twin whose paths are each of another form.
fn twin(n: i64) -> Value {
    let number = |k: i64| Value::Number(k as f64);
    let version = format!("1.{}.{}", n % 7, n % 3);
    let time =
        |n: i64| format!("2024-0{}-{:02}T{:02}:{:02}:00Z", n % 9 + 1, n % 27 + 1, n % 24, n % 60);
    let trimmed = format!("2024-01-01T00:{:02}:{:02}.{:03}", n / 60 % 60, n % 60, n % 999 + 1);
    let desired = vec![
        ("fw", text(version.clone())),
        ("u8", number(n % 100)),
        ("u16", Value::Number((n % 5_000) as f64 / 10.0 - 99.0)),
        ("u32", Value::Number((n * 7_919 % 3_000_000) as f64 / 100_000.0)),
        ("f64", Value::Number((n as f64).sqrt())),
        ("odd", if n % 1_000 == 1 { Value::Number(1.0 / 3.0) } else { number(n % 10) }),
        ("mixed", if n % 5 == 0 { Value::Null } else { number(n % 50) }),
        ("list", Value::Array(vec![number(n % 4)])),
    ];
    let fw = if n % 10 == 0 { "1.9.9".to_owned() } else { version };
    let reported = vec![
        ("fw", text(fw)),
        ("u8", number(if n % 6 == 0 { 300 } else { n % 100 })),
        ("u32", Value::Number((n * 7_919 % 3_000_000) as f64 / 100_000.0)),
        ("f64", Value::Number((n as f64 * 2.0).sqrt())),
        ("serial", text(format!("SN-{:08x}", n.wrapping_mul(0x9E37_79B9)))),
        ("time", text(time(n))),
        ("trimmed", text(format!("{}Z", trimmed.trim_end_matches('0')))),
        ("late", text(if n < 1_000 { "early".to_owned() } else { format!("late {n}") })),
    ];
    let mut tags = vec![("site", text(["a", "b", "c"][(n % 3) as usize]))];
    if n % 50 == 0 {
        tags.push(("rare", text(format!("r{}", n % 4))));
    }
    object(vec![
        ("deviceId", text(format!("device-{n}"))),
        ("tags", object(tags)),
        ("properties", object(vec![("desired", object(desired)), ("reported", object(reported))])),
    ])
}

fn world() -> World {
    let options = IndexOptions {
        segment_rows_max: 3_000,
        sparse_rows_max: 200,
        exceptions_max: 8,
        dictionary_values_min: 300,
        posting_values_max: 8,
        count_values_max: 400,
    };
    let mut world = World::new(options);
    let mut many = Many::default();
    let twins: Vec<Value> = (0..N_ROWS).map(twin).collect();
    for (number, twins) in twins.chunks(N_TOGETHER).enumerate() {
        // By turns alone and together.
        let n_at_a_time = if number % 3 == 0 { 1 } else { N_TOGETHER };
        for twins in twins.chunks(n_at_a_time) {
            let puts = many.put(&mut world.index, twins);
            for (put, twin) in puts.into_iter().zip(twins) {
                let put = put.expect("a new twin");
                world.twins.push((put.collection, put.row, twin.clone()));
            }
        }
    }
    world
}

fn path(index: &Index, keys: &str) -> PathId {
    let keys: Vec<&str> = keys.split('.').collect();
    index.catalog().path(&keys).expect("a path of the world")
}

fn sets() -> Vec<CellSet> {
    let strings = [
        TextSet::Points(vec!["a".into()]),
        TextSet::Points(vec!["1.2.0".into(), "1.9.9".into(), "SN-00000000".into(), "b".into()]),
        TextSet::NotPoints(vec!["1.2.0".into(), "a".into()]),
        TextSet::Prefix("2024-0".into()),
        TextSet::Prefix("SN-9e".into()),
        TextSet::Contains("9e37".into()),
        TextSet::Contains("01T".into()),
        TextSet::Contains("b".into()),
        TextSet::Between(
            Bound::Included("2024-03".into()),
            Bound::Excluded("2024-05-01T00:00:00Z".into()),
        ),
        TextSet::Between(Bound::Excluded("2024-01-01T00:01:05.5Z".into()), Bound::Unbounded),
        TextSet::Between(Bound::Unbounded, Bound::Included("device-3".into())),
    ];
    let march = crate::filters::milliseconds("2024-03-01T00:00:00Z").expect("a stamp");
    let from_march = NumberBounds { low: Bound::Included(march), high: Bound::Unbounded };
    let first_minutes = NumberBounds {
        low: Bound::Excluded(march - 60.0 * 86_400_000.0 + 65_400.0),
        high: Bound::Excluded(march - 60.0 * 86_400_000.0 + 965_400.0),
    };
    let times = [from_march, first_minutes].map(NumberSet::Between).map(crate::filters::time_set);
    let numbers = [
        NumberSet::Between(NumberBounds { low: Bound::Included(3.0), high: Bound::Excluded(9.5) }),
        NumberSet::Between(NumberBounds { low: Bound::Excluded(-1.05), high: Bound::Unbounded }),
        NumberSet::Points(vec![5.0]),
        NumberSet::Points(vec![0.1, 1.0 / 3.0, 7.0, 12.0]),
        NumberSet::NotPoints(vec![1.0 / 3.0, 7.0]),
    ];
    let mut sets: Vec<CellSet> = Vec::new();
    sets.extend(
        strings.into_iter().chain(times).map(|strings| CellSet { strings, ..CellSet::none() }),
    );
    sets.extend(numbers.map(|numbers| CellSet { numbers, ..CellSet::none() }));
    let arrays = TextSet::Points(vec!["[1]".into()]);
    sets.push(CellSet { arrays, ..CellSet::of_kinds(KindSet::of(&[Kind::Undefined, Kind::Null])) });
    sets
}

#[test]
fn large_lanes_say_what_their_cells_say() {
    let mut world = world();
    world.check();
    let stats = world.index.stats();
    for keys in ["deviceId", "properties.reported.serial", "properties.reported.late"] {
        let path = path(&world.index, keys);
        let lanes = stats.paths.iter().find(|p| p.0 == path).expect("has lanes").2;
        assert_eq!((lanes.raw, lanes.codes), (2, 0), "{keys}");
    }
    for keys in ["properties.reported.time", "properties.reported.trimmed"] {
        let path = path(&world.index, keys);
        let lanes = stats.paths.iter().find(|p| p.0 == path).expect("has lanes").2;
        assert_eq!(lanes.times, 2, "{keys}");
    }
    check_all(&world);
    for n in (0..N_ROWS).step_by(3) {
        let at = n as usize;
        world.set(at, &["properties", "desired", "u8"], &Value::Number((n % 9) as f64));
        world.set(at, &["properties", "reported", "serial"], &text("x".repeat(at % 300)));
        world.set(at, &["tags", "site"], &if n % 2 == 0 { text("d") } else { Value::Bool(true) });
        world.unset(at, &["properties", "reported", "time"]);
    }
    for at in (0..400).rev() {
        world.remove(at * 7);
    }
    world.check();
    check_all(&world);
}

fn check_all(world: &World) {
    let n_paths = world.index.catalog().n_paths() as u32;
    for path in (0..n_paths).map(PathId) {
        for set in sets() {
            crate::filters::check(world, &PathFilter::new(path, set));
        }
        for view in world.index.segments(Collection::Devices) {
            check_counts(&view, path, view.live());
            check_ids(&view, path, view.live());
        }
    }
    for (a, b) in
        [("fw", "fw"), ("u8", "u8"), ("u32", "u32"), ("f64", "f64"), ("u16", "u8"), ("mixed", "u8")]
    {
        let a = path(&world.index, &format!("properties.desired.{a}"));
        let b = path(&world.index, &format!("properties.reported.{b}"));
        for view in world.index.segments(Collection::Devices) {
            check_columns(&view, (a, b), view.live());
        }
    }
    assert_eq!(world.index.validate(), Ok(()));
}
