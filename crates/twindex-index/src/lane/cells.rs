//! One lane: kinds, and the values of numbers, strings and arrays in a part each.
//!
//! Parts of several kinds stand side by side where a path's type varies; a pure path pays for one.

mod image;

use twindex_model::cell::Cell;
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::catalog::{Catalog, Family};
use crate::dictionary::Dictionary;
use crate::lane::kind::{Kinds, Reform};
use crate::lane::number::{Had, NumberLane};
use crate::lane::plane::SharedRows;
use crate::lane::row_stamps::RowStamps;
use crate::lane::stamp::Stamp;
use crate::lane::string::{At, TextLane, TextScope, TextSource, place_at, set_place};
use crate::options::IndexOptions;
use crate::texts::{TextKind, TextPlace, Texts};

/// The cells of one path in one segment. What reading a cell needs comes first, from the beginning of
/// a line of the cache on: the cells of a twin lie in a hundred lanes.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Lane {
    /// Invariant of all three: a part is there exactly while a row has its kind.
    pub(crate) strings: Option<Box<TextLane>>,
    pub(crate) numbers: Option<Box<NumberLane>>,
    pub(crate) arrays: Option<Box<TextLane>>,
    pub(crate) kinds: Kinds,
    pub(crate) path: PathId,
    pub(crate) family: Family,
    /// Whether stamps here are probably those of other lanes of the row.
    shares_stamps: bool,
    /// The write that touched the lane last, by number in its segment: tells a repeated key from a
    /// new one, and after a replacement which paths are gone.
    pub(crate) touched: u32,
    /// Grows with every change of a cell or of what it is encoded by, also beyond the life of the
    /// lane: no two states of the lanes that a path has had in a segment share one.
    pub(crate) mark: u64,
}

/// The key of the stamps in metadata.
pub(crate) const LAST_UPDATED: &str = "$lastUpdated";

/// A cell that a write is about to change, as undo keeps it.
#[derive(Clone, Debug)]
pub(crate) enum Before<'a> {
    /// As it reads.
    Cell(Cell<'a>),
    /// A stamp, which need not be printed for that.
    Stamp(Stamp),
}

/// What a write puts into a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum New<'a> {
    /// As it reads.
    Cell(&'a Cell<'a>),
    /// A stamp, which need not be printed for that.
    Stamp(&'a Stamp),
}

impl New<'_> {
    /// The kind of the cell.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Cell(cell) => cell.kind(),
            Self::Stamp(_) => Kind::String,
        }
    }
}

impl<'a> From<&'a Cell<'a>> for New<'a> {
    fn from(cell: &'a Cell<'a>) -> Self {
        Self::Cell(cell)
    }
}

impl<'a> From<&'a Before<'a>> for New<'a> {
    fn from(before: &'a Before<'a>) -> Self {
        match before {
            Before::Cell(cell) => Self::Cell(cell),
            Before::Stamp(stamp) => Self::Stamp(stamp),
        }
    }
}

impl Before<'_> {
    /// Whether a write changes nothing. A stamp and its text say the same.
    pub(crate) fn is(&self, new: New<'_>) -> bool {
        use Cell::{Array, Number, String};
        match (self, new) {
            (Self::Stamp(a), New::Stamp(b)) => a == b,
            (Self::Stamp(stamp), New::Cell(String(text))) => Stamp::parse(text) == Some(*stamp),
            (Self::Cell(String(text)), New::Stamp(stamp)) => Stamp::parse(text) == Some(*stamp),
            (Self::Cell(Number(a)), New::Cell(Number(b))) => a == b,
            (Self::Cell(String(a)), New::Cell(String(b))) => **a == **b,
            (Self::Cell(Array(a)), New::Cell(Array(b))) => **a == **b,
            (Self::Cell(a), New::Cell(b)) => a.kind() == b.kind(),
            (Self::Stamp(_), New::Cell(_)) | (Self::Cell(_), New::Stamp(_)) => false,
        }
    }
}

/// What reading a cell needs beside the lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) texts: &'a Texts,
    pub(crate) stamps: &'a RowStamps,
}

/// What writing a cell needs beside the lane.
#[derive(Debug)]
pub(crate) struct WriteScope<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) texts: &'a mut Texts,
    pub(crate) stamps: &'a mut RowStamps,
    pub(crate) options: &'a IndexOptions,
}

/// What a cell counts as among those of its path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counted {
    /// Its kind says all.
    ByKind,
    /// A dictionary code.
    Code(TextKind, u32),
    /// A text that has no code.
    Text(TextKind),
    /// A number.
    Number(f64),
}

impl Lane {
    /// A lane without rows.
    pub(crate) fn new(path: PathId, catalog: &Catalog) -> Self {
        Self {
            path,
            family: catalog.family(path),
            shares_stamps: catalog.key(path) == LAST_UPDATED,
            touched: 0,
            mark: 0,
            kinds: Kinds::default(),
            numbers: None,
            strings: None,
            arrays: None,
        }
    }

    /// The cell of a row.
    #[inline]
    pub(crate) fn cell<'a>(&'a self, row: u16, reading: Reading<'a>) -> Cell<'a> {
        match self.kinds.find(row) {
            Some((slot, kind)) => self.cell_at((row, slot), kind, reading),
            None => Cell::Undefined,
        }
    }

    /// The string of a row as it lies here, if it does so raw.
    #[inline]
    pub(crate) fn raw_bytes(&self, row: u16) -> Option<&[u8]> {
        match (self.kinds.find(row)?, self.strings.as_deref()?) {
            ((slot, Kind::String), TextLane::Raw(raw)) => Some(raw.bytes_at(slot)),
            _ => None,
        }
    }

    /// The cell of a kind at a row and its slot.
    #[inline]
    pub(crate) fn cell_at<'a>(&'a self, at: At, kind: Kind, reading: Reading<'a>) -> Cell<'a> {
        let text = |kind: TextKind| {
            self.text_part(kind).map(|part| part.text(at, self.source(kind, reading)))
        };
        let cell = match kind {
            Kind::Undefined => None,
            Kind::Null => Some(Cell::Null),
            Kind::False => Some(Cell::Bool(false)),
            Kind::True => Some(Cell::Bool(true)),
            Kind::Number => self.numbers.as_ref().map(|part| Cell::Number(part.number(at.1))),
            Kind::String => text(TextKind::Strings).map(Cell::String),
            Kind::Array => text(TextKind::Arrays).map(Cell::Array),
            Kind::Object => Some(Cell::Object),
        };
        cell.unwrap_or(Cell::Undefined)
    }

    /// The cell of a row, as undo keeps it.
    pub(crate) fn before<'a>(&'a self, row: u16, reading: Reading<'a>) -> Before<'a> {
        let Some((slot, kind)) = self.kinds.find(row) else {
            return Before::Cell(Cell::Undefined);
        };
        let stamp = match (kind, self.strings.as_deref()) {
            (Kind::String, Some(TextLane::Times(times))) => times.coder().stamp(times.code(slot)),
            (Kind::String, Some(TextLane::Shared(places))) => {
                reading.stamps.stamp(row, place_at(places, slot))
            }
            _ => None,
        };
        let cell = || Before::Cell(self.cell_at((row, slot), kind, reading));
        stamp.map_or_else(cell, Before::Stamp)
    }

    /// What the cell of a row counts as.
    pub(crate) fn counted(&self, row: u16) -> Counted {
        let Some((slot, kind)) = self.kinds.find(row) else { return Counted::ByKind };
        let text = |kind| match self.text_part(kind) {
            Some(TextLane::Codes(part)) => Counted::Code(kind, part.codes.get(slot)),
            _ => Counted::Text(kind),
        };
        match kind {
            Kind::Number => {
                let number = self.numbers.as_ref().map(|part| part.number(slot));
                number.map_or(Counted::ByKind, Counted::Number)
            }
            Kind::String => text(TextKind::Strings),
            Kind::Array => text(TextKind::Arrays),
            _ => Counted::ByKind,
        }
    }

    /// The part of strings or of arrays.
    pub(crate) fn text_part(&self, kind: TextKind) -> Option<&TextLane> {
        match kind {
            TextKind::Strings => self.strings.as_deref(),
            TextKind::Arrays => self.arrays.as_deref(),
        }
    }

    /// The dictionary of the path's family.
    pub(crate) fn dictionary<'a>(
        &self,
        kind: TextKind,
        texts: &'a Texts,
    ) -> Option<&'a Dictionary> {
        texts.dictionary(self.family, kind)
    }

    /// Where texts lie that the lane does not hold itself.
    #[inline]
    pub(crate) fn source<'a>(&self, kind: TextKind, reading: Reading<'a>) -> TextSource<'a> {
        let dictionary = reading.texts.dictionary(self.family, kind);
        TextSource { dictionary, stamps: reading.stamps }
    }

    /// Writes a cell, which must not be undefined; gives the kind before.
    pub(crate) fn write(&mut self, row: u16, cell: New<'_>, scope: &mut WriteScope<'_>) -> Kind {
        self.mark += 1;
        let new = cell.kind();
        if let Some(slot) = self.kinds.append(row, new, scope.options.sparse_rows_max) {
            self.write_value((row, slot), cell, Had::None, scope);
            return Kind::Undefined;
        }
        if let Reform::Scatter(rows) = self.kinds.make_room(row, scope.options.sparse_rows_max) {
            self.scatter(&rows);
        }
        let placed = self.kinds.set(row, new);
        if placed.is_new_slot {
            self.insert(placed.slot);
        } else if placed.old != new {
            self.forget(placed.slot, placed.old);
        }
        let had = if placed.old == new { Had::Value } else { Had::None };
        self.write_value((row, placed.slot), cell, had, scope);
        self.drop_empty_part(placed.old);
        placed.old
    }

    fn write_value(&mut self, at: At, cell: New<'_>, had: Had, scope: &mut WriteScope<'_>) {
        match cell {
            New::Cell(Cell::Number(number)) => self.write_number(at, *number, had, scope.options),
            New::Cell(Cell::String(text)) => {
                self.write_text(TextKind::Strings, (at, text), had, scope);
            }
            New::Cell(Cell::Array(text)) => {
                self.write_text(TextKind::Arrays, (at, text), had, scope);
            }
            New::Cell(_) => (),
            New::Stamp(stamp) => self.write_stamp((at, *stamp), had, scope),
        }
    }

    fn write_number(&mut self, at: At, number: f64, had: Had, options: &IndexOptions) {
        let part = self.numbers.get_or_insert_with(|| Box::new(NumberLane::new(number)));
        part.set(at, number, had, (&self.kinds, options.exceptions_max));
    }

    /// Writes a stamp, without its text where the lane holds places of stamps.
    fn write_stamp(&mut self, (at, stamp): (At, Stamp), had: Had, scope: &mut WriteScope<'_>) {
        if let Some(TextLane::Shared(places)) = self.strings.as_deref_mut()
            && let Some(place) = scope.stamps.place_of(at.0, stamp, scope.options.exceptions_max)
        {
            set_place(places, at.1, place);
            return;
        }
        self.write_text(TextKind::Strings, (at, &stamp.text()), had, scope);
    }

    fn write_text(
        &mut self,
        kind: TextKind,
        (at, text): (At, &str),
        had: Had,
        scope: &mut WriteScope<'_>,
    ) {
        let n_rows = scope.catalog.n_rows_of_both(self.path, kind.kind());
        let (part, mut scope) = self.part_to_write((kind, n_rows), scope);
        let part = part.get_or_insert_with(|| Box::new(TextLane::new(text, &mut scope)));
        part.set(at, text, had, &mut scope);
    }

    /// The part of strings or of arrays, which may not be there yet, and what a write to it needs to
    /// know. `n_rows` is how many rows of the path have such a text.
    fn part_to_write<'s>(
        &'s mut self,
        (kind, n_rows): (TextKind, u64),
        scope: &'s mut WriteScope<'_>,
    ) -> (&'s mut Option<Box<TextLane>>, TextScope<'s>) {
        let place = self.place(kind, n_rows);
        let part = match kind {
            TextKind::Strings => &mut self.strings,
            TextKind::Arrays => &mut self.arrays,
        };
        let WriteScope { texts, stamps, options, .. } = scope;
        (part, TextScope { kinds: &self.kinds, place, texts, stamps, options })
    }

    /// Makes the cell of a row undefined; gives the kind before.
    pub(crate) fn clear(&mut self, row: u16) -> Kind {
        let Some((slot, old)) = self.kinds.find(row) else {
            return Kind::Undefined;
        };
        self.mark += 1;
        self.forget(slot, old);
        self.kinds.clear(row);
        if !self.kinds.is_dense() {
            self.remove(slot);
        }
        self.drop_empty_part(old);
        if self.kinds.n_defined() == 0 {
            self.kinds = Kinds::default();
        } else if let Reform::Scatter(rows) = self.kinds.close_room() {
            self.scatter(&rows);
        }
        old
    }

    /// Drops what is kept for the value of a kind at a slot.
    fn forget(&mut self, slot: usize, kind: Kind) {
        match kind {
            Kind::Number => self.numbers.iter_mut().for_each(|part| part.forget(slot)),
            Kind::String => self.strings.iter_mut().for_each(|part| part.forget(slot)),
            Kind::Array => self.arrays.iter_mut().for_each(|part| part.forget(slot)),
            _ => (),
        }
    }

    fn drop_empty_part(&mut self, kind: Kind) {
        if kind == Kind::Undefined || self.kinds.count(kind) > 0 {
            return;
        }
        match kind {
            Kind::Number => self.numbers = None,
            Kind::String => self.strings = None,
            Kind::Array => self.arrays = None,
            _ => (),
        }
    }

    fn insert(&mut self, slot: usize) {
        self.numbers.iter_mut().for_each(|part| part.insert(slot));
        self.strings.iter_mut().for_each(|part| part.insert(slot));
        self.arrays.iter_mut().for_each(|part| part.insert(slot));
    }

    fn remove(&mut self, slot: usize) {
        self.numbers.iter_mut().for_each(|part| part.remove(slot));
        self.strings.iter_mut().for_each(|part| part.remove(slot));
        self.arrays.iter_mut().for_each(|part| part.remove(slot));
    }

    /// From slots to rows, as the lane becomes dense.
    pub(crate) fn scatter(&mut self, rows: &[u16]) {
        self.numbers.iter_mut().for_each(|part| part.scatter(rows));
        self.strings.iter_mut().for_each(|part| part.scatter(rows));
        self.arrays.iter_mut().for_each(|part| part.scatter(rows));
    }

    /// Shares what lanes have in common and gives unused memory back.
    pub(crate) fn settle(&mut self, shared: &mut SharedRows) {
        self.kinds.share(shared);
        for part in [&mut self.strings, &mut self.arrays].into_iter().flatten() {
            if let TextLane::Raw(raw) = &mut **part {
                raw.shrink();
            }
        }
    }

    /// Turns a part's raw text into codes; gives the number of its rows.
    pub(crate) fn leave_raw(&mut self, kind: TextKind, scope: &mut WriteScope<'_>) -> u32 {
        let n_rows = scope.catalog.n_rows_of_both(self.path, kind.kind());
        let (part, mut scope) = self.part_to_write((kind, n_rows), scope);
        match part.as_deref_mut() {
            Some(part @ TextLane::Raw(_)) => part.leave_raw(&mut scope),
            _ => return 0,
        }
        self.mark += 1;
        self.kinds.count(kind.kind())
    }

    /// Writes the codes of a part anew, each as `codes` has it; gives the number of codes.
    pub(crate) fn renumber(&mut self, kind: TextKind, codes: &[u32]) -> usize {
        let part = match kind {
            TextKind::Strings => &mut self.strings,
            TextKind::Arrays => &mut self.arrays,
        };
        let Some(TextLane::Codes(part)) = part.as_deref_mut() else { return 0 };
        self.mark += 1;
        let in_use = self.kinds.slots_of_kind(kind.kind(), None);
        let new = in_use.iter().map(|slot| codes[part.codes.get(slot.into()) as usize]);
        let greatest = new.max().unwrap_or_default();
        part.renumber(codes, greatest);
        part.codes.len()
    }

    pub(crate) fn place(&self, kind: TextKind, n_rows: u64) -> TextPlace {
        let shares_stamps = self.shares_stamps;
        TextPlace { path: self.path, family: self.family, kind, n_rows, shares_stamps }
    }

    /// Takes a part's codes out of the dictionary, which its path has outgrown.
    pub(crate) fn leave_codes(
        &mut self,
        kind: TextKind,
        form: crate::texts::TextForm,
        scope: &mut WriteScope<'_>,
    ) {
        let (part, scope) = self.part_to_write((kind, 0), scope);
        if let Some(part) = part {
            part.leave_codes(form, &scope);
            self.mark += 1;
        }
    }
}
