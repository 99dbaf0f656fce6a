//! Laws that hold for every operator and sink, over random fleets and queries.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::Value;
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Shared, Snapshot};
use twindex_kernels::mask::Mask;
use twindex_lang::ast::{self, Query, Select, SelectItem, Statement};
use twindex_lang::span::Span;
use twindex_model::json::read::Leaves;
use twindex_model::path::Collection;
use twindex_plan::logical::LogicalPlan;
use twindex_testkit::{Asked, Case, Edit};

use crate::catalog_view::{IndexCatalog, twins_of};
use crate::operator::{Metering, Node};
use crate::page::{Request, execute};
use crate::physical::Filter;
use crate::row::RowView;
use crate::segment::Segment;
use crate::{Budget, Stop, select_ids};

mod by_id;
mod computed;
mod distinct;
mod groups;
mod objects;
mod versions;

const N_FLEETS: u64 = 200;

fn small() -> IndexOptions {
    IndexOptions {
        segment_rows_max: 3,
        sparse_rows_max: 1,
        exceptions_max: 1,
        dictionary_values_min: 1,
        posting_values_max: 2,
        count_values_max: 2,
    }
}

fn index_of(twins: &[Value], options: IndexOptions) -> Index {
    let mut index = Index::new(options);
    twins.iter().for_each(|twin| put(&mut index, twin));
    index
}

fn put(index: &mut Index, twin: &Value) {
    let document = Leaves::read(twin.to_string()).expect("a generated twin");
    index.put(&document.leaves).expect("a generated twin has an identity");
}

fn share_of(twins: &[Value], options: IndexOptions) -> Arc<Shared> {
    Shared::new(index_of(twins, options))
}

fn plan_of(snapshot: &Snapshot, asked: &Asked, now_ms: i64) -> Option<LogicalPlan> {
    plan_of_text(snapshot, &asked.text, now_ms)
}

/// The rows of all pages of a query.
fn rows_of_pages(
    snapshot: &Snapshot,
    text: &str,
    (page_rows_max, pool): (usize, Option<&ThreadPool>),
) -> Vec<String> {
    let plan = plan_of_text(snapshot, text, 0).expect("a query");
    let mut request = Request { page_rows_max, pool, ..Request::unbounded() };
    let mut rows = Vec::new();
    loop {
        let page = execute(snapshot, &plan, &request).expect("not stopped");
        rows.extend(page.rows.iter().map(str::to_owned));
        request.after = page.next;
        if request.after.is_none() {
            return rows;
        }
    }
}

fn plan_of_text(snapshot: &Snapshot, text: &str, now_ms: i64) -> Option<LogicalPlan> {
    let statement = twindex_lang::parse_statement(text, &Default::default()).ok()?;
    let Statement::Query(query) = statement else { return None };
    bind(snapshot, &query, now_ms)
}

fn bind(snapshot: &Snapshot, query: &Query, now_ms: i64) -> Option<LogicalPlan> {
    let read = snapshot.read().expect("not expired");
    let plan = twindex_plan::bind(query, now_ms, &IndexCatalog(read.catalog())).ok()?;
    Some(twindex_plan::optimize(plan))
}

/// Hands over random fleets, each with the plans of some queries on it.
fn for_random_plans(options: &IndexOptions, mut judge: impl FnMut(&Snapshot, &LogicalPlan, &str)) {
    for seed in 0..N_FLEETS {
        let case = Case::generate(seed);
        let snapshot = share_of(&case.twins, options.clone()).snapshot();
        for asked in case.rounds.iter().flat_map(|round| &round.queries) {
            if let Some(plan) = plan_of(&snapshot, asked, case.now_ms) {
                judge(&snapshot, &plan, &asked.text);
            }
        }
    }
}

/// Each node of the tree: the mask path keeps the rows that the single-row path keeps, an estimate
/// is an upper bound, and an exact one is exact.
fn judge_node(node: &Node, view: twindex_index::view::SegmentView<'_>, text: &str) {
    let mut narrowed = view.live().clone();
    node.narrow(&view, &mut narrowed);
    let mut kept = Mask::empty();
    for row in view.live().iter().filter(|&row| node.keeps(&RowView { segment: view, row })) {
        kept.set(row);
    }
    let label = node.operator().describe();
    assert_eq!(narrowed, kept, "{label} in {text}");
    let mut probed = view.live().clone();
    node.probe(&view, &mut probed);
    assert_eq!(probed, kept, "{label} in {text}");
    // A mask that is not full stays within.
    let mut half = view.live().clone();
    let even: Vec<u16> = half.iter().step_by(2).collect();
    even.iter().for_each(|&row| half.clear_row(row));
    kept.and(&half);
    node.narrow(&view, &mut half);
    assert_eq!(half, kept, "{label} in {text}");
    let estimate = node.estimate(&view);
    let n_kept = narrowed.count();
    assert!(n_kept <= estimate.rows_max, "{label} in {text}: {estimate:?} of {n_kept}");
    assert!(!estimate.is_exact || n_kept == estimate.rows_max, "{label} in {text}: {estimate:?}");
    node.operator().children().iter().for_each(|child| judge_node(child, view, text));
}

#[test]
fn masks_keep_what_single_rows_keep() {
    for options in [IndexOptions::default(), small()] {
        for_random_plans(&options, |snapshot, plan, text| {
            let filter = Filter::new(&plan.filter, Metering::Off);
            let Some(collection) = twins_of(plan.collection) else { return };
            let (stop, budget) = (Stop::never(), Budget::unbounded());
            let n_segments = snapshot.read().expect("not expired").n_segments(collection);
            for number in 0..n_segments {
                let segment =
                    Segment { snapshot, stop: &stop, budget: &budget, collection, number };
                let mask = segment.mask(&filter).expect("not stopped");
                let read = snapshot.read().expect("not expired");
                let segment = read.segment(collection, number);
                judge_node(filter.masks(), segment, text);
                filter.rows().into_iter().for_each(|rows| judge_node(rows, segment, text));
                let kept =
                    segment.live().iter().filter(|&row| filter.keeps(&RowView { segment, row }));
                assert!(mask.iter().eq(kept), "{text}");
                let n_rows = filter.exact_count(&segment);
                assert!(n_rows.is_none_or(|n_rows| n_rows == mask.count()), "{text}");
                assert!(filter.has_row_steps() || filter.count(&segment) == mask.count(), "{text}");
            }
        });
    }
}

/// Numbers of every kind of lane over many words of rows: all have them, some have none, most are
/// something else, a few are past the frame.
#[test]
fn what_is_computed_by_columns_is_what_rows_compute() {
    let twins: Vec<Value> = (0..5_000_u32)
        .map(|n| {
            let mut tags = serde_json::json!({ "all": n, "wide": f64::from(n) / 7.0 });
            tags["odd"] = if n % 977 == 0 { 1e300.into() } else { (n % 90).into() };
            match n % 5 {
                0 => tags["some"] = (n / 2).into(),
                1 => tags["some"] = "text".into(),
                2 => tags["some"] = Value::Null,
                _ => (),
            }
            if n % 611 == 0 {
                tags["rare"] = n.into();
            }
            serde_json::json!({ "deviceId": format!("d{n}"), "tags": tags })
        })
        .collect();
    let snapshot = share_of(&twins, IndexOptions::default()).snapshot();
    for condition in [
        "tags.all + tags.odd > 2500",
        "NOT tags.all - tags.some <= tags.wide",
        "tags.some * 2 = tags.all - 5",
        "tags.some * 2 != tags.all / 1",
        "NOT (tags.some + tags.all = 30)",
        "tags.odd * 1e300 / 1e300 + tags.all > 0",
        "1 / (tags.odd - tags.all % 90) >= 0",
        "-tags.all + tags.rare < tags.some",
        "tags.all + tags.odd BETWEEN tags.some AND 2000",
        "NOT tags.all + tags.odd BETWEEN tags.some AND 2000",
        "tags.all + tags.none > 1",
        "tags.all + tags.some > 'text'",
    ] {
        let text = format!("SELECT * FROM devices WHERE {condition}");
        let plan = plan_of_text(&snapshot, &text, 0).expect("a query");
        let filter = Filter::new(&plan.filter, Metering::Off);
        let read = snapshot.read().expect("not expired");
        assert!(!filter.has_row_steps(), "{text}");
        judge_node(filter.masks(), read.segment(Collection::Devices, 0), &text);
    }
}

#[test]
fn threads_change_nothing() {
    let pool = ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
    for_random_plans(&small(), |snapshot, plan, text| {
        let alone = execute(snapshot, plan, &Request::unbounded()).expect("not stopped");
        let request = Request { pool: Some(&pool), ..Request::unbounded() };
        let together = execute(snapshot, plan, &request).expect("not stopped");
        assert_eq!(alone.rows, together.rows, "{text}");
        let ids = select_ids(snapshot, plan, &request).expect("not stopped");
        assert_eq!(ids, select_ids(snapshot, plan, &Request::unbounded()).expect("not stopped"));
    });
}

/// Lanes of many rows have short ways that small fleets never reach.
#[test]
fn groups_of_two_paths_are_those_of_their_rows() {
    let twins: Vec<Value> = (0..3_000)
        .map(|n| {
            let site = if n % 97 == 0 { Value::Null } else { format!("s{}", n % 5).into() };
            serde_json::json!({"deviceId": n.to_string(), "tags": {"site": site,
                "floor": format!("f{}", n % 7)}})
        })
        .collect();
    let mut expected: BTreeMap<(String, String), u64> = BTreeMap::new();
    for tags in twins.iter().map(|twin| &twin["tags"]) {
        *expected.entry((tags["site"].to_string(), tags["floor"].to_string())).or_default() += 1;
    }
    let options = IndexOptions { sparse_rows_max: 16, ..IndexOptions::default() };
    let snapshot = share_of(&twins, options).snapshot();
    let text =
        "SELECT tags.site, tags.floor, COUNT() AS n FROM devices GROUP BY tags.site, tags.floor";
    let asked = Asked::plain(query_of(text));
    let plan = plan_of(&snapshot, &asked, 0).expect("a query that binds");
    let page = execute(&snapshot, &plan, &Request::unbounded()).expect("not stopped");
    let found = page.rows.iter().map(|row| {
        let row: Value = serde_json::from_str(row).expect("JSON");
        let n = row["n"].as_u64().expect("a count");
        ((row["site"].to_string(), row["floor"].to_string()), n)
    });
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
    assert_eq!(page.rows.len(), expected.len());
}

fn query_of(text: &str) -> Query {
    match twindex_lang::parse_statement(text, &Default::default()) {
        Ok(Statement::Query(query)) => query,
        other => panic!("{other:?}"),
    }
}

/// The query of `asked` for the identities of the rows it matches, in its order and all of them;
/// none if it groups.
fn identities_asked(asked: &Asked) -> Option<Query> {
    let identity = |key: &str| SelectItem {
        expr: ast::Expr::new(
            ast::Node::Path(ast::Path { segments: vec![ast::Segment::Key(key.to_owned())] }),
            Span::default(),
        ),
        name: None,
    };
    let query = Query {
        select: Select::Items(vec![identity("deviceId"), identity("moduleId")]),
        distinct: false,
        top: None,
        limit: None,
        offset: None,
        ..asked.query.clone()
    };
    (query.group_by.is_empty() && query.having.is_none()).then_some(query)
}

fn apply(index: &mut Index, edit: &Edit) {
    match edit {
        Edit::Put(twin) => put(index, twin),
        Edit::Delete { device_id, module_id } => {
            let row = index.find(device_id, module_id.as_deref()).expect("a twin that is there");
            let is_module = module_id.is_some();
            let collection = if is_module { Collection::Modules } else { Collection::Devices };
            assert!(index.remove(collection, row));
        }
    }
}

/// The identity that rows of [`identities_asked`] show, for the twin that an edit is about.
fn identity_of(edit: &Edit) -> Value {
    let mut identity = serde_json::Map::new();
    let mut insert = |key: &str, id: Option<&str>| {
        id.map(|id| identity.insert(key.to_owned(), id.into()));
    };
    match edit {
        Edit::Put(twin) => {
            insert("deviceId", twin["deviceId"].as_str());
            insert("moduleId", twin["moduleId"].as_str());
        }
        Edit::Delete { device_id, module_id } => {
            insert("deviceId", Some(device_id));
            insert("moduleId", module_id.as_deref());
        }
    }
    identity.into()
}

/// The rows of all pages of two rows, with one of `edits` before each page but the first. The plan
/// is bound anew for each page, as a front does.
fn paged_under_edits(
    shared: &Arc<Shared>,
    query: &Query,
    edits: &[Edit],
    now_ms: i64,
) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut request = Request { page_rows_max: 2, ..Request::unbounded() };
    let mut edits = edits.iter();
    loop {
        let snapshot = shared.snapshot();
        let plan = bind(&snapshot, query, now_ms).expect("the same query as before");
        let page = execute(&snapshot, &plan, &request).expect("not stopped");
        rows.extend(page.rows.iter().map(|row| serde_json::from_str::<Value>(row).expect("JSON")));
        let Some(next) = page.next else { return rows };
        request.after = Some(next);
        edits.next().into_iter().for_each(|edit| apply(&mut shared.write(), edit));
    }
}

#[test]
fn twins_that_stay_are_paged_exactly_once_whatever_is_written() {
    let mut n_judged = 0;
    for seed in 0..N_FLEETS {
        let case = Case::generate(seed);
        let edits: Vec<Edit> =
            case.rounds.iter().flat_map(|round| round.edits.iter().cloned()).collect();
        let edited: Vec<Value> = edits.iter().map(identity_of).collect();
        for asked in case.rounds.iter().flat_map(|round| &round.queries) {
            let shared = share_of(&case.twins, small());
            let snapshot = shared.snapshot();
            let Some(query) = identities_asked(asked) else { continue };
            let Some(plan) = bind(&snapshot, &query, case.now_ms) else { continue };
            let whole = execute(&snapshot, &plan, &Request::unbounded()).expect("not stopped");
            let rows = whole.rows.iter();
            let mut stay: Vec<Value> =
                rows.map(|row| serde_json::from_str(row).expect("JSON")).collect();
            stay.retain(|row| !edited.contains(row));
            let mut paged = paged_under_edits(&shared, &query, &edits, case.now_ms);
            paged.retain(|row| !edited.contains(row));
            assert_eq!(paged, stay, "seed {seed}: {query}");
            n_judged += usize::from(stay.len() > 2);
        }
    }
    assert!(n_judged > 60, "{n_judged} walks of more than a page");
}

#[test]
fn a_stopped_query_says_so() {
    let stop = Stop::never().with_deadline(std::time::Instant::now());
    for_random_plans(&IndexOptions::default(), |snapshot, plan, text| {
        let request = Request { stop: stop.clone(), ..Request::unbounded() };
        let page = execute(snapshot, plan, &request);
        assert_eq!(page.err(), Some(crate::ExecError::Stopped), "{text}");
    });
}
