//! Writing raw texts: blocks that grow move, holes are filled, and the arena is written anew.

use super::{BLOCK, LONG, RawText};
use crate::lane::codes;

/// Arena size from which garbage is worth a rewrite.
const COMPACT_BYTES_MIN: usize = 4_096;
/// Holes that are remembered: among so many blocks of one column one mostly fits well.
const HOLES_MAX: usize = 16;

impl RawText {
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
        } else if start + old_len == self.arena.len() {
            // The last text of all, as while a segment fills.
            self.arena.truncate(start);
            self.arena.extend_from_slice(text);
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
}
