//! Narrowing by numbers: ranges and points become code ranges and code sets, lane by lane.

use std::ops::Bound;

use twindex_kernels::codes::{Code, and_equal, and_in_range, and_in_set, and_in_set_u8};
use twindex_kernels::mask::{self, Mask, Words};
use twindex_kernels::numbers::{Ends, and_in_bounds};

use crate::cell_set::{NumberBounds, NumberSet};
use crate::lane::codes::{Codes, each_width};
use crate::lane::number::{Framed, NumberForm, NumberLane};
use crate::narrow::keep_slots;

/// Keeps the slots of `mask`, all of which hold numbers, whose number is in `set`.
pub(crate) fn and_numbers(lane: &NumberLane, set: &NumberSet, mask: &mut Words) {
    match set {
        NumberSet::None => mask.fill(0),
        NumberSet::All => (),
        NumberSet::NotPoints(points) => {
            let mut listed = Mask::empty();
            listed.words_mut().copy_from_slice(mask);
            and_numbers(lane, &NumberSet::Points(points.clone()), listed.words_mut());
            mask::and_not(mask, listed.words());
        }
        set => match &lane.form {
            NumberForm::Floats(numbers) => match set {
                NumberSet::Between(bounds) => and_floats_between(numbers, bounds, mask),
                set => keep_slots(mask, |slot| set.contains(lane.number(slot))),
            },
            NumberForm::Framed(framed) => and_framed(framed, set, mask),
        },
    }
}

fn and_floats_between(numbers: &[f64], bounds: &NumberBounds, mask: &mut Words) {
    let side = |bound: Bound<f64>, open_end: f64| match bound {
        Bound::Included(at) => (at, true),
        Bound::Excluded(at) => (at, false),
        // Numbers are finite.
        Bound::Unbounded => (open_end, true),
    };
    let (low, has_low) = side(bounds.low, f64::NEG_INFINITY);
    let (high, has_high) = side(bounds.high, f64::INFINITY);
    let ends = match (has_low, has_high) {
        (true, true) => Ends::Closed,
        (true, false) => Ends::ClosedOpen,
        (false, true) => Ends::OpenClosed,
        (false, false) => Ends::Open,
    };
    and_in_bounds(mask, numbers, low, high, ends);
}

/// Exceptions have a code that no range or point takes; they are judged one by one.
fn and_framed(framed: &Framed, set: &NumberSet, mask: &mut Words) {
    let odd = framed
        .exceptions
        .iter()
        .filter(|(slot, number)| mask::get(mask, *slot) && set.contains(*number));
    let odd: Vec<u16> = odd.map(|(slot, _)| *slot).collect();
    match set {
        NumberSet::Between(bounds) => {
            let (from, to) = framed.frame.codes_between(bounds.low, bounds.high);
            and_codes_between(&framed.codes, (from, to), mask);
        }
        NumberSet::Points(points) => {
            let codes = points.iter().filter_map(|point| framed.frame.code(*point));
            and_one_of(&framed.codes, codes.collect(), mask);
        }
        set => and_codes_passing(framed, set, mask),
    }
    for slot in odd {
        mask::set(mask, slot);
    }
}

/// Keeps the slots with a code from `from` to `to`, the latter excluded.
fn and_codes_between(codes: &Codes, (from, to): (u32, u32), mask: &mut Words) {
    if from >= to {
        mask.fill(0);
        return;
    }
    each_width!(codes, codes => {
        if let (Some(first), Some(last)) = (Code::from_u32(from), Code::from_u32(to - 1)) {
            and_in_range(mask, codes, first..=last);
        }
    });
}

/// Keeps the slots with one of the codes listed, ascending.
fn and_one_of(codes: &Codes, listed: Vec<u32>, mask: &mut Words) {
    match (&listed[..], codes) {
        ([], _) => mask.fill(0),
        ([code], codes) => each_width!(codes, codes => {
            if let Some(code) = Code::from_u32(*code) {
                and_equal(mask, codes, code);
            }
        }),
        (_, Codes::U32(codes)) => {
            keep_slots(mask, |slot| {
                codes.get(slot).is_some_and(|c| listed.binary_search(c).is_ok())
            });
        }
        (_, codes) => {
            let mut set = vec![0_u64; (codes.greatest() as usize + 1) / 64];
            for code in listed {
                set[code as usize / 64] |= 1 << (code % 64);
            }
            match codes {
                Codes::U8(codes) => and_in_set_u8(mask, codes, &[set[0], set[1], set[2], set[3]]),
                codes => each_width!(codes, codes => and_in_set(mask, codes, &set)),
            }
        }
    }
}

/// Keeps the slots whose code's number passes; the test is run once per code where codes are few.
fn and_codes_passing(framed: &Framed, set: &NumberSet, mask: &mut Words) {
    let frame = framed.frame;
    let codes = &framed.codes;
    // The code of exceptions is not asked: they are judged by the caller.
    let passes = |code: u32| code < frame.n_codes() && set.contains(frame.number(code));
    if let Codes::U32(codes) = codes {
        keep_slots(mask, |slot| codes.get(slot).is_some_and(|code| passes(*code)));
        return;
    }
    let n_words = (codes.greatest() as usize + 1) / 64;
    let (mut is_known, mut is_in) = (vec![0_u64; n_words], vec![0_u64; n_words]);
    keep_slots(mask, |slot| {
        let code = codes.get(slot);
        let (at, bit) = (code as usize / 64, 1 << (code % 64));
        if is_known[at] & bit == 0 {
            is_known[at] |= bit;
            is_in[at] |= if passes(code) { bit } else { 0 };
        }
        is_in[at] & bit != 0
    });
}
