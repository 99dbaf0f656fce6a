//! The first rows in the order of objects are those that sorting all of them gives, whatever the
//! objects hold, and at versions that were overwritten.

use serde_json::{Map, Value, json};
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Shared, Snapshot, Ts};
use twindex_testkit::Dice;

use super::{put, rows_of_pages};

const ORDERS: [&str; 6] = [
    "tags.o",
    "tags.o DESC",
    "tags.o, tags.n DESC",
    "tags.o DESC, tags.n",
    "tags.o.b DESC",
    "tags",
];

fn scalar(dice: &mut Dice) -> Value {
    match dice.below(9) {
        0 => Value::Null,
        1 => true.into(),
        2 | 3 => (dice.below(3) as i64 - 1).into(),
        4 | 5 => ["", "x", "xy"][dice.below(3)].into(),
        6 => json!([dice.below(2), 10]),
        7 => json!([9]),
        _ => json!({}),
    }
}

/// An object of few shapes, whose keys are met in any order.
fn object(dice: &mut Dice, depth: usize) -> Value {
    let mut entries = Map::new();
    for _ in 0..dice.below(4) {
        let key = ["b", "a", "c", "ab"][dice.below(4)];
        let value = match dice.below(3) {
            0 if depth > 0 => object(dice, depth - 1),
            _ => scalar(dice),
        };
        entries.insert(key.to_owned(), value);
    }
    entries.into()
}

fn write(index: &mut Index, dice: &mut Dice, n: usize) {
    let mut tags = json!({ "n": dice.below(3) });
    match dice.below(12) {
        0 => (),
        1 => tags["o"] = scalar(dice),
        _ => tags["o"] = object(dice, 2),
    }
    put(index, &json!({ "deviceId": format!("d{n}"), "tags": tags }));
}

fn judge(snapshot: &Snapshot, told: &str) {
    for order in ORDERS {
        let text = format!("SELECT deviceId, tags FROM devices ORDER BY {order}");
        let all = rows_of_pages(snapshot, &text, (usize::MAX, None));
        for n in [1, 2, 7, 30] {
            let first = rows_of_pages(snapshot, &format!("{text} LIMIT {n}"), (usize::MAX, None));
            assert!(first[..] == all[..n.min(all.len())], "{told}: {text} LIMIT {n}");
        }
        assert_eq!(rows_of_pages(snapshot, &text, (5, None)), all, "{told}: {text} in pages");
    }
}

#[test]
fn the_first_objects_are_those_that_sorting_gives() {
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let segment_rows_max = [16, 200][seed as usize % 2];
        let mut index = Index::new(IndexOptions { segment_rows_max, ..IndexOptions::default() });
        let n_twins = dice.below(150);
        (0..n_twins).for_each(|n| write(&mut index, &mut dice, n));
        let shared = Shared::new(index);
        let before = shared.snapshot();
        judge(&before, &format!("seed {seed}"));
        for _ in 0..20 {
            let n = dice.below(n_twins + 3);
            let mut index = shared.write();
            index.begin(Ts(1));
            write(&mut index, &mut dice, n);
        }
        judge(&before, &format!("seed {seed}, overwritten"));
    }
}
