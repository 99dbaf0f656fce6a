//! Of new twins nothing is kept but that they are new, whatever way their cells are written.
#![allow(clippy::panic, clippy::unwrap_used)] // a test that cannot go on fails

use std::sync::Arc;

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use twindex_model::json::read::Leaves;
use twindex_model::json::reader::{LeavesReader, Strictness};
use twindex_model::path::{Collection, RowId};

use super::Bulk;
use crate::index::Index;
use crate::options::IndexOptions;
use crate::outline::Outline;
use crate::snapshot::{Shared, Ts};

const DEVICES: Collection = Collection::Devices;

/// What happens before some twins are put, and how many are.
#[derive(Clone, Debug)]
struct Round {
    /// Of so many twins one is removed; 0 removes none.
    removes: usize,
    /// Whether totals of all paths are asked for, and kept from then on.
    asks: bool,
    n_new: u64,
    is_taken_back: bool,
}

fn round() -> impl Strategy<Value = Round> {
    (0_usize..4, any::<bool>(), 1_u64..40, any::<bool>()).prop_map(
        |(removes, asks, n_new, is_taken_back)| Round { removes, asks, n_new, is_taken_back },
    )
}

fn options() -> impl Strategy<Value = IndexOptions> {
    let tiny = IndexOptions {
        segment_rows_max: 50,
        sparse_rows_max: 2,
        exceptions_max: 1,
        dictionary_values_min: 3,
        ..IndexOptions::default()
    };
    prop_oneof![Just(tiny), Just(IndexOptions::default())]
}

/// Paths of every kind, some of several; stamps that a row shares.
fn twin(n: u64) -> String {
    let mixed = ["1", "null", "true", "\"x\"", "[1]", "{\"y\":2}", "0.1", "1e300"];
    let mixed = mixed[(n % 8) as usize];
    let stamp = format!("{{\"$lastUpdated\":\"2024-05-06T07:{:02}:00.123Z\"}}", n % 60);
    format!(
        r#"{{"deviceId":"d{n}","tags":{{"site":"s{}","n":{n},"mixed":{mixed}}},
        "properties":{{"desired":{{"a":"text {n}","b":[{}],"$metadata":{{"a":{stamp},"b":{stamp}}}}}}}}}"#,
        n % 5,
        n % 3,
    )
}

/// Reads twins as a load does, and puts them together.
struct Many {
    reader: LeavesReader,
    bulk: Bulk,
}

impl Many {
    fn put(&mut self, index: &mut Index, numbers: impl Iterator<Item = u64>) -> Vec<RowId> {
        let mut read = |number| {
            let mut leaves = Leaves::default();
            self.reader.read_into(twin(number).as_bytes(), &mut leaves).unwrap();
            let outline = Outline::of(&leaves).unwrap();
            (leaves, outline)
        };
        let read: Vec<_> = numbers.map(&mut read).collect();
        let twins: Vec<_> = read.iter().map(|(leaves, outline)| (leaves, outline)).collect();
        let mut puts = Vec::new();
        index.put_many(&twins, &mut self.bulk, &mut puts);
        puts.into_iter().map(|put| put.unwrap().row).collect()
    }
}

/// Asks for the totals of every path, which are kept from then on.
fn ask(shared: &Arc<Shared>) {
    let snapshot = shared.snapshot();
    let read = snapshot.read().unwrap();
    for path in read.catalog().paths() {
        read.totals(DEVICES, path).unwrap().for_each(|_, _| ());
    }
}

/// Records that batches after `ts` have left.
fn n_records_after(index: &Index, ts: Ts) -> usize {
    let undo = index.store(DEVICES).segments.iter().map(|segment| segment.undo());
    undo.map(|undo| undo.n_records(undo.first_after(ts))).sum()
}

/// Removes some twins; gives the rows of the others.
fn remove_some(index: &mut Index, rows: Vec<RowId>, removes: usize) -> Vec<RowId> {
    let is_left = |at: usize| removes == 0 || !at.is_multiple_of(removes);
    let (left, gone): (Vec<_>, Vec<_>) = rows.into_iter().enumerate().partition(|r| is_left(r.0));
    for (_, row) in gone {
        assert!(index.remove(DEVICES, row));
    }
    left.into_iter().map(|(_, row)| row).collect()
}

proptest! {
    #[test]
    fn of_new_twins_only_their_birth_is_kept(
        options in options(), rounds in prop::collection::vec(round(), 1..8),
    ) {
        let shared = Shared::new(Index::new(options));
        let reader = LeavesReader::for_many(Strictness::Forgiving, 0);
        let mut many = Many { reader, bulk: Bulk::default() };
        let (mut rows, mut n_met) = (Vec::new(), 0);
        for (ts, round) in (1..).step_by(2).zip(rounds) {
            let (before, ts) = (Ts(ts), Ts(ts + 1));
            shared.write().begin(before);
            rows = remove_some(&mut shared.write(), rows, round.removes);
            shared.publish(before);
            if round.asks {
                ask(&shared);
            }
            let mut index = shared.write();
            index.begin(ts);
            let new = many.put(&mut index, n_met..n_met + round.n_new);
            n_met += round.n_new;
            assert_eq!(n_records_after(&index, before), new.len());
            assert_eq!(index.validate(), Ok(()));
            if round.is_taken_back {
                index.roll_back(ts);
                assert_eq!(n_records_after(&index, before), 0);
                assert_eq!(index.validate(), Ok(()));
            } else {
                rows.extend(new);
            }
            drop(index);
            shared.publish(ts);
        }
    }
}
