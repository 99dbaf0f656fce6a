//! Narrowing by texts: codes by code sets and postings, times by ticks where their order is that
//! of the text, raw text by scanning it.

use twindex_kernels::codes::{Code, and_equal, and_in_range, and_in_set};
use twindex_kernels::mask::{self, Words};

use crate::cell_set::TextSet;
use crate::lane::Lane;
use crate::lane::codes::{Codes, each_width};
use crate::lane::raw::{BLOCK, RawText};
use crate::lane::string::{CodeLane, TextLane};
use crate::lane::time::TimeLane;
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
        TextSet::Prefix(prefix) => {
            keep_slots(mask, |slot| raw.bytes_at(slot).starts_with(prefix.as_bytes()));
        }
        TextSet::Points(points) => keep_slots(mask, |slot| {
            let text = raw.bytes_at(slot);
            points.binary_search_by(|point| point.as_bytes().cmp(text)).is_ok()
        }),
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
                [code] => and_times_between(times, (code, code), mask),
                _ => keep_slots(mask, |slot| codes.binary_search(&times.code(slot)).is_ok()),
            }
        }
        set => match times.codes_in(set) {
            Some((first, last)) => {
                let odd = odd_slots(times, (set, test), mask);
                and_times_between(times, (first, last), mask);
                for slot in odd {
                    mask::set(mask, slot);
                }
            }
            None => keep_slots(mask, |slot| test.contains(set, &times.text(slot))),
        },
    }
}

/// The slots of `mask` with odd texts that are in the set.
fn odd_slots(times: &TimeLane, (set, test): Test<'_>, mask: &Words) -> Vec<u16> {
    if times.n_odd() == 0 {
        return Vec::new();
    }
    let first_odd = times.n_codes();
    let is_in = |slot: &u16| {
        let slot = usize::from(*slot);
        times.code(slot) >= first_odd && test.contains(set, &times.text(slot))
    };
    mask::rows(mask).filter(is_in).collect()
}

/// Keeps the slots with a code from `first` to `last`; an empty range keeps none.
fn and_times_between(times: &TimeLane, (first, last): (u64, u64), mask: &mut Words) {
    match times.planes() {
        _ if first > last => mask.fill(0),
        (low, None) => match (u32::try_from(first), u32::try_from(last)) {
            (Ok(first), Ok(last)) => and_in_range(mask, low, first..=last),
            (Ok(first), Err(_)) => and_in_range(mask, low, first..=u32::MAX),
            (Err(_), _) => mask.fill(0),
        },
        _ => keep_slots(mask, |slot| (first..=last).contains(&times.code(slot))),
    }
}
