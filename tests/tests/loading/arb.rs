//! Arbitrary twins: whole documents as a hub returns them, with what hubs and devices get wrong.

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop, prop_oneof};
use serde_json::{Map, Number, Value, json};
use twindex::IndexOptions;
use twindex_tests::pair::index_variants;

pub(crate) fn index_options() -> impl Strategy<Value = IndexOptions> {
    prop::sample::select(index_variants())
}

/// Keys that meet again, and keys that are easily mangled.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        10 => prop::sample::select(vec!["a", "b", "fw", "site", "level"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec![
            "", " ", "a.b", "A", "$x", "$version", "$metadata", "$lastUpdated", "deviceId", "tags",
            "ü\"\\\n", "]]", "0", "null", "e\u{301}", "é", "\u{1F600}", "\u{0}",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Numbers from around every boundary there is, and any other.
fn number() -> impl Strategy<Value = Value> {
    let float = |n: f64| Number::from_f64(n).map_or(Value::Null, Value::Number);
    prop_oneof![
        4 => (-3_i64..300).prop_map(Value::from),
        2 => (-70_000_i64..70_000).prop_map(move |n| float(n as f64 / 10.0)),
        1 => prop::sample::select(vec![
            254, 255, 256, 65_534, 65_535, 65_536, 4_294_967_294, 4_294_967_295, 4_294_967_296,
            4_503_599_627_370_495, 9_007_199_254_740_991, 9_007_199_254_740_992,
            9_007_199_254_740_993, i64::MAX, i64::MIN,
        ]).prop_map(Value::from),
        1 => prop::sample::select(vec![
            0.1 + 0.2, 1e15, 1e21, 1e-7, f64::MAX, f64::MIN_POSITIVE, 5e-324, -0.0, 1.6e12,
        ]).prop_map(float),
        1 => any::<f64>().prop_map(float),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
    ]
}

/// Times as hubs write them, years apart: seven digits, zeros at the end left out.
pub(crate) fn hub_stamp() -> impl Strategy<Value = String> {
    let fraction = (0_u32..10_000_000).prop_map(|n| format!(".{n:07}"));
    let date = (1998_u32..2031, 1_u32..13, 1_u32..29);
    (date, 0_u32..86_400, fraction).prop_map(|((year, month, day), second, fraction)| {
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let fraction = fraction.trim_end_matches(['0', '.']);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
    })
}

/// Times of hubs, of devices, and texts that are nearly times.
fn stamp() -> impl Strategy<Value = String> {
    let date = prop_oneof![
        8 => (2019_u32..2027, 1_u32..13, 1_u32..29),
        1 => Just((1, 1, 1)),
        1 => Just((9_999, 12, 31)),
        1 => (1_u32..10_000, 1_u32..13, 1_u32..32), // the 30th of February among them
    ];
    let time = (0_u32..24, 0_u32..60, 0_u32..60);
    let fraction = prop_oneof![
        6 => (0_u32..10_000_000).prop_map(|n| format!(".{n:07}")),
        2 => (0_u32..10_000_000).prop_map(|n| format!(".{n:07}").trim_end_matches('0').to_owned()),
        1 => prop::sample::select(vec!["", ".0", ".5", ".500", ".0000000", ".12345678"])
            .prop_map(str::to_owned),
    ];
    let zone = prop_oneof![
        12 => Just("Z"), 1 => Just(""), 1 => Just("+00:00"), 1 => Just("-07:30"), 1 => Just("z"),
    ];
    (date, time, fraction, zone).prop_map(|((y, mo, d), (h, mi, s), fraction, zone)| {
        format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}{fraction}{zone}")
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["", "a", "b", "prod", "1.0.1", "true", "null", "5", "[1]"])
            .prop_map(str::to_owned),
        3 => stamp(),
        2 => (0..1_000).prop_map(|n| format!("serial-{n:05}")),
        1 => any::<String>(),
        1 => (250_usize..260).prop_map(|n| "y".repeat(n)),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        3 => number(),
        4 => text().prop_map(Value::from),
    ]
}

fn value() -> BoxedStrategy<Value> {
    let nested = scalar().prop_recursive(4, 16, 5, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => object_of(inner),
        ]
    });
    nested.boxed()
}

fn object_of(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((key(), value), 0..6)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

/// A section as a hub keeps it: mostly an object, with `$version` and with metadata that mirrors it
/// or does not.
fn section() -> impl Strategy<Value = Value> {
    let books = (stamp(), stamp(), 0_u8..8, value());
    let kept = (object_of(value()), books).prop_map(|(mut section, books)| {
        let (outer, inner, manner, odd) = books;
        let mut stamps = mirror(&section, &inner, manner);
        match manner {
            0 => return section,
            1 => stamps = odd,
            2 => stamps["gone"] = json!({"$lastUpdated": outer}),
            3 => stamps["$lastUpdated"] = odd,
            _ => stamps["$lastUpdated"] = json!(outer),
        }
        section["$metadata"] = stamps;
        section["$version"] = json!(u32::from(manner) * 40);
        section
    });
    prop_oneof![12 => kept, 1 => value()]
}

/// `$metadata` of `value`: a stamp at every level, with `$lastUpdatedVersion` in some manners and
/// some levels left out in others.
fn mirror(value: &Value, stamp: &str, manner: u8) -> Value {
    let mut node = Map::new();
    node.insert("$lastUpdated".to_owned(), json!(stamp));
    if manner >= 5 {
        node.insert("$lastUpdatedVersion".to_owned(), json!(manner));
    }
    for (n, (key, value)) in value.as_object().into_iter().flatten().enumerate() {
        if manner != 7 || n % 2 == 0 {
            node.insert(key.clone(), mirror(value, stamp, manner));
        }
    }
    Value::Object(node)
}

/// Ids that hubs allow and that are easily mangled; few, so that twins are replaced.
fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0..9).prop_map(|n| format!("d{n}")),
        1 => prop::sample::select(vec!["D1", "d 1", "it's", "a/b", "ü", "\u{0}", "100%", "$edge"])
            .prop_map(str::to_owned),
        1 => any::<String>().prop_filter("an id", |id| !id.is_empty()),
    ]
}

/// A twin of a device or, in one of six, of a module.
pub(crate) fn twin() -> impl Strategy<Value = Value> {
    let module = prop::option::weighted(0.17, prop::sample::select(vec!["$edgeAgent", "m", "M"]));
    let sections = (
        prop::option::weighted(0.9, section()),
        prop::option::weighted(0.8, section()),
        prop::option::weighted(0.8, section()),
    );
    let fields = (stamp(), any::<bool>(), prop::option::weighted(0.3, (key(), value())));
    (id(), module, sections, fields).prop_map(|(id, module, sections, fields)| {
        let (activity, connected, other) = fields;
        let (tags, desired, reported) = sections;
        let mut twin = json!({"deviceId": id, "etag": "AAAAAAAAAAE=", "lastActivityTime": activity,
            "connectionState": if connected { "Connected" } else { "Disconnected" }});
        if let Some(module) = module {
            twin["moduleId"] = json!(module);
        }
        for (name, section) in [("desired", desired), ("reported", reported)] {
            if let Some(section) = section {
                twin["properties"][name] = section;
            }
        }
        if let Some(tags) = tags {
            twin["tags"] = tags;
        }
        match other {
            Some((key, value)) if twin.get(&key).is_none() && key != "moduleId" => {
                twin[key] = value;
            }
            _ => {}
        }
        twin
    })
}
