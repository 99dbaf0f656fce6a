//! One frame: the writes of one batch.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | bytes of the payload, u32 |
//! | 4..8 | CRC-32 of the store's id and of all bytes of the frame from 8 on, u32 |
//! | 8..16 | sequence, one more than that of the frame before, u64 |
//! | 16..24 | greatest sequence known to be durable when this frame was written, u64 |
//! | 24..32 | stamp of the batch, u64 |
//! | 32.. | payload |
//!
//! The store's id in the checksum keeps a frame of another store, left in blocks that the machine
//! gives out again, from being taken for one of this.

use twindex_planted::{Fault, planted};

use crate::bytes::Bytes;
use crate::header::StoreId;
use crate::limits::FRAME_BYTES_MAX;

/// Bytes before the payload.
pub const FRAME_HEADER_BYTES: usize = 32;
/// Where the checksum's part begins.
const COVERED_FROM: usize = 8;

/// What stands before a payload, the checksum apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// Place in the log.
    pub sequence: u64,
    /// Frames up to this one were durable.
    pub durable: u64,
    /// Number of the batch; the log does not look at it.
    pub stamp: u64,
}

/// A frame read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What stands before the payload.
    pub header: FrameHeader,
    /// The payload.
    pub payload: &'a [u8],
}

impl Frame<'_> {
    /// Bytes of the whole frame.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        (FRAME_HEADER_BYTES + self.payload.len()) as u64
    }
}

/// Appends a frame to `out`. The payload must not be longer than [`FRAME_BYTES_MAX`].
pub fn encode(out: &mut Vec<u8>, store: StoreId, header: &FrameHeader, payload: &[u8]) {
    let mut covered = [0; FRAME_HEADER_BYTES - COVERED_FROM];
    let fields = [header.sequence, header.durable, header.stamp];
    for (place, field) in covered.as_chunks_mut::<8>().0.iter_mut().zip(fields) {
        *place = field.to_le_bytes();
    }
    let n_bytes = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&n_bytes.to_le_bytes());
    out.extend_from_slice(&checksum(store, &[&covered, payload]).to_le_bytes());
    out.extend_from_slice(&covered);
    out.extend_from_slice(payload);
}

/// Bytes of the whole frame that begins with `bytes`, if a frame can begin so.
#[must_use]
pub fn n_bytes_of(bytes: &[u8]) -> Option<usize> {
    let n_bytes = Bytes(bytes).u32().filter(|n_bytes| *n_bytes <= FRAME_BYTES_MAX)?;
    Some(FRAME_HEADER_BYTES + n_bytes as usize)
}

/// The header that `bytes` begin with, whether it is right or not.
#[must_use]
pub fn header_of(bytes: &[u8]) -> Option<FrameHeader> {
    let mut fields = Bytes(bytes.get(COVERED_FROM..)?);
    Some(FrameHeader { sequence: fields.u64()?, durable: fields.u64()?, stamp: fields.u64()? })
}

/// The frame that `bytes` begin with; `None` unless it is there as a whole and undamaged.
#[must_use]
pub fn decode(store: StoreId, bytes: &[u8]) -> Option<Frame<'_>> {
    let frame = bytes.get(..n_bytes_of(bytes)?)?;
    let crc = Bytes(frame.get(4..)?).u32()?;
    let is_whole = crc == checksum(store, &[frame.get(COVERED_FROM..)?]);
    if is_whole { unchecked(frame) } else { None }
}

/// The parts of a frame whose checksum was found right.
pub(crate) fn unchecked(frame: &[u8]) -> Option<Frame<'_>> {
    Some(Frame { header: header_of(frame)?, payload: frame.get(FRAME_HEADER_BYTES..)? })
}

fn checksum(store: StoreId, parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    if !planted(Fault::ChecksumWithoutStore) {
        hasher.update(&store.0);
    }
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::{FrameHeader, decode, encode};
    use crate::header::StoreId;

    const STORE: StoreId = StoreId([1; 16]);
    const HEADER: FrameHeader = FrameHeader { sequence: 9, durable: 8, stamp: 77 };

    #[test]
    fn a_frame_comes_back_and_a_flipped_bit_is_noticed() {
        let mut bytes = Vec::new();
        encode(&mut bytes, STORE, &HEADER, b"payload");
        let frame = decode(STORE, &bytes).expect("just made");
        assert_eq!((frame.header, frame.payload), (HEADER, &b"payload"[..]));
        assert_eq!(decode(StoreId([2; 16]), &bytes), None);
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(STORE, &damaged), None, "bit {bit}");
        }
        for n in 0..bytes.len() {
            assert_eq!(decode(STORE, &bytes[..n]), None);
        }
    }

    #[test]
    fn zeros_are_no_frame() {
        assert_eq!(decode(STORE, &[0; 64]), None);
    }
}
