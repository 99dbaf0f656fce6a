//! Codes of one, two or four bytes, by slot: what dictionary strings and framed numbers are
//! stored as.

mod image;

use twindex_kernels::{Code, LaneVec, Words, histogram, prefetch};
use twindex_planted::{Fault, planted};

/// A column of codes, as narrow as its greatest code allowed so far.
#[derive(Clone, Debug)]
pub(crate) enum Codes {
    /// One byte a slot.
    U8(LaneVec<u8>),
    /// Two bytes a slot.
    U16(LaneVec<u16>),
    /// Four bytes a slot.
    U32(LaneVec<u32>),
}

/// Evaluates an expression for the column of whatever width.
macro_rules! each_width {
    ($codes:expr, $column:ident => $body:expr) => {
        match $codes {
            $crate::lane::codes::Codes::U8($column) => $body,
            $crate::lane::codes::Codes::U16($column) => $body,
            $crate::lane::codes::Codes::U32($column) => $body,
        }
    };
}
pub(crate) use each_width;

impl Codes {
    /// An empty column for codes up to `greatest`.
    pub(crate) fn up_to(greatest: u32) -> Self {
        if u8::try_from(greatest).is_ok() {
            Self::U8(LaneVec::new())
        } else if u16::try_from(greatest).is_ok() {
            Self::U16(LaneVec::new())
        } else {
            Self::U32(LaneVec::new())
        }
    }

    /// Greatest code of this width.
    pub(crate) fn greatest(&self) -> u32 {
        match self {
            Self::U8(_) => u32::from(u8::MAX),
            Self::U16(_) => u32::from(u16::MAX),
            Self::U32(_) => u32::MAX,
        }
    }

    /// Width in bytes.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::U8(_) => 1,
            Self::U16(_) => 2,
            Self::U32(_) => 4,
        }
    }

    /// The code at a slot; 0 past the end.
    #[inline]
    pub(crate) fn get(&self, slot: usize) -> u32 {
        each_width!(self, column => column.get(slot).map_or(0, |code| code.index() as u32))
    }

    /// Asks for the code at a slot.
    pub(crate) fn fetch(&self, slot: usize) {
        each_width!(self, column => prefetch(column, slot));
    }

    /// Writes a code; the column grows to the slot with zeros and widens to the code.
    #[inline]
    pub(crate) fn set(&mut self, slot: usize, code: u32) {
        let is_missed = code == 256 && planted(Fault::ByteCodeTooWide)
            || code == 65_536 && planted(Fault::ShortCodeTooWide);
        if code > self.greatest() && !is_missed {
            self.widen(code);
        }
        each_width!(self, column => {
            let code = Code::from_u32(code).unwrap_or_default();
            if slot < column.len() {
                column.as_mut_slice()[slot] = code;
            } else {
                column.resize(slot, 0);
                column.push(code);
            }
        });
    }

    fn widen(&mut self, code: u32) {
        let mut wider = Self::up_to(code);
        match (&mut wider, &*self) {
            (Self::U16(to), Self::U8(from)) => to.extend(from.iter().map(|c| u16::from(*c))),
            (Self::U32(to), Self::U8(from)) => to.extend(from.iter().map(|c| u32::from(*c))),
            (Self::U32(to), Self::U16(from)) => to.extend(from.iter().map(|c| u32::from(*c))),
            _ => return,
        }
        *self = wider;
    }

    /// Makes room at a slot for one that comes between; nothing to do past the end.
    pub(crate) fn insert(&mut self, slot: usize) {
        each_width!(self, column => insert(column, slot));
    }

    /// Takes a slot out; nothing to do past the end.
    pub(crate) fn remove(&mut self, slot: usize) {
        each_width!(self, column => remove(column, slot));
    }

    /// The same codes by row, where slot `i` is row `rows[i]`.
    pub(crate) fn scatter(&self, rows: &[u16]) -> Self {
        match self {
            Self::U8(column) => Self::U8(scatter(column, rows)),
            Self::U16(column) => Self::U16(scatter(column, rows)),
            Self::U32(column) => Self::U32(scatter(column, rows)),
        }
    }

    /// Greatest code stored, also in slots that hold no value.
    pub(crate) fn greatest_stored(&self) -> u32 {
        each_width!(self, column => column.iter().max().map_or(0, |code| code.index() as u32))
    }

    /// Adds 1 to `counts[code]` for each slot of `mask`.
    pub(crate) fn histogram(&self, mask: &Words, counts: &mut [u32]) {
        each_width!(self, column => histogram(mask, column, counts));
    }

    /// The codes that `codes` has in place of these; of the slots past those that hold values any.
    pub(crate) fn renumbered(&self, codes: &[u32], greatest: u32) -> Self {
        let mut renumbered = Self::up_to(greatest);
        each_width!(&mut renumbered, column => column.reserve(self.len()));
        for slot in 0..self.len() {
            let code = codes.get(self.get(slot) as usize);
            renumbered.set(slot, code.copied().unwrap_or_default());
        }
        renumbered
    }

    /// Drops the slots at and past an end.
    pub(crate) fn truncate(&mut self, end: usize) {
        each_width!(self, column => column.truncate(end));
    }

    /// Number of slots.
    pub(crate) fn len(&self) -> usize {
        each_width!(self, column => column.len())
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self) {
        each_width!(self, column => column.shrink_to_fit());
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        each_width!(self, column => column.memory_bytes())
    }

    /// Those of them in which no code lies.
    pub(crate) fn slack_bytes(&self) -> usize {
        each_width!(self, column => column.slack_bytes())
    }
}

/// Makes room at a slot; nothing to do past the end.
pub(crate) fn insert<T: twindex_kernels::memory::Plain>(column: &mut LaneVec<T>, slot: usize) {
    let len = column.len();
    if slot < len {
        column.push(T::default());
        let values = column.as_mut_slice();
        values.copy_within(slot..len, slot + 1);
        values[slot] = T::default();
    }
}

/// Takes a slot out; nothing to do past the end.
pub(crate) fn remove<T: twindex_kernels::memory::Plain>(column: &mut LaneVec<T>, slot: usize) {
    let len = column.len();
    if slot < len {
        column.as_mut_slice().copy_within(slot + 1..len, slot);
        column.truncate(len - 1);
    }
}

/// The values by row, where slot `i` is row `rows[i]`.
pub(crate) fn scatter<T: twindex_kernels::memory::Plain>(
    column: &LaneVec<T>,
    rows: &[u16],
) -> LaneVec<T> {
    let mut scattered = LaneVec::new();
    for (value, row) in column.iter().zip(rows) {
        scattered.resize(usize::from(*row), T::default());
        scattered.push(*value);
    }
    scattered
}

#[cfg(test)]
mod tests {
    use super::Codes;

    #[test]
    fn columns_widen_in_place_and_keep_their_codes() {
        let mut codes = Codes::up_to(0);
        codes.set(0, 255);
        codes.set(2, 7);
        assert_eq!(codes.width(), 1);
        codes.set(1, 256);
        assert_eq!(codes.width(), 2);
        codes.set(3, 70_000);
        assert_eq!(
            (0..5).map(|slot| codes.get(slot)).collect::<Vec<_>>(),
            [255, 256, 7, 70_000, 0]
        );
        codes.insert(1);
        codes.remove(0);
        codes.remove(9);
        assert_eq!((0..4).map(|slot| codes.get(slot)).collect::<Vec<_>>(), [0, 256, 7, 70_000]);
        let by_row = codes.scatter(&[0, 3, 4, 6]);
        assert_eq!(
            (0..7).map(|row| by_row.get(row)).collect::<Vec<_>>(),
            [0, 0, 0, 256, 7, 0, 70_000]
        );
    }
}
