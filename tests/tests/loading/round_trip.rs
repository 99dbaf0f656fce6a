//! Whole twins come out equal to what went in, key order and number spelling aside.

use proptest::prelude::{Strategy, prop, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use twindex::{IndexOptions, Twindex};
use twindex_fleet::{Fleet, FleetOptions};
use twindex_tests::pair::{lines_of, open};

use crate::arb::{hub_stamp, index_options, twin};
use crate::support::{assert_holds, cases, identity, load, texts_of, twins_of};

/// Puts `twin` where a store puts it: in the place of the one with its identity, else at the end.
fn put(twins: &mut Vec<Value>, twin: Value) {
    match twins.iter_mut().find(|other| identity(other) == identity(&twin)) {
        Some(other) => *other = twin,
        None => twins.push(twin),
    }
}

/// Devices first, as `twins_of` gives them.
fn devices_first(mut twins: Vec<Value>) -> Vec<Value> {
    twins.sort_by_key(|twin| identity(twin).1.is_some());
    twins
}

proptest! {
    #![proptest_config(cases(300))]

    /// Loading, in one go or in two, gives back every twin, the last one of each identity, in the
    /// row of the first.
    #[test]
    fn twins_come_back(
        index in index_options(),
        first in prop::collection::vec(twin(), 1..20),
        second in prop::collection::vec(twin(), 0..10),
    ) {
        let db = open(index, 0);
        let mut expected = Vec::new();
        for twins in [first, second] {
            let report = load(&db, lines_of(&twins));
            prop_assert_eq!(&report.bad, &[]);
            let n_known = expected.len();
            let n_twins = twins.len();
            twins.into_iter().for_each(|twin| put(&mut expected, twin));
            prop_assert_eq!(report.n_replaced as usize, n_twins - (expected.len() - n_known));
        }
        let expected = devices_first(expected);
        assert_holds(&db, &expected);
        for (twin, text) in expected.iter().zip(texts_of(&db)) {
            let (device_id, module_id) = identity(twin);
            prop_assert_eq!(db.twin(device_id, module_id), Some(text));
        }
    }

    /// What is printed is loaded again as it is.
    #[test]
    fn what_is_printed_is_loaded_again(
        index in index_options(),
        twins in prop::collection::vec(twin(), 1..8),
    ) {
        let db = open(index.clone(), 0);
        load(&db, lines_of(&twins));
        let again = open(index, 0);
        let report = load(&again, texts_of(&db).join("\n"));
        prop_assert!(report.bad.is_empty());
        assert_holds(&again, &twins_of(&db));
    }

    /// Rows that are freed and filled again hold nothing of what was there.
    #[test]
    fn freed_rows_are_clean(
        index in index_options(),
        twins in prop::collection::vec(twin(), 1..12),
        removed in prop::collection::vec(0..12_usize, 1..6),
        more in prop::collection::vec(twin(), 1..12),
    ) {
        let db = open(index, 0);
        load(&db, lines_of(&twins));
        let mut expected = Vec::new();
        twins.iter().for_each(|twin| put(&mut expected, twin.clone()));
        for twin in removed.iter().filter_map(|n| twins.get(*n)) {
            let (device_id, module_id) = identity(twin);
            let was_there = expected.iter().any(|other| identity(other) == identity(twin));
            prop_assert_eq!(db.remove(device_id, module_id), was_there);
            expected.retain(|other| identity(other) != identity(twin));
        }
        load(&db, lines_of(&more));
        more.into_iter().for_each(|twin| put(&mut expected, twin));
        let found = twins_of(&db);
        prop_assert_eq!(found.len(), expected.len());
        for twin in &expected {
            let same = found.iter().find(|other| identity(other) == identity(twin)).unwrap();
            prop_assert!(twindex_oracle::equal(same, twin), "came out: {same}\nwent in: {twin}");
        }
    }
}

/// As many twins as asked for, each of another device or module; the same every time. They are put
/// together from the parts of some hundred arbitrary ones, so that paths are shared.
fn many(n: usize) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let models = prop::collection::vec(twin(), 400).new_tree(&mut runner).unwrap().current();
    let next = |n: usize| {
        let mut twin = models[n % 400].clone();
        twin["deviceId"] = json!(format!("device-{n}"));
        for (part, step) in
            [("/tags", 7), ("/properties/desired", 11), ("/properties/reported", 13)]
        {
            let other = models[n / step % 400].pointer(part).cloned();
            if let (Some(part), Some(other)) = (twin.pointer_mut(part), other) {
                *part = other;
            }
        }
        if n % 20 < 9 {
            let value = twin.pointer("/tags/a").cloned();
            twin["minority"] = value.unwrap_or_else(|| json!(n));
        }
        twin
    };
    (0..n).map(next).collect()
}

/// Whether some lane has left the sparse form: packed, or one place a row.
fn has_large_lanes(db: &Twindex) -> bool {
    let lanes = db.stats().lanes;
    lanes.dense > 0 && lanes.packed > 0 && lanes.sparse > 0
}

#[test]
fn a_large_fleet_of_arbitrary_twins_comes_back() {
    let twins = many(13_000);
    let db = Twindex::in_memory();
    assert_eq!(load(&db, lines_of(&twins)).bad, []);
    assert!(has_large_lanes(&db), "{:?}", db.stats().lanes);
    let mut expected = devices_first(twins);
    assert_holds(&db, &expected);

    // Every third twin becomes another one, in its row.
    let n = expected.len();
    for place in (0..n).step_by(3) {
        let mut other = expected[(place + 7) % n].clone();
        for id in ["deviceId", "moduleId"] {
            other.as_object_mut().unwrap().remove(id);
            if let Some(own) = expected[place].get(id) {
                other[id] = own.clone();
            }
        }
        expected[place] = other;
    }
    let report = load(&db, lines_of(&expected));
    assert_eq!((report.n_loaded, report.n_replaced), (n as u64, n as u64));
    assert_holds(&db, &expected);
}

/// Stamps of seven digits over many years at every level, and a few among them that are none.
#[test]
fn stamps_that_are_years_apart_come_back() {
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(hub_stamp(), 4);
    let mut next = |n: u32| {
        let stamps = strategy.new_tree(&mut runner).unwrap().current();
        let odd = match n % 997 {
            0 => json!(n),
            1 => json!(stamps[3].replace('Z', "+00:00")),
            2 => json!("2024-05-01T10:20:30.5000000Z"),
            _ => json!(stamps[3]),
        };
        json!({"deviceId": format!("d{n}"), "lastActivityTime": stamps[0],
            "properties": {"reported": {"a": {"b": n}, "$metadata": {
                "$lastUpdated": stamps[1],
                "a": {"$lastUpdated": stamps[2], "b": {"$lastUpdated": odd}}}}}})
    };
    let twins: Vec<Value> = (0..10_000).map(&mut next).collect();
    let raw = IndexOptions { dictionary_values_min: 10, ..IndexOptions::default() };
    for index in [IndexOptions::default(), raw] {
        let db = open(index, 0);
        load(&db, lines_of(&twins));
        assert!(db.stats().lanes.times > 0, "{:?}", db.stats().lanes);
        assert_holds(&db, &twins);
    }
}

#[test]
fn a_realistic_fleet_comes_back() {
    let fleet = Fleet::new(FleetOptions { twins: 6_000, seed: 7 });
    let lines: Vec<String> = fleet.lines().collect();
    let db = Twindex::in_memory();
    let report = load(&db, lines.join("\n"));
    assert_eq!((&report.bad[..], &report.warnings[..]), (&[][..], &[][..]));
    let twins = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_holds(&db, &devices_first(twins));
}
