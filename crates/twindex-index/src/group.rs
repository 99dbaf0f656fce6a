//! Distinct cells of a segment, counted.

use twindex_kernels::mask::{self, Mask, Words};
use twindex_kernels::{gather_codes, gather_f64};
use twindex_model::cell::{Cell, Text};
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::coded::Found;
use crate::counts::Counts;
use crate::lane::Lane;
use crate::lane::codes::{Codes, each_width};
use crate::lane::number::{Framed, NumberForm, NumberLane};
use crate::lane::string::{CodeLane, TextLane};
use crate::texts::TextKind;
use crate::view::SegmentView;

/// Greatest code for which a table by code is laid out; beyond, a hash table.
const TABLE_CODE_MAX: u32 = 1 << 17;

/// Rows from which on wide codes are counted in a table.
const TABLE_ROWS_MIN: u32 = 4_096;

/// See [`SegmentView::count_found`].
pub(crate) fn count_found<'a>(
    view: &SegmentView<'a>,
    path: PathId,
    mask: Option<&Mask>,
    take: &mut dyn FnMut(Found<'a>, u32),
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

fn give<'a>(cell: Cell<'a>, n_rows: u32, take: &mut dyn FnMut(Found<'a>, u32)) {
    if n_rows > 0 {
        take(Found::plain(cell), n_rows);
    }
}

fn count_kind<'a>(
    view: &SegmentView<'a>,
    (lane, kind): (&'a Lane, Kind),
    (slots, n_slots): (Option<Mask>, u32),
    take: &mut dyn FnMut(Found<'a>, u32),
) {
    let all = || lane.kinds.slots_of_kind(kind, None);
    let one = |cell: Cell<'a>| Found::plain(cell);
    match kind {
        Kind::Undefined => (),
        Kind::Null => take(one(Cell::Null), n_slots),
        Kind::False => take(one(Cell::Bool(false)), n_slots),
        Kind::True => take(one(Cell::Bool(true)), n_slots),
        Kind::Object => take(one(Cell::Object), n_slots),
        Kind::Number => {
            let slots = slots.unwrap_or_else(all);
            if let Some(part) = &lane.numbers {
                count_slots(part, slots.words(), &mut |number, n| {
                    take(one(Cell::Number(number)), n);
                });
            }
        }
        Kind::String => count_texts(view, (lane, TextKind::Strings), slots, take),
        Kind::Array => count_texts(view, (lane, TextKind::Arrays), slots, take),
    }
}

fn count_texts<'a>(
    view: &SegmentView<'a>,
    (lane, kind): (&'a Lane, TextKind),
    slots: Option<Mask>,
    take: &mut dyn FnMut(Found<'a>, u32),
) {
    let Some(part) = lane.text_part(kind) else { return };
    let source = lane.source(kind, view.reading());
    let all = || lane.kinds.slots_of_kind(kind.kind(), None);
    match (part, source.dictionary) {
        (TextLane::Codes(codes), Some(dictionary)) => {
            let mut give = |code: u32, n: u32| take(Found::text(kind, dictionary, code), n);
            if slots.is_none()
                && let Some(counts) = counts_of(view, (lane, kind), codes)
            {
                counts.iter().for_each(|(code, n)| give(code, n));
            } else {
                count_codes(&codes.codes, slots.unwrap_or_else(all).words(), &mut give);
            }
        }
        (TextLane::Raw(raw), _) => raw.each(slots.unwrap_or_else(all).words(), |text| {
            take(Found::plain(kind.cell(Text::Borrowed(text))), 1);
        }),
        (part, _) => {
            let slots = slots.unwrap_or_else(all);
            let rows = lane.kinds.rows_of_slots(&slots);
            for (row, slot) in rows.iter().zip(&slots) {
                take(Found::plain(kind.cell(part.text((row, slot.into()), source))), 1);
            }
        }
    }
}

/// See [`SegmentView::has_counts`].
pub(crate) fn has_counts(view: &SegmentView<'_>, path: PathId) -> bool {
    are_counts(view, path, |built| built.is_some_and(Option::is_some))
}

/// See [`SegmentView::may_have_counts`].
pub(crate) fn may_have_counts(view: &SegmentView<'_>, path: PathId) -> bool {
    are_counts(view, path, |built| built.is_none_or(Option::is_some))
}

/// See [`SegmentView::has_raw_texts`].
pub(crate) fn has_raw_texts(view: &SegmentView<'_>, path: PathId) -> bool {
    view.lane(path).is_some_and(|lane| {
        let mut parts = TextKind::ALL.into_iter().filter_map(|kind| lane.text_part(kind));
        parts.any(|part| !matches!(part, TextLane::Codes(_)))
    })
}

/// Whether what is known of the counts of all values at `path` is as wanted: nothing before they were
/// asked for, `None` in that where codes are too great.
fn are_counts(
    view: &SegmentView<'_>,
    path: PathId,
    is_wanted: impl Fn(Option<&Option<Counts>>) -> bool,
) -> bool {
    let Some(lane) = view.lane(path) else { return true };
    let are_wanted = |part: Option<&TextLane>| match part {
        None => true,
        Some(TextLane::Codes(part)) => is_wanted(part.counts.get()),
        Some(_) => false,
    };
    lane.numbers.is_none()
        && are_wanted(lane.strings.as_deref())
        && are_wanted(lane.arrays.as_deref())
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
    // For few rows sorting their codes costs less than clearing and reading a table.
    let is_few = codes.width() > 1 && mask::count(mask) < TABLE_ROWS_MIN;
    let greatest = if is_few { u32::MAX } else { codes.greatest_stored() };
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
