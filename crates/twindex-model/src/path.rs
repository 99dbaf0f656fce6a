//! Names of places: paths of keys, collections, row ids.

/// A path of keys in the catalogue, by its number there. Every object path has one too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathId(pub u32);

/// One of the two collections that hold twins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Collection {
    /// Device twins: those without a `moduleId`.
    Devices,
    /// Module twins.
    Modules,
}

/// A twin's place in its collection, for life: `segment << 16 | place in the segment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub u32);

impl RowId {
    /// The row at `place` of segment number `segment`.
    #[must_use]
    pub const fn new(segment: usize, place: u16) -> Self {
        Self((segment as u32) << 16 | place as u32)
    }

    /// Number of the segment.
    #[must_use]
    pub const fn segment(self) -> usize {
        (self.0 >> 16) as usize
    }

    /// Place in the segment.
    #[must_use]
    pub const fn place(self) -> u16 {
        self.0 as u16
    }
}

/// A step below a catalogue path, into an array value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A key of an object.
    Key(Box<str>),
    /// An index of an array.
    Index(u64),
}
