//! Laws of reading at a version: whatever is written later, and whether it is published or not,
//! every query answers as it did when the version was the newest, and operators keep their laws.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::Value;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Shared, Snapshot, Ts};
use twindex_model::path::{Collection, PathId};
use twindex_plan::eval::evaluate;
use twindex_plan::expr::{Expr, PathRef};
use twindex_testkit::{Asked, Case, Edit};

use super::{apply, judge_node, plan_of, share_of, small};
use crate::catalog_view::twins_of;
use crate::column::Column;
use crate::key::Key;
use crate::operator::Metering;
use crate::page::{Request, execute};
use crate::physical::Filter;
use crate::segment::Segment;
use crate::{Budget, Stop, select_ids};

const N_HISTORIES: u64 = 40;

/// A version with what the queries answered while it was the newest.
struct Version {
    snapshot: Snapshot,
    answers: Vec<Option<Vec<Value>>>,
}

/// All rows of a query at a version, on pages of some rows.
fn answer(snapshot: &Snapshot, asked: &Asked, now_ms: i64, page_rows: usize) -> Option<Vec<Value>> {
    let plan = plan_of(snapshot, asked, now_ms)?;
    let mut request = Request { page_rows_max: page_rows, ..Request::unbounded() };
    let mut rows = Vec::new();
    loop {
        let page = execute(snapshot, &plan, &request).expect("not stopped");
        rows.extend(page.rows.iter().map(|row| serde_json::from_str::<Value>(row).expect("JSON")));
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Some(rows),
        }
    }
}

fn judge_operators(snapshot: &Snapshot, asked: &Asked, now_ms: i64) {
    let Some(plan) = plan_of(snapshot, asked, now_ms) else { return };
    let Some(collection) = twins_of(plan.collection) else { return };
    let filter = Filter::new(&plan.filter, Metering::Off);
    let (stop, budget) = (Stop::never(), Budget::unbounded());
    let mut n_rows = 0;
    let n_segments = snapshot.read().expect("not expired").n_segments(collection);
    for number in 0..n_segments {
        let segment = Segment { snapshot, stop: &stop, budget: &budget, collection, number };
        let mask = segment.mask(&filter).expect("not stopped");
        n_rows += u64::from(mask.count());
        segment
            .step(|view| {
                judge_node(filter.masks(), *view, &asked.text);
                filter.rows().into_iter().for_each(|rows| judge_node(rows, *view, &asked.text));
                let exact = filter.exact_count(view);
                assert!(exact.is_none_or(|n| n == mask.count()), "{}", asked.text);
                assert!(
                    filter.has_row_steps() || filter.count(view) == mask.count(),
                    "{}",
                    asked.text
                );
            })
            .expect("not stopped");
    }
    let total = filter.total(&snapshot.read().expect("not expired"), collection);
    assert!(total.is_none_or(|total| total == n_rows), "{}", asked.text);
    let ids = select_ids(snapshot, &plan, &Request::unbounded()).expect("not stopped");
    assert_eq!(ids.len(), n_rows, "{}", asked.text);
}

fn judge_versions(versions: &[Version], queries: &[&Asked], now_ms: i64) {
    for version in versions {
        for (asked, expected) in queries.iter().zip(&version.answers) {
            let found = answer(&version.snapshot, asked, now_ms, 3);
            assert_eq!(found, *expected, "{:?}: {}", version.snapshot.ts(), asked.text);
            judge_operators(&version.snapshot, asked, now_ms);
        }
    }
}

/// The column of each path holds what its rows do one by one, each value once.
fn judge_columns(snapshot: &Snapshot, collection: Collection) -> usize {
    let paths: Vec<PathId> = snapshot.read().expect("not expired").catalog().paths().collect();
    let (stop, budget, mut n_objects) = (Stop::never(), Budget::unbounded(), 0);
    let n_segments = snapshot.read().expect("not expired").n_segments(collection);
    for (number, path) in (0..n_segments).flat_map(|n| paths.iter().map(move |path| (n, *path))) {
        let segment = Segment { snapshot, stop: &stop, budget: &budget, collection, number };
        let mask = segment.step(|view| view.live().clone()).expect("not expired");
        let path = PathRef { id: Some(path), tail: Box::default(), text: Arc::from("") };
        let expr = Expr::Path(path);
        let column = Column::new(&expr, &segment, &mask).expect("not stopped");
        let mut expected = Vec::new();
        let each = segment.rows(&mask, |row| {
            expected.push(Key::of_scalar(evaluate(&expr, row)));
            ControlFlow::Continue(())
        });
        assert_eq!(each, Ok(()));
        let found = column.ids.iter().map(|id| &column.keys[*id as usize]);
        assert!(found.eq(&expected), "{column:?} for {expected:?}");
        let distinct: HashSet<&Key> = column.keys.iter().collect();
        assert_eq!(distinct.len(), column.keys.len(), "{column:?}");
        assert!(expected.iter().collect::<HashSet<_>>() == distinct, "{column:?}");
        let is_object = |key: &&Key| matches!(key, Key::Container(of) if of.is_object());
        n_objects += usize::from(column.keys.iter().filter(is_object).count() > 1);
    }
    n_objects
}

/// Writes a batch, which stays unpublished.
fn write(shared: &Arc<Shared>, ts: Ts, edits: &[Edit]) {
    for edit in edits {
        let mut index = shared.write();
        index.begin(ts);
        apply(&mut index, edit);
    }
}

#[test]
fn versions_answer_as_they_did() {
    let (mut n_judged, mut n_objects) = (0, 0);
    for (seed, options) in
        (0..N_HISTORIES).flat_map(|seed| [(seed, IndexOptions::default()), (seed, small())])
    {
        let case = Case::generate(seed);
        let queries: Vec<&Asked> = case.rounds.iter().flat_map(|round| &round.queries).collect();
        let shared = share_of(&case.twins, options);
        let mut versions: Vec<Version> = Vec::new();
        for (ts, round) in (1..).map(Ts).zip(&case.rounds) {
            write(&shared, ts, &round.edits);
            judge_versions(&versions, &queries, case.now_ms);
            shared.publish(ts);
            let snapshot = shared.snapshot();
            let answers =
                queries.iter().map(|asked| answer(&snapshot, asked, case.now_ms, usize::MAX));
            versions.push(Version { answers: answers.collect(), snapshot });
        }
        // What only the newest version needs is forgotten; the others go on.
        shared.prune(usize::MAX);
        judge_versions(&versions, &queries, case.now_ms);
        let is_there = |version: &Version| version.answers.iter().flatten().any(|a| !a.is_empty());
        n_judged += versions.iter().filter(|version| is_there(version)).count();
        for version in &versions {
            n_objects += judge_columns(&version.snapshot, Collection::Devices);
        }
        versions.remove(0);
        shared.prune(usize::MAX);
        judge_versions(&versions, &queries, case.now_ms);
    }
    assert!(n_judged > 60, "{n_judged} versions with answers");
    assert!(n_objects > 60, "{n_objects} columns of objects that differ");
}

#[test]
fn a_version_that_was_given_up_says_so() {
    let case = Case::generate(1);
    let shared = share_of(&case.twins, IndexOptions::default());
    let old = shared.snapshot();
    write(&shared, Ts(1), &[Edit::Put(serde_json::json!({"deviceId": "another"}))]);
    shared.publish(Ts(1));
    shared.expire_below(Ts(1));
    let new = shared.snapshot();
    for asked in case.rounds.iter().flat_map(|round| &round.queries) {
        let Some(plan) = plan_of(&new, asked, case.now_ms) else { continue };
        if twins_of(plan.collection).is_none() {
            continue;
        }
        let request = Request::unbounded();
        let expired = Some(crate::ExecError::SnapshotExpired);
        assert_eq!(execute(&old, &plan, &request).err(), expired);
        assert_eq!(select_ids(&old, &plan, &request).err(), expired);
        assert!(execute(&new, &plan, &request).is_ok());
    }
}
