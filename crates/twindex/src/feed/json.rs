//! JSON text of sections as events and devices get them: what was written, and the metadata of it.

use jiff::Timestamp;
use twindex_model::json::read::{Event, Leaf, Leaves, Piece};
use twindex_model::number::write_number;
use twindex_model::value::write_json_string;

/// When what was written last: what `$metadata` says of each key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp<'a> {
    pub(super) time: &'a str,
    /// The `$version` of the section; `None` in reported, which has no such entry.
    pub(super) version: Option<u64>,
}

/// The instant as hubs print it.
pub(super) fn time_text(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| NEVER.to_owned(), |time| time.to_string())
}

/// What hubs print for what never happened.
pub(super) const NEVER: &str = "0001-01-01T00:00:00Z";

/// Appends the entries, without the braces around them.
pub(super) fn write_entries(leaves: &Leaves, out: &mut String) {
    let mut is_first = true;
    for event in &leaves.events {
        match *event {
            Event::Leave => {
                out.push('}');
                is_first = false;
            }
            Event::Enter { key } => {
                write_key((leaves, key), is_first, out);
                out.push('{');
                is_first = true;
            }
            Event::Leaf { key, leaf } => {
                write_key((leaves, key), is_first, out);
                write_leaf(leaves, leaf, out);
                is_first = false;
            }
        }
    }
}

/// Appends the `$metadata` of what was written. What was removed has none.
pub(super) fn write_metadata(leaves: &Leaves, stamp: Stamp<'_>, out: &mut String) {
    write_stamp(stamp, out);
    for event in &leaves.events {
        match *event {
            Event::Leave => out.push('}'),
            Event::Leaf { leaf: Leaf::Null, .. } => {}
            Event::Enter { key } => {
                write_key((leaves, key), false, out);
                write_stamp(stamp, out);
            }
            Event::Leaf { key, .. } => {
                write_key((leaves, key), false, out);
                write_stamp(stamp, out);
                out.push('}');
            }
        }
    }
    out.push('}');
}

/// Appends a key and the colon, and the comma that the one before it needs.
fn write_key((leaves, key): (&Leaves, Piece), is_first: bool, out: &mut String) {
    if !is_first {
        out.push(',');
    }
    write_json_string(out, leaves.str(key));
    out.push(':');
}

fn write_leaf(leaves: &Leaves, leaf: Leaf, out: &mut String) {
    match leaf {
        Leaf::Null => out.push_str("null"),
        Leaf::Bool(true) => out.push_str("true"),
        Leaf::Bool(false) => out.push_str("false"),
        Leaf::Number(number) => write_number(out, number),
        Leaf::String(text) => write_json_string(out, leaves.str(text)),
        Leaf::Array(text) => out.push_str(leaves.str(text)),
    }
}

/// Appends the brace of an object and its stamp.
fn write_stamp(stamp: Stamp<'_>, out: &mut String) {
    out.push_str("{\"$lastUpdated\":");
    write_json_string(out, stamp.time);
    if let Some(version) = stamp.version {
        out.push_str(",\"$lastUpdatedVersion\":");
        out.push_str(&version.to_string());
    }
}
