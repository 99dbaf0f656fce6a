//! Texts that are nearly all distinct (serials, addresses, ids), in row order in an arena.
//!
//! A dictionary would cost a code, an offset and a hash entry for each text that no other row has.
//! Sixteen slots share one base and have a length byte each: 1.5 bytes a row above the text. A
//! block that must grow moves to where others were, or to the arena's end; past a quarter of garbage
//! the arena is rewritten.

mod image;

use memchr::memmem::Finder;
use twindex_kernels::mask::Words;
use twindex_kernels::{LaneVec, prefetch};

use crate::lane::codes;
pub(crate) use crate::text_match::BLOCK;
use crate::text_match::{TextBlock, TextMatcher};
pub(crate) use image::is_text;

/// The slots of a block in a word that begins with it.
const OF_BLOCK: u64 = (1 << BLOCK) - 1;
/// A length that is kept aside.
const LONG: u8 = u8::MAX;
/// Arena size from which garbage is worth a rewrite.
const COMPACT_BYTES_MIN: usize = 4_096;
/// Holes that are remembered: among so many blocks of one column one mostly fits well.
const HOLES_MAX: usize = 16;
/// One text in so many holds what is searched first, at most, or all texts are matched at once: a
/// hit costs about what matching a text does.
const FOUND_PART: usize = 4;
/// Texts searched until that is asked.
const SEARCHED_MIN: usize = 512;
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

/// Where a needle was found within a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// Whether it is the whole text.
    pub(crate) is_whole: bool,
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

    /// Keeps the slots of `mask` whose bytes pass, walking each block once.
    pub(crate) fn narrow(&self, mask: &mut Words, mut keep: impl FnMut(&[u8]) -> bool) {
        self.narrow_blocks(mask, |block, asked| self.texts(block, asked).keep(&mut keep));
    }

    /// Keeps the slots of `mask` in whose text the needle is found in a place that `accept` takes.
    /// The needle is searched in a whole block at once.
    pub(crate) fn search(
        &self,
        mask: &mut Words,
        finder: &Finder<'_>,
        accept: impl Fn(Hit) -> bool,
    ) {
        self.narrow_blocks(mask, |block, _| self.search_block(block, finder, &accept));
    }

    /// Keeps the slots of `mask` that a matcher takes. What all of these hold is searched in whole
    /// blocks first, until it turns out that so many texts hold it that this saves nothing.
    pub(crate) fn matching(
        &self,
        mask: &mut Words,
        matcher: &dyn TextMatcher,
        finder: Option<&Finder<'_>>,
    ) {
        let (mut n_searched, mut n_found) = (0, 0);
        self.narrow_blocks(mask, |block, mut asked| {
            if let Some(finder) = finder
                && n_found * FOUND_PART <= n_searched + SEARCHED_MIN
            {
                let found = self.search_block(block, finder, |_| true);
                n_searched += BLOCK;
                n_found += found.count_ones() as usize;
                asked &= found;
            }
            if asked == 0 { 0 } else { matcher.matches(&self.texts(block, asked)) }
        });
    }

    /// Hands over the texts at some slots, ascending. A block is looked at once: where its texts lie,
    /// and that they are such.
    pub(crate) fn each<'a>(&'a self, slots: &Words, mut take: impl FnMut(&'a str)) {
        for (at, word) in slots.iter().enumerate().filter(|(_, word)| **word != 0) {
            for shift in (0..64).step_by(BLOCK) {
                let (block, asked) = ((at * 64 + shift) / BLOCK, *word >> shift & OF_BLOCK);
                let mut n_left = asked.count_ones();
                if asked != 0 && block < self.n_blocks() {
                    let texts = self.texts(block, asked);
                    n_left -= texts.asked().count_ones();
                    texts.each(&mut take);
                }
                // Past the end all texts are empty.
                (0..n_left).for_each(|_| take(""));
            }
        }
    }

    /// Keeps in each block the slots that `keep` leaves of those asked for.
    fn narrow_blocks(&self, mask: &mut Words, mut keep: impl FnMut(usize, u64) -> u64) {
        for (at, word) in mask.iter_mut().enumerate().filter(|(_, word)| **word != 0) {
            let mut kept = 0;
            for shift in (0..64).step_by(BLOCK) {
                let (block, asked) = ((at * 64 + shift) / BLOCK, *word >> shift & OF_BLOCK);
                if asked != 0 && block < self.n_blocks() {
                    kept |= (keep(block, asked) & asked) << shift;
                }
            }
            *word = kept;
        }
    }

    /// The texts of a block, of which some are asked for.
    fn texts(&self, block: usize, asked: u64) -> TextBlock<'_> {
        let first = block * BLOCK;
        let lens = &self.lens.as_slice()[first..(first + BLOCK).min(self.lens.len())];
        let mut bounds = [0; BLOCK + 1];
        let mut end = 0;
        for (place, len) in lens.iter().enumerate() {
            end += match *len {
                LONG => self.len_at(first + place),
                len => usize::from(len),
            };
            bounds[place + 1] = end;
        }
        // An empty block may have its base past an arena that was cut since.
        let bytes = self.arena.get(self.bases[block] as usize..).unwrap_or_default();
        TextBlock::new(bytes, bounds, asked & ((1 << lens.len()) - 1))
    }

    /// The slots of a block, one bit each, in whose text the needle is found.
    fn search_block(&self, block: usize, finder: &Finder<'_>, accept: impl Fn(Hit) -> bool) -> u64 {
        let (bytes, mut lens) = self.block(block);
        let Some(mut hit) = finder.find(bytes) else { return 0 };
        let n_needle = finder.needle().len();
        let (mut slot, mut start) = (0, 0);
        let mut end = lens.next().unwrap_or(0);
        let mut found = 0;
        loop {
            while end <= hit {
                slot += 1;
                start = end;
                end += lens.next().unwrap_or(bytes.len() - end);
            }
            // A hit across two texts is none, nor is a later one that begins in the first of them;
            // and past its first hit a text is not the needle. So each text is met once.
            let is_inside = hit + n_needle <= end;
            let is_whole = start == hit && hit + n_needle == end;
            let is_found = is_inside && accept(Hit { is_whole });
            found |= u64::from(is_found) << slot;
            match finder.find(&bytes[end..]) {
                Some(next) => hit = end + next,
                None => return found,
            }
        }
    }

    /// Writes a text; the column grows to the slot with empty texts.
    pub(crate) fn set(&mut self, slot: usize, text: &[u8]) {
        if slot >= self.lens.len() {
            self.grow(slot + 1);
        }
        let block = slot / BLOCK;
        if self.block_end(block) == self.bases[block] as usize {
            self.bases.as_mut_slice()[block] = self.arena.len() as u64;
            self.is_ordered &= block + 1 == self.bases.len();
        }
        let (start, old_len) = (self.start(slot), self.len_at(slot));
        let block_end = self.block_end(block);
        if text.len() == old_len {
            self.arena[start..start + old_len].copy_from_slice(text);
        } else if block_end == self.arena.len() {
            self.arena.splice(start..start + old_len, text.iter().copied());
        } else if text.len() < old_len {
            self.arena[start..start + text.len()].copy_from_slice(text);
            self.arena.copy_within(start + old_len..block_end, start + text.len());
            self.garbage += old_len - text.len();
        } else {
            self.move_block(slot, text);
        }
        self.set_len(slot, text.len());
        if self.garbage * 4 > self.arena.len() && self.arena.len() > COMPACT_BYTES_MIN {
            self.compact();
        }
    }

    /// Overwrites bytes of the text at a slot, from byte `at` of it; they must lie inside.
    pub(crate) fn overwrite(&mut self, slot: usize, at: usize, bytes: &[u8]) {
        let start = self.start(slot) + at;
        self.arena[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// Copies the block of `slot` to where it fits, with another text at the slot.
    fn move_block(&mut self, slot: usize, text: &[u8]) {
        let block = slot / BLOCK;
        let (base, end) = (self.bases[block] as usize, self.block_end(block));
        let start = self.start(slot);
        let after = start + self.len_at(slot);
        let n_bytes = (start - base) + text.len() + (end - after);
        let to = self.take_hole(n_bytes).unwrap_or_else(|| {
            self.make_room(n_bytes);
            self.arena.resize(self.arena.len() + n_bytes, 0);
            self.arena.len() - n_bytes
        });
        self.bases.as_mut_slice()[block] = to as u64;
        self.is_ordered = false;
        let at = to + (start - base);
        self.arena.copy_within(base..start, to);
        self.arena[at..at + text.len()].copy_from_slice(text);
        self.arena.copy_within(after..end, at + text.len());
        self.garbage += end - base;
        self.note_hole(base, end - base);
    }

    /// The place of a hole that so many bytes fit into, as tightly as any.
    fn take_hole(&mut self, n_bytes: usize) -> Option<usize> {
        let holes = self.holes.iter().enumerate().filter(|(_, hole)| hole.1 >= n_bytes);
        let (number, (start, len)) = holes.min_by_key(|(_, hole)| hole.1).map(|(n, h)| (n, *h))?;
        self.holes.swap_remove(number);
        self.garbage -= n_bytes;
        Some(start).inspect(|_| self.note_hole(start + n_bytes, len - n_bytes))
    }

    /// Remembers unused bytes of the arena, if they are among the longest such.
    fn note_hole(&mut self, start: usize, len: usize) {
        if self.holes.len() < HOLES_MAX {
            self.holes.push((start, len));
        } else if let Some(least) = self.holes.iter_mut().min_by_key(|hole| hole.1)
            && least.1 < len
        {
            *least = (start, len);
        }
    }

    /// Makes room at the arena's end: what it can grow by until it is written anew, not twice its
    /// size, which an arena that is full would be moved for each time.
    fn make_room(&mut self, n_bytes: usize) {
        if self.arena.capacity() - self.arena.len() < n_bytes {
            let n_used = self.arena.len() - self.garbage;
            self.arena.reserve_exact(n_bytes.max(n_used / 3));
        }
    }

    fn grow(&mut self, len: usize) {
        self.lens.resize(len, 0);
        self.bases.resize(len.div_ceil(BLOCK), self.arena.len() as u64);
    }

    /// Rewrites the arena without garbage.
    fn compact(&mut self) {
        let mut arena = Vec::with_capacity((self.arena.len() - self.garbage) / 3 * 4);
        for block in 0..self.bases.len() {
            let old = self.arena.get(self.bases[block] as usize..self.block_end(block));
            self.bases.as_mut_slice()[block] = arena.len() as u64;
            arena.extend_from_slice(old.unwrap_or_default());
        }
        self.arena = arena;
        self.garbage = 0;
        self.holes = Vec::new();
        self.is_ordered = true;
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

    fn set_len(&mut self, slot: usize, len: usize) {
        let at = self.long.binary_search_by_key(&slot, |l| usize::from(l.0));
        let is_long = len >= usize::from(LONG);
        // Texts of 4 GiB and more do not reach the index.
        let entry = (slot as u16, len as u32);
        match at {
            Ok(at) if is_long => self.long[at] = entry,
            Ok(at) => _ = self.long.remove(at),
            Err(at) if is_long => self.long.insert(at, entry),
            Err(_) => (),
        }
        self.lens.as_mut_slice()[slot] = if is_long { LONG } else { len as u8 };
    }

    /// Makes room at a slot for one that comes between.
    pub(crate) fn insert(&mut self, slot: usize) {
        if slot >= self.len() {
            return;
        }
        self.put_in_order();
        codes::insert(&mut self.lens, slot);
        let first_behind = self.long.partition_point(|long| usize::from(long.0) < slot);
        self.long[first_behind..].iter_mut().for_each(|long| long.0 += 1);
        self.find_bases(slot / BLOCK);
    }

    /// Takes a slot out.
    pub(crate) fn remove(&mut self, slot: usize) {
        if slot >= self.len() {
            return;
        }
        self.put_in_order();
        let (start, len) = (self.start(slot), self.len_at(slot));
        if len > 0 {
            self.arena.drain(start..start + len);
            self.set_len(slot, 0);
        }
        codes::remove(&mut self.lens, slot);
        let first_behind = self.long.partition_point(|long| usize::from(long.0) < slot);
        self.long[first_behind..].iter_mut().for_each(|long| long.0 -= 1);
        self.find_bases(slot / BLOCK);
    }

    /// Lets the texts lie in slot order, without garbage between them.
    fn put_in_order(&mut self) {
        if !self.is_ordered || self.garbage > 0 {
            self.compact();
        }
    }

    /// Finds where blocks begin, from one on, in an arena that is in order.
    fn find_bases(&mut self, from: usize) {
        self.bases.resize(self.len().div_ceil(BLOCK), 0);
        let ends = (0..from).rev().map(|block| (self.bases[block] as usize, self.block_end(block)));
        let before = ends.filter(|(base, end)| base < end).map(|(_, end)| end).next();
        let mut base = before.unwrap_or(0) as u64;
        for block in from..self.bases.len() {
            self.bases.as_mut_slice()[block] = base;
            base = self.block_end(block) as u64;
        }
    }

    /// Drops the slots at and past an end, whose texts are empty.
    pub(crate) fn truncate(&mut self, end: usize) {
        self.lens.truncate(end);
        self.bases.truncate(end.div_ceil(BLOCK));
    }

    /// From slots to rows, as the lane becomes dense.
    pub(crate) fn scatter(&mut self, rows: &[u16]) {
        self.rebuild((0..self.len()).map(|slot| (slot, usize::from(rows[slot]))));
    }

    /// Writes all texts afresh, each from one slot to another; both ascend.
    fn rebuild(&mut self, moves: impl Iterator<Item = (usize, usize)>) {
        let mut rebuilt = Self::default();
        rebuilt.arena.reserve(self.arena.len() - self.garbage);
        for (from, to) in moves {
            rebuilt.set(to, self.bytes_at(from));
        }
        *self = rebuilt;
    }

    /// Gives unused memory back.
    pub(crate) fn shrink(&mut self) {
        self.arena.shrink_to_fit();
    }

    /// Gives back memory if there is more than needed: the arena is written anew for one byte of
    /// garbage in eight.
    pub(crate) fn tidy(&mut self) {
        if self.garbage * 8 > self.arena.len() {
            self.compact();
        }
        if self.arena.capacity() > self.arena.len() + self.arena.len() / 8 + 64 {
            self.arena.shrink_to_fit();
        }
        if self.long.capacity() > self.long.len() * 2 + 4 {
            self.long.shrink_to_fit();
        }
        self.bases.shrink_to_fit();
        self.lens.shrink_to_fit();
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
