//! A growable column of plain numbers, aligned to cache lines.
//!
//! It has what lanes need of `Vec` and no more. The storage is why it is not a `Vec`: an allocator as
//! a type parameter of `Vec` is not in the stable language.

#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::slice;

use super::block::Block;

/// What a column may hold: numbers of at most 8 bytes, without padding or invalid bits.
pub trait Plain:
    Copy + Default + PartialEq + fmt::Debug + Send + Sync + sealed::Sealed + 'static
{
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! plain {
    ($($number:ty),*) => {$(
        impl sealed::Sealed for $number {}
        impl Plain for $number {}
    )*};
}
plain!(u8, u16, u32, u64, f64);

/// A growable column of numbers; up to 4 KB on the heap, beyond in huge pages.
///
/// Blocks are powers of two up to 1 MiB and whole huge pages above, so that a segment's lane of any
/// width fits its block exactly. Growth at least doubles; pages never written take no memory.
pub struct LaneVec<T: Plain> {
    block: Block,
    // Invariant: the block has room for `len` values, and that many are initialised.
    len: usize,
    values: PhantomData<T>,
}

impl<T: Plain> LaneVec<T> {
    /// An empty column that holds no memory.
    pub const fn new() -> Self {
        Self { block: Block::Empty, len: 0, values: PhantomData }
    }

    /// An empty column with room for at least `n` values.
    pub fn with_capacity(n: usize) -> Self {
        Self { block: Block::new(bytes_of::<T>(n)), len: 0, values: PhantomData }
    }

    /// `len` times `value`.
    pub fn filled(len: usize, value: T) -> Self {
        let mut column = Self::with_capacity(len);
        column.resize(len, value);
        column
    }

    /// Counts the values.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there is no value.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Counts the values there is room for.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.block.bytes() / size_of::<T>()
    }

    /// Counts the bytes of memory the column holds.
    #[inline]
    pub fn memory_bytes(&self) -> usize {
        self.block.bytes()
    }

    /// Counts the bytes of memory that no value lies in.
    pub fn slack_bytes(&self) -> usize {
        self.memory_bytes() - size_of_val(self.as_slice())
    }

    /// Returns the values.
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: by the invariant of `len`; the start is aligned to 64 and never null, and the
        // borrow of `self` keeps the block and its writers away.
        unsafe { slice::from_raw_parts(self.block.start().cast().as_ptr(), self.len) }
    }

    /// Returns the values, to be written in place.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as in `as_slice`, and `self` is borrowed for this alone.
        unsafe { slice::from_raw_parts_mut(self.block.start().cast().as_ptr(), self.len) }
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        if self.len == self.capacity() {
            self.reserve(1);
        }
        self.spare()[0].write(value);
        self.len += 1;
    }

    /// Removes the last value and returns it.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.as_slice().last().copied()?;
        self.len -= 1;
        Some(last)
    }

    /// Appends all `values`.
    pub fn extend_from_slice(&mut self, values: &[T]) {
        self.reserve(values.len());
        for (place, value) in self.spare().iter_mut().zip(values) {
            place.write(*value);
        }
        self.len += values.len();
    }

    /// Becomes `len` long: cut, or filled up with `value`.
    pub fn resize(&mut self, len: usize, value: T) {
        if let Some(more) = len.checked_sub(self.len) {
            self.reserve(more);
            self.spare()[..more].fill(MaybeUninit::new(value));
        }
        self.len = len;
    }

    /// Drops the values past `len`; the memory is kept.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Drops all values; the memory is kept.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Makes room for `more` values; at least doubles, so that pushes are cheap on average.
    pub fn reserve(&mut self, more: usize) {
        let len = self.len.checked_add(more).expect("a column is shorter than the address space");
        if len > self.capacity() {
            self.move_to(bytes_of::<T>(len).max(self.block.bytes().saturating_mul(2)));
        }
    }

    /// Gives memory back that the values do not need.
    pub fn shrink_to_fit(&mut self) {
        if self.capacity() >= self.len * 2 {
            self.move_to(bytes_of::<T>(self.len));
        }
    }

    /// Moves the values to a block of at least `bytes` bytes, which has room for them.
    fn move_to(&mut self, bytes: usize) {
        let mut moved = Self { block: Block::new(bytes), len: 0, values: PhantomData };
        moved.spare()[..self.len].copy_from_slice(as_uninit(self.as_slice()));
        moved.len = self.len;
        *self = moved;
    }

    /// The room behind the values.
    #[inline]
    fn spare(&mut self) -> &mut [MaybeUninit<T>] {
        let room = self.capacity() - self.len;
        // SAFETY: the block has room for `capacity` values from an aligned start on, of which those
        // from `len` on may hold anything; `self` is borrowed for this alone.
        unsafe {
            let start = self.block.start().cast::<MaybeUninit<T>>().add(self.len);
            slice::from_raw_parts_mut(start.as_ptr(), room)
        }
    }
}

/// Bytes of `n` values.
fn bytes_of<T: Plain>(n: usize) -> usize {
    n.checked_mul(size_of::<T>()).expect("a column is smaller than the address space")
}

/// The same values as ones that need not be initialised.
fn as_uninit<T: Plain>(values: &[T]) -> &[MaybeUninit<T>] {
    // SAFETY: `MaybeUninit<T>` has the layout of `T` and asks for less; shared, nothing is written.
    unsafe { slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
}

impl<T: Plain> Default for LaneVec<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Plain> Clone for LaneVec<T> {
    fn clone(&self) -> Self {
        Self::from(self.as_slice())
    }

    fn clone_from(&mut self, source: &Self) {
        self.clear();
        self.extend_from_slice(source);
    }
}

impl<T: Plain> PartialEq for LaneVec<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Plain> fmt::Debug for LaneVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T: Plain> Deref for LaneVec<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Plain> DerefMut for LaneVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

impl<T: Plain> From<&[T]> for LaneVec<T> {
    fn from(values: &[T]) -> Self {
        let mut column = Self::with_capacity(values.len());
        column.extend_from_slice(values);
        column
    }
}

impl<T: Plain> FromIterator<T> for LaneVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut column = Self::new();
        column.extend(values);
        column
    }
}

impl<T: Plain> Extend<T> for LaneVec<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        let values = values.into_iter();
        self.reserve(values.size_hint().0);
        for value in values {
            self.push(value);
        }
    }
}

impl<'a, T: Plain> IntoIterator for &'a LaneVec<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> slice::Iter<'a, T> {
        self.as_slice().iter()
    }
}
