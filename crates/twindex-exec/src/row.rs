//! The environments in which expressions are evaluated: one row, one cell, one group.

use twindex_index::view::SegmentView;
use twindex_model::cell::Cell;
use twindex_model::path::PathId;
use twindex_model::value::Value;
use twindex_plan::env::{Env, Scalar};
use twindex_plan::eval::evaluate;
use twindex_plan::expr::Expr;

use crate::group_finished::FinishedGroups;

/// One row of a segment: what the single-row path of every operator reads.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    /// The segment.
    pub segment: SegmentView<'a>,
    /// The place in it.
    pub row: u16,
}

impl Env for RowView<'_> {
    fn cell(&self, path: PathId) -> Cell<'_> {
        self.segment.cell(path, self.row)
    }

    fn object(&self, path: PathId) -> Value {
        // Asked only where the cell is an object, so there is a value.
        self.segment.value(path, self.row).unwrap_or(Value::Null)
    }

    fn slot(&self, _: usize) -> Scalar<'_> {
        Scalar::Undefined
    }
}

/// One cell that stands for every path: for expressions over a single path.
///
/// An object is shown as an empty one. That is sound there: no literal is an object, so an object
/// can meet only itself in a comparison (and equals itself, whatever it holds), an order or a
/// function of text and numbers is undefined for every object alike, and steps below an object are
/// paths of their own. Only `IN_SYNC` and `DRIFT` look inside, and they are kept out by
/// [`crate::leaf::cell_path`].
#[derive(Clone, Copy, Debug)]
pub struct CellView<'a>(pub &'a Cell<'a>);

impl Env for CellView<'_> {
    fn cell(&self, _: PathId) -> Cell<'_> {
        self.0.clone()
    }

    fn object(&self, _: PathId) -> Value {
        Value::Object(Vec::new())
    }

    fn slot(&self, _: usize) -> Scalar<'_> {
        Scalar::Undefined
    }
}

/// One group: its keys, then its aggregates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupView<'a> {
    pub(crate) groups: &'a FinishedGroups<'a>,
    pub(crate) place: u32,
}

impl Env for GroupView<'_> {
    fn cell(&self, _: PathId) -> Cell<'_> {
        Cell::Undefined
    }

    fn object(&self, _: PathId) -> Value {
        Value::Null
    }

    fn slot(&self, slot: usize) -> Scalar<'_> {
        self.groups.slot(self.place, slot).as_scalar()
    }
}

/// Whether `expr` yields the Boolean `wanted`.
pub(crate) fn is_truth<E: Env>(expr: &Expr, env: &E, wanted: bool) -> bool {
    matches!(evaluate(expr, env), Scalar::Bool(truth) if truth == wanted)
}
