//! Compares a document that streams by with what a hub's write may contain.
//!
//! A hub's limits hold inside the sections only, and `$metadata` and `$version` do not count:
//! they are the hub's own. The weights are explained at [`section_weight_max`].

use twindex_planted::{Fault, planted};

use crate::limits::{
    BOOL_WEIGHT, INTEGER_MAX, INTEGER_MIN, KEY_BYTES_MAX, NUMBER_WEIGHT, SECTION_DEPTH_MAX,
    STRING_BYTES_MAX, section_weight_max, string_weight,
};
use crate::section::Section;

/// Follows a document from key to key. Depths count the open objects: 1 inside the root.
#[derive(Debug, Default)]
pub(super) struct HubLimits {
    /// Whether the object at depth 2 is `properties`.
    in_properties: bool,
    section: Option<OpenSection>,
}

/// The section that is being read.
#[derive(Debug)]
struct OpenSection {
    section: Section,
    /// Depth inside the section's own object.
    depth: usize,
    weight: u64,
    /// Whether what is being read is its `$metadata` or `$version`.
    skipping: bool,
    /// Number of the event that entered it.
    event: usize,
}

impl HubLimits {
    /// An object begins under `key`; `depth` is the one inside it.
    pub(super) fn enter(&mut self, key: &str, depth: usize, event: usize) {
        if self.section.is_some() {
            return;
        }
        let section = match (depth, key) {
            (2, "tags") => Section::Tags,
            (3, "desired") if self.in_properties => Section::Desired,
            (3, "reported") if self.in_properties => Section::Reported,
            _ => {
                self.in_properties |= depth == 2 && key == "properties";
                return;
            }
        };
        let open = OpenSection { section, depth, weight: 0, skipping: false, event };
        self.section = Some(open);
    }

    /// The object with the entries at `depth` ends. Gives the event of a section that ends here
    /// and weighs too much.
    pub(super) fn leave(&mut self, depth: usize) -> Option<usize> {
        self.in_properties &= depth != 2;
        let open = self.section.take_if(|open| open.depth == depth)?;
        (open.weight > section_weight_max(open.section)).then_some(open.event)
    }

    /// A key at `depth`, before its value. True if it is too long.
    pub(super) fn key(&mut self, key: &str, depth: usize) -> bool {
        let Some(open) = &mut self.section else {
            return false;
        };
        if depth == open.depth {
            open.skipping = matches!(key, "$metadata" | "$version");
        }
        if open.skipping {
            return false;
        }
        open.weight += key.len() as u64;
        key.len() > KEY_BYTES_MAX
    }

    /// A string, as value or in an array. True if it is too long.
    pub(super) fn string(&mut self, text: &str) -> bool {
        let Some(open) = self.weighing() else {
            return false;
        };
        open.weight += string_weight(text);
        text.len() > STRING_BYTES_MAX - usize::from(planted(Fault::StringLimitShort))
    }

    /// A number.
    pub(super) fn number(&mut self) {
        if let Some(open) = self.weighing() {
            open.weight += NUMBER_WEIGHT;
        }
    }

    /// An integer (weighed by [`Self::number`]). True if it is out of bounds.
    pub(super) fn integer_is_too_large(&mut self, integer: i64) -> bool {
        self.weighing().is_some() && !(INTEGER_MIN..=INTEGER_MAX).contains(&integer)
    }

    /// A Boolean.
    pub(super) fn bool(&mut self) {
        if let Some(open) = self.weighing() {
            open.weight += BOOL_WEIGHT;
        }
    }

    /// An object or array began; `depth` is the one inside it. True if it is the first that nests
    /// too deep.
    pub(super) fn is_too_deep(&mut self, depth: usize) -> bool {
        self.weighing().is_some_and(|open| depth == open.depth + SECTION_DEPTH_MAX + 1)
    }

    fn weighing(&mut self) -> Option<&mut OpenSection> {
        self.section.as_mut().filter(|open| !open.skipping)
    }
}
