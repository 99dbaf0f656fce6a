//! An index beside a naive model of it: whole values in a list.

use std::ops::DerefMut;

use twindex_index::index::{Index, Put};
use twindex_index::options::IndexOptions;
use twindex_index::outline::Outline;
use twindex_index::step_paths::StepPaths;
use twindex_index::view::SegmentView;
use twindex_model::json::read::{Leaves, read_value};
use twindex_model::json::reader::{LeavesReader, Strictness};
use twindex_model::path::{Collection, RowId};
use twindex_model::value::{KeyOrder, Value};

/// Both collections.
pub(crate) const COLLECTIONS: [Collection; 2] = [Collection::Devices, Collection::Modules];

pub(crate) struct World<I = Box<Index>> {
    pub(crate) index: I,
    pub(crate) twins: Twins,
    pub(crate) reads: Reads,
}

/// What twins are read with before they are put, as a load does.
pub(crate) struct Reads {
    reader: LeavesReader,
    leaves: Leaves,
    paths: StepPaths,
}

impl Default for Reads {
    fn default() -> Self {
        let reader = LeavesReader::for_many(Strictness::Forgiving, 0);
        Self { reader, leaves: Leaves::default(), paths: StepPaths::default() }
    }
}

impl Reads {
    fn put(&mut self, index: &mut Index, twin: &Value) -> Option<Put> {
        let mut text = String::new();
        twin.write_json(&mut text, KeyOrder::AsMet);
        self.reader.read_into(text.as_bytes(), &mut self.leaves).expect("an object");
        let outline = Outline::of(&self.leaves)?;
        index.put_known(&self.leaves, &outline, &mut self.paths)
    }
}

/// Live twins.
pub(crate) type Twins = Vec<(Collection, RowId, Value)>;

impl World {
    pub(crate) fn new(options: IndexOptions) -> Self {
        Self { index: Box::new(Index::new(options)), twins: Vec::new(), reads: Reads::default() }
    }

    pub(crate) fn of(options: IndexOptions, twins: Vec<Value>) -> Self {
        let mut world = Self::new(options);
        twins.into_iter().for_each(|twin| world.put(twin));
        world
    }
}

impl<I: DerefMut<Target = Index>> World<I> {
    pub(crate) fn put(&mut self, twin: Value) {
        let put = self.reads.put(&mut self.index, &twin).expect("an identity");
        let same = |t: &(Collection, RowId, Value)| (t.0, t.1) == (put.collection, put.row);
        let known = self.twins.iter().position(same);
        assert_eq!(known.is_some(), put.replaced);
        match known {
            Some(at) => {
                assert_eq!(identity(&self.twins[at].2), identity(&twin));
                self.twins[at].2 = twin;
            }
            None => {
                assert!(self.twins.iter().all(|t| identity(&t.2) != identity(&twin)));
                self.twins.push((put.collection, put.row, twin));
            }
        }
    }

    pub(crate) fn remove(&mut self, at: usize) {
        let (collection, row, _) = self.twins.swap_remove(at);
        assert!(self.index.remove(collection, row));
        assert!(!self.index.remove(collection, row));
    }

    pub(crate) fn set(&mut self, at: usize, keys: &[&str], value: &Value) {
        let holder = Value::Object(vec![("v".to_owned(), value.clone())]);
        let leaves = Leaves::from_value(&holder).expect("an object");
        let Some(leaf) = leaves.root_leaf("v") else { return };
        let (collection, row, twin) = &mut self.twins[at];
        let set = self.index.set((*collection, *row), keys, (leaf, &leaves));
        if keys.is_empty() || matches!(keys[0], "deviceId" | "moduleId") {
            assert_eq!(set, None);
            return;
        }
        assert_eq!(set, self.index.catalog().path(keys));
        set_at(twin, keys, value);
    }

    pub(crate) fn unset(&mut self, at: usize, keys: &[&str]) {
        let (collection, row, twin) = &mut self.twins[at];
        let unset = self.index.unset((*collection, *row), keys);
        let is_identity = keys.is_empty() || matches!(keys[0], "deviceId" | "moduleId");
        assert_eq!(unset, !is_identity && unset_at(twin, keys));
    }

    /// Compares every twin, and the index with itself.
    pub(crate) fn check(&self) {
        assert_eq!(self.index.validate(), Ok(()));
        for collection in COLLECTIONS {
            let twins: Vec<_> = self.twins.iter().filter(|t| t.0 == collection).collect();
            assert_eq!(self.index.n_rows(collection), twins.len() as u64);
            let rows: Vec<RowId> = twins.iter().map(|twin| twin.1).collect();
            for rows in rows.chunk_by(|a, b| a.segment() == b.segment()) {
                check_pages(&self.index.segment(collection, rows[0].segment()), rows);
            }
            for (_, row, twin) in twins {
                let mut text = String::new();
                let view = self.index.segment(collection, row.segment());
                view.write_twin(row.place(), &mut text);
                assert_eq!(&read_value(&text).expect("JSON"), twin, "{text}");
                let (device, module) = identity(twin);
                assert_eq!(self.index.find(device, module), Some(*row));
            }
        }
    }
}

/// Twins are printed alike alone and with others, in whatever order.
pub(crate) fn check_pages(view: &SegmentView<'_>, rows: &[RowId]) {
    let mut rows: Vec<u16> = rows.iter().map(|row| row.place()).collect();
    for _ in 0..2 {
        rows.reverse();
        let (mut page, mut ends) = (String::new(), vec![0]);
        view.write_twins(&rows, &mut page, |end| ends.push(end));
        assert_eq!(ends.len(), rows.len() + 1);
        for (row, ends) in rows.iter().zip(ends.windows(2)) {
            let mut text = String::new();
            view.write_twin(*row, &mut text);
            assert_eq!(&page[ends[0]..ends[1]], text);
        }
    }
}

pub(crate) fn identity(twin: &Value) -> (&str, Option<&str>) {
    let text = |key| match twin.get(key) {
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    (text("deviceId").expect("every twin has one"), text("moduleId"))
}

/// The value at a path of keys.
pub(crate) fn value_at<'a>(twin: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(twin, |value, key| value.get(key))
}

fn set_at(value: &mut Value, keys: &[&str], new: &Value) {
    let Some((key, below)) = keys.split_first() else {
        *value = new.clone();
        return;
    };
    if !matches!(value, Value::Object(_)) {
        *value = Value::Object(Vec::new());
    }
    let Value::Object(entries) = value else { unreachable!("made one above") };
    if entries.iter().all(|(k, _)| k != key) {
        entries.push(((*key).to_owned(), Value::Object(Vec::new())));
    }
    let entry = entries.iter_mut().find(|(k, _)| k == key).expect("pushed above");
    set_at(&mut entry.1, below, new);
}

fn unset_at(value: &mut Value, keys: &[&str]) -> bool {
    let Value::Object(entries) = value else { return false };
    match keys {
        [] => false,
        [key] => {
            let n_before = entries.len();
            entries.retain(|(k, _)| k != key);
            entries.len() < n_before
        }
        [key, below @ ..] => {
            entries.iter_mut().find(|(k, _)| k == key).is_some_and(|e| unset_at(&mut e.1, below))
        }
    }
}
