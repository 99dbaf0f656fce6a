//! Strings of a lane that are UTC stamps: four to eight bytes where the text takes up to 28.
//!
//! A lane takes the narrowest code that fits its stamps with some room, and another once too many
//! texts are odd.

mod image;

use twindex_model::cell::Text;
use twindex_model::kind::Kind;

use crate::lane::kind::Kinds;
use crate::lane::stamp::Stamp;
use crate::lane::stamp_code::StampCoder;
use crate::lane::wide::WideCodes;

/// Stamps by slot.
#[derive(Debug)]
pub(crate) struct TimeLane {
    coder: StampCoder,
    codes: WideCodes,
}

impl TimeLane {
    /// An empty lane for the stamps given, `None` if there are none. More than `odd_max` odd texts
    /// will be too many.
    pub(crate) fn new(mut stamps: Vec<Stamp>, odd_max: usize) -> Option<Self> {
        if stamps.is_empty() {
            return None;
        }
        let coder = StampCoder::fitting(&mut stamps, odd_max);
        Some(Self { codes: WideCodes::of_width(coder.width()), coder })
    }

    /// The text at a slot that holds one.
    #[inline]
    pub(crate) fn text(&self, slot: usize) -> Text<'_> {
        self.coder.text(self.codes.get(slot))
    }

    /// The code at a slot.
    #[inline]
    pub(crate) fn code(&self, slot: usize) -> u64 {
        self.codes.get(slot)
    }

    /// The codes by slot.
    pub(crate) fn codes(&self) -> &WideCodes {
        &self.codes
    }

    /// What the codes stand for.
    pub(crate) fn coder(&self) -> &StampCoder {
        &self.coder
    }

    /// Writes a text. False, and nothing written, if the lane cannot hold it in any way.
    #[must_use]
    pub(crate) fn set(&mut self, slot: usize, text: &str, kinds: (&Kinds, Kind)) -> bool {
        self.accept(slot, text) || self.encode_anew(slot, text, kinds)
    }

    /// Writes a text without changing the encoding; false if it does not fit.
    #[must_use]
    pub(crate) fn accept(&mut self, slot: usize, text: &str) -> bool {
        let code = self.coder.code_or_new(text);
        if let Some(code) = code {
            self.codes.set(slot, code);
        }
        code.is_some()
    }

    /// Takes another spelling, base and width that fit all texts of the lane and a new one.
    fn encode_anew(&mut self, slot: usize, text: &str, kinds: (&Kinds, Kind)) -> bool {
        let (kinds, kind) = kinds;
        let slots = kinds.slots_of_kind(kind, None);
        let others = slots.iter().map(usize::from).filter(|at| *at != slot);
        let stamps = others.filter_map(|at| self.coder.stamp(self.code(at)));
        let stamps = stamps.chain(Stamp::parse(text)).collect();
        let Some(mut anew) = Self::new(stamps, self.coder.odd_max()) else { return false };
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

    /// Drops the slots at and past an end.
    pub(crate) fn truncate(&mut self, end: usize) {
        self.codes.truncate(end);
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self) {
        self.codes.shrink();
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.codes.bytes() + self.coder.bytes()
    }

    /// Those of them in which nothing lies.
    pub(crate) fn slack_bytes(&self) -> usize {
        self.codes.slack_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::TimeLane;
    use crate::lane::kind::Kinds;
    use crate::lane::stamp::Stamp;
    use crate::lane::stamp_code::Spelling;
    use twindex_model::kind::Kind;

    fn lane(texts: &[String], odd_max: usize) -> Option<TimeLane> {
        let mut kinds = Kinds::default();
        let mut lane = TimeLane::new(vec![Stamp::parse(&texts[0])?], odd_max)?;
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
            .map(|n| Stamp::trimmed(n * 9_777_777_777_777 / 3).text().to_string())
            .collect();
        let lane = lane(&texts, 4).expect("all stamps");
        assert_eq!(lane.coder().spelling(), Spelling::Trimmed(7));
        assert_eq!(lane.coder().odd().count(), 0);
    }

    #[test]
    fn whole_seconds_take_four_bytes_and_never_active_is_odd_once() {
        let mut texts: Vec<_> =
            (0..300).map(|n| format!("2024-01-01T00:{:02}:{:02}Z", n / 60, n % 60)).collect();
        for n in (3..300).step_by(10) {
            texts[n] = "0001-01-01T00:00:00Z".into();
        }
        let lane = lane(&texts, 64).expect("all stamps");
        assert_eq!((lane.coder().spelling(), lane.coder().odd().count()), (Spelling::Fixed(0), 1));
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
