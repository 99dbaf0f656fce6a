//! Cuts an input into the texts of single documents.
//!
//! What comes may be JSON Lines, one JSON array of documents, one document, or documents one after
//! the other, printed over several lines or not; plain or compressed. Nobody says which, so it is
//! seen from the text:
//!
//! - An input that begins with `[` is an array of documents; after its end the same choice begins
//!   anew.
//! - A line that begins with `{` and ends its object is a document (JSON Lines).
//! - A line that begins with `{` and does not end its object begins a document over several lines.
//! - Any other line is handed out as it is, for the reader of documents to refuse with a reason.
//!
//! Documents are not checked here, only cut. After text that is no document, cutting goes on at the
//! next line, or element of the array: a line that was cut off costs only itself, and of a broken
//! document over several lines what follows up to a line that begins with `{`. Requiring a format
//! flag was rejected: the one who has the file may not know it either.
//!
//! Memory stays bounded: besides a chunk of the input, one document of at most
//! [`DOCUMENT_BYTES_MAX`] bytes is held; a longer one is an error and passes by unheld.

use std::fmt;
use std::io::{self, Read};

use twindex_model::limits::DOCUMENT_BYTES_MAX;

use crate::compression::Source;
use crate::scan::{Scanner, Stop};
use crate::window::{Window, is_white_space};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The text of one document, not yet read: it may turn out to be no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDocument {
    /// The text, without white space around it; at most [`DOCUMENT_BYTES_MAX`] bytes.
    pub text: Vec<u8>,
    /// Where it stands.
    pub place: Place,
}

/// Where a document stands in its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The document begins in this line, counted from 1.
    Line(u64),
    /// The document is this element of the array, counted from 1.
    Element(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Element(number) => write!(f, "element {number}"),
        }
    }
}

/// What kept a document from being cut out. Only [`InputError::TooLarge`] leaves more to come.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages are the documentation
#[non_exhaustive]
pub enum InputError {
    #[error("document of more than {bytes_max} bytes")]
    TooLarge { place: Place, bytes_max: usize },
    #[error("array is not closed at the end of the input")]
    ArrayNotClosed { place: Place },
    #[error("compressed input is damaged or cut off after {offset} bytes of text: {source}")]
    Damaged { place: Place, offset: u64, source: io::Error },
    #[error("cannot read the input after {offset} bytes of text: {source}")]
    Unreadable { place: Place, offset: u64, source: io::Error },
}

impl InputError {
    /// The document that could not be cut out, or the one after the last that could.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::TooLarge { place, .. }
            | Self::ArrayNotClosed { place }
            | Self::Damaged { place, .. }
            | Self::Unreadable { place, .. } => *place,
        }
    }

    /// Whether nothing more can come.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::TooLarge { .. })
    }
}

/// Iterates over the documents of an input.
///
/// After a fatal error ([`InputError::is_fatal`]) comes nothing more.
pub struct DocumentReader<R: Read> {
    window: Window<Source<R>>,
    mode: Mode,
    /// Whether an array may begin: only at the start, and after another array.
    may_be_array: bool,
    /// Whether the last document was a line of its own: then the next line most likely is too.
    in_lines: bool,
    bytes_max: usize,
}

/// What the next document is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing was read yet.
    Start,
    /// The input itself.
    Documents,
    /// An array, of which as many elements were cut out.
    Elements(u64),
    /// Nothing is left.
    End,
}

/// What cutting found, at the start of what is not consumed.
enum Cut {
    /// A document of so many bytes.
    Document(usize),
    /// A document that is too large, and was consumed.
    TooLarge,
}

impl<R: Read> DocumentReader<R> {
    /// The documents of `input`, which may be compressed.
    pub fn new(input: R) -> Self {
        let (window, mode) = (Window::new(Source::Fresh(input)), Mode::Start);
        let bytes_max = DOCUMENT_BYTES_MAX;
        Self { window, mode, may_be_array: true, in_lines: false, bytes_max }
    }

    /// Appends the text of the next document to `text`, without white space around it, and says
    /// where it stands. Who keeps the texts of many together spares an allocation for each.
    pub fn next_into(&mut self, text: &mut Vec<u8>) -> Option<Result<Place, InputError>> {
        if self.mode == Mode::End {
            return None;
        }
        self.next_document(text).transpose()
    }

    fn next_document(&mut self, text: &mut Vec<u8>) -> Result<Option<Place>, InputError> {
        self.try_next(text).map_err(|source| self.classify(source))?
    }

    fn try_next(&mut self, text: &mut Vec<u8>) -> io::Result<Result<Option<Place>, InputError>> {
        if self.mode == Mode::Start {
            self.skip_byte_order_mark()?;
            self.mode = Mode::Documents;
        }
        loop {
            let first = self.window.skip_white_space()?;
            let place = self.place();
            let cut = match (self.mode, first) {
                (Mode::Start | Mode::End, _) | (Mode::Documents, None) => return Ok(Ok(None)),
                (Mode::Elements(_), None) => {
                    self.mode = Mode::End;
                    return Ok(Err(InputError::ArrayNotClosed { place }));
                }
                (Mode::Documents, Some(b'[')) if self.may_be_array => {
                    self.window.consume(1);
                    self.mode = Mode::Elements(0);
                    if self.window.skip_white_space()? == Some(b']') {
                        self.end_array();
                    }
                    continue;
                }
                (Mode::Documents, Some(byte)) => {
                    self.may_be_array = false;
                    if byte == b'{' { self.cut_object()? } else { self.cut_line()? }
                }
                (Mode::Elements(_), Some(_)) => self.cut_element()?,
            };
            return Ok(self.take(cut, place, text).map(|()| Some(place)));
        }
    }

    /// Appends what was cut to `text`, and consumes it.
    fn take(&mut self, cut: Cut, place: Place, text: &mut Vec<u8>) -> Result<(), InputError> {
        let is_taken = match cut {
            Cut::Document(len) => {
                let document = self.window.bytes()[..len].trim_ascii_end();
                let is_taken = document.len() <= self.bytes_max;
                if is_taken {
                    text.extend_from_slice(document);
                }
                self.window.consume(len);
                is_taken
            }
            Cut::TooLarge => false,
        };
        if let Mode::Elements(n) = &mut self.mode {
            *n += 1;
            self.finish_element();
        }
        let bytes_max = self.bytes_max;
        if is_taken { Ok(()) } else { Err(InputError::TooLarge { place, bytes_max }) }
    }

    /// The place of the document that begins where the window does.
    fn place(&self) -> Place {
        match self.mode {
            Mode::Elements(n) => Place::Element(n + 1),
            _ => Place::Line(self.window.line()),
        }
    }

    fn classify(&mut self, source: io::Error) -> InputError {
        use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
        let place = self.place();
        self.mode = Mode::End;
        let offset = self.window.offset();
        let is_damage = matches!(source.kind(), InvalidData | InvalidInput | Other | UnexpectedEof);
        if is_damage && self.window.input().is_compressed() {
            InputError::Damaged { place, offset, source }
        } else {
            InputError::Unreadable { place, offset, source }
        }
    }

    fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        while self.window.bytes().len() < BYTE_ORDER_MARK.len() && self.window.fill()? {}
        if self.window.bytes().starts_with(BYTE_ORDER_MARK) {
            self.window.consume(BYTE_ORDER_MARK.len());
        }
        Ok(())
    }

    /// Cuts the line.
    fn cut_line(&mut self) -> io::Result<Cut> {
        match self.window.line_end(0, self.bytes_max)? {
            Some(end) => Ok(Cut::Document(end)),
            None => {
                self.window.skip_line()?;
                Ok(Cut::TooLarge)
            }
        }
    }

    /// Cuts what begins with a brace.
    fn cut_object(&mut self) -> io::Result<Cut> {
        if self.in_lines
            && let Some(end) = self.window.line_end(0, self.bytes_max)?
            && self.window.bytes()[..end].trim_ascii_end().ends_with(b"}")
        {
            return Ok(Cut::Document(end));
        }
        let mut scanner = Scanner::default();
        let mut at = 0;
        loop {
            let (n, stop) = scanner.scan(&self.window.bytes()[at..]);
            at += n;
            match stop {
                Stop::Closed => return self.cut_closed(at),
                Stop::Piece if at > self.bytes_max => return self.skip_broken(),
                Stop::Piece if self.window.fill()? => {}
                _ => return self.cut_broken(),
            }
        }
    }

    /// Cuts an object that ends at `end`, or the whole line if it is one with more in it.
    fn cut_closed(&mut self, end: usize) -> io::Result<Cut> {
        self.in_lines = memchr::memchr(b'\n', &self.window.bytes()[..end]).is_none();
        if !self.in_lines {
            return Ok(Cut::Document(end));
        }
        self.cut_line()
    }

    /// Cuts what began with a brace and went wrong: the line, and unless documents are lines the
    /// lines after it that look like its continuation.
    fn cut_broken(&mut self) -> io::Result<Cut> {
        let mut end = 0;
        loop {
            let Some(line_end) = self.window.line_end(end, self.bytes_max)? else {
                return self.skip_broken();
            };
            end = line_end + 1;
            while self.window.bytes().len() <= end && self.window.fill()? {}
            let next = self.window.bytes().get(end);
            if self.in_lines || next.is_none_or(|byte| !is_continuation(*byte)) {
                return Ok(Cut::Document(line_end));
            }
        }
    }

    /// Passes by what began with a brace and is too large: the line if it is one, else also the
    /// lines that look like its continuation.
    fn skip_broken(&mut self) -> io::Result<Cut> {
        let spans_lines = memchr::memchr(b'\n', self.window.bytes()).is_some();
        loop {
            self.window.skip_line()?;
            // What is left begins with a line break, or is empty.
            while self.window.bytes().len() < 2 && self.window.fill()? {}
            let next = self.window.bytes().get(1);
            if !spans_lines || next.is_none_or(|byte| !is_continuation(*byte)) {
                return Ok(Cut::TooLarge);
            }
            self.window.consume(1);
        }
    }

    /// Cuts an element of an array, up to the comma or bracket after it.
    fn cut_element(&mut self) -> io::Result<Cut> {
        let column = self.window.column();
        let mut scanner = Scanner::default();
        let mut at = 0;
        loop {
            let (n, stop) = scanner.scan(&self.window.bytes()[at..]);
            at += n;
            match stop {
                Stop::Closed => {}
                Stop::Separator => return Ok(Cut::Document(at)),
                Stop::TooDeep if !self.is_line_break_up_to(at) => scanner.count(),
                Stop::Broken | Stop::TooDeep => return self.cut_to_element(column),
                Stop::Piece if at > self.bytes_max => return self.skip_element(scanner, column),
                Stop::Piece if self.window.fill()? => {}
                Stop::Piece => return Ok(Cut::Document(at)),
            }
        }
    }

    /// Whether there is a line break in the bytes up to and with `at`.
    fn is_line_break_up_to(&self, at: usize) -> bool {
        memchr::memchr(b'\n', &self.window.bytes()[..=at]).is_some()
    }

    /// Passes by the rest of an element that is too large, which `scanner` followed so far.
    fn skip_element(&mut self, mut scanner: Scanner, column: u64) -> io::Result<Cut> {
        loop {
            self.window.consume(self.window.bytes().len());
            if !self.window.fill()? {
                return Ok(Cut::TooLarge);
            }
            let (mut at, mut stop) = (0, Stop::Closed);
            while stop == Stop::Closed {
                let (n, next) = scanner.scan(&self.window.bytes()[at..]);
                (at, stop) = (at + n, next);
            }
            if stop != Stop::Piece {
                self.window.consume(at);
            }
            match stop {
                Stop::Separator => return Ok(Cut::TooLarge),
                Stop::Broken | Stop::TooDeep => {
                    self.skip_to_element(column)?;
                    return Ok(Cut::TooLarge);
                }
                Stop::Piece | Stop::Closed => {}
            }
        }
    }

    /// Cuts a broken element that began in `column`: up to the next line that begins with a brace
    /// no further right, or to the end of the input.
    fn cut_to_element(&mut self, column: u64) -> io::Result<Cut> {
        let mut line = 0;
        while let Some(end) = self.window.line_end(line, self.bytes_max)? {
            let text = &self.window.bytes()[line..end];
            let indent = text.iter().take_while(|byte| is_white_space(**byte)).count();
            let begins = match text.get(indent) {
                Some(b'{') => indent as u64 <= column,
                Some(b']') => indent == 0, // more likely the end of the array
                _ => false,
            };
            if line > 0 && begins {
                return Ok(Cut::Document(line));
            }
            if end == self.window.bytes().len() {
                return Ok(Cut::Document(end));
            }
            line = end + 1;
        }
        self.skip_to_element(column)?;
        Ok(Cut::TooLarge)
    }

    /// Consumes lines until one begins with a brace in `column` or before, or the input ends.
    fn skip_to_element(&mut self, column: u64) -> io::Result<()> {
        loop {
            self.window.skip_line()?;
            match self.window.skip_white_space()? {
                None => return Ok(()),
                Some(b'{') if self.window.column() <= column => return Ok(()),
                Some(_) => {}
            }
        }
    }

    /// Consumes the comma after an element, or ends the array.
    fn finish_element(&mut self) {
        match self.window.bytes().first() {
            Some(b',') => self.window.consume(1),
            Some(b']') => self.end_array(),
            _ => {} // the next element of a broken array, or the end of the input
        }
    }

    /// Consumes the bracket that ends the array.
    fn end_array(&mut self) {
        self.window.consume(1);
        self.mode = Mode::Documents;
    }
}

/// Whether a line that begins with `byte` looks like it goes on with a document of several lines.
fn is_continuation(byte: u8) -> bool {
    is_white_space(byte) || matches!(byte, b'}' | b']' | b'"' | b',')
}

impl<R: Read> Iterator for DocumentReader<R> {
    type Item = Result<RawDocument, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut text = Vec::new();
        let place = self.next_into(&mut text)?;
        Some(place.map(|place| RawDocument { text, place }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Read, Write as _};

    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::{DocumentReader, InputError, Place};
    use crate::window::is_white_space;

    /// Gives its bytes a few at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    /// What a reader gives, as text: place and document, or place and error.
    fn cut_by<R: Read>(reader: DocumentReader<R>) -> Vec<String> {
        reader
            .map(|outcome| match outcome {
                Ok(document) => {
                    format!("{}: {}", document.place, String::from_utf8_lossy(&document.text))
                }
                Err(error) => format!("{}: error: {error}", error.place()),
            })
            .collect()
    }

    /// Cuts `text`, read at once and in pieces of any length, which must give the same.
    fn cut(text: &str) -> Vec<String> {
        let whole = cut_by(DocumentReader::new(text.as_bytes()));
        for n in [1, 2, 3, 7] {
            let pieces = cut_by(DocumentReader::new(Trickle(text.as_bytes(), n)));
            assert_eq!(pieces, whole, "{text} in pieces of {n}");
        }
        whole
    }

    #[test]
    fn json_lines() {
        let text = "\u{FEFF}{\"a\":1}\n\n  {\"b\":\"}{\"}\r\n{\"c\":[{}]} \n{\"d\":1}";
        assert_eq!(
            cut(text),
            [
                "line 1: {\"a\":1}",
                "line 3: {\"b\":\"}{\"}",
                "line 4: {\"c\":[{}]}",
                "line 5: {\"d\":1}"
            ]
        );
        assert!(cut("").is_empty() && cut(" \r\n\n").is_empty() && cut("\u{FEFF}").is_empty());
    }

    #[test]
    fn bad_lines_cost_only_themselves() {
        let bad = [
            "not json",
            "42",
            "null",
            "[1,2",
            "[",
            "]",
            "{",
            "}",
            "{\"a\":",
            "{\"a\":\"x",
            "{\"a\":[",
            "{\"a\":[1,",
            "{\"a\":1} x",
            "{\"a\":1}{\"b\":1}",
            "{\"a\":{}",
            "\"{",
            "{]",
            "\\",
        ];
        for first in ["{\"a\":1}\n", ""] {
            for line in bad {
                if first.is_empty() && line.starts_with('[') {
                    continue; // an array begins
                }
                let text = format!("{first}{line}\n{{\"b\":1}}\n{line}\n{{\"c\":1}}\n{line}\n");
                let cut: Vec<_> = cut(&text)
                    .into_iter()
                    .map(|found| found.split_once(": ").unwrap().1.to_owned())
                    .collect();
                let expected = [first.trim_end(), line, "{\"b\":1}", line, "{\"c\":1}", line];
                let from = usize::from(first.is_empty());
                assert_eq!(cut, expected[from..], "{text}");
            }
        }
    }

    #[test]
    fn documents_over_several_lines() {
        let pretty = "{\n  \"a\": [\n    {\n      \"b\": \"}\"\n    }\n  ]\n}";
        assert_eq!(cut(pretty), [format!("line 1: {pretty}")]);
        let many = format!("\r\n{pretty}\n{pretty}{{\"c\":1}}\n{{\"d\":1}}\n{{\"e\":1}}\n{pretty}");
        assert_eq!(
            cut(&many),
            [
                format!("line 2: {pretty}"),
                format!("line 9: {pretty}"),
                "line 15: {\"c\":1}".to_owned(),
                "line 16: {\"d\":1}".to_owned(),
                "line 17: {\"e\":1}".to_owned(),
                format!("line 18: {pretty}"),
            ]
        );
    }

    #[test]
    fn a_broken_document_over_several_lines_costs_only_itself() {
        let broken = "{\n  \"a\": \"x\n  \"b\": [1\n}";
        let text = format!("{broken}\n{{\n  \"c\": 1\n}}\n{{\n  \"cut\": [");
        assert_eq!(
            cut(&text),
            [
                format!("line 1: {broken}"),
                "line 5: {\n  \"c\": 1\n}".to_owned(),
                "line 8: {\n  \"cut\": [".to_owned()
            ]
        );
    }

    #[test]
    fn arrays() {
        assert_eq!(
            cut(" [ {\"a\":\"],\"} ,\n{\"b\":[1,{}]}, 3 , \"x]\" ] \n"),
            [
                "element 1: {\"a\":\"],\"}",
                "element 2: {\"b\":[1,{}]}",
                "element 3: 3",
                "element 4: \"x]\""
            ]
        );
        assert!(cut("[]").is_empty() && cut("[ \n ]\n[]").is_empty());
        assert_eq!(
            cut("[{}]\n[{}]\n{}\n[\n"),
            ["element 1: {}", "element 1: {}", "line 3: {}", "line 4: ["]
        );
        assert_eq!(cut("[{},]"), ["element 1: {}", "element 2: "]);
        assert_eq!(cut("[{} {}]x"), ["element 1: {} {}", "line 1: x"]);
        let open = "array is not closed at the end of the input";
        assert_eq!(cut("[{}"), ["element 1: {}".to_owned(), format!("element 2: error: {open}")]);
        assert_eq!(cut("["), [format!("element 1: error: {open}")]);
    }

    #[test]
    fn broken_elements_cost_only_themselves() {
        for indent in ["", "  "] {
            for broken in
                ["{\"a\":\"x,", "{\"a\":{\"b\":1},", "{\"a\":[", "{\"a\":[],\n   {\"b\":1},"]
            {
                let text = format!(
                    "[\n{indent}{{}},\n{indent}{broken}\n{indent}{{\"c\":1}},\n{indent}{{}}\n]\n{{\"d\":1}}"
                );
                let found = cut(&text);
                assert_eq!(found[0], "element 1: {}", "{text}");
                assert!(found[1].starts_with("element 2: {\"a\""), "{text}: {found:?}");
                let rest = ["element 3: {\"c\":1}", "element 4: {}", "line"];
                assert_eq!(found[2..4], rest[..2], "{text}");
                assert!(found[4].ends_with(": {\"d\":1}") && found.len() == 5, "{found:?}");
            }
        }
        assert_eq!(cut("[\n{\"a\n]\n"), ["element 1: {\"a"]);
    }

    /// A reader with a small ceiling.
    fn small(text: &str) -> DocumentReader<&[u8]> {
        let mut reader = DocumentReader::new(text.as_bytes());
        reader.bytes_max = 1000;
        reader
    }

    #[test]
    fn large_documents_pass_by() {
        // Larger than the chunks of the window, so that not all is there at once.
        let x = "x".repeat(700_000);
        let error = "error: document of more than 1000 bytes";
        for (large, marker) in [
            (format!("{{\"a\":\"{x}\"}}"), 2),
            (x.clone(), 2),
            (format!("{{\"a\":\"{x}"), 2),
            (format!("{{\n  \"a\":\"{x}\",\n  \"b\":1\n}}"), 5),
            (format!("{{\n  \"a\": [1,\n{}  2]\n}}", "  1,\n".repeat(100_000)), 100_005),
        ] {
            let found = cut_by(small(&format!("{large}\n{{\"c\":1}}\n")));
            let expected = [format!("line 1: {error}"), format!("line {marker}: {{\"c\":1}}")];
            assert_eq!(found, expected, "{large:.40}");
        }
        for large in [format!("{{\"a\":\"{x}\"}}"), format!("{{\"a\":\"{x}\n"), x.clone()] {
            let found = cut_by(small(&format!("[{{}},\n{large},\n{{\"c\":1}}]")));
            let expected = [
                "element 1: {}".into(),
                format!("element 2: {error}"),
                "element 3: {\"c\":1}".into(),
            ];
            assert_eq!(found, expected, "{large:.40}");
        }
        let one_line = cut_by(small(&format!("[{{\"a\":\"{x}\"}},{{\"b\":1}}]")));
        assert_eq!(one_line, [format!("element 1: {error}"), "element 2: {\"b\":1}".into()]);
    }

    #[test]
    fn size_at_the_ceiling() {
        let line = |n: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n - 8));
        assert!(small(&line(1000)).next().unwrap().is_ok());
        assert!(matches!(small(&line(1001)).next(), Some(Err(InputError::TooLarge { .. }))));
        let array = |n: usize| format!("[{}]", line(n));
        assert!(small(&array(1000)).next().unwrap().is_ok());
        assert!(matches!(small(&array(1001)).next(), Some(Err(InputError::TooLarge { .. }))));
    }

    #[test]
    fn hostile_nesting_takes_linear_time() {
        for line in ["{\"a\":[\n", "{\"a\":\n", "{\n", "[\n", "[{\"a\":[\n", "{\"a\":\"\n"] {
            let text = line.repeat(100_000);
            assert!(DocumentReader::new(text.as_bytes()).count() > 0);
        }
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_inputs() {
        let lines = "{\"a\":1}\n{\"b\":1}\n";
        let expected = cut(lines);
        assert_eq!(cut_by(DocumentReader::new(&gzip(lines)[..])), expected);
        let members = [gzip("{\"a\":1}\n{\"b"), gzip("\":1}\n")].concat();
        assert_eq!(cut_by(DocumentReader::new(Trickle(&members, 5))), expected);
        let frames = ["{\"a\":1}\n{\"b", "\":1}\n"]
            .map(|text| zstd::encode_all(text.as_bytes(), 1).unwrap());
        assert_eq!(cut_by(DocumentReader::new(&frames.concat()[..])), expected);
    }

    #[test]
    fn damaged_compression_is_an_error_after_what_was_whole() {
        let lines: String = (0..20_000).map(|n| format!("{{\"a\":{}}}\n", n * n)).collect();
        let all = cut_by(DocumentReader::new(lines.as_bytes()));
        let zstd = zstd::encode_all(Cursor::new(&lines), 1).unwrap();
        for packed in [gzip(&lines), zstd] {
            for len in [packed.len() / 2, packed.len() - 1, 20, 5] {
                let mut found: Vec<_> = DocumentReader::new(&packed[..len]).collect();
                let Some(Err(error)) = found.pop() else { panic!("no error at {len}") };
                assert!(
                    matches!(error, InputError::Damaged { .. }) && error.is_fatal(),
                    "{error:?}"
                );
                assert_eq!(error.place(), Place::Line(found.len() as u64 + 1), "{len}");
                let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
                let texts = found.iter().map(|d| String::from_utf8(d.text.clone()).unwrap());
                let all = all.iter().map(|line| line.split_once(": ").unwrap().1.to_owned());
                assert!(texts.eq(all.take(found.len())), "{len}");
            }
        }
    }

    #[test]
    fn failing_input_is_an_error() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let mut reader = DocumentReader::new(b"{\"a\":1}\n{".chain(Fails));
        assert!(reader.next().unwrap().is_ok());
        assert!(matches!(
            reader.next(),
            Some(Err(InputError::Unreadable { place: Place::Line(2), offset: 9, .. }))
        ));
        assert!(reader.next().is_none());
    }

    proptest! {
        /// Documents come out as they went in, however they are laid out.
        #[test]
        fn documents_survive(
            values in prop::collection::vec(arb_object(), 0..6), layout in 0..4u8, n in 1..40usize,
        ) {
            let compact: Vec<String> = values.iter().map(ToString::to_string).collect();
            let pretty: Vec<String> =
                values.iter().map(|value| serde_json::to_string_pretty(value).unwrap()).collect();
            let text = match layout {
                0 => compact.join("\n"),
                1 => format!("[{}]", compact.join(",")),
                2 => pretty.join("\r\n"),
                _ => serde_json::to_string_pretty(&values).unwrap(),
            };
            let found: Vec<serde_json::Value> = DocumentReader::new(Trickle(text.as_bytes(), n))
                .map(|document| serde_json::from_slice(&document.unwrap().text).unwrap())
                .collect();
            prop_assert_eq!(found, values);
        }

        /// Nothing of an input that is no array is lost but white space, and nothing is made up.
        #[test]
        fn lines_are_complete(text in "[{}\\[\\]\",:1a\\\\ \n]{0,60}", n in 1..10usize) {
            let solid = |text: &str| text.bytes().filter(|b| !is_white_space(*b)).collect::<Vec<_>>();
            let whole: Vec<_> = DocumentReader::new(text.as_bytes()).map(Result::ok).collect();
            let pieces: Vec<_> =
                DocumentReader::new(Trickle(text.as_bytes(), n)).map(Result::ok).collect();
            prop_assert_eq!(&whole, &pieces);
            if !text.trim_start().starts_with('[') {
                let found: Vec<u8> = whole.into_iter().flatten().flat_map(|d| d.text).collect();
                prop_assert_eq!(solid(&String::from_utf8(found).unwrap()), solid(&text));
            }
        }

        /// No bytes make the reader panic, and it comes to an end.
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(DocumentReader::new(&bytes[..]).count() <= bytes.len() + 1);
        }
    }

    fn arb_object() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
        use proptest::strategy::{Just, Strategy as _};
        let leaf = proptest::prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        let value = leaf.prop_recursive(3, 16, 4, |inner| {
            proptest::prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
            ]
        });
        prop::collection::vec((any::<String>(), value), 0..4)
            .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect()))
    }
}
