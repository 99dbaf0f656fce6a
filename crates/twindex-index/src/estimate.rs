//! What narrowing will keep and cost, from counts and zones: nothing here reads a lane row by row
//! once its caches stand.

use std::ops::Bound;

use twindex_kernels::ZONE_ROWS;
use twindex_model::kind::Kind;

use crate::cell_set::{CellSet, NumberBounds, NumberSet, TextSet};
use crate::counts::Counts;
use crate::filter::{Estimate, PathFilter};
use crate::group::counts_of;
use crate::lane::Lane;
use crate::lane::number::{NumberForm, NumberLane};
use crate::lane::string::{CodeLane, TextLane};
use crate::narrow::postings_of;
use crate::texts::TextKind;
use crate::view::SegmentView;
use crate::zone::zones_of;

/// See [`PathFilter::estimate`].
pub(crate) fn estimate(filter: &PathFilter, view: &SegmentView<'_>) -> Estimate {
    let Some(lane) = view.lane(filter.path) else {
        let keeps = filter.set.kinds.contains(Kind::Undefined);
        let rows_max = if keeps { view.n_live() } else { 0 };
        return Estimate { rows_max, is_exact: true, bytes: 0, by: "missing" };
    };
    if let Some(points) = filter.devices_listed(view) {
        let found = points.iter().filter_map(|id| view.index().find(id, None));
        let rows_max = found.filter(|row| row.segment() == view.number()).count() as u32;
        return Estimate { rows_max, is_exact: true, bytes: 0, by: "identity" };
    }
    let (whole, partial) = filter.kinds_in(lane);
    let mut sum = Estimate {
        rows_max: view.n_rows_of_kinds(filter.path, whole),
        is_exact: true,
        bytes: lane.kinds.bytes() as u32,
        by: "kinds",
    };
    for kind in partial {
        let part = match kind {
            Kind::Number => of_numbers(lane, &filter.set),
            Kind::String => of_texts(filter, view, (lane, TextKind::Strings)),
            _ => of_texts(filter, view, (lane, TextKind::Arrays)),
        };
        sum.rows_max += part.rows_max;
        sum.is_exact &= part.is_exact;
        sum.bytes = sum.bytes.saturating_add(part.bytes);
        sum.by = part.by;
    }
    if lane.kinds.is_sparse() {
        sum.by = "sparse";
    }
    sum
}

fn of_numbers(lane: &Lane, set: &CellSet) -> Estimate {
    let n_numbers = lane.kinds.count(Kind::Number);
    let Some(part) = &lane.numbers else {
        return Estimate { rows_max: 0, is_exact: true, bytes: 0, by: "kinds" };
    };
    let n_slots = lane.kinds.n_slots() as u32;
    let (by, width) = match &part.form {
        NumberForm::Floats(_) => ("numbers f64", 8),
        NumberForm::Framed(framed) => match framed.codes.width() {
            1 => ("range u8", 1),
            2 => ("range u16", 2),
            _ => ("range u32", 4),
        },
    };
    let exact = exact_numbers(lane, part, &set.numbers);
    let rows_max = exact.unwrap_or_else(|| match &set.numbers {
        NumberSet::Between(bounds) => rows_in_zones(lane, bounds).min(n_numbers),
        _ => n_numbers,
    });
    Estimate { rows_max, is_exact: exact.is_some(), bytes: n_slots * width, by }
}

/// Rows with a number in the set, where rows are counted by code.
fn exact_numbers(lane: &Lane, part: &NumberLane, set: &NumberSet) -> Option<u32> {
    let NumberForm::Framed(framed) = &part.form else { return None };
    if framed.codes.width() > 1 {
        return None;
    }
    let counts = part.counts.get_or_init(|| {
        let slots = lane.kinds.slots_of_kind(Kind::Number, None);
        Counts::of_bytes(&framed.codes, slots.words())
    });
    let odd = framed.exceptions.iter().filter(|(_, number)| set.contains(*number)).count() as u32;
    let is_in =
        |code: &u32| *code != framed.frame.n_codes() && set.contains(framed.frame.number(*code));
    Some(odd + counts.iter().filter(|(code, _)| is_in(code)).map(|(_, n)| n).sum::<u32>())
}

/// Rows of the zones that a range touches.
fn rows_in_zones(lane: &Lane, bounds: &NumberBounds) -> u32 {
    let Some(zones) = zones_of(lane) else { return 0 };
    let touches = |(min, max): &(f64, f64)| {
        let begins = match bounds.high {
            Bound::Unbounded => true,
            Bound::Included(high) => *min <= high,
            Bound::Excluded(high) => *min < high,
        };
        begins
            && match bounds.low {
                Bound::Unbounded => true,
                Bound::Included(low) => *max >= low,
                Bound::Excluded(low) => *max > low,
            }
    };
    (zones.iter().flatten().filter(|zone| touches(zone)).count() * ZONE_ROWS) as u32
}

fn of_texts(filter: &PathFilter, view: &SegmentView<'_>, of: (&Lane, TextKind)) -> Estimate {
    let (lane, kind) = of;
    let rows_max = lane.kinds.count(kind.kind());
    let n_slots = lane.kinds.n_slots();
    match lane.text_part(kind) {
        None => Estimate { rows_max: 0, is_exact: true, bytes: 0, by: "kinds" },
        Some(TextLane::Codes(part)) => of_codes(filter, view, (of, part)),
        Some(TextLane::Raw(raw)) => {
            Estimate { rows_max, is_exact: false, bytes: raw.bytes() as u32, by: "text scan" }
        }
        Some(TextLane::Times(times)) => {
            let bytes = n_slots as u32 * times.codes().width();
            Estimate { rows_max, is_exact: false, bytes, by: "times" }
        }
        Some(TextLane::Shared(_)) => {
            let bytes = (n_slots + view.segment().stamps().bytes()) as u32;
            Estimate { rows_max, is_exact: false, bytes, by: "shared times" }
        }
    }
}

fn of_codes(
    filter: &PathFilter,
    view: &SegmentView<'_>,
    (of, part): ((&Lane, TextKind), &CodeLane),
) -> Estimate {
    let (lane, kind) = of;
    let (set, test) = match kind {
        TextKind::Strings => (&filter.set.strings, &filter.strings),
        TextKind::Arrays => (&filter.set.arrays, &filter.arrays),
    };
    let options = &view.index().options;
    let is_point = matches!(set, TextSet::Points(points) if points.len() == 1);
    let (by, width) = match part.codes.width() {
        _ if is_point && postings_of(of, part, options).is_some() => ("posting", 0),
        1 => ("codes u8", 1),
        2 => ("codes u16", 2),
        _ => ("codes u32", 4),
    };
    let bytes = match width {
        0 => size_of::<twindex_kernels::Words>() as u32,
        width => lane.kinds.n_slots() as u32 * width,
    };
    let n_texts = lane.kinds.count(kind.kind());
    let Some(dictionary) = lane.dictionary(kind, &view.index().texts) else {
        return Estimate { rows_max: n_texts, is_exact: false, bytes, by };
    };
    match counts_of(view, of, part) {
        Some(counts) => {
            let wanted = test.wanted(set, dictionary);
            let kept = counts.iter().filter(|(code, _)| wanted.codes.contains(*code));
            Estimate { rows_max: kept.map(|(_, n)| n).sum(), is_exact: true, bytes, by }
        }
        None => Estimate { rows_max: n_texts, is_exact: false, bytes, by },
    }
}
