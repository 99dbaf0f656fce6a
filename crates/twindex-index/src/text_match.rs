//! Tests of texts that lanes run over whole blocks of them.
//!
//! Texts that no two rows share lie one after the other, and what one of them costs is mostly not the
//! test: it is finding where the text lies, proving that it is one, and the call. So a matcher is
//! handed bytes, sixteen texts at a time. A closure over one `&str` was rejected for that, and is
//! what everything remains that is asked once for each text of a dictionary.

use std::fmt;

/// Texts of a block at most.
pub(crate) const BLOCK: usize = 16;

/// Which texts are in a set, told by their bytes.
pub trait TextMatcher: fmt::Debug + Send + Sync {
    /// Whether a text is in, given its UTF-8 bytes.
    fn is_match(&self, text: &[u8]) -> bool;

    /// Which of the texts asked for are in, by their bits. Says what [`TextMatcher::is_match`] says
    /// of each.
    fn matches(&self, block: &TextBlock<'_>) -> u64;

    /// What all texts in the set hold somewhere, where it is worth to look for that first; never
    /// empty.
    fn part(&self) -> Option<&[u8]>;
}

/// Some texts that lie one after the other, of which some are asked for.
#[derive(Clone, Copy, Debug)]
pub struct TextBlock<'a> {
    bytes: &'a [u8],
    /// Where each text begins, and where the last ends.
    bounds: [usize; BLOCK + 1],
    asked: u64,
}

impl<'a> TextBlock<'a> {
    /// Texts of `bytes`, one for each bit of `asked` that may be set.
    pub(crate) fn new(bytes: &'a [u8], bounds: [usize; BLOCK + 1], asked: u64) -> Self {
        Self { bytes, bounds, asked }
    }

    /// The bits of the texts asked for.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// The texts asked for, each with its bit.
    #[inline]
    pub fn texts(&self) -> impl Iterator<Item = (u64, &'a [u8])> {
        let mut left = self.asked;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let place = left.trailing_zeros() as usize;
            let bit = left & left.wrapping_neg();
            left ^= bit;
            Some((bit, self.text(place)))
        })
    }

    /// Which of the texts asked for pass.
    #[inline]
    pub fn keep(&self, mut test: impl FnMut(&[u8]) -> bool) -> u64 {
        self.texts().fold(0, |kept, (bit, text)| if test(text) { kept | bit } else { kept })
    }

    /// Hands over the texts asked for as such; what is no UTF-8 is empty.
    #[inline]
    pub(crate) fn each(&self, mut take: impl FnMut(&'a str)) {
        let end = self.bounds.iter().copied().max().unwrap_or(0);
        let all = self.bytes.get(..end).and_then(|all| str::from_utf8(all).ok());
        let mut left = self.asked;
        while left != 0 {
            let place = (left.trailing_zeros() as usize).min(BLOCK - 1);
            left &= left - 1;
            let text = all.and_then(|all| all.get(self.bounds[place]..self.bounds[place + 1]));
            take(text.unwrap_or_default());
        }
    }

    #[inline]
    fn text(&self, place: usize) -> &'a [u8] {
        let place = place.min(BLOCK - 1);
        self.bytes.get(self.bounds[place]..self.bounds[place + 1]).unwrap_or_default()
    }
}
