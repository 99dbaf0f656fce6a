//! Distinct rows are those of the same query without DISTINCT, each where it comes first, however
//! they are paged, at each version, by one thread and by two.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::ThreadPoolBuilder;
use serde_json::json;
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Shared, Snapshot, Ts};
use twindex_testkit::Dice;

use super::{put, rows_of_pages};

const COLUMNS: [&str; 4] =
    ["tags.few, tags.many", "tags.few", "tags.many, tags.o", "tags.few + tags.n AS sum, tags.some"];
const ORDERS: [&str; 6] = [
    "tags.few DESC",
    "tags.few, tags.many DESC",
    "tags.some",
    "tags.many",
    "tags.n + tags.few DESC, deviceId",
    "tags.o DESC",
];
const FILTERS: [&str; 2] = ["", "WHERE tags.n > 3"];

fn write(index: &mut Index, n: u32, dice: &mut Dice) {
    let few = dice.below(4);
    let few = if few == 0 { json!(null) } else { json!(few) };
    let mut tags = json!({ "few": few, "many": format!("m{}", dice.below(400)), "n": n % 9 });
    if dice.below(3) > 0 {
        tags["some"] = json!(["x", "y", "z"][dice.below(3)]);
        tags["o"] = json!({ "a": dice.below(3), "b": dice.below(2) });
    }
    put(index, &json!({ "deviceId": format!("d{n}"), "tags": tags }));
}

/// Some versions of a fleet.
fn versions(dice: &mut Dice) -> (Arc<Shared>, Vec<Snapshot>) {
    let options = IndexOptions { segment_rows_max: 128, ..IndexOptions::default() };
    let mut index = Index::new(options);
    let n_twins = 1 + dice.below(600) as u32;
    (0..n_twins).for_each(|n| write(&mut index, n, dice));
    let shared = Shared::new(index);
    let mut open = vec![shared.snapshot()];
    {
        let mut index = shared.write();
        index.begin(Ts(1));
        (0..20).for_each(|_| write(&mut index, dice.below(700) as u32, dice));
    }
    shared.publish(Ts(1));
    open.push(shared.snapshot());
    (shared, open)
}

#[test]
fn distinct_rows_come_where_the_first_of_them_does() {
    let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    let (mut n_cut, mut n_whole) = (0, 0);
    for seed in 0..4 {
        let mut dice = Dice::new(seed);
        let (_shared, open) = versions(&mut dice);
        let asked = COLUMNS.iter().flat_map(|columns| ORDERS.iter().map(move |o| (columns, o)));
        for ((columns, order), filter) in asked.flat_map(|of| FILTERS.map(|filter| (of, filter))) {
            let rest = format!("{columns} FROM devices {filter} ORDER BY {order}");
            for snapshot in &open {
                let mut seen = HashSet::new();
                let mut expected =
                    rows_of_pages(snapshot, &format!("SELECT {rest}"), (usize::MAX, None));
                expected.retain(|row| seen.insert(row.clone()));
                let n_page = 5 + dice.below(60);
                for paging in [(usize::MAX, None), (n_page, None), (n_page, Some(&pool))] {
                    let found = rows_of_pages(snapshot, &format!("SELECT DISTINCT {rest}"), paging);
                    assert_eq!(found, expected, "seed {seed}, pages of {n_page}: {rest}");
                }
                let limited = format!("SELECT DISTINCT {rest} LIMIT 9 OFFSET 5");
                let expected: Vec<String> = expected.into_iter().skip(5).take(9).collect();
                assert_eq!(
                    rows_of_pages(snapshot, &limited, (4, Some(&pool))),
                    expected,
                    "{limited}"
                );
                n_cut += usize::from(expected.len() == 9);
                n_whole += usize::from(expected.len() < 9);
            }
        }
    }
    assert!(n_cut > 50 && n_whole > 50, "{n_cut} {n_whole}");
}
