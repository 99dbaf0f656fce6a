//! The image of a column of codes: its width in bytes, then the codes.

use twindex_kernels::LaneVec;

use super::Codes;
use crate::image::{Image, ImageBytes};

impl Image for Codes {
    fn write(&self, out: &mut Vec<u8>) {
        (self.width() as u8).write(out);
        match self {
            Self::U8(column) => column.write(out),
            Self::U16(column) => column.write(out),
            Self::U32(column) => column.write(out),
        }
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        match u8::read(from)? {
            1 => LaneVec::read(from).map(Self::U8),
            2 => LaneVec::read(from).map(Self::U16),
            4 => LaneVec::read(from).map(Self::U32),
            _ => None,
        }
    }
}
