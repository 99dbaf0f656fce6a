//! Writing kinds: rows come, go and change their kind, and the form follows.

use twindex_model::kind::Kind;

use super::{Form, Kinds};
use crate::lane::plane::{Planes, SharedRows};

/// Rows that came or went between others after which a packed lane is made dense: each moves all the
/// values behind it.
const SHIFTS_MAX: u32 = 1_024;

/// What [`Kinds::set`] did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    /// Slot of the row.
    pub(crate) slot: usize,
    /// Its kind before.
    pub(crate) old: Kind,
    /// Whether the slot came between others, so that the parts must make room.
    pub(crate) is_new_slot: bool,
}

/// The slots of rows that are appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slots {
    /// One after the other, from this one on.
    Ranks(usize),
    /// The rows.
    Rows,
}

/// How the slots of the parts change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reform {
    /// Not at all.
    None,
    /// From ranks to rows: slot `i` becomes slot `rows[i]`.
    Scatter(Vec<u16>),
}

impl Kinds {
    /// Gives a row a kind, which must not be undefined.
    pub(crate) fn set(&mut self, row: u16, new: Kind) -> Placed {
        match &mut self.form {
            Form::Sparse { rows, kinds } => {
                let found = match rows.last() {
                    Some(last) if *last < row => Err(rows.len()),
                    _ => rows.binary_search(&row),
                };
                match found {
                    Ok(slot) => {
                        let old = Kind::ALL[usize::from(kinds[slot])];
                        kinds[slot] = new as u8;
                        recount(&mut self.counts, old, new);
                        Placed { slot, old, is_new_slot: false }
                    }
                    Err(slot) => {
                        rows.insert(slot, row);
                        kinds.insert(slot, new as u8);
                        recount(&mut self.counts, Kind::Undefined, new);
                        Placed { slot, old: Kind::Undefined, is_new_slot: true }
                    }
                }
            }
            Form::Planes(planes) => {
                let slot = planes.slot(usize::from(row));
                let old = planes.kind(usize::from(row));
                let is_new_slot = old == Kind::Undefined && planes.is_packed();
                self.n_shifts += u32::from(is_new_slot && slot < planes.n_present());
                if old != new {
                    recount(&mut self.counts, old, new);
                    planes.set(usize::from(row), (old, new), &self.counts);
                }
                Placed { slot, old, is_new_slot }
            }
        }
    }

    /// Gives a kind, not undefined, to a row past all that have the path, where that is all there is
    /// to do: neither the form nor any other slot changes. Gives the slot, which is past all others.
    #[inline]
    pub(crate) fn append(&mut self, row: u16, kind: Kind, sparse_rows_max: usize) -> Option<usize> {
        let slot = match &mut self.form {
            Form::Sparse { rows, kinds } => {
                if rows.len() >= sparse_rows_max || rows.last().is_some_and(|last| *last >= row) {
                    return None;
                }
                rows.push(row);
                kinds.push(kind as u8);
                rows.len() - 1
            }
            Form::Planes(planes) => {
                let is_majority = || planes.n_present() * 4 > (usize::from(row) + 1) * 3;
                if planes.is_packed() && (self.n_shifts > SHIFTS_MAX || is_majority()) {
                    return None;
                }
                planes.append(usize::from(row), kind)?
            }
        };
        self.counts[kind as usize] += 1;
        Some(slot)
    }

    /// The slots that ascending rows take if they are given a kind, not undefined, all at once;
    /// `None` unless [`Kinds::append_all`] is all there is to do.
    pub(crate) fn slots_past(
        &self,
        rows: &[u16],
        kind: Kind,
        sparse_rows_max: usize,
    ) -> Option<Slots> {
        let (first, last) = (*rows.first()?, usize::from(*rows.last()?));
        match &self.form {
            Form::Sparse { rows: known, .. } => {
                let fits = known.len() + rows.len() <= sparse_rows_max;
                let is_past = known.last().is_none_or(|known| *known < first);
                (fits && is_past).then_some(Slots::Ranks(known.len()))
            }
            Form::Planes(planes) => {
                let n_after = planes.n_present() + rows.len();
                let is_majority = n_after * 4 > (last + 1) * 3;
                if planes.is_packed() && (self.n_shifts > SHIFTS_MAX || is_majority) {
                    return None;
                }
                let rank = planes.n_present();
                let slots = if planes.is_packed() { Slots::Ranks(rank) } else { Slots::Rows };
                planes.can_append(rows, kind).then_some(slots)
            }
        }
    }

    /// Gives a kind to rows, or some of the first of them, of which [`Kinds::slots_past`] knew the
    /// slots.
    pub(crate) fn append_all(&mut self, rows: &[u16], kind: Kind) {
        match &mut self.form {
            Form::Sparse { rows: known, kinds } => {
                known.extend_from_slice(rows);
                kinds.resize(known.len(), kind as u8);
            }
            Form::Planes(planes) => planes.append_all(rows, kind),
        }
        self.counts[kind as usize] += rows.len() as u32;
    }

    /// Makes a row undefined. Unless the lane is dense its slot is gone, so the parts must take it
    /// out.
    pub(crate) fn clear(&mut self, row: u16) {
        match &mut self.form {
            Form::Sparse { rows, kinds } => {
                if let Ok(slot) = rows.binary_search(&row) {
                    rows.remove(slot);
                    let old = Kind::ALL[usize::from(kinds.remove(slot))];
                    recount(&mut self.counts, old, Kind::Undefined);
                }
            }
            Form::Planes(planes) => {
                let old = planes.kind(usize::from(row));
                if old != Kind::Undefined {
                    let is_between = planes.slot(usize::from(row)) + 1 < planes.n_present();
                    self.n_shifts += u32::from(planes.is_packed() && is_between);
                    recount(&mut self.counts, old, Kind::Undefined);
                    planes.set(usize::from(row), (old, Kind::Undefined), &self.counts);
                }
            }
        }
    }

    /// Takes the form that suits rows less; says how slots change by it.
    pub(crate) fn close_room(&mut self) -> Reform {
        match &mut self.form {
            Form::Planes(planes) if planes.is_packed() => {
                let is_majority = planes.n_present() * 4 > planes.end() * 3;
                if self.n_shifts <= SHIFTS_MAX && !is_majority {
                    return Reform::None;
                }
                Reform::Scatter(planes.unpack())
            }
            _ => Reform::None,
        }
    }

    /// Makes a sparse lane packed, of whatever number of rows.
    pub(crate) fn pack(&mut self) {
        if let Form::Sparse { rows, kinds } = &self.form {
            let mut planes = Planes::scattered(rows, kinds, &self.counts);
            planes.pack();
            self.n_shifts = 0;
            self.form = Form::Planes(Box::new(planes));
        }
    }

    /// Takes the form that suits one more row at `row`; says how slots change by it.
    pub(crate) fn make_room(&mut self, row: u16, sparse_rows_max: usize) -> Reform {
        match &mut self.form {
            Form::Sparse { rows, kinds } => {
                if rows.len() < sparse_rows_max || rows.binary_search(&row).is_ok() {
                    return Reform::None;
                }
                let last = rows.last().map_or(row, |last| row.max(*last));
                let is_minority = (rows.len() + 1) * 2 < usize::from(last) + 1;
                let mut planes = Planes::scattered(rows, kinds, &self.counts);
                let rows = std::mem::take(rows);
                if is_minority {
                    planes.pack();
                }
                self.n_shifts = 0;
                self.form = Form::Planes(Box::new(planes));
                if is_minority { Reform::None } else { Reform::Scatter(rows) }
            }
            Form::Planes(planes) => {
                // From three quarters on, ranks save too little.
                let end = planes.end().max(usize::from(row) + 1);
                let is_majority = planes.n_present() * 4 > end * 3;
                if planes.is_packed() && (self.n_shifts > SHIFTS_MAX || is_majority) {
                    return Reform::Scatter(planes.unpack());
                }
                Reform::None
            }
        }
    }

    /// Shares the rows that have the path with lanes of the same ones.
    pub(crate) fn share(&mut self, shared: &mut SharedRows) {
        if let Form::Planes(planes) = &mut self.form {
            planes.share(shared);
        }
    }

    /// Forgets the slots of a dense lane past its last row; gives the number of slots.
    pub(crate) fn cut_end(&mut self) -> Option<usize> {
        match &mut self.form {
            Form::Planes(planes) => {
                let end = planes.cut_end();
                (!planes.is_packed()).then_some(end)
            }
            Form::Sparse { .. } => None,
        }
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self) {
        if let Form::Sparse { rows, kinds } = &mut self.form
            && rows.capacity() > rows.len() * 2 + 4
        {
            rows.shrink_to_fit();
            kinds.shrink_to_fit();
        }
    }
}

fn recount(counts: &mut [u32; 8], old: Kind, new: Kind) {
    if old != Kind::Undefined {
        counts[old as usize] -= 1;
    }
    if new != Kind::Undefined {
        counts[new as usize] += 1;
    }
}
