//! Places in query text.
//!
//! Every node of the AST carries its place, yet trees compare by shape alone: [`At`] is equal to
//! any other, so `GROUP BY` matching and round-trip tests need no second tree without places.

/// A half-open range of bytes of the query text, `from` inclusive, `to` exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub from: u32,
    /// One past the last byte.
    pub to: u32,
}

impl Span {
    /// The span of the bytes `from..to`.
    #[must_use]
    pub fn new(from: usize, to: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { from: clamp(from), to: clamp(to) }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to_cover(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }
}

/// The place of a node. Equal to every other place.
#[derive(Clone, Copy, Debug, Default)]
pub struct At(pub Span);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for At {}

impl From<Span> for At {
    fn from(span: Span) -> Self {
        Self(span)
    }
}
