//! The first 64 bytes of every file.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `TWINDEX` and the kind of file: `L` log, `X` extent, `M` manifest, `B` seal of a backup |
//! | 8..12 | format version, u32 |
//! | 12..28 | id of the store |
//! | 28..36 | number of the file, u64 |
//! | 36..44 | log: sequence of the first frame; manifest, seal: bytes that follow; else 0; u64 |
//! | 44..60 | zeros |
//! | 60..64 | CRC-32 of bytes 0..60, u32 |
//!
//! All numbers are little-endian. The version comes first of what may change, so that a file of a
//! newer format is recognised as one whatever else the newer format did to its header.

use crate::bytes::Bytes;
use crate::error::StoreError;

/// Format version this program writes, and the newest it reads.
pub const FORMAT: u32 = 1;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 64;

const MAGIC: &[u8; 7] = b"TWINDEX";

/// Id of a store, chosen at random when it is made: no file of one store is taken for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreId(pub [u8; 16]);

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Frames.
    Log,
    /// Parts of checkpoints.
    Extent,
    /// The list of parts.
    Manifest,
    /// The list of the files of a backup.
    Seal,
}

impl FileKind {
    fn letter(self) -> u8 {
        match self {
            Self::Log => b'L',
            Self::Extent => b'X',
            Self::Manifest => b'M',
            Self::Seal => b'B',
        }
    }
}

/// A file's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the file is.
    pub kind: FileKind,
    /// Whose it is.
    pub store: StoreId,
    /// Its number.
    pub number: u64,
    /// A log's first sequence, or the bytes that follow in a manifest or seal.
    pub first: u64,
}

impl Header {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(MAGIC);
        out.push(self.kind.letter());
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&self.store.0);
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        out.resize(HEADER_BYTES - 4, 0);
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads the header of `file`, which must be of `kind`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerFormat`].
    pub fn decode(file: &str, kind: FileKind, bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = |what| StoreError::corrupt(file, 0, what);
        let header = bytes.get(..HEADER_BYTES).ok_or_else(|| damaged("the header is cut off"))?;
        let (covered, crc) = header.split_at(HEADER_BYTES - 4);
        let mut fields = Bytes(covered);
        let magic: [u8; 8] = fields.array().unwrap_or_default();
        if !magic.starts_with(MAGIC) {
            return Err(damaged("no file of a store begins so"));
        }
        let found = fields.u32().unwrap_or_default();
        if found > FORMAT {
            return Err(StoreError::NewerFormat { file: file.to_owned(), found, known: FORMAT });
        }
        if Bytes(crc).u32() != Some(crc32fast::hash(covered)) {
            return Err(damaged("the header's checksum is wrong"));
        }
        if magic.last() != Some(&kind.letter()) {
            return Err(damaged("the file is of another kind than its name says"));
        }
        Ok(Self {
            kind,
            store: StoreId(fields.array().unwrap_or_default()),
            number: fields.u64().unwrap_or_default(),
            first: fields.u64().unwrap_or_default(),
        })
    }

    /// Refuses the file of another store, or one under another's name.
    ///
    /// # Errors
    /// [`StoreError::Foreign`], [`StoreError::Corrupt`].
    pub fn check(&self, file: &str, store: StoreId, number: u64) -> Result<(), StoreError> {
        if self.store != store {
            return Err(StoreError::Foreign { file: file.to_owned() });
        }
        if self.number != number {
            return Err(StoreError::corrupt(file, 28, "the number is not that of the name"));
        }
        Ok(())
    }
}

/// A whole file that is written at once: a header whose `first` is the number of bytes behind it,
/// a body, and the CRC-32 of the store's id and the body.
pub(crate) struct Sealed<'a> {
    /// What the header says, but for `first`.
    pub kind: FileKind,
    /// Whose it is.
    pub store: StoreId,
    /// Its number.
    pub number: u64,
    /// What it says.
    pub body: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Its bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let &Self { kind, store, number, body } = self;
        let mut out = Header { kind, store, number, first: body.len() as u64 + 4 }.encode();
        out.extend_from_slice(body);
        out.extend_from_slice(&self.checksum().to_le_bytes());
        out
    }

    /// Reads `bytes`, all of `file`, which must be of `kind`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerFormat`].
    pub(crate) fn decode(file: &str, kind: FileKind, bytes: &'a [u8]) -> Result<Self, StoreError> {
        let Header { store, number, first, .. } = Header::decode(file, kind, bytes)?;
        let damaged = |what| StoreError::corrupt(file, HEADER_BYTES as u64, what);
        let behind = bytes.get(HEADER_BYTES..).unwrap_or_default();
        if behind.len() as u64 != first {
            return Err(damaged("the file is of another length than its header says"));
        }
        let (body, crc) =
            behind.split_last_chunk().ok_or_else(|| damaged("the file is cut off"))?;
        let sealed = Self { kind, store, number, body };
        if u32::from_le_bytes(*crc) != sealed.checksum() {
            return Err(damaged("the checksum is wrong"));
        }
        Ok(sealed)
    }

    fn checksum(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.store.0);
        hasher.update(self.body);
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, FileKind, HEADER_BYTES, Header, StoreId};
    use crate::error::StoreError;

    const HEADER: Header =
        Header { kind: FileKind::Log, store: StoreId([7; 16]), number: 3, first: 1 << 40 };

    #[test]
    fn a_header_comes_back() {
        let bytes = HEADER.encode();
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(Header::decode("f", FileKind::Log, &bytes).expect("just made"), HEADER);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        for bit in 0..HEADER_BYTES * 8 {
            let mut bytes = HEADER.encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::decode("f", FileKind::Log, &bytes).is_err(), "bit {bit}");
        }
        assert!(Header::decode("f", FileKind::Log, &HEADER.encode()[..63]).is_err());
        assert!(Header::decode("f", FileKind::Extent, &HEADER.encode()).is_err());
    }

    #[test]
    fn a_newer_format_is_named() {
        let mut bytes = HEADER.encode();
        bytes[8..12].copy_from_slice(&(FORMAT + 1).to_le_bytes());
        let error = Header::decode("f", FileKind::Log, &bytes).expect_err("newer");
        assert!(matches!(error, StoreError::NewerFormat { found, .. } if found == FORMAT + 1));
    }
}
