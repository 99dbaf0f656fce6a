//! The part of an input that is being looked at: a buffer that grows at its end and is consumed
//! from its start, and knows the line it stands in.

use std::io::{self, Read};

use twindex_planted::{Fault, planted};

/// How much is read at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// A buffered input.
pub(crate) struct Window<R> {
    input: R,
    /// Room; only `start..end` has a meaning.
    buffer: Vec<u8>,
    /// Where what is not consumed begins.
    start: usize,
    /// Where what was read ends.
    end: usize,
    has_ended: bool,
    /// Number of the line at `start`, from 1.
    line: u64,
    /// Number of bytes consumed.
    offset: u64,
    /// The same when the line at `start` began.
    line_offset: u64,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(input: R) -> Self {
        let (buffer, has_ended) = (Vec::new(), false);
        Self { input, buffer, start: 0, end: 0, has_ended, line: 1, offset: 0, line_offset: 0 }
    }

    pub(crate) fn input(&self) -> &R {
        &self.input
    }

    /// What was read and not consumed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The line in which [`Self::bytes`] begins.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// How many bytes of that line come before [`Self::bytes`].
    pub(crate) fn column(&self) -> u64 {
        self.offset - self.line_offset
    }

    /// Bytes read so far.
    pub(crate) fn offset(&self) -> u64 {
        self.offset + self.bytes().len() as u64
    }

    /// Reads more; false at the end of the input.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        if self.has_ended {
            return Ok(false);
        }
        if self.buffer.len() < self.end + CHUNK_BYTES {
            self.make_room();
        }
        let read = loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome?,
            }
        };
        self.end += read;
        self.has_ended = read == 0;
        Ok(!self.has_ended)
    }

    /// Moves what is left to the front, and grows the buffer if that is not enough.
    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        // Twice a chunk, or little reads would move much.
        let len = (self.end + 2 * CHUNK_BYTES).max(self.buffer.len());
        self.buffer.resize(len, 0);
    }

    /// Consumes `n` bytes, at most all of [`Self::bytes`].
    pub(crate) fn consume(&mut self, n: usize) {
        let consumed = &self.buffer[self.start..self.start + n];
        if let Some(last) = memchr::memrchr(b'\n', consumed) {
            self.line += memchr::memchr_iter(b'\n', consumed).count() as u64;
            self.line_offset = self.offset + last as u64 + 1;
        }
        self.start += n;
        self.offset += n as u64;
    }

    /// Consumes white space, reading more as needed, and gives the first byte after it.
    pub(crate) fn skip_white_space(&mut self) -> io::Result<Option<u8>> {
        loop {
            let found = self.bytes().iter().position(|byte| !is_white_space(*byte));
            if let Some(at) = found {
                self.consume(at);
                return Ok(self.bytes().first().copied());
            }
            self.consume(self.bytes().len());
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Where the line at `from` ends: at its line break, or at the end of the input. `None` once
    /// more than `bytes_max` bytes hold no end.
    pub(crate) fn line_end(&mut self, from: usize, bytes_max: usize) -> io::Result<Option<usize>> {
        let mut searched = from;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.bytes()[searched..]) {
                return Ok(Some(searched + at));
            }
            searched = self.bytes().len();
            if searched > bytes_max {
                return Ok(None);
            }
            if !self.fill()? {
                let is_cut = planted(Fault::LastByteLost) && searched > from;
                return Ok(Some(searched - usize::from(is_cut)));
            }
        }
    }

    /// Consumes up to and without the next line break, keeping nothing.
    pub(crate) fn skip_line(&mut self) -> io::Result<()> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', self.bytes()) {
                self.consume(at);
                return Ok(());
            }
            self.consume(self.bytes().len());
            if !self.fill()? {
                return Ok(());
            }
        }
    }
}

/// White space of JSON.
pub(crate) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
