//! A batch from validation to acknowledgement.

use std::convert::Infallible;
use std::sync::Arc;

use twindex_index::ahead::WRITES_AHEAD;
use twindex_index::index::Index;
use twindex_planted::{Fault, planted};

use crate::durable::Told;
use crate::reading::event_of;
use crate::sequencer::batch::{Batch, Pending};
use crate::ticket::Outcome;
use crate::write::{Op, Write, Written};
use crate::write_error::WriteError;
use crate::writer::{Writer, Writing};

/// Applies a batch, lets readers see it, and tells whoever waits for it. It leaves the batch empty.
///
/// The order is what makes a write durable before it is visible, visible before it is told, and in
/// the feed before it is acknowledged: who was acknowledged and subscribes then does not meet the
/// change again. Between applying and publishing, nobody has seen anything yet and all of it can
/// be rolled back, which is done if it cannot be logged.
pub(super) fn perform(writer: &Writer, batch: &mut Batch) {
    let writing = writer.begin(batch.ops.len() as u64);
    apply(&writing, batch);
    if !batch.is_any_accepted() {
        // Nothing has changed, so no version is taken that a store would give again.
        drop(writing);
        batch.drain_changes().for_each(drop);
        batch.acknowledge();
        return;
    }
    if let Err(error) = writing.log(Told::Writers) {
        if !planted(Fault::FailedBatchStays) {
            writing.roll_back();
        }
        batch.fail(&WriteError::Store(Arc::new(error)));
        batch.drain_changes().for_each(drop);
        batch.acknowledge();
        return;
    }
    let woken = writing.publish(batch.drain_changes());
    batch.acknowledge();
    woken.wake();
    writer.catch_up();
}

fn apply(writing: &Writing<'_>, batch: &mut Batch) {
    let ops = &mut batch.ops[..];
    let Ok(()) = writing.each(0..ops.len(), |index, number| {
        if number == 0 {
            writing.clean(index, ops.len());
        }
        if number.is_multiple_of(WRITES_AHEAD) && ops.len() > 1 {
            let writes = ops[number..].iter().take(WRITES_AHEAD).map(|op| &op.write);
            index.fetch_ahead(writes.map(|write| (write.twin.name(), write.op.change(0))));
        }
        apply_one(index, writing, (&mut ops[number], number as u64));
        Ok::<(), Infallible>(())
    });
}

fn apply_one(index: &mut Index, writing: &Writing<'_>, (op, number): (&mut Pending, u64)) {
    let Pending { write, outcome, event } = op;
    // The body of an event that only the index can give, where it is gone afterwards.
    if matches!(write.op, Op::Delete) {
        *event = event_of(index, &write.twin, &["properties"]);
    }
    *outcome = write_one(index, writing, (write, number));
    if matches!(write.op, Op::Replace { .. }) && outcome.is_ok() {
        *event = event_of(index, &write.twin, &["tags", "properties"]);
    }
}

fn write_one(index: &mut Index, writing: &Writing<'_>, (write, number): (&Write, u64)) -> Outcome {
    let version = writing.version(number);
    let change = write.op.change(version);
    let written = index.write(write.twin.name(), &change, &write.expect(), &writing.when)?;
    Ok(Written {
        version,
        root_version: written.version,
        etag: written.etag,
        desired_version: written.desired_version,
        reported_version: written.reported_version,
        generation: written.generation,
        time_ms: written.time_ms,
    })
}
