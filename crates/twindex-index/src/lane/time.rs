//! Strings of a lane that are UTC stamps: four to eight bytes where the text takes up to 28.
//!
//! A lane has one spelling, either a fixed number of digits behind the point or as many as needed,
//! a unit and a base. What would not come back to the byte is an odd text, kept once in a short
//! list; the greatest codes stand for it, so that `0001-01-01T00:00:00Z` in every tenth row is as
//! cheap as any other. A list of odd *rows* was rejected for that very stamp.

use twindex_model::cell::Text;
use twindex_model::kind::Kind;

use crate::lane::frame::windows;
use crate::lane::kind::Kinds;
use crate::lane::stamp::{DIGITS_MAX, Stamp, TICKS};
use crate::lane::time_range::milliseconds;
use crate::lane::wide::{WideCodes, greatest};

/// Distinct stamps up to which a lane is young: more may come, so it gets more room.
const YOUNG_STAMPS: usize = 1_024;

/// Stamps by slot.
#[derive(Debug)]
pub(crate) struct TimeLane {
    spelling: Spelling,
    /// What code 0 stands for, in units.
    base: i64,
    codes: WideCodes,
    /// Greatest code of the width: the first odd text; the code below it is the second, and so on.
    greatest: u64,
    /// Texts that are no stamps of this spelling and range.
    odd: Vec<Box<str>>,
    odd_max: usize,
}

/// How the stamps of a lane are written.
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

impl TimeLane {
    /// A lane whose first text is the stamp given; more than `odd_max` odd texts will be too many.
    pub(crate) fn new(first: Stamp, odd_max: usize) -> Self {
        Self::of_stamps(&mut vec![first], odd_max)
    }

    /// An empty lane for all the stamps given; `None` if there are none.
    pub(crate) fn of_all(mut stamps: Vec<Stamp>, odd_max: usize) -> Option<Self> {
        (!stamps.is_empty()).then(|| Self::of_stamps(&mut stamps, odd_max))
    }

    /// The text at a slot that holds one.
    pub(crate) fn text(&self, slot: usize) -> Text<'_> {
        match self.decode(self.code(slot)) {
            Decoded::Stamp(stamp) => Text::Inline(stamp.text()),
            Decoded::Odd(text) => Text::Borrowed(text),
        }
    }

    /// The code at a slot.
    #[inline]
    pub(crate) fn code(&self, slot: usize) -> u64 {
        self.codes.get(slot)
    }

    /// What a code stands for.
    #[inline]
    pub(crate) fn decode(&self, code: u64) -> Decoded<'_> {
        let from_greatest = self.greatest.wrapping_sub(code);
        if let Some(odd) = self.odd.get(from_greatest as usize)
            && from_greatest < self.odd.len() as u64
        {
            return Decoded::Odd(odd);
        }
        let ticks = (self.base.wrapping_add(code as i64)).wrapping_mul(self.spelling.unit());
        Decoded::Stamp(self.spelling.stamp(ticks))
    }

    /// The code of a text, if it has one.
    pub(crate) fn code_of(&self, text: &str) -> Option<u64> {
        let regular = Stamp::parse(text).and_then(|stamp| self.code_of_stamp(stamp));
        regular.or_else(|| {
            let at = self.odd.iter().position(|odd| **odd == *text)?;
            Some(self.greatest - at as u64)
        })
    }

    fn code_of_stamp(&self, stamp: Stamp) -> Option<u64> {
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

    /// Milliseconds since 1970 at a slot, finer digits cut off; `None` for an odd text.
    pub(crate) fn milliseconds(&self, slot: usize) -> Option<f64> {
        match self.decode(self.code(slot)) {
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

    /// The codes of the stamps from one tick to another, both of which codes of this lane can have.
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

    /// The codes by slot.
    pub(crate) fn codes(&self) -> &WideCodes {
        &self.codes
    }

    /// Whether equal texts have equal codes in both lanes.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        self.spelling == other.spelling
            && self.base == other.base
            && self.greatest == other.greatest
            && self.odd == other.odd
    }

    /// The spelling.
    #[cfg(test)]
    pub(crate) fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// Number of odd texts.
    pub(crate) fn n_odd(&self) -> usize {
        self.odd.len()
    }

    /// Writes a text. False, and nothing written, if the lane cannot hold it in any way.
    #[must_use]
    pub(crate) fn set(&mut self, slot: usize, text: &str, kinds: (&Kinds, Kind)) -> bool {
        if let Some(code) = self.code_of(text) {
            self.codes.set(slot, code);
            return true;
        }
        if self.odd.len() < self.odd_max {
            self.odd.push(text.into());
            self.codes.set(slot, self.greatest - (self.odd.len() as u64 - 1));
            return true;
        }
        self.encode_anew(slot, text, kinds)
    }

    /// Takes another spelling, base and width that fit all texts of the lane and a new one.
    fn encode_anew(&mut self, slot: usize, text: &str, kinds: (&Kinds, Kind)) -> bool {
        let (kinds, kind) = kinds;
        let slots = kinds.slots_of_kind(kind, None);
        let others = slots.iter().map(usize::from).filter(|at| *at != slot);
        let mut stamps: Vec<Stamp> = others
            .filter_map(|at| match self.decode(self.code(at)) {
                Decoded::Stamp(stamp) => Some(stamp),
                Decoded::Odd(text) => Stamp::parse(text),
            })
            .collect();
        stamps.extend(Stamp::parse(text));
        if stamps.is_empty() {
            return false;
        }
        let mut anew = Self::of_stamps(&mut stamps, self.odd_max);
        for at in slots.iter().map(usize::from) {
            let fits =
                if at == slot { anew.accept(at, text) } else { anew.accept(at, &self.text(at)) };
            if !fits {
                return false;
            }
        }
        *self = anew;
        true
    }

    /// Writes a text without changing the encoding; false if it does not fit.
    #[must_use]
    pub(crate) fn accept(&mut self, slot: usize, text: &str) -> bool {
        let code = match self.code_of(text) {
            Some(code) => code,
            None if self.odd.len() < self.odd_max => {
                self.odd.push(text.into());
                self.greatest - (self.odd.len() as u64 - 1)
            }
            None => return false,
        };
        self.codes.set(slot, code);
        true
    }

    /// An empty lane that suits the stamps given.
    fn of_stamps(stamps: &mut Vec<Stamp>, odd_max: usize) -> Self {
        let spelling = Spelling::of_most(stamps);
        stamps.retain(|stamp| spelling.admits(*stamp));
        stamps.sort_unstable_by_key(|stamp| stamp.ticks);
        stamps.dedup();
        let units = |stamp: &Stamp| stamp.ticks.div_euclid(spelling.unit());
        let fitting = WideCodes::WIDTHS.into_iter().find_map(|width| {
            let n_codes = (greatest(width) - odd_max as u64).min(i64::MAX as u64) as i64;
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
        Self {
            spelling,
            base,
            codes: WideCodes::of_width(width),
            greatest: greatest(width),
            odd: Vec::new(),
            odd_max,
        }
    }

    /// Makes room at a slot for one that comes between.
    pub(crate) fn insert(&mut self, slot: usize) {
        self.codes.insert(slot);
    }

    /// Takes a slot out.
    pub(crate) fn remove(&mut self, slot: usize) {
        self.codes.remove(slot);
    }

    /// From slots to rows, as the lane becomes dense.
    pub(crate) fn scatter(&mut self, rows: &[u16]) {
        self.codes = self.codes.scatter(rows);
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let odd: usize = self.odd.iter().map(|text| text.len() + 16).sum();
        self.codes.bytes() + odd
    }
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

#[cfg(test)]
mod tests {
    use super::{Spelling, TimeLane};
    use crate::lane::kind::Kinds;
    use crate::lane::stamp::Stamp;
    use twindex_model::kind::Kind;

    fn lane(texts: &[String], odd_max: usize) -> Option<TimeLane> {
        let mut kinds = Kinds::default();
        let mut lane = TimeLane::new(Stamp::parse(&texts[0])?, odd_max);
        for (row, text) in texts.iter().enumerate() {
            kinds.set(row as u16, Kind::String);
            if !lane.set(row, text, (&kinds, Kind::String)) {
                return None;
            }
        }
        for (row, text) in texts.iter().enumerate() {
            assert_eq!(*lane.text(row), **text);
        }
        Some(lane)
    }

    #[test]
    fn trimmed_stamps_over_years_come_back() {
        let texts: Vec<_> = (0..500_i64)
            .map(|n| Stamp::trimmed(n * 9_777_777_777_777 / 3).text().as_str().to_owned())
            .collect();
        let lane = lane(&texts, 4).expect("all stamps");
        assert_eq!(lane.spelling(), Spelling::Trimmed(7));
        assert_eq!(lane.n_odd(), 0);
    }

    #[test]
    fn whole_seconds_take_four_bytes_and_never_active_is_odd_once() {
        let mut texts: Vec<_> =
            (0..300).map(|n| format!("2024-01-01T00:{:02}:{:02}Z", n / 60, n % 60)).collect();
        for n in (3..300).step_by(10) {
            texts[n] = "0001-01-01T00:00:00Z".into();
        }
        let lane = lane(&texts, 64).expect("all stamps");
        assert_eq!((lane.spelling(), lane.n_odd()), (Spelling::Fixed(0), 1));
        assert_eq!(lane.codes().width(), 4);
    }

    #[test]
    fn too_many_other_texts_are_refused() {
        let text = |n: u32| match n % 2 {
            0 => "2024-01-01T00:00:00Z".to_owned(),
            _ => format!("never {n}"),
        };
        let texts: Vec<String> = (0..10).map(text).collect();
        assert!(lane(&texts, 2).is_none());
    }
}
