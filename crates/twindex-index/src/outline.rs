//! What putting a twin needs to know of its document as a whole: who it is, and what its sections
//! weigh at most.
//!
//! Both ask for a walk over all events and for nothing of the index, so a load lets the threads that
//! read documents find them, and the one that writes lanes has less to do.

use twindex_model::json::read::{Event, Leaf, Leaves, Piece};
use twindex_model::section::Section;

use crate::identity::Identity;
use crate::weight::gain_of_leaf;

/// Key of the one identity field.
const DEVICE_KEY: &str = "deviceId";
/// Key of the other, of the same length.
const MODULE_KEY: &str = "moduleId";

/// Identity and weights of a document that is a twin.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    device_id: Piece,
    module_id: Option<Piece>,
    /// Upper bounds by section.
    pub(crate) bounds: [u64; 3],
}

impl Outline {
    /// The outline of a document; `None` if it has no string `deviceId`, or a `moduleId` that is
    /// neither a string nor null. An empty one says "no module", as null does.
    #[must_use]
    pub fn of(leaves: &Leaves) -> Option<Self> {
        let mut walk = Walk::default();
        for event in &leaves.events {
            match *event {
                Event::Enter { key } => walk.enter(key, leaves),
                Event::Leave => walk.leave(),
                Event::Leaf { key, leaf } => walk.add((key, leaf), leaves),
            }
        }
        let Some(Some(Leaf::String(device_id))) = walk.device_id else {
            return None;
        };
        let module_id = match walk.module_id {
            None | Some(Some(Leaf::Null)) => None,
            Some(Some(Leaf::String(Piece { len: 0, .. }))) => None,
            Some(Some(Leaf::String(module_id))) => Some(module_id),
            Some(_) => return None,
        };
        Some(Self { device_id, module_id, bounds: walk.bounds })
    }

    /// Who the twin of the document is.
    pub(crate) fn identity<'a>(&self, leaves: &'a Leaves) -> Identity<'a> {
        Identity {
            device_id: leaves.str(self.device_id),
            module_id: self.module_id.map(|id| leaves.str(id)),
        }
    }
}

/// A walk over the events of a twin.
#[derive(Default)]
struct Walk {
    /// What stands at the identity fields: a leaf, or an object without one. Of a repeated key the
    /// last value counts.
    device_id: Option<Option<Leaf>>,
    module_id: Option<Option<Leaf>>,
    bounds: [u64; 3],
    /// Objects that are open.
    depth: usize,
    in_properties: bool,
    /// The section that is open, and the depth inside it.
    section: Option<(Section, usize)>,
    /// Depth inside the section's `$metadata`.
    skipped: Option<usize>,
}

impl Walk {
    fn add(&mut self, (key, leaf): (Piece, Leaf), leaves: &Leaves) {
        if self.depth == 0 {
            self.note_id(key, Some(leaf), leaves);
        }
        if let (Some((section, depth)), None) = (self.section, self.skipped)
            && !(depth == self.depth && leaves.str(key) == "$version")
        {
            self.bounds[section as usize] += u64::from(key.len) + gain_of_leaf(leaf);
        }
    }

    fn note_id(&mut self, key: Piece, leaf: Option<Leaf>, leaves: &Leaves) {
        if key.len as usize == DEVICE_KEY.len() {
            match leaves.str(key) {
                DEVICE_KEY => self.device_id = Some(leaf),
                MODULE_KEY => self.module_id = Some(leaf),
                _ => (),
            }
        }
    }

    fn enter(&mut self, key: Piece, leaves: &Leaves) {
        if self.depth == 0 {
            self.note_id(key, None, leaves);
        }
        match self.section {
            _ if self.skipped.is_some() => (),
            Some((_, depth)) if depth == self.depth && leaves.str(key) == "$metadata" => {
                self.skipped = Some(self.depth + 1);
            }
            Some((section, _)) => self.bounds[section as usize] += u64::from(key.len),
            None => self.enter_section(leaves.str(key)),
        }
        self.depth += 1;
    }

    fn enter_section(&mut self, key: &str) {
        let section = match (self.depth, key) {
            (0, "tags") => Some(Section::Tags),
            (1, "desired") if self.in_properties => Some(Section::Desired),
            (1, "reported") if self.in_properties => Some(Section::Reported),
            _ => None,
        };
        self.in_properties |= self.depth == 0 && key == "properties";
        self.section = section.map(|section| (section, self.depth + 1));
    }

    fn leave(&mut self) {
        self.skipped = self.skipped.filter(|depth| *depth != self.depth);
        self.section = self.section.filter(|(_, depth)| *depth != self.depth);
        self.in_properties &= self.depth != 1;
        self.depth = self.depth.saturating_sub(1);
    }
}
