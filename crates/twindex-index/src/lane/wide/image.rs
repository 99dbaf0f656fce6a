//! The image of a column of wide codes: its width in bytes, then its planes.

use twindex_kernels::LaneVec;

use super::{High, WideCodes};
use crate::image::{Image, ImageBytes};

impl Image for WideCodes {
    fn write(&self, out: &mut Vec<u8>) {
        (self.width() as u8).write(out);
        self.low.write(out);
        match &self.high {
            High::None => (),
            High::U8(high) => high.write(out),
            High::U16(high) => high.write(out),
            High::U24(high, top) => {
                high.write(out);
                top.write(out);
            }
            High::U32(high) => high.write(out),
        }
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let width = u8::read(from)?;
        let low = LaneVec::read(from)?;
        let high = match width {
            4 => High::None,
            5 => High::U8(LaneVec::read(from)?),
            6 => High::U16(LaneVec::read(from)?),
            7 => High::U24(LaneVec::read(from)?, LaneVec::read(from)?),
            8 => High::U32(LaneVec::read(from)?),
            _ => return None,
        };
        let is_even = match &high {
            High::None => true,
            High::U8(high) => high.len() == low.len(),
            High::U16(high) => high.len() == low.len(),
            High::U24(high, top) => high.len() == low.len() && top.len() == low.len(),
            High::U32(high) => high.len() == low.len(),
        };
        is_even.then_some(Self { low, high })
    }
}
