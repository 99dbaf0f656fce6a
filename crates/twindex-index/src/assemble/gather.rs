//! The cells of some rows, gathered lane by lane before any is printed.
//!
//! What a lane is like is found out once for the rows of a block, and the loads of one row do not
//! wait for those of another. Cells refer to where their texts lie; nothing is copied.

use smallvec::SmallVec;
use twindex_kernels::LaneVec;
use twindex_model::cell::{Cell, Text};
use twindex_model::kind::Kind;

use super::layout::Layout;
use crate::dictionary::Dictionary;
use crate::lane::codes::Codes;
use crate::lane::raw::RawText;
use crate::lane::stamp::Stamp;
use crate::lane::stamp_code::Decoded;
use crate::lane::string::{TextLane, place_at};
use crate::lane::time::TimeLane;
use crate::lane::{Lane, Reading};
use crate::past::{RowPast, Then};
use crate::texts::TextKind;
use crate::view::SegmentView;

/// Rows of a block: their cells stay in the cache until they are printed.
pub(super) const BLOCK: usize = 16;
/// No cell.
pub(super) const NONE: u32 = u32::MAX;

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

/// A cell in a chain of those of its row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gathered<'a> {
    pub(super) found: Found<'a>,
    /// Its entry in the layout.
    pub(super) entry: u32,
    /// Place of the row's next cell; [`NONE`] at the end.
    pub(super) next: u32,
}

/// The defined cells of a block of rows, each row's in the order of the layout.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    cells: Vec<Gathered<'a>>,
    /// First and last cell of each row.
    ends: [(u32, u32); BLOCK],
}

impl<'a> Block<'a> {
    /// Gathers the cells of at most [`BLOCK`] rows in some entries of a layout.
    pub(super) fn gather(
        &mut self,
        view: &SegmentView<'a>,
        (layout, entries): (&Layout, std::ops::Range<usize>),
        rows: &[u16],
    ) {
        self.cells.clear();
        self.ends = [(NONE, NONE); BLOCK];
        let pasts: Vec<Option<RowPast>> = match view.has_past() {
            false => Vec::new(),
            true => rows.iter().map(|row| view.past_of_row(*row)).collect(),
        };
        let has_past = pasts.iter().any(Option::is_some);
        let mut asked: SmallVec<[(u16, u8); BLOCK]> = rows.iter().copied().zip(0..).collect();
        asked.sort_unstable();
        let (Some((first, _)), Some((last, _))) = (asked.first(), asked.last()) else { return };
        let (lanes, spans) = (view.segment().lanes(), view.segment().spans());
        let mut at = entries.start;
        while at < entries.end {
            let entry = layout.entries[at];
            if !has_past && !spans[entry.lane as usize].meets(*first, *last) {
                at = entry.end as usize;
                continue;
            }
            let (lane, n_before) = (&lanes[entry.lane as usize], self.cells.len());
            if has_past {
                self.gather_old(view, (lane, at as u32), (rows, &pasts));
            } else {
                self.gather_lane(view.reading(), (lane, at as u32), &asked);
            }
            // Where a path is in no row, nothing below it is.
            at = if self.cells.len() == n_before { entry.end as usize } else { at + 1 };
        }
    }

    #[inline]
    fn gather_lane(&mut self, reading: Reading<'a>, lane: (&'a Lane, u32), asked: &[(u16, u8)]) {
        let (lane, entry) = lane;
        let values = Values::of(lane, reading);
        lane.kinds.for_each_of(asked, |i, slot, kind| {
            self.push(usize::from(i), entry, values.get(slot, kind));
        });
    }

    /// The same where cells of some rows lie in the undo.
    fn gather_old(
        &mut self,
        view: &SegmentView<'a>,
        (lane, entry): (&'a Lane, u32),
        (rows, pasts): (&[u16], &[Option<RowPast>]),
    ) {
        let values = Values::of(lane, view.reading());
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
                self.push(i, entry, found);
            }
        }
    }

    #[inline]
    fn push(&mut self, row: usize, entry: u32, found: Found<'a>) {
        let place = self.cells.len() as u32;
        let (first, last) = &mut self.ends[row];
        match self.cells.get_mut(*last as usize) {
            Some(before) => before.next = place,
            None => *first = place,
        }
        *last = place;
        self.cells.push(Gathered { found, entry, next: NONE });
    }

    /// The cells of a row, by its number in the block.
    pub(super) fn cells(&self, row: usize) -> impl Iterator<Item = &Gathered<'a>> {
        let first = self.cells.get(self.ends[row].0 as usize);
        std::iter::successors(first, |cell| self.cells.get(cell.next as usize))
    }
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
    fn of(lane: &'a Lane, reading: Reading<'a>) -> Self {
        let texts = |kind: TextKind| match lane.text_part(kind) {
            None => Texts::None,
            Some(TextLane::Codes(codes)) => match lane.dictionary(kind, reading.texts) {
                Some(dictionary) => Texts::Codes(&codes.codes, dictionary),
                None => Texts::None,
            },
            Some(TextLane::Raw(raw)) => Texts::Raw(raw),
            Some(TextLane::Times(times)) => Texts::Times(times),
            Some(TextLane::Shared(places)) => Texts::Shared(places),
        };
        Self { lane, strings: texts(TextKind::Strings), arrays: texts(TextKind::Arrays) }
    }

    #[inline]
    fn get(&self, slot: usize, kind: Kind) -> Found<'a> {
        match kind {
            // No slot is of an undefined cell.
            Kind::Undefined | Kind::Null => Found::Null,
            Kind::False => Found::False,
            Kind::True => Found::True,
            Kind::Object => Found::Object,
            Kind::Number => {
                Found::Number(self.lane.numbers.as_ref().map_or(0.0, |part| part.number(slot)))
            }
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
