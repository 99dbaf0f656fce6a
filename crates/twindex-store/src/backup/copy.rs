//! Writing a store anew under another id.

use std::sync::Arc;

use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::name::MANIFEST;
use crate::checkpoint::writer::CheckpointWriter;
use crate::error::StoreError;
use crate::header::StoreId;
use crate::log::frame::Frame;
use crate::log::reader::log_bytes;
use crate::log::writer::LogWriter;
use crate::recover::look;
use crate::storage::Storage;

/// What is copied.
#[derive(Debug)]
pub struct Source<'a> {
    /// Where it lies.
    pub storage: &'a dyn Storage,
    /// Its checkpoint. No other may take its place while it is copied, nor the log be cut.
    pub manifest: &'a Manifest,
    /// The last frame that is copied, for a store that is written to meanwhile; `None`: all.
    pub last: Option<u64>,
}

/// How far a copy has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyProgress {
    /// Bytes done: read, written, or looked at again.
    pub n_bytes: u64,
    /// Bytes in all, about.
    pub bytes_total: u64,
}

/// Whom a copy tells how far it has come, and who may stop it.
pub type Follow<'a> = dyn FnMut(CopyProgress) -> Result<(), StoreError> + 'a;

impl Source<'_> {
    /// Bytes to be read.
    ///
    /// # Errors
    /// As [`look`].
    pub fn n_bytes(&self) -> Result<u64, StoreError> {
        let Manifest { store, replay_from, .. } = *self.manifest;
        let parts: u64 = self.manifest.parts.values().map(|part| part.n_bytes).sum();
        Ok(parts + log_bytes(self.storage, store, replay_from)?)
    }

    /// Writes parts and frames to `target`, which holds no store, under the id `store`; hands each
    /// frame to `see`. All of it is durable then, and the manifest was the last of it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] and the like for the source, [`StoreError::Full`] and
    /// [`StoreError::Io`] for either, and what `follow` gives. Files remain in `target`.
    pub fn copy(
        &self,
        target: &Arc<dyn Storage>,
        store: StoreId,
        follow: &mut Follow<'_>,
        see: &mut dyn FnMut(&Frame<'_>),
    ) -> Result<Manifest, StoreError> {
        let mut progress = CopyProgress { n_bytes: 0, bytes_total: self.n_bytes()? };
        let mut advance = |n_bytes: u64| {
            progress.n_bytes += n_bytes;
            follow(progress)
        };
        advance(0)?;
        let before = Manifest::empty(store);
        let mut parts = CheckpointWriter::begin(&**target, &before)?;
        for (key, part) in &self.manifest.parts {
            let bytes = self.manifest.read_part(self.storage, part)?;
            parts.write(key, &bytes)?;
            advance(part.n_bytes)?;
        }
        let mut log = LogWriter::create(Arc::clone(target), store, self.manifest.replay_from)?;
        self.each_frame(|frame| {
            log.append(frame.header.stamp, frame.payload)?;
            see(frame);
            advance(frame.n_bytes())
        })?;
        log.sync()?;
        parts.finish(self.manifest.stamp, self.manifest.replay_from)
    }

    /// Hands over the frames, each checked.
    fn each_frame(
        &self,
        mut take: impl FnMut(&Frame<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let last = self.last.unwrap_or(u64::MAX);
        if last < self.manifest.replay_from {
            return Ok(());
        }
        let walked = look(self.storage, self.manifest, |frame| {
            take(&frame)?;
            // What lies behind is being written.
            if frame.header.sequence == last { Err(Halt::Done) } else { Ok(()) }
        });
        match walked {
            Err(Halt::Failed(error)) => Err(error),
            Ok(_) if self.last.is_some() => {
                Err(StoreError::corrupt(MANIFEST, 0, "the log ends before what was synced"))
            }
            Ok(_) | Err(Halt::Done) => Ok(()),
        }
    }
}

/// Why reading the log ended early.
enum Halt {
    Failed(StoreError),
    Done,
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}
