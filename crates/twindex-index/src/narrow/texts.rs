//! Narrowing by texts: codes by code sets and postings, times by ticks where their order is that
//! of the text, raw text by scanning it.

use std::ops::RangeBounds;

use twindex_kernels::codes::{Code, and_equal, and_in_set};
use twindex_kernels::mask::{self, Words};

use crate::cell_set::{NumberSet, TextSet, TimeSet};
use crate::lane::Lane;
use crate::lane::codes::{Codes, each_width};
use crate::lane::raw::{BLOCK, RawText};
use crate::lane::string::{CodeLane, TextLane};
use crate::lane::time::TimeLane;
use crate::lane::time_range::Candidates;
use crate::narrow::wanted::WantedCodes;
use crate::narrow::{TextTest, keep_slots};
use crate::options::IndexOptions;
use crate::posting::{PostingLimits, Postings};
use crate::texts::{TextKind, Texts};

/// A set of texts with its test.
pub(crate) type Test<'a> = (&'a TextSet, &'a TextTest);

/// Keeps the slots of `mask`, all of which hold texts of `kind`, whose text is in the set.
pub(crate) fn and_texts(
    (lane, kind): (&Lane, TextKind),
    test: Test<'_>,
    (texts, options): (&Texts, &IndexOptions),
    mask: &mut Words,
) {
    match (test.0, lane.text_part(kind)) {
        (TextSet::None, _) | (_, None) => mask.fill(0),
        (TextSet::All, _) => (),
        (_, Some(TextLane::Codes(codes))) => {
            let Some(dictionary) = lane.dictionary(kind, texts) else { return };
            let wanted = test.1.wanted(test.0, dictionary);
            and_wanted((lane, kind), codes, (&wanted.codes, options), mask);
        }
        (_, Some(TextLane::Raw(raw))) => and_raw(raw, test, mask),
        (_, Some(TextLane::Times(times))) => and_times(times, test, mask),
    }
}

fn and_wanted(
    lane: (&Lane, TextKind),
    part: &CodeLane,
    (wanted, options): (&WantedCodes, &IndexOptions),
    mask: &mut Words,
) {
    match wanted {
        WantedCodes::Listed(codes) => match codes[..] {
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
        },
        WantedCodes::Bits(bits) => and_bits(&part.codes, bits, mask),
    }
}

fn and_bits(codes: &Codes, bits: &[u64], mask: &mut Words) {
    each_width!(codes, codes => and_in_set(mask, codes, bits));
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
        TextSet::Contains(part) if !part.is_empty() => and_raw_contains(raw, test, mask),
        TextSet::Prefix(prefix) => raw.narrow(mask, |text| text.starts_with(prefix.as_bytes())),
        TextSet::Points(points) => match &points[..] {
            [point] => raw.narrow(mask, |text| text == point.as_bytes()),
            points => raw.narrow(mask, |text| {
                points.binary_search_by(|point| point.as_bytes().cmp(text)).is_ok()
            }),
        },
        TextSet::Between(low, high) => {
            // Code points are ordered as their UTF-8 bytes.
            let low = low.as_ref().map(|text| text.as_bytes());
            let high = high.as_ref().map(|text| text.as_bytes());
            raw.narrow(mask, |text| RangeBounds::<[u8]>::contains(&(low, high), text));
        }
        set => keep_slots(mask, |slot| test.contains(set, raw.text(slot))),
    }
}

fn and_raw_contains(raw: &RawText, test: &TextTest, mask: &mut Words) {
    let Some(finder) = test.finder() else { return };
    let n_needle = finder.needle().len();
    for block in 0..mask.len() * 64 / BLOCK {
        let (word, shift) = (block * BLOCK / 64, block * BLOCK % 64);
        let all = (1_u64 << BLOCK) - 1;
        let asked = mask[word] >> shift & all;
        if asked == 0 {
            continue;
        }
        let mut found = 0;
        if block < raw.n_blocks() {
            let (bytes, mut lens) = raw.block(block);
            let (mut slot, mut end) = (0, lens.next().unwrap_or(0));
            let mut from = 0;
            while let Some(at) = finder.find(&bytes[from..]) {
                let start = from + at;
                while end <= start {
                    slot += 1;
                    end += lens.next().unwrap_or(usize::MAX - end);
                }
                // A match across two texts is none; a later one may begin inside it.
                if start + n_needle <= end {
                    found |= 1 << slot;
                    from = end;
                } else {
                    from = start + 1;
                }
            }
        }
        mask[word] &= !(all << shift) | ((asked & found) << shift);
    }
}

/// Narrows stamps by code where the set is a range of codes, else by their text.
fn and_times(times: &TimeLane, (set, test): Test<'_>, mask: &mut Words) {
    match set {
        TextSet::Points(points) => {
            let mut codes: Vec<u64> = points.iter().filter_map(|p| times.code_of(p)).collect();
            codes.sort_unstable();
            match codes[..] {
                [] => mask.fill(0),
                [code] => times.codes().narrow((code, code), mask),
                _ => keep_slots(mask, |slot| codes.binary_search(&times.code(slot)).is_ok()),
            }
        }
        TextSet::Time(TimeSet { milliseconds: NumberSet::Between(_), .. })
        | TextSet::Between(..)
        | TextSet::Prefix(_) => match times.candidates(set) {
            Some(candidates) => and_candidates(times, candidates, (set, test), mask),
            None => keep_slots(mask, |slot| test.contains(set, &times.text(slot))),
        },
        TextSet::Time(TimeSet { milliseconds, .. }) => {
            keep_slots(mask, |slot| match times.milliseconds(slot) {
                Some(time) => milliseconds.contains(time),
                None => test.contains(set, &times.text(slot)),
            });
        }
        set => keep_slots(mask, |slot| test.contains(set, &times.text(slot))),
    }
}

/// Keeps the slots with a candidate code, and the odd texts that are in; where ranges are to be
/// asked, their slots too are kept by their text.
fn and_candidates(times: &TimeLane, candidates: Candidates, test: Test<'_>, mask: &mut Words) {
    let is_in = |slot: usize| test.1.contains(test.0, &times.text(slot));
    let odd = match times.n_odd() {
        0 => None,
        _ => {
            let mut odd = *mask;
            times.codes().narrow((times.n_codes(), u64::MAX), &mut odd);
            keep_slots(&mut odd, is_in);
            Some(odd)
        }
    };
    times.codes().narrow(candidates.codes, mask);
    for range in candidates.asked.into_iter().flatten() {
        let mut asked = *mask;
        times.codes().narrow(range, &mut asked);
        mask::and_not(mask, &asked);
        keep_slots(&mut asked, is_in);
        mask::or(mask, &asked);
    }
    if let Some(odd) = odd {
        mask::or(mask, &odd);
    }
}
