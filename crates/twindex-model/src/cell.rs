//! One row's value at one path, borrowed from where it is stored.

use std::ops::Deref;

use crate::kind::Kind;

/// One row's value at one path. Containers are not spelled out: an array is its canonical JSON
/// text (see [`crate::value::Value::to_canonical_text`]), an object only says that it is one, for
/// its leaves lie on paths of their own.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// The path is missing.
    Undefined,
    /// JSON `null`.
    Null,
    /// A Boolean.
    Bool(bool),
    /// A finite number, never `-0`.
    Number(f64),
    /// A string.
    String(Text<'a>),
    /// An array, as canonical JSON text.
    Array(Text<'a>),
    /// An object.
    Object,
}

impl Cell<'_> {
    /// The kind of the value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Undefined => Kind::Undefined,
            Self::Null => Kind::Null,
            Self::Bool(false) => Kind::False,
            Self::Bool(true) => Kind::True,
            Self::Number(_) => Kind::Number,
            Self::String(_) => Kind::String,
            Self::Array(_) => Kind::Array,
            Self::Object => Kind::Object,
        }
    }
}

/// Text that is borrowed from an arena or dictionary, or was printed on the spot (a time).
#[derive(Clone)]
pub enum Text<'a> {
    /// Stored as it is.
    Borrowed(&'a str),
    /// Printed from a compressed form; no heap block for the short texts that times are.
    Inline(InlineText),
}

/// At most [`InlineText::BYTES_MAX`] bytes of ASCII, on the stack.
#[derive(Clone, Copy)]
pub struct InlineText {
    bytes: [u8; Self::BYTES_MAX],
    len: u8,
}

impl InlineText {
    /// The longest text that fits: an ISO 8601 stamp with seven digits takes 28.
    pub const BYTES_MAX: usize = 31;

    /// Keeps `text`, or gives `None` when it is too long or not ASCII.
    #[must_use]
    pub fn new(text: &[u8]) -> Option<Self> {
        if text.len() > Self::BYTES_MAX || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; Self::BYTES_MAX];
        bytes[..text.len()].copy_from_slice(text);
        Some(Self { bytes, len: u8::try_from(text.len()).unwrap_or(0) })
    }

    /// No text.
    #[must_use]
    pub const fn empty() -> Self {
        Self { bytes: [0; Self::BYTES_MAX], len: 0 }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // ASCII by construction.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The bytes of the text, which to compare takes no look at whether they are one.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl std::fmt::Debug for InlineText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl PartialEq for InlineText {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for InlineText {}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Inline(text) => text.as_str(),
        }
    }
}

impl std::fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", &**self)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text)
    }
}
