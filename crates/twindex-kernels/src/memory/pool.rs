//! The pool of blocks: maps of several MiB, each cut into blocks of one size.
//!
//! A map is cut for one class of blocks, powers of two from 4 KB to 1 MiB; what is larger has a map
//! of its own. There is nothing in a map but blocks: which are free is kept beside it, so that a stray
//! write cannot lead the pool astray, and a free block is never touched.
//!
//! Blocks do not begin at multiples of their size but a little further apart: lanes of a segment are
//! read at the same row, and at equal offsets their cache lines all fall into the same few sets of the
//! first and second level. Measured over 68 lanes of 256 KB: reading a random row takes 0.65 µs,
//! and 1.75 µs in huge pages at equal offsets, which is no better than 4 KB pages.
//!
//! Rejected: mapping each lane by itself (a lane is a fraction of a huge page), and leaving it to the
//! global allocator (which decides on pages for the whole program, and on offsets for none).

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::mem;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memmap2::{MmapMut, MmapOptions};

/// Smallest block of the pool; smaller ones are the global allocator's.
pub(super) const BLOCK_BYTES_MIN: usize = 4 << 10;
/// Largest block that shares a map with others.
const SHARED_BYTES_MAX: usize = 1 << 20;
/// Classes of blocks that share maps.
const N_CLASSES: usize = (SHARED_BYTES_MAX / BLOCK_BYTES_MIN).ilog2() as usize + 1;
/// Size of a huge page, and what maps are aligned to.
const HUGE_PAGE_BYTES: usize = 2 << 20;
/// Size of the first map of a class; each further one is twice as large.
const CHUNK_BYTES_MIN: usize = 4 << 20;
/// Largest map of a class.
const CHUNK_BYTES_MAX: usize = 32 << 20;

/// The pool of the process.
static POOL: Mutex<Pool> = Mutex::new(Pool::new());

/// What the pool holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Bytes of address space in maps; pages never touched take no memory.
    pub mapped_bytes: usize,
    /// Bytes of the blocks handed out.
    pub used_bytes: usize,
    /// Maps.
    pub n_maps: usize,
    /// Whether the system refused huge pages for some map. No error: everything works, slower.
    pub huge_pages_refused: bool,
}

/// Returns what the pool of the process holds.
pub fn stats() -> PoolStats {
    lock().stats
}

/// Gives maps without a block in use back to the system: the one that each class keeps in reserve.
pub fn trim() {
    let freed = lock().take_empty();
    // Unmapping takes time, and no one needs to wait for it.
    drop(freed);
}

/// Takes a block of at least `bytes` bytes, or `None` if there is no memory for a map.
pub(super) fn take(bytes: usize) -> Option<Piece> {
    lock().take(bytes)
}

/// Gives a block back.
///
/// # Safety
/// `piece` came from [`take`], is not used any more, and is given back once.
pub(super) unsafe fn give_back(piece: Piece) {
    // SAFETY: what the caller promises.
    let freed = unsafe { lock().give_back(piece) };
    drop(freed);
}

/// The pool even if a thread panicked while it held the lock: nothing below panics but by a bug, and
/// then no piece is known twice, since a block leaves its list before anyone hears of it.
fn lock() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A block of a map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// First byte; aligned to 64.
    pub(super) start: NonNull<u8>,
    pub(super) bytes: usize,
    /// Place of its map in the pool.
    chunk_idx: u32,
}

/// A map and its blocks.
struct Chunk {
    /// Held for its memory alone; nothing is read through it, since a slice of it would claim all blocks.
    _map: MmapMut,
    /// First block: the first byte of the map at a multiple of the huge page.
    base: NonNull<u8>,
    map_bytes: usize,
    /// Size of a block, and how far apart two begin.
    block_bytes: usize,
    stride: usize,
    /// Class of the blocks, or `None` for a map of its own.
    class: Option<usize>,
    n_blocks: u32,
    /// Blocks from here on were never handed out.
    n_touched: u32,
    /// Blocks handed out and given back. Invariant: no duplicates, all below `n_touched`.
    free: Vec<u32>,
    n_used: u32,
}

// SAFETY: `base` points into the map, which the chunk owns and which may move between threads; the
// pool hands out addresses and never reads or writes through it.
unsafe impl Send for Chunk {}

/// All maps and what is free in them.
struct Pool {
    /// Invariant: a piece handed out names a `Some`.
    chunks: Vec<Option<Chunk>>,
    /// Places in `chunks` that are `None`.
    vacant: Vec<u32>,
    /// For each class the maps with a block to hand out. The first is taken, so that later ones empty.
    open: [BTreeSet<u32>; N_CLASSES],
    /// For each class, how many maps there are.
    n_chunks: [u32; N_CLASSES],
    stats: PoolStats,
}

impl Pool {
    const fn new() -> Self {
        let stats =
            PoolStats { mapped_bytes: 0, used_bytes: 0, n_maps: 0, huge_pages_refused: false };
        Self {
            chunks: Vec::new(),
            vacant: Vec::new(),
            open: [const { BTreeSet::new() }; N_CLASSES],
            n_chunks: [0; N_CLASSES],
            stats,
        }
    }

    fn take(&mut self, bytes: usize) -> Option<Piece> {
        let class = class_of(bytes);
        let open = class.and_then(|class| self.open[class].first().copied());
        let chunk_idx = match open {
            Some(chunk_idx) => chunk_idx,
            None => self.add_chunk(class, bytes)?,
        };
        let chunk = self.chunks[chunk_idx as usize].as_mut()?;
        let block_idx = chunk.free.pop().unwrap_or_else(|| {
            chunk.n_touched += 1;
            chunk.n_touched - 1
        });
        chunk.n_used += 1;
        if let Some(class) = class
            && chunk.n_used == chunk.n_blocks
        {
            self.open[class].remove(&chunk_idx);
        }
        self.stats.used_bytes += chunk.block_bytes;
        // SAFETY: `n_blocks` blocks at this stride fit behind `base`, by `Chunk::new`, and
        // `block_idx` is one of them: an open map has fewer in use, so either a freed one was there
        // or fewer than `n_blocks` were touched.
        let start = unsafe { chunk.base.add(block_idx as usize * chunk.stride) };
        Some(Piece { start, bytes: chunk.block_bytes, chunk_idx })
    }

    /// Takes a block back and returns its map if nothing is left in it and there is another.
    ///
    /// # Safety
    /// `piece` came from `take` of this pool, is not used any more, and is given back once.
    unsafe fn give_back(&mut self, piece: Piece) -> Option<Chunk> {
        let chunk = self.chunks.get_mut(piece.chunk_idx as usize)?.as_mut()?;
        let offset = piece.start.addr().get() - chunk.base.addr().get();
        chunk.free.push((offset / chunk.stride) as u32);
        chunk.n_used -= 1;
        self.stats.used_bytes -= chunk.block_bytes;
        let is_empty = chunk.n_used == 0;
        let Some(class) = chunk.class else {
            return self.remove_chunk(piece.chunk_idx);
        };
        self.open[class].insert(piece.chunk_idx);
        // The last open map stays: a class in use would otherwise map and unmap by turns.
        if is_empty && self.open[class].len() > 1 {
            return self.remove_chunk(piece.chunk_idx);
        }
        None
    }

    fn take_empty(&mut self) -> Vec<Chunk> {
        let is_empty =
            |chunk: &Option<Chunk>| chunk.as_ref().is_some_and(|chunk| chunk.n_used == 0);
        let empty: Vec<usize> =
            (0..self.chunks.len()).filter(|idx| is_empty(&self.chunks[*idx])).collect();
        empty.into_iter().filter_map(|chunk_idx| self.remove_chunk(chunk_idx as u32)).collect()
    }

    fn add_chunk(&mut self, class: Option<usize>, bytes: usize) -> Option<u32> {
        let n_before = class.map_or(0, |class| self.n_chunks[class]);
        let (chunk, has_huge_pages) = Chunk::new(class, bytes, n_before)?;
        self.stats.mapped_bytes += chunk.map_bytes;
        self.stats.n_maps += 1;
        self.stats.huge_pages_refused |= !has_huge_pages;
        let chunk_idx = self.vacant.pop().unwrap_or_else(|| {
            self.chunks.push(None);
            (self.chunks.len() - 1) as u32
        });
        if let Some(class) = class {
            self.n_chunks[class] += 1;
            self.open[class].insert(chunk_idx);
        }
        self.chunks[chunk_idx as usize] = Some(chunk);
        Some(chunk_idx)
    }

    /// Takes a map without blocks in use out of the pool; the caller drops it after unlocking.
    fn remove_chunk(&mut self, chunk_idx: u32) -> Option<Chunk> {
        let chunk = mem::take(&mut self.chunks[chunk_idx as usize])?;
        debug_assert_eq!(chunk.n_used, 0);
        self.vacant.push(chunk_idx);
        if let Some(class) = chunk.class {
            self.open[class].remove(&chunk_idx);
            self.n_chunks[class] -= 1;
        }
        self.stats.mapped_bytes -= chunk.map_bytes;
        self.stats.n_maps -= 1;
        Some(chunk)
    }
}

impl Chunk {
    /// Maps memory for a class, or for one block of `bytes`; also returns whether the system took the
    /// advice of huge pages. `n_before` is how many maps the class has.
    fn new(class: Option<usize>, bytes: usize, n_before: u32) -> Option<(Self, bool)> {
        let (block_bytes, stride, chunk_bytes) = match class {
            Some(class) => {
                let block_bytes = BLOCK_BYTES_MIN << class;
                let chunk_bytes = CHUNK_BYTES_MIN << n_before.min(8);
                (block_bytes, stride_of(block_bytes), chunk_bytes.min(CHUNK_BYTES_MAX))
            }
            None => {
                let bytes = bytes.checked_next_multiple_of(HUGE_PAGE_BYTES)?;
                (bytes, bytes, bytes)
            }
        };
        let map_bytes = chunk_bytes.checked_add(HUGE_PAGE_BYTES)?;
        let mut map = MmapOptions::new().len(map_bytes).map_anon().ok()?;
        let has_huge_pages = ask_for_huge_pages(&map);
        let start = NonNull::new(map.as_mut_ptr())?;
        let to_base = start.align_offset(HUGE_PAGE_BYTES);
        // SAFETY: the offset is below a huge page, and the map is longer than that by `chunk_bytes`.
        // The borrow of `map` ended above, and none follows as long as blocks are in use.
        let base = unsafe { start.add(to_base) };
        let chunk = Self {
            _map: map,
            base,
            map_bytes,
            block_bytes,
            stride,
            class,
            n_blocks: (chunk_bytes / stride) as u32,
            n_touched: 0,
            free: Vec::new(),
            n_used: 0,
        };
        Some((chunk, has_huge_pages))
    }
}

/// The class of blocks of at least `bytes` bytes; `None` for those with a map of their own.
fn class_of(bytes: usize) -> Option<usize> {
    let bytes = bytes.max(BLOCK_BYTES_MIN);
    (bytes <= SHARED_BYTES_MAX)
        .then(|| (bytes.next_power_of_two() / BLOCK_BYTES_MIN).ilog2() as usize)
}

/// How far apart blocks begin: an odd number of cache lines, so that equal offsets in successive
/// blocks go through all sets of a cache. From 64 KB on it is 17 lines beyond the size, lest the
/// few lines after one row meet those of the neighbouring lane in the same sets of the second level;
/// below, one line keeps the waste under 2 %.
const fn stride_of(block_bytes: usize) -> usize {
    const LINE_BYTES: usize = 64;
    block_bytes + if block_bytes >= 64 << 10 { 17 * LINE_BYTES } else { LINE_BYTES }
}

/// Asks the system to back a map by huge pages; returns whether it agreed.
fn ask_for_huge_pages(map: &MmapMut) -> bool {
    #[cfg(target_os = "linux")]
    return map.advise(memmap2::Advice::HugePage).is_ok();
    #[cfg(not(target_os = "linux"))]
    {
        let _ = map;
        false
    }
}
