//! The one pass over a document: `serde_json` calls the visitors, they push events.
//!
//! Nothing here builds a tree, and the only recursion is `serde_json`'s own, which
//! [`Pass::open`] bounds. Arrays are written as canonical text by [`super::array`].

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::json::array::Elements;
use crate::json::duplicates::SeenKeys;
use crate::json::error::ReadError;
use crate::json::hub_limits::HubLimits;
use crate::json::patch_rules::PatchRules;
use crate::json::read::{Event, Leaf, Leaves, Piece};
use crate::json::steps::{At, StepTree};
use crate::json::warning::LoadWarning;
use crate::limits::{DOCUMENT_DEPTH_MAX, EXACT_INTEGER_MAX};

/// From here on `serde_json` gives integers as doubles (negative ones; positive ones from 2^64).
const I64_LIMIT: f64 = 9_223_372_036_854_775_808.0;

/// What the visitors share while one document is read.
pub(super) struct Pass<'r> {
    pub(super) leaves: &'r mut Leaves,
    pub(super) seen: Seen<'r>,
    /// Where reading stands in the object that is open.
    at: At,
    pub(super) findings: Findings,
    hub: HubLimits,
    /// What a patch may contain, if it is one.
    pub(super) rules: Option<PatchRules>,
    /// Objects and arrays that are open, the root among them.
    depth: usize,
    /// Objects met, the root among them: the number of the next one.
    n_objects: u32,
}

/// By what keys that come twice are noticed.
pub(super) enum Seen<'r> {
    /// Fingerprints, for one document.
    Prints(&'r mut SeenKeys),
    /// A tree of the paths met, for many.
    Steps(&'r mut StepTree),
}

/// What a pass found besides the leaves.
#[derive(Default)]
pub(super) struct Findings {
    /// Warnings, each with the number of the event it concerns.
    pub(super) warnings: Vec<(LoadWarning, u64, usize)>,
    /// Doubles so large that their literal may have been an integer: ordinal among the numbers,
    /// and event.
    pub(super) large_numbers: Vec<(u64, usize)>,
    /// Numbers met.
    n_numbers: u64,
    /// Whether some object outside of arrays may hold a key twice.
    pub(super) duplicates_suspected: bool,
    /// Why the pass was given up, where it is not an error of syntax.
    pub(super) failure: Option<ReadError>,
}

impl Findings {
    /// Notes a warning about event number `event`.
    pub(super) fn warn(&mut self, kind: LoadWarning, event: usize) {
        match self.warnings.iter_mut().find(|(other, ..)| *other == kind) {
            Some((_, n, _)) => *n += 1,
            None => self.warnings.push((kind, 1, event)),
        }
    }
}

impl<'r> Pass<'r> {
    pub(super) fn new(leaves: &'r mut Leaves, seen: Seen<'r>) -> Self {
        let (hub, findings) = (HubLimits::default(), Findings::default());
        let at = At::START;
        Self { leaves, seen, at, findings, hub, rules: None, depth: 0, n_objects: 0 }
    }

    /// Appends `text` to the arena.
    pub(super) fn keep(&mut self, text: &str) -> Piece {
        self.leaves.append(text)
    }

    /// Counts an object or array that opens, at event number `event`.
    pub(super) fn open<E: Error>(&mut self, event: usize) -> Result<(), E> {
        self.depth += 1;
        if self.depth > DOCUMENT_DEPTH_MAX {
            let path = self.leaves.path_at(self.leaves.events.len());
            let depth_max = DOCUMENT_DEPTH_MAX;
            self.findings.failure = Some(ReadError::DocumentTooDeep { path, depth_max });
            return Err(E::custom("too deep"));
        }
        if self.hub.is_too_deep(self.depth) {
            self.warn_next(LoadWarning::TooDeep);
        }
        if let Some(rules) = &mut self.rules {
            rules.open(self.depth, event);
        }
        Ok(())
    }

    /// Counts an object or array that closes.
    pub(super) fn close(&mut self) {
        self.depth -= 1;
    }

    /// Judges a key of the object that is open, before its value.
    pub(super) fn judge_key(&mut self, key: &str) {
        if self.hub.key(key, self.depth) {
            self.warn_next(LoadWarning::KeyTooLong);
        }
        if let Some(rules) = &mut self.rules {
            rules.key(key, self.depth, self.leaves.events.len());
        }
    }

    /// Judges a string that is a value or an element.
    pub(super) fn judge_string(&mut self, text: &str) {
        if self.hub.string(text) {
            self.warn_next(LoadWarning::StringTooLong);
        }
        if let Some(rules) = &mut self.rules {
            rules.string(text, self.leaves.events.len());
        }
    }

    /// Judges what was written to the arena from byte `at`, an element of an array or (with its
    /// key) an entry below one.
    pub(super) fn judge_in_array(&mut self, at: usize, key: Option<&str>) {
        if let Some(rules) = &mut self.rules
            && self.leaves.text[at..].trim_start_matches(',') == "null"
        {
            rules.null_in_array(key, self.leaves.events.len());
        }
    }

    /// Judges a Boolean.
    pub(super) fn judge_bool(&mut self) {
        self.hub.bool();
    }

    /// The double for an integer.
    pub(super) fn integer(&mut self, magnitude: u64, negative: bool) -> f64 {
        self.findings.n_numbers += 1;
        self.hub.number();
        if magnitude > EXACT_INTEGER_MAX {
            self.warn_next(LoadWarning::IntegerRounded);
        } else {
            let signed = magnitude as i64; // at most 2^53
            if self.hub.integer_is_too_large(if negative { -signed } else { signed }) {
                self.warn_next(LoadWarning::IntegerTooLarge);
            }
        }
        if let Some(rules) = &mut self.rules {
            rules.integer(magnitude, negative, self.leaves.events.len());
        }
        let double = magnitude as f64; // to the nearest, ties to even
        if negative { -double } else { double }
    }

    /// The double for a literal with point or exponent, or for a very large integer.
    pub(super) fn double(&mut self, double: f64) -> f64 {
        if double.abs() >= I64_LIMIT && self.rules.as_ref().is_none_or(PatchRules::is_judging) {
            let event = self.leaves.events.len();
            self.findings.large_numbers.push((self.findings.n_numbers, event));
        }
        self.findings.n_numbers += 1;
        self.hub.number();
        if double == 0.0 { 0.0 } else { double } // -0 becomes 0
    }

    /// Warns about the event that is pushed next.
    pub(super) fn warn_next(&mut self, kind: LoadWarning) {
        let event = self.leaves.events.len();
        self.findings.warn(kind, event);
    }

    /// The number of an object that opens.
    fn next_object(&mut self) -> u32 {
        self.n_objects += 1;
        self.n_objects - 1
    }

    fn leaf(&mut self, key: Piece, leaf: Leaf) {
        self.leaves.events.push(Event::Leaf { key, leaf });
    }

    /// Notes a key of object number `object`, before its value.
    fn note_key(&mut self, object: u32, key: &str) {
        self.findings.duplicates_suspected |= match &mut self.seen {
            Seen::Prints(prints) => prints.is_suspect(object, key),
            Seen::Steps(tree) => {
                let (step, is_suspect) = tree.step(&mut self.at, key);
                self.leaves.steps.push(step);
                is_suspect
            }
        };
    }

    /// Goes into the object at the key noted last; gives where reading stands outside.
    fn go_in(&mut self) -> At {
        let inside = self.leaves.steps.last().map_or(At::START, |step| At::in_object(*step));
        std::mem::replace(&mut self.at, inside)
    }

    /// Goes out of an object again.
    fn go_out(&mut self, outside: At) {
        if let Seen::Steps(_) = self.seen {
            self.leaves.steps.push(self.at.object());
        }
        self.at = outside;
    }
}

/// The whole document.
pub(super) struct Root<'p, 'r>(pub(super) &'p mut Pass<'r>);

impl<'de> DeserializeSeed<'de> for Root<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<(), D::Error> {
        text.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Root<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        read_entries(self.0, map)
    }
}

/// Reads the entries of an object whose `Enter`, if it has one, is pushed.
fn read_entries<'de, A: MapAccess<'de>>(pass: &mut Pass<'_>, mut map: A) -> Result<(), A::Error> {
    pass.open(pass.leaves.events.len().saturating_sub(1))?;
    let object = pass.next_object();
    while let Some(key) = map.next_key_seed(Key { pass, object })? {
        map.next_value_seed(Entry { pass, key })?;
    }
    pass.close();
    Ok(())
}

/// A key of object number `object`.
struct Key<'p, 'r> {
    pass: &'p mut Pass<'r>,
    object: u32,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Piece;

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<Piece, D::Error> {
        text.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Piece;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Piece, E> {
        self.pass.note_key(self.object, key);
        self.pass.judge_key(key);
        Ok(self.pass.keep(key))
    }
}

/// The value at `key`.
struct Entry<'p, 'r> {
    pass: &'p mut Pass<'r>,
    key: Piece,
}

impl<'de> DeserializeSeed<'de> for Entry<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<(), D::Error> {
        text.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.pass.leaf(self.key, Leaf::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.pass.judge_bool();
        self.pass.leaf(self.key, Leaf::Bool(value));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        let number = self.pass.integer(value, false);
        self.pass.leaf(self.key, Leaf::Number(number));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        let number = self.pass.integer(value.unsigned_abs(), value < 0);
        self.pass.leaf(self.key, Leaf::Number(number));
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let number = self.pass.double(value);
        self.pass.leaf(self.key, Leaf::Number(number));
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.pass.judge_string(text);
        let piece = self.pass.keep(text);
        self.pass.leaf(self.key, Leaf::String(piece));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        let at = self.pass.leaves.text.len();
        Elements(self.pass).visit_seq(items)?;
        let piece = self.pass.leaves.piece_from(at);
        self.pass.leaf(self.key, Leaf::Array(piece));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let pass = self.pass;
        let event = pass.leaves.events.len();
        pass.leaves.events.push(Event::Enter { key: self.key });
        pass.hub.enter(pass.leaves.str(self.key), pass.depth + 1, event);
        if let Some(rules) = &mut pass.rules {
            rules.enter(pass.leaves.str(self.key), pass.depth + 1);
        }
        let outside = pass.go_in();
        read_entries(&mut *pass, map)?;
        pass.go_out(outside);
        if let Some(rules) = &mut pass.rules {
            rules.leave(pass.depth + 1);
        }
        if let Some(section) = pass.hub.leave(pass.depth + 1) {
            pass.findings.warn(LoadWarning::SectionTooLarge, section);
        }
        pass.leaves.events.push(Event::Leave);
        Ok(())
    }
}
