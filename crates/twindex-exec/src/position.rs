//! Where a page ended: the place that the next one goes on from.

use twindex_model::path::RowId;

use crate::key::Key;

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The last row given.
    pub place: Place,
    /// Rows given on all pages so far, which TOP and LIMIT count.
    pub rows_given: u64,
}

/// The last row given, by what orders the rows of its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Rows in the order of their ids.
    Row(RowId),
    /// Rows in the order of sort keys, ties by id.
    Ordered {
        /// The sort keys, strongest first.
        keys: Box<[Key]>,
        /// The row.
        row: RowId,
    },
    /// Groups in the order of sort keys, ties by group keys.
    Group {
        /// The sort keys, strongest first; none without ORDER BY.
        order: Box<[Key]>,
        /// The group's keys.
        keys: Box<[Key]>,
    },
}
