//! Pages in the order of ids are those that sorting gives, at each version, while twins come and go.

use std::ops::Bound;

use serde_json::{Value, json};
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Shared, Ts};
use twindex_index::sorted_ids::Step;
use twindex_model::path::Collection;
use twindex_testkit::Dice;

use super::{put, rows_of_pages};

const ORDERS: [&str; 4] =
    ["deviceId", "deviceId DESC", "deviceId, tags.n", "deviceId DESC, tags.n"];
const FILTERS: [&str; 4] =
    ["", "WHERE tags.n > 3", "WHERE tags.n = 7", "WHERE STARTSWITH(deviceId, 'a')"];

fn write(index: &mut Index, n: u32, value: u32) {
    // Ids in no order of the rows, some of which begin others.
    let id = format!("{}{}", ["a", "b", "ab"][n as usize % 3], n * 7919 % 1_000);
    match index.find(&id, None) {
        Some(row) if value.is_multiple_of(3) => _ = index.remove(Collection::Devices, row),
        _ => put(index, &json!({ "deviceId": id, "tags": { "n": value } })),
    }
}

fn build_order(shared: &std::sync::Arc<Shared>) {
    let sorter = shared.snapshot().read().expect("not expired").id_sorter();
    let mut step = Step::Copy;
    while step != Step::Done {
        step = match step {
            Step::Copy => shared.snapshot().read().expect("not expired").copy_ids(),
            _ => sorter.sort(),
        };
    }
}

fn id_of(row: &str) -> String {
    let row: Value = serde_json::from_str(row).expect("a row");
    row["deviceId"].as_str().expect("an id").to_owned()
}

#[test]
fn an_order_of_ids_gives_the_pages_that_sorting_gives() {
    for seed in 0..20 {
        let mut dice = Dice::new(seed);
        let options = IndexOptions { segment_rows_max: 16, ..IndexOptions::default() };
        let mut index = Index::new(options);
        (0..dice.below(120) as u32).for_each(|n| write(&mut index, n, 1 + n % 9));
        let shared = Shared::new(index);
        let mut open = vec![shared.snapshot()];
        for ts in 1..6 {
            if ts == 2 {
                build_order(&shared);
            }
            {
                let mut index = shared.write();
                index.begin(Ts(ts));
                for _ in 0..dice.below(6) {
                    let (n, value) = (dice.below(120) as u32, dice.below(9) as u32);
                    write(&mut index, n, value);
                }
            }
            shared.publish(Ts(ts));
            open.push(shared.snapshot());
        }
        let newest = open.last().expect("some").read().expect("not expired");
        assert!(newest.ids_between(Bound::Unbounded, Bound::Unbounded).is_some());
        drop(newest);
        for (order, filter) in ORDERS.iter().flat_map(|o| FILTERS.iter().map(move |f| (o, f))) {
            for snapshot in &open {
                let rows = |text: &str, n| rows_of_pages(snapshot, text, (n, None));
                let select = format!("SELECT deviceId, tags.n FROM devices {filter} ORDER BY");
                let mut expected =
                    rows(&format!("SELECT deviceId, tags.n FROM devices {filter}"), 50);
                expected.sort_unstable_by_key(|row| id_of(row));
                if order.contains("DESC") {
                    expected.reverse();
                }
                assert_eq!(rows(&format!("{select} {order}"), usize::MAX), expected, "{order}");
                assert_eq!(rows(&format!("{select} {order}"), 7), expected, "{order} {filter}");
                let some = rows(&format!("{select} {order} LIMIT 20 OFFSET 9"), 4);
                let expected: Vec<String> = expected.into_iter().skip(9).take(20).collect();
                assert_eq!(some, expected, "{order} {filter}");
            }
        }
    }
}
