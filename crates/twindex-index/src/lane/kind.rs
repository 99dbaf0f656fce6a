//! Which rows of a segment have a path, of which kind, and at which slot their values lie.
//!
//! - *Sparse*, while rows are few: sorted rows with a kind each; the slot is the rank.
//! - *Packed*, if a minority of the rows has the path: bit planes; the slot is the rank.
//! - *Dense*: bit planes; the slot is the row, and values of rows without the path are unused.

mod image;
mod write;

use twindex_kernels::codes::and_in_set_u8;
use twindex_kernels::mask::{self, Mask, Words};
use twindex_model::kind::{Kind, KindSet};

use crate::lane::asked::Asked;
use crate::lane::plane::Planes;
pub(crate) use write::{Reform, Slots};

/// Kinds by row, with a count of each. The form comes first: see [`Lane`](crate::lane::Lane).
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Kinds {
    form: Form,
    /// Rows by kind; that of undefined stays 0.
    counts: [u32; 8],
    /// Rows that came or went between others since the lane was packed.
    n_shifts: u32,
}

#[derive(Clone, Debug)]
enum Form {
    /// Ascending rows, and the kind of each.
    Sparse { rows: Vec<u16>, kinds: Vec<u8> },
    /// Packed or dense.
    Planes(Box<Planes>),
}

impl Default for Kinds {
    fn default() -> Self {
        let form = Form::Sparse { rows: Vec::new(), kinds: Vec::new() };
        Self { counts: [0; 8], n_shifts: 0, form }
    }
}

impl Kinds {
    /// The kind of a row.
    #[inline]
    pub(crate) fn kind(&self, row: u16) -> Kind {
        self.find(row).map_or(Kind::Undefined, |(_, kind)| kind)
    }

    /// Slot and kind of a row that has the path.
    #[inline]
    pub(crate) fn find(&self, row: u16) -> Option<(usize, Kind)> {
        match &self.form {
            Form::Sparse { rows, kinds } => {
                let slot = rows.binary_search(&row).ok()?;
                Some((slot, Kind::ALL[usize::from(kinds[slot])]))
            }
            Form::Planes(planes) => planes.find(usize::from(row)),
        }
    }

    /// The same for one row in many lanes.
    #[inline]
    pub(crate) fn find_near(&self, row: u16, near: &mut Near) -> Option<(usize, Kind)> {
        match &self.form {
            Form::Sparse { rows, kinds } => {
                let slot = near.find(rows, row)?;
                Some((slot, Kind::ALL[usize::from(kinds[slot])]))
            }
            Form::Planes(planes) => planes.find(usize::from(row)),
        }
    }

    /// Asks for what says the slot and kind of a row; nothing in a sparse lane.
    pub(crate) fn fetch(&self, row: u16) {
        if let Form::Planes(planes) = &self.form {
            planes.fetch(row.into());
        }
    }

    /// Hands over the number, slot and kind of those of the rows asked for that have the path.
    #[inline(always)]
    pub(crate) fn for_each_of(&self, asked: &Asked, mut take: impl FnMut(usize, usize, Kind)) {
        match &self.form {
            Form::Planes(planes) => match planes.only() {
                Some(kind) => planes.for_each_of(asked, |i, _, slot| take(i, slot, kind)),
                None => planes.for_each_of(asked, |i, row, slot| take(i, slot, planes.kind(row))),
            },
            Form::Sparse { rows, kinds } => {
                // Mostly none of the lane's rows is between the first and the last asked.
                let mut at = asked.first_in(rows);
                if asked.is_close() {
                    let kind = |at: usize| Kind::ALL[usize::from(kinds[at])];
                    let list = &rows[at..];
                    return asked
                        .for_each_in(list, |i, place| take(i, at + place, kind(at + place)));
                }
                for (row, i) in asked.rows() {
                    at = first_not_below(rows, at, *row);
                    match rows.get(at) {
                        Some(found) if found == row => {
                            take(usize::from(*i), at, Kind::ALL[usize::from(kinds[at])]);
                        }
                        Some(_) => (),
                        None => return,
                    }
                }
            }
        }
    }

    /// Whether both have the same of the rows asked for; false also where it would take long to say.
    #[inline]
    pub(crate) fn has_those_of(&self, other: &Self, asked: &Asked) -> bool {
        match (&self.form, &other.form) {
            (Form::Planes(a), Form::Planes(b)) => a.has_those_of(b, asked),
            (Form::Sparse { rows: a, .. }, Form::Sparse { rows: b, .. }) => {
                let [(row, _)] = asked.rows() else { return false };
                let has = |rows: &[u16]| rows.get(asked.first_in(rows)) == Some(row);
                has(a) == has(b)
            }
            _ => false,
        }
    }

    /// Whether some of the rows asked for, or others between them, have the path.
    #[inline]
    pub(crate) fn may_have(&self, asked: &Asked) -> bool {
        match &self.form {
            Form::Planes(planes) => planes.has_any_of(asked),
            Form::Sparse { rows, .. } => asked.ends().is_some_and(|(_, last)| {
                rows.get(asked.first_in(rows)).is_some_and(|row| *row <= last)
            }),
        }
    }

    /// The kind that all rows of the lane have.
    #[inline]
    pub(crate) fn only(&self) -> Option<Kind> {
        match &self.form {
            Form::Planes(planes) => planes.only(),
            Form::Sparse { rows, kinds } => {
                let kind = *kinds.first()?;
                let is_only = self.counts[usize::from(kind)] as usize == rows.len();
                is_only.then_some(Kind::ALL[usize::from(kind)])
            }
        }
    }

    /// Slots below which all values lie.
    pub(crate) fn n_slots(&self) -> usize {
        match &self.form {
            Form::Sparse { rows, .. } => rows.len(),
            Form::Planes(planes) => planes.n_slots(),
        }
    }

    /// Whether the slot of a row is the row.
    pub(crate) fn is_dense(&self) -> bool {
        match &self.form {
            Form::Sparse { .. } => false,
            Form::Planes(planes) => !planes.is_packed(),
        }
    }

    /// The rows of a kind that occurs in a lane that is not sparse, unless they are all that have the
    /// path.
    pub(crate) fn plane_of(&self, kind: Kind) -> Option<&Words> {
        match &self.form {
            Form::Sparse { .. } => None,
            Form::Planes(planes) => planes.plane_of(kind),
        }
    }

    /// The rows that have the path, if they are not the first ones; none of a sparse lane.
    pub(crate) fn present_words(&self) -> Option<&Words> {
        match &self.form {
            Form::Sparse { .. } => None,
            Form::Planes(planes) => planes.present_rows(),
        }
    }

    /// Whether both are packed and their slots are those of the same rows.
    pub(crate) fn has_slots_of(&self, other: &Self) -> bool {
        match (&self.form, &other.form) {
            (Form::Planes(a), Form::Planes(b)) => a.has_slots_of(b),
            _ => false,
        }
    }

    /// Whether the lane is a list of rows.
    pub(crate) fn is_sparse(&self) -> bool {
        matches!(self.form, Form::Sparse { .. })
    }

    /// The rows that have the path, ascending.
    pub(crate) fn rows(&self) -> Box<dyn Iterator<Item = u16> + '_> {
        match &self.form {
            Form::Sparse { rows, .. } => Box::new(rows.iter().copied()),
            Form::Planes(planes) => planes.rows(),
        }
    }

    /// Rows between which all lie that have the path; `None` if none has.
    pub(crate) fn ends(&self) -> Option<(u16, u16)> {
        match &self.form {
            Form::Sparse { rows, .. } => Some((*rows.first()?, *rows.last()?)),
            Form::Planes(planes) => Some((0, u16::try_from(planes.end().checked_sub(1)?).ok()?)),
        }
    }

    /// Rows by kind, undefined ones apart.
    pub(crate) fn counts(&self) -> &[u32; 8] {
        &self.counts
    }

    /// Number of rows of a kind, which must not be undefined.
    pub(crate) fn count(&self, kind: Kind) -> u32 {
        self.counts[kind as usize]
    }

    /// Number of rows that have the path.
    pub(crate) fn n_defined(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// Kinds that occur, undefined apart.
    pub(crate) fn present(&self) -> KindSet {
        let met = Kind::ALL.into_iter().filter(|kind| self.counts[*kind as usize] > 0);
        met.fold(KindSet::NONE, KindSet::with)
    }

    /// Keeps in `mask`, one bit a row, those whose kind is in `kinds`.
    pub(crate) fn narrow(&self, kinds: KindSet, mask: &mut Words) {
        match &self.form {
            Form::Planes(planes) => planes.narrow(kinds, mask),
            Form::Sparse { rows, kinds: by_slot } => {
                let is_in = |slot: usize| kinds.0 >> by_slot[slot] & 1 == 1;
                let keeps_others = kinds.contains(Kind::Undefined);
                let mut kept = Vec::new();
                for (slot, row) in rows.iter().enumerate() {
                    match (is_in(slot), keeps_others) {
                        (false, true) => mask::clear_row(mask, *row),
                        (true, false) if mask::get(mask, *row) => kept.push(*row),
                        _ => (),
                    }
                }
                if !keeps_others {
                    mask.fill(0);
                    kept.iter().for_each(|row| mask::set(mask, *row));
                }
            }
        }
    }

    /// The slots that hold a value of `kind`, not undefined, in the rows of `rows` or in any.
    pub(crate) fn slots_of_kind(&self, kind: Kind, rows: Option<&Words>) -> Mask {
        match &self.form {
            Form::Sparse { rows: by_slot, kinds } => {
                let mut slots = Mask::first(by_slot.len());
                if let Some(rows) = rows {
                    let others = by_slot.iter().enumerate().filter(|(_, r)| !mask::get(rows, **r));
                    others.for_each(|(slot, _)| slots.clear_row(slot as u16));
                }
                and_in_set_u8(slots.words_mut(), kinds, &[1 << kind as u8, 0, 0, 0]);
                slots
            }
            Form::Planes(planes) => {
                let mut of_kind = Mask::full();
                if let Some(rows) = rows {
                    of_kind.words_mut().copy_from_slice(rows);
                }
                planes.narrow(KindSet::of(&[kind]), of_kind.words_mut());
                if planes.is_packed() { planes.to_slots(of_kind.words()) } else { of_kind }
            }
        }
    }

    /// Row and slot of each value of `kind`, not undefined, in row order.
    pub(crate) fn places_of_kind(&self, kind: Kind) -> Vec<(u16, usize)> {
        let slots = self.slots_of_kind(kind, None);
        let rows = self.rows_of_slots(&slots);
        rows.iter().zip(slots.iter().map(usize::from)).collect()
    }

    /// The rows of slots.
    pub(crate) fn rows_of_slots(&self, slots: &Mask) -> Mask {
        match &self.form {
            Form::Sparse { rows, .. } => {
                let mut kept = Mask::empty();
                slots.iter().for_each(|slot| kept.set(rows[usize::from(slot)]));
                kept
            }
            Form::Planes(planes) => planes.to_rows(slots.words()),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        match &self.form {
            Form::Sparse { rows, kinds } => rows.capacity() * 2 + kinds.capacity(),
            Form::Planes(planes) => planes.bytes(),
        }
    }
}

/// Where a row was looked for in sparse lanes: those of as many rows mostly have the same ones, as
/// what a module reports, and the metadata of it.
#[derive(Debug)]
pub(crate) struct Near {
    /// By the lowest bits of the number of rows.
    slots: [u16; NEAR],
}

/// Slots that are remembered: more than a twin has groups of lanes, lest one forgets the other.
const NEAR: usize = 256;

impl Default for Near {
    fn default() -> Self {
        Self { slots: [0; NEAR] }
    }
}

impl Near {
    /// Place of `row`, which was asked for before, among ascending rows.
    #[inline]
    fn find(&mut self, rows: &[u16], row: u16) -> Option<usize> {
        let at = usize::from(self.slots[rows.len() % NEAR]);
        let found = rows.get(at);
        if found == Some(&row) {
            return Some(at);
        }
        let is_behind = |before: usize| rows.get(before).is_some_and(|before| *before < row);
        let is_between =
            found.is_none_or(|found| *found > row) && at.checked_sub(1).is_none_or(is_behind);
        if is_between { None } else { self.search(rows, row) }
    }

    /// The same where it was not looked for in such a list before.
    #[inline(never)]
    fn search(&mut self, rows: &[u16], row: u16) -> Option<usize> {
        let at = rows.partition_point(|found| *found < row);
        // Rows are 65,536 at most, of which a sparse lane has a part.
        self.slots[rows.len() % NEAR] = at as u16;
        (rows.get(at) == Some(&row)).then_some(at)
    }
}

/// Place of the first row from `at` on that is not below `row`, which is near.
#[inline]
fn first_not_below(rows: &[u16], mut at: usize, row: u16) -> usize {
    let mut step = 1;
    while let Some(found) = rows.get(at)
        && *found < row
    {
        // Ever longer steps, each of which ends where it would pass the row.
        match rows.get(at + step) {
            Some(next) if *next < row => {
                at += step;
                step *= 2;
            }
            _ if step > 1 => step = 1,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::Kinds;
    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, proptest};
    use twindex_kernels::mask::Mask;
    use twindex_model::kind::{Kind, KindSet};

    fn change() -> impl Strategy<Value = (u16, Kind)> {
        let row = proptest::prop_oneof![0u16..12, Just(64), 100u16..300, Just(65_535)];
        (row, (0usize..8).prop_map(|kind| Kind::ALL[kind]))
    }

    proptest! {
        /// Every form says what a plain array of kinds says, and narrows to it; slots of the rows
        /// ascend, and rows and slots translate into each other.
        #[test]
        fn kinds_are_those_last_set(
            changes in prop::collection::vec(change(), 0..80), sparse_rows_max in 0usize..90, set in any::<u8>(),
        ) {
            let mut kinds = Kinds::default();
            let mut model = vec![Kind::Undefined; 65_536];
            for (row, kind) in changes {
                if kind == Kind::Undefined {
                    kinds.clear(row);
                } else {
                    kinds.make_room(row, sparse_rows_max);
                    let placed = kinds.set(row, kind);
                    prop_assert_eq!(placed.old, model[usize::from(row)]);
                    prop_assert_eq!(Some((placed.slot, kind)), kinds.find(row));
                }
                model[usize::from(row)] = kind;
                prop_assert_eq!(kinds.kind(row), kind);
            }
            let set = KindSet(set);
            let mut kept = Mask::full();
            kinds.narrow(set, kept.words_mut());
            let mut defined = Vec::new();
            for row in 0..=u16::MAX {
                let kind = model[usize::from(row)];
                prop_assert_eq!(kinds.kind(row), kind);
                prop_assert_eq!(kept.get(row), set.contains(kind));
                if kind != Kind::Undefined {
                    defined.push(row);
                }
            }
            prop_assert_eq!(kinds.rows().collect::<Vec<_>>(), defined.clone());
            for (rank, row) in defined.iter().enumerate() {
                let slot = kinds.find(*row).map(|(slot, _)| slot);
                let expected = if kinds.is_dense() { usize::from(*row) } else { rank };
                prop_assert_eq!(slot, Some(expected));
            }
            for kind in &Kind::ALL[1..] {
                let rows: Vec<_> = defined.iter().copied().filter(|r| model[usize::from(*r)] == *kind).collect();
                prop_assert_eq!(kinds.count(*kind) as usize, rows.len());
                let slots = kinds.slots_of_kind(*kind, None);
                prop_assert_eq!(kinds.rows_of_slots(&slots).iter().collect::<Vec<_>>(), rows.clone());
                let some = kinds.slots_of_kind(*kind, Some(kept.words()));
                let expected = rows.into_iter().filter(|row| kept.get(*row)).collect::<Vec<_>>();
                prop_assert_eq!(kinds.rows_of_slots(&some).iter().collect::<Vec<_>>(), expected);
            }
        }
    }
}
