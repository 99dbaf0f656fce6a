//! The image of a segment's identity records: generations, then authentication.

use twindex_kernels::mask::SEGMENT_ROWS;

use super::Records;
use crate::image::{Image, ImageBytes};
use crate::lane::raw::RawText;

impl Image for Records {
    fn write(&self, out: &mut Vec<u8>) {
        self.generations.write(out);
        self.authentication.write(out);
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let (generations, authentication) = <(Vec<u64>, RawText)>::read(from)?;
        (generations.len() <= SEGMENT_ROWS).then_some(Self { generations, authentication, mark: 0 })
    }
}
