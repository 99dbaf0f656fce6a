//! The cells of one path as small codes by row: what grouping counts by.
//!
//! Where every row asked for has a dictionary code or a framed number, the lane's own column is such
//! a column, and nothing is copied. Kinds that have no codes get one each, so that absence, null
//! and mixed types need no way of their own: they cost one pass that writes a column. A column of
//! several paths is one again ([`CodeColumn::join`]), as long as its codes fit a table that stays
//! in a core's own cache; beyond, a number for each row and path is asked for instead
//! ([`SegmentView::group_ids`]).

use std::borrow::Cow;

use smallvec::SmallVec;
use twindex_kernels::mask::{Mask, Words};
use twindex_kernels::{Code, Place, combine_codes, histogram, min_max_codes, write_codes};
use twindex_model::cell::{Cell, Text};
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::dictionary::Dictionary;
use crate::lane::Lane;
use crate::lane::codes::{Codes, each_width};
use crate::lane::frame::Frame;
use crate::lane::number::NumberForm;
use crate::lane::string::TextLane;
use crate::texts::TextKind;
use crate::view::SegmentView;

/// Codes of a column at most: a table of counts by code should stay in a core's own cache.
pub const CODES_MAX: usize = 1 << 16;

/// A cell as a lane has it.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The cell.
    pub cell: Cell<'a>,
    /// What tells its text from all others, if it is in a dictionary: saves looking it up by value.
    pub code: Option<DictionaryCode>,
}

/// A text by its place in a dictionary. Equal ones are equal texts of one kind, whenever they were
/// met; the same text may have others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DictionaryCode {
    /// The filling of a dictionary; no two have the same.
    pub generation: u32,
    /// The code in it. Codes are given in sequence, so a table by code is short.
    pub code: u32,
}

impl<'a> Found<'a> {
    /// A cell that no dictionary knows.
    pub(crate) fn plain(cell: Cell<'a>) -> Self {
        Self { cell, code: None }
    }

    /// A text of a dictionary.
    pub(crate) fn text(kind: TextKind, dictionary: &'a Dictionary, code: u32) -> Self {
        let text = Text::Borrowed(dictionary.text(code));
        let code = DictionaryCode { generation: dictionary.generation(), code };
        Self { cell: kind.cell(text), code: Some(code) }
    }
}

/// Codes by row. Of rows that were not asked for they mean nothing.
#[derive(Clone, Debug)]
pub struct CodeColumn<'a> {
    by_row: ByRow<'a>,
    /// What code 0 is stored as.
    least: u32,
    n_codes: usize,
}

#[derive(Clone, Debug)]
enum ByRow<'a> {
    Bytes(Cow<'a, [u8]>),
    Words(Cow<'a, [u16]>),
    Wide(&'a [u32]),
}

macro_rules! each_column {
    ($by_row:expr, $column:ident => $body:expr) => {
        match $by_row {
            ByRow::Bytes($column) => {
                let $column: &[u8] = $column;
                $body
            }
            ByRow::Words($column) => {
                let $column: &[u16] = $column;
                $body
            }
            ByRow::Wide($column) => {
                let $column: &[u32] = $column;
                $body
            }
        }
    };
}

impl CodeColumn<'_> {
    /// Codes are below it.
    #[must_use]
    pub fn n_codes(&self) -> usize {
        self.n_codes
    }

    /// Rows of `mask` by code; the rows must be among those asked for.
    #[must_use]
    pub fn histogram(&self, mask: &Mask) -> Vec<u32> {
        let mut counts = vec![0; self.n_codes];
        match (&self.by_row, self.least) {
            (ByRow::Bytes(codes), 0) => histogram(mask.words(), codes, &mut counts),
            (ByRow::Words(codes), 0) => histogram(mask.words(), codes, &mut counts),
            _ => each_column!(&self.by_row, codes => {
                let codes: Vec<u16> = combine_codes((codes, codes), 0, self.least);
                histogram(mask.words(), &codes, &mut counts);
            }),
        }
        counts
    }

    /// The pairs of codes of both as codes: `a * b.n_codes() + b`; none if they are too many.
    #[must_use]
    pub fn join(&self, b: &CodeColumn<'_>) -> Option<CodeColumn<'static>> {
        let n_codes = self.n_codes.checked_mul(b.n_codes).filter(|n| *n <= CODES_MAX)?;
        // At most 2^16 codes, so neither product is past 32 bits but for the least of wide codes,
        // where wrapping is what is wanted.
        let n_b = b.n_codes as u32;
        let least = self.least.wrapping_mul(n_b).wrapping_add(b.least);
        let by_row = each_column!(&self.by_row, x => each_column!(&b.by_row, y => {
            if n_codes <= usize::from(u8::MAX) + 1 {
                ByRow::Bytes(combine_codes((x, y), n_b, least).into())
            } else {
                ByRow::Words(combine_codes((x, y), n_b, least).into())
            }
        }));
        Some(CodeColumn { by_row, least: 0, n_codes })
    }
}

/// A column of codes and the cells they stand for.
#[derive(Clone, Debug)]
pub struct Coded<'a> {
    column: CodeColumn<'a>,
    /// By ascending first code.
    parts: SmallVec<[Part<'a>; 2]>,
}

/// Codes in sequence that stand for cells of one kind.
#[derive(Clone, Debug)]
struct Part<'a> {
    first: usize,
    cells: Cells<'a>,
}

#[derive(Clone, Debug)]
enum Cells<'a> {
    One(Cell<'a>),
    /// Texts from a code of the dictionary on.
    Texts(TextKind, &'a Dictionary, u32),
    /// Numbers from a code of the frame on.
    Numbers(Frame, u32),
    /// Numbers outside the frame.
    Odd(&'a [(u16, f64)]),
}

/// What the codes of a column stand for: columns with equal meanings stand for the same cells, code
/// by code.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    n_codes: usize,
    parts: SmallVec<[(usize, PartMeaning); 2]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum PartMeaning {
    Kind(Kind),
    /// The filling of a dictionary, and the first code.
    Texts(TextKind, u32, u32),
    Numbers(Frame, u32),
}

impl<'a> Coded<'a> {
    /// What the codes stand for; `None` where that takes a look at each.
    #[must_use]
    pub fn meaning(&self) -> Option<Meaning> {
        let meaning = |part: &Part<'a>| {
            let meaning = match &part.cells {
                Cells::One(cell) => PartMeaning::Kind(cell.kind()),
                Cells::Texts(kind, dictionary, least) => {
                    PartMeaning::Texts(*kind, dictionary.generation(), *least)
                }
                Cells::Numbers(frame, least) => PartMeaning::Numbers(*frame, *least),
                Cells::Odd(_) => return None,
            };
            Some((part.first, meaning))
        };
        let parts = self.parts.iter().map(meaning).collect::<Option<_>>()?;
        Some(Meaning { n_codes: self.column.n_codes, parts })
    }

    /// The codes that stand for numbers which ascend with them, from the first of these on; there
    /// may be none.
    #[must_use]
    pub fn ascending_numbers(&self) -> (usize, Vec<f64>) {
        let ends = self.parts.iter().skip(1).map(|part| part.first);
        for (part, end) in self.parts.iter().zip(ends.chain([self.column.n_codes])) {
            if let Cells::Numbers(frame, least) = &part.cells {
                let codes = (*least..).take(end - part.first);
                return (part.first, codes.map(|code| frame.number(code)).collect());
            }
        }
        (0, Vec::new())
    }

    /// The codes.
    #[must_use]
    pub fn column(&self) -> &CodeColumn<'a> {
        &self.column
    }

    /// The cell of a code, which must be below [`CodeColumn::n_codes`]. One cell may have several
    /// codes.
    #[must_use]
    pub fn found(&self, code: usize) -> Found<'a> {
        let at = self.parts.partition_point(|part| part.first <= code);
        let Some(part) = self.parts[..at].last() else { return Found::plain(Cell::Undefined) };
        let place = code - part.first;
        match &part.cells {
            Cells::One(cell) => Found::plain(cell.clone()),
            Cells::Texts(kind, dictionary, least) => {
                Found::text(*kind, dictionary, least + place as u32)
            }
            Cells::Numbers(frame, least) => {
                Found::plain(Cell::Number(frame.number(least + place as u32)))
            }
            Cells::Odd(numbers) => {
                let number = numbers.get(place).map(|odd| Cell::Number(odd.1));
                Found::plain(number.unwrap_or(Cell::Undefined))
            }
        }
    }
}

/// See [`SegmentView::coded`].
pub(crate) fn coded<'a>(view: &SegmentView<'a>, path: PathId, mask: &Mask) -> Option<Coded<'a>> {
    let n_rows = mask.count();
    let Some(lane) = view.lane(path) else { return Some(one(Cell::Undefined, mask)) };
    let mut sources: SmallVec<[Source<'a>; 2]> = SmallVec::new();
    let mut n_defined = 0;
    for kind in lane.kinds.present().iter() {
        let slots = lane.kinds.slots_of_kind(kind, Some(mask.words()));
        let n_slots = slots.count();
        n_defined += n_slots;
        if n_slots > 0 {
            sources.push(Source::of(view, (lane, kind), slots)?);
        }
    }
    let has_undefined = n_defined < n_rows || n_rows == 0;
    match &sources[..] {
        [] => Some(one(Cell::Undefined, mask)),
        [Source::Codes { codes, least, n_codes, odd: [], cells, .. }]
            if !has_undefined && lane.kinds.is_dense() =>
        {
            let by_row = match codes {
                Codes::U8(codes) => ByRow::Bytes(Cow::Borrowed(codes)),
                Codes::U16(codes) => ByRow::Words(Cow::Borrowed(codes)),
                Codes::U32(codes) => ByRow::Wide(codes),
            };
            let column = CodeColumn { by_row, least: *least, n_codes: *n_codes };
            let part = Part { first: 0, cells: cells.clone() };
            Some(Coded { column, parts: SmallVec::from_iter([part]) })
        }
        _ => written(lane, &sources, has_undefined),
    }
}

/// The same cell in every row.
fn one<'a>(cell: Cell<'a>, mask: &Mask) -> Coded<'a> {
    let end = mask.words().iter().rposition(|word| *word != 0).map_or(0, |word| word + 1) * 64;
    let column = CodeColumn { by_row: ByRow::Bytes(vec![0; end].into()), least: 0, n_codes: 1 };
    let part = Part { first: 0, cells: Cells::One(cell) };
    Coded { column, parts: SmallVec::from_iter([part]) }
}

/// What the cells of one kind are told apart by.
enum Source<'a> {
    One {
        kind: Kind,
        slots: Mask,
    },
    /// Codes in slots, from the least on.
    Codes {
        codes: &'a Codes,
        slots: Mask,
        least: u32,
        n_codes: usize,
        cells: Cells<'a>,
        /// Numbers outside the frame, whose slots are not among the others.
        odd: &'a [(u16, f64)],
    },
}

impl<'a> Source<'a> {
    /// The cells of a kind in some slots; none where they have no codes, or too many.
    fn of(view: &SegmentView<'a>, (lane, kind): (&'a Lane, Kind), slots: Mask) -> Option<Self> {
        match kind {
            Kind::Undefined | Kind::Object => None,
            Kind::Null | Kind::False | Kind::True => Some(Self::One { kind, slots }),
            Kind::String => Self::of_texts(view, (lane, TextKind::Strings), slots),
            Kind::Array => Self::of_texts(view, (lane, TextKind::Arrays), slots),
            Kind::Number => {
                let NumberForm::Framed(framed) = &lane.numbers.as_ref()?.form else { return None };
                let mut slots = slots;
                framed.exceptions.iter().for_each(|(slot, _)| slots.clear_row(*slot));
                let (least, n_codes) = range_of(&framed.codes, slots.words())?;
                let cells = Cells::Numbers(framed.frame, least);
                let (codes, odd) = (&framed.codes, &framed.exceptions[..]);
                Some(Self::Codes { codes, slots, least, n_codes, cells, odd })
            }
        }
    }

    fn of_texts(
        view: &SegmentView<'a>,
        (lane, kind): (&'a Lane, TextKind),
        slots: Mask,
    ) -> Option<Self> {
        let Some(TextLane::Codes(part)) = lane.text_part(kind) else { return None };
        let dictionary = lane.dictionary(kind, &view.index().texts)?;
        let (least, n_codes) = range_of(&part.codes, slots.words())?;
        let cells = Cells::Texts(kind, dictionary, least);
        Some(Self::Codes { codes: &part.codes, slots, least, n_codes, cells, odd: &[] })
    }

    fn n_codes(&self) -> usize {
        match self {
            Self::One { .. } => 1,
            Self::Codes { n_codes, odd, .. } => n_codes + odd.len(),
        }
    }
}

/// The least code of some slots, and how many there are from it to the greatest; none if too many.
fn range_of(codes: &Codes, slots: &Words) -> Option<(u32, usize)> {
    let (least, greatest) = each_width!(codes, codes => {
        min_max_codes(slots, codes).map(|(min, max)| (min.index(), max.index()))
    })
    .unwrap_or((0, 0));
    let n_codes = greatest - least + 1;
    (n_codes <= CODES_MAX).then_some((least as u32, n_codes))
}

/// A column written for cells of several kinds.
fn written<'a>(lane: &Lane, sources: &[Source<'a>], has_undefined: bool) -> Option<Coded<'a>> {
    let n_codes = sources.iter().map(Source::n_codes).sum::<usize>() + usize::from(has_undefined);
    if n_codes > CODES_MAX {
        return None;
    }
    let mut parts: SmallVec<[Part<'a>; 2]> = SmallVec::new();
    if has_undefined {
        parts.push(Part { first: 0, cells: Cells::One(Cell::Undefined) });
    }
    let by_row = if n_codes <= usize::from(u8::MAX) + 1 {
        ByRow::Bytes(column_of::<u8>(lane, sources, &mut parts).into())
    } else {
        ByRow::Words(column_of::<u16>(lane, sources, &mut parts).into())
    };
    Some(Coded { column: CodeColumn { by_row, least: 0, n_codes }, parts })
}

/// Writes the codes, those of each source after those of the one before; rows that no source has
/// stay 0.
fn column_of<'a, T: Place>(
    lane: &Lane,
    sources: &[Source<'a>],
    parts: &mut SmallVec<[Part<'a>; 2]>,
) -> Vec<T> {
    let mut column = vec![T::default(); twindex_kernels::SEGMENT_ROWS];
    let mut first = parts.len();
    for source in sources {
        match source {
            Source::One { kind, slots } => {
                let code = T::from_u32(first as u32).unwrap_or_default();
                lane.kinds.rows_of_slots(slots).iter().for_each(|row| {
                    column[usize::from(row)] = code;
                });
                parts.push(Part { first, cells: Cells::One(valueless(*kind)) });
            }
            Source::Codes { codes, slots, least, n_codes, cells, odd } => {
                let shift = (first as u32).wrapping_sub(*least);
                each_width!(codes, codes => write_part(lane, slots, (codes, shift), &mut column));
                parts.push(Part { first, cells: cells.clone() });
                if !odd.is_empty() {
                    let first = first + n_codes;
                    write_odd(lane, odd, first, &mut column);
                    parts.push(Part { first, cells: Cells::Odd(odd) });
                }
            }
        }
        first += source.n_codes();
    }
    column
}

/// Writes the codes of some slots, each moved, to their rows.
fn write_part<C: Code, T: Place>(
    lane: &Lane,
    slots: &Mask,
    (codes, shift): (&[C], u32),
    column: &mut [T],
) {
    if lane.kinds.is_dense() {
        write_codes(slots.words(), codes, shift, column);
        return;
    }
    let rows = lane.kinds.rows_of_slots(slots);
    let mut places = slots.iter().map(usize::from);
    for row in &rows {
        let Some(code) = places.next().and_then(|slot| codes.get(slot)) else { return };
        let code: u32 = (*code).into();
        column[usize::from(row)] = T::cut(code.wrapping_add(shift));
    }
}

/// Writes a code for each number outside the frame.
fn write_odd<T: Code>(lane: &Lane, odd: &[(u16, f64)], first: usize, column: &mut [T]) {
    let mut slots = Mask::empty();
    odd.iter().for_each(|(slot, _)| slots.set(*slot));
    for (row, code) in lane.kinds.rows_of_slots(&slots).iter().zip(first..) {
        column[usize::from(row)] = T::from_u32(code as u32).unwrap_or_default();
    }
}

/// The cell of a kind that is its own value.
fn valueless<'a>(kind: Kind) -> Cell<'a> {
    match kind {
        Kind::Null => Cell::Null,
        Kind::False => Cell::Bool(false),
        Kind::True => Cell::Bool(true),
        _ => Cell::Undefined,
    }
}
