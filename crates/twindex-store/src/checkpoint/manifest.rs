//! The manifest: which parts a checkpoint has, and where the log goes on.
//!
//! Behind the [`crate::header`], whose `first` is the number of bytes that follow it:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | stamp of the checkpoint, u64 |
//! | 8 | sequence of the first frame that is not in it, u64 |
//! | 8 | number of parts, u64 |
//! | for each part | bytes of the key, u16; the key; extent, u64; offset in it, u64; bytes, u64; CRC-32, u32 |
//! | 4 | CRC-32 of the store's id and of all bytes behind the header before this, u32 |
//!
//! Parts come in ascending order of their keys.

use std::collections::{BTreeMap, HashMap};

use twindex_planted::{Fault, planted};

use crate::bytes::Bytes;
use crate::checkpoint::name::{MANIFEST, NEXT_MANIFEST, extent_name};
use crate::error::StoreError;
use crate::header::{FileKind, HEADER_BYTES, Header, Sealed, StoreId};
use crate::limits::MANIFEST_BYTES_MAX;
use crate::storage::{Storage, read_full, read_whole, sync_full, write_full};

/// Where a part lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Number of the extent.
    pub extent: u64,
    /// First byte in it.
    pub offset: u64,
    /// Number of bytes.
    pub n_bytes: u64,
    /// CRC-32 of the bytes.
    pub crc: u32,
}

/// What a checkpoint consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Whose it is.
    pub store: StoreId,
    /// One more than that of the manifest before.
    pub number: u64,
    /// The version that the parts are of; the store does not look at it.
    pub stamp: u64,
    /// Sequence of the first frame whose writes are not in the parts.
    pub replay_from: u64,
    /// The parts by key.
    pub parts: BTreeMap<Box<[u8]>, Part>,
}

impl Manifest {
    /// The manifest of a store without anything, whose log begins with frame 1.
    #[must_use]
    pub fn empty(store: StoreId) -> Self {
        Self { store, number: 0, stamp: 0, replay_from: 1, parts: BTreeMap::new() }
    }

    /// Reads the manifest that counts; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerFormat`], [`StoreError::Io`].
    pub fn read(storage: &dyn Storage) -> Result<Option<Self>, StoreError> {
        match read_whole(storage, MANIFEST, MANIFEST_BYTES_MAX) {
            Ok(bytes) => Self::decode(&bytes).map(Some),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes this the manifest that counts. At every moment, crashes included, either it or the
    /// one before does.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Io`]: which of the two counts is open if the rename or
    /// what follows failed.
    pub fn write(&self, storage: &dyn Storage) -> Result<(), StoreError> {
        self.write_noting(storage, || ())
    }

    /// The same; calls `in_doubt` before it becomes open which of the two counts.
    pub(crate) fn write_noting(
        &self,
        storage: &dyn Storage,
        in_doubt: impl FnOnce(),
    ) -> Result<(), StoreError> {
        match storage.remove(NEXT_MANIFEST) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io("remove", NEXT_MANIFEST, error));
            }
            _ => (),
        }
        let failed = |action| move |error| StoreError::io(action, NEXT_MANIFEST, error);
        let file = storage.create(NEXT_MANIFEST).map_err(failed("create"))?;
        write_full(&*file, NEXT_MANIFEST, 0, &self.encode())?;
        if !planted(Fault::ManifestNotSynced) {
            sync_full(&*file, NEXT_MANIFEST)?;
        }
        // The name must be the new file's before it is moved: a name that a failed checkpoint left
        // behind could else come back with the power, and a stale manifest would count.
        storage.sync_directory().map_err(failed("sync"))?;
        in_doubt();
        storage.rename(NEXT_MANIFEST, MANIFEST).map_err(failed("rename"))?;
        if planted(Fault::ManifestNameNotSynced) {
            return Ok(());
        }
        storage.sync_directory().map_err(failed("sync"))
    }

    /// The bytes of a part, checked.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Missing`], [`StoreError::Foreign`],
    /// [`StoreError::Io`].
    pub fn read_part(&self, storage: &dyn Storage, part: &Part) -> Result<Vec<u8>, StoreError> {
        let name = extent_name(part.extent);
        let file = storage.open(&name).map_err(|error| StoreError::io("open", &name, error))?;
        let n_bytes = file.n_bytes().map_err(|error| StoreError::io("measure", &name, error))?;
        // A length is believed only as far as the file goes.
        let end = part.offset.checked_add(part.n_bytes);
        if end.is_none_or(|end| end > n_bytes) {
            return Err(StoreError::corrupt(&name, n_bytes, "the file is cut off"));
        }
        let mut header = [0; HEADER_BYTES];
        let n_read = read_full(&*file, &name, 0, &mut header)?;
        let header = header.get(..n_read).unwrap_or_default();
        let header = Header::decode(&name, FileKind::Extent, header)?;
        header.check(&name, self.store, part.extent)?;
        let mut bytes = vec![0; usize::try_from(part.n_bytes).unwrap_or(usize::MAX)];
        let n_read = read_full(&*file, &name, part.offset, &mut bytes)?;
        let is_damaged = n_read < bytes.len() || crc32fast::hash(&bytes) != part.crc;
        if is_damaged && !planted(Fault::PartUnchecked) {
            return Err(StoreError::corrupt(&name, part.offset, "a part's checksum is wrong"));
        }
        Ok(bytes)
    }

    /// Bytes of parts in each extent.
    #[must_use]
    pub fn live_bytes(&self) -> HashMap<u64, u64> {
        let mut live = HashMap::new();
        for part in self.parts.values() {
            *live.entry(part.extent).or_insert(0) += part.n_bytes;
        }
        live
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for field in [self.stamp, self.replay_from, self.parts.len() as u64] {
            body.extend_from_slice(&field.to_le_bytes());
        }
        for (key, part) in &self.parts {
            let n_bytes = u16::try_from(key.len()).unwrap_or(u16::MAX);
            body.extend_from_slice(&n_bytes.to_le_bytes());
            body.extend_from_slice(key);
            for field in [part.extent, part.offset, part.n_bytes] {
                body.extend_from_slice(&field.to_le_bytes());
            }
            body.extend_from_slice(&part.crc.to_le_bytes());
        }
        let (kind, store, number) = (FileKind::Manifest, self.store, self.number);
        Sealed { kind, store, number, body: &body }.encode()
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let file = Sealed::decode(MANIFEST, FileKind::Manifest, bytes)?;
        let mut manifest = Self { number: file.number, ..Self::empty(file.store) };
        manifest.fill(Bytes(file.body)).ok_or_else(|| {
            StoreError::corrupt(MANIFEST, HEADER_BYTES as u64, "the list of parts is cut off")
        })?;
        Ok(manifest)
    }

    fn fill(&mut self, mut fields: Bytes<'_>) -> Option<()> {
        self.stamp = fields.u64()?;
        self.replay_from = fields.u64()?;
        for _ in 0..fields.u64()? {
            let n_bytes = fields.array().map(u16::from_le_bytes)?;
            let key = fields.slice(usize::from(n_bytes))?;
            let (extent, offset, n_bytes) = (fields.u64()?, fields.u64()?, fields.u64()?);
            let part = Part { extent, offset, n_bytes, crc: fields.u32()? };
            self.parts.insert(key.into(), part);
        }
        Some(())
    }
}
