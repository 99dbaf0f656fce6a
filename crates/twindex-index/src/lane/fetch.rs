//! Asking for the memory of one row of a lane, ahead of a read or write.
//!
//! In two steps: where the value of a packed lane lies, or a raw text, is told by other memory.

use twindex_kernels::prefetch;

use crate::lane::cells::Lane;
use crate::lane::number::NumberForm;
use crate::lane::string::TextLane;

impl Lane {
    /// Asks for what says the kind of a row and, where that is known, for its value.
    pub(crate) fn fetch(&self, row: u16) {
        self.kinds.fetch(row);
        if self.kinds.is_dense() {
            self.fetch_value(row.into());
        }
    }

    /// Asks for the rest, once [`Lane::fetch`] is done.
    pub(crate) fn fetch_rest(&self, row: u16) {
        if !self.kinds.is_dense() {
            if let Some((slot, _)) = self.kinds.find(row) {
                self.fetch_value(slot);
            }
            return;
        }
        for part in [&self.strings, &self.arrays].into_iter().flatten() {
            if let TextLane::Raw(raw) = &**part {
                raw.fetch_text(row.into());
            }
        }
    }

    fn fetch_value(&self, slot: usize) {
        match self.numbers.as_deref().map(|numbers| &numbers.form) {
            Some(NumberForm::Framed(framed)) => framed.codes.fetch(slot),
            Some(NumberForm::Floats(numbers)) => prefetch(numbers, slot),
            None => (),
        }
        for part in [&self.strings, &self.arrays].into_iter().flatten() {
            match &**part {
                TextLane::Codes(lane) => lane.codes.fetch(slot),
                TextLane::Raw(raw) => raw.fetch(slot),
                TextLane::Times(times) => times.codes().fetch(slot),
                TextLane::Shared(places) => prefetch(places, slot),
            }
        }
    }
}
