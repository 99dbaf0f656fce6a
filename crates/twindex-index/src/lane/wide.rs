//! Codes of four to eight bytes, by slot: a plane of the low four bytes and planes of those above.
//!
//! Stamps of 100 ns over years need seven bytes, which no number type has.

mod image;

use twindex_kernels::codes::and_in_range;
use twindex_kernels::mask::Words;
use twindex_kernels::{Code, LaneVec, prefetch};

use crate::lane::codes::{insert, remove, scatter};

/// A column of codes of one width.
#[derive(Clone, Debug)]
pub(crate) struct WideCodes {
    low: LaneVec<u32>,
    high: High,
}

/// The bytes above the low four.
#[derive(Clone, Debug)]
enum High {
    None,
    U8(LaneVec<u8>),
    U16(LaneVec<u16>),
    /// Two bytes, and the one above them.
    U24(LaneVec<u16>, LaneVec<u8>),
    U32(LaneVec<u32>),
}

impl WideCodes {
    /// Widths there are, in bytes, narrowest first.
    pub(crate) const WIDTHS: [u32; 5] = [4, 5, 6, 7, 8];

    /// An empty column of a width.
    pub(crate) fn of_width(width: u32) -> Self {
        let high = match width {
            ..=4 => High::None,
            5 => High::U8(LaneVec::new()),
            6 => High::U16(LaneVec::new()),
            7 => High::U24(LaneVec::new(), LaneVec::new()),
            _ => High::U32(LaneVec::new()),
        };
        Self { low: LaneVec::new(), high }
    }

    /// Number of slots.
    pub(crate) fn len(&self) -> usize {
        self.low.len()
    }

    /// Bytes a slot.
    pub(crate) fn width(&self) -> u32 {
        match &self.high {
            High::None => 4,
            High::U8(_) => 5,
            High::U16(_) => 6,
            High::U24(..) => 7,
            High::U32(_) => 8,
        }
    }

    /// Greatest code of this width.
    pub(crate) fn greatest(&self) -> u64 {
        greatest(self.width())
    }

    /// The code at a slot; 0 past the end.
    #[inline]
    pub(crate) fn get(&self, slot: usize) -> u64 {
        if slot >= self.low.len() {
            return 0;
        }
        let high = match &self.high {
            High::None => 0,
            High::U8(high) => u64::from(high[slot]),
            High::U16(high) => u64::from(high[slot]),
            High::U24(high, top) => u64::from(top[slot]) << 16 | u64::from(high[slot]),
            High::U32(high) => u64::from(high[slot]),
        };
        high << 32 | u64::from(self.low[slot])
    }

    /// Asks for the code at a slot.
    pub(crate) fn fetch(&self, slot: usize) {
        prefetch(&self.low, slot);
        match &self.high {
            High::None => (),
            High::U8(high) => prefetch(high, slot),
            High::U16(high) => prefetch(high, slot),
            High::U24(high, top) => {
                prefetch(high, slot);
                prefetch(top, slot);
            }
            High::U32(high) => prefetch(high, slot),
        }
    }

    /// Writes a code, which must not be above the greatest; the column grows to the slot.
    #[inline]
    pub(crate) fn set(&mut self, slot: usize, code: u64) {
        put(&mut self.low, slot, code as u32);
        match &mut self.high {
            High::None => (),
            High::U8(high) => put(high, slot, (code >> 32) as u8),
            High::U16(high) => put(high, slot, (code >> 32) as u16),
            High::U24(high, top) => {
                put(high, slot, (code >> 32) as u16);
                put(top, slot, (code >> 48) as u8);
            }
            High::U32(high) => put(high, slot, (code >> 32) as u32),
        }
    }

    /// Makes room at a slot for one that comes between.
    pub(crate) fn insert(&mut self, slot: usize) {
        insert(&mut self.low, slot);
        match &mut self.high {
            High::None => (),
            High::U8(high) => insert(high, slot),
            High::U16(high) => insert(high, slot),
            High::U24(high, top) => {
                insert(high, slot);
                insert(top, slot);
            }
            High::U32(high) => insert(high, slot),
        }
    }

    /// Takes a slot out.
    pub(crate) fn remove(&mut self, slot: usize) {
        remove(&mut self.low, slot);
        match &mut self.high {
            High::None => (),
            High::U8(high) => remove(high, slot),
            High::U16(high) => remove(high, slot),
            High::U24(high, top) => {
                remove(high, slot);
                remove(top, slot);
            }
            High::U32(high) => remove(high, slot),
        }
    }

    /// The same codes by row, where slot `i` is row `rows[i]`.
    pub(crate) fn scatter(&self, rows: &[u16]) -> Self {
        let high = match &self.high {
            High::None => High::None,
            High::U8(high) => High::U8(scatter(high, rows)),
            High::U16(high) => High::U16(scatter(high, rows)),
            High::U24(high, top) => High::U24(scatter(high, rows), scatter(top, rows)),
            High::U32(high) => High::U32(scatter(high, rows)),
        };
        Self { low: scatter(&self.low, rows), high }
    }

    /// Keeps the slots with a code from `first` to `last`; an empty range keeps none.
    pub(crate) fn narrow(&self, (first, last): (u64, u64), mask: &mut Words) {
        if first > last || first > self.greatest() {
            mask.fill(0);
            return;
        }
        let range = (first, last);
        match &self.high {
            High::None => {
                let last = u32::try_from(last).unwrap_or(u32::MAX);
                and_in_range(mask, &self.low, first as u32..=last);
            }
            High::U8(high) => narrow_pair(&self.low, high, range, mask),
            High::U16(high) => narrow_pair(&self.low, high, range, mask),
            High::U32(high) => narrow_pair(&self.low, high, range, mask),
            High::U24(high, top) => narrow_triple((&self.low, high, top), range, mask),
        }
    }

    /// Drops the slots at and past an end.
    pub(crate) fn truncate(&mut self, end: usize) {
        self.low.truncate(end);
        match &mut self.high {
            High::None => (),
            High::U8(high) => high.truncate(end),
            High::U16(high) => high.truncate(end),
            High::U24(high, top) => {
                high.truncate(end);
                top.truncate(end);
            }
            High::U32(high) => high.truncate(end),
        }
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self) {
        self.low.shrink_to_fit();
        match &mut self.high {
            High::None => (),
            High::U8(high) => high.shrink_to_fit(),
            High::U16(high) => high.shrink_to_fit(),
            High::U24(high, top) => {
                high.shrink_to_fit();
                top.shrink_to_fit();
            }
            High::U32(high) => high.shrink_to_fit(),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let high = match &self.high {
            High::None => 0,
            High::U8(high) => high.memory_bytes(),
            High::U16(high) => high.memory_bytes(),
            High::U24(high, top) => high.memory_bytes() + top.memory_bytes(),
            High::U32(high) => high.memory_bytes(),
        };
        self.low.memory_bytes() + high
    }

    /// Those of them in which no code lies.
    pub(crate) fn slack_bytes(&self) -> usize {
        let high = match &self.high {
            High::None => 0,
            High::U8(high) => high.slack_bytes(),
            High::U16(high) => high.slack_bytes(),
            High::U24(high, top) => high.slack_bytes() + top.slack_bytes(),
            High::U32(high) => high.slack_bytes(),
        };
        self.low.slack_bytes() + high
    }
}

/// Greatest code of a width in bytes.
pub(crate) fn greatest(width: u32) -> u64 {
    u64::MAX >> (64 - 8 * width)
}

#[inline]
fn put<T: twindex_kernels::memory::Plain>(column: &mut LaneVec<T>, slot: usize, value: T) {
    if slot < column.len() {
        column.as_mut_slice()[slot] = value;
    } else {
        column.resize(slot, T::default());
        column.push(value);
    }
}

/// Keeps the slots with a code in a range, of codes in two planes.
fn narrow_pair<H: Code>(low: &[u32], high: &[H], range: (u64, u64), mask: &mut Words) {
    narrow_words(mask, low.len(), range, |slots, codes| {
        let planes = low[slots.clone()].iter().zip(&high[slots]);
        for (code, (low, high)) in codes.iter_mut().zip(planes) {
            *code = (high.index() as u64) << 32 | u64::from(*low);
        }
    });
}

/// The same of codes in three planes.
fn narrow_triple(planes: (&[u32], &[u16], &[u8]), range: (u64, u64), mask: &mut Words) {
    let (low, high, top) = planes;
    narrow_words(mask, low.len(), range, |slots, codes| {
        let planes = low[slots.clone()].iter().zip(&high[slots.clone()]).zip(&top[slots]);
        for (code, ((low, high), top)) in codes.iter_mut().zip(planes) {
            *code = u64::from(*top) << 48 | u64::from(*high) << 32 | u64::from(*low);
        }
    });
}

/// Narrows word by word; `fill` writes the codes of up to 64 slots.
#[inline(always)]
fn narrow_words(
    mask: &mut Words,
    n_slots: usize,
    (first, last): (u64, u64),
    fill: impl Fn(std::ops::Range<usize>, &mut [u64; 64]),
) {
    let mut codes = [0; 64];
    for (at, word) in mask.iter_mut().enumerate() {
        let from = (at * 64).min(n_slots);
        let to = (from + 64).min(n_slots);
        if *word == 0 {
            continue;
        }
        fill(from..to, &mut codes);
        let mut kept = 0;
        for (bit, code) in codes[..to - from].iter().enumerate() {
            kept |= u64::from(first <= *code && *code <= last) << bit;
        }
        *word &= kept;
    }
}

#[cfg(test)]
mod tests {
    use super::WideCodes;
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};
    use twindex_kernels::mask::Mask;

    proptest! {
        /// Every width keeps its codes and narrows by them.
        #[test]
        fn codes_come_back_and_narrow(
            width in 4u32..=8, codes in prop::collection::vec(any::<u64>(), 1..200), bounds in any::<(u64, u64)>(),
            rows in any::<[u64; 4]>(),
        ) {
            let mut wide = WideCodes::of_width(width);
            let codes: Vec<u64> = codes.into_iter().map(|code| code & wide.greatest()).collect();
            for (slot, code) in codes.iter().enumerate() {
                wide.set(slot, *code);
            }
            wide.insert(0);
            wide.remove(0);
            let range = (bounds.0 & wide.greatest(), bounds.1);
            let mut mask = Mask::empty();
            mask.words_mut()[..4].copy_from_slice(&rows);
            let asked = mask.clone();
            wide.narrow(range, mask.words_mut());
            for (slot, code) in codes.iter().enumerate() {
                prop_assert_eq!(wide.get(slot), *code);
                let expected = asked.get(slot as u16) && (range.0..=range.1).contains(code);
                prop_assert_eq!(mask.get(slot as u16), expected);
            }
            prop_assert_eq!(mask.last_set().is_none_or(|last| usize::from(last) < codes.len()), true);
        }
    }
}
