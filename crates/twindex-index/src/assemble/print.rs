//! Cells as JSON text, each written as it is found, into the text of its row.
//!
//! The rows of a block are written side by side. Their texts are put together from pieces: keys
//! with their punctuation, and the stamps of a row, each spelled out once.

use twindex_kernels::{Piece, PieceText, ShortText};
use twindex_model::number::{number_digits, small_digits, write_number};
use twindex_model::value::{is_plain_json, write_json_string};

use super::gather::{BLOCK, Found, Take};
use super::layout::Layout;
use crate::lane::row_stamps::{RowStamps, StampsOfRow};
use crate::lane::stamp_code::Decoded;

/// Where a text begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin {
    /// With an object.
    Object,
    /// With a value at this depth of the layout, whose key is left out.
    Value(u32),
}

/// What is left out of the key of the next entry.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// Nothing: it follows another entry.
    Comma,
    /// The comma: it is the first of its object.
    First,
    /// All of it: only the value is wanted.
    Value,
}

/// An entry, ready for printing.
pub(super) struct Key<'a> {
    /// Objects that stay open before it.
    depth: u32,
    /// Objects that are open around its value.
    inner: u32,
    /// `,"key":{`.
    text: Piece<'a>,
}

/// The texts of a block of rows in the making.
pub(super) struct Printer<'a> {
    layout: &'a Layout,
    stamps: &'a RowStamps,
    rows: Vec<RowText<'a>>,
    /// Numbers and texts that need escapes are spelled out here first.
    spelled: String,
}

/// The text of a row in the making.
struct RowText<'a> {
    text: PieceText,
    /// Objects that are open, and those above the first entry.
    depth: u32,
    next: Next,
    row: u16,
    /// The row's shared stamps, once one is met.
    stamps: Option<StampsOfRow<'a>>,
    /// They as JSON, by place; empty before they are needed.
    spelled: Vec<ShortText>,
}

impl<'a> Printer<'a> {
    /// A printer of at most so many rows at a time.
    pub(super) fn new(
        (layout, stamps): (&'a Layout, &'a RowStamps),
        n_rows: usize,
        row_bytes: usize,
    ) -> Self {
        let rows = (0..n_rows.min(BLOCK)).map(|_| RowText {
            text: PieceText::with_room(row_bytes),
            depth: 0,
            next: Next::First,
            row: 0,
            stamps: None,
            spelled: Vec::new(),
        });
        Self { layout, stamps, rows: rows.collect(), spelled: String::new() }
    }

    /// Begins the texts of some rows.
    pub(super) fn begin(&mut self, begin: Begin, rows: &[u16]) {
        for (text, row) in self.rows.iter_mut().zip(rows) {
            text.text.clear();
            (text.depth, text.next) = match begin {
                Begin::Object => {
                    text.text.push_str("{");
                    (0, Next::First)
                }
                Begin::Value(depth) => (depth, Next::Value),
            };
            (text.row, text.stamps) = (*row, None);
        }
    }

    /// Bytes of the texts of so many rows so far, with room for the braces that end them.
    pub(super) fn n_bytes(&self, n_rows: usize) -> usize {
        let texts = self.rows.iter().take(n_rows);
        texts.map(|row| row.text.as_str().len() + row.depth as usize + 2).sum()
    }

    /// Appends the object of a row.
    pub(super) fn end_object(&mut self, row: usize, out: &mut String) {
        let row = &mut self.rows[row];
        row.end_object();
        out.push_str(row.text.as_str());
    }

    /// The object of the only row.
    pub(super) fn into_object(mut self) -> String {
        self.rows.pop().map_or_else(String::new, |mut row| {
            row.end_object();
            row.text.into_string()
        })
    }

    /// Appends the text of a value, which may be an object; false if there is none.
    pub(super) fn end_value(&mut self, depth: u32, out: &mut String) -> bool {
        let row = &mut self.rows[0];
        row.close(depth);
        out.push_str(row.text.as_str());
        !row.text.as_str().is_empty()
    }
}

impl<'a> Take<'a> for Printer<'a> {
    type Entry = Key<'a>;

    #[inline]
    fn entry(&self, entry: u32) -> Key<'a> {
        let depth = self.layout.entries[entry as usize].depth;
        Key { depth, inner: depth, text: self.layout.key(entry) }
    }

    #[inline]
    fn pair(&self, entry: u32) -> Option<Key<'a>> {
        let depth = self.layout.entries[entry as usize].depth;
        // A value without its key is no piece of the text of two keys.
        let is_whole = !matches!(self.rows.first()?.next, Next::Value);
        is_whole.then(|| Key { depth, inner: depth + 1, text: self.layout.pair_of(entry) })
    }

    #[inline(always)]
    fn take(&mut self, row: usize, key: &Key<'a>, found: Found<'a>) {
        let row = &mut self.rows[row];
        if row.depth > key.depth {
            row.close(key.depth);
            row.next = Next::Comma;
        }
        let piece = match row.next {
            Next::Comma => key.text,
            Next::First => key.text.without_first(1),
            Next::Value => key.text.without_first(key.text.len().saturating_sub(1)),
        };
        if matches!(found, Found::Object) {
            row.text.push(piece);
            row.depth = key.inner + 1;
            row.next = Next::First;
            return;
        }
        row.text.push(piece.without_last());
        row.depth = key.inner;
        row.next = Next::Comma;
        match found {
            Found::Object => (),
            Found::Null => row.text.push_str("null"),
            Found::False => row.text.push_str("false"),
            Found::True => row.text.push_str("true"),
            Found::Shared(place) => row.write_shared(self.stamps, place),
            Found::Number(number) => {
                if let Some((digits, len)) = small_digits(number) {
                    row.text.push_ascii(digits, len);
                } else if let Some((digits, len)) = number_digits(number) {
                    row.text.push_short(&ShortText::ascii(digits, len));
                } else {
                    self.spelled.clear();
                    write_number(&mut self.spelled, number);
                    row.text.push_str(&self.spelled);
                }
            }
            Found::String(text) => row.write_string(text),
            Found::Array(text) => row.text.push_str(text),
            Found::Stamp(stamp) => row.text.push_short(&stamp.json()),
        }
    }
}

impl<'a> RowText<'a> {
    /// Ends objects until the innermost is that of `depth`.
    #[inline]
    fn close(&mut self, depth: u32) {
        while self.depth > depth {
            self.text.push_str("}");
            self.depth -= 1;
        }
    }

    /// Ends the object of the row and all in it.
    fn end_object(&mut self) {
        self.close(0);
        self.text.push_str("}");
    }

    /// Appends one of the row's shared stamps.
    #[inline]
    fn write_shared(&mut self, stamps: &'a RowStamps, place: u8) {
        let of_row = *self.stamps.get_or_insert_with(|| {
            let of_row = stamps.of_row(self.row);
            self.spelled.clear();
            self.spelled.resize(of_row.n_places(), ShortText::default());
            of_row
        });
        match self.spelled.get(usize::from(place)) {
            Some(stamp) if !stamp.is_empty() => self.text.push_short(stamp),
            _ => self.spell(of_row, place),
        }
    }

    /// Spells a stamp out for the first time.
    fn spell(&mut self, stamps: StampsOfRow<'a>, place: u8) {
        match stamps.get(place) {
            Decoded::Odd(text) => self.write_string(text),
            Decoded::Stamp(stamp) => {
                let stamp = stamp.json();
                self.text.push_short(&stamp);
                if let Some(spelled) = self.spelled.get_mut(usize::from(place)) {
                    *spelled = stamp;
                }
            }
        }
    }

    #[inline]
    fn write_string(&mut self, text: &str) {
        if is_plain_json(text) {
            self.text.push_quoted(text);
        } else {
            let mut escaped = String::new();
            write_json_string(&mut escaped, text);
            self.text.push_str(&escaped);
        }
    }
}
