//! The seal of a backup: every file of it, with its length and checksums.
//!
//! Behind the [`crate::header`], whose `first` is the number of bytes that follow it:
//!
//! | bytes | what |
//! |---|---|
//! | 16 | id of the store that the backup was made of |
//! | 8 | version of the backup, u64 |
//! | 8 | number of files, u64 |
//! | for each file | bytes of the name, u16; the name; bytes of the file, u64; CRC-32 of each MiB of it, the last one shorter, u32 |
//! | 4 | CRC-32 of the backup's id and of all bytes behind the header before this, u32 |
//!
//! Files come in ascending order of their names. The seal is written when all of them are durable,
//! so a backup that was cut off has none.

use std::collections::BTreeMap;

use crate::backup::contents::{Contents, SEAL, UNFINISHED};
use crate::backup::copy::{CopyProgress, Follow};
use crate::bytes::Bytes;
use crate::error::StoreError;
use crate::files::{n_bytes_of_all, open_measured, store_files};
use crate::header::{FileKind, HEADER_BYTES, Sealed, StoreId};
use crate::limits::SEAL_BYTES_MAX;
use crate::storage::{Storage, StoredFile, read_full, read_whole, sync_full, write_full};

/// Bytes that have one checksum (1 MiB).
const BLOCK_BYTES: u64 = 1 << 20;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Id of the backup, in all its files.
    pub store: StoreId,
    /// Id of the store that it was made of.
    pub of: StoreId,
    /// Its version; the store does not look at it.
    pub stamp: u64,
    /// Its files by name.
    pub files: BTreeMap<String, SealedFile>,
}

/// A file of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedFile {
    /// Its length.
    pub n_bytes: u64,
    /// CRC-32 of each MiB.
    pub blocks: Vec<u32>,
}

impl Seal {
    /// A seal without files.
    #[must_use]
    pub fn new(store: StoreId, of: StoreId, stamp: u64) -> Self {
        Self { store, of, stamp, files: BTreeMap::new() }
    }

    /// Bytes of all files.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        self.files.values().map(|file| file.n_bytes).sum()
    }

    /// Seals the files that are in `storage`, which are read again from end to end.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Full`], and what `follow` gives.
    pub fn write(
        mut self,
        storage: &dyn Storage,
        follow: &mut Follow<'_>,
    ) -> Result<Self, StoreError> {
        let mut progress = CopyProgress { n_bytes: 0, bytes_total: n_bytes_of_all(storage)? };
        for name in store_files(storage)? {
            let (file, n_bytes) = open_measured(storage, &name)?;
            let mut sealed = SealedFile { n_bytes, blocks: Vec::new() };
            each_block(&*file, &name, n_bytes, &mut |_, crc, n_block| {
                sealed.blocks.push(crc);
                progress.n_bytes += n_block;
                follow(progress)
            })?;
            self.files.insert(name, sealed);
        }
        let file = storage.create(SEAL).map_err(|error| StoreError::io("create", SEAL, error))?;
        write_full(&*file, SEAL, 0, &self.encode())?;
        sync_full(&*file, SEAL)?;
        storage.sync_directory().map_err(|error| StoreError::io("sync", SEAL, error))?;
        Ok(self)
    }

    /// Reads the seal of the backup in `storage`, called `shown`.
    ///
    /// # Errors
    /// [`StoreError::NoBackup`], [`StoreError::Unfinished`], [`StoreError::Corrupt`],
    /// [`StoreError::NewerFormat`], [`StoreError::Io`].
    pub fn read(storage: &dyn Storage, shown: &str) -> Result<Self, StoreError> {
        let no_backup = |why| StoreError::NoBackup { path: shown.to_owned(), why };
        match Contents::of(storage)? {
            Contents::Backup => Self::decode(&read_whole(storage, SEAL, SEAL_BYTES_MAX)?),
            Contents::Unfinished => Err(StoreError::Unfinished { file: UNFINISHED.to_owned() }),
            Contents::Store => Err(no_backup("a store, or a backup without its seal `BACKUP`")),
            Contents::Nothing => Err(no_backup("its seal `BACKUP` is missing")),
        }
    }

    /// Reads every file from end to end and compares. Files that no store has are not looked at.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with file and place (the MiB), [`StoreError::Missing`],
    /// [`StoreError::Foreign`] for a file that the seal does not name, [`StoreError::Io`], and what
    /// `follow` gives.
    pub fn verify(&self, storage: &dyn Storage, follow: &mut Follow<'_>) -> Result<(), StoreError> {
        if let Some(file) =
            store_files(storage)?.into_iter().find(|name| !self.files.contains_key(name))
        {
            return Err(StoreError::Foreign { file });
        }
        let mut progress = CopyProgress { n_bytes: 0, bytes_total: self.n_bytes() };
        follow(progress)?;
        for (name, sealed) in &self.files {
            let (file, n_bytes) = open_measured(storage, name)?;
            if n_bytes < sealed.n_bytes {
                return Err(StoreError::corrupt(name, n_bytes, "the file is cut off"));
            }
            if n_bytes > sealed.n_bytes {
                let what = "the file is longer than it was sealed";
                return Err(StoreError::corrupt(name, sealed.n_bytes, what));
            }
            let mut blocks = sealed.blocks.iter();
            each_block(&*file, name, n_bytes, &mut |offset, crc, n_block| {
                if blocks.next() != Some(&crc) {
                    let what = "the checksum of this MiB is not the sealed one";
                    return Err(StoreError::corrupt(name, offset, what));
                }
                progress.n_bytes += n_block;
                follow(progress)
            })?;
        }
        Ok(())
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = self.of.0.to_vec();
        for field in [self.stamp, self.files.len() as u64] {
            body.extend_from_slice(&field.to_le_bytes());
        }
        for (name, file) in &self.files {
            let n_bytes = u16::try_from(name.len()).unwrap_or(u16::MAX);
            body.extend_from_slice(&n_bytes.to_le_bytes());
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(&file.n_bytes.to_le_bytes());
            file.blocks.iter().for_each(|crc| body.extend_from_slice(&crc.to_le_bytes()));
        }
        Sealed { kind: FileKind::Seal, store: self.store, number: 0, body: &body }.encode()
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let file = Sealed::decode(SEAL, FileKind::Seal, bytes)?;
        let mut seal = Self::new(file.store, StoreId([0; 16]), 0);
        seal.fill(Bytes(file.body)).ok_or_else(|| {
            StoreError::corrupt(SEAL, HEADER_BYTES as u64, "the list of files is cut off")
        })?;
        Ok(seal)
    }

    fn fill(&mut self, mut fields: Bytes<'_>) -> Option<()> {
        self.of = StoreId(fields.array()?);
        self.stamp = fields.u64()?;
        for _ in 0..fields.u64()? {
            let n_name = fields.array().map(u16::from_le_bytes)?;
            let name = String::from_utf8(fields.slice(usize::from(n_name))?.to_vec()).ok()?;
            // A name that leads out of the directory is none of a store's.
            (!name.contains(['/', '\\'])).then_some(())?;
            let n_bytes = fields.u64()?;
            let mut blocks = Vec::new();
            for _ in 0..n_bytes.div_ceil(BLOCK_BYTES) {
                blocks.push(fields.u32()?);
            }
            self.files.insert(name, SealedFile { n_bytes, blocks });
        }
        Some(())
    }
}

/// Hands over the place, checksum and length of each block.
fn each_block(
    file: &dyn StoredFile,
    name: &str,
    n_bytes: u64,
    take: &mut dyn FnMut(u64, u32, u64) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut block = Vec::new();
    let mut offset = 0;
    while offset < n_bytes {
        let n_block = BLOCK_BYTES.min(n_bytes - offset);
        block.resize(usize::try_from(n_block).unwrap_or(usize::MAX), 0);
        if read_full(file, name, offset, &mut block)? < block.len() {
            return Err(StoreError::corrupt(name, offset, "the file is cut off"));
        }
        take(offset, crc32fast::hash(&block), n_block)?;
        offset += n_block;
    }
    Ok(())
}
