//! A record of the undo: a cell before a write, or an event of a row, in 16 bytes.

use twindex_model::cell::{Cell, Text};
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::lane::stamp::Stamp;

/// What a row went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It got a twin. Nothing is kept of its cells: they were undefined.
    Born,
    /// It lost its twin, whose cells follow as records.
    Died,
}

/// A cell before a write, or an event of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    /// Bits of a number, ticks of a stamp, the bytes of a short text, or the low half of a text's
    /// place and its length.
    pub(super) value: [u8; 8],
    pub(crate) path: PathId,
    pub(crate) row: u16,
    pub(super) form: Form,
    /// Digits of a stamp, the length of a short text, or the high bits of a text's place.
    pub(super) more: u8,
}

/// What the value of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Form {
    Undefined,
    Null,
    False,
    True,
    Number,
    String,
    ShortString,
    Stamp,
    Array,
    ShortArray,
    Object,
    Born,
    Died,
}

const _: () = assert!(size_of::<Record>() == 16);

impl Record {
    /// The event that it is, if it is none of a cell.
    pub(crate) fn fate(&self) -> Option<Fate> {
        match self.form {
            Form::Born => Some(Fate::Born),
            Form::Died => Some(Fate::Died),
            _ => None,
        }
    }

    /// The kind of the cell that it keeps.
    pub(crate) fn kind(&self) -> Kind {
        match self.form {
            Form::Undefined | Form::Born | Form::Died => Kind::Undefined,
            Form::Null => Kind::Null,
            Form::False => Kind::False,
            Form::True => Kind::True,
            Form::Number => Kind::Number,
            Form::String | Form::ShortString | Form::Stamp => Kind::String,
            Form::Array | Form::ShortArray => Kind::Array,
            Form::Object => Kind::Object,
        }
    }

    pub(super) fn cell<'a>(&'a self, texts: &'a str, first_text: u64) -> Cell<'a> {
        match self.form {
            Form::Null => Cell::Null,
            Form::False => Cell::Bool(false),
            Form::True => Cell::Bool(true),
            Form::Number => Cell::Number(f64::from_le_bytes(self.value)),
            Form::String => Cell::String(self.long_text(texts, first_text)),
            Form::ShortString => Cell::String(self.short_text()),
            Form::Array => Cell::Array(self.long_text(texts, first_text)),
            Form::ShortArray => Cell::Array(self.short_text()),
            Form::Stamp => {
                let ticks = i64::from_le_bytes(self.value);
                Cell::String(Stamp { ticks, digits: self.more }.text())
            }
            Form::Object => Cell::Object,
            Form::Undefined | Form::Born | Form::Died => Cell::Undefined,
        }
    }

    fn short_text(&self) -> Text<'_> {
        let bytes = self.value.get(..usize::from(self.more)).unwrap_or_default();
        // It was a whole text.
        Text::Borrowed(std::str::from_utf8(bytes).unwrap_or_default())
    }

    /// Where the text of a record that has it in the arena lies.
    pub(super) fn text_after(&self, first_text: u64) -> Option<usize> {
        matches!(self.form, Form::String | Form::Array).then(|| self.text_from(first_text))
    }

    fn text_from(&self, first_text: u64) -> usize {
        let value = u64::from_le_bytes(self.value);
        let place = u64::from(self.more) << 32 | value >> 32;
        // Places are kept modulo 2^40, and far less lies in the arena.
        (place.wrapping_sub(first_text) & 0xFF_FFFF_FFFF) as usize
    }

    fn long_text<'a>(&self, texts: &'a str, first_text: u64) -> Text<'a> {
        let from = self.text_from(first_text);
        let len = (u64::from_le_bytes(self.value) & u64::from(u32::MAX)) as usize;
        Text::Borrowed(texts.get(from..from + len).unwrap_or_default())
    }
}
