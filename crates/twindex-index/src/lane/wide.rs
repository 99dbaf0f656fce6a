//! Codes of four to eight bytes, by slot: a plane of the low four bytes and planes of those above.
//!
//! Stamps of 100 ns over years need seven bytes, which no number type has.

mod image;

use twindex_kernels::codes::and_in_range;
use twindex_kernels::mask::Words;
use twindex_kernels::{Code, LaneVec, prefetch};

use crate::lane::codes::{Codes, each_width, insert, remove, scatter};

/// A column of codes of one width. All planes have a value for each slot.
#[derive(Clone, Debug)]
pub(crate) struct WideCodes {
    low: LaneVec<u32>,
    /// The bytes above the low four: one, two or four of them.
    high: Option<Codes>,
    /// The byte above four and two.
    top: Option<LaneVec<u8>>,
}

impl WideCodes {
    /// Widths there are, in bytes, narrowest first.
    pub(crate) const WIDTHS: [u32; 5] = [4, 5, 6, 7, 8];

    /// An empty column of a width.
    pub(crate) fn of_width(width: u32) -> Self {
        let high = match width {
            ..=4 => None,
            5 => Some(Codes::U8(LaneVec::new())),
            6 | 7 => Some(Codes::U16(LaneVec::new())),
            _ => Some(Codes::U32(LaneVec::new())),
        };
        Self { low: LaneVec::new(), high, top: (width == 7).then(LaneVec::new) }
    }

    /// Number of slots.
    pub(crate) fn len(&self) -> usize {
        self.low.len()
    }

    /// Bytes a slot.
    pub(crate) fn width(&self) -> u32 {
        let high = self.high.as_ref().map_or(0, Codes::width);
        4 + high as u32 + u32::from(self.top.is_some())
    }

    /// Greatest code of this width.
    pub(crate) fn greatest(&self) -> u64 {
        greatest(self.width())
    }

    /// The code at a slot; 0 past the end.
    #[inline]
    pub(crate) fn get(&self, slot: usize) -> u64 {
        let Some(low) = self.low.get(slot) else { return 0 };
        let high = self.high.as_ref().map_or(0, |high| high.get(slot));
        let top = self.top.as_ref().map_or(0, |top| top[slot]);
        u64::from(top) << 48 | u64::from(high) << 32 | u64::from(*low)
    }

    /// Asks for the code at a slot.
    pub(crate) fn fetch(&self, slot: usize) {
        prefetch(&self.low, slot);
        self.high.iter().for_each(|high| high.fetch(slot));
        self.top.iter().for_each(|top| prefetch(top, slot));
    }

    /// Writes a code, which must not be above the greatest; the column grows to the slot.
    #[inline]
    pub(crate) fn set(&mut self, slot: usize, code: u64) {
        put(&mut self.low, slot, code as u32);
        // With a plane above it, this one has two bytes.
        let high = if self.top.is_some() { code >> 32 & 0xFFFF } else { code >> 32 };
        self.high.iter_mut().for_each(|plane| plane.set(slot, high as u32));
        self.top.iter_mut().for_each(|top| put(top, slot, (code >> 48) as u8));
    }

    /// Makes room at a slot for one that comes between.
    pub(crate) fn insert(&mut self, slot: usize) {
        insert(&mut self.low, slot);
        self.high.iter_mut().for_each(|high| high.insert(slot));
        self.top.iter_mut().for_each(|top| insert(top, slot));
    }

    /// Takes a slot out.
    pub(crate) fn remove(&mut self, slot: usize) {
        remove(&mut self.low, slot);
        self.high.iter_mut().for_each(|high| high.remove(slot));
        self.top.iter_mut().for_each(|top| remove(top, slot));
    }

    /// The same codes by row, where slot `i` is row `rows[i]`.
    pub(crate) fn scatter(&self, rows: &[u16]) -> Self {
        Self {
            low: scatter(&self.low, rows),
            high: self.high.as_ref().map(|high| high.scatter(rows)),
            top: self.top.as_ref().map(|top| scatter(top, rows)),
        }
    }

    /// Keeps the slots with a code from `first` to `last`; an empty range keeps none.
    pub(crate) fn narrow(&self, range: (u64, u64), mask: &mut Words) {
        let (first, last) = range;
        if first > last || first > self.greatest() {
            mask.fill(0);
            return;
        }
        match (&self.high, &self.top) {
            (None, _) => {
                let last = u32::try_from(last).unwrap_or(u32::MAX);
                and_in_range(mask, &self.low, first as u32..=last);
            }
            (Some(high), None) => {
                each_width!(high, high => narrow_pair(&self.low, high, range, mask));
            }
            (Some(high), Some(top)) => {
                each_width!(high, high => narrow_triple((&self.low, high, top), range, mask));
            }
        }
    }

    /// Drops the slots at and past an end.
    pub(crate) fn truncate(&mut self, end: usize) {
        self.low.truncate(end);
        self.high.iter_mut().for_each(|high| high.truncate(end));
        self.top.iter_mut().for_each(|top| top.truncate(end));
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self) {
        self.low.shrink_to_fit();
        self.high.iter_mut().for_each(Codes::shrink);
        self.top.iter_mut().for_each(LaneVec::shrink_to_fit);
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.low.memory_bytes()
            + self.high.as_ref().map_or(0, Codes::bytes)
            + self.top.as_ref().map_or(0, LaneVec::memory_bytes)
    }

    /// Those of them in which no code lies.
    pub(crate) fn slack_bytes(&self) -> usize {
        self.low.slack_bytes()
            + self.high.as_ref().map_or(0, Codes::slack_bytes)
            + self.top.as_ref().map_or(0, LaneVec::slack_bytes)
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
fn narrow_triple<H: Code>(
    (low, high, top): (&[u32], &[H], &[u8]),
    range: (u64, u64),
    mask: &mut Words,
) {
    narrow_words(mask, low.len(), range, |slots, codes| {
        let planes = low[slots.clone()].iter().zip(&high[slots.clone()]).zip(&top[slots]);
        for (code, ((low, high), top)) in codes.iter_mut().zip(planes) {
            *code = u64::from(*top) << 48 | (high.index() as u64) << 32 | u64::from(*low);
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
