//! Arbitrary documents, kept small and nasty: few keys, so that kinds collide on a path, and values
//! from around every boundary between encodings.

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop, prop_oneof};
use twindex_index::options::IndexOptions;
use twindex_model::value::Value;

/// Thresholds small enough that a few rows reach every form, and the default ones.
pub(crate) fn options() -> impl Strategy<Value = IndexOptions> {
    let tiny = |sparse_rows_max, exceptions_max, count_values_max| IndexOptions {
        segment_rows_max: 7,
        sparse_rows_max,
        exceptions_max,
        dictionary_values_min: 3,
        posting_values_max: 3,
        count_values_max,
    };
    prop_oneof![
        3 => Just(tiny(2, 1, 4)),
        2 => Just(tiny(0, 2, 100)),
        1 => Just(tiny(0, 0, 0)),
        1 => Just(IndexOptions::default()),
    ]
}

pub(crate) fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "fw"]).prop_map(str::to_owned),
        3 => Just("$lastUpdated".to_owned()),
        1 => prop::sample::select(vec!["", "ü\"\\\n", "a.b", "$version", "$metadata", "deviceId", "0"])
            .prop_map(str::to_owned),
    ]
}

pub(crate) fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-3_i32..4).prop_map(f64::from),
        2 => (-300_i32..300).prop_map(f64::from),
        2 => (-40_000_i32..40_000).prop_map(|n| f64::from(n) / 10.0),
        1 => (any::<i32>(), 0..7).prop_map(|(n, e)| f64::from(n) / 10_f64.powi(e)),
        1 => prop::sample::select(vec![
            0.1 + 0.2, 1.0 / 3.0, 1e15, -1e15, 9_007_199_254_740_991.0, 4_294_967_295.0, 4_294_967_296.0,
            254.0, 255.0, 256.0, 65_534.0, 65_535.0, 65_536.0, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1.6e12,
        ]),
        1 => any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| n + 0.0),
    ]
}

pub(crate) fn string() -> impl Strategy<Value = String> {
    let stamp = (0_i64..400, 0..8_u32, 0_i64..10_000_000).prop_map(|(s, digits, fraction)| {
        let second = format!("2024-02-2{}T23:{:02}:0{}", s % 10, s / 7 % 60, s % 9);
        match digits {
            0 => format!("{second}Z"),
            1..=2 => format!("{second}.{:07}Z", fraction / 1_000_000 * 1_000_000),
            _ => format!("{second}.{:07}Z", fraction).replace("0Z", "Z"),
        }
    });
    prop_oneof![
        4 => prop::sample::select(vec!["", "x", "prod", "prod1", "pröd"]).prop_map(str::to_owned),
        3 => stamp,
        1 => prop::sample::select(vec![
            "0001-01-01T00:00:00Z", "0000-01-01T00:00:00.0Z", "9999-12-31T23:59:59.9999999Z",
            "2024-02-29T23:59:59.650Z", "2024-02-29T23:59:59.65Z", "2024-02-29T23:59:59.651Z", "2024-02-29T24:00:00Z",
        ]).prop_map(str::to_owned),
        2 => (0..1_000).prop_map(|n| format!("serial-{n}")),
        1 => "\\PC{0,6}",
        1 => (250_usize..260).prop_map(|n| "long ".repeat(n / 5)),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        3 => number().prop_map(Value::Number),
        4 => string().prop_map(Value::String),
    ]
}

/// Any value, also nested.
pub(crate) fn value() -> BoxedStrategy<Value> {
    let nested = scalar().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            3 => object(inner),
        ]
    });
    nested.boxed()
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((key(), inner), 0..4).prop_map(|entries| Value::Object(distinct(entries)))
}

fn distinct(entries: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut kept: Vec<(String, Value)> = Vec::new();
    for (key, value) in entries {
        if kept.iter().all(|(k, _)| *k != key) {
            kept.push((key, value));
        }
    }
    kept
}

/// A twin of one of few devices and modules.
pub(crate) fn twin() -> impl Strategy<Value = Value> {
    let id = prop_oneof![5 => (0..12).prop_map(|n| format!("d{n}")), 1 => string()];
    let module = prop::option::weighted(0.2, prop::sample::select(vec!["m1", "m2"]));
    let sections = (value(), value(), value(), value());
    (id, module, sections).prop_map(|(id, module, (tags, desired, reported, other))| {
        let mut entries = vec![("deviceId".to_owned(), Value::String(id))];
        if let Some(module) = module {
            entries.push(("moduleId".to_owned(), Value::String(module.to_owned())));
        }
        entries.push(("tags".to_owned(), tags));
        let properties = vec![("desired".to_owned(), desired), ("reported".to_owned(), reported)];
        entries.push(("properties".to_owned(), Value::Object(properties)));
        entries.push(("x".to_owned(), other));
        Value::Object(entries)
    })
}
