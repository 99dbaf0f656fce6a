//! Where a document ends, without reading it: brackets and strings are followed, nothing else.
//!
//! The scanner also notices early that what it follows can no longer be JSON, in the few ways that
//! matter for going on behind it: a string that runs over a line break, a bracket closed by the
//! other kind, an object or array where no value can stand, and nesting past any document's. A value out of place is what a document looks like
//! whose end was cut off: the next document begins in the middle of it.

/// Levels whose kind of bracket is remembered: more than a document may have.
const CHECKED_LEVELS: u32 = 128;

/// Follows the text of one document, piece by piece.
#[derive(Default)]
pub(crate) struct Scanner {
    depth: u32,
    /// For each open bracket, the outermost lowest: whether it is an array's.
    arrays: u128,
    /// Whether brackets are only counted, up to the end of the line.
    is_counting: bool,
    in_string: bool,
    /// Whether a piece ended between a backslash and what it escapes.
    in_escape: bool,
    /// The last byte outside of strings that is no white space; a string counts as its quote.
    last: u8,
}

/// Why the scanner stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The piece is used up.
    Piece,
    /// The last open bracket was closed, by the byte before the stop.
    Closed,
    /// Outside of all brackets comes a `,` or `]`.
    Separator,
    /// What comes cannot be JSON.
    Broken,
    /// What comes is nested too deep to be followed; [`Scanner::count`] allows to go on.
    TooDeep,
}

impl Scanner {
    /// Goes on after [`Stop::TooDeep`], in this line, without looking at the kinds of brackets.
    pub(crate) fn count(&mut self) {
        self.is_counting = true;
    }

    /// Follows `piece`, and says where and why it stopped.
    pub(crate) fn scan(&mut self, piece: &[u8]) -> (usize, Stop) {
        let mut at = 0;
        while at < piece.len() {
            if self.in_string {
                at = match self.scan_string(piece, at) {
                    Ok(after) => after,
                    Err(line_break) => return (line_break, Stop::Broken),
                };
                continue;
            }
            let byte = piece[at];
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    if let Some(stop) = self.open(byte == b'[') {
                        return (at, stop);
                    }
                }
                b',' | b']' if self.depth == 0 => return (at, Stop::Separator),
                b'}' | b']' if !self.close(byte == b']') => return (at, Stop::Broken),
                b'\n' if self.is_counting => return (at, Stop::TooDeep),
                b' ' | b'\t' | b'\n' | b'\r' => {
                    at += 1;
                    continue;
                }
                _ => {}
            }
            self.last = byte;
            at += 1;
            if self.depth == 0 && matches!(byte, b'}' | b']') {
                return (at, Stop::Closed);
            }
        }
        (piece.len(), Stop::Piece)
    }

    /// Goes on in a string from `at`: to behind it or to the end of the piece. A line break is an
    /// error.
    fn scan_string(&mut self, piece: &[u8], mut at: usize) -> Result<usize, usize> {
        if std::mem::take(&mut self.in_escape) {
            at += 1;
        }
        while let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', &piece[at..]) {
            at += found;
            match piece[at] {
                b'"' => {
                    self.in_string = false;
                    return Ok(at + 1);
                }
                b'\n' => return Err(at),
                _ if at + 1 == piece.len() => {
                    self.in_escape = true;
                    return Ok(piece.len());
                }
                _ => at += 2,
            }
        }
        Ok(piece.len())
    }

    /// Opens a bracket, unless there is a reason to stop.
    fn open(&mut self, is_array: bool) -> Option<Stop> {
        if self.is_counting {
            self.depth += 1;
            return None;
        }
        let can_stand = match self.depth {
            0 => true,
            _ if self.in_array() => matches!(self.last, b'[' | b','),
            _ => self.last == b':',
        };
        if !can_stand {
            return Some(Stop::Broken);
        }
        if self.depth == CHECKED_LEVELS {
            return Some(Stop::TooDeep);
        }
        let bit = 1 << self.depth;
        self.arrays = if is_array { self.arrays | bit } else { self.arrays & !bit };
        self.depth += 1;
        None
    }

    /// Closes a bracket, if it is of the kind that is open.
    fn close(&mut self, is_array: bool) -> bool {
        let fits = self.depth > 0 && (self.is_counting || self.in_array() == is_array);
        self.depth -= u32::from(fits);
        fits
    }

    /// Whether the innermost bracket is an array's; one must be open.
    fn in_array(&self) -> bool {
        self.arrays >> (self.depth - 1) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECKED_LEVELS, Scanner, Stop};

    /// Scans `text` whole and in pieces of every length, which must stop alike.
    fn scan(text: &str) -> (usize, Stop) {
        let whole = Scanner::default().scan(text.as_bytes());
        for len in 1..text.len().min(9) {
            let (mut scanner, mut at, mut stop) = (Scanner::default(), 0, Stop::Piece);
            for piece in text.as_bytes().chunks(len) {
                let (n, why) = scanner.scan(piece);
                (at, stop) = (at + n, why);
                if stop != Stop::Piece {
                    break;
                }
            }
            assert_eq!((at, stop), whole, "{text} in pieces of {len}");
        }
        whole
    }

    #[test]
    fn stops_where_the_document_ends() {
        assert_eq!(scan(r#"{"a":[1,{"b":"}]\"}"}]} {}"#), (23, Stop::Closed));
        assert_eq!(scan("[]]"), (2, Stop::Closed));
        assert_eq!(scan(r#"{"a":"\\"}x"#), (10, Stop::Closed));
        assert_eq!(scan(r#"12 ,"#), (3, Stop::Separator));
        assert_eq!(scan(r#""a,]" ]"#), (6, Stop::Separator));
        assert_eq!(scan(r#"{"a":1"#), (6, Stop::Piece));
        assert_eq!(scan(r#"{"a":"\""#), (8, Stop::Piece));
    }

    #[test]
    fn notices_what_cannot_be() {
        for text in [
            "{\"a\n\"",
            "{]",
            "[}",
            "}",
            "{{",
            "[1{",
            "[{}{",
            "{\"a\"{",
            "{\"a\":1,{",
            "{\"a\":{}{",
            "{\"a\":[[1][",
        ] {
            assert_eq!(scan(text).1, Stop::Broken, "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_counted_if_wanted() {
        let nested = |n: u32| format!("{}{}", "[".repeat(n as usize), "]".repeat(n as usize));
        let text = nested(CHECKED_LEVELS);
        assert_eq!(Scanner::default().scan(text.as_bytes()), (text.len(), Stop::Closed));
        let text = nested(1000);
        let mut scanner = Scanner::default();
        let (at, stop) = scanner.scan(text.as_bytes());
        assert_eq!((at, stop), (CHECKED_LEVELS as usize, Stop::TooDeep));
        scanner.count();
        assert_eq!(scanner.scan(&text.as_bytes()[at..]), (text.len() - at, Stop::Closed));
        let mut scanner = Scanner::default();
        scanner.count();
        assert_eq!(scanner.scan(b"[[ \n]]"), (3, Stop::TooDeep));
    }
}
