//! Many groups, poured into the parts that all threads fill: what a table in the test gives.

use std::collections::{BTreeMap, BTreeSet};

use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};

use super::{rows_of_pages, share_of, small};

const N_TWINS: usize = 700;

/// Ids that nearly all differ, names that two or three twins share, and sites that many do.
fn fleet() -> Vec<Value> {
    let twin = |i: usize| {
        let mut tags = json!({ "site": format!("s{}", i % 5), "size": i * 37 % 101 });
        if !i.is_multiple_of(11) {
            tags["name"] = json!(format!("name-{}", i * 7_919 % 300));
        }
        if i.is_multiple_of(13) {
            tags["name"] = json!(i % 3);
        }
        json!({ "deviceId": format!("d{i:04}"), "tags": tags })
    };
    (0..N_TWINS).map(twin).collect()
}

/// What a query is to say of the twins of one group.
type Summary = fn(&[&Value]) -> Value;

fn sizes(twins: &[&Value]) -> Vec<f64> {
    let mut sizes: Vec<f64> =
        twins.iter().filter_map(|twin| twin["tags"]["size"].as_f64()).collect();
    sizes.sort_by(f64::total_cmp);
    sizes
}

/// The groups by some keys, in the order of these, each with its summary.
fn wanted(twins: &[Value], keys: &[&str], summary: Summary) -> Vec<(Vec<String>, Value)> {
    let mut groups: BTreeMap<Vec<String>, Vec<&Value>> = BTreeMap::new();
    for twin in twins {
        let key = |key: &&str| match *key {
            "deviceId" => twin["deviceId"].to_string(),
            tag => twin["tags"].get(tag).map_or_else(String::new, Value::to_string),
        };
        groups.entry(keys.iter().map(key).collect()).or_default().push(twin);
    }
    groups.into_iter().map(|(keys, twins)| (keys, summary(&twins))).collect()
}

fn found(rows: &[String], keys: &[&str]) -> Vec<(Vec<String>, Value)> {
    let row = |row: &String| {
        let row: Value = serde_json::from_str(row).expect("a row is JSON");
        let key = |key: &&str| row.get(*key).map_or_else(String::new, Value::to_string);
        (keys.iter().map(key).collect(), row["x"].clone())
    };
    rows.iter().map(row).collect()
}

#[test]
fn many_groups_are_those_of_a_plain_table() {
    let twins = fleet();
    let snapshot = share_of(&twins, small()).snapshot();
    let pool = ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
    let summaries: [(&str, Summary); 5] = [
        ("COUNT()", |twins| json!(twins.len())),
        ("MIN(tags.size)", |twins| json!(sizes(twins)[0])),
        ("PERCENTILE(tags.size, 1)", |twins| json!(sizes(twins).last())),
        ("COUNT(DISTINCT tags.size)", |twins| {
            json!(sizes(twins).iter().map(|size| size.to_bits()).collect::<BTreeSet<_>>().len())
        }),
        ("SUM(tags.size)", |twins| json!(sizes(twins).iter().sum::<f64>())),
    ];
    let keys: [&[&str]; 4] = [&["deviceId"], &["name"], &["site", "name"], &["name", "deviceId"]];
    for (keys, (aggregate, summary)) in keys.iter().flat_map(|k| summaries.map(|s| (*k, s))) {
        let paths = keys.iter().map(|key| match *key {
            "deviceId" => "deviceId".to_owned(),
            tag => format!("tags.{tag}"),
        });
        let paths = paths.collect::<Vec<String>>().join(", ");
        let text = format!(
            "SELECT {paths}, {aggregate} AS x FROM devices GROUP BY {paths} \
             ORDER BY {aggregate} DESC"
        );
        let in_order = rows_of_pages(&snapshot, &text, (usize::MAX, None));
        let mut groups = found(&in_order, keys);
        let sizes = groups.iter().map(|group| group.1.as_f64().expect("a number"));
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{text}");
        groups.sort_by(|a, b| a.0.cmp(&b.0));
        let number = |of: &Value| of.as_f64().map(f64::to_bits);
        let plain = wanted(&twins, keys, summary);
        assert_eq!(groups.len(), plain.len(), "{text}");
        for (found, wanted) in groups.iter().zip(&plain) {
            assert_eq!((&found.0, number(&found.1)), (&wanted.0, number(&wanted.1)), "{text}");
        }
        for (page_rows_max, pool) in [(usize::MAX, Some(&pool)), (53, Some(&pool)), (53, None)] {
            let rows = rows_of_pages(&snapshot, &text, (page_rows_max, pool));
            assert_eq!(rows, in_order, "{text}");
        }
        for offset in [100, 180, in_order.len() / 2, in_order.len() - 30] {
            let far = format!("{text} LIMIT 20 OFFSET {offset}");
            let rows = rows_of_pages(&snapshot, &far, (usize::MAX, Some(&pool)));
            assert_eq!(rows, in_order[offset..offset + 20], "{far}");
        }
        let having = text.replace(" ORDER BY", &format!(" HAVING {aggregate} > 2 ORDER BY"));
        let n_above = plain.iter().filter(|of| of.1.as_f64() > Some(2.0)).count();
        let rows = rows_of_pages(&snapshot, &having, (usize::MAX, Some(&pool)));
        assert_eq!(rows, in_order[..n_above], "{having}");
    }
}
