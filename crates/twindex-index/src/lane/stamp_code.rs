//! Stamps as codes: a spelling, a unit and a base, shared by many texts.
//!
//! The spelling is either a fixed number of digits behind the point or as many as needed. What would
//! not come back to the byte is an odd text, kept once in a short list; the greatest codes stand
//! for it, so that `0001-01-01T00:00:00Z` in every tenth row is as cheap as any other. A list of odd
//! *rows* was rejected for that very stamp.

mod image;

use twindex_model::cell::Text;

use crate::lane::frame::windows;
use crate::lane::stamp::{DIGITS_MAX, Stamp, TICKS};
use crate::lane::time_range::milliseconds;
use crate::lane::wide::{WideCodes, greatest};

/// Distinct stamps up to which a lane is young: more may come, so it gets more room.
const YOUNG_STAMPS: usize = 1_024;

/// What codes stand for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StampCoder {
    spelling: Spelling,
    /// What code 0 stands for, in units.
    base: i64,
    /// Width of the codes, in bytes.
    width: u32,
    /// Greatest code of the width: the first odd text; the code below it is the second, and so on.
    greatest: u64,
    /// Texts that are no stamps of this spelling and range.
    odd: Vec<Box<str>>,
    odd_max: usize,
}

/// How stamps are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// So many digits behind the point, which is also the unit. Text order is time order.
    Fixed(u8),
    /// As many digits as needed, at most so many, which is also the unit.
    Trimmed(u8),
}

/// What a code stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Decoded<'a> {
    /// A stamp.
    Stamp(Stamp),
    /// An odd text.
    Odd(&'a str),
}

impl StampCoder {
    /// The coder of least width that suits the stamps given, at least one. More than `odd_max` odd
    /// texts will be too many.
    pub(crate) fn fitting(stamps: &mut Vec<Stamp>, odd_max: usize) -> Self {
        let spelling = Spelling::of_most(stamps);
        stamps.retain(|stamp| spelling.admits(*stamp));
        stamps.sort_unstable_by_key(|stamp| stamp.ticks);
        stamps.dedup();
        let units = |stamp: &Stamp| stamp.ticks.div_euclid(spelling.unit());
        let fitting = WideCodes::WIDTHS.into_iter().find_map(|width| {
            let n_codes = n_stamps(width, odd_max);
            windows(stamps.len(), odd_max / 2).find_map(|(first, last)| {
                let (min, max) = (units(&stamps[first]), units(&stamps[last]));
                let span = max - min + 1;
                let room = if stamps.len() < YOUNG_STAMPS { span / 2 } else { span / 8 };
                // Time goes on: most of the room lies ahead.
                (span + room <= n_codes).then(|| (width, min - (n_codes - span) / 4))
            })
        });
        // Eight bytes hold every stamp of the years 0 to 9999, so there is always a fitting width.
        let (width, base) = fitting.unwrap_or((8, units(&stamps[0])));
        Self { spelling, base, width, greatest: greatest(width), odd: Vec::new(), odd_max }
    }

    /// A coder of a width for trimmed stamps of 100 ns about the one given.
    pub(crate) fn about(stamp: Stamp, width: u32, odd_max: usize) -> Self {
        let base = stamp.ticks - n_stamps(width, odd_max) / 4;
        let spelling = Spelling::Trimmed(DIGITS_MAX);
        Self { spelling, base, width, greatest: greatest(width), odd: Vec::new(), odd_max }
    }

    /// Odd texts there may be.
    pub(crate) fn odd_max(&self) -> usize {
        self.odd_max
    }

    /// Width of the codes, in bytes.
    pub(crate) fn width(&self) -> u32 {
        self.width
    }

    /// The text of a code.
    #[inline]
    pub(crate) fn text(&self, code: u64) -> Text<'_> {
        match self.decode(code) {
            Decoded::Stamp(stamp) => stamp.text(),
            Decoded::Odd(text) => Text::Borrowed(text),
        }
    }

    /// The stamp of a code, also of an odd text that is one in another spelling.
    pub(crate) fn stamp(&self, code: u64) -> Option<Stamp> {
        match self.decode(code) {
            Decoded::Stamp(stamp) => Some(stamp),
            Decoded::Odd(text) => Stamp::parse(text),
        }
    }

    /// What a code stands for.
    #[inline]
    pub(crate) fn decode(&self, code: u64) -> Decoded<'_> {
        let from_greatest = self.greatest.wrapping_sub(code);
        if from_greatest < self.odd.len() as u64 {
            return Decoded::Odd(&self.odd[from_greatest as usize]);
        }
        let ticks = (self.base.wrapping_add(code as i64)).wrapping_mul(self.spelling.unit());
        Decoded::Stamp(self.spelling.stamp(ticks))
    }

    /// The code of a text, if it has one.
    pub(crate) fn code(&self, text: &str) -> Option<u64> {
        let regular = Stamp::parse(text).and_then(|stamp| self.code_of_stamp(stamp));
        regular.or_else(|| {
            let at = self.odd.iter().position(|odd| **odd == *text)?;
            Some(self.greatest - at as u64)
        })
    }

    /// The code of a text, which becomes an odd one if need be; `None` if those are too many.
    pub(crate) fn code_or_new(&mut self, text: &str) -> Option<u64> {
        if let Some(code) = self.code(text) {
            return Some(code);
        }
        if self.odd.len() >= self.odd_max {
            return None;
        }
        self.odd.push(text.into());
        Some(self.greatest - (self.odd.len() as u64 - 1))
    }

    /// The code of a stamp, if it is one of this spelling and range.
    pub(crate) fn code_of_stamp(&self, stamp: Stamp) -> Option<u64> {
        if !self.spelling.admits(stamp) {
            return None;
        }
        let units = stamp.ticks.div_euclid(self.spelling.unit());
        let code = u64::try_from(units.checked_sub(self.base)?).ok()?;
        (code < self.n_codes()).then_some(code)
    }

    /// Codes below it are stamps.
    pub(crate) fn n_codes(&self) -> u64 {
        self.greatest - self.odd_max as u64
    }

    /// The odd texts, and the code of each.
    pub(crate) fn odd(&self) -> impl Iterator<Item = (u64, &str)> {
        let odd = self.odd.iter().enumerate();
        odd.map(|(at, text)| (self.greatest - at as u64, &**text))
    }

    /// Milliseconds since 1970, finer digits cut off; `None` for an odd text.
    pub(crate) fn milliseconds(&self, code: u64) -> Option<f64> {
        match self.decode(code) {
            Decoded::Stamp(stamp) => Some(milliseconds(stamp.ticks)),
            Decoded::Odd(_) => None,
        }
    }

    /// Ticks of the first and of the last code that is a stamp.
    pub(crate) fn ticks_of_codes(&self) -> (i64, i64) {
        let unit = self.spelling.unit();
        let last = i64::try_from(self.n_codes() - 1).unwrap_or(i64::MAX);
        (self.base.saturating_mul(unit), self.base.saturating_add(last).saturating_mul(unit))
    }

    /// The codes of the stamps from one tick to another, both of which a code can have.
    pub(crate) fn codes_of_ticks(&self, first: i64, last: i64) -> (u64, u64) {
        let unit = self.spelling.unit();
        let first = first.div_euclid(unit) + i64::from(first.rem_euclid(unit) > 0);
        let code = |units: i64| units.saturating_sub(self.base);
        let last = code(last.div_euclid(unit));
        match (u64::try_from(code(first).max(0)), u64::try_from(last)) {
            (Ok(first), Ok(last)) => (first, last.min(self.n_codes() - 1)),
            _ => (1, 0),
        }
    }

    /// The spelling.
    #[cfg(test)]
    pub(crate) fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.odd.iter().map(|text| text.len() + 16).sum()
    }
}

/// Number of codes of a width that are stamps.
fn n_stamps(width: u32, odd_max: usize) -> i64 {
    i64::try_from(greatest(width) - odd_max as u64).unwrap_or(i64::MAX)
}

impl Spelling {
    /// The spelling of most stamps; there is at least one.
    fn of_most(stamps: &[Stamp]) -> Self {
        let mut n_fixed = [0; DIGITS_MAX as usize + 1];
        let (mut n_trimmed, mut digits_max) = (0, 0);
        for stamp in stamps {
            n_fixed[usize::from(stamp.digits)] += 1;
            if stamp.is_trimmed() {
                n_trimmed += 1;
                digits_max = digits_max.max(stamp.digits);
            }
        }
        let fixed = (0..=DIGITS_MAX).max_by_key(|digits| n_fixed[usize::from(*digits)]);
        let fixed = fixed.unwrap_or(0);
        if n_trimmed > n_fixed[usize::from(fixed)] {
            Self::Trimmed(digits_max)
        } else {
            Self::Fixed(fixed)
        }
    }

    /// 100 ns ticks of one unit.
    fn unit(self) -> i64 {
        let (Self::Fixed(digits) | Self::Trimmed(digits)) = self;
        TICKS[usize::from(digits)]
    }

    /// Whether a stamp is spelled so.
    fn admits(self, stamp: Stamp) -> bool {
        match self {
            Self::Fixed(digits) => stamp.digits == digits,
            Self::Trimmed(digits_max) => stamp.digits <= digits_max && stamp.is_trimmed(),
        }
    }

    /// The stamp of an instant.
    fn stamp(self, ticks: i64) -> Stamp {
        match self {
            Self::Fixed(digits) => Stamp { ticks, digits },
            Self::Trimmed(_) => Stamp::trimmed(ticks),
        }
    }
}
