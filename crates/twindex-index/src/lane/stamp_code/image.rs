//! The image of a stamp coder: spelling, base, width, odd texts.

use super::{Spelling, StampCoder};
use crate::image::{Image, ImageBytes};
use crate::lane::stamp::{DIGITS_MAX, Stamp, TICKS_MAX};
use crate::lane::wide::greatest;

const FIXED: u8 = 0;
const TRIMMED: u8 = 1;

impl Image for StampCoder {
    fn write(&self, out: &mut Vec<u8>) {
        match self.spelling {
            Spelling::Fixed(digits) => (FIXED, digits).write(out),
            Spelling::Trimmed(digits) => (TRIMMED, digits).write(out),
        }
        self.base.write(out);
        (self.width as u8).write(out);
        (self.odd_max as u32).write(out);
        self.odd.write(out);
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let spelling = match <(u8, u8)>::read(from)? {
            (FIXED, digits @ 0..=DIGITS_MAX) => Spelling::Fixed(digits),
            (TRIMMED, digits @ 0..=DIGITS_MAX) => Spelling::Trimmed(digits),
            _ => return None,
        };
        let base = i64::read(from).filter(|base| base.unsigned_abs() < TICKS_MAX as u64 * 4)?;
        let width = u8::read(from).filter(|width| matches!(width, 4..=8)).map(u32::from)?;
        let odd_max = u32::read(from)? as usize;
        let odd = Vec::<Box<str>>::read(from)?;
        let greatest = greatest(width);
        let has_room = odd.len() <= odd_max && (odd_max as u64) < greatest;
        has_room.then_some(Self { spelling, base, width, greatest, odd, odd_max })
    }
}

impl StampCoder {
    /// Whether a code stands for a text.
    pub(crate) fn is_code(&self, code: u64) -> bool {
        let Some(from_greatest) = self.greatest.checked_sub(code) else { return false };
        let units = i64::try_from(code).ok().and_then(|code| self.base.checked_add(code));
        let ticks = units.and_then(|units| units.checked_mul(self.spelling.unit()));
        let is_stamp = || code < self.n_codes() && ticks.is_some_and(Stamp::is_instant);
        from_greatest < self.odd.len() as u64 || is_stamp()
    }
}
