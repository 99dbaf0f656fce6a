//! What an order of ids says of a range is what every row says, at each version, while twins come
//! and go.

use std::ops::Bound;

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::prop_oneof;
use proptest::test_runner::TestCaseError;
use twindex_index::cell_set::{CellSet, TextSet};
use twindex_index::filter::PathFilter;
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Shared, Snapshot, Ts};
use twindex_index::sorted_ids::Step;
use twindex_model::json::read::Leaves;
use twindex_model::path::{Collection, RowId};

const DEVICES: Collection = Collection::Devices;

#[derive(Clone, Debug)]
enum Action {
    /// A batch that puts and removes twins by number.
    Write(Vec<(bool, u16)>),
    /// A batch that is taken back.
    TakeBack(Vec<(bool, u16)>),
    /// A reader is opened, or the oldest closed.
    Open,
    Close,
    /// So many steps of an order.
    Build(usize),
}

fn writes() -> impl Strategy<Value = Vec<(bool, u16)>> {
    prop::collection::vec((any::<bool>(), 0u16..400), 1..12)
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => writes().prop_map(Action::Write),
        1 => writes().prop_map(Action::TakeBack),
        2 => proptest::prelude::Just(Action::Open),
        1 => proptest::prelude::Just(Action::Close),
        3 => prop_oneof![0usize..6, proptest::prelude::Just(1_000)].prop_map(Action::Build),
    ]
}

/// Ids that are prefixes of each other, of several lengths.
fn id(n: u16) -> String {
    match n % 5 {
        0 => format!("pump-{n:03}"),
        1 => format!("pump-{n}"),
        2 => format!("{n}"),
        3 => format!("pump-é{n}"),
        _ => "p".repeat(usize::from(n % 40)) + "x",
    }
}

fn leaves(id: &str) -> Leaves {
    Leaves::read(format!(r#"{{"deviceId":"{id}"}}"#)).unwrap().leaves
}

fn write(index: &mut Index, ts: Ts, writes: &[(bool, u16)]) {
    index.begin(ts);
    for (is_put, n) in writes {
        let id = id(*n);
        match index.find(&id, None) {
            Some(row) if !is_put => _ = index.remove(DEVICES, row),
            _ => _ = index.put(&leaves(&id)),
        }
    }
}

fn ranges() -> Vec<TextSet> {
    let text = |text: &str| -> Box<str> { text.into() };
    vec![
        TextSet::Prefix(text("pump-1")),
        TextSet::Prefix(text("")),
        TextSet::Prefix(text("pump-é")),
        TextSet::Prefix(text("zz")),
        TextSet::Between(Bound::Excluded(text("2")), Bound::Included(text("pump-300"))),
        TextSet::Between(Bound::Included(text("pppx")), Bound::Excluded(text("pump-2"))),
        TextSet::Between(Bound::Unbounded, Bound::Excluded(text("pump-"))),
        TextSet::Between(Bound::Included(text("x")), Bound::Excluded(text("a"))),
    ]
}

/// Compares what is known of each range with the cells; gives whether anything was.
fn check(snapshot: &Snapshot) -> Result<bool, TestCaseError> {
    let read = snapshot.read().unwrap();
    let path = read.catalog().path(&["deviceId"]).unwrap();
    let mut is_known = false;
    for range in ranges() {
        let filter = PathFilter::new(path, CellSet { strings: range, ..CellSet::none() });
        let mut expected: Vec<RowId> = Vec::new();
        for number in 0..read.n_segments(DEVICES) {
            let view = read.segment(DEVICES, number);
            let kept = view.live().iter().filter(|row| filter.keeps(&view.cell(path, *row)));
            expected.extend(kept.map(|row| view.row_id(row)));
        }
        if let Some(n_rows) = read.n_listed(DEVICES, &filter) {
            prop_assert_eq!(n_rows, expected.len() as u64);
            is_known = true;
        }
        if let Some(rows) = read.listed(DEVICES, &filter) {
            prop_assert_eq!(rows, expected);
        }
    }
    Ok(is_known)
}

/// Steps of an order, at most so many; true if it is there.
fn build(shared: &std::sync::Arc<Shared>, n_steps: usize) -> bool {
    let sorter = shared.snapshot().read().unwrap().id_sorter();
    let mut step = Step::Copy;
    for _ in 0..n_steps {
        step = match step {
            Step::Copy => shared.snapshot().read().unwrap().copy_ids(),
            Step::Sort => sorter.sort(),
            Step::Done => return true,
        };
    }
    step == Step::Done
}

proptest! {
    #[test]
    fn ranges_are_those_of_the_rows(
        first in prop::collection::vec((proptest::prelude::Just(true), 0u16..400), 0..150),
        segment_rows_max in 20u32..200,
        actions in prop::collection::vec(action(), 1..40),
    ) {
        let options = IndexOptions { segment_rows_max, ..IndexOptions::default() };
        let mut index = Index::new(options);
        write(&mut index, Ts(0), &first);
        let shared = Shared::new(index);
        let mut open: Vec<Snapshot> = Vec::new();
        // An order begun after a batch was taken back is good from the next one on.
        let mut newest = Ts(0);
        for action in actions {
            let ts = Ts(shared.visible().0 + 1);
            match action {
                Action::Write(writes) => {
                    write(&mut shared.write(), ts, &writes);
                    shared.publish(ts);
                    shared.prune(usize::MAX);
                }
                Action::TakeBack(writes) => {
                    write(&mut shared.write(), ts, &writes);
                    build(&shared, writes.len() % 3);
                    for snapshot in &open {
                        check(snapshot)?;
                    }
                    shared.write().roll_back(ts);
                    newest = ts;
                }
                Action::Open => open.push(shared.snapshot()),
                Action::Close => drop((!open.is_empty()).then(|| open.remove(0))),
                Action::Build(n_steps) => {
                    if build(&shared, n_steps) {
                        let is_known = check(&shared.snapshot())?;
                        prop_assert!(is_known || shared.visible() < newest, "an order was built");
                    }
                }
            }
            check(&shared.snapshot())?;
            for snapshot in &open {
                check(snapshot)?;
            }
        }
    }
}
