//! Images: what lanes, dictionaries and the catalogue are as bytes, for checkpoints.
//!
//! Only what cannot be derived is in an image: no counts, postings, zones or hash tables. Numbers
//! are little-endian; lists begin with their length. An image is read under a checksum, so reading
//! guards against defects and forgery, not chance: it never panics, and never allocates more than
//! the bytes that are there can fill.

use twindex_kernels::LaneVec;
use twindex_kernels::mask::{MASK_WORDS, Words};
use twindex_kernels::memory::Plain;

/// Bytes being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImageBytes<'a>(pub(crate) &'a [u8]);

/// Something with an image.
pub(crate) trait Image: Sized {
    /// Appends the image.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads what [`Image::write`] wrote; `None` if it is none.
    fn read(from: &mut ImageBytes<'_>) -> Option<Self>;
}

/// A number of fixed size.
pub(crate) trait Fixed: Copy + Sized {
    /// Bytes of one.
    const BYTES: usize;

    /// Appends it.
    fn put(self, out: &mut Vec<u8>);

    /// Makes one of as many bytes.
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! fixed {
    ($($number:ty),*) => {$(
        impl Fixed for $number {
            const BYTES: usize = size_of::<$number>();

            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(bytes: &[u8]) -> Self {
                let mut array = [0; size_of::<$number>()];
                array.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                Self::from_le_bytes(array)
            }
        }

        impl Image for $number {
            fn write(&self, out: &mut Vec<u8>) {
                self.put(out);
            }

            fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
                from.slice(Self::BYTES).map(Self::take)
            }
        }
    )*};
}

fixed!(u8, u16, u32, u64, i64, f64);

impl<'a> ImageBytes<'a> {
    /// The next bytes.
    pub(crate) fn slice(&mut self, n_bytes: usize) -> Option<&'a [u8]> {
        let (slice, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        Some(slice)
    }

    /// A length, as [`put_len`] wrote it, of items of at least `bytes` each.
    pub(crate) fn len(&mut self, bytes: usize) -> Option<usize> {
        let len = usize::try_from(u64::read(self)?).ok()?;
        (len.checked_mul(bytes.max(1))? <= self.0.len()).then_some(len)
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let len = self.len(1)?;
        std::str::from_utf8(self.slice(len)?).ok()
    }

    /// What is left must be nothing.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Appends a length.
pub(crate) fn put_len(out: &mut Vec<u8>, len: usize) {
    (len as u64).put(out);
}

/// Appends a text.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_len(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

impl<T: Plain + Fixed> Image for LaneVec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        put_len(out, self.len());
        out.reserve(self.len() * T::BYTES);
        self.as_slice().iter().for_each(|value| value.put(out));
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let len = from.len(T::BYTES)?;
        let bytes = from.slice(len * T::BYTES)?;
        let mut column = Self::new();
        column.resize(len, T::default());
        let values = column.as_mut_slice().iter_mut().zip(bytes.chunks_exact(T::BYTES));
        values.for_each(|(value, bytes)| *value = T::take(bytes));
        Some(column)
    }
}

impl<T: Image> Image for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        put_len(out, self.len());
        self.iter().for_each(|item| item.write(out));
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let len = from.len(1)?;
        (0..len).map(|_| T::read(from)).collect()
    }
}

impl<A: Image, B: Image> Image for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        Some((A::read(from)?, B::read(from)?))
    }
}

impl Image for Box<str> {
    fn write(&self, out: &mut Vec<u8>) {
        put_text(out, self);
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        from.text().map(Self::from)
    }
}

impl Image for Box<Words> {
    fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|word| word.put(out));
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let bytes = from.slice(MASK_WORDS * 8)?;
        let mut words = Self::new([0; MASK_WORDS]);
        words.iter_mut().zip(bytes.chunks_exact(8)).for_each(|(w, b)| *w = u64::take(b));
        Some(words)
    }
}

impl<T: Image> Image for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        u8::from(self.is_some()).put(out);
        self.iter().for_each(|item| item.write(out));
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        match u8::read(from)? {
            0 => Some(None),
            1 => T::read(from).map(Some),
            _ => None,
        }
    }
}
