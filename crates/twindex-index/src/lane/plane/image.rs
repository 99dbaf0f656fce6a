//! The image of planes: whether slots are ranks, which rows have the path, and a plane for each kind.

use twindex_kernels::mask::{self, Mask, SEGMENT_ROWS, Words};
use twindex_model::kind::Kind;

use super::{Plane, Planes};
use crate::image::{Image, ImageBytes};
use crate::lane::bits::first;

impl Planes {
    /// Rows of a kind.
    pub(crate) fn n_of_kind(&self, kind: Kind) -> u32 {
        match &self.planes[kind as usize] {
            Plane::Empty => 0,
            Plane::Full => self.n_present as u32,
            Plane::Bits(words) => mask::count(words),
        }
    }

    /// Whether all rows that have the path are among `rows`.
    pub(crate) fn are_rows_in(&self, rows: &Mask) -> bool {
        match &self.present {
            None => first(self.n_present).iter().zip(rows.words()).all(|(own, w)| own & !w == 0),
            Some(words) => words.iter().zip(rows.words()).all(|(own, w)| own & !w == 0),
        }
    }

    /// Whether the planes of the kinds share no row and are in all the rows that have the path.
    fn is_partition(&self) -> bool {
        let mut left = match &self.present {
            None => first(self.n_present),
            Some(words) => Box::new(**words),
        };
        for plane in &self.planes {
            match plane {
                Plane::Empty => {}
                Plane::Full if mask::count(&left) as usize == self.n_present => left.fill(0),
                Plane::Full => return false,
                Plane::Bits(words) => {
                    let is_left = words.iter().zip(left.iter()).all(|(w, left)| w & !left == 0);
                    if !is_left || mask::is_empty(words) {
                        return false;
                    }
                    mask::and_not(&mut left, words);
                }
            }
        }
        mask::is_empty(&left)
    }
}

impl Image for Planes {
    fn write(&self, out: &mut Vec<u8>) {
        u8::from(self.is_packed()).write(out);
        (self.n_present as u32).write(out);
        (self.end as u32).write(out);
        self.present.as_ref().map(|words| Box::new(**words)).write(out);
        self.planes.iter().for_each(|plane| plane.write(out));
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let is_packed = match u8::read(from)? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let n_present = u32::read(from)? as usize;
        let end = u32::read(from)? as usize;
        let present = Option::<Box<Words>>::read(from)?;
        let mut planes = Self { n_present, end, ..Self::default() };
        for plane in &mut planes.planes {
            *plane = Plane::read(from)?;
        }
        let is_counted = match &present {
            None => n_present <= end && end <= SEGMENT_ROWS && !is_packed,
            Some(words) => {
                let last = mask::last_set(words).map_or(0, |last| usize::from(last) + 1);
                mask::count(words) as usize == n_present && last <= end && end <= SEGMENT_ROWS
            }
        };
        planes.present = present.map(Into::into);
        if !is_counted || !planes.is_partition() {
            return None;
        }
        let is_full = |kind: &&Kind| matches!(planes.planes[**kind as usize], Plane::Full);
        planes.only = Kind::ALL.iter().find(is_full).copied().unwrap_or(Kind::Undefined);
        if is_packed {
            planes.pack();
        }
        Some(planes)
    }
}

impl Image for Plane {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => 0_u8.write(out),
            Self::Full => 1_u8.write(out),
            Self::Bits(words) => {
                2_u8.write(out);
                words.write(out);
            }
        }
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        match u8::read(from)? {
            0 => Some(Self::Empty),
            1 => Some(Self::Full),
            2 => Box::<Words>::read(from).map(Self::Bits),
            _ => None,
        }
    }
}
