//! What is read of one twin beside the whole of it: the device's view, the identity, the parts that
//! hubs put into messages.
//!
//! Every part is gathered by its own path. Printing the whole twin and cutting out what must not be
//! seen was rejected: what is forgotten to be cut out leaks.

use std::fmt;

use twindex_index::index::Index;
use twindex_index::view::SegmentView;
use twindex_model::path::{PathId, RowId};
use twindex_model::value::write_json_string;

use crate::engine::{Twindex, collection_of};
use crate::twin_id::TwinId;

/// What is kept of a device or module beside its twin. No query can name it, and no document has
/// it; its `Debug` leaves authentication out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// Tells the twin from any other that ever had its name; 0 if it was loaded.
    pub generation: u64,
    /// How it proves who it is: the bytes it was created with or given since.
    pub authentication: Vec<u8>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Twindex {
    /// A twin as its device or module sees it, as JSON text: the properties and `$version` of
    /// desired and reported, without tags and metadata. `None` if there is no such twin.
    #[must_use]
    pub fn device_view(&self, twin: &TwinId) -> Option<String> {
        self.inner().of_newest(|snapshot| {
            let read = snapshot.read()?;
            let row = read.find(twin.device_id(), twin.module_id());
            Ok(row.map(|row| {
                let mut out = String::new();
                let view = read.segment(collection_of(twin.module_id()), row.segment());
                view.write_device_view(row.place(), &mut out);
                out
            }))
        })
    }

    /// The identity of a device or module. `None` if there is no such twin.
    #[must_use]
    pub fn identity(&self, twin: &TwinId) -> Option<Identity> {
        self.inner().of_newest(|snapshot| {
            let read = snapshot.read()?;
            let row = read.find(twin.device_id(), twin.module_id());
            Ok(row.map(|row| {
                let record = read.record(collection_of(twin.module_id()), row);
                let authentication = record.authentication.into();
                Identity { generation: record.generation, authentication }
            }))
        })
    }
}

/// The body of the event that tells of a replacement (with tags) or a deletion (without).
pub(crate) fn event_of(index: &Index, twin: &TwinId, parts: &[&str]) -> Option<Box<str>> {
    let row = index.find(twin.device_id(), twin.module_id())?;
    let view = index.segment(collection_of(twin.module_id()), row.segment());
    let mut out = String::from("{");
    for part in ["deviceId", "moduleId", "etag", "version"].iter().chain(parts) {
        if let Some(path) = view.catalog().path(&[part]) {
            write_entry(&view, (part, path), row, &mut out);
        }
    }
    out.push('}');
    Some(out.into())
}

/// Appends the value at a path under `key`; false, and nothing appended, if there is none.
fn write_entry(
    view: &SegmentView<'_>,
    (key, path): (&str, PathId),
    row: RowId,
    out: &mut String,
) -> bool {
    let before = out.len();
    push_key(key, out);
    let is_there = view.write_value(path, row.place(), out);
    if !is_there {
        out.truncate(before);
    }
    is_there
}

/// Appends a key and its colon, after the comma it may need.
fn push_key(key: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    write_json_string(out, key);
    out.push(':');
}
