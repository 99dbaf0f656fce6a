//! Taking back a strict load: what stood in the rows it wrote.

use twindex_index::index::{Index, Put};
use twindex_model::json::read::{Leaves, read_value};

/// What was written, and the twins that were replaced, in order.
#[derive(Debug, Default)]
pub(super) struct Undo {
    steps: Vec<(Put, Option<String>)>,
    /// The text of the twin that the write to come replaces.
    pending: Option<String>,
}

impl Undo {
    /// Keeps the twin that `leaves` is about to replace, if there is one.
    pub(super) fn remember(&mut self, index: &Index, leaves: &Leaves) {
        self.pending = leaves.device_id().and_then(|device_id| {
            let row = index.find(device_id, leaves.module_id())?;
            let collection = crate::engine::collection_of(leaves.module_id());
            let mut text = String::new();
            index.segment(collection, row.segment()).write_twin(row.place(), &mut text);
            Some(text)
        });
    }

    /// Notes the write that was announced.
    pub(super) fn note(&mut self, put: Put) {
        self.steps.push((put, self.pending.take()));
    }

    /// Takes back every write, the last one first.
    pub(super) fn take_back(&mut self, index: &mut Index) {
        while let Some((put, before)) = self.steps.pop() {
            match before.as_deref().and_then(leaves_of) {
                Some(leaves) => {
                    index.put(&leaves);
                }
                // The engine printed the text, so it can be read: only a new twin has none.
                None => {
                    index.remove(put.collection, put.row);
                }
            }
        }
    }
}

/// What the engine printed. Not [`Leaves::read`], which has a ceiling: numbers such as `9e15` print
/// longer than they came, so a twin may print longer than a document may be.
fn leaves_of(text: &str) -> Option<Leaves> {
    read_value(text).ok().and_then(|twin| Leaves::from_value(&twin))
}
