//! Distinct cells of a segment: counted, or numbered row by row for sinks that group.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use twindex_kernels::mask::{Mask, Words};
use twindex_kernels::{gather_codes, gather_f64};
use twindex_model::cell::{Cell, Text};
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;

use crate::counts::Counts;
use crate::lane::Lane;
use crate::lane::codes::{Codes, each_width};
use crate::lane::number::{Framed, NumberForm, NumberLane};
use crate::lane::string::{CodeLane, TextLane};
use crate::texts::TextKind;
use crate::view::SegmentView;

/// Greatest code for which a table by code is laid out; beyond, a hash table.
const TABLE_CODE_MAX: u32 = 1 << 17;
/// No number yet.
const NONE: u32 = u32::MAX;

/// See [`SegmentView::count_values`].
pub(crate) fn count_values<'a>(
    view: &SegmentView<'a>,
    path: PathId,
    mask: Option<&Mask>,
    take: &mut dyn FnMut(Cell<'a>, u32),
) {
    let n_rows = mask.map_or(view.n_live(), Mask::count);
    let Some(lane) = view.lane(path) else {
        give(Cell::Undefined, n_rows, take);
        return;
    };
    let mut n_defined = 0;
    for kind in lane.kinds.present().iter() {
        let slots = mask.map(|mask| lane.kinds.slots_of_kind(kind, Some(mask.words())));
        let n_slots = slots.as_ref().map_or(lane.kinds.count(kind), Mask::count);
        n_defined += n_slots;
        if n_slots > 0 {
            count_kind(view, (lane, kind), (slots, n_slots), take);
        }
    }
    give(Cell::Undefined, n_rows - n_defined, take);
}

fn give<'a>(cell: Cell<'a>, n_rows: u32, take: &mut dyn FnMut(Cell<'a>, u32)) {
    if n_rows > 0 {
        take(cell, n_rows);
    }
}

fn count_kind<'a>(
    view: &SegmentView<'a>,
    (lane, kind): (&'a Lane, Kind),
    (slots, n_slots): (Option<Mask>, u32),
    take: &mut dyn FnMut(Cell<'a>, u32),
) {
    let all = || lane.kinds.slots_of_kind(kind, None);
    match kind {
        Kind::Undefined => (),
        Kind::Null => take(Cell::Null, n_slots),
        Kind::False => take(Cell::Bool(false), n_slots),
        Kind::True => take(Cell::Bool(true), n_slots),
        Kind::Object => take(Cell::Object, n_slots),
        Kind::Number => {
            let slots = slots.unwrap_or_else(all);
            if let Some(part) = &lane.numbers {
                count_slots(part, slots.words(), &mut |number, n| take(Cell::Number(number), n));
            }
        }
        Kind::String => count_texts(view, (lane, TextKind::Strings), slots, &mut |text, n| {
            take(Cell::String(text), n);
        }),
        Kind::Array => count_texts(view, (lane, TextKind::Arrays), slots, &mut |text, n| {
            take(Cell::Array(text), n);
        }),
    }
}

fn count_texts<'a>(
    view: &SegmentView<'a>,
    (lane, kind): (&'a Lane, TextKind),
    slots: Option<Mask>,
    take: &mut dyn FnMut(Text<'a>, u32),
) {
    let Some(part) = lane.text_part(kind) else { return };
    let dictionary = lane.dictionary(kind, &view.index().texts);
    let all = || lane.kinds.slots_of_kind(kind.kind(), None);
    match (part, dictionary) {
        (TextLane::Codes(codes), Some(dictionary)) => {
            let mut give = |code: u32, n: u32| take(Text::Borrowed(dictionary.text(code)), n);
            if slots.is_none()
                && let Some(counts) = counts_of(view, (lane, kind), codes)
            {
                counts.iter().for_each(|(code, n)| give(code, n));
            } else {
                count_codes(&codes.codes, slots.unwrap_or_else(all).words(), &mut give);
            }
        }
        (part, dictionary) => {
            for slot in &slots.unwrap_or_else(all) {
                take(part.text(usize::from(slot), dictionary), 1);
            }
        }
    }
}

/// The counts of a lane's codes, built if they were not; `None` if codes are too great.
pub(crate) fn counts_of<'a>(
    view: &SegmentView<'_>,
    (lane, kind): (&Lane, TextKind),
    part: &'a CodeLane,
) -> Option<&'a Counts> {
    let build = || {
        let slots = lane.kinds.slots_of_kind(kind.kind(), None);
        Counts::build(&part.codes, slots.words(), view.index().options.count_values_max)
    };
    part.counts.get_or_init(build).as_ref()
}

/// Counts the codes of the slots in `mask`.
fn count_codes(codes: &Codes, mask: &Words, give: &mut dyn FnMut(u32, u32)) {
    let greatest = codes.greatest_stored();
    if greatest <= TABLE_CODE_MAX {
        let mut counts = vec![0; greatest as usize + 1];
        codes.histogram(mask, &mut counts);
        let counts = counts.iter().enumerate().filter(|(_, n)| **n > 0);
        counts.for_each(|(code, n)| give(code as u32, *n));
        return;
    }
    let mut gathered = Vec::new();
    each_width!(codes, codes => gather_codes(mask, codes, &mut gathered));
    gathered.sort_unstable();
    for run in gathered.chunk_by(|a, b| a == b) {
        give(run[0], run.len() as u32);
    }
}

/// See [`SegmentView::count_numbers`].
pub(crate) fn count_numbers(
    view: &SegmentView<'_>,
    path: PathId,
    mask: &Mask,
    take: &mut dyn FnMut(f64, u32),
) {
    if let Some(lane) = view.lane(path)
        && let Some(part) = &lane.numbers
    {
        let slots = lane.kinds.slots_of_kind(Kind::Number, Some(mask.words()));
        count_slots(part, slots.words(), take);
    }
}

/// Hands over the numbers of the slots in `mask`, all of which hold one.
fn count_slots(part: &NumberLane, mask: &Words, take: &mut dyn FnMut(f64, u32)) {
    match &part.form {
        NumberForm::Floats(numbers) => {
            let mut gathered = Vec::new();
            gather_f64(mask, numbers, &mut gathered);
            gathered.into_iter().for_each(|number| take(number, 1));
        }
        NumberForm::Framed(Framed { frame, codes, exceptions }) => {
            count_codes(codes, mask, &mut |code, n| {
                if code != frame.n_codes() {
                    take(frame.number(code), n);
                }
            });
            let odd = exceptions.iter().filter(|e| twindex_kernels::mask::get(mask, e.0));
            odd.for_each(|(_, number)| take(*number, 1));
        }
    }
}

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
    let mut numbering = Numbering::new(view, lane);
    match numbering.single_code_column(mask) {
        Some(codes) => numbering.number_column(codes, mask, ids),
        None => ids.extend(mask.iter().map(|row| numbering.id(row))),
    }
    numbering.cells
}

/// Numbers given to cells so far.
struct Numbering<'a> {
    view: SegmentView<'a>,
    lane: &'a Lane,
    cells: Vec<Cell<'a>>,
    /// By kind, for those without a value.
    by_kind: [u32; 8],
    /// By code: of numbers, numbers outside the frame, strings and arrays.
    by_code: [CodeTable; 4],
    /// By hash of the text, for texts without a code; those of equal hash in a list.
    by_text: HashMap<u64, Vec<u32>>,
    hasher: RandomState,
}

/// Numbers by code, in a table that grows to the greatest code met, or hashed.
#[derive(Default)]
struct CodeTable {
    table: Vec<u32>,
    hashed: HashMap<u64, u32>,
}

impl<'a> Numbering<'a> {
    fn new(view: &SegmentView<'a>, lane: &'a Lane) -> Self {
        Self {
            view: *view,
            lane,
            cells: Vec::new(),
            by_kind: [NONE; 8],
            by_code: Default::default(),
            by_text: HashMap::new(),
            hasher: RandomState::default(),
        }
    }

    /// The codes, if all rows of `mask` are strings with codes in a dense lane: the common case.
    fn single_code_column(&self, mask: &Mask) -> Option<&'a Codes> {
        let TextLane::Codes(part) = self.lane.strings.as_deref()? else { return None };
        if !self.lane.kinds.is_dense() || part.codes.greatest_stored() > TABLE_CODE_MAX {
            return None;
        }
        let mut others = mask.clone();
        let other_kinds = KindSet::ALL.without(Kind::String);
        self.lane.kinds.narrow(other_kinds, others.words_mut());
        others.is_empty().then_some(&part.codes)
    }

    fn number_column(&mut self, codes: &Codes, mask: &Mask, ids: &mut Vec<u32>) {
        each_width!(codes, codes => gather_codes(mask.words(), codes, ids));
        let mut table = vec![NONE; ids.iter().max().map_or(0, |max| *max as usize + 1)];
        let dictionary = self.lane.dictionary(TextKind::Strings, &self.view.index().texts);
        for id in ids {
            let number = &mut table[*id as usize];
            if *number == NONE {
                *number = self.cells.len() as u32;
                let text = dictionary.map_or("", |dictionary| dictionary.text(*id));
                self.cells.push(Cell::String(Text::Borrowed(text)));
            }
            *id = *number;
        }
    }

    /// The number of the cell of a row.
    fn id(&mut self, row: u16) -> u32 {
        let (slot, kind) = self.lane.kinds.find(row).unwrap_or((0, Kind::Undefined));
        let text = |part: &'a Option<Box<TextLane>>| part.as_ref().and_then(|p| text_code(p, slot));
        let code = match kind {
            Kind::Number => self.lane.numbers.as_ref().map(|part| number_code(part, slot)),
            Kind::String => text(&self.lane.strings).map(|code| (2, code)),
            Kind::Array => text(&self.lane.arrays).map(|code| (3, code)),
            _ => return self.id_of_kind(kind),
        };
        match code {
            Some((table, code)) => {
                let next = self.cells.len() as u32;
                let id = *self.by_code[table].entry(code, next);
                if id == next {
                    self.cells.push(self.lane.cell_at(slot, kind, &self.view.index().texts));
                }
                id
            }
            None => self.id_of_text(slot, kind),
        }
    }

    fn id_of_kind(&mut self, kind: Kind) -> u32 {
        let id = &mut self.by_kind[kind as usize];
        if *id == NONE {
            *id = self.cells.len() as u32;
            self.cells.push(self.lane.cell_at(0, kind, &self.view.index().texts));
        }
        *id
    }

    fn id_of_text(&mut self, slot: usize, kind: Kind) -> u32 {
        let cell = self.lane.cell_at(slot, kind, &self.view.index().texts);
        let text_of = |cell: &Cell<'a>| match cell {
            Cell::String(text) | Cell::Array(text) => Some((cell.kind(), text.clone())),
            _ => None,
        };
        let Some((_, text)) = text_of(&cell) else { return self.id_of_kind(Kind::Undefined) };
        let ids = self.by_text.entry(self.hasher.hash_one(&*text)).or_default();
        let same = |id: &&u32| {
            text_of(&self.cells[**id as usize]).is_some_and(|(k, t)| k == kind && *t == *text)
        };
        if let Some(id) = ids.iter().find(same) {
            return *id;
        }
        let id = self.cells.len() as u32;
        ids.push(id);
        self.cells.push(cell);
        id
    }
}

impl CodeTable {
    /// The number of a code, which is `next` if it had none.
    fn entry(&mut self, code: u64, next: u32) -> &mut u32 {
        if code > u64::from(TABLE_CODE_MAX) {
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

/// What tells a number from the others of its lane: a table, and a code or bits in it.
fn number_code(part: &NumberLane, slot: usize) -> (usize, u64) {
    match &part.form {
        NumberForm::Framed(framed) if framed.codes.get(slot) != framed.frame.n_codes() => {
            (0, u64::from(framed.codes.get(slot)))
        }
        _ => (1, part.number(slot).to_bits()),
    }
}

/// What tells a text from the others of its lane, if it is not stored as such.
fn text_code(part: &TextLane, slot: usize) -> Option<u64> {
    match part {
        TextLane::Codes(lane) => Some(u64::from(lane.codes.get(slot))),
        TextLane::Times(times) => Some(times.code(slot)),
        TextLane::Raw(_) => None,
    }
}
