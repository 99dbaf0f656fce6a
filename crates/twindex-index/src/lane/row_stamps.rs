//! Stamps that the `$lastUpdated` of one twin share.
//!
//! A twin has a stamp on every property and on every object above, some thirty, but far fewer
//! distinct ones: a write leaves the same stamp on all it touched. So a segment keeps each row's
//! distinct stamps once, seven bytes each, and a lane keeps one byte a row: which of them it is.
//! A stamp in each lane took twice the memory of all other lanes together.

mod image;

use smallvec::SmallVec;
use twindex_model::cell::Text;

use crate::catalog::shrink_vec;
use crate::lane::raw::RawText;
use crate::lane::stamp::Stamp;
use crate::lane::stamp_code::StampCoder;

/// Bytes of a stamp: 228 years of 100 ns.
const STAMP_BYTES: usize = 7;
/// Stamps that a row may have.
const STAMPS_MAX: usize = 255;
/// Stamps from which a row is looked through for those that no lane uses any more.
const CROWDED_MIN: usize = 32;

/// Distinct stamps by row.
#[derive(Debug, Default)]
pub(crate) struct RowStamps {
    /// Made for the first stamp.
    coder: Option<StampCoder>,
    /// The stamps of each row, one after the other.
    rows: RawText,
    /// Rows that may hold stamps no lane uses any more.
    crowded: Vec<u16>,
}

impl RowStamps {
    /// The place of a text among the stamps of a row, which it joins if need be. `None` if the row
    /// has too many, or the segment too many texts that are no trimmed stamps of the time.
    pub(crate) fn place(&mut self, row: u16, text: &str, odd_max: usize) -> Option<u8> {
        if self.coder.is_none() {
            let width = STAMP_BYTES as u32;
            self.coder = Some(StampCoder::about(Stamp::parse(text)?, width, odd_max));
        }
        let code = self.coder.as_mut()?.code_or_new(text)?.to_le_bytes();
        let stamp = code.first_chunk::<STAMP_BYTES>()?;
        let stamps = self.rows.bytes_at(row.into());
        if let Some(place) = stamps.chunks_exact(STAMP_BYTES).position(|other| other == stamp) {
            return u8::try_from(place).ok();
        }
        let n_stamps = stamps.len() / STAMP_BYTES;
        if n_stamps >= STAMPS_MAX {
            return None;
        }
        let mut longer: SmallVec<[u8; 256]> = SmallVec::from_slice(stamps);
        longer.extend_from_slice(stamp);
        self.rows.set(row.into(), &longer);
        if n_stamps + 1 >= CROWDED_MIN && (n_stamps + 1).is_power_of_two() {
            self.crowded.push(row);
        }
        u8::try_from(n_stamps).ok()
    }

    /// The code of a stamp of a row.
    #[inline]
    pub(crate) fn code(&self, row: u16, place: u8) -> u64 {
        let at = usize::from(place) * STAMP_BYTES;
        let stamp = self.rows.bytes_at(row.into()).get(at..at + STAMP_BYTES);
        let mut code = [0; 8];
        if let Some(stamp) = stamp {
            code[..STAMP_BYTES].copy_from_slice(stamp);
        }
        u64::from_le_bytes(code)
    }

    /// The text of a stamp of a row.
    #[inline]
    pub(crate) fn text(&self, row: u16, place: u8) -> Text<'_> {
        match &self.coder {
            Some(coder) => coder.text(self.code(row, place)),
            None => Text::Borrowed(""),
        }
    }

    /// A stamp of a row; `None` if it is an odd text that is none.
    pub(crate) fn stamp(&self, row: u16, place: u8) -> Option<Stamp> {
        self.coder.as_ref()?.stamp(self.code(row, place))
    }

    /// What the codes stand for, once there was a stamp.
    pub(crate) fn coder(&self) -> Option<&StampCoder> {
        self.coder.as_ref()
    }

    /// Number of stamps of a row.
    pub(crate) fn n_stamps(&self, row: u16) -> usize {
        self.rows.bytes_at(row.into()).len() / STAMP_BYTES
    }

    /// Says that lanes use other stamps of a row than before.
    pub(crate) fn look_through(&mut self, row: u16) {
        self.crowded.push(row);
    }

    /// Rows to be looked through.
    pub(crate) fn take_crowded(&mut self) -> Vec<u16> {
        std::mem::take(&mut self.crowded)
    }

    /// Drops the stamps of a row that are not used; gives the new place of each.
    pub(crate) fn keep(&mut self, row: u16, is_used: &[bool; STAMPS_MAX]) -> [u8; STAMPS_MAX] {
        let mut places = [0; STAMPS_MAX];
        let mut kept: SmallVec<[u8; 256]> = SmallVec::new();
        let stamps = self.rows.bytes_at(row.into()).chunks_exact(STAMP_BYTES);
        let used = stamps.enumerate().filter(|(place, _)| is_used[*place]);
        for (kept_place, (place, stamp)) in (0..).zip(used) {
            places[place] = kept_place;
            kept.extend_from_slice(stamp);
        }
        self.rows.set(row.into(), &kept);
        places
    }

    /// Drops all stamps of a row.
    pub(crate) fn clear(&mut self, row: u16) {
        if self.n_stamps(row) > 0 {
            self.rows.set(row.into(), b"");
        }
    }

    /// Gives unused memory back.
    pub(crate) fn shrink(&mut self) {
        self.rows.shrink();
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn tidy(&mut self) {
        self.rows.tidy();
        shrink_vec(&mut self.crowded);
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.bytes() + self.coder.as_ref().map_or(0, StampCoder::bytes)
    }

    /// Compares what is kept with what the stamps say.
    pub(crate) fn validate(&self) -> Result<(), String> {
        self.rows.validate_sizes()
    }
}

/// For each place, whether some lane uses it.
pub(crate) type Used = [bool; STAMPS_MAX];
/// No place is used.
pub(crate) const UNUSED: Used = [false; STAMPS_MAX];
