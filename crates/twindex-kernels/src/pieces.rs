//! Text put together from many short pieces.
//!
//! A twin of 3 KB is some 250 pieces of 10 to 30 bytes, and a call to copy a few bytes costs more
//! than the copy. So a piece that is used again and again lies where [`CHUNK`] bytes can be read from
//! its beginning: all of those are copied, which is a few loads and stores, and the text grows by
//! as many as the piece has. Whoever pushes writes what it adds, so room is never filled before: to
//! zero four kilobytes for each twin took longer than a tenth of its cells.

use std::ptr::copy_nonoverlapping;

/// Bytes of a piece that are copied at once.
pub const CHUNK: usize = 64;
/// Bytes of a short text.
pub const SHORT: usize = 32;

/// Texts one after another, each of which can be copied as a whole chunk.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    /// The texts and, once there is one, a chunk of zeros.
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<u32>,
}

/// A text behind which more bytes can be read.
///
/// Invariant: the first `len` bytes are UTF-8, and `CHUNK` more lie behind them.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    bytes: &'a [u8],
    len: usize,
}

/// A text of at most [`SHORT`] bytes, all of which are copied.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShortText {
    bytes: [u8; SHORT],
    /// Invariant: at most [`SHORT`], and so many of the bytes are UTF-8.
    len: u8,
}

/// A text that grows by pieces.
#[derive(Clone, Debug, Default)]
pub struct PieceText {
    /// Invariant: whole texts one after another, so all of it is UTF-8.
    bytes: Vec<u8>,
}

impl Pieces {
    /// Appends a text, or an empty one in place of that which would make all more than 4 GiB.
    pub fn push(&mut self, text: &str) {
        let begin = self.len();
        let (text, end) = match u32::try_from(begin + text.len()) {
            Ok(end) => (text, end),
            Err(_) => ("", begin as u32),
        };
        self.bytes.truncate(begin);
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.extend_from_slice(&[0; CHUNK]);
        self.ends.push(end);
    }

    /// Text `i`, which there must be.
    #[inline]
    #[must_use]
    pub fn get(&self, i: usize) -> Piece<'_> {
        let begin = i.checked_sub(1).map_or(0, |before| self.ends[before]) as usize;
        Piece { bytes: &self.bytes[begin..], len: self.ends[i] as usize - begin }
    }

    /// Bytes of all texts.
    fn len(&self) -> usize {
        self.ends.last().map_or(0, |end| *end as usize)
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4
    }
}

impl<'a> Piece<'a> {
    /// Number of bytes.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Without the first `n` bytes, or as it is if they do not end where a character does.
    #[inline]
    #[must_use]
    pub fn without_first(self, n: usize) -> Self {
        let is_boundary = self.bytes.get(n).is_some_and(|byte| byte & 0xC0 != 0x80);
        if n <= self.len && is_boundary {
            return Self { bytes: &self.bytes[n..], len: self.len - n };
        }
        self
    }

    /// Without its last byte, or as it is if that is no character of its own.
    #[inline]
    #[must_use]
    pub fn without_last(self) -> Self {
        let is_one = self.len > 0 && self.bytes[self.len - 1] < 0x80;
        Self { len: self.len - usize::from(is_one), ..self }
    }

    /// The text.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl ShortText {
    /// The texts one after another; `None` if they are too long.
    #[must_use]
    pub fn of(texts: &[&str]) -> Option<Self> {
        let mut short = Self::default();
        let mut len = 0;
        for text in texts {
            let room = short.bytes.get_mut(len..len + text.len())?;
            room.copy_from_slice(text.as_bytes());
            len += text.len();
        }
        short.len = len as u8;
        Some(short)
    }

    /// The first `len` of some bytes, which must be ASCII; empty if they are not.
    #[inline]
    #[must_use]
    pub fn ascii(bytes: [u8; SHORT], len: usize) -> Self {
        match len <= SHORT && bytes.is_ascii() {
            true => Self { bytes, len: len as u8 },
            false => Self::default(),
        }
    }

    /// Whether it has no byte.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl PieceText {
    /// An empty text with room for some bytes.
    #[must_use]
    pub fn with_room(bytes: usize) -> Self {
        // The last piece may be copied with a chunk's worth of what lies behind it.
        Self { bytes: Vec::with_capacity(bytes + CHUNK) }
    }

    /// Forgets the text and keeps its room.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Appends a piece.
    #[inline(always)]
    pub fn push(&mut self, piece: Piece<'_>) {
        match piece.bytes.first_chunk::<CHUNK>() {
            Some(chunk) if piece.len <= CHUNK => {
                // SAFETY: the piece has no more bytes than the chunk, and they are UTF-8.
                unsafe { self.push_chunk(chunk, piece.len) }
            }
            _ => self.bytes.extend_from_slice(&piece.bytes[..piece.len]),
        }
    }

    /// Appends a short text.
    #[inline(always)]
    pub fn push_short(&mut self, text: &ShortText) {
        // SAFETY: the invariant of a short text.
        unsafe { self.push_chunk(&text.bytes, usize::from(text.len)) }
    }

    /// Appends the first `len` of some bytes, which must be ASCII; nothing if they are not.
    #[inline]
    pub fn push_ascii(&mut self, bytes: [u8; 4], len: usize) {
        if u32::from_ne_bytes(bytes) & 0x8080_8080 == 0 && len <= bytes.len() {
            // SAFETY: there are as many, and ASCII is UTF-8.
            unsafe { self.push_chunk(&bytes, len) }
        }
    }

    /// Appends a text.
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends a text between quotes, without escapes.
    #[inline]
    pub fn push_quoted(&mut self, text: &str) {
        let (len, n) = (self.bytes.len(), text.len() + 2);
        self.bytes.reserve(n);
        // SAFETY: there is room for `n` bytes behind the text, which no one else refers to. They are
        // written, one after the other: a quote, the `n - 2` bytes of `text`, a quote.
        unsafe {
            let room = self.bytes.as_mut_ptr().add(len);
            room.write(b'"');
            copy(text.as_bytes(), room.add(1));
            room.add(n - 1).write(b'"');
            self.bytes.set_len(len + n);
        }
    }

    /// Appends the first `len` of some bytes.
    ///
    /// # Safety
    /// There are as many, and they are UTF-8.
    #[inline(always)]
    unsafe fn push_chunk<const N: usize>(&mut self, chunk: &[u8; N], len: usize) {
        debug_assert!(len <= N);
        self.bytes.reserve(N);
        let end = self.bytes.len();
        // SAFETY: there is room for `N` bytes behind the text, which no one else refers to. All are
        // written, and by the caller's word at most as many become text.
        unsafe {
            self.bytes.as_mut_ptr().add(end).cast::<[u8; N]>().write(*chunk);
            self.bytes.set_len(end + len);
        }
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        debug_assert!(std::str::from_utf8(&self.bytes).is_ok());
        // SAFETY: bytes come from `push`, `push_str`, `push_quoted` and `push_chunk` alone. Those are
        // of a `&str`, with or without a quote on both sides; ASCII; of a `ShortText`, whose first
        // `len` bytes were copied from `&str`s or are ASCII; or the first `len` of a `Piece`, which
        // begin and end where characters do: in `Pieces` at the ends of texts pushed as `&str`, and
        // moved from there only to a byte that begins a character, or by one that is ASCII.
        unsafe { std::str::from_utf8_unchecked(&self.bytes) }
    }

    /// The text, which keeps the room that it grew in.
    #[must_use]
    pub fn into_string(self) -> String {
        debug_assert!(std::str::from_utf8(&self.bytes).is_ok());
        // SAFETY: the bytes are those of `as_str`, which are UTF-8 as it says.
        unsafe { String::from_utf8_unchecked(self.bytes) }
    }
}

/// Copies bytes; few of them as two words that may overlap, without a call.
///
/// # Safety
/// There is room for as many bytes at `to`, none of which lies in `from`.
#[inline]
unsafe fn copy(from: &[u8], to: *mut u8) {
    // SAFETY: the caller says that there is room for all of `from`, in which both words lie.
    unsafe {
        match from.len() {
            8..16 => copy_ends::<8>(from, to),
            16..=32 => copy_ends::<16>(from, to),
            n => copy_nonoverlapping(from.as_ptr(), to, n),
        }
    }
}

/// Copies the first and the last `N` bytes, which are all there are.
///
/// # Safety
/// As for [`copy`].
#[inline]
unsafe fn copy_ends<const N: usize>(from: &[u8], to: *mut u8) {
    if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
        // SAFETY: `from` has `N` bytes or more, so both end within as many as it has.
        unsafe {
            to.cast::<[u8; N]>().write(*first);
            to.add(from.len() - N).cast::<[u8; N]>().write(*last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PieceText, Pieces, SHORT, ShortText};
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn pieces_come_one_after_another(
            texts in prop::collection::vec("[a-c,é€𐍈]{0,90}", 1..8),
            pushed in prop::collection::vec((any::<prop::sample::Index>(), 0usize..8, 0usize..40), 0..40),
        ) {
            let mut pieces = Pieces::default();
            texts.iter().for_each(|text| pieces.push(text));
            let (mut text, mut naive) = (PieceText::with_room(3), String::new());
            for (at, how, n) in pushed {
                let at = at.index(texts.len());
                let (piece, plain) = (pieces.get(at), texts[at].as_str());
                prop_assert_eq!(piece.as_str(), plain);
                match how {
                    0 => {
                        text.push(piece);
                        naive.push_str(plain);
                    }
                    1 => {
                        text.push(piece.without_first(n));
                        naive.push_str(plain.get(n..).unwrap_or(plain));
                    }
                    2 => {
                        text.push(piece.without_last());
                        let cut = plain.get(..plain.len().saturating_sub(1));
                        naive.push_str(cut.unwrap_or(plain));
                    }
                    3 => {
                        text.push_quoted(plain);
                        naive.extend(["\"", plain, "\""]);
                    }
                    4 => {
                        let mut bytes = [0; SHORT];
                        bytes[..plain.len().min(SHORT)]
                            .copy_from_slice(&plain.as_bytes()[..plain.len().min(SHORT)]);
                        let short = ShortText::ascii(bytes, plain.len());
                        prop_assert_eq!(short.is_empty(), !(1..=SHORT).contains(&plain.len()) || !plain.is_ascii());
                        let short = ShortText::of(&["<", plain, ">"]);
                        prop_assert_eq!(short.is_some(), plain.len() + 2 <= SHORT);
                        if let Some(short) = short {
                            text.push_short(&short);
                            naive.extend(["<", plain, ">"]);
                        }
                    }
                    5 => {
                        text.push_str(plain);
                        naive.push_str(plain);
                    }
                    6 => {
                        let bytes = *b"7\xC38 ";
                        text.push_ascii(bytes, n);
                        let bytes = *b"78 9";
                        text.push_ascii(bytes, n);
                        naive.push_str("78 9".get(..n).unwrap_or(""));
                    }
                    _ => {
                        text.clear();
                        naive.clear();
                    }
                }
            }
            prop_assert_eq!(text.as_str(), naive);
        }
    }
}
