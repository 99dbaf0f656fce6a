//! The image of a dictionary: its texts in the order of their codes.

use super::{Dictionary, Interned};
use crate::image::{Image as _, ImageBytes, put_len};

impl Dictionary {
    /// Appends the image.
    pub(crate) fn write_image(&self, out: &mut Vec<u8>) {
        put_len(out, self.len());
        for code in 0..self.len() as u32 {
            (self.text(code).len() as u32).write(out);
        }
        out.extend_from_slice(self.arena.as_bytes());
    }

    /// The dictionary of an image; `None` if it is none.
    pub(crate) fn read_image(bytes: &[u8], generation: u32) -> Option<Self> {
        let mut from = ImageBytes(bytes);
        let len = from.len(4)?;
        let mut lens = ImageBytes(from.slice(len * 4)?);
        let mut dictionary = Self::new(generation);
        for _ in 0..len {
            let text = from.slice(u32::read(&mut lens)? as usize)?;
            let interned = dictionary.intern(std::str::from_utf8(text).ok()?);
            matches!(interned, Interned::New(_)).then_some(())?;
        }
        from.end()?;
        Some(dictionary)
    }
}
