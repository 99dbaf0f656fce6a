//! Which rows of a segment have a path, and of which kind: sorted rows with a kind each while they
//! are few, bit planes beyond.

use twindex_kernels::codes::and_in_set_u8;
use twindex_kernels::mask::Words;
use twindex_model::kind::{Kind, KindSet};

use crate::lane::plane::Planes;

/// Kinds by row, with a count of each.
#[derive(Clone, Debug)]
pub(crate) struct Kinds {
    /// Rows by kind; that of undefined stays 0.
    counts: [u32; 8],
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// Ascending rows, and the kind of each.
    Sparse {
        rows: Vec<u16>,
        kinds: Vec<u8>,
    },
    Dense(Box<Planes>),
}

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

impl Default for Kinds {
    fn default() -> Self {
        Self { counts: [0; 8], form: Form::Sparse { rows: Vec::new(), kinds: Vec::new() } }
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
            Form::Dense(planes) => {
                let kind = planes.kind(usize::from(row));
                (kind != Kind::Undefined).then_some((usize::from(row), kind))
            }
        }
    }

    /// Whether a slot is of `kind`, which must not be undefined.
    #[inline]
    pub(crate) fn holds(&self, slot: usize, kind: Kind) -> bool {
        match &self.form {
            Form::Sparse { kinds, .. } => kinds.get(slot) == Some(&(kind as u8)),
            Form::Dense(planes) => planes.holds(slot, kind),
        }
    }

    /// Slots below which all values lie.
    pub(crate) fn n_slots(&self) -> usize {
        match &self.form {
            Form::Sparse { rows, .. } => rows.len(),
            Form::Dense(planes) => planes.len(),
        }
    }

    /// The slots of one kind, ascending.
    pub(crate) fn slots_of(&self, kind: Kind) -> impl Iterator<Item = usize> {
        (0..self.n_slots()).filter(move |slot| self.holds(*slot, kind))
    }

    /// The rows by slot in a sparse lane; `None` in a dense one, where slots are rows.
    pub(crate) fn rows(&self) -> Option<&[u16]> {
        match &self.form {
            Form::Sparse { rows, .. } => Some(rows),
            Form::Dense(_) => None,
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
            Form::Dense(planes) => {
                let slot = usize::from(row);
                let old = planes.kind(slot);
                if old != new {
                    recount(&mut self.counts, old, new);
                    planes.set(slot, (old, new), &self.counts);
                }
                Placed { slot, old, is_new_slot: false }
            }
        }
    }

    /// Makes a row undefined. In a sparse lane its slot is gone, so the parts must take it out.
    pub(crate) fn clear(&mut self, row: u16) {
        match &mut self.form {
            Form::Sparse { rows, kinds } => {
                if let Ok(slot) = rows.binary_search(&row) {
                    rows.remove(slot);
                    let old = Kind::ALL[usize::from(kinds.remove(slot))];
                    recount(&mut self.counts, old, Kind::Undefined);
                }
            }
            Form::Dense(planes) => {
                let old = planes.kind(usize::from(row));
                if old != Kind::Undefined {
                    recount(&mut self.counts, old, Kind::Undefined);
                    planes.set(usize::from(row), (old, Kind::Undefined), &self.counts);
                }
            }
        }
    }

    /// Whether giving `row` a value must make the lane dense first.
    pub(crate) fn is_full(&self, row: u16, sparse_rows_max: usize) -> bool {
        match &self.form {
            Form::Sparse { rows, .. } => {
                rows.len() >= sparse_rows_max && rows.binary_search(&row).is_err()
            }
            Form::Dense(_) => false,
        }
    }

    /// Becomes dense; gives the rows by slot as they were.
    pub(crate) fn make_dense(&mut self) -> Vec<u16> {
        let planes = match &self.form {
            Form::Sparse { rows, kinds } => {
                let kinds: Vec<_> = kinds.iter().map(|k| Kind::ALL[usize::from(*k)]).collect();
                // Counts that no plane reaches: nothing may look full before its last row is in.
                Planes::scattered(rows, &kinds, &[u32::MAX; 8])
            }
            Form::Dense(_) => return Vec::new(),
        };
        match std::mem::replace(&mut self.form, Form::Dense(Box::new(planes))) {
            Form::Sparse { rows, .. } => rows,
            Form::Dense(_) => Vec::new(),
        }
    }

    /// Keeps in `mask`, one bit a *slot*, those whose kind is in `kinds`. Undefined rows have no
    /// slot in a sparse lane: there the bits past the last slot are cleared.
    pub(crate) fn narrow(&self, kinds: KindSet, mask: &mut Words) {
        match &self.form {
            Form::Sparse { kinds: slots, .. } => {
                and_in_set_u8(mask, slots, &[u64::from(kinds.0), 0, 0, 0]);
            }
            Form::Dense(planes) => planes.narrow(kinds, mask),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        match &self.form {
            Form::Sparse { rows, kinds } => rows.capacity() * 2 + kinds.capacity(),
            Form::Dense(planes) => planes.bytes(),
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

#[cfg(test)]
mod tests {
    use super::Kinds;
    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, proptest};
    use twindex_kernels::mask::Mask;
    use twindex_model::kind::{Kind, KindSet};

    fn change() -> impl Strategy<Value = (u16, Kind)> {
        let row = proptest::prop_oneof![0u16..12, Just(64), Just(65_535)];
        (row, (0usize..8).prop_map(|kind| Kind::ALL[kind]))
    }

    proptest! {
        /// Both forms say what a plain array of kinds says, and narrow to it.
        #[test]
        fn kinds_are_those_last_set(
            changes in prop::collection::vec(change(), 0..60), dense_at in 0usize..60, set in any::<u8>(),
        ) {
            let mut kinds = Kinds::default();
            let mut model = vec![Kind::Undefined; 65_536];
            for (step, (row, kind)) in changes.into_iter().enumerate() {
                if step == dense_at {
                    kinds.make_dense();
                }
                if kind == Kind::Undefined {
                    kinds.clear(row);
                } else {
                    let placed = kinds.set(row, kind);
                    prop_assert_eq!(placed.old, model[usize::from(row)]);
                }
                model[usize::from(row)] = kind;
                prop_assert_eq!(kinds.kind(row), kind);
            }
            let set = KindSet(set);
            let mut kept = Mask::full();
            kinds.narrow(set, kept.words_mut());
            for row in 0..=u16::MAX {
                let kind = model[usize::from(row)];
                prop_assert_eq!(kinds.kind(row), kind);
                if kinds.rows().is_none() {
                    prop_assert_eq!(kept.get(row), set.contains(kind));
                }
            }
            for kind in &Kind::ALL[1..] {
                let count = model.iter().filter(|k| *k == kind).count();
                prop_assert_eq!(kinds.count(*kind) as usize, count);
                prop_assert_eq!(kinds.slots_of(*kind).count(), count);
            }
        }
    }
}
