//! The image of a time lane: the coder, then the codes.

use super::TimeLane;
use crate::image::{Image, ImageBytes};
use crate::lane::stamp_code::StampCoder;
use crate::lane::wide::WideCodes;

impl Image for TimeLane {
    fn write(&self, out: &mut Vec<u8>) {
        self.coder.write(out);
        self.codes.write(out);
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let (coder, codes) = <(StampCoder, WideCodes)>::read(from)?;
        (coder.width() == codes.width()).then_some(Self { coder, codes })
    }
}
