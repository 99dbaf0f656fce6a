//! Raw memory of one column: from the pool if large, from the global allocator if small.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use super::pool::{self, BLOCK_BYTES_MIN, Piece};

/// What every block is aligned to: a cache line, and the widest vector.
const ALIGN: usize = 64;

/// Memory owned by one column. Its bytes may hold anything.
#[derive(Debug)]
pub(super) enum Block {
    /// No memory.
    Empty,
    /// From the global allocator.
    Heap { start: NonNull<u8>, bytes: usize },
    /// From the pool.
    Pool(Piece),
}

// SAFETY: a block is memory with one owner, reached through that owner's borrows alone.
unsafe impl Send for Block {}
// SAFETY: as above; through a shared block nothing is written.
unsafe impl Sync for Block {}

impl Block {
    /// Takes at least `bytes` bytes, aligned to 64: a power of two up to 1 MiB, a multiple of 2 MiB
    /// above.
    ///
    /// Where the pool finds no memory the global allocator is asked, and its failure ends the program
    /// as it does for every other collection.
    pub(super) fn new(bytes: usize) -> Self {
        if bytes == 0 {
            return Self::Empty;
        }
        if bytes >= BLOCK_BYTES_MIN
            && let Some(piece) = pool::take(bytes)
        {
            return Self::Pool(piece);
        }
        let bytes = bytes.max(ALIGN).checked_next_power_of_two().unwrap_or(bytes);
        let layout = layout(bytes);
        // SAFETY: the layout is not empty, `bytes` being at least 64.
        let start = unsafe { alloc(layout) };
        let Some(start) = NonNull::new(start) else { handle_alloc_error(layout) };
        Self::Heap { start, bytes }
    }

    /// The first byte, aligned to 64; dangling if there is no memory.
    #[inline]
    pub(super) fn start(&self) -> NonNull<u8> {
        match self {
            Self::Empty => NonNull::<Line>::dangling().cast(),
            Self::Heap { start, .. } | Self::Pool(Piece { start, .. }) => *start,
        }
    }

    /// How many bytes there are.
    #[inline]
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Heap { bytes, .. } | Self::Pool(Piece { bytes, .. }) => *bytes,
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        match *self {
            Self::Empty => {}
            // SAFETY: allocated in `new` with the same layout, and the owner is gone.
            Self::Heap { start, bytes } => unsafe { dealloc(start.as_ptr(), layout(bytes)) },
            // SAFETY: taken in `new`, given back here alone, and the owner is gone.
            Self::Pool(piece) => unsafe { pool::give_back(piece) },
        }
    }
}

/// A cache line, for its alignment.
#[repr(align(64))]
struct Line;

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, ALIGN).expect("a block is smaller than half the address space")
}
