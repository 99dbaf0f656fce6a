//! Many twins at once: their cells sorted by path, and each lane written once for all of them.
//!
//! A twin has cells in some hundred and fifty lanes, and a write touches several cache lines of
//! each. Twin after twin all of them pass through the first cache, and no branch is taken as it was
//! the time before. Lane after lane, what one path needs stays at hand for all rows. Readers cannot
//! tell: it happens under one hold of the index, which is why a run is short.
//!
//! Only twins that take a free row are put off: who replaces another is compared with what stands
//! there, cell by cell. Identities are written at once, since the twins that follow are looked for
//! by them; and so are stamps that lanes of a row share, which repeat within a row.

#[cfg(test)]
mod tests;

use smallvec::SmallVec;
use twindex_kernels::prefetch;
use twindex_model::cell::Cell;
use twindex_model::json::read::{Event, Leaf, Leaves, Piece};
use twindex_model::kind::Kind;
use twindex_model::path::{Collection, PathId, RowId};

use crate::apply::{Open, Writer, cell_of};
use crate::catalog::{Catalog, DEVICE_ID, MODULE_ID};
use crate::index::{Index, Put};
use crate::lane::append::Value;
use crate::lane::cells::{LAST_UPDATED, New, WriteScope};
use crate::lane::stamp::Stamp;
use crate::outline::Outline;
use crate::snapshot::Ts;
use crate::step_paths::{StepPaths, Steps};
use crate::texts::{TextForm, TextKind};
use crate::undo::Fate;

/// Twins that [`Index::put_many`] is best given at once: beyond them caches gain little, and
/// readers wait.
pub const RUN_TWINS: usize = 32;
/// Events of their documents beyond which readers would wait too long for fewer twins: a few times
/// what common twins have, a millisecond or two of writing.
pub const RUN_EVENTS: usize = 8_192;

/// Twins whose cells are sorted at most.
const SORTED_MAX: usize = 256;
/// Paths that are sorted: what lies beyond is of generated keys, and few twins share it.
const PATHS_MAX: usize = 1 << 16;
/// Columns that are kept for the next run.
const COLUMNS_KEPT: usize = 4_096;

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;
/// Events that begin in one line.
const EVENTS_A_LINE: usize =
    if size_of::<Event>() < LINE_BYTES { LINE_BYTES / size_of::<Event>() } else { 1 };
/// Events of a document that is asked for ahead, and lines of its text, at most: more would not stay
/// until it is read.
const FETCHED_MAX: usize = 1_024;

/// No column.
const NONE: u32 = u32::MAX;

/// What putting many twins keeps from run to run; of one index alone.
#[derive(Debug, Default)]
pub struct Bulk {
    paths: StepPaths,
    /// By collection.
    runs: [Run; 2],
}

/// Twins of one segment that have their rows, and cells that wait to be written.
#[derive(Debug, Default)]
struct Run {
    segment: usize,
    /// Row, and number among the twins that were handed over.
    twins: Vec<(u16, u32)>,
    columns: Vec<Column>,
    /// Columns by path.
    by_path: Vec<u32>,
    /// Columns with cells, in the order they were met.
    filled: Vec<u32>,
}

/// The cells of one path.
#[derive(Debug)]
struct Column {
    path: PathId,
    /// Whether its stamps are probably those of other paths of a row.
    shares_stamps: bool,
    cells: Vec<Waiting>,
}

/// A cell that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// What it holds; `None` for an object. The document is looked at again for texts alone: a run
    /// of them does not fit the first cache.
    leaf: Option<Leaf>,
    /// Place of the twin in the run.
    twin: u8,
    /// Place of its stamp among those of the row.
    stamp: Option<u8>,
}

/// A twin to be put.
pub type NewTwin<'a> = (&'a Leaves, &'a Outline);

impl Index {
    /// Puts twins one after the other, as [`Index::put`] does, and says in `puts`, whose old content
    /// goes, what became of each. Far cheaper a twin for [`RUN_TWINS`] of them than for one.
    pub fn put_many(
        &mut self,
        twins: &[NewTwin<'_>],
        bulk: &mut Bulk,
        puts: &mut Vec<Option<Put>>,
    ) {
        puts.clear();
        for (number, twin) in (0..).zip(twins) {
            if let Some((next, _)) = twins.get(number as usize + 1) {
                fetch(next);
            }
            let put = self.put_off((twins, number), bulk);
            puts.push(put.unwrap_or_else(|| {
                // One of the run may be the very twin.
                self.write_all(twins, bulk);
                self.put_known(twin.0, twin.1, &mut bulk.paths)
            }));
        }
        self.write_all(twins, bulk);
    }

    /// Gives a new twin its row and lets its cells wait. `None`, and nothing done, if it must be
    /// put by itself.
    fn put_off(
        &mut self,
        (twins, number): (&[NewTwin<'_>], u32),
        Bulk { paths, runs }: &mut Bulk,
    ) -> Option<Option<Put>> {
        let (leaves, outline) = twins[number as usize];
        let steps = paths.of(leaves, &self.catalog)?;
        let identity = outline.identity(leaves);
        let collection = identity.collection();
        let (hash, found) = self.store(collection).look_up(identity, &self.texts);
        if found.is_some() {
            return None;
        }
        let Some(row) = self.free_row(collection) else { return Some(None) };
        let run = &mut runs[collection as usize];
        run.segment = row.segment();
        let Some(mut writer) = self.writer(collection, row) else { return Some(None) };
        writer.sort_cells(run, (row.place(), number), leaves, steps);
        let is_full = writer.segment.n_live() as usize >= self.options.segment_rows_max as usize;
        self.note_new((collection, row), (outline, hash));
        if is_full || run.twins.len() == SORTED_MAX {
            self.write_run(collection, twins, run);
        }
        Some(Some(Put { collection, row, replaced: false }))
    }

    fn write_all(&mut self, twins: &[NewTwin<'_>], bulk: &mut Bulk) {
        for (collection, run) in
            [Collection::Devices, Collection::Modules].into_iter().zip(&mut bulk.runs)
        {
            self.write_run(collection, twins, run);
        }
    }

    /// Writes the cells that wait.
    fn write_run(&mut self, collection: Collection, twins: &[NewTwin<'_>], run: &mut Run) {
        if run.twins.is_empty() {
            return;
        }
        if let Some(mut writer) = self.writer(collection, RowId::new(run.segment, 0)) {
            for at in &run.filled {
                writer.write_column(&run.columns[*at as usize], (&run.twins, twins));
            }
            writer.segment.tidy_stamps();
        }
        run.clear();
        self.settle();
    }
}

impl Run {
    /// The column of a path, which has a cell in it now; `None` for one beyond those sorted.
    #[inline]
    fn column(&mut self, path: PathId, catalog: &Catalog) -> Option<&mut Column> {
        let at = match self.by_path.get(path.0 as usize) {
            Some(&at) if at != NONE => at,
            _ => self.add_column(path, catalog)?,
        };
        let column = &mut self.columns[at as usize];
        if column.cells.is_empty() {
            self.filled.push(at);
        }
        Some(column)
    }

    fn add_column(&mut self, path: PathId, catalog: &Catalog) -> Option<u32> {
        let place = path.0 as usize;
        if place >= PATHS_MAX {
            return None;
        }
        if place >= self.by_path.len() {
            self.by_path.resize(place + 1, NONE);
        }
        let at = self.columns.len() as u32;
        self.by_path[place] = at;
        let shares_stamps = catalog.key(path) == LAST_UPDATED;
        self.columns.push(Column { path, shares_stamps, cells: Vec::new() });
        Some(at)
    }

    /// Forgets the twins.
    fn clear(&mut self) {
        self.twins.clear();
        for at in self.filled.drain(..) {
            self.columns[at as usize].cells.clear();
        }
        if self.columns.len() > COLUMNS_KEPT {
            *self = Self::default();
        }
    }
}

impl Writer<'_> {
    /// Makes a free row live and sorts the cells of its twin by path; those of its identity, and of
    /// paths that are not sorted, are written at once.
    fn sort_cells(
        &mut self,
        run: &mut Run,
        (row, number): (u16, u32),
        leaves: &Leaves,
        steps: Steps<'_>,
    ) {
        let twin = run.twins.len() as u8; // there is room for one more
        run.twins.push((row, number));
        let (mut steps, mut near) = (Some(steps), StampsNear::default());
        let root = Open::ROOT;
        let mut open: SmallVec<[Open; 16]> = SmallVec::new();
        let mut innermost = root;
        for (at, event) in leaves.events.iter().enumerate() {
            let (key, leaf) = match event {
                Event::Leave => {
                    innermost = open.pop().unwrap_or(root);
                    continue;
                }
                Event::Enter { key } => (*key, None),
                Event::Leaf { key, leaf } => (*key, Some(*leaf)),
            };
            let path = self.step(&mut innermost, (leaves, key), (at, &mut steps));
            if leaf.is_none() {
                open.push(innermost);
                innermost = Open::of(path);
            }
            let column = match path {
                DEVICE_ID | MODULE_ID => None,
                _ => run.column(path, self.catalog),
            };
            let Some(column) = column else {
                self.write(row, path, New::Cell(&cell_at(leaves, leaf)), 0);
                continue;
            };
            let stamp = match leaf {
                Some(Leaf::String(piece)) if column.shares_stamps => {
                    let text = leaves.str(piece);
                    near.find(text, leaves).or_else(|| {
                        let place = self.place_of(row, path, text);
                        place.inspect(|place| near.note((text, piece), *place))
                    })
                }
                _ => None,
            };
            column.cells.push(Waiting { leaf, twin, stamp });
        }
        if self.ts != Ts::default() {
            self.segment.undo_mut().note_fate(self.ts, row, Fate::Born);
        }
        self.segment.set_live(row);
    }

    /// The place of a stamp among those of a row, if lanes of the path hold such places.
    fn place_of(&mut self, row: u16, path: PathId, text: &str) -> Option<u8> {
        if self.texts.form(path, TextKind::Strings) != TextForm::Shared {
            return None;
        }
        let (stamps, odd_max) = (self.segment.stamps_mut(), self.options.exceptions_max);
        match Stamp::parse(text) {
            Some(stamp) => stamps.place_of(row, stamp, odd_max),
            None => stamps.place(row, text, odd_max),
        }
    }

    /// Writes the cells of one path: all at once where they are of one kind and the lane needs no
    /// other form for them.
    fn write_column(&mut self, column: &Column, (rows, twins): (&[(u16, u32)], &[NewTwin<'_>])) {
        let value = |waiting: &Waiting| {
            let leaves = twins[rows[usize::from(waiting.twin)].1 as usize].0;
            Value { leaves, leaf: waiting.leaf, stamp: waiting.stamp }
        };
        let mut waiting = &column.cells[..];
        let at: SmallVec<[u16; RUN_TWINS]> =
            waiting.iter().map(|waiting| rows[usize::from(waiting.twin)].0).collect();
        let mut at = &at[..];
        while let Some(first) = waiting.first() {
            let kind = value(first).kind();
            let n_alike = waiting.iter().take_while(|next| value(next).kind() == kind).count();
            let of = |number: usize| value(&waiting[number]);
            let n_written = self.append((column.path, kind), &at[..n_alike], of);
            (waiting, at) = (&waiting[n_written..], &at[n_written..]);
            if n_written < n_alike
                && let (Some(next), Some(row)) = (waiting.first(), at.first())
            {
                let cell = cell_at(value(next).leaves, next.leaf);
                // The row is live already, but new: nothing of it is kept.
                self.write_unkept(*row, column.path, New::Cell(&cell), 0);
                (waiting, at) = (&waiting[1..], &at[1..]);
            }
        }
    }

    /// Writes cells of one kind at rows that were free; gives how many, the next one being for
    /// [`Writer::write_unkept`].
    fn append<'a>(
        &mut self,
        (path, kind): (PathId, Kind),
        rows: &[u16],
        value: impl Fn(usize) -> Value<'a>,
    ) -> usize {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return 0 };
        if self.totals.of(self.collection, path).is_some() {
            return 0;
        }
        let n_rows = self.catalog.n_rows_of_both(path, kind);
        let _ = self.segment.lane_or_new((*first, path), self.catalog);
        let (lane, stamps) = self.segment.lane_or_new((*last, path), self.catalog);
        let mut scope =
            WriteScope { catalog: self.catalog, texts: self.texts, stamps, options: self.options };
        let n_written = lane.append(rows, value, n_rows, &mut scope);
        self.catalog.count_new((self.collection, path), kind, n_written as u32);
        n_written
    }
}

/// The cell of a leaf, or of an object.
#[inline]
fn cell_at(leaves: &Leaves, leaf: Option<Leaf>) -> Cell<'_> {
    leaf.map_or(Cell::Object, |leaf| cell_of(leaf, leaves))
}

/// Asks for a document: another thread wrote it, so each line of it comes from that one's cache.
fn fetch(leaves: &Leaves) {
    let text = leaves.text.as_bytes();
    if leaves.events.len() > FETCHED_MAX || text.len() > FETCHED_MAX * LINE_BYTES {
        return;
    }
    let events = (0..leaves.events.len()).step_by(EVENTS_A_LINE);
    events.for_each(|at| prefetch(&leaves.events, at));
    (0..text.len()).step_by(LINE_BYTES).for_each(|at| prefetch(text, at));
}

/// Distinct stamps of one twin that are remembered.
const STAMPS_NEAR: usize = 16;

/// Places of the stamps of one row that were met lately: most repeat.
#[derive(Debug, Default)]
struct StampsNear {
    /// Their last bytes, by which they differ.
    tails: [u64; STAMPS_NEAR],
    texts: [Option<(Piece, u8)>; STAMPS_NEAR],
    n: usize,
}

impl StampsNear {
    /// The last bytes of a text that may be a stamp.
    #[inline]
    fn tail(text: &str) -> Option<u64> {
        text.as_bytes().last_chunk().map(|tail| u64::from_le_bytes(*tail))
    }

    #[inline]
    fn find(&self, text: &str, leaves: &Leaves) -> Option<u8> {
        let tail = Self::tail(text)?;
        let n_met = self.n.min(STAMPS_NEAR);
        let at = self.tails[..n_met].iter().position(|other| *other == tail)?;
        self.texts[at].filter(|(piece, _)| leaves.str(*piece) == text).map(|(_, place)| place)
    }

    fn note(&mut self, (text, piece): (&str, Piece), place: u8) {
        if let Some(tail) = Self::tail(text) {
            let at = self.n % STAMPS_NEAR;
            (self.tails[at], self.texts[at]) = (tail, Some((piece, place)));
            self.n += 1;
        }
    }
}
