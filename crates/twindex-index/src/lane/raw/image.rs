//! The image of raw texts: their number, and each text in slot order.

use twindex_kernels::mask::SEGMENT_ROWS;

use super::RawText;
use crate::image::{Image, ImageBytes, put_len};

impl Image for RawText {
    fn write(&self, out: &mut Vec<u8>) {
        put_len(out, self.len());
        for slot in 0..self.len() {
            (self.bytes_at(slot).len() as u32).write(out);
        }
        (0..self.len()).for_each(|slot| out.extend_from_slice(self.bytes_at(slot)));
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let len = from.len(4).filter(|len| *len <= SEGMENT_ROWS)?;
        let mut lens = ImageBytes(from.slice(len * 4)?);
        let mut raw = Self::default();
        for slot in 0..len {
            let n_bytes = u32::read(&mut lens)? as usize;
            raw.set(slot, from.slice(n_bytes)?);
        }
        raw.shrink();
        Some(raw)
    }
}

/// Whether every text is one, as those of lanes are.
pub(crate) fn is_text(raw: &RawText) -> bool {
    (0..raw.len()).all(|slot| std::str::from_utf8(raw.bytes_at(slot)).is_ok())
}
