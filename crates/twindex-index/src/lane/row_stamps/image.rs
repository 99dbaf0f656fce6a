//! The image of a segment's stamps: the coder, then the codes of each row.

use super::{RowStamps, STAMP_BYTES, STAMPS_MAX};
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
        let is_row = |row| {
            let n_bytes = rows.bytes_at(row).len();
            n_bytes % STAMP_BYTES == 0 && n_bytes <= STAMP_BYTES * STAMPS_MAX
        };
        let is_whole = (0..rows.len()).all(is_row);
        is_whole.then_some(Self { coder, rows, ..Self::default() })
    }
}
