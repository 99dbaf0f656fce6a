//! The index: catalogue, dictionaries, and a table of segments for each collection.

use twindex_model::cell::Cell;
use twindex_model::json::read::{Leaf, Leaves};
use twindex_model::path::{Collection, PathId, RowId};

use crate::apply::{Writer, cell_of};
use crate::catalog::{Catalog, DEVICE_ID, MODULE_ID};
use crate::collect::Collector;
use crate::former::Former;
use crate::identity::{Identity, IdentityTable};
use crate::known::Known;
use crate::lane::cells::{Before, WriteScope};
use crate::lane::stamp::Stamp;
use crate::modules::Modules;
use crate::options::IndexOptions;
use crate::outline::Outline;
use crate::record::{FormerRecords, Records};
use crate::segment::Segment;
use crate::snapshot::Ts;
use crate::step_paths::StepPaths;
use crate::texts::{TextForm, TextKind, Texts};
use crate::totals::TotalsTable;
use crate::versions::{Sizes, Versions};
use crate::view::SegmentView;
use crate::weight::Weights;

/// Segments that row ids can name.
const SEGMENTS_MAX: usize = 1 << 16;

/// All twins, as columns.
#[derive(Debug)]
pub struct Index {
    pub(crate) options: IndexOptions,
    pub(crate) catalog: Catalog,
    pub(crate) texts: Texts,
    /// By collection.
    pub(crate) stores: [Store; 2],
    pub(crate) versions: Versions,
    pub(crate) totals: TotalsTable,
    /// Where the hub's own fields lie.
    pub(crate) known: Known,
    pub(crate) collector: Collector,
}

/// The twins of one collection.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) segments: Vec<Segment>,
    pub(crate) by_identity: IdentityTable,
    /// Segments below it have no free row.
    first_open: usize,
    pub(crate) n_rows: u64,
    pub(crate) sizes: Sizes,
    pub(crate) former: Former,
    /// By segment; short at the end where there are none.
    pub(crate) records: Vec<Records>,
    pub(crate) former_records: FormerRecords,
    /// By segment; short at the end where none is known.
    pub(crate) weights: Vec<Weights>,
    /// By device; empty in the collection of devices.
    pub(crate) modules: Modules,
}

/// What became of a twin handed to [`Index::put`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// The collection it belongs to.
    pub collection: Collection,
    /// Its row.
    pub row: RowId,
    /// Whether a twin of the same identity was replaced, which keeps its row.
    pub replaced: bool,
}

impl Index {
    /// An empty index.
    #[must_use]
    pub fn new(options: IndexOptions) -> Self {
        Self {
            options: options.clamped(),
            catalog: Catalog::default(),
            texts: Texts::default(),
            stores: [Store::default(), Store::default()],
            versions: Versions::default(),
            totals: TotalsTable::default(),
            known: Known::default(),
            collector: Collector::default(),
        }
    }

    /// The catalogue.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The thresholds.
    #[must_use]
    pub fn options(&self) -> &IndexOptions {
        &self.options
    }

    /// Live twins of `collection`.
    #[must_use]
    pub fn n_rows(&self, collection: Collection) -> u64 {
        self.store(collection).n_rows
    }

    /// Segments of `collection`, empty ones included.
    #[must_use]
    pub fn n_segments(&self, collection: Collection) -> usize {
        self.store(collection).segments.len()
    }

    /// Segment `number` of `collection`, which must be below [`Index::n_segments`].
    #[must_use]
    pub fn segment(&self, collection: Collection, number: usize) -> SegmentView<'_> {
        SegmentView::new(self, &self.store(collection).segments[number], (collection, number))
    }

    /// Every segment of `collection`, in row order.
    pub fn segments(&self, collection: Collection) -> impl Iterator<Item = SegmentView<'_>> {
        let segments = self.store(collection).segments.iter().enumerate();
        segments.map(move |(number, segment)| SegmentView::new(self, segment, (collection, number)))
    }

    /// The row of a twin.
    #[must_use]
    pub fn find(&self, device_id: &str, module_id: Option<&str>) -> Option<RowId> {
        let identity = Identity { device_id, module_id };
        self.store(identity.collection()).find(identity, &self.texts)
    }

    /// Whether `row` of `collection` holds a twin.
    #[must_use]
    pub fn is_live(&self, collection: Collection, row: RowId) -> bool {
        let segment = self.store(collection).segments.get(row.segment());
        segment.is_some_and(|segment| segment.live().get(row.place()))
    }

    /// Inserts a twin, or replaces the whole twin of the same identity in its row. The document
    /// must hold a string `deviceId` and may hold a string `moduleId` (null is none); else nothing
    /// changes and `None` is given, as when the collection is full. Of a repeated key the last
    /// value counts.
    pub fn put(&mut self, leaves: &Leaves) -> Option<Put> {
        self.put_known(leaves, &Outline::of(leaves)?, &mut StepPaths::default())
    }

    /// The same for a document whose outline was made already, one of many with the same keys.
    pub fn put_known(
        &mut self,
        leaves: &Leaves,
        outline: &Outline,
        paths: &mut StepPaths,
    ) -> Option<Put> {
        let identity = outline.identity(leaves);
        let collection = identity.collection();
        let (hash, found) = self.store(collection).look_up(identity, &self.texts);
        let row = match found {
            Some(row) => row,
            None => self.free_row(collection)?,
        };
        let steps = paths.of(leaves, &self.catalog);
        self.writer(collection, row)?.write_twin(row.place(), leaves, steps);
        match found {
            None => self.note_new((collection, row), (outline, hash)),
            Some(_) => self.note_weights((collection, row), outline.bounds),
        }
        self.settle();
        Some(Put { collection, row, replaced: found.is_some() })
    }

    /// The row that the next new twin of a collection takes.
    pub(crate) fn free_row(&mut self, collection: Collection) -> Option<RowId> {
        self.stores[collection as usize].free_row(self.options.segment_rows_max)
    }

    /// Enters a row, in which a new twin's identity stands, into what is kept by twin; with the hash
    /// of that identity.
    pub(crate) fn note_new(
        &mut self,
        (collection, row): (Collection, RowId),
        (outline, hash): (&Outline, u64),
    ) {
        let (now, store) = (self.versions.now, &mut self.stores[collection as usize]);
        store.by_identity.insert_hashed(hash, row, (&store.segments, &self.texts));
        if now != Ts::default() {
            store.sizes.note(now, store.n_rows);
        }
        if collection == Collection::Modules {
            store.modules.insert(row, (&store.segments, &self.texts));
        }
        store.n_rows += 1;
        self.note_weights((collection, row), outline.bounds);
    }

    /// The stamp in a row as it is now, if there is one.
    pub(crate) fn stamp_now(&self, at: (Collection, RowId), path: PathId) -> Option<Stamp> {
        let segment = self.store(at.0).segments.get(at.1.segment())?;
        match segment.lane(path)?.before(at.1.place(), segment.reading(&self.texts)) {
            Before::Stamp(stamp) => Some(stamp),
            Before::Cell(Cell::String(text)) => Stamp::parse(&text),
            Before::Cell(_) => None,
        }
    }

    /// Removes a twin; its row is free for another one. False if there is none.
    pub fn remove(&mut self, collection: Collection, row: RowId) -> bool {
        if !self.is_live(collection, row) {
            return false;
        }
        let (now, store) = (self.versions.now, &mut self.stores[collection as usize]);
        if now != Ts::default() {
            let hash = store.by_identity.hash_of_row(row, (&store.segments, &self.texts));
            store.former.note(now, hash, row);
            store.sizes.note(now, store.n_rows);
        }
        store.by_identity.remove(row, (&store.segments, &self.texts));
        store.modules.remove(row, (&store.segments, &self.texts));
        store.n_rows -= 1;
        store.first_open = store.first_open.min(row.segment());
        if let Some(mut writer) = self.writer(collection, row) {
            writer.remove(row.place());
        }
        self.forget_weights((collection, row));
        self.set_record((collection, row), 0, &[]);
        true
    }

    /// Sets the value at one path of a live twin, making objects on the way of whatever stood there
    /// and removing what lay below. `None`, and nothing changed, if there is no such row, no key,
    /// or the path is an identity field or below one.
    pub fn set(
        &mut self,
        at: (Collection, RowId),
        keys: &[&str],
        leaf: (Leaf, &Leaves),
    ) -> Option<PathId> {
        if !self.is_live(at.0, at.1) || is_identity(keys) {
            return None;
        }
        self.forget_weights(at);
        let cell = cell_of(leaf.0, leaf.1);
        let path = self.writer(at.0, at.1)?.set(at.1.place(), keys, &cell);
        self.settle();
        path
    }

    /// Removes the value at one path of a live twin with all below it. False if there was none, or
    /// if it is an identity field.
    pub fn unset(&mut self, at: (Collection, RowId), keys: &[&str]) -> bool {
        if !self.is_live(at.0, at.1) || is_identity(keys) {
            return false;
        }
        self.forget_weights(at);
        match (self.catalog.path(keys), self.writer(at.0, at.1)) {
            (Some(path), Some(mut writer)) => writer.unset(at.1.place(), path),
            _ => false,
        }
    }

    pub(crate) fn store(&self, collection: Collection) -> &Store {
        &self.stores[collection as usize]
    }

    /// The cell of a row as it is now.
    pub(crate) fn cell_now(&self, at: (Collection, RowId), path: PathId) -> Cell<'_> {
        let Some(segment) = self.store(at.0).segments.get(at.1.segment()) else {
            return Cell::Undefined;
        };
        match segment.lane(path) {
            Some(lane) => lane.cell(at.1.place(), segment.reading(&self.texts)),
            None => Cell::Undefined,
        }
    }

    pub(crate) fn writer(&mut self, collection: Collection, row: RowId) -> Option<Writer<'_>> {
        let ts = self.note_write(collection, row.segment());
        Some(Writer {
            ts,
            segment: self.stores[collection as usize].segments.get_mut(row.segment())?,
            catalog: &mut self.catalog,
            texts: &mut self.texts,
            totals: &mut self.totals,
            options: &self.options,
            collection,
        })
    }

    /// Lets the paths that outgrew their dictionaries go on without: their code lanes, in every
    /// segment, become times if the texts are stamps, else raw text.
    pub(crate) fn settle(&mut self) {
        if !self.texts.has_outgrown() {
            return;
        }
        for (path, kind) in self.texts.take_outgrown() {
            if self.texts.is_user(path, kind) {
                self.leave_dictionary(path, kind);
            }
        }
    }

    fn leave_dictionary(&mut self, path: PathId, kind: TextKind) {
        let form = self.form_without_dictionary(path, kind);
        self.totals.forget(path);
        let segments = self.stores.iter_mut().flat_map(|store| &mut store.segments);
        for (lane, stamps) in segments.filter_map(|segment| segment.lane_mut(path)) {
            let mut scope = WriteScope {
                catalog: &self.catalog,
                texts: &mut self.texts,
                stamps,
                options: &self.options,
            };
            lane.leave_codes(kind, form, &mut scope);
        }
        self.texts.set_form(path, kind, form);
        self.texts.leave_dictionary(path, self.catalog.family(path), kind);
    }

    /// Times if the newest text is a stamp and the path has not been times before, else raw text.
    fn form_without_dictionary(&self, path: PathId, kind: TextKind) -> TextForm {
        let dictionary = self.texts.dictionary(self.catalog.family(path), kind);
        let newest = dictionary.and_then(|d| Some(d.text((d.len() as u32).checked_sub(1)?)));
        let is_stamp = newest.is_some_and(|text| Stamp::parse(text).is_some());
        if is_stamp && kind == TextKind::Strings { TextForm::Times } else { TextForm::Raw }
    }
}

impl Store {
    pub(crate) fn find(&self, identity: Identity<'_>, texts: &Texts) -> Option<RowId> {
        self.look_up(identity, texts).1
    }

    /// The hash of an identity, and the row of its twin.
    pub(crate) fn look_up(&self, identity: Identity<'_>, texts: &Texts) -> (u64, Option<RowId>) {
        let hash = self.by_identity.hash(identity);
        (hash, self.by_identity.find_hashed(hash, identity, (&self.segments, texts)))
    }

    /// Forgets what is derived of rows, before it is made anew.
    pub(crate) fn forget_rows(&mut self) {
        let segments = std::mem::take(&mut self.segments);
        let records = std::mem::take(&mut self.records);
        *self = Self { segments, records, ..Self::default() };
    }

    /// The lowest free row; a new segment is begun when all are full.
    fn free_row(&mut self, segment_rows_max: u32) -> Option<RowId> {
        while let Some(segment) = self.segments.get_mut(self.first_open) {
            if let Some(place) = segment.free_row(segment_rows_max as usize) {
                return Some(RowId::new(self.first_open, place));
            }
            segment.settle();
            self.first_open += 1;
        }
        if self.segments.len() == SEGMENTS_MAX {
            return None;
        }
        self.segments.push(Segment::new());
        Some(RowId::new(self.first_open, 0))
    }
}

/// Whether a path is an identity field or below one.
fn is_identity(keys: &[&str]) -> bool {
    matches!(keys.first(), Some(&("deviceId" | "moduleId")))
}

const _: () = assert!(DEVICE_ID.0 == 0 && MODULE_ID.0 == 1);
