//! Stamps that the `$lastUpdated` of one twin share.
//!
//! A twin has a stamp on every property and on every object above, some thirty, but far fewer
//! distinct ones: a write leaves the same stamp on all it touched. So a segment keeps each row's
//! distinct stamps once, seven bytes each, and a lane keeps one byte a row: which of them it is.
//! A stamp in each lane took twice the memory of all other lanes together.

mod image;

use smallvec::SmallVec;
use twindex_model::cell::{InlineText, Text};

use crate::catalog::shrink_vec;
use crate::lane::raw::RawText;
use crate::lane::stamp::Stamp;
use crate::lane::stamp_code::{Decoded, StampCoder};

/// Bytes of a stamp: 228 years of 100 ns.
const STAMP_BYTES: usize = 7;
/// Stamps that a row may have.
pub(crate) const STAMPS_MAX: usize = 255;
/// Stamps for which a row gets room at a time.
const ROOM: usize = 4;
/// The same of a row that has [`CROWDED_MIN`], where each time costs a look at every lane.
const CROWDED_ROOM: usize = 8;
/// Room from which a full row is looked through for stamps that no lane uses any more.
const CROWDED_MIN: usize = 24;

/// Distinct stamps by row.
#[derive(Debug, Default)]
pub(crate) struct RowStamps {
    /// Made for the first stamp.
    coder: Option<StampCoder>,
    /// The stamps of each row, one after the other. Where none is, there is a code that no text
    /// has: a row that is written again and again takes and leaves places, and is never moved.
    rows: RawText,
    /// Rows that may hold stamps no lane uses any more.
    crowded: Vec<u16>,
    /// The text met last with its code: one write leaves the same stamp in many lanes.
    newest: Option<(InlineText, u64)>,
    /// Row and code found last, and their place, for the same reason.
    last: Option<(u16, u64, u8)>,
    /// Grows with every change.
    pub(crate) mark: u64,
}

/// Bytes of one stamp.
type Bytes = [u8; STAMP_BYTES];

impl RowStamps {
    /// The place of a text among the stamps of a row, which it joins if need be. `None` if the row
    /// has too many, or the segment too many texts that are no trimmed stamps of the time.
    pub(crate) fn place(&mut self, row: u16, text: &str, odd_max: usize) -> Option<u8> {
        let code = self.code_or_new(text, odd_max)?;
        self.place_of_code(row, code)
    }

    /// The same of the text of a stamp.
    pub(crate) fn place_of(&mut self, row: u16, stamp: Stamp, odd_max: usize) -> Option<u8> {
        let coder = match &self.coder {
            Some(coder) => coder,
            None => {
                self.mark += 1;
                self.coder.insert(StampCoder::about(stamp, STAMP_BYTES as u32, odd_max))
            }
        };
        match coder.code_of_stamp(stamp) {
            Some(code) => self.place_of_code(row, code),
            None => self.place(row, &stamp.text(), odd_max),
        }
    }

    fn place_of_code(&mut self, row: u16, code: u64) -> Option<u8> {
        if let Some((last_row, last_code, place)) = self.last
            && (last_row, last_code) == (row, code)
        {
            return Some(place);
        }
        let place = self.find_place(row, bytes_of(code))?;
        self.last = Some((row, code, place));
        Some(place)
    }

    fn find_place(&mut self, row: u16, stamp: Bytes) -> Option<u8> {
        let vacant = self.vacant()?;
        let stamps = self.rows.bytes_at(row.into());
        let (mut free, mut n_free) = (None, 0);
        for (place, other) in stamps.chunks_exact(STAMP_BYTES).enumerate() {
            if *other == stamp {
                return u8::try_from(place).ok();
            }
            if *other == vacant {
                free = free.or(Some(place));
                n_free += 1;
            }
        }
        let n_places = stamps.len() / STAMP_BYTES;
        let place = match free {
            Some(place) => place,
            None => {
                n_free = self.grow(row, vacant)?;
                n_places
            }
        };
        self.mark += 1;
        self.rows.overwrite(row.into(), place * STAMP_BYTES, &stamp);
        if n_free == 1 && n_places >= CROWDED_MIN {
            self.crowded.push(row);
        }
        u8::try_from(place).ok()
    }

    /// The code of a text, which becomes one if it can.
    fn code_or_new(&mut self, text: &str, odd_max: usize) -> Option<u64> {
        if let Some((newest, code)) = &self.newest
            && newest.as_bytes() == text.as_bytes()
        {
            return Some(*code);
        }
        self.mark += 1; // the coder may take in an odd text
        if self.coder.is_none() {
            let width = STAMP_BYTES as u32;
            self.coder = Some(StampCoder::about(Stamp::parse(text)?, width, odd_max));
        }
        let code = self.coder.as_mut()?.code_or_new(text)?;
        self.newest = InlineText::new(text.as_bytes()).map(|text| (text, code));
        Some(code)
    }

    /// What stands in a place without a stamp.
    fn vacant(&self) -> Option<Bytes> {
        // The one code between those of stamps and those of odd texts.
        self.coder.as_ref().map(|coder| bytes_of(coder.n_codes()))
    }

    /// Makes room at the end of a row; gives the number of new places, `None` if there can be none.
    fn grow(&mut self, row: u16, vacant: Bytes) -> Option<usize> {
        let stamps = self.rows.bytes_at(row.into());
        let n_places = stamps.len() / STAMP_BYTES;
        let room = if n_places < CROWDED_MIN { ROOM } else { CROWDED_ROOM };
        let room = room.min(STAMPS_MAX - n_places);
        if room == 0 {
            return None;
        }
        let mut longer: SmallVec<[u8; 256]> = SmallVec::from_slice(stamps);
        (0..room).for_each(|_| longer.extend_from_slice(&vacant));
        self.rows.set(row.into(), &longer);
        Some(room)
    }

    /// Asks for what says where the stamps of a row lie.
    pub(crate) fn fetch(&self, row: u16) {
        self.rows.fetch(row.into());
    }

    /// Asks for the stamps of a row, once [`RowStamps::fetch`] is done.
    pub(crate) fn fetch_stamps(&self, row: u16) {
        self.rows.fetch_text(row.into());
    }

    /// The code of a stamp of a row.
    #[inline]
    pub(crate) fn code(&self, row: u16, place: u8) -> u64 {
        let at = usize::from(place) * STAMP_BYTES;
        let stamp = self.rows.bytes_at(row.into()).get(at..at + STAMP_BYTES);
        stamp.and_then(|stamp| stamp.as_array()).map_or(0, code_of)
    }

    /// The stamps of a row, all at once.
    pub(crate) fn of_row(&self, row: u16) -> StampsOfRow<'_> {
        StampsOfRow { coder: self.coder.as_ref(), codes: self.rows.bytes_at(row.into()) }
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

    /// Number of places of a row, those without a stamp among them.
    pub(crate) fn n_places(&self, row: u16) -> usize {
        self.rows.bytes_at(row.into()).len() / STAMP_BYTES
    }

    /// Whether there is a stamp at a place of a row.
    pub(crate) fn is_taken(&self, row: u16, place: usize) -> bool {
        let stamp = self.rows.bytes_at(row.into()).chunks_exact(STAMP_BYTES).nth(place);
        stamp.is_some_and(|stamp| self.vacant().is_some_and(|vacant| *stamp != vacant))
    }

    /// Says that lanes use other stamps of a row than before.
    pub(crate) fn look_through(&mut self, row: u16) {
        self.crowded.push(row);
    }

    /// Rows to be looked through.
    pub(crate) fn take_crowded(&mut self) -> Vec<u16> {
        std::mem::take(&mut self.crowded)
    }

    /// Leaves the places of a row that are not used, for stamps to come.
    pub(crate) fn vacate(&mut self, row: u16, is_used: &Used) {
        let Some(vacant) = self.vacant() else { return };
        self.mark += 1;
        self.last = None;
        for place in (0..self.n_places(row)).filter(|place| !is_used[*place]) {
            self.rows.overwrite(row.into(), place * STAMP_BYTES, &vacant);
        }
    }

    /// Drops the places of a row that are not used; gives the new place of each other.
    pub(crate) fn compact(&mut self, row: u16, is_used: &Used) -> [u8; STAMPS_MAX] {
        self.mark += 1;
        self.last = None;
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
        if self.n_places(row) > 0 {
            self.mark += 1;
            self.last = None;
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

    /// Those of them in which no stamp lies.
    pub(crate) fn slack_bytes(&self) -> usize {
        self.rows.slack_bytes()
    }

    /// Compares what is kept with what the stamps say.
    pub(crate) fn validate(&self) -> Result<(), String> {
        self.rows.validate_sizes()
    }
}

fn code_of(bytes: &Bytes) -> u64 {
    let [a, b, c, d, e, f, g] = *bytes;
    u64::from_le_bytes([a, b, c, d, e, f, g, 0])
}

/// The stamps of one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StampsOfRow<'a> {
    coder: Option<&'a StampCoder>,
    codes: &'a [u8],
}

impl<'a> StampsOfRow<'a> {
    /// Number of places, those without a stamp among them.
    pub(crate) fn n_places(&self) -> usize {
        self.codes.len() / STAMP_BYTES
    }

    /// The stamp at a place.
    pub(crate) fn get(&self, place: u8) -> Decoded<'a> {
        let at = usize::from(place) * STAMP_BYTES;
        let stamp = self.codes.get(at..at + STAMP_BYTES).and_then(|stamp| stamp.as_array());
        match (self.coder, stamp) {
            (Some(coder), Some(stamp)) => coder.decode(code_of(stamp)),
            _ => Decoded::Odd(""),
        }
    }
}

fn bytes_of(code: u64) -> Bytes {
    let [a, b, c, d, e, f, g, _] = code.to_le_bytes();
    [a, b, c, d, e, f, g]
}

/// For each place, whether some lane uses it.
pub(crate) type Used = [bool; STAMPS_MAX];
/// No place is used.
pub(crate) const UNUSED: Used = [false; STAMPS_MAX];
