//! Desired and reported properties with their `$metadata`, written side by side.
//!
//! `$metadata` mirrors a section, and a twin is written front to back, so the mirror grows in a
//! buffer of its own and is appended when the section ends.

use crate::dice::Dice;
use crate::text::{DAY, push_decimal, push_int, push_time};

/// The newest time in a fleet: 2026-01-01T00:00:00Z. A fixed one, or bytes would change with the
/// day.
pub(crate) const END: u64 = 20_454 * DAY;
/// The time that a hub prints for "never".
pub(crate) const NEVER: &str = "0001-01-01T00:00:00Z";
/// Number of stamps of a twin.
const N_STAMPS: usize = 12;

/// When a twin's properties were written: [`N_STAMPS`] times in ascending order, named by their
/// places, with the desired `$version` of each.
pub(crate) struct Stamps {
    /// Texts one after the other.
    text: String,
    ends: [usize; N_STAMPS],
    versions: [u64; N_STAMPS],
    times: [u64; N_STAMPS],
}

impl Stamps {
    /// Draws the stamps of a twin that was heard of last at `last`, and created at some time in
    /// the two years before [`END`], not after `last`.
    pub(crate) fn draw(dice: &mut Dice, last: u64) -> Self {
        let created = END - 730 * DAY + dice.below(600 * DAY);
        let mut times = [last; N_STAMPS];
        times[0] = created;
        for time in &mut times[1..N_STAMPS - 1] {
            *time = created + dice.below(last - created);
        }
        times.sort_unstable();
        let (mut text, mut ends) = (String::with_capacity(28 * N_STAMPS), [0; N_STAMPS]);
        for (time, end) in times.into_iter().zip(&mut ends) {
            push_time(&mut text, time);
            *end = text.len();
        }
        let mut version = 1;
        let versions = times.map(|_| {
            version += 1 + dice.skewed(6);
            version
        });
        Self { text, ends, versions, times }
    }

    /// The time of `stamp`.
    pub(crate) fn time(&self, stamp: usize) -> u64 {
        self.times[stamp]
    }

    /// When the twin was created: the oldest stamp.
    pub(crate) fn created(&self) -> u64 {
        self.times[0]
    }

    /// When the twin was heard of last: the newest stamp.
    pub(crate) fn last(&self) -> u64 {
        self.times[N_STAMPS - 1]
    }

    fn get(&self, stamp: usize) -> &str {
        let start = if stamp == 0 { 0 } else { self.ends[stamp - 1] };
        &self.text[start..self.ends[stamp]]
    }

    /// The desired `$version` that wrote at `stamp`.
    pub(crate) fn version(&self, stamp: usize) -> u64 {
        self.versions[stamp]
    }
}

/// Whether stamps come with the version that wrote them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mirror {
    /// As in reported properties.
    Times,
    /// As in desired properties.
    TimesAndVersions,
}

/// One section that is being written.
pub(crate) struct SectionWriter<'a> {
    out: &'a mut String,
    metadata: &'a mut String,
    stamps: &'a Stamps,
    mirror: Mirror,
}

impl<'a> SectionWriter<'a> {
    /// Begins a section whose newest property was written at `stamp`; `metadata` is a buffer.
    pub(crate) fn begin(
        out: &'a mut String,
        metadata: &'a mut String,
        stamps: &'a Stamps,
        mirror: Mirror,
        stamp: usize,
    ) -> Self {
        metadata.clear();
        out.push('{');
        let mut section = Self { out, metadata, stamps, mirror };
        section.push_stamp(stamp);
        section
    }

    /// Ends the section.
    pub(crate) fn end(self, version: u64) {
        push_key(self.out, "$metadata");
        self.out.push_str(self.metadata);
        self.out.push_str("},\"$version\":");
        push_int(self.out, version);
        self.out.push('}');
    }

    /// Begins an object whose newest property was written at `stamp`.
    pub(crate) fn open(&mut self, key: &str, stamp: usize) {
        push_key(self.out, key);
        self.out.push('{');
        push_key(self.metadata, key);
        self.push_stamp(stamp);
    }

    /// Ends an object.
    pub(crate) fn close(&mut self) {
        self.out.push('}');
        self.metadata.push('}');
    }

    /// Begins a property that was written at `stamp`; its value is to be appended.
    pub(crate) fn leaf(&mut self, key: &str, stamp: usize) -> &mut String {
        push_key(self.out, key);
        push_key(self.metadata, key);
        self.push_stamp(stamp);
        self.metadata.push('}');
        self.out
    }

    /// A property that is a string without anything to escape.
    pub(crate) fn string(&mut self, key: &str, stamp: usize, value: &str) {
        push_string(self.leaf(key, stamp), value);
    }

    /// A property that is a whole number.
    pub(crate) fn int(&mut self, key: &str, stamp: usize, value: u64) {
        push_int(self.leaf(key, stamp), value);
    }

    /// A property that is `number` / 10^`places`.
    pub(crate) fn decimal(&mut self, key: &str, stamp: usize, number: i64, places: u32) {
        push_decimal(self.leaf(key, stamp), number, places);
    }

    /// A property that is a Boolean.
    pub(crate) fn bool(&mut self, key: &str, stamp: usize, value: bool) {
        self.leaf(key, stamp).push_str(bool_text(value));
    }

    fn push_stamp(&mut self, stamp: usize) {
        self.metadata.push_str("{\"$lastUpdated\":\"");
        self.metadata.push_str(self.stamps.get(stamp));
        self.metadata.push('"');
        if self.mirror == Mirror::TimesAndVersions {
            self.metadata.push_str(",\"$lastUpdatedVersion\":");
            push_int(self.metadata, self.stamps.version(stamp));
        }
    }
}

/// Appends a key with its colon, and a comma before it unless it is the first of its object.
pub(crate) fn push_key(out: &mut String, key: &str) {
    // No value ends in an opening brace.
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
}

/// Appends a string that has nothing to escape.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// `true` or `false` as JSON.
pub(crate) fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
