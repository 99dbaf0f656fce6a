//! Redo: what a batch left behind, as bytes for a log.
//!
//! Redo is physical: the cells of the rows that a batch changed, as they are after it, with values
//! spelled out. Doing it again on an index that has it already, or has later batches of which the
//! redo follows, changes nothing; so a checkpoint may copy lane after lane while writes go on, and
//! whatever it caught too much of is put right by the log. Logging the operations themselves was
//! rejected for that: a merge done twice raises versions twice.
//!
//! Which cells changed is known from the undo of the batch, so writing costs nothing more where no
//! log is kept.
//!
//! | bytes | what |
//! |---|---|
//! | varint | number of paths met for the first time |
//! | for each | id, varint; id of the parent plus one or 0, varint; key: bytes, varint, and the text |
//! | varint | number of rows |
//! | for each | collection, byte; row id, u32; fate, byte: 0 gone, 1 whole, 2 changed |
//! | unless gone | 0, or 1 and the identity record: generation, u64; bytes, varint, and these |
//! | | number of cells, varint; for each the path's id, varint, and the cell |
//!
//! A cell is a byte for its form and then its value: 0 undefined, 1 null, 2 false, 3 true, 4 object,
//! 5 number (f64), 6 string, 7 array (bytes, varint, and the text), 8 stamp (100 ns ticks since 1970,
//! i64, and digits behind the point, byte). All numbers are little-endian.

mod bytes;

use hashbrown::HashMap;
use smallvec::SmallVec;
use twindex_model::cell::{Cell, Text};
use twindex_model::path::{Collection, PathId, RowId};
use twindex_planted::{Fault, planted};

use crate::ahead::{CELLS_MAX, Cells, WRITES_AHEAD};
use crate::image::{Image as _, ImageBytes};
use crate::index::Index;
use crate::lane::cells::Before;
use crate::lane::stamp::{DIGITS_MAX, Stamp, TICKS};
use crate::segment::Segment;
use crate::snapshot::Ts;
use crate::undo::Fate;
use bytes::{put_str, put_varint, take_str, take_varint};

/// Cells of a twin that are gathered without an allocation.
const CELLS_NEAR: usize = 128;

/// What became of a row.
const GONE: u8 = 0;
const WHOLE: u8 = 1;
const CHANGED: u8 = 2;

/// The redo of a batch that changed nothing.
pub const NOTHING: &[u8] = &[0, 0];

/// What went wrong with redo bytes that a checksum called right: a defect, or forgery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a logged batch cannot be done again")]
pub struct BadRedo;

impl Index {
    /// Lets the index keep what [`Index::write_redo`] needs beside undo: paths not logged yet.
    pub fn keep_redo(&mut self) {
        self.catalog.keep_unlogged();
    }

    /// Appends the redo of batch `ts`, the newest one, all of whose writes are done. False, and
    /// nothing appended, if it changed nothing.
    #[must_use]
    pub fn write_redo(&self, ts: Ts, out: &mut Vec<u8>) -> bool {
        let mut rows = Vec::new();
        let mut n_rows = 0;
        for at in self.written_in(ts) {
            n_rows += self.write_segment(at, ts, &mut rows);
        }
        let unlogged = self.catalog.unlogged();
        if n_rows == 0 && unlogged.is_empty() {
            return false;
        }
        let unlogged = if planted(Fault::RedoWithoutPaths) { Vec::new() } else { unlogged };
        put_varint(out, unlogged.len() as u64);
        for path in unlogged {
            put_varint(out, path.0.into());
            put_varint(out, self.catalog.parent(path).map_or(0, |parent| u64::from(parent.0) + 1));
            put_str(out, self.catalog.key(path));
        }
        put_varint(out, n_rows);
        out.extend_from_slice(&rows);
        true
    }

    /// Whether the redo written last told of paths, so that [`Index::note_logged`] is due.
    #[must_use]
    pub fn has_unlogged(&self) -> bool {
        self.catalog.has_unlogged()
    }

    /// Says that the redo written last is durable, or will be before any later one.
    pub fn note_logged(&mut self) {
        self.catalog.clear_unlogged();
    }

    /// Appends the rows of a segment that `ts` changed, by row; gives their number.
    fn write_segment(&self, at: (Collection, usize), ts: Ts, out: &mut Vec<u8>) -> u64 {
        let segment = &self.store(at.0).segments[at.1];
        let Some(before) = ts.0.checked_sub(1) else { return 0 };
        let from = segment.undo().first_after(Ts(before));
        let mut changes: Vec<(u16, Option<PathId>)> = segment
            .undo()
            .records(from)
            .map(|(_, record)| (record.row, record.fate().is_none().then_some(record.path)))
            .collect();
        changes.sort_unstable();
        changes.dedup();
        // Of what befell a row the last stays.
        let fates: HashMap<u16, Fate> =
            segment.undo().fates(from).map(|(_, row, fate)| (row, fate)).collect();
        let (reading, mut n_rows) = (segment.reading(&self.texts), 0);
        for of_row in changes.chunk_by(|a, b| a.0 == b.0) {
            let row = of_row[0].0;
            out.push(at.0 as u8);
            RowId::new(at.1, row).0.write(out);
            let is_reborn = of_row[0].1.is_none() && fates.get(&row) == Some(&Fate::Born);
            if !segment.live().get(row) {
                out.push(GONE);
            } else if is_reborn {
                out.push(WHOLE);
                self.write_record((at.0, RowId::new(at.1, row)), true, out);
                self.write_whole(at, row, out);
            } else {
                out.push(CHANGED);
                let has_changed = self.has_record_changed(ts, (at.0, RowId::new(at.1, row)));
                self.write_record((at.0, RowId::new(at.1, row)), has_changed, out);
                let paths = of_row.iter().filter_map(|change| change.1);
                put_varint(out, of_row.iter().filter(|change| change.1.is_some()).count() as u64);
                paths.for_each(|path| {
                    let cell = segment.lane(path).map(|lane| lane.before(row, reading));
                    write_cell(path, &cell.unwrap_or(Before::Cell(Cell::Undefined)), out);
                });
            }
            n_rows += 1;
        }
        n_rows
    }

    fn write_record(&self, at: (Collection, RowId), is_wanted: bool, out: &mut Vec<u8>) {
        out.push(u8::from(is_wanted));
        if is_wanted {
            let record = self.record(at.0, at.1);
            record.generation.write(out);
            put_varint(out, record.authentication.len() as u64);
            out.extend_from_slice(&record.authentication);
        }
    }

    fn write_whole(&self, at: (Collection, usize), row: u16, out: &mut Vec<u8>) {
        let segment = &self.store(at.0).segments[at.1];
        let reading = segment.reading(&self.texts);
        let cells = segment.lanes_at(row).map(|lane| (lane.path, lane.before(row, reading)));
        let cells: SmallVec<[(PathId, Before<'_>); CELLS_NEAR]> =
            cells.filter(|(_, cell)| !matches!(cell, Before::Cell(Cell::Undefined))).collect();
        put_varint(out, cells.len() as u64);
        cells.iter().for_each(|(path, cell)| write_cell(*path, cell, out));
    }

    /// Does a batch again that [`Index::write_redo`] wrote, in the order of the log. Identities and
    /// what else is derived are not kept in step: [`Index::finish_redo`] makes them anew.
    ///
    /// # Errors
    /// [`BadRedo`]: the index is not to be used.
    pub fn redo(&mut self, bytes: &[u8]) -> Result<(), BadRedo> {
        self.redo_batch(&mut ImageBytes(bytes)).ok_or(BadRedo)
    }

    fn redo_batch(&mut self, from: &mut ImageBytes<'_>) -> Option<()> {
        for _ in 0..take_varint(from)? {
            let path = PathId(u32::try_from(take_varint(from)?).ok()?);
            let parent = take_varint(from)?.checked_sub(1);
            let parent = parent.map(|parent| u32::try_from(parent).map(PathId)).transpose();
            self.redo_path(path, parent.ok()?, take_str(from)?)?;
        }
        for number in 0..take_varint(from)? {
            if number.is_multiple_of(WRITES_AHEAD as u64) {
                self.fetch_rows(ImageBytes(from.0));
            }
            self.redo_row(take_at(from)?, from)?;
        }
        from.end()
    }

    /// Asks for the memory of the next rows, see [`crate::ahead`]. What is wrong with them is found
    /// when they are done.
    fn fetch_rows(&self, mut from: ImageBytes<'_>) {
        let mut cells = Cells::new();
        for _ in 0..WRITES_AHEAD {
            if note_row(&mut from, &mut cells).is_none() {
                break;
            }
        }
        self.fetch_columns(&cells);
        self.fetch_values(&cells);
    }

    /// Makes a path with the id it had. Drops of paths are not logged: one that is in the way has no
    /// cells any more, nor have those below it.
    fn redo_path(&mut self, path: PathId, parent: Option<PathId>, key: &str) -> Option<()> {
        if self.catalog.restore_logged(path, parent, key).is_some() {
            return Some(());
        }
        if self.catalog.has(path) {
            self.forget_path(path);
        }
        if let Some(other) = self.catalog.child(parent, key) {
            self.forget_path(other);
        }
        self.catalog.restore_logged(path, parent, key)
    }

    /// Drops a path and all below it, from the bottom up.
    fn forget_path(&mut self, path: PathId) {
        let mut below = vec![path];
        let mut at = 0;
        while let Some(parent) = below.get(at).copied() {
            below.extend(self.catalog.children(Some(parent)).map(|(_, child)| *child));
            at += 1;
        }
        below.into_iter().rev().for_each(|path| _ = self.drop_path(path));
    }

    fn redo_row(&mut self, at: (Collection, RowId), from: &mut ImageBytes<'_>) -> Option<()> {
        let place = at.1.place();
        let fate = u8::read(from)?;
        self.make_segment(at)?;
        let is_live = self.is_live(at.0, at.1);
        if fate != CHANGED {
            // Also where no twin is: lanes may have been copied before it went.
            self.writer(at.0, at.1)?.remove(place);
        }
        if fate == GONE {
            self.set_record(at, 0, &[]);
            return Some(());
        }
        if u8::read(from)? == 1 {
            let generation = u64::read(from)?;
            let n_bytes = usize::try_from(take_varint(from)?).ok()?;
            self.set_record(at, generation, from.slice(n_bytes)?);
        }
        for _ in 0..take_varint(from)? {
            let path = PathId(u32::try_from(take_varint(from)?).ok()?);
            let cell = take_cell(from)?;
            // A row that a later batch took away is not filled any more.
            if (fate == WHOLE || is_live) && self.catalog.has(path) {
                self.writer(at.0, at.1)?.restore(place, path, (&cell).into());
            }
        }
        if fate == WHOLE {
            self.stores[at.0 as usize].segments[at.1.segment()].set_live(place);
        }
        let segment = &mut self.stores[at.0 as usize].segments[at.1.segment()];
        // Only where stamps are crowded: looking through those of every row would be most of the work.
        segment.tidy_stamps();
        self.settle();
        matches!(fate, WHOLE | CHANGED).then_some(())
    }

    /// Segments up to that of a row, made if need be.
    fn make_segment(&mut self, (collection, row): (Collection, RowId)) -> Option<()> {
        let segments = &mut self.stores[collection as usize].segments;
        let is_near = row.segment() <= segments.len() + 1_024;
        while is_near && segments.len() <= row.segment() {
            segments.push(Segment::new());
        }
        is_near.then_some(())
    }
}

/// Appends the cell of a path as it stands.
fn write_cell(path: PathId, cell: &Before<'_>, out: &mut Vec<u8>) {
    put_varint(out, path.0.into());
    match cell {
        Before::Cell(Cell::Undefined) => out.push(0),
        Before::Cell(Cell::Null) => out.push(1),
        Before::Cell(Cell::Bool(value)) => out.push(2 + u8::from(*value)),
        Before::Cell(Cell::Object) => out.push(4),
        Before::Cell(Cell::Number(number)) => {
            out.push(5);
            number.write(out);
        }
        Before::Cell(Cell::String(text)) => {
            out.push(6);
            put_str(out, text);
        }
        Before::Cell(Cell::Array(text)) => {
            out.push(7);
            put_str(out, text);
        }
        Before::Stamp(stamp) => {
            out.push(8);
            stamp.ticks.write(out);
            out.push(stamp.digits);
        }
    }
}

fn take_at(from: &mut ImageBytes<'_>) -> Option<(Collection, RowId)> {
    let collection = match u8::read(from)? {
        0 => Collection::Devices,
        1 => Collection::Modules,
        _ => return None,
    };
    Some((collection, RowId(u32::read(from)?)))
}

/// Notes the cells of a row that was changed, and goes past it.
fn note_row(from: &mut ImageBytes<'_>, cells: &mut Cells) -> Option<()> {
    let at = take_at(from)?;
    let fate = u8::read(from)?;
    if fate == GONE {
        return Some(());
    }
    if u8::read(from)? == 1 {
        u64::read(from)?;
        let n_bytes = usize::try_from(take_varint(from)?).ok()?;
        from.slice(n_bytes)?;
    }
    for _ in 0..take_varint(from)? {
        if cells.len() >= CELLS_MAX {
            return None;
        }
        cells.push((at, PathId(u32::try_from(take_varint(from)?).ok()?)));
        take_cell(from)?;
    }
    Some(())
}

fn take_cell<'a>(from: &mut ImageBytes<'a>) -> Option<Before<'a>> {
    Some(Before::Cell(match u8::read(from)? {
        0 => Cell::Undefined,
        1 => Cell::Null,
        2 => Cell::Bool(false),
        3 => Cell::Bool(true),
        4 => Cell::Object,
        5 => Cell::Number(f64::read(from).filter(|number| number.is_finite())?),
        6 => Cell::String(Text::Borrowed(take_str(from)?)),
        7 => Cell::Array(Text::Borrowed(take_str(from)?)),
        8 => {
            let ticks = i64::read(from).filter(|ticks| Stamp::is_instant(*ticks))?;
            let digits = u8::read(from).filter(|digits| *digits <= DIGITS_MAX)?;
            let is_whole = ticks % TICKS[usize::from(digits)] == 0;
            return is_whole.then_some(Before::Stamp(Stamp { ticks, digits }));
        }
        _ => return None,
    }))
}
