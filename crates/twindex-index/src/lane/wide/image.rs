//! The image of a column of wide codes: its width in bytes, then its planes.

use twindex_kernels::LaneVec;

use super::WideCodes;
use crate::image::{Image, ImageBytes};
use crate::lane::codes::{Codes, each_width};

impl Image for WideCodes {
    fn write(&self, out: &mut Vec<u8>) {
        (self.width() as u8).write(out);
        self.low.write(out);
        self.high.iter().for_each(|high| each_width!(high, plane => plane.write(out)));
        self.top.iter().for_each(|top| top.write(out));
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let width = u8::read(from)?;
        let low: LaneVec<u32> = LaneVec::read(from)?;
        let high = match width {
            4 => None,
            5 => Some(Codes::U8(LaneVec::read(from)?)),
            6 | 7 => Some(Codes::U16(LaneVec::read(from)?)),
            8 => Some(Codes::U32(LaneVec::read(from)?)),
            _ => return None,
        };
        let top = if width == 7 { Some(LaneVec::read(from)?) } else { None };
        let is_even = high.as_ref().is_none_or(|high| high.len() == low.len())
            && top.as_ref().is_none_or(|top: &LaneVec<u8>| top.len() == low.len());
        is_even.then_some(Self { low, high, top })
    }
}
