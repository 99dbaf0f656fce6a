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

#[cfg(test)]
mod tests;

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
