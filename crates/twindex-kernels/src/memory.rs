//! Where lanes live: growable columns of plain numbers.

use std::fmt;

/// What a lane may hold: numbers without padding or invalid bits.
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

/// A growable column of a lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneVec<T: Plain>(Vec<T>);

impl<T: Plain> LaneVec<T> {
    /// An empty column that holds no memory.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty column with room for `n` values.
    pub fn with_capacity(n: usize) -> Self {
        Self(Vec::with_capacity(n))
    }

    /// `len` times `value`.
    pub fn filled(len: usize, value: T) -> Self {
        Self(vec![value; len])
    }

    /// Counts the values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts the values there is room for.
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Returns the values.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// Returns the values, to be written in place.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.0
    }

    /// Appends a value.
    pub fn push(&mut self, value: T) {
        self.0.push(value);
    }

    /// Appends all `values`.
    pub fn extend_from_slice(&mut self, values: &[T]) {
        self.0.extend_from_slice(values);
    }

    /// Becomes `len` long: cut, or filled up with `value`.
    pub fn resize(&mut self, len: usize, value: T) {
        self.0.resize(len, value);
    }

    /// Drops the values past `len`; the memory is kept.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Drops all values; the memory is kept.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<T: Plain> std::ops::Deref for LaneVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Plain> std::ops::DerefMut for LaneVec<T> {
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
        for value in values {
            self.push(value);
        }
    }
}
