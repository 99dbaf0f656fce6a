//! The image of a lane's texts: a byte for the form, then the form. Codes are those of the
//! dictionary whose image stands beside it.

use twindex_kernels::LaneVec;
use twindex_kernels::mask::{Mask, SEGMENT_ROWS};

use super::{CodeLane, TextLane};
use crate::image::{Image, ImageBytes};
use crate::lane::codes::Codes;
use crate::lane::raw::{RawText, is_text};
use crate::lane::row_stamps::STAMPS_MAX;
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

impl TextLane {
    /// Whether texts are stored as stamps, as those of arrays never are.
    pub(crate) fn is_of_stamps(&self) -> bool {
        matches!(self, Self::Times(_) | Self::Shared(_))
    }

    /// Whether the slots given, which hold texts, have one, and none lies where no slot is.
    pub(crate) fn is_sound(&self, slots: &Mask, (n_slots, n_codes): (usize, usize)) -> bool {
        let last = slots.last_set().map_or(0, usize::from);
        let is_there = |n: usize| last < n && n <= SEGMENT_ROWS;
        match self {
            Self::Codes(lane) => {
                let code = |slot: u16| lane.codes.get(slot.into()) as usize;
                // Slots without a text may hold any code, but seldom do.
                is_there(lane.codes.len())
                    && ((lane.codes.greatest_stored() as usize) < n_codes
                        || slots.iter().all(|slot| code(slot) < n_codes))
            }
            Self::Raw(raw) => raw.len() <= n_slots,
            Self::Times(times) => {
                is_there(times.codes().len())
                    && slots.iter().all(|slot| times.coder().is_code(times.code(slot.into())))
            }
            // Which stamps a row has is known after the log was done again.
            Self::Shared(places) => {
                is_there(places.len()) && places.iter().all(|at| usize::from(*at) < STAMPS_MAX)
            }
        }
    }
}
