//! The cells of some rows, found lane by lane and handed over at once.
//!
//! What a lane is like is found out once for the rows of a block, and the loads of one row do not
//! wait for those of another. Each row meets its cells in the order of the layout, so who takes them
//! can write many texts side by side. Keeping all cells of a block before the first was printed was
//! rejected: writing and reading them back took as long as finding them.

use std::ops::Range;

use smallvec::SmallVec;
use twindex_kernels::LaneVec;
use twindex_model::cell::{Cell, Text};
use twindex_model::kind::Kind;

use super::layout::{Layout, RUN};
use crate::dictionary::Dictionary;
use crate::lane::asked::Asked;
use crate::lane::codes::Codes;
use crate::lane::kind::Near;
use crate::lane::raw::RawText;
use crate::lane::stamp::Stamp;
use crate::lane::stamp_code::Decoded;
use crate::lane::string::{TextLane, place_at};
use crate::lane::time::TimeLane;
use crate::lane::{Lane, Reading};
use crate::past::{RowPast, Then};
use crate::span::Span;
use crate::texts::TextKind;
use crate::view::SegmentView;

/// Rows of a block: their texts stay in the cache until they are whole.
pub(super) const BLOCK: usize = 32;

/// What a path holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    Object,
    Null,
    False,
    True,
    Number(f64),
    String(&'a str),
    /// A string that is a stamp.
    Stamp(Stamp),
    /// One of the stamps that the lanes of the row share, by its place among them.
    Shared(u8),
    /// An array, as canonical text.
    Array(&'a str),
}

/// Takes cells as they are found.
pub(super) trait Take<'a> {
    /// What there is to know of the cells of an entry.
    type Entry;

    /// Is about to take cells of an entry of the layout.
    fn entry(&self, entry: u32) -> Self::Entry;

    /// Is about to take cells of the entry behind another one, each of which is the first in an
    /// object of that; `None` if objects are to come one by one.
    fn pair(&self, entry: u32) -> Option<Self::Entry>;

    /// Takes a cell of a row, given by its number among those asked for.
    fn take(&mut self, row: usize, of: &Self::Entry, found: Found<'a>);
}

/// Hands over the cells of at most [`BLOCK`] rows in some entries of a layout.
pub(super) fn gather<'a>(
    view: &SegmentView<'a>,
    (layout, entries): (&Layout, Range<usize>),
    rows: &[u16],
    take: &mut impl Take<'a>,
) {
    let pasts: SmallVec<[Option<RowPast>; 1]> = match view.has_past() {
        false => SmallVec::new(),
        true => rows.iter().map(|row| view.past_of_row(*row)).collect(),
    };
    let has_past = pasts.iter().any(Option::is_some);
    if let ([row], false) = (rows, has_past) {
        return gather_row(view, (layout, entries), *row, take);
    }
    let asked = Asked::new(rows);
    let Some((first, last)) = asked.ends() else { return };
    if has_past {
        return gather_old(view, (layout, entries), (rows, &pasts), take);
    }
    let (lanes, spans) = (view.segment().lanes(), view.segment().spans());
    let lane_of = |at: usize| &lanes[layout.entries[at].lane as usize];
    let mut at = entries.start;
    while at < entries.end {
        if at.is_multiple_of(RUN) && !layout.run_meets(at, (first, last)) {
            at += RUN;
            continue;
        }
        let entry = layout.entries[at];
        if !spans[entry.lane as usize].meets(first, last) {
            at = entry.end as usize;
            continue;
        }
        let lane = lane_of(at);
        let is_pair = entry.end as usize > at + 1
            && lane.kinds.only() == Some(Kind::Object)
            && lane.kinds.has_those_of(&lane_of(at + 1).kinds, &asked);
        let pair = if is_pair { take.pair(at as u32) } else { None };
        let n_entries = 1 + usize::from(pair.is_some());
        let is_any = match pair {
            Some(of) => gather_lane(view.reading(), (lane_of(at + 1), &of), &asked, take),
            None => {
                let of = take.entry(at as u32);
                gather_lane(view.reading(), (lane, &of), &asked, take)
            }
        };
        // Where a path is in no row, nothing below it is.
        at = if is_any { at + n_entries } else { entry.end as usize };
    }
}

/// The same for one row: what serves many rows of a lane costs more than the one cell.
fn gather_row<'a>(
    view: &SegmentView<'a>,
    (layout, entries): (&Layout, Range<usize>),
    row: u16,
    take: &mut impl Take<'a>,
) {
    let mut cells = RowCells {
        lanes: view.segment().lanes(),
        spans: view.segment().spans(),
        near: Near::default(),
        row,
    };
    let reading = view.reading();
    let (mut at, entries) = (entries.start, &layout.entries[..entries.end]);
    while let Some(entry) = entries.get(at) {
        if at.is_multiple_of(RUN) && !layout.run_meets(at, (row, row)) {
            at += RUN;
            continue;
        }
        let Some(mut cell) = cells.find(entry.lane) else {
            // Where a path is not, nothing below it is.
            at = entry.end as usize;
            continue;
        };
        let (this, mut next, mut pair) = (at as u32, at + 1, None);
        if cell.2 == Kind::Object
            && let Some(first) = entries.get(next).filter(|first| first.depth > entry.depth)
        {
            match cells.find(first.lane) {
                // The first path below was looked for already.
                None => next = first.end as usize,
                Some(below) => {
                    pair = take.pair(this);
                    if pair.is_some() {
                        (cell, next) = (below, next + 1);
                    }
                }
            }
        }
        let of = pair.unwrap_or_else(|| take.entry(this));
        take_cell(cell, reading, |found| take.take(0, &of, found));
        at = next;
    }
}

/// Where the cells of a row lie.
struct RowCells<'a> {
    lanes: &'a [Lane],
    spans: &'a [Span],
    near: Near,
    row: u16,
}

impl<'a> RowCells<'a> {
    /// The lane, slot and kind of the cell in a lane, given by its place.
    #[inline(always)]
    fn find(&mut self, lane: u32) -> Option<(&'a Lane, usize, Kind)> {
        if !self.spans[lane as usize].meets(self.row, self.row) {
            return None;
        }
        let lane = &self.lanes[lane as usize];
        let (slot, kind) = lane.kinds.find_near(self.row, &mut self.near)?;
        Some((lane, slot, kind))
    }
}

/// Hands over what a lane holds at the slot of a cell: in each branch anew, so that what takes it
/// need not find out once more what it is.
#[inline(always)]
fn take_cell<'a>(
    (lane, slot, kind): (&'a Lane, usize, Kind),
    reading: Reading<'a>,
    mut take: impl FnMut(Found<'a>),
) {
    match (kind, lane.strings.as_deref()) {
        (Kind::Object, _) => take(Found::Object),
        (Kind::Number, _) => take(Found::Number(number_at(lane, slot))),
        (Kind::String, Some(TextLane::Shared(places))) => {
            take(Found::Shared(place_at(places, slot)));
        }
        (Kind::String, _) => take(Texts::of(lane, TextKind::Strings, reading).get(slot)),
        _ => take(Values::of(lane, reading).get(slot, kind)),
    }
}

/// The number at a slot that holds one.
#[inline(always)]
fn number_at(lane: &Lane, slot: usize) -> f64 {
    lane.numbers.as_ref().map_or(0.0, |part| part.number(slot))
}

/// Hands over the cells of a lane; false if there was none.
#[inline]
fn gather_lane<'a, T: Take<'a>>(
    reading: Reading<'a>,
    (lane, of): (&'a Lane, &T::Entry),
    asked: &Asked,
    take: &mut T,
) -> bool {
    if !lane.kinds.may_have(asked) {
        return false;
    }
    let values = Values::of(lane, reading);
    let mut is_any = false;
    let mut take = |i, found| {
        is_any = true;
        take.take(i, of, found);
    };
    // Two thirds of the cells of a twin are objects, and stamps of their properties.
    match (lane.kinds.only(), values.strings) {
        (Some(Kind::Object), _) => lane.kinds.for_each_of(asked, |i, _, _| take(i, Found::Object)),
        (Some(Kind::String), Texts::Shared(places)) => {
            let found = |slot| Found::Shared(place_at(places, slot));
            lane.kinds.for_each_of(asked, |i, slot, _| take(i, found(slot)));
        }
        _ => lane.kinds.for_each_of(asked, |i, slot, kind| take(i, values.get(slot, kind))),
    }
    is_any
}

/// The same where cells of some rows lie in the undo.
fn gather_old<'a>(
    view: &SegmentView<'a>,
    (layout, entries): (&Layout, Range<usize>),
    rows: (&[u16], &[Option<RowPast>]),
    take: &mut impl Take<'a>,
) {
    let mut at = entries.start;
    while at < entries.end {
        let entry = layout.entries[at];
        let lane = &view.segment().lanes()[entry.lane as usize];
        let is_any = gather_old_lane(view, (lane, at as u32), rows, take);
        at = if is_any { at + 1 } else { entry.end as usize };
    }
}

/// Hands over the cells of a lane, of which some lie in the undo; false if there was none.
fn gather_old_lane<'a>(
    view: &SegmentView<'a>,
    (lane, entry): (&'a Lane, u32),
    (rows, pasts): (&[u16], &[Option<RowPast>]),
    take: &mut impl Take<'a>,
) -> bool {
    let (values, of) = (Values::of(lane, view.reading()), take.entry(entry));
    let mut is_any = false;
    for (i, (row, past)) in rows.iter().zip(pasts).enumerate() {
        let then = |past: &RowPast| past.then(lane.path, view.segment().undo());
        let found = match past.as_ref().map_or(Then::Lane, then) {
            Then::Lane => {
                let found = lane.kinds.find(*row);
                found.map(|(slot, kind)| values.get(slot, kind))
            }
            Then::Record(record) => found_of(view.old_cell(record)),
            Then::Nowhere => None,
        };
        if let Some(found) = found {
            is_any = true;
            take.take(i, &of, found);
        }
    }
    is_any
}

/// Where the values of a lane lie.
struct Values<'a> {
    lane: &'a Lane,
    strings: Texts<'a>,
    arrays: Texts<'a>,
}

/// Where texts of a lane lie.
#[derive(Clone, Copy)]
enum Texts<'a> {
    None,
    Codes(&'a Codes, &'a Dictionary),
    Raw(&'a RawText),
    Times(&'a TimeLane),
    Shared(&'a LaneVec<u8>),
}

impl<'a> Values<'a> {
    #[inline]
    fn of(lane: &'a Lane, reading: Reading<'a>) -> Self {
        let texts = |kind| Texts::of(lane, kind, reading);
        Self { lane, strings: texts(TextKind::Strings), arrays: texts(TextKind::Arrays) }
    }

    #[inline(always)]
    fn get(&self, slot: usize, kind: Kind) -> Found<'a> {
        match kind {
            // No slot is of an undefined cell.
            Kind::Undefined | Kind::Null => Found::Null,
            Kind::False => Found::False,
            Kind::True => Found::True,
            Kind::Object => Found::Object,
            Kind::Number => Found::Number(number_at(self.lane, slot)),
            Kind::String => self.strings.get(slot),
            Kind::Array => match self.arrays.get(slot) {
                Found::String(text) => Found::Array(text),
                found => found,
            },
        }
    }
}

impl<'a> Texts<'a> {
    #[inline]
    fn of(lane: &'a Lane, kind: TextKind, reading: Reading<'a>) -> Self {
        match lane.text_part(kind) {
            None => Self::None,
            Some(TextLane::Codes(codes)) => match lane.dictionary(kind, reading.texts) {
                Some(dictionary) => Self::Codes(&codes.codes, dictionary),
                None => Self::None,
            },
            Some(TextLane::Raw(raw)) => Self::Raw(raw),
            Some(TextLane::Times(times)) => Self::Times(times),
            Some(TextLane::Shared(places)) => Self::Shared(places),
        }
    }

    #[inline(always)]
    fn get(self, slot: usize) -> Found<'a> {
        match self {
            Self::Codes(codes, dictionary) => Found::String(dictionary.text(codes.get(slot))),
            Self::Raw(raw) => Found::String(raw.text(slot)),
            Self::Times(times) => match times.coder().decode(times.code(slot)) {
                Decoded::Stamp(stamp) => Found::Stamp(stamp),
                Decoded::Odd(text) => Found::String(text),
            },
            Self::Shared(places) => Found::Shared(place_at(places, slot)),
            Self::None => Found::String(""),
        }
    }
}

/// What an old cell holds; `None` if it is undefined.
fn found_of(cell: Cell<'_>) -> Option<Found<'_>> {
    Some(match cell {
        Cell::Undefined => return None,
        Cell::Null => Found::Null,
        Cell::Bool(false) => Found::False,
        Cell::Bool(true) => Found::True,
        Cell::Number(number) => Found::Number(number),
        Cell::Array(Text::Borrowed(text)) => Found::Array(text),
        Cell::String(Text::Borrowed(text)) => Found::String(text),
        // Texts are printed on the spot from stamps alone.
        Cell::String(Text::Inline(text)) | Cell::Array(Text::Inline(text)) => {
            Stamp::parse(text.as_str()).map_or(Found::Null, Found::Stamp)
        }
        Cell::Object => Found::Object,
    })
}
