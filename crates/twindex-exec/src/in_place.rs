//! Rows in the order of their ids, and what was found of them back in the order they had.
//!
//! By id the rows of a segment stand together: they are gathered from its lanes at once, and its
//! lock is taken once.

use twindex_model::path::RowId;

/// Rows in the order of their ids.
#[derive(Debug)]
pub(crate) struct ById {
    pub(crate) ids: Vec<RowId>,
    /// The place that each had.
    places: Vec<u32>,
}

impl ById {
    /// Some rows, each of them once, in the order they have.
    pub(crate) fn new(rows: impl Iterator<Item = RowId>) -> Self {
        // Rows have 32-bit ids.
        let mut rows: Vec<(RowId, u32)> = rows.zip(0..).collect();
        rows.sort_unstable();
        let (ids, places) = rows.into_iter().unzip();
        Self { ids, places }
    }

    /// What was found of the rows, given by id, in the order that they had.
    pub(crate) fn in_place<T: Clone + Default>(&self, found: impl Iterator<Item = T>) -> Vec<T> {
        let mut all = vec![T::default(); self.places.len()];
        self.places.iter().zip(found).for_each(|(place, found)| all[*place as usize] = found);
        all
    }
}
