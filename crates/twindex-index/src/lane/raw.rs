//! Texts that are nearly all distinct (serials, addresses, ids), in row order in an arena.
//!
//! A dictionary would cost a code, an offset and a hash entry for each text that no other row has.
//! Sixteen slots share one base and have a length byte each: 1.5 bytes a row above the text. A
//! block that must grow moves to where others were, or to the arena's end; past a quarter of garbage
//! the arena is rewritten.

mod image;
mod search;
mod write;

use twindex_kernels::{LaneVec, prefetch};

pub(crate) use crate::text_match::BLOCK;
pub(crate) use image::is_text;

/// A length that is kept aside.
const LONG: u8 = u8::MAX;
/// Bytes of a cache line.
const LINE_BYTES: usize = 64;
/// Lines of a text that are asked for ahead, at most.
const FETCHED_LINES_MAX: usize = 4;

/// Texts by slot.
#[derive(Debug)]
pub(crate) struct RawText {
    /// The texts of a block lie next to each other, in slot order.
    arena: Vec<u8>,
    /// Where each block begins.
    bases: LaneVec<u64>,
    /// Length of each text; [`LONG`] for those of 255 bytes and more.
    lens: LaneVec<u8>,
    /// Lengths of long texts, by ascending slot.
    long: Vec<(u16, u32)>,
    /// Bytes of the arena that no text uses.
    garbage: usize,
    /// Places and lengths of some of them: a block that grows moves to where another one was.
    holes: Vec<(usize, usize)>,
    /// Whether no block lies before one of a lower slot; empty blocks lie anywhere.
    is_ordered: bool,
}

impl Default for RawText {
    fn default() -> Self {
        Self {
            arena: Vec::new(),
            bases: LaneVec::new(),
            lens: LaneVec::new(),
            long: Vec::new(),
            garbage: 0,
            holes: Vec::new(),
            is_ordered: true,
        }
    }
}

impl RawText {
    /// Number of slots.
    pub(crate) fn len(&self) -> usize {
        self.lens.len()
    }

    /// Number of blocks.
    pub(crate) fn n_blocks(&self) -> usize {
        self.bases.len()
    }

    /// The text at a slot; empty past the end.
    pub(crate) fn text(&self, slot: usize) -> &str {
        // Only whole strings are written.
        std::str::from_utf8(self.bytes_at(slot)).unwrap_or_default()
    }

    /// The bytes of the text at a slot; none past the end.
    #[inline]
    pub(crate) fn bytes_at(&self, slot: usize) -> &[u8] {
        if slot >= self.lens.len() {
            return &[];
        }
        let len = self.len_at(slot);
        if len == 0 {
            // An empty block may have its base past an arena that was cut since.
            return &[];
        }
        let start = self.start(slot);
        &self.arena[start..start + len]
    }

    /// Asks for what says where the text at a slot lies.
    pub(crate) fn fetch(&self, slot: usize) {
        prefetch(&self.lens, slot);
        prefetch(&self.bases, slot / BLOCK);
    }

    /// Asks for the text at a slot, once [`RawText::fetch`] is done.
    pub(crate) fn fetch_text(&self, slot: usize) {
        if slot < self.len() {
            let start = self.start(slot);
            let end = start + self.len_at(slot);
            (start..end).step_by(LINE_BYTES).take(FETCHED_LINES_MAX).for_each(|at| {
                prefetch(&self.arena, at);
            });
            prefetch(&self.arena, end);
        }
    }

    /// The bytes of a block, and the lengths of its texts in slot order.
    pub(crate) fn block(&self, block: usize) -> (&[u8], impl Iterator<Item = usize>) {
        let first = block * BLOCK;
        let end = (first + BLOCK).min(self.lens.len());
        let lens = (first..end).map(|slot| self.len_at(slot));
        let bytes = self.arena.get(self.bases[block] as usize..self.block_end(block));
        (bytes.unwrap_or_default(), lens)
    }

    #[inline]
    fn start(&self, slot: usize) -> usize {
        let first = slot / BLOCK * BLOCK;
        let base = self.bases[slot / BLOCK] as usize + sum(&self.lens.as_slice()[first..slot]);
        if self.long.is_empty() {
            return base;
        }
        let longs = (first..slot).filter(|at| self.lens[*at] == LONG);
        base + longs.map(|at| self.len_at(at) - usize::from(LONG)).sum::<usize>()
    }

    #[inline]
    fn len_at(&self, slot: usize) -> usize {
        match self.lens.get(slot) {
            Some(&LONG) => match self.long.binary_search_by_key(&slot, |l| usize::from(l.0)) {
                Ok(at) => self.long[at].1 as usize,
                Err(_) => 0,
            },
            Some(len) => usize::from(*len),
            None => 0,
        }
    }

    fn block_end(&self, block: usize) -> usize {
        let last = ((block + 1) * BLOCK).min(self.lens.len()) - 1;
        self.start(last) + self.len_at(last)
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.arena.capacity()
            + self.bases.memory_bytes()
            + self.lens.memory_bytes()
            + self.long.capacity() * size_of::<(u16, u32)>()
            + self.holes.capacity() * size_of::<(usize, usize)>()
    }

    /// Those of them in which no text lies.
    pub(crate) fn slack_bytes(&self) -> usize {
        self.arena.capacity() - self.arena.len()
            + self.garbage
            + self.bases.slack_bytes()
            + self.lens.slack_bytes()
    }

    /// Compares what is kept with what the texts say.
    pub(crate) fn validate(&self) -> Result<(), String> {
        self.validate_sizes()?;
        match (0..self.len()).find(|at| std::str::from_utf8(self.bytes_at(*at)).is_err()) {
            Some(slot) => Err(format!("raw: slot {slot} is no text")),
            None => Ok(()),
        }
    }

    /// The same of what need be no text.
    pub(crate) fn validate_sizes(&self) -> Result<(), String> {
        let used: usize = (0..self.len()).map(|slot| self.len_at(slot)).sum();
        let in_holes: usize = self.holes.iter().map(|hole| hole.1).sum();
        if in_holes > self.garbage {
            return Err(format!("raw: {in_holes} in holes, {} garbage", self.garbage));
        }
        if used + self.garbage != self.arena.len() {
            return Err(format!(
                "raw: {used} used, {} garbage of {}",
                self.garbage,
                self.arena.len()
            ));
        }
        Ok(())
    }
}

/// The sum of at most [`BLOCK`] lengths. Most of the work of finding a text, so eight are added at
/// once: pairs of neighbours in two bytes each, and then those by one multiplication.
#[inline]
fn sum(lens: &[u8]) -> usize {
    let sum_of_eight = |lens: [u8; 8]| {
        let lens = u64::from_le_bytes(lens);
        let pairs = (lens & EVEN_BYTES) + (lens >> 8 & EVEN_BYTES);
        (pairs.wrapping_mul(ONE_IN_EACH_PAIR) >> 48) as usize
    };
    let (eights, rest) = lens.as_chunks::<8>();
    let sum: usize = eights.iter().map(|lens| sum_of_eight(*lens)).sum();
    sum + rest.iter().map(|len| usize::from(*len)).sum::<usize>()
}

/// Every other byte of eight, and a one in each two of them.
const EVEN_BYTES: u64 = 0x00FF_00FF_00FF_00FF;
const ONE_IN_EACH_PAIR: u64 = 0x0001_0001_0001_0001;

#[cfg(test)]
mod tests {
    use super::RawText;
    use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};

    #[derive(Clone, Debug)]
    enum Step {
        Set(usize, String),
        Insert(usize),
        Remove(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let len = proptest::prop_oneof![9 => 0usize..40, 1 => 250usize..700];
        (0usize..4, 0usize..60, len, any::<char>()).prop_map(|(which, slot, len, c)| match which {
            0 => Step::Insert(slot),
            1 => Step::Remove(slot),
            _ => Step::Set(slot, c.to_string().repeat(len)),
        })
    }

    proptest! {
        /// Texts are those last written, whatever moved in between.
        #[test]
        fn texts_are_those_last_written(steps in prop::collection::vec(step(), 0..200)) {
            let mut raw = RawText::default();
            let mut model: Vec<String> = Vec::new();
            for step in steps {
                match step {
                    Step::Set(slot, text) => {
                        model.resize(model.len().max(slot + 1), String::new());
                        model[slot].clone_from(&text);
                        raw.set(slot, text.as_bytes());
                    }
                    Step::Insert(slot) => {
                        raw.insert(slot);
                        if slot < model.len() {
                            model.insert(slot, String::new());
                        }
                    }
                    Step::Remove(slot) => {
                        raw.remove(slot);
                        if slot < model.len() {
                            model.remove(slot);
                        }
                    }
                }
                prop_assert_eq!(raw.validate(), Ok(()));
                for (slot, text) in model.iter().enumerate() {
                    prop_assert_eq!(raw.text(slot), text);
                }
            }
            let rows: Vec<u16> = (0..model.len() as u16).map(|slot| slot * 3 + 1).collect();
            raw.scatter(&rows);
            for (text, row) in model.iter().zip(rows) {
                prop_assert_eq!(raw.text(usize::from(row)), text);
            }
        }
    }
}
