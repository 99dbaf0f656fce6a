//! The numbers of a path as a column of doubles: for conditions that compute with them.

use twindex_kernels::mask::Mask;
use twindex_kernels::{gather_codes, gather_f64};
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::lane::codes::each_width;
use crate::lane::number::{Framed, NumberForm};
use crate::view::SegmentView;

/// See [`SegmentView::numbers`].
pub(crate) fn numbers(view: &SegmentView<'_>, path: PathId, mask: &Mask) -> Vec<f64> {
    let n_rows = mask.count() as usize;
    let Some((lane, part)) = view.lane(path).and_then(|lane| Some((lane, lane.numbers.as_ref()?)))
    else {
        return vec![f64::NAN; n_rows];
    };
    let slots = lane.kinds.slots_of_kind(Kind::Number, Some(mask.words()));
    let mut numbers = Vec::with_capacity(n_rows);
    match &part.form {
        NumberForm::Floats(floats) => gather_f64(slots.words(), floats, &mut numbers),
        NumberForm::Framed(framed) => decode(framed, &slots, &mut numbers),
    }
    if numbers.len() < n_rows {
        numbers = spread(&numbers, &lane.kinds.rows_of_slots(&slots), mask, n_rows);
    }
    numbers
}

fn decode(framed: &Framed, slots: &Mask, numbers: &mut Vec<f64>) {
    let mut codes = Vec::with_capacity(slots.count() as usize);
    each_width!(&framed.codes, of_lane => gather_codes(slots.words(), of_lane, &mut codes));
    let frame = framed.frame;
    numbers.extend(codes.iter().map(|code| frame.number(*code)));
    if framed.exceptions.is_empty() {
        return;
    }
    let odd = numbers.iter_mut().zip(&codes).zip(slots);
    for ((number, _), slot) in odd.filter(|((_, code), _)| **code == frame.n_codes()) {
        *number = framed.number(slot.into());
    }
}

/// The numbers of `rows` at the ranks that these have in `mask`; no number at the others.
fn spread(numbers: &[f64], rows: &Mask, mask: &Mask, n_rows: usize) -> Vec<f64> {
    let mut all = Vec::with_capacity(n_rows);
    let mut rest = numbers.iter();
    for (word, have) in mask.words().iter().zip(rows.words()) {
        let mut left = *word;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            left ^= bit;
            let number = if have & bit != 0 { rest.next().copied() } else { None };
            all.push(number.unwrap_or(f64::NAN));
        }
    }
    all
}
