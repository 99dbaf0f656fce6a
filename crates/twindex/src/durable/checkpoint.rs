//! Making a checkpoint while writes go on.
//!
//! First all parts are looked at: one whose mark is that of the checkpoint that counts is named again
//! where it lies, as if it were copied at this moment. The others are copied one after the other,
//! each under a hold of the lock as short as the part is small, and written without it. So parts may
//! be of different versions: the redo of every batch since the first look, which stays in the log,
//! makes them one. What lanes name is copied last, while nobody writes.
//!
//! Marks are compared with those of the checkpoint that counts and of no other, so a checkpoint
//! that fails half-way makes no part look written.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::Builder;
use std::time::{Duration, Instant};

use twindex_index::checkpoint::{Mark, Meaning, Part};
use twindex_index::snapshot::Shared;
use twindex_model::path::Collection;
use twindex_store::checkpoint::manifest::Manifest;
use twindex_store::checkpoint::writer::CheckpointWriter;
use twindex_store::error::StoreError;
use twindex_store::log::cut::cut;

use crate::durable::Durable;
use crate::durable::pace::{PIECE_BYTES, Pace};
use crate::writer::Writer;

/// What a checkpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointReport {
    /// Parts written.
    pub n_parts: u64,
    /// Parts that had not changed and were left where they lie.
    pub n_kept: u64,
    /// Bytes written.
    pub n_bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// The checkpoint that counts.
#[derive(Debug)]
pub(super) struct Counting {
    pub(super) manifest: Manifest,
    /// The states that its parts were copied in.
    pub(super) marks: HashMap<Part, Mark>,
}

/// What a checkpoint writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What has changed.
    Changed,
    /// Everything, into files of its own.
    Whole,
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
        scope: Scope,
    ) -> Result<CheckpointReport, StoreError> {
        let mut counting = self.counting.lock();
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
        let known = match scope {
            Scope::Changed => &counting.marks,
            Scope::Whole => &HashMap::new(),
        };
        let mut copies = Copies::begin(self, shared, (&counting.manifest, known))?;
        copies.copy_parts()?;
        copies.copy_rest(&role, &begin)?;
        let Copies { writer, marks, mut report, .. } = copies;
        report.n_bytes = writer.n_bytes();
        let in_doubt = || self.is_manifest_open.store(true, Ordering::SeqCst);
        let manifest = writer.finish_noting((begin.stamp, begin.replay_from), in_doubt)?;
        *counting = Counting { manifest, marks };
        self.is_manifest_open.store(false, Ordering::SeqCst);
        cut(&*self.storage, begin.replay_from)?;
        report.elapsed = begun.elapsed();
        Ok(report)
    }

    /// Waits for the checkpoint that was begun by itself, if there is one.
    pub(super) fn join_checkpointer(&self) {
        if let Some(thread) = self.checkpointer.lock().take()
            && thread.thread().id() != std::thread::current().id()
        {
            drop(thread.join()); // its panic was reported when it happened
        }
    }
}

/// A part as it was looked at or copied.
struct Seen {
    part: Part,
    meaning: Meaning,
    mark: Option<Mark>,
}

/// A checkpoint in the making.
struct Copies<'a> {
    durable: &'a Durable,
    shared: &'a Shared,
    /// The states of the parts that may be kept.
    known: &'a HashMap<Part, Mark>,
    writer: CheckpointWriter<'a>,
    pace: Pace,
    /// Segments and lanes, as they were when all were looked at.
    looked_at: Vec<Seen>,
    /// What each part stood for when it was copied or left.
    meanings: Vec<(Part, Meaning)>,
    marks: HashMap<Part, Mark>,
    report: CheckpointReport,
}

impl<'a> Copies<'a> {
    /// Looks at all parts, a segment at a time, and decides which extents go on.
    fn begin(
        durable: &'a Durable,
        shared: &'a Shared,
        (manifest, known): (&'a Manifest, &'a HashMap<Part, Mark>),
    ) -> Result<Self, StoreError> {
        let mut writer = CheckpointWriter::begin(&*durable.storage, manifest)?;
        let looked_at = look_at_all(shared);
        let mut unchanged: Vec<Vec<u8>> = looked_at
            .iter()
            .filter(|seen| has(known, &seen.part, seen.mark))
            .map(|seen| seen.part.key())
            .collect();
        let index = shared.read();
        let named = index.named_parts().into_iter();
        let named = named.filter(|part| has(known, part, index.mark_of(part)));
        unchanged.extend(named.map(|part| part.key()));
        drop(index);
        writer.judge_extents(unchanged.iter().map(Vec::as_slice));
        let n_logged = durable.logged_bytes.load(Ordering::Relaxed);
        Ok(Self {
            durable,
            shared,
            known,
            writer,
            pace: Pace::begin(durable.options.checkpoint_share, n_logged),
            looked_at,
            meanings: Vec::new(),
            marks: HashMap::new(),
            report: CheckpointReport::default(),
        })
    }

    /// Copies segments and lanes that have changed, the lock held for one at a time.
    fn copy_parts(&mut self) -> Result<(), StoreError> {
        let mut image = Vec::new();
        for seen in std::mem::take(&mut self.looked_at) {
            let part = seen.part;
            if has(self.known, &part, seen.mark) && self.writer.keep(&part.key()) {
                self.meanings.push((part, seen.meaning));
                self.note_kept(part, seen.mark);
                continue;
            }
            image.clear();
            let index = self.shared.read();
            let is_there = index.write_part(&part, &mut image);
            let (meaning, mark) = (index.meaning_of(&part), index.mark_of(&part));
            drop(index);
            if is_there {
                self.meanings.push((part, meaning));
                self.write((part, mark), &image)?;
                self.keep_pace()?;
            }
        }
        Ok(())
    }

    /// While nobody writes: what was copied with codes that mean something else now, and what lanes
    /// name. All that was copied is durable in the log then.
    fn copy_rest<R>(&mut self, role: impl Fn() -> R, begin: &Begin) -> Result<(), StoreError> {
        let mut copied = Vec::new();
        {
            let _role = role();
            self.durable.sync(&mut self.durable.log.lock())?;
            if self.durable.n_rolled_back.load(Ordering::SeqCst) != begin.n_rolled_back {
                // Copies may hold what was rolled back since, and no log would put it right.
                return Err(StoreError::Interrupted);
            }
            let index = self.shared.read();
            let meanings = std::mem::take(&mut self.meanings);
            let stale =
                meanings.iter().filter(|(part, meaning)| index.meaning_of(part) != *meaning);
            let mut to_copy: Vec<Part> = stale.map(|(part, _)| *part).collect();
            for part in index.named_parts() {
                let mark = index.mark_of(&part);
                if has(self.known, &part, mark) && self.writer.keep(&part.key()) {
                    self.note_kept(part, mark);
                } else {
                    to_copy.push(part);
                }
            }
            for part in to_copy {
                let mut image = Vec::new();
                if index.write_part(&part, &mut image) {
                    copied.push(((part, index.mark_of(&part)), image));
                }
            }
        }
        copied.into_iter().try_for_each(|(of, image)| self.write(of, &image))
    }

    fn write(&mut self, of: (Part, Option<Mark>), image: &[u8]) -> Result<(), StoreError> {
        self.writer.write(&of.0.key(), image)?;
        self.report.n_parts += 1;
        self.note(of);
        Ok(())
    }

    fn note_kept(&mut self, part: Part, mark: Option<Mark>) {
        self.report.n_kept += 1;
        self.note((part, mark));
    }

    fn note(&mut self, (part, mark): (Part, Option<Mark>)) {
        match mark {
            Some(mark) => _ = self.marks.insert(part, mark),
            None => _ = self.marks.remove(&part),
        }
    }

    /// Syncs what was written and lets others have the disk, once that is a piece.
    fn keep_pace(&mut self) -> Result<(), StoreError> {
        if self.writer.n_unsynced() >= PIECE_BYTES {
            self.writer.sync()?;
            self.pace.rest(self.durable.logged_bytes.load(Ordering::Relaxed));
        }
        Ok(())
    }
}

/// Whether a part is in a state that is known.
fn has(known: &HashMap<Part, Mark>, part: &Part, mark: Option<Mark>) -> bool {
    mark.is_some() && known.get(part).copied() == mark
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

/// Segments and lanes, the lock held for one segment at a time.
fn look_at_all(shared: &Shared) -> Vec<Seen> {
    let mut seen = Vec::new();
    for collection in [Collection::Devices, Collection::Modules] {
        let n_segments = shared.read().n_segments(collection);
        for number in 0..n_segments {
            let index = shared.read();
            seen.extend(index.parts_of(collection, number).map(|part| Seen {
                part,
                meaning: index.meaning_of(&part),
                mark: index.mark_of(&part),
            }));
        }
    }
    seen
}

/// Whatever ends the copying, memory may be given back again.
struct Copying<'a>(&'a Durable);

impl Drop for Copying<'_> {
    fn drop(&mut self) {
        self.0.is_copying.store(false, Ordering::SeqCst);
    }
}
