//! The image of a segment's stamps: the coder, then the codes of each row.

use super::{RowStamps, STAMP_BYTES, STAMPS_MAX, code_of};
use crate::image::{Image, ImageBytes};
use crate::lane::raw::RawText;
use crate::lane::stamp_code::StampCoder;

impl Image for RowStamps {
    fn write(&self, out: &mut Vec<u8>) {
        self.coder.write(out);
        self.rows.write(out);
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let coder = Option::<StampCoder>::read(from)?;
        let rows = RawText::read(from)?;
        let stamps = Self { coder, rows, ..Self::default() };
        (0..stamps.rows.len()).all(|row| stamps.is_row(row)).then_some(stamps)
    }
}

impl RowStamps {
    /// Whether every place of a row is vacant or holds a stamp.
    fn is_row(&self, row: usize) -> bool {
        let (places, rest) = self.rows.bytes_at(row).as_chunks::<STAMP_BYTES>();
        let Some(coder) = &self.coder else { return places.is_empty() && rest.is_empty() };
        let is_place = |code| code == coder.n_codes() || coder.is_code(code);
        coder.width() as usize == STAMP_BYTES
            && rest.is_empty()
            && places.len() <= STAMPS_MAX
            && places.iter().all(|place| is_place(code_of(place)))
    }
}
