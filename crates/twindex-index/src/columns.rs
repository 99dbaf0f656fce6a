//! Comparing two paths of the same twins: drift, `properties.desired.x != properties.reported.x`.

use twindex_kernels::columns::{and_columns_equal, and_columns_equal_f64};
use twindex_kernels::mask::{Mask, Words};
use twindex_kernels::{gather_codes, gather_f64};
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;

use crate::lane::codes::{Codes, each_width};
use crate::lane::number::{NumberForm, NumberLane};
use crate::lane::string::{At, TextLane, place_at};
use crate::lane::{Lane, Reading};
use crate::texts::TextKind;
use crate::view::{Equality, SegmentView};

/// See [`SegmentView::narrow_columns_equal`].
pub(crate) fn narrow_columns_equal(
    view: &SegmentView<'_>,
    paths: (PathId, PathId),
    wanted: Equality,
    mask: &mut Mask,
) -> Option<Mask> {
    let (Some(a), Some(b)) = (view.lane(paths.0), view.lane(paths.1)) else {
        mask.clear();
        return None;
    };
    let reading = view.reading();
    let (equal, objects) = if a.kinds.is_dense() && b.kinds.is_dense() {
        by_column(a, b, reading, mask)
    } else if a.kinds.has_slots_of(&b.kinds) && !needs_rows(a, b) {
        by_slot(a, b, reading, mask)
    } else {
        by_rank(a, b, reading, mask)
    };
    match wanted {
        Equality::Equal => *mask = equal,
        Equality::Unequal => {
            mask.and_not(&equal);
            mask.and_not(&objects);
        }
    }
    (!objects.is_empty()).then_some(objects)
}

/// Kind by kind, value by value in the order of rows, for lanes whose slots differ. Keeps the rows
/// that have both paths in `mask`; gives those with equal cells, and those with two objects.
fn by_rank(a: &Lane, b: &Lane, reading: Reading<'_>, mask: &mut Mask) -> (Mask, Mask) {
    a.kinds.narrow(KindSet::DEFINED, mask.words_mut());
    b.kinds.narrow(KindSet::DEFINED, mask.words_mut());
    let (mut equal, mut objects) = (Mask::empty(), Mask::empty());
    for kind in a.kinds.present().intersection(b.kinds.present()).iter() {
        let mut both = mask.clone();
        a.kinds.narrow(KindSet::of(&[kind]), both.words_mut());
        b.kinds.narrow(KindSet::of(&[kind]), both.words_mut());
        match kind {
            _ if both.is_empty() => (),
            Kind::Object => objects = both,
            Kind::Number | Kind::String | Kind::Array => {
                equal.or(&equal_values((a, b), kind, reading, &both));
            }
            _ => equal.or(&both),
        }
    }
    (equal, objects)
}

/// Those of `rows`, in which both lanes have a value of a kind, where the two are equal.
fn equal_values((a, b): (&Lane, &Lane), kind: Kind, reading: Reading<'_>, rows: &Mask) -> Mask {
    let in_a = a.kinds.slots_of_kind(kind, Some(rows.words()));
    let in_b = b.kinds.slots_of_kind(kind, Some(rows.words()));
    let texts = match kind {
        Kind::String => (a.strings.as_deref(), b.strings.as_deref()),
        Kind::Array => (a.arrays.as_deref(), b.arrays.as_deref()),
        _ => (None, None),
    };
    match (texts, &a.numbers, &b.numbers) {
        ((Some(TextLane::Codes(x)), Some(TextLane::Codes(y))), _, _) if a.family == b.family => {
            let (x, y) = (codes_at(&x.codes, &in_a), codes_at(&y.codes, &in_b));
            where_in_order(rows, |rank| x.get(rank) == y.get(rank))
        }
        (_, Some(x), Some(y)) if kind == Kind::Number => {
            equal_numbers(rows, (x, &in_a), (y, &in_b))
        }
        _ => {
            let mut slots = in_a.iter().map(usize::from).zip(in_b.iter().map(usize::from));
            let mut numbers = rows.iter();
            where_in_order(rows, |_| match (numbers.next(), slots.next()) {
                (Some(row), Some((at_a, at_b))) => {
                    are_equal((a, (row, at_a)), (b, (row, at_b)), kind, reading)
                }
                _ => false,
            })
        }
    }
}

/// Those of `rows` where the numbers at some slots, as many and in the same order, are equal.
fn equal_numbers(rows: &Mask, a: (&NumberLane, &Mask), b: (&NumberLane, &Mask)) -> Mask {
    if let (NumberForm::Framed(x), NumberForm::Framed(y)) = (&a.0.form, &b.0.form)
        && let Some(shift) = x.frame.shift_to(y.frame)
        && x.exceptions.is_empty()
        && y.exceptions.is_empty()
    {
        let (x, y) = (codes_at(&x.codes, a.1), codes_at(&y.codes, b.1));
        let moved = |code: Option<&u32>| code.map(|code| i64::from(*code) + shift);
        return where_in_order(rows, |rank| moved(x.get(rank)) == y.get(rank).map(|y| (*y).into()));
    }
    let (x, y) = (numbers_at(a.0, a.1), numbers_at(b.0, b.1));
    where_in_order(rows, |rank| x.get(rank) == y.get(rank))
}

fn codes_at(codes: &Codes, slots: &Mask) -> Vec<u32> {
    let mut found = Vec::new();
    each_width!(codes, codes => gather_codes(slots.words(), codes, &mut found));
    found
}

fn numbers_at(part: &NumberLane, slots: &Mask) -> Vec<f64> {
    match &part.form {
        NumberForm::Floats(numbers) => {
            let mut found = Vec::new();
            gather_f64(slots.words(), numbers, &mut found);
            found
        }
        NumberForm::Framed(framed) if framed.exceptions.is_empty() => {
            let codes = codes_at(&framed.codes, slots);
            codes.into_iter().map(|code| framed.frame.number(code)).collect()
        }
        NumberForm::Framed(_) => slots.iter().map(|slot| part.number(slot.into())).collect(),
    }
}

/// Those of `rows` for whose ranks among them `keeps` says so; it is asked in order.
fn where_in_order(rows: &Mask, mut keeps: impl FnMut(usize) -> bool) -> Mask {
    let (mut kept, mut rank) = (Mask::empty(), 0);
    for (kept, word) in kept.words_mut().iter_mut().zip(rows.words()) {
        let mut left = *word;
        while left != 0 {
            let lowest = left & left.wrapping_neg();
            *kept |= if keeps(rank) { lowest } else { 0 };
            rank += 1;
            left ^= lowest;
        }
    }
    kept
}

/// Whether the values of a kind at two slots are equal.
fn are_equal(a: (&Lane, At), b: (&Lane, At), kind: Kind, reading: Reading<'_>) -> bool {
    let same_texts = |kind: TextKind| match (a.0.text_part(kind), b.0.text_part(kind)) {
        (Some(TextLane::Codes(x)), Some(TextLane::Codes(y))) if a.0.family == b.0.family => {
            x.codes.get(a.1.1) == y.codes.get(b.1.1)
        }
        // A row has no stamp twice.
        (Some(TextLane::Shared(x)), Some(TextLane::Shared(y))) => {
            place_at(x, a.1.1) == place_at(y, b.1.1)
        }
        (Some(x), Some(y)) => {
            *x.text(a.1, a.0.source(kind, reading)) == *y.text(b.1, b.0.source(kind, reading))
        }
        _ => false,
    };
    match kind {
        Kind::String => same_texts(TextKind::Strings),
        Kind::Array => same_texts(TextKind::Arrays),
        Kind::Number => match (&a.0.numbers, &b.0.numbers) {
            (Some(x), Some(y)) => x.number(a.1.1) == y.number(b.1.1),
            _ => false,
        },
        _ => true,
    }
}

/// Kind by kind, over whole columns. The same as [`by_rank`].
fn by_column(a: &Lane, b: &Lane, reading: Reading<'_>, mask: &mut Mask) -> (Mask, Mask) {
    a.kinds.narrow(KindSet::DEFINED, mask.words_mut());
    b.kinds.narrow(KindSet::DEFINED, mask.words_mut());
    let mut equal = Mask::empty();
    let mut objects = Mask::empty();
    for kind in a.kinds.present().intersection(b.kinds.present()).iter() {
        let mut both = mask.clone();
        a.kinds.narrow(KindSet::of(&[kind]), both.words_mut());
        b.kinds.narrow(KindSet::of(&[kind]), both.words_mut());
        match kind {
            Kind::Object => {
                objects = both;
                continue;
            }
            Kind::Number => and_numbers_equal(a, b, &mut both),
            Kind::String => and_texts_equal((a, b), TextKind::Strings, reading, &mut both),
            Kind::Array => and_texts_equal((a, b), TextKind::Arrays, reading, &mut both),
            _ => (),
        }
        equal.or(&both);
    }
    (equal, objects)
}

/// Whether a text of one lane is read by its row, and that of the other is not.
fn needs_rows(a: &Lane, b: &Lane) -> bool {
    let is_shared =
        |lane: &Lane| matches!(lane.text_part(TextKind::Strings), Some(TextLane::Shared(_)));
    is_shared(a) != is_shared(b)
}

/// Kind by kind, over whole columns of two packed lanes whose slots are of the same rows. The same
/// as [`by_rank`].
fn by_slot(a: &Lane, b: &Lane, reading: Reading<'_>, mask: &mut Mask) -> (Mask, Mask) {
    a.kinds.narrow(KindSet::DEFINED, mask.words_mut());
    let mut equal = Mask::empty();
    let mut objects = Mask::empty();
    for kind in a.kinds.present().intersection(b.kinds.present()).iter() {
        let mut both = a.kinds.slots_of_kind(kind, Some(mask.words()));
        both.and(&b.kinds.slots_of_kind(kind, Some(mask.words())));
        match kind {
            Kind::Object => objects.or(&a.kinds.rows_of_slots(&both)),
            Kind::Number => and_numbers_equal(a, b, &mut both),
            Kind::String => and_texts_equal((a, b), TextKind::Strings, reading, &mut both),
            Kind::Array => and_texts_equal((a, b), TextKind::Arrays, reading, &mut both),
            _ => (),
        }
        if kind != Kind::Object {
            equal.or(&a.kinds.rows_of_slots(&both));
        }
    }
    (equal, objects)
}

/// Keeps the rows with equal numbers, of those with two numbers.
fn and_numbers_equal(a: &Lane, b: &Lane, mask: &mut Mask) {
    let (Some(a), Some(b)) = (&a.numbers, &b.numbers) else {
        return;
    };
    match (&a.form, &b.form) {
        (NumberForm::Floats(a), NumberForm::Floats(b)) => {
            and_columns_equal_f64(mask.words_mut(), a, b)
        }
        (NumberForm::Framed(fa), NumberForm::Framed(fb)) if fa.frame == fb.frame => {
            let odd = fa.exceptions.iter().chain(&fb.exceptions).map(|e| e.0);
            let odd: Vec<u16> = odd.filter(|row| mask.get(*row)).collect();
            and_codes_equal(mask.words_mut(), &fa.codes, &fb.codes);
            for row in odd {
                let slot = usize::from(row);
                if a.number(slot) == b.number(slot) { mask.set(row) } else { mask.clear_row(row) }
            }
        }
        _ => *mask = equal_numbers(mask, (a, mask), (b, mask)),
    }
}

/// Keeps the rows with equal texts, of those with two texts.
fn and_texts_equal((a, b): (&Lane, &Lane), kind: TextKind, reading: Reading<'_>, mask: &mut Mask) {
    let (Some(part_a), Some(part_b)) = (a.text_part(kind), b.text_part(kind)) else {
        return;
    };
    match (part_a, part_b) {
        (TextLane::Codes(x), TextLane::Codes(y)) if a.family == b.family => {
            and_codes_equal(mask.words_mut(), &x.codes, &y.codes);
        }
        (TextLane::Raw(x), TextLane::Raw(y)) => {
            keep_rows(mask, |row| x.bytes_at(row) == y.bytes_at(row));
        }
        (TextLane::Shared(x), TextLane::Shared(y)) => and_columns_equal(mask.words_mut(), x, y),
        (TextLane::Times(x), TextLane::Times(y)) if x.coder() == y.coder() => {
            keep_rows(mask, |row| x.code(row) == y.code(row));
        }
        _ => {
            let (from_a, from_b) = (a.source(kind, reading), b.source(kind, reading));
            keep_rows(mask, |row| {
                let at = (row as u16, row);
                *part_a.text(at, from_a) == *part_b.text(at, from_b)
            });
        }
    }
}

fn and_codes_equal(mask: &mut Words, a: &Codes, b: &Codes) {
    each_width!(a, a => each_width!(b, b => and_columns_equal(mask, a, b)));
}

/// Keeps the rows that pass.
pub(crate) fn keep_rows(mask: &mut Mask, keep: impl Fn(usize) -> bool) {
    crate::narrow::keep_slots(mask.words_mut(), keep);
}
