//! Distinct cells of a segment, numbered row by row: for sinks that group by several paths.
//!
//! Rows are numbered kind by kind, each number written where its row stands, so that every part of
//! a lane is walked once and in its own order.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use twindex_kernels::SEGMENT_ROWS;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;

use crate::lane::Lane;
use crate::lane::number::{NumberForm, NumberLane};
use crate::lane::string::TextLane;
use crate::texts::{TextKind, Texts};
use crate::view::SegmentView;

/// Greatest code for which a table by code is laid out; beyond, a hash table.
const TABLE_CODE_MAX: u64 = 1 << 17;
/// Rows below which a table by row would cost more than it saves.
const FEW_ROWS: usize = 4_096;
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
    let mut numbering = Numbering { lane, texts: &view.index().texts, cells: Vec::new() };
    let n_rows = mask.count() as usize;
    if n_rows < FEW_ROWS {
        ids.resize(n_rows, NONE);
        numbering.number_all(mask, &Places::Ranks(mask, ranks(mask)), ids);
    } else {
        let mut by_row = vec![NONE; SEGMENT_ROWS];
        numbering.number_all(mask, &Places::Rows, &mut by_row);
        ids.extend(mask.iter().map(|row| by_row[usize::from(row)]));
    }
    numbering.cells
}

/// Where the number of a row is written.
enum Places<'m> {
    /// At the row.
    Rows,
    /// At its rank in the mask, of which the rows before each word are counted.
    Ranks(&'m Mask, Box<[u32]>),
}

impl Places<'_> {
    #[inline]
    fn of(&self, row: u16) -> usize {
        let row = usize::from(row);
        match self {
            Self::Rows => row,
            Self::Ranks(mask, ranks) => {
                let below = mask.words()[row / 64] & ((1 << (row % 64)) - 1);
                (ranks[row / 64] + below.count_ones()) as usize
            }
        }
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
    texts: &'a Texts,
    cells: Vec<Cell<'a>>,
}

impl<'a> Numbering<'a> {
    fn add(&mut self, cell: Cell<'a>) -> u32 {
        self.cells.push(cell);
        self.cells.len() as u32 - 1
    }

    /// Numbers the cells of all rows of `mask`.
    fn number_all(&mut self, mask: &Mask, at: &Places<'_>, out: &mut [u32]) {
        let mut undefined = mask.clone();
        self.lane.kinds.narrow(KindSet::of(&[Kind::Undefined]), undefined.words_mut());
        if !undefined.is_empty() {
            let id = self.add(Cell::Undefined);
            undefined.iter().for_each(|row| out[at.of(row)] = id);
        }
        for kind in self.lane.kinds.present().iter() {
            self.number_kind(kind, mask, (at, out));
        }
    }

    /// Numbers the cells of one kind.
    fn number_kind(&mut self, kind: Kind, mask: &Mask, (at, out): (&Places<'_>, &mut [u32])) {
        let slots = self.lane.kinds.slots_of_kind(kind, Some(mask.words()));
        if slots.is_empty() {
            return;
        }
        let rows = if self.lane.kinds.is_dense() {
            slots.clone()
        } else {
            self.lane.kinds.rows_of_slots(&slots)
        };
        let places = rows.iter().map(|row| at.of(row)).zip(slots.iter().map(usize::from));
        let (numbers, lane) = (self.lane.numbers.as_deref(), self.lane);
        match (kind, numbers) {
            (Kind::Number, Some(part)) => {
                let mut odd = CodeTable::default();
                self.number_by_code(kind, (places, out), |slot| number_code(part, slot), &mut odd);
            }
            (Kind::String, _) => self.number_texts((TextKind::Strings, lane), (places, out)),
            (Kind::Array, _) => self.number_texts((TextKind::Arrays, lane), (places, out)),
            _ => {
                let id = self.add(lane.cell_at(0, kind, self.texts));
                places.for_each(|(place, _)| out[place] = id);
            }
        }
    }

    fn number_texts(
        &mut self,
        (kind, lane): (TextKind, &'a Lane),
        (places, out): (impl Iterator<Item = (usize, usize)>, &mut [u32]),
    ) {
        let mut odd = CodeTable::default();
        let rows = (places, out);
        match lane.text_part(kind) {
            Some(TextLane::Codes(part)) => {
                let code = |slot| Key::Code(part.codes.get(slot).into());
                self.number_by_code(kind.kind(), rows, code, &mut odd);
            }
            Some(TextLane::Times(times)) => {
                self.number_by_code(
                    kind.kind(),
                    rows,
                    |slot| Key::Code(times.code(slot)),
                    &mut odd,
                );
            }
            Some(TextLane::Raw(_)) => self.number_by_text(kind.kind(), rows),
            None => (),
        }
    }

    /// Numbers cells that a code tells apart; those without one by their bits, in a table beside.
    fn number_by_code(
        &mut self,
        kind: Kind,
        (places, out): (impl Iterator<Item = (usize, usize)>, &mut [u32]),
        key: impl Fn(usize) -> Key,
        odd: &mut CodeTable,
    ) {
        let mut table = CodeTable::default();
        for (place, slot) in places {
            let next = self.cells.len() as u32;
            let id = match key(slot) {
                Key::Code(code) => *table.entry(code, next),
                Key::Bits(bits) => *odd.entry(bits, next),
            };
            if id == next {
                self.cells.push(self.lane.cell_at(slot, kind, self.texts));
            }
            out[place] = id;
        }
    }

    /// Numbers cells that only their text tells apart.
    fn number_by_text(
        &mut self,
        kind: Kind,
        (places, out): (impl Iterator<Item = (usize, usize)>, &mut [u32]),
    ) {
        let hasher = RandomState::default();
        let mut by_text: HashTable<u32> = HashTable::new();
        for (place, slot) in places {
            let cell = self.lane.cell_at(slot, kind, self.texts);
            let hash = hasher.hash_one(text_of(&cell));
            let cells = &self.cells;
            let same = |id: &u32| text_of(&cells[*id as usize]) == text_of(&cell);
            if let Some(id) = by_text.find(hash, same) {
                out[place] = *id;
                continue;
            }
            let id = self.add(cell);
            let cells = &self.cells;
            by_text.insert_unique(hash, id, |id| hasher.hash_one(text_of(&cells[*id as usize])));
            out[place] = id;
        }
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
