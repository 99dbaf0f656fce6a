//! Comparing two paths of the same twins: drift, `properties.desired.x != properties.reported.x`.

use twindex_kernels::columns::{and_columns_equal, and_columns_equal_f64};
use twindex_kernels::mask::{Mask, Words};
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;

use crate::lane::Lane;
use crate::lane::codes::{Codes, each_width};
use crate::lane::number::NumberForm;
use crate::lane::string::TextLane;
use crate::texts::{TextKind, Texts};
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
    let texts = &view.index().texts;
    let (equal, objects) = if a.kinds.rows().is_some() || b.kinds.rows().is_some() {
        by_row(a, b, texts, mask)
    } else {
        by_column(a, b, texts, mask)
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

/// Cell by cell, in the rows of the shorter lane. Keeps in `mask` the rows where both are defined;
/// gives those with equal cells, and those with two objects.
fn by_row(a: &Lane, b: &Lane, texts: &Texts, mask: &mut Mask) -> (Mask, Mask) {
    let (mut defined, mut equal, mut objects) = (Mask::empty(), Mask::empty(), Mask::empty());
    let mut decide = |row: u16| match (a.cell(row, texts), b.cell(row, texts)) {
        (Cell::Undefined, _) | (_, Cell::Undefined) => (),
        (Cell::Object, Cell::Object) => {
            defined.set(row);
            objects.set(row);
        }
        (a, b) => {
            defined.set(row);
            if are_equal(&a, &b) {
                equal.set(row);
            }
        }
    };
    let sparser = |x: Option<&[u16]>, y: Option<&[u16]>| {
        x.map_or(usize::MAX, <[u16]>::len) <= y.map_or(usize::MAX, <[u16]>::len)
    };
    let rows =
        if sparser(a.kinds.rows(), b.kinds.rows()) { a.kinds.rows() } else { b.kinds.rows() };
    let rows = rows.unwrap_or_default();
    rows.iter().filter(|row| mask.get(**row)).for_each(|row| decide(*row));
    *mask = defined;
    (equal, objects)
}

/// Kind by kind, over whole columns. The same as [`by_row`].
fn by_column(a: &Lane, b: &Lane, texts: &Texts, mask: &mut Mask) -> (Mask, Mask) {
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
            Kind::String => and_texts_equal((a, b), TextKind::Strings, texts, &mut both),
            Kind::Array => and_texts_equal((a, b), TextKind::Arrays, texts, &mut both),
            _ => (),
        }
        equal.or(&both);
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
        _ => keep_rows(mask, |row| a.number(row) == b.number(row)),
    }
}

/// Keeps the rows with equal texts, of those with two texts.
fn and_texts_equal((a, b): (&Lane, &Lane), kind: TextKind, texts: &Texts, mask: &mut Mask) {
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
        (TextLane::Times(x), TextLane::Times(y)) if x.is_alike(y) => {
            keep_rows(mask, |row| x.code(row) == y.code(row));
        }
        _ => {
            let (da, db) = (a.dictionary(kind, texts), b.dictionary(kind, texts));
            keep_rows(mask, |row| *part_a.text(row, da) == *part_b.text(row, db));
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

/// JSON equality of two defined cells that are not both objects.
fn are_equal(a: &Cell<'_>, b: &Cell<'_>) -> bool {
    match (a, b) {
        (Cell::Number(a), Cell::Number(b)) => a == b,
        (Cell::String(a), Cell::String(b)) | (Cell::Array(a), Cell::Array(b)) => **a == **b,
        (a, b) => a.kind() == b.kind(),
    }
}
