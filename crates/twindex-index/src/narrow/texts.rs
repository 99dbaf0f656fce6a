//! Narrowing by texts: codes by code sets and postings, times by ticks where their order is that
//! of the text, raw text by scanning it.

use std::ops::RangeBounds;

use memchr::memmem::Finder;
use twindex_kernels::LaneVec;
use twindex_kernels::codes::{Code, and_equal, and_in_set, and_in_set_u8};
use twindex_kernels::mask::{self, Mask, Words};

use crate::cell_set::{NumberSet, TextSet, TimeSet};
use crate::lane::codes::{Codes, each_width};
use crate::lane::raw::RawText;
use crate::lane::row_stamps::RowStamps;
use crate::lane::stamp_code::StampCoder;
use crate::lane::string::{CodeLane, TextLane, place_at};
use crate::lane::time_range::Candidates;
use crate::lane::wide::WideCodes;
use crate::lane::{Lane, Reading};
use crate::narrow::wanted::WantedCodes;
use crate::narrow::{TextTest, keep_slots};
use crate::options::IndexOptions;
use crate::posting::{PostingLimits, Postings};
use crate::texts::TextKind;

/// Texts for which a test is run without asking how many rows there are.
const KNOWN_TEXTS: usize = 4_096;
/// Texts for which a test may be run for each row that is asked about, since the next segment asks
/// for them too.
const ROWS_A_TEXT: usize = 4;

/// A set of texts with its test.
pub(crate) type Test<'a> = (&'a TextSet, &'a TextTest);

/// Keeps the slots of `mask`, all of which hold texts of `kind`, whose text is in the set.
pub(crate) fn and_texts(
    (lane, kind): (&Lane, TextKind),
    test: Test<'_>,
    (reading, options): (Reading<'_>, &IndexOptions),
    mask: &mut Words,
) {
    match (test.0, lane.text_part(kind)) {
        (TextSet::None, _) | (_, None) => mask.fill(0),
        (TextSet::All, _) => (),
        (_, Some(TextLane::Codes(codes))) => {
            let Some(dictionary) = lane.dictionary(kind, reading.texts) else { return };
            let n_unknown = test.1.n_unknown(test.0, dictionary);
            if n_unknown > KNOWN_TEXTS && n_unknown / ROWS_A_TEXT > mask::count(mask) as usize {
                keep_slots(mask, |slot| {
                    test.1.contains(test.0, dictionary.text(codes.codes.get(slot)))
                });
                return;
            }
            let wanted = test.1.wanted(test.0, dictionary);
            and_wanted((lane, kind), codes, (&wanted.codes, options), mask);
        }
        (_, Some(TextLane::Raw(raw))) => and_raw(raw, test, mask),
        (_, Some(TextLane::Times(times))) => and_times((times.coder(), times.codes()), test, mask),
        (_, Some(TextLane::Shared(places))) => match reading.stamps.coder() {
            Some(coder) => {
                let codes = codes_of_shared(lane, places, reading.stamps, mask);
                and_times((coder, &codes), test, mask);
            }
            None => mask.fill(0),
        },
    }
}

fn and_wanted(
    lane: (&Lane, TextKind),
    part: &CodeLane,
    (wanted, options): (&WantedCodes, &IndexOptions),
    mask: &mut Words,
) {
    match wanted {
        WantedCodes::Listed(codes) => and_listed(lane, part, (codes, options), mask),
        WantedCodes::AllBut(codes) => {
            let mut listed = *mask;
            and_listed(lane, part, (codes, options), &mut listed);
            mask::and_not(mask, &listed);
        }
        WantedCodes::Bits(bits) => and_bits(&part.codes, bits, mask),
    }
}

/// Keeps the slots with one of some codes.
fn and_listed(
    lane: (&Lane, TextKind),
    part: &CodeLane,
    (codes, options): (&[u32], &IndexOptions),
    mask: &mut Words,
) {
    match codes[..] {
        [] => mask.fill(0),
        [code] => and_code(lane, part, (code, options), mask),
        _ => {
            let n_words = codes.last().map_or(0, |last| *last as usize / 64 + 1);
            let mut bits = vec![0; n_words];
            for code in codes {
                bits[*code as usize / 64] |= 1 << (code % 64);
            }
            and_bits(&part.codes, &bits, mask);
        }
    }
}

fn and_bits(codes: &Codes, bits: &[u64], mask: &mut Words) {
    match codes {
        Codes::U8(codes) => {
            let mut set = [0; 4];
            set.iter_mut().zip(bits).for_each(|(word, bits)| *word = *bits);
            and_in_set_u8(mask, codes, &set);
        }
        Codes::U16(codes) => and_in_set(mask, codes, bits),
        Codes::U32(codes) => and_in_set(mask, codes, bits),
    }
}

/// Keeps the slots with one code: by its posting where values are few, else by a scan.
fn and_code(
    lane: (&Lane, TextKind),
    part: &CodeLane,
    (code, options): (u32, &IndexOptions),
    mask: &mut Words,
) {
    if let Some(postings) = postings_of(lane, part, options) {
        postings.narrow(code, mask);
        return;
    }
    each_width!(&part.codes, codes => match Code::from_u32(code) {
        Some(code) => and_equal(mask, codes, code),
        None => mask.fill(0),
    });
}

/// The postings of a dense lane with few values, built if they were not.
pub(crate) fn postings_of<'a>(
    (lane, kind): (&Lane, TextKind),
    part: &'a CodeLane,
    options: &IndexOptions,
) -> Option<&'a Postings> {
    if !lane.kinds.is_dense() {
        return None;
    }
    let build = || {
        let mask = lane.kinds.slots_of_kind(kind.kind(), None);
        let limits = PostingLimits {
            codes_max: options.count_values_max.max(options.posting_values_max),
            values_max: options.posting_values_max,
        };
        Postings::build(&part.codes, mask.words(), limits)
    };
    part.postings.get_or_init(build).as_ref()
}

/// Scans raw text. Blocks of texts lie together, so a substring is searched in a block at once.
fn and_raw(raw: &RawText, (set, test): Test<'_>, mask: &mut Words) {
    match set {
        TextSet::Contains(part) if !part.is_empty() => {
            if let Some(finder) = test.finder() {
                raw.search(mask, finder, |_| true);
            }
        }
        TextSet::Prefix(prefix) => raw.narrow(mask, |text| text.starts_with(prefix.as_bytes())),
        TextSet::Points(points) => match &points[..] {
            // Searching skips ahead through a block; comparing stops at each text.
            [point] if !point.is_empty() => {
                raw.search(mask, &Finder::new(point.as_bytes()), |hit| hit.is_whole);
            }
            points => {
                let listed = test.listed(points);
                raw.narrow(mask, |text| listed.contains(points, text));
            }
        },
        TextSet::NotPoints(points) => {
            let listed = test.listed(points);
            raw.narrow(mask, |text| !listed.contains(points, text));
        }
        TextSet::Match(matcher) => raw.matching(mask, &**matcher, test.finder()),
        TextSet::Between(low, high) => {
            // Code points are ordered as their UTF-8 bytes.
            let low = low.as_ref().map(|text| text.as_bytes());
            let high = high.as_ref().map(|text| text.as_bytes());
            raw.narrow(mask, |text| RangeBounds::<[u8]>::contains(&(low, high), text));
        }
        set => keep_slots(mask, |slot| test.contains(set, raw.text(slot))),
    }
}

/// The codes of shared stamps at the slots of `mask`.
fn codes_of_shared(
    lane: &Lane,
    places: &LaneVec<u8>,
    stamps: &RowStamps,
    mask: &Words,
) -> WideCodes {
    let mut slots = Mask::empty();
    slots.words_mut().copy_from_slice(mask);
    let rows = lane.kinds.rows_of_slots(&slots);
    let mut codes = WideCodes::of_width(stamps.coder().map_or(8, StampCoder::width));
    for (row, slot) in rows.iter().zip(slots.iter().map(usize::from)) {
        codes.set(slot, stamps.code(row, place_at(places, slot)));
    }
    codes
}

/// Codes of stamps, and what they stand for.
type Stamps<'a> = (&'a StampCoder, &'a WideCodes);

/// Narrows stamps by code where the set is a range of codes, else by their text.
fn and_times((coder, codes): Stamps<'_>, (set, test): Test<'_>, mask: &mut Words) {
    let ask = |slot: usize| test.contains(set, &coder.text(codes.get(slot)));
    match set {
        TextSet::Points(points) => {
            let mut listed: Vec<u64> = points.iter().filter_map(|p| coder.code(p)).collect();
            listed.sort_unstable();
            match listed[..] {
                [] => mask.fill(0),
                [code] => codes.narrow((code, code), mask),
                _ => keep_slots(mask, |slot| listed.binary_search(&codes.get(slot)).is_ok()),
            }
        }
        TextSet::Time(TimeSet { milliseconds: NumberSet::Between(_), .. })
        | TextSet::Between(..)
        | TextSet::Prefix(_) => match coder.candidates(set) {
            Some(candidates) => and_candidates((coder, codes), candidates, (set, test), mask),
            None => keep_slots(mask, ask),
        },
        TextSet::Time(TimeSet { milliseconds, .. }) => {
            keep_slots(mask, |slot| match coder.milliseconds(codes.get(slot)) {
                Some(time) => milliseconds.contains(time),
                None => ask(slot),
            });
        }
        _ => keep_slots(mask, ask),
    }
}

/// Keeps the slots with a candidate code, and the odd texts that are in; where ranges are to be
/// asked, their slots too are kept by their text.
fn and_candidates(
    (coder, codes): Stamps<'_>,
    candidates: Candidates,
    (set, test): Test<'_>,
    mask: &mut Words,
) {
    let odd = coder.odd().filter(|(_, text)| test.contains(set, text));
    let odd: Vec<_> = odd
        .map(|(code, _)| {
            let mut of_code = *mask;
            codes.narrow((code, code), &mut of_code);
            of_code
        })
        .collect();
    codes.narrow(candidates.codes, mask);
    for range in candidates.asked.into_iter().flatten() {
        let mut asked = *mask;
        codes.narrow(range, &mut asked);
        mask::and_not(mask, &asked);
        keep_slots(&mut asked, |slot| test.contains(set, &coder.text(codes.get(slot))));
        mask::or(mask, &asked);
    }
    for of_code in odd {
        mask::or(mask, &of_code);
    }
}
