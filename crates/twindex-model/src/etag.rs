//! Etags: counters as a hub spells them.
//!
//! The `etag` of a twin is the base64 text of a 64-bit counter, most significant byte first; its
//! `deviceEtag`, the identity's, that of decimal digits. A random text would do for comparing, but
//! the counter tells which of two twins is the newer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use twindex_planted::{Fault, planted};

use crate::cell::InlineText;

/// A counter that is spelled as etag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Etag(pub u64);

impl Etag {
    /// The etag of a twin that was never written: `AAAAAAAAAAE=`.
    pub const FRESH: Self = Self(1);

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(u64::from(!planted(Fault::EtagKept))))
    }

    /// As `etag` of a twin: `AAAAAAAAAAc=` is 7.
    #[must_use]
    pub fn text(self) -> InlineText {
        encoded(&self.0.to_be_bytes())
    }

    /// The counter of an `etag`; `None` for a text of another form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 9]; // the decoder wants room for three quarters of the text
        let n_bytes = STANDARD.decode_slice(text, &mut bytes).ok()?;
        let counter = bytes.first_chunk().filter(|_| n_bytes == 8)?;
        Some(Self(u64::from_be_bytes(*counter)))
    }

    /// As `deviceEtag`: `MQ==` is 1.
    #[must_use]
    pub fn identity_text(self) -> InlineText {
        encoded(self.0.to_string().as_bytes())
    }

    /// The counter of a `deviceEtag`; `None` for a text of another form.
    #[must_use]
    pub fn parse_identity(text: &str) -> Option<Self> {
        let mut bytes = [0; 24];
        let n_bytes = STANDARD.decode_slice(text, &mut bytes).ok()?;
        std::str::from_utf8(&bytes[..n_bytes]).ok()?.parse().ok().map(Self)
    }
}

/// Base64 of at most 20 bytes, which takes 28.
fn encoded(bytes: &[u8]) -> InlineText {
    let mut text = [0; InlineText::BYTES_MAX];
    let n_bytes = STANDARD.encode_slice(bytes, &mut text).unwrap_or(0);
    InlineText::new(&text[..n_bytes]).unwrap_or_else(InlineText::empty)
}

/// Whether a condition (`If-Match`) holds for the etag of something that exists: `*` always does;
/// any other must be the same text, which clients send with quotes and without.
#[must_use]
pub fn matches(condition: &str, etag: &str) -> bool {
    let unquoted = condition.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let condition = unquoted.unwrap_or(condition);
    condition == "*" || condition == etag
}

#[cfg(test)]
mod tests {
    use super::{Etag, matches};

    #[test]
    fn counters_are_spelled_as_a_hub_does() {
        for (counter, text) in [(1, "AAAAAAAAAAE="), (6, "AAAAAAAAAAY="), (7, "AAAAAAAAAAc=")] {
            assert_eq!(Etag(counter).text().as_str(), text);
            assert_eq!(Etag::parse(text), Some(Etag(counter)));
        }
        for (counter, text) in [(0, "MA=="), (1, "MQ=="), (530_254_372, "NTMwMjU0Mzcy")] {
            assert_eq!(Etag(counter).identity_text().as_str(), text);
            assert_eq!(Etag::parse_identity(text), Some(Etag(counter)));
        }
        let last = Etag(u64::MAX);
        assert_eq!(Etag::parse(last.text().as_str()), Some(last));
        assert_eq!(Etag::parse_identity(last.identity_text().as_str()), Some(last));
    }

    #[test]
    fn other_texts_are_no_counters() {
        for text in ["", "x", "AAAAAAAAAA==", "AAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAAAA=", "é"] {
            assert_eq!(Etag::parse(text), None, "{text}");
        }
        for text in ["", "LTE=", "eA==", "*"] {
            assert_eq!(Etag::parse_identity(text), None, "{text}");
        }
    }

    #[test]
    fn conditions_are_quoted_bare_or_a_star() {
        let etag = "AAAAAAAAAAE=";
        for condition in ["*", "\"*\"", etag, "\"AAAAAAAAAAE=\""] {
            assert!(matches(condition, etag), "{condition}");
        }
        for condition in ["", "\"\"", "\"", "AAAAAAAAAAI=", "\"AAAAAAAAAAE=", "W/\"AAAAAAAAAAE=\""]
        {
            assert!(!matches(condition, etag), "{condition}");
        }
    }
}
