//! Compares a patch that streams by with what a write may contain.
//!
//! The pass goes on after the first thing that is not allowed and only notes where it was: its
//! path is known once its event is pushed, and what is no JSON at all is told first. Stopping at
//! once would save work on bad input alone.

use crate::limits::{INTEGER_MAX, INTEGER_MIN, KEY_BYTES_MAX, SECTION_DEPTH_MAX, STRING_BYTES_MAX};
use crate::patch::PatchProblem;

/// What the text of a patch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A twin, of which `tags` and `properties.desired` count.
    Twin,
    /// The reported properties themselves.
    Reported,
    /// The root fields of a twin.
    Identity,
}

/// Follows a patch from key to key. Depths count the open objects: 1 inside the root.
#[derive(Debug)]
pub(super) struct PatchRules {
    shape: Shape,
    in_properties: bool,
    /// Depth inside the section that is being read.
    section: Option<usize>,
    /// Whether what is being read is the section's `$metadata` or `$version`.
    skipping: bool,
    /// The first thing that is not allowed, and the number of its event.
    pub(super) found: Option<(PatchProblem, usize)>,
}

impl PatchRules {
    pub(super) fn new(shape: Shape) -> Self {
        // The body of a reported patch is the section; identity fields keep the same rules.
        let section = (shape != Shape::Twin).then_some(1);
        Self { shape, in_properties: false, section, skipping: false, found: None }
    }

    /// An object begins under `key`; `depth` is the one inside it.
    pub(super) fn enter(&mut self, key: &str, depth: usize) {
        if self.section.is_some() {
            return;
        }
        match (depth, key) {
            (2, "tags") => self.section = Some(depth),
            (3, "desired") if self.in_properties => self.section = Some(depth),
            (2, "properties") => self.in_properties = true,
            _ => (),
        }
    }

    /// The object with the entries at `depth` ends.
    pub(super) fn leave(&mut self, depth: usize) {
        self.in_properties &= depth != 2;
        if self.section == Some(depth) && depth > 1 {
            self.section = None;
            self.skipping = false;
        }
    }

    /// Whether what is being read counts.
    pub(super) fn is_judging(&self) -> bool {
        self.section.is_some() && !self.skipping
    }

    /// A key at `depth`, before its value.
    pub(super) fn key(&mut self, key: &str, depth: usize, event: usize) {
        if self.section == Some(depth) && self.shape == Shape::Twin {
            self.skipping = matches!(key, "$metadata" | "$version");
        }
        if !self.is_judging() {
            return;
        }
        if key.len() > KEY_BYTES_MAX {
            let start = key.chars().take(10).collect();
            self.refuse(PatchProblem::KeyTooLong { start }, event);
        } else if let Some(character) = key.chars().find(|char| is_reserved(*char)) {
            let key = key.to_owned();
            self.refuse(PatchProblem::KeyCharacter { key, character }, event);
        }
    }

    /// A string, as value or in an array.
    pub(super) fn string(&mut self, text: &str, event: usize) {
        if text.len() > STRING_BYTES_MAX && self.is_judging() {
            self.refuse(PatchProblem::StringTooLong { bytes: text.len() }, event);
        }
    }

    /// An integer.
    pub(super) fn integer(&mut self, magnitude: u64, is_negative: bool, event: usize) {
        let magnitude_max = if is_negative { INTEGER_MIN } else { INTEGER_MAX }.unsigned_abs();
        if magnitude > magnitude_max && self.is_judging() {
            self.refuse(PatchProblem::IntegerOutOfBounds, event);
        }
    }

    /// An object or array began; `depth` is the one inside it.
    pub(super) fn open(&mut self, depth: usize, event: usize) {
        if self.section.is_some_and(|section| depth > section + SECTION_DEPTH_MAX) && !self.skipping
        {
            self.refuse(PatchProblem::TooDeep, event);
        }
    }

    /// A null in an array, as element or, with its key, in an object.
    pub(super) fn null_in_array(&mut self, key: Option<&str>, event: usize) {
        if self.is_judging() {
            let key = key.map(str::to_owned);
            self.refuse(PatchProblem::NullInArray { key }, event);
        }
    }

    /// Notes what is not allowed, if it is the first.
    pub(super) fn refuse(&mut self, problem: PatchProblem, event: usize) {
        self.found.get_or_insert((problem, event));
    }
}

/// Whether no key may have the character.
fn is_reserved(char: char) -> bool {
    matches!(char, '.' | '$' | '#') || char.is_control() || char.is_whitespace()
}
