//! The image of a lane's numbers: a byte for the form, then the form.

use twindex_kernels::LaneVec;

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
