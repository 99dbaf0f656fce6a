//! Memory asked for ahead of writes.
//!
//! A patch touches some forty cache lines of its row, in as many columns, and no other write of its
//! batch is near. Waiting for one after the other took more than half of the time of a patch among a
//! million twins. Writes must be done in order, each judged by what those before it left; what they
//! will touch can be asked for in any order, and for several of them at once.
//!
//! Nothing depends on it: a twin that moves, or is written by the write before, is merely asked for
//! in vain.

use smallvec::SmallVec;
use twindex_model::json::read::{Event, Leaves};
use twindex_model::path::{Collection, PathId, RowId};
use twindex_model::section::Section;

use crate::catalog::{Catalog, DEVICE_ID, MODULE_ID};
use crate::index::Index;
use crate::known::Known;
use crate::merge::Level;
use crate::metadata::{LAST_UPDATED, LAST_UPDATED_VERSION};
use crate::segment::Segment;
use crate::write::{Change, TwinName};

/// Writes that are worth asking for at once: more lines than a core waits for at a time, and few
/// enough to stay in its first caches.
pub const WRITES_AHEAD: usize = 16;

/// Cells asked for at once: more lines would push each other out of the first caches.
pub(crate) const CELLS_MAX: usize = 512;
/// Entries of a patch that are looked at; a patch may have a million, and the writer is waited for.
const ENTRIES_MAX: usize = 256;

/// A row of a collection.
type At = (Collection, RowId);
/// Cells asked for.
pub(crate) type Cells = SmallVec<[(At, PathId); CELLS_MAX]>;

impl Index {
    /// Asks for the memory that some writes will touch, [`WRITES_AHEAD`] of them or fewer, which are
    /// to follow at once. In three rounds over all of them, since what is asked for in one tells
    /// where the next goes: likely rows by identity, the columns of their lanes, and values whose
    /// place lies there.
    pub fn fetch_ahead<'a>(&self, writes: impl Iterator<Item = (TwinName<'a>, Change<'a>)>) {
        // Hashes for themselves: look-ups then follow each other so closely that they miss at once.
        let hash = |(of, change): (TwinName<'a>, Change<'a>)| {
            let collection = of.collection();
            (collection, self.store(collection).by_identity.hash(of.identity()), change)
        };
        let hashes: SmallVec<[(Collection, u64, Change<'_>); WRITES_AHEAD]> =
            writes.map(hash).collect();
        let likely = |(collection, hash, change)| {
            let row = self.store(collection).by_identity.likely(hash)?;
            Some(((collection, row), change))
        };
        let rows: SmallVec<[(At, Change<'_>); WRITES_AHEAD]> =
            hashes.into_iter().filter_map(likely).collect();
        let mut known = self.known;
        known.look_up(&self.catalog);
        let mut cells = Cells::new();
        for (at, change) in &rows {
            let first = cells.len();
            note_cells(&mut cells, (&self.catalog, &known), (*at, change));
            self.fetch_weights(*at);
            self.fetch_columns(&cells[first..]);
        }
        self.fetch_values(&cells);
    }

    /// Asks for what says where cells lie; those of a row stand together.
    pub(crate) fn fetch_columns(&self, cells: &[(At, PathId)]) {
        for (segment, row, of_row) in self.rows_of(cells) {
            segment.stamps().fetch(row);
            let lanes = of_row.iter().filter_map(|(_, path)| segment.lane(*path));
            lanes.for_each(|lane| lane.fetch(row));
        }
    }

    /// Asks for cells, once [`Index::fetch_columns`] is done.
    pub(crate) fn fetch_values(&self, cells: &[(At, PathId)]) {
        for (segment, row, of_row) in self.rows_of(cells) {
            let lanes = of_row.iter().filter_map(|(_, path)| segment.lane(*path));
            lanes.for_each(|lane| lane.fetch_rest(row));
            segment.stamps().fetch_stamps(row);
        }
    }

    fn rows_of<'a>(
        &'a self,
        cells: &'a [(At, PathId)],
    ) -> impl Iterator<Item = (&'a Segment, u16, &'a [(At, PathId)])> {
        cells.chunk_by(|a, b| a.0 == b.0).filter_map(|of_row| {
            let (collection, row) = of_row[0].0;
            let segment = self.store(collection).segments.get(row.segment())?;
            Some((segment, row.place(), of_row))
        })
    }
}

/// Notes the cells that a write of a row reads and writes, but what it replaces or removes whole.
fn note_cells(
    cells: &mut Cells,
    (catalog, known): (&Catalog, &Known),
    (at, change): (At, &Change<'_>),
) {
    cells.push((at, DEVICE_ID));
    if at.0 == Collection::Modules {
        cells.push((at, MODULE_ID));
    }
    cells.extend(known.read_by_writes().map(|path| (at, path)));
    let mut note = |section, entries: Option<&Leaves>| {
        if let (Some(root), Some(entries)) = (known.root(section), entries) {
            cells.push((at, root));
            let level = Level::new(root, known.metadata(section));
            note_entries(cells, catalog, (at, level), entries);
        }
    };
    match change {
        Change::Report(entries) => note(Section::Reported, Some(entries)),
        Change::Merge { tags, desired } => {
            note(Section::Tags, *tags);
            note(Section::Desired, *desired);
        }
        _ => (),
    }
}

/// Notes the cells of entries that are merged into a section, and of the marks they leave.
fn note_entries(cells: &mut Cells, catalog: &Catalog, (at, root): (At, Level), entries: &Leaves) {
    let mut levels: SmallVec<[Option<Level>; 12]> = SmallVec::new();
    levels.push(Some(root));
    for event in entries.events.iter().take(ENTRIES_MAX) {
        if cells.len() >= CELLS_MAX {
            return;
        }
        let (Event::Enter { key } | Event::Leaf { key, .. }) = *event else {
            levels.pop();
            continue;
        };
        let level = levels.last_mut().and_then(Option::as_mut);
        let (value, node) =
            level.map_or((None, None), |level| level.find(catalog, entries.str(key)));
        cells.extend(value.map(|value| (at, value)));
        if let Some(node) = node {
            let time = catalog.child_near(Some(node), LAST_UPDATED, 0);
            let version = catalog.child_near(Some(node), LAST_UPDATED_VERSION, 1);
            cells.extend([time, version].into_iter().flatten().map(|path| (at, path)));
        }
        if let Event::Enter { .. } = event {
            levels.push(value.map(|value| Level::new(value, node)));
        }
    }
}
