//! The image of a lane's texts: a byte for the form, then the form. Codes are those of the
//! dictionary whose image stands beside it.

use twindex_kernels::LaneVec;

use super::{CodeLane, TextLane};
use crate::image::{Image, ImageBytes};
use crate::lane::codes::Codes;
use crate::lane::raw::{RawText, is_text};
use crate::lane::time::TimeLane;

const CODES: u8 = 0;
const RAW: u8 = 1;
const TIMES: u8 = 2;
const SHARED: u8 = 3;

impl Image for TextLane {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Codes(lane) => {
                CODES.write(out);
                lane.codes.write(out);
            }
            Self::Raw(raw) => {
                RAW.write(out);
                raw.write(out);
            }
            Self::Times(times) => {
                TIMES.write(out);
                times.write(out);
            }
            Self::Shared(places) => {
                SHARED.write(out);
                places.write(out);
            }
        }
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        match u8::read(from)? {
            CODES => Codes::read(from).map(|codes| Self::Codes(CodeLane::of(codes))),
            RAW => RawText::read(from).filter(is_text).map(Self::Raw),
            TIMES => TimeLane::read(from).map(Self::Times),
            SHARED => LaneVec::read(from).map(Self::Shared),
            _ => None,
        }
    }
}
