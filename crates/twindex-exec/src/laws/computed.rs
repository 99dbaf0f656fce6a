//! Rows in the order of what is computed of several numbers: the first of them are those that
//! sorting gives.

use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};
use twindex_index::options::IndexOptions;

use super::{rows_of_pages, share_of};

/// More than are keyed one by one.
const N_TWINS: usize = 2_000;

fn twin(i: usize) -> Value {
    let mut tags = json!({ "a": (i * 7_919 % 1_000) as f64 - 500.0, "b": i % 7 });
    if i.is_multiple_of(5) {
        tags["b"] = json!("no number");
    }
    if i.is_multiple_of(17) {
        tags = json!({});
    }
    json!({ "deviceId": format!("d{i:04}"), "tags": tags })
}

#[test]
fn the_first_by_a_computed_key_are_those_that_sorting_gives() {
    let twins: Vec<Value> = (0..N_TWINS).map(twin).collect();
    let snapshot = share_of(&twins, IndexOptions::default()).snapshot();
    let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    for key in ["tags.a + tags.b", "-tags.a", "tags.a * 2 - tags.b / 3", "tags.a % tags.b"] {
        for direction in ["ASC", "DESC"] {
            let text =
                format!("SELECT deviceId, {key} AS x FROM devices ORDER BY {key} {direction}");
            let all = rows_of_pages(&snapshot, &text, (usize::MAX, None));
            assert_eq!(all.len(), N_TWINS);
            let number = |row: &String| {
                let row: Value = serde_json::from_str(row).expect("a row is JSON");
                row.get("x").and_then(Value::as_f64)
            };
            let numbers: Vec<Option<f64>> = all.iter().map(number).collect();
            let is_in_order = |a: &Option<f64>, b: &Option<f64>| match (a, b) {
                (Some(a), Some(b)) => {
                    if direction == "ASC" {
                        a <= b
                    } else {
                        a >= b
                    }
                }
                (a, b) => a.is_some() || b.is_none(),
            };
            assert!(numbers.is_sorted_by(is_in_order), "{text}");
            for n in [1, 20, 150, 1_700] {
                let first = rows_of_pages(
                    &snapshot,
                    &format!("{text} LIMIT {n}"),
                    (usize::MAX, Some(&pool)),
                );
                assert_eq!(first, all[..n], "{text} LIMIT {n}");
            }
            assert_eq!(rows_of_pages(&snapshot, &text, (211, None)), all, "{text}");
        }
    }
}
