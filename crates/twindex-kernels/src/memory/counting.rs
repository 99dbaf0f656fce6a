//! An allocator that counts what is asked of it, for programs that want to know.
//!
//! What an engine says of its memory is worth something only if it is compared with what was really
//! allocated; such a test names this as its global allocator. It is here because an allocator is
//! `unsafe` whatever it does, and costs two additions that all threads share, so that no engine
//! should be measured under it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, and how many bytes it has handed out that were not given back.
#[derive(Debug, Default)]
pub struct Counting {
    bytes: AtomicUsize,
}

impl Counting {
    /// An allocator that has handed out nothing.
    pub const fn new() -> Self {
        Self { bytes: AtomicUsize::new(0) }
    }

    /// Bytes in use, as they were asked for: without what the system adds for itself.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

// SAFETY: every call goes to the system's allocator as it came, and so does what that promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.bytes.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: what the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.bytes.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: what the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.bytes.fetch_add(size, Ordering::Relaxed);
        self.bytes.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: what the caller promises.
        unsafe { System.realloc(start, layout, size) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        self.bytes.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: what the caller promises.
        unsafe { System.dealloc(start, layout) }
    }
}
