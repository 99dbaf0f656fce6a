//! What services and devices send to change a twin: read, checked, and taken apart by section.
//!
//! A hub refuses what loading forgives, so that everything here is an error with a stable code,
//! the path where it was met, and the text that hubs publish for it. Clients send back twins they
//! read: what a service may not write is passed over, as hubs do.

mod error;
mod identity;
#[cfg(test)]
mod tests;

pub use error::{PatchError, PatchProblem};
pub use identity::{IdentityField, QUIET_FIELDS, read_identity};

use crate::json::patch_rules::Shape;
use crate::json::read::{Event, Leaf, Leaves, entry_len};
use crate::json::reader::LeavesReader;

/// What a service writes to a twin: the entries of each section that the body has.
#[derive(Clone, Debug, Default)]
pub struct TwinPatch {
    /// The tags.
    pub tags: Option<Leaves>,
    /// The desired properties.
    pub desired: Option<Leaves>,
}

/// Reads the body of a service's partial update: `{"tags":{…},"properties":{"desired":{…}}}`.
///
/// Other root fields, `properties.reported`, and `$metadata` and `$version` of a section are passed
/// over. A section that is missing, null or empty is not written.
///
/// # Errors
/// The first thing that a write may not contain.
pub fn read_twin_patch(text: &[u8]) -> Result<TwinPatch, PatchError> {
    let TwinPatch { tags, desired } = read_twin(text)?;
    let is_written = |section: &Leaves| !section.events.is_empty();
    Ok(TwinPatch { tags: tags.filter(is_written), desired: desired.filter(is_written) })
}

/// Reads the body of a service's replacement, of the same form. A section that is missing or null
/// is kept, an empty one is emptied; properties that are null are left out.
///
/// # Errors
/// As [`read_twin_patch`].
pub fn read_twin_replacement(text: &[u8]) -> Result<TwinPatch, PatchError> {
    let mut sections = read_twin(text)?;
    for section in [&mut sections.tags, &mut sections.desired].into_iter().flatten() {
        section.events.retain(|event| !matches!(event, Event::Leaf { leaf: Leaf::Null, .. }));
    }
    Ok(sections)
}

/// Reads a device's partial update of its reported properties: the entries of the section. No key
/// with a `$` is passed over here: a hub refuses a device that sends `$version`.
///
/// # Errors
/// As [`read_twin_patch`].
pub fn read_reported_patch(text: &[u8]) -> Result<Leaves, PatchError> {
    let mut leaves = Leaves::default();
    LeavesReader::default().read_patch_into(text, (Shape::Reported, &mut leaves))?;
    Ok(leaves)
}

fn read_twin(text: &[u8]) -> Result<TwinPatch, PatchError> {
    let mut leaves = Leaves::default();
    LeavesReader::default().read_patch_into(text, (Shape::Twin, &mut leaves))?;
    let tags = section(&leaves, &leaves.events, "tags")?;
    let properties = match find(&leaves, &leaves.events, "properties") {
        None | Some([Event::Leaf { leaf: Leaf::Null, .. }]) => None,
        Some([Event::Enter { .. }, below @ ..]) => Some(below),
        Some(_) => return Err(not_an_object("properties")),
    };
    let desired = match properties {
        Some(properties) => section(&leaves, properties, "desired")?,
        None => None,
    };
    // The text is moved where it can be: a patch seldom has two sections.
    let (tags, desired) = match (tags, desired) {
        (Some(tags), Some(desired)) => {
            let copied = Leaves { events: tags, text: leaves.text.clone(), ..Leaves::default() };
            (Some(copied), Some(Leaves { events: desired, text: leaves.text, ..Leaves::default() }))
        }
        (tags, desired) => {
            let mut text = leaves.text;
            let mut owned =
                |events| Leaves { events, text: std::mem::take(&mut text), ..Leaves::default() };
            (tags.map(&mut owned), desired.map(&mut owned))
        }
    };
    Ok(TwinPatch { tags, desired })
}

/// The entries of the section at `key`, without what the hub writes itself.
fn section(leaves: &Leaves, above: &[Event], key: &str) -> Result<Option<Vec<Event>>, PatchError> {
    let mut rest = match find(leaves, above, key) {
        None | Some([Event::Leaf { leaf: Leaf::Null, .. }]) => return Ok(None),
        Some([Event::Enter { .. }, below @ .., Event::Leave]) => below,
        Some(_) => return Err(not_an_object(key)),
    };
    let mut events = Vec::with_capacity(rest.len());
    while let Some(Event::Enter { key } | Event::Leaf { key, .. }) = rest.first() {
        let (entry, after) = rest.split_at(entry_len(rest));
        if !matches!(leaves.str(*key), "$metadata" | "$version") {
            events.extend_from_slice(entry);
        }
        rest = after;
    }
    Ok(Some(events))
}

fn find<'a>(leaves: &'a Leaves, above: &'a [Event], key: &str) -> Option<&'a [Event]> {
    leaves.entries(above).find(|(name, _)| *name == key).map(|(_, entry)| entry)
}

fn not_an_object(key: &str) -> PatchError {
    let path = if key == "desired" { "properties.desired" } else { key };
    let problem = PatchProblem::SectionNotAnObject;
    PatchError { path: path.to_owned(), name: key.to_owned(), problem }
}
