//! Gathered cells as JSON text, each written once, into the buffer that is handed over.

use smallvec::SmallVec;
use twindex_model::number::write_number;
use twindex_model::value::write_json_string;

use super::gather::{Found, Gathered};
use super::layout::Layout;
use crate::lane::row_stamps::StampsOfRow;
use crate::lane::stamp_code::Decoded;

/// Prints the cells of one row.
pub(super) struct Printer<'a> {
    layout: &'a Layout,
    stamps: StampsOfRow<'a>,
    /// Where each of the row's shared stamps was printed first: the others are copies of it.
    printed: SmallVec<[(u32, u32); 32]>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(layout: &'a Layout, stamps: StampsOfRow<'a>) -> Self {
        Self { layout, stamps, printed: SmallVec::from_elem((0, 0), stamps.n_places()) }
    }

    /// Appends the entries of one object, whose own braces the caller writes.
    pub(super) fn write_entries<'c>(
        &mut self,
        cells: impl Iterator<Item = &'c Gathered<'c>>,
        depth: u32,
        out: &mut String,
    ) {
        let mut innermost = depth;
        let mut is_first = true;
        for cell in cells {
            let entry_depth = self.layout.entries[cell.entry as usize].depth;
            while innermost > entry_depth {
                out.push('}');
                innermost -= 1;
                is_first = false;
            }
            let key = self.layout.key(cell.entry);
            // A comma stands before the key.
            out.push_str(if is_first { &key[1..] } else { key });
            self.write(&cell.found, out);
            is_first = matches!(cell.found, Found::Object);
            innermost += u32::from(is_first);
        }
        for _ in depth..innermost {
            out.push('}');
        }
    }

    /// Appends a cell; of an object only the opening brace.
    #[inline]
    pub(super) fn write(&mut self, found: &Found<'_>, out: &mut String) {
        match *found {
            Found::Object => out.push('{'),
            Found::Null => out.push_str("null"),
            Found::False => out.push_str("false"),
            Found::True => out.push_str("true"),
            Found::Number(number) => write_number(out, number),
            Found::String(text) => write_json_string(out, text),
            Found::Array(text) => out.push_str(text),
            Found::Stamp(stamp) => write_decoded(Decoded::Stamp(stamp), out),
            Found::Shared(place) => self.write_shared(place, out),
        }
    }

    fn write_shared(&mut self, place: u8, out: &mut String) {
        let printed = self.printed.get_mut(usize::from(place));
        if let Some((from, to)) = printed.as_deref()
            && to > from
        {
            return out.extend_from_within(*from as usize..*to as usize);
        }
        let from = out.len();
        write_decoded(self.stamps.get(place), out);
        // Past 4 GiB of text stamps are printed anew.
        let span = (u32::try_from(from), u32::try_from(out.len()));
        if let (Some(printed), (Ok(from), Ok(to))) = (printed, span) {
            *printed = (from, to);
        }
    }
}

/// Appends a stamp, or an odd text, as a JSON string.
fn write_decoded(decoded: Decoded<'_>, out: &mut String) {
    match decoded {
        Decoded::Stamp(stamp) => {
            out.push('"');
            stamp.write(out);
            out.push('"');
        }
        Decoded::Odd(text) => write_json_string(out, text),
    }
}
