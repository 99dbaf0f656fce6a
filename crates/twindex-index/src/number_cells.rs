//! Distinct cells of a segment, numbered row by row: for sinks that group by several paths.
//!
//! Rows are numbered kind by kind, each number written where its row stands, so that every part of
//! a lane is walked once and in its own order.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use twindex_kernels::Code;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;

use crate::lane::codes::{Codes, each_width};
use crate::lane::number::{NumberForm, NumberLane};
use crate::lane::string::{At, TextLane, place_at};
use crate::lane::{Lane, Reading};
use crate::texts::TextKind;
use crate::view::SegmentView;

/// Greatest code for which a table by code is laid out; beyond, a hash table.
const TABLE_CODE_MAX: u64 = 1 << 17;
/// No number yet.
const NONE: u32 = u32::MAX;

/// See [`SegmentView::group_ids`].
pub(crate) fn group_ids<'a>(
    view: &SegmentView<'a>,
    path: PathId,
    mask: &Mask,
    ids: &mut Vec<u32>,
) -> Vec<Cell<'a>> {
    ids.clear();
    let Some(lane) = view.lane(path) else {
        ids.resize(mask.count() as usize, 0);
        return vec![Cell::Undefined];
    };
    let mut numbering = Numbering { lane, reading: view.reading(), cells: Vec::new() };
    ids.resize(mask.count() as usize, NONE);
    numbering.number_all(mask, ids);
    numbering.cells
}

/// Where the number of a row is written: at its rank in the mask.
struct Ranks<'m> {
    mask: &'m Mask,
    /// Rows of the mask before each word.
    before: Box<[u32]>,
}

impl Ranks<'_> {
    #[inline]
    fn of(&self, row: u16) -> usize {
        let row = usize::from(row);
        let below = self.mask.words()[row / 64] & ((1 << (row % 64)) - 1);
        (self.before[row / 64] + below.count_ones()) as usize
    }
}

/// Rows of `mask` before each of its words.
fn ranks(mask: &Mask) -> Box<[u32]> {
    let mut n_before = 0;
    let of_word = |word: &u64| {
        let rank = n_before;
        n_before += word.count_ones();
        rank
    };
    mask.words().iter().map(of_word).collect()
}

/// Numbers given to cells so far.
struct Numbering<'a> {
    lane: &'a Lane,
    reading: Reading<'a>,
    cells: Vec<Cell<'a>>,
}

/// Row and slot of the values of one kind, and where their numbers are written.
struct Target<'m, 'o> {
    rows: Mask,
    slots: Mask,
    /// `None` if every row of the mask is of this kind, so that numbers come in order.
    ranks: Option<Ranks<'m>>,
    out: &'o mut [u32],
}

impl Target<'_, '_> {
    /// Hands over each row and slot, and writes the number it gets for it.
    #[inline]
    fn number(self, mut id: impl FnMut(At) -> u32) {
        let places = self.rows.iter().zip(self.slots.iter().map(usize::from));
        match self.ranks {
            None => self.out.iter_mut().zip(places).for_each(|(out, at)| *out = id(at)),
            Some(ranks) => places.for_each(|at| self.out[ranks.of(at.0)] = id(at)),
        }
    }
}

impl<'a> Numbering<'a> {
    fn add(&mut self, cell: Cell<'a>) -> u32 {
        self.cells.push(cell);
        self.cells.len() as u32 - 1
    }

    /// Numbers the cells of all rows of `mask`.
    fn number_all(&mut self, mask: &Mask, out: &mut [u32]) {
        let kinds = &self.lane.kinds;
        let mut undefined = mask.clone();
        kinds.narrow(KindSet::of(&[Kind::Undefined]), undefined.words_mut());
        if !undefined.is_empty() {
            let id = self.add(Cell::Undefined);
            let ranks = Ranks { mask, before: ranks(mask) };
            undefined.iter().for_each(|row| out[ranks.of(row)] = id);
        }
        for kind in kinds.present().iter() {
            let slots = kinds.slots_of_kind(kind, Some(mask.words()));
            if slots.is_empty() {
                continue;
            }
            let is_all = slots.count() as usize == out.len();
            let target = Target {
                rows: kinds.rows_of_slots(&slots),
                slots,
                ranks: (!is_all).then(|| Ranks { mask, before: ranks(mask) }),
                out,
            };
            self.number_kind(kind, target);
        }
    }

    /// Numbers the cells of one kind.
    fn number_kind(&mut self, kind: Kind, target: Target<'_, '_>) {
        let lane = self.lane;
        match (kind, lane.numbers.as_deref()) {
            (Kind::Number, Some(part)) => {
                self.number_by_code(kind, target, |at| number_code(part, at.1));
            }
            (Kind::String, _) => self.number_texts(TextKind::Strings, target),
            (Kind::Array, _) => self.number_texts(TextKind::Arrays, target),
            _ => {
                let id = self.add(lane.cell_at((0, 0), kind, self.reading));
                target.number(|_| id);
            }
        }
    }

    fn number_texts(&mut self, kind: TextKind, target: Target<'_, '_>) {
        let (lane, stamps) = (self.lane, self.reading.stamps);
        let of_kind = kind.kind();
        match lane.text_part(kind) {
            Some(TextLane::Codes(part)) => self.number_codes(of_kind, target, &part.codes),
            Some(TextLane::Times(times)) => {
                self.number_by_code(of_kind, target, |at| Key::Code(times.code(at.1)));
            }
            Some(TextLane::Shared(places)) => self.number_by_code(of_kind, target, |at| {
                Key::Code(stamps.code(at.0, place_at(places, at.1)))
            }),
            Some(TextLane::Raw(_)) => self.number_by_text(of_kind, target),
            None => (),
        }
    }

    /// Numbers cells by dictionary code: the common case, so with a loop for each width.
    fn number_codes(&mut self, kind: Kind, target: Target<'_, '_>, codes: &Codes) {
        let greatest = codes.greatest_stored();
        if u64::from(greatest) > TABLE_CODE_MAX {
            self.number_by_code(kind, target, |at| Key::Code(codes.get(at.1).into()));
            return;
        }
        let mut table = vec![NONE; greatest as usize + 1];
        each_width!(codes, codes => target.number(|at| {
            let id = &mut table[codes[at.1].index()];
            if *id == NONE {
                *id = self.add(self.lane.cell_at(at, kind, self.reading));
            }
            *id
        }));
    }

    /// Numbers cells that a code tells apart; those without one by their bits, in a table beside.
    fn number_by_code(&mut self, kind: Kind, target: Target<'_, '_>, key: impl Fn(At) -> Key) {
        let (mut table, mut odd) = (CodeTable::default(), CodeTable::default());
        target.number(|at| {
            let next = self.cells.len() as u32;
            let id = match key(at) {
                Key::Code(code) => *table.entry(code, next),
                Key::Bits(bits) => *odd.entry(bits, next),
            };
            if id == next {
                self.cells.push(self.lane.cell_at(at, kind, self.reading));
            }
            id
        });
    }

    /// Numbers cells that only their text tells apart.
    fn number_by_text(&mut self, kind: Kind, target: Target<'_, '_>) {
        let hasher = RandomState::default();
        let mut by_text: HashTable<u32> = HashTable::new();
        target.number(|at| {
            let cell = self.lane.cell_at(at, kind, self.reading);
            let hash = hasher.hash_one(text_of(&cell));
            let cells = &self.cells;
            let same = |id: &u32| text_of(&cells[*id as usize]) == text_of(&cell);
            if let Some(id) = by_text.find(hash, same) {
                return *id;
            }
            let id = self.add(cell);
            let cells = &self.cells;
            by_text.insert_unique(hash, id, |id| hasher.hash_one(text_of(&cells[*id as usize])));
            id
        });
    }
}

/// What tells a value from the others of its lane.
enum Key {
    /// A code.
    Code(u64),
    /// The bits of a number outside the frame.
    Bits(u64),
}

/// Numbers by code, in a table that grows to the greatest code met, or hashed.
#[derive(Default)]
struct CodeTable {
    table: Vec<u32>,
    hashed: HashMap<u64, u32, RandomState>,
}

impl CodeTable {
    /// The number of a code, which is `next` if it had none.
    #[inline]
    fn entry(&mut self, code: u64, next: u32) -> &mut u32 {
        if code > TABLE_CODE_MAX {
            return self.hashed.entry(code).or_insert(next);
        }
        let at = code as usize;
        if at >= self.table.len() {
            self.table.resize(at + 1, NONE);
        }
        let id = &mut self.table[at];
        if *id == NONE {
            *id = next;
        }
        id
    }
}

fn number_code(part: &NumberLane, slot: usize) -> Key {
    match &part.form {
        NumberForm::Framed(framed) if framed.codes.get(slot) != framed.frame.n_codes() => {
            Key::Code(framed.codes.get(slot).into())
        }
        _ => Key::Bits(part.number(slot).to_bits()),
    }
}

fn text_of<'c>(cell: &'c Cell<'_>) -> &'c str {
    match cell {
        Cell::String(text) | Cell::Array(text) => text,
        _ => "",
    }
}
