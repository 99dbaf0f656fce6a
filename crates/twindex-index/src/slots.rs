//! Between masks of rows and masks of slots.
//!
//! Sparse lanes run the same kernels as dense ones, on a mask with one bit a slot, and carry the
//! outcome over to the rows. A second set of algorithms for short lists would save little.

use twindex_kernels::mask::{Mask, Words};
use twindex_model::kind::{Kind, KindSet};

use crate::lane::Lane;

/// The slots of `lane` that hold a value of `kind` (not undefined) in the rows of `mask`, or in
/// any row.
pub(crate) fn slots_of_kind(lane: &Lane, kind: Kind, mask: Option<&Mask>) -> Mask {
    let mut slots = match (lane.kinds.rows(), mask) {
        (None, Some(mask)) => mask.clone(),
        (None, None) => Mask::full(),
        (Some(rows), Some(mask)) => slots_of_rows(rows, mask.words()),
        (Some(rows), None) => Mask::first(rows.len()),
    };
    lane.kinds.narrow(KindSet::of(&[kind]), slots.words_mut());
    slots
}

/// The slots whose row is in `mask`.
pub(crate) fn slots_of_rows(rows: &[u16], mask: &Words) -> Mask {
    let mut slots = Mask::empty();
    for (slot, row) in rows.iter().enumerate() {
        if twindex_kernels::mask::get(mask, *row) {
            slots.set(slot as u16);
        }
    }
    slots
}
