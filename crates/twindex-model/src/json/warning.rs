//! What reading forgave.
//!
//! A document may earn thousands of warnings of one kind (one per rounded integer in a long
//! array), so they are counted per kind and only the first place of each kind is kept. A list of
//! all places was rejected: its size would be the input's choice.

use std::fmt;

/// A kind of thing that a hub's write would refuse and reading forgives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LoadWarning {
    /// A key stands twice in an object; the last value was kept.
    DuplicateKey,
    /// An integer beyond ±2^53 became the nearest double.
    IntegerRounded,
    /// An integer in a section is outside −2^52 … 2^52 − 1, and still exact.
    IntegerTooLarge,
    /// A section weighs more than a hub allows.
    SectionTooLarge,
    /// Objects and arrays of a section nest deeper than a hub allows.
    TooDeep,
    /// A key of a section is longer than a hub allows.
    KeyTooLong,
    /// A string of a section is longer than a hub allows.
    StringTooLong,
    /// A device id or module id is longer than a hub allows.
    IdTooLong,
}

impl LoadWarning {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::DuplicateKey,
        Self::IntegerRounded,
        Self::IntegerTooLarge,
        Self::SectionTooLarge,
        Self::TooDeep,
        Self::KeyTooLong,
        Self::StringTooLong,
        Self::IdTooLong,
    ];

    /// The kind's stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DuplicateKey => "DuplicateKey",
            Self::IntegerRounded => "IntegerRounded",
            Self::IntegerTooLarge => "IntegerTooLarge",
            Self::SectionTooLarge => "SectionTooLarge",
            Self::TooDeep => "TooDeep",
            Self::KeyTooLong => "KeyTooLong",
            Self::StringTooLong => "StringTooLong",
            Self::IdTooLong => "IdTooLong",
        }
    }
}

/// In plain words, fit for "3 times: …" as well as for "refused: …".
impl fmt::Display for LoadWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DuplicateKey => "duplicated key, only the last value counts",
            Self::IntegerRounded => "integer beyond 2^53, read as the nearest number",
            Self::IntegerTooLarge => "integer outside -2^52 to 2^52-1, the limit of a hub",
            Self::SectionTooLarge => "section larger than a hub allows",
            Self::TooDeep => "nested deeper than the 10 levels a hub allows",
            Self::KeyTooLong => "key longer than the 1 KB a hub allows",
            Self::StringTooLong => "string longer than the 4 KB a hub allows",
            Self::IdTooLong => "id longer than the 128 characters a hub allows",
        })
    }
}

/// All warnings of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The kind.
    pub kind: LoadWarning,
    /// Where it was met first: keys joined by dots, cut off after a few hundred bytes. A place
    /// inside an array is named by the array.
    pub path: String,
    /// How often it was met, at least once.
    pub n: u64,
}

/// The warnings of one document, or of many: one entry a kind, in the order the kinds were met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    found: Vec<Warning>,
}

impl Warnings {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The warnings, one entry a kind.
    pub fn iter(&self) -> impl Iterator<Item = &Warning> {
        self.found.iter()
    }

    /// The kind that was met first.
    pub(super) fn into_first(self) -> Option<Warning> {
        self.found.into_iter().next()
    }

    /// How often `kind` was met.
    #[must_use]
    pub fn count(&self, kind: LoadWarning) -> u64 {
        self.found.iter().find(|warning| warning.kind == kind).map_or(0, |warning| warning.n)
    }

    /// Counts `n` more of `kind`; `path` is kept if they are the first.
    pub fn add(&mut self, kind: LoadWarning, n: u64, path: impl FnOnce() -> String) {
        if n == 0 {
            return;
        }
        match self.found.iter_mut().find(|warning| warning.kind == kind) {
            Some(warning) => warning.n += n,
            None => self.found.push(Warning { kind, path: path(), n }),
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Self) {
        for Warning { kind, path, n } in other.found {
            self.add(kind, n, || path);
        }
    }
}
