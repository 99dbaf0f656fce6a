//! Cells of many rows at the end of a lane, all of one kind: what filling a segment does nearly
//! always.
//!
//! Values are written first and kinds after, all at once, since what encodes values anew looks at
//! all rows that have the kind. So whatever would need that, or another form of the lane, is left
//! to [`Lane::write`]: the first value of a kind, a number outside of the frame, too many texts.

use twindex_model::json::read::{Leaf, Leaves, Piece};
use twindex_model::kind::Kind;

use crate::lane::cells::{Lane, WriteScope};
use crate::lane::kind::Slots;
use crate::lane::string::{TextLane, set_place};
use crate::texts::TextKind;

/// A value that is appended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    /// The document it is of.
    pub(crate) leaves: &'a Leaves,
    /// `None` for an object.
    pub(crate) leaf: Option<Leaf>,
    /// Place of the stamp among those of the row, where that is known.
    pub(crate) stamp: Option<u8>,
}

impl<'a> Value<'a> {
    /// Its kind.
    #[inline]
    pub(crate) fn kind(&self) -> Kind {
        match self.leaf {
            None => Kind::Object,
            Some(Leaf::Null) => Kind::Null,
            Some(Leaf::Bool(false)) => Kind::False,
            Some(Leaf::Bool(true)) => Kind::True,
            Some(Leaf::Number(_)) => Kind::Number,
            Some(Leaf::String(_)) => Kind::String,
            Some(Leaf::Array(_)) => Kind::Array,
        }
    }

    #[inline]
    fn text(&self) -> &'a str {
        let piece = match self.leaf {
            Some(Leaf::String(piece) | Leaf::Array(piece)) => piece,
            _ => Piece { at: 0, len: 0 },
        };
        self.leaves.str(piece)
    }
}

/// The rows of some values and the slots that they take.
#[derive(Clone, Copy, Debug)]
struct Places<'a> {
    rows: &'a [u16],
    slots: Slots,
}

impl Places<'_> {
    #[inline]
    fn slot(&self, at: usize) -> usize {
        match self.slots {
            Slots::Ranks(first) => first + at,
            Slots::Rows => usize::from(self.rows[at]),
        }
    }
}

impl Lane {
    /// Writes values of one kind at rows that have none, ascending and past all that the lane has;
    /// so many rows of the path hold a value of that kind. Gives how many were written: the next
    /// one is for [`Lane::write`].
    pub(crate) fn append<'a>(
        &mut self,
        rows: &[u16],
        value: impl Fn(usize) -> Value<'a>,
        n_rows: u64,
        scope: &mut WriteScope<'_>,
    ) -> usize {
        let kind = value(0).kind();
        let Some(slots) = self.kinds.slots_past(rows, kind, scope.options.sparse_rows_max) else {
            return 0;
        };
        let places = Places { rows, slots };
        let n_written = match kind {
            Kind::Number => self.append_numbers(places, value, scope),
            Kind::String => self.append_texts(TextKind::Strings, (places, value), n_rows, scope),
            Kind::Array => self.append_texts(TextKind::Arrays, (places, value), n_rows, scope),
            _ => rows.len(),
        };
        self.kinds.append_all(&rows[..n_written], kind);
        self.mark += n_written as u64;
        n_written
    }

    fn append_numbers<'a>(
        &mut self,
        places: Places<'_>,
        value: impl Fn(usize) -> Value<'a>,
        scope: &WriteScope<'_>,
    ) -> usize {
        let Some(part) = self.numbers.as_deref_mut() else { return 0 };
        let odd_max = scope.options.exceptions_max;
        let fits = |at: &usize| match value(*at).leaf {
            // Adding nothing makes a plain zero of a negative one.
            Some(Leaf::Number(number)) => {
                part.accept((places.rows[*at], places.slot(*at)), number + 0.0, odd_max)
            }
            _ => false,
        };
        (0..places.rows.len()).take_while(fits).count()
    }

    fn append_texts<'a>(
        &mut self,
        kind: TextKind,
        (places, value): (Places<'_>, impl Fn(usize) -> Value<'a>),
        n_rows: u64,
        scope: &mut WriteScope<'_>,
    ) -> usize {
        let mut of = self.place(kind, n_rows);
        let part = match kind {
            TextKind::Strings => self.strings.as_deref_mut(),
            TextKind::Arrays => self.arrays.as_deref_mut(),
        };
        let Some(part) = part else { return 0 };
        for at in 0..places.rows.len() {
            of.n_rows = n_rows + at as u64;
            let (slot, value) = (places.slot(at), value(at));
            let is_written = match part {
                TextLane::Codes(lane) => {
                    let code = scope.texts.code(&of, scope.options, value.text());
                    code.inspect(|code| lane.append(slot, *code)).is_some()
                }
                TextLane::Shared(stamps) => {
                    let odd_max = scope.options.exceptions_max;
                    let new = || scope.stamps.place(places.rows[at], value.text(), odd_max);
                    let place = value.stamp.or_else(new);
                    place.inspect(|place| set_place(stamps, slot, *place)).is_some()
                }
                TextLane::Times(times) => times.accept(slot, value.text()),
                TextLane::Raw(raw) => {
                    raw.set(slot, value.text().as_bytes());
                    scope.texts.note_raw(&of, scope.options);
                    true
                }
            };
            if !is_written {
                return at;
            }
        }
        places.rows.len()
    }
}
