//! The image of a lane's numbers: a byte for the form, then the form.

use twindex_kernels::LaneVec;
use twindex_kernels::mask::{Mask, SEGMENT_ROWS};

use super::{Framed, NumberForm, NumberLane};
use crate::image::{Image, ImageBytes};
use crate::lane::codes::Codes;
use crate::lane::frame::Frame;

const FRAMED: u8 = 0;
const FLOATS: u8 = 1;

impl Image for NumberLane {
    fn write(&self, out: &mut Vec<u8>) {
        match &self.form {
            NumberForm::Framed(framed) => {
                FRAMED.write(out);
                framed.frame.write(out);
                framed.codes.write(out);
                framed.exceptions.write(out);
            }
            NumberForm::Floats(numbers) => {
                FLOATS.write(out);
                numbers.write(out);
            }
        }
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let form = match u8::read(from)? {
            FRAMED => {
                let (frame, codes) = <(Frame, Codes)>::read(from)?;
                let exceptions = Vec::<(u16, f64)>::read(from)?;
                let is_ascending = exceptions.is_sorted_by(|a, b| a.0 < b.0);
                if !is_ascending || codes.greatest() != frame.n_codes() {
                    return None;
                }
                NumberForm::Framed(Framed { frame, codes, exceptions })
            }
            FLOATS => NumberForm::Floats(LaneVec::read(from)?),
            _ => return None,
        };
        Some(Self::of_form(form))
    }
}

impl NumberLane {
    /// Whether the slots given, which hold numbers, and no others have one.
    pub(crate) fn is_sound(&self, slots: &Mask) -> bool {
        let is_there = |n_slots: usize| {
            let last = slots.last_set().map_or(0, usize::from);
            last < n_slots && n_slots <= SEGMENT_ROWS
        };
        match &self.form {
            NumberForm::Framed(framed) => is_there(framed.codes.len()) && framed.is_sound(slots),
            NumberForm::Floats(numbers) => {
                let is_finite = |slot: u16| numbers[usize::from(slot)].is_finite();
                is_there(numbers.len()) && slots.iter().all(is_finite)
            }
        }
    }
}

impl Framed {
    /// Whether just the exceptions have the code that stands for them.
    fn is_sound(&self, slots: &Mask) -> bool {
        let is_odd = |slot: u16| self.codes.get(slot.into()) == self.frame.n_codes();
        let is_exception =
            |odd: &(u16, f64)| slots.get(odd.0) && is_odd(odd.0) && odd.1.is_finite();
        self.exceptions.iter().all(is_exception)
            && slots.iter().filter(|slot| is_odd(*slot)).count() == self.exceptions.len()
    }
}
