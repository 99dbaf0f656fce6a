//! At every open version the index answers as it did when that version was published, whatever is
//! written after; and a batch taken back was never written.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use twindex_index::cell_set::CellSet;
use twindex_index::filter::PathFilter;
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Shared, Snapshot, SnapshotRead, Ts};
use twindex_index::totals::Totals;
use twindex_index::view::SegmentView;
use twindex_model::cell::Cell;
use twindex_model::json::read::read_value;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::{Collection, PathId, RowId};
use twindex_model::value::Value;

use crate::arb;
use crate::filters;
use crate::groups::{check_columns, check_counts, check_ids, check_zones, name, some_rows};
use crate::histories::{Step, step};
use crate::world::{COLLECTIONS, Reads, Twins, World, check_pages, identity, value_at};

#[derive(Clone, Debug)]
enum Move {
    Write(Step),
    /// Ends the batch; a snapshot may be opened of it.
    Publish,
    RollBack,
    Open,
    Close(prop::sample::Index),
    Prune,
    Collect(u32),
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        12 => step().prop_map(Move::Write),
        3 => Just(Move::Publish),
        2 => Just(Move::RollBack),
        3 => Just(Move::Open),
        1 => any::<prop::sample::Index>().prop_map(Move::Close),
        1 => Just(Move::Prune),
        3 => prop_oneof![0u32..4, Just(u32::MAX)].prop_map(Move::Collect),
    ]
}

/// An index that is written in batches, and the twins of every version that is open.
struct History {
    shared: Arc<Shared>,
    /// The batch being written.
    ts: Ts,
    twins: Twins,
    published: Twins,
    open: Vec<(Snapshot, Twins)>,
    /// Every identity there was.
    met: Vec<(String, Option<String>)>,
}

impl History {
    fn new(options: IndexOptions) -> Self {
        let shared = Shared::new(Index::new(options));
        let mut history = Self {
            shared,
            ts: Ts(0),
            twins: Twins::new(),
            published: Twins::new(),
            open: Vec::new(),
            met: Vec::new(),
        };
        history.begin();
        history
    }

    fn begin(&mut self) {
        self.ts = Ts(self.ts.0 + 1);
        self.shared.write().begin(self.ts);
    }

    fn apply(&mut self, step: Step) {
        let twins = std::mem::take(&mut self.twins);
        let mut world = World { index: self.shared.write(), twins, reads: Reads::default() };
        if let Step::Put(twin) = &step {
            let (device, module) = identity(twin);
            self.met.push((device.to_owned(), module.map(str::to_owned)));
        }
        step.take(&mut world);
        self.twins = world.twins;
    }

    fn go(&mut self, by: Move) {
        match by {
            Move::Write(step) => self.apply(step),
            Move::Publish => {
                self.shared.publish(self.ts);
                self.published.clone_from(&self.twins);
                self.begin();
            }
            Move::RollBack => {
                self.shared.write().roll_back(self.ts);
                self.twins.clone_from(&self.published);
                // The number is free again.
                self.shared.write().begin(self.ts);
                self.now().check();
            }
            Move::Open => self.open.push((self.shared.snapshot(), self.published.clone())),
            Move::Close(_) if self.open.is_empty() => (),
            Move::Close(at) => _ = self.open.swap_remove(at.index(self.open.len())),
            Move::Prune => self.shared.prune(usize::MAX),
            Move::Collect(work) => _ = self.shared.collect(work),
        }
    }

    fn now(&self) -> World<impl std::ops::DerefMut<Target = Index>> {
        World { index: self.shared.write(), twins: self.twins.clone(), reads: Reads::default() }
    }

    fn check(&self) {
        assert_eq!(self.shared.read().validate(), Ok(()));
        for (snapshot, twins) in &self.open {
            let read = snapshot.read().expect("not given up");
            for collection in COLLECTIONS {
                let of = |twin: &&(Collection, RowId, Value)| twin.0 == collection;
                assert_eq!(read.n_rows(collection), twins.iter().filter(of).count() as u64);
            }
            self.check_identities(&read, twins);
            check_totals(&read);
            twins.iter().for_each(|(collection, row, twin)| {
                check_twin(&read.segment(*collection, row.segment()), row.place(), twin);
            });
        }
    }

    fn check_identities(&self, read: &SnapshotRead<'_>, twins: &Twins) {
        for (device, module) in &self.met {
            let known = (device.as_str(), module.as_deref());
            let twin = twins.iter().find(|twin| identity(&twin.2) == known);
            assert_eq!(read.find(device, module.as_deref()), twin.map(|twin| twin.1));
        }
    }

    /// Every function of every view, at every open version.
    fn check_views(&self, sets: &[CellSet], choice: u64) {
        let open = self.open.iter().chain([]);
        for (snapshot, twins) in open {
            for collection in COLLECTIONS {
                let n_segments = snapshot.read().expect("not given up").n_segments(collection);
                for number in 0..n_segments {
                    let read = snapshot.segment(collection, number).expect("not given up");
                    let of = |twin: &&(Collection, RowId, Value)| {
                        (twin.0, twin.1.segment()) == (collection, number)
                    };
                    check_live(&read.view(), twins.iter().filter(of).map(|twin| twin.1));
                    check_functions(&read.view(), sets, choice);
                }
                check_filter_totals(&snapshot.read().expect("not given up"), collection, sets);
            }
        }
    }
}

/// Every cell of a path at the version read.
fn cells_of<'a>(
    read: &'a SnapshotRead<'_>,
    (collection, path): (Collection, PathId),
) -> impl Iterator<Item = Cell<'a>> {
    let views = (0..read.n_segments(collection)).map(move |at| read.segment(collection, at));
    views.flat_map(move |view| view.live().iter().map(move |row| view.cell(path, row)))
}

/// Totals that come in order are the same, least first.
fn check_totals_in_order(totals: &mut Totals<'_>, expected: &BTreeMap<String, u64>) {
    let place = |cell: &Cell<'_>| match cell {
        Cell::Null => (0, 0.0, String::new()),
        Cell::Bool(false) => (1, 0.0, String::new()),
        Cell::Bool(true) => (2, 0.0, String::new()),
        Cell::Number(number) => (3, *number, String::new()),
        Cell::String(text) => (4, 0.0, (**text).to_owned()),
        Cell::Array(_) | Cell::Object => panic!("{cell:?} has no order here"),
        Cell::Undefined => (5, 0.0, String::new()),
    };
    let mut places = Vec::new();
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    let is_known = totals.for_each_in_order(|cell, n| {
        places.push(place(cell));
        *counted.entry(name(cell)).or_default() += n;
        ControlFlow::Continue(())
    });
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
    if is_known {
        assert_eq!(&counted, expected);
    }
    let mut n_met = 0;
    totals.for_each_in_order(|_, _| {
        n_met += 1;
        ControlFlow::Break(())
    });
    assert!(n_met <= 1);
}

/// Totals, where they are known, are the sums of the cells.
fn check_totals(read: &SnapshotRead<'_>) {
    for collection in COLLECTIONS {
        for path in read.catalog().paths() {
            let Some(mut totals) = read.totals(collection, path) else { continue };
            let mut expected: BTreeMap<String, u64> = BTreeMap::new();
            for cell in cells_of(read, (collection, path)) {
                *expected.entry(name(&cell)).or_default() += 1;
                let of_kind = totals.n_rows_of_kinds(KindSet::of(&[cell.kind()]));
                assert!(totals.count_of(&cell).is_none_or(|n| n > 0 && n <= of_kind), "{cell:?}");
            }
            let mut counted: BTreeMap<String, u64> = BTreeMap::new();
            let mut of_each = 0;
            if totals.for_each(|cell, n| {
                of_each += n;
                *counted.entry(name(&cell)).or_default() += n;
            }) {
                assert_eq!(counted, expected);
                assert_eq!(of_each, totals.n_live());
            }
            check_totals_in_order(&mut totals, &expected);
        }
    }
}

fn check_filter_totals(read: &SnapshotRead<'_>, collection: Collection, sets: &[CellSet]) {
    for path in read.catalog().paths() {
        for set in sets {
            let filter = PathFilter::new(path, set.clone());
            if let Some(n_rows) = read.count(collection, &filter) {
                let kept = cells_of(read, (collection, path)).filter(|cell| filter.keeps(cell));
                assert_eq!(n_rows, kept.count() as u64, "{set:?}");
            }
        }
    }
}

pub(crate) fn check_live(view: &SegmentView<'_>, rows: impl Iterator<Item = RowId>) {
    let rows: Vec<RowId> = rows.collect();
    check_pages(view, &rows);
    let mut rows: Vec<u16> = rows.into_iter().map(RowId::place).collect();
    rows.sort_unstable();
    assert_eq!(view.live().iter().collect::<Vec<_>>(), rows);
    assert_eq!(view.n_live() as usize, rows.len());
}

/// A twin reads as it was, whole and path by path.
fn check_twin(view: &SegmentView<'_>, row: u16, twin: &Value) {
    let mut text = String::new();
    view.write_twin(row, &mut text);
    assert_eq!(&read_value(&text).expect("JSON"), twin, "{text}");
    let catalog = view.catalog();
    for path in catalog.paths() {
        let keys = catalog.keys(path);
        let value = value_at(twin, &keys);
        assert_eq!(view.value(path, row).as_ref(), value);
        let mut text = String::new();
        assert_eq!(view.write_value(path, row, &mut text), value.is_some());
        let cell = view.cell(path, row);
        match value {
            None => assert!(matches!(cell, Cell::Undefined), "{cell:?}"),
            Some(value) => {
                assert_eq!(&read_value(&text).expect("JSON"), value);
                assert_eq!(name(&cell), name_of(value));
            }
        }
    }
}

/// The name of the cell of a value.
fn name_of(value: &Value) -> String {
    let text = value.to_canonical_text();
    name(&match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Bool(*value),
        Value::Number(number) => Cell::Number(*number + 0.0),
        Value::String(text) => Cell::String(text.as_str().into()),
        Value::Array(_) => Cell::Array(text.as_str().into()),
        Value::Object(_) => Cell::Object,
    })
}

/// Every function of a view says what its cells say.
pub(crate) fn check_functions(view: &SegmentView<'_>, sets: &[CellSet], choice: u64) {
    let paths: Vec<PathId> = view.catalog().paths().collect();
    let masks = [view.live().clone(), some_rows(view, choice)];
    for (at, path) in paths.iter().copied().enumerate() {
        for set in sets {
            filters::check_view(view, &PathFilter::new(path, set.clone()));
        }
        for mask in &masks {
            check_counts(view, path, mask);
            check_ids(view, path, mask);
        }
        check_zones(view, path);
        check_kinds(view, path, KindSet(choice as u8));
        let other = paths[(at + choice as usize % paths.len()) % paths.len()];
        check_columns(view, (path, other), &masks[1]);
        check_columns(view, (path, path), &masks[0]);
    }
}

fn check_kinds(view: &SegmentView<'_>, path: PathId, kinds: KindSet) {
    let is_in = |row: &u16| kinds.contains(view.cell(path, *row).kind());
    let expected: Vec<u16> = view.live().iter().filter(is_in).collect();
    assert_eq!(view.n_rows_of_kinds(path, kinds) as usize, expected.len());
    let mut mask = view.live().clone();
    view.narrow_kinds(path, kinds, &mut mask);
    assert_eq!(mask.iter().collect::<Vec<_>>(), expected);
    assert!(view.n_rows_of_kinds(path, KindSet::of(&[Kind::Undefined])) <= view.n_live());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]
    #[test]
    fn every_open_version_stays_as_it_was(
        options in arb::options(), moves in prop::collection::vec(any_move(), 0..60),
        sets in prop::collection::vec(filters::cell_set(), 1..3), choice in any::<u64>(),
    ) {
        let mut history = History::new(options);
        for by in moves {
            history.go(by);
            history.check();
        }
        history.check_views(&sets, choice);
    }
}
