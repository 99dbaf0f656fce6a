//! The image of a frame: exponent, base, number of codes.

use super::{Frame, POWERS};
use crate::image::{Image, ImageBytes};

/// Scaled numbers reach 2^51 and a frame begins below them; past it neighbours would be one double.
const BASE_MAX: u64 = 1 << 52;

impl Image for Frame {
    fn write(&self, out: &mut Vec<u8>) {
        self.exponent.write(out);
        self.base.write(out);
        self.n_codes.write(out);
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let (exponent, base) = <(u8, i64)>::read(from)?;
        let n_codes = u32::read(from)?;
        let is_width = [u8::MAX.into(), u16::MAX.into(), u32::MAX].contains(&n_codes);
        let is_frame = usize::from(exponent) < POWERS.len() && base.unsigned_abs() < BASE_MAX;
        (is_frame && is_width).then_some(Self { exponent, base, n_codes })
    }
}
