//! Making a checkpoint while writes go on.
//!
//! Parts are copied one after the other, each under a hold of the lock as short as the part is
//! small, and written without it. They may be of different versions: the redo of every batch since
//! the first copy, which stays in the log, makes them one. What lanes name is copied last, while
//! nobody writes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::Builder;
use std::time::{Duration, Instant};

use twindex_index::checkpoint::{Meaning, Part};
use twindex_index::snapshot::Shared;
use twindex_store::checkpoint::writer::CheckpointWriter;
use twindex_store::error::StoreError;
use twindex_store::log::cut::cut;

use crate::durable::Durable;
use crate::writer::Writer;

/// What a checkpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointReport {
    /// Parts written.
    pub n_parts: u64,
    /// Bytes written.
    pub n_bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// A version at which the log can be cut, if the copies that follow are made durable.
struct Begin {
    replay_from: u64,
    stamp: u64,
    n_rolled_back: u64,
}

impl Durable {
    /// Makes a checkpoint and cuts the log before it. `role` gives the role of the writer, without
    /// which no batch is under way.
    ///
    /// # Errors
    /// [`StoreError`]: the checkpoint before counts as it did.
    pub(crate) fn checkpoint<R>(
        &self,
        shared: &Shared,
        role: impl Fn() -> R,
    ) -> Result<CheckpointReport, StoreError> {
        let mut manifest = self.manifest.lock();
        if self.is_manifest_open.load(Ordering::SeqCst) {
            return Err(StoreError::Poisoned);
        }
        self.is_copying.store(true, Ordering::SeqCst);
        let _ends = Copying(self);
        let begun = Instant::now();
        let begin = {
            let _role = role();
            let log = self.log.lock();
            self.logged_bytes.store(0, Ordering::Relaxed);
            Begin {
                replay_from: log.writer.next_sequence(),
                stamp: shared.visible().0,
                n_rolled_back: self.n_rolled_back.load(Ordering::SeqCst),
            }
        };
        let mut writer = CheckpointWriter::begin(&*self.storage, &manifest)?;
        let mut report = CheckpointReport::default();
        let copied = copy_parts(shared, &mut writer, &mut report)?;
        for (part, image) in self.copy_rest(shared, &role, &copied, &begin)? {
            writer.write(&part.key(), &image)?;
            report.n_parts += 1;
        }
        report.n_bytes = writer.n_bytes();
        let in_doubt = || self.is_manifest_open.store(true, Ordering::SeqCst);
        *manifest = writer.finish_noting((begin.stamp, begin.replay_from), in_doubt)?;
        self.is_manifest_open.store(false, Ordering::SeqCst);
        cut(&*self.storage, begin.replay_from)?;
        report.elapsed = begun.elapsed();
        Ok(report)
    }

    /// Waits for the checkpoint that was begun by itself, if there is one.
    pub(crate) fn join_checkpointer(&self) {
        if let Some(thread) = self.checkpointer.lock().take()
            && thread.thread().id() != std::thread::current().id()
        {
            drop(thread.join()); // its panic was reported when it happened
        }
    }

    /// While nobody writes: what was copied with codes that mean something else now, and what lanes
    /// name. All that was copied is durable in the log then.
    fn copy_rest<R>(
        &self,
        shared: &Shared,
        role: impl Fn() -> R,
        copied: &[(Part, Meaning)],
        begin: &Begin,
    ) -> Result<Vec<(Part, Vec<u8>)>, StoreError> {
        let _role = role();
        self.log.lock().writer.sync()?;
        if self.n_rolled_back.load(Ordering::SeqCst) != begin.n_rolled_back {
            // Copies may hold what was rolled back since, and no log would put it right.
            return Err(StoreError::Interrupted);
        }
        let index = shared.read();
        let stale = copied.iter().filter(|(part, meaning)| index.meaning_of(part) != *meaning);
        let parts = stale.map(|(part, _)| *part).chain(index.named_parts());
        let copy = |part: Part| {
            let mut image = Vec::new();
            index.write_part(&part, &mut image).then_some((part, image))
        };
        Ok(parts.filter_map(copy).collect())
    }
}

/// Begins a checkpoint on a thread of its own, if the log has grown enough and none is under way.
/// Should it fail, the log goes on growing and the next one is tried later.
pub(crate) fn checkpoint_when_due(writer: &Arc<Writer>) {
    let Some(durable) = writer.durable.as_ref().filter(|durable| durable.is_checkpoint_due())
    else {
        return;
    };
    let mut checkpointer = durable.checkpointer.lock();
    if checkpointer.as_ref().is_some_and(|thread| !thread.is_finished()) {
        return;
    }
    let writer = Arc::clone(writer);
    let builder = Builder::new().name("twindex-checkpoint".to_owned());
    *checkpointer = builder.spawn(move || drop(writer.checkpoint())).ok();
}

/// Copies segments and lanes, the lock held for one at a time.
fn copy_parts(
    shared: &Shared,
    writer: &mut CheckpointWriter<'_>,
    report: &mut CheckpointReport,
) -> Result<Vec<(Part, Meaning)>, StoreError> {
    let parts = shared.read().parts();
    let mut copied = Vec::with_capacity(parts.len());
    let mut image = Vec::new();
    for part in parts {
        image.clear();
        let index = shared.read();
        let is_there = index.write_part(&part, &mut image);
        let meaning = index.meaning_of(&part);
        drop(index);
        if is_there {
            writer.write(&part.key(), &image)?;
            copied.push((part, meaning));
            report.n_parts += 1;
        }
    }
    Ok(copied)
}

/// Whatever ends the copying, memory may be given back again.
struct Copying<'a>(&'a Durable);

impl Drop for Copying<'_> {
    fn drop(&mut self) {
        self.0.is_copying.store(false, Ordering::SeqCst);
    }
}
