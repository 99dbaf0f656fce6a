//! Twins come back as they went in, whole and in pieces.

use proptest::prelude::{prop, prop_assert_eq, proptest};
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_model::cell::Cell;
use twindex_model::json::read::{Leaves, read_value};
use twindex_model::kind::Kind;
use twindex_model::path::{Collection, PathId};
use twindex_model::value::Value;

use crate::arb;
use crate::world::{World, value_at};

proptest! {
    /// Every twin put in comes back equal.
    #[test]
    fn twins_come_back(options in arb::options(), twins in prop::collection::vec(arb::twin(), 0..25)) {
        World::of(options, twins).check();
    }

    /// Cell, value and text at every path are those of the document.
    #[test]
    fn every_path_reads_as_in_the_document(
        options in arb::options(), twins in prop::collection::vec(arb::twin(), 1..12),
    ) {
        let world = World::of(options, twins);
        let catalog = world.index.catalog();
        for (collection, row, twin) in &world.twins {
            let view = world.index.segment(*collection, row.segment());
            for path in (0..catalog.n_paths() as u32).map(PathId) {
                let keys = catalog.keys(path);
                let expected = value_at(twin, &keys);
                let value = view.value(path, row.place());
                prop_assert_eq!(value.as_ref(), expected);
                let mut text = String::from("x");
                let is_there = view.write_value(path, row.place(), &mut text);
                prop_assert_eq!(is_there, expected.is_some());
                let read = read_value(text.strip_prefix('x').expect("put there")).ok();
                prop_assert_eq!(read.as_ref(), expected);
                let cell = view.cell(path, row.place());
                prop_assert_eq!(cell.kind(), expected.map_or(Kind::Undefined, kind_of));
                if let Cell::Array(array) = &cell {
                    let canonical = expected.expect("defined").to_canonical_text();
                    prop_assert_eq!(&**array, canonical);
                }
            }
        }
    }
}

fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Null,
        Value::Bool(false) => Kind::False,
        Value::Bool(true) => Kind::True,
        Value::Number(_) => Kind::Number,
        Value::String(_) => Kind::String,
        Value::Array(_) => Kind::Array,
        Value::Object(_) => Kind::Object,
    }
}

fn put(index: &mut Index, text: &str) -> Option<String> {
    let leaves = Leaves::read(text).expect("an object").leaves;
    let put = index.put(&leaves)?;
    let mut out = String::new();
    index.segment(put.collection, put.row.segment()).write_twin(put.row.place(), &mut out);
    Some(out)
}

#[test]
fn keys_come_in_the_order_the_catalogue_met_them() {
    let mut index = Index::new(IndexOptions::default());
    let first = r#"{"deviceId":"d","tags":{"b":1,"a":{}},"$x":null}"#;
    assert_eq!(put(&mut index, first).as_deref(), Some(first));
    let second = r#"{"tags":{"a":{"y":[1,{"k":"v"}]},"b":"\u0001\""},"deviceId":"e"}"#;
    let ordered = r#"{"deviceId":"e","tags":{"b":"\u0001\"","a":{"y":[1,{"k":"v"}]}}}"#;
    assert_eq!(put(&mut index, second).as_deref(), Some(ordered));
}

#[test]
fn documents_without_identity_are_refused_and_change_nothing() {
    let mut index = Index::new(IndexOptions::default());
    for text in [
        "{}",
        r#"{"deviceId":1}"#,
        r#"{"deviceId":null}"#,
        r#"{"deviceId":{"deviceId":"d"}}"#,
        r#"{"tags":{"deviceId":"d"}}"#,
        r#"{"deviceId":"d","moduleId":1}"#,
        r#"{"deviceId":"d","moduleId":{}}"#,
    ] {
        assert_eq!(put(&mut index, text), None, "{text}");
    }
    assert_eq!(index.catalog().n_paths(), 2);
    let module = r#"{"deviceId":"d","moduleId":"m"}"#;
    assert_eq!(put(&mut index, module).as_deref(), Some(module));
    let device = r#"{"deviceId":"d","moduleId":null}"#;
    assert_eq!(put(&mut index, device).as_deref(), Some(device));
    assert!(index.find("d", None).is_some() && index.find("d", Some("m")).is_some());
    assert_eq!(index.find("d", Some("")), None);
}

#[test]
fn few_cells_are_found_among_many_lanes() {
    let mut index = Index::new(IndexOptions::default());
    let text = |twin: usize, keys: &[usize]| {
        let keys: Vec<_> = keys.iter().map(|key| format!("\"k{key}\":{{\"n\":{key}}}")).collect();
        format!("{{\"deviceId\":\"d{twin}\",\"slots\":{{{}}}}}", keys.join(","))
    };
    let mut twins: Vec<String> = (0..1_500).map(|twin| text(twin, &[twin, twin + 1])).collect();
    for twin in &twins {
        assert_eq!(put(&mut index, twin).as_ref(), Some(twin));
    }
    // Lanes that are there already get rows far from theirs, and others lose them.
    for (twin, keys) in [(3, [900, 1_400]), (1_200, [0, 70]), (1_499, [64, 1_023])] {
        twins[twin] = text(twin, &keys);
        assert_eq!(put(&mut index, &twins[twin]).as_ref(), Some(&twins[twin]));
    }
    assert_eq!(index.validate(), Ok(()));
    for (twin, text) in twins.iter().enumerate() {
        let row = index.find(&format!("d{twin}"), None).expect("put above");
        let mut out = String::new();
        index.segment(Collection::Devices, 0).write_twin(row.place(), &mut out);
        assert_eq!(&out, text);
    }
}
