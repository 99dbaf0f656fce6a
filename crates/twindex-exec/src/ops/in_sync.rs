//! `IN_SYNC()` by columns: every desired path is held against its reported one.
//!
//! A walk over the desired part of the catalogue, a mask of rows at each path: acknowledgements
//! part the rows, leaves compare two columns, objects go deeper. The single-row path builds both
//! sections of a twin as values instead, which costs a thousand times as much for each row.

use std::sync::Arc;

use twindex_index::filter::Estimate;
use twindex_index::view::{Equality, SegmentView};
use twindex_kernels::mask::Mask;
use twindex_lang::function::Function;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_plan::expr::Expr;
use twindex_planted::{Fault, planted};

use crate::cost;
use crate::leaf::plain_path;
use crate::operator::Operator;
use crate::row::{RowView, is_truth};

/// Keys at the top of a section that say something about it and are no properties.
const SECTION_KEYS: [&str; 2] = ["$version", "$metadata"];

/// Keys that make a reported object an acknowledgement, and one more that it may have.
const ACK_KEYS: [&str; 3] = ["value", "ac", "av"];
const ACK_EXTRA: &str = "ad";

const OBJECT: KindSet = KindSet::of(&[Kind::Object]);
const LEAF: KindSet = KindSet::DEFINED.without(Kind::Object);

/// Nanoseconds to judge one row by its sections as values.
const SECTIONS_NS: f64 = 5_000.0;

/// Keeps the rows whose desired properties are all found in reported, or not all.
#[derive(Debug)]
pub struct InSync {
    desired: PathId,
    reported: Option<PathId>,
    expr: Expr,
    wanted: bool,
    text: Arc<str>,
}

impl InSync {
    /// The operator of `IN_SYNC()`, or none if `expr` is anything else.
    #[must_use]
    pub fn of(expr: &Expr, wanted: bool, text: &Arc<str>) -> Option<Self> {
        let Expr::Call(Function::InSync, sections) = expr else { return None };
        let [desired, reported] = sections.as_slice() else { return None };
        Some(Self {
            desired: plain_path(desired)?,
            reported: plain_path(reported),
            expr: expr.clone(),
            wanted,
            text: Arc::clone(text),
        })
    }
}

impl Operator for InSync {
    fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let mut walk = Walk { segment, in_sync: mask.clone() };
        let mut rows = mask.clone();
        segment.narrow_kinds(self.desired, OBJECT, &mut rows);
        walk.properties(self.desired, self.reported, &rows, &SECTION_KEYS);
        if self.wanted {
            mask.and(&walk.in_sync);
        } else {
            mask.and_not(&walk.in_sync);
        }
    }

    fn keeps(&self, row: &RowView<'_>) -> bool {
        is_truth(&self.expr, row, self.wanted)
    }

    fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        let n_paths = segment.catalog().n_children(Some(self.desired));
        let n_paths = u32::try_from(n_paths).unwrap_or(u32::MAX);
        Estimate {
            rows_max: segment.n_live(),
            is_exact: false,
            // Two code columns of two bytes for each property, or so.
            bytes: segment.n_live().saturating_mul(n_paths.saturating_mul(4)),
            by: "columns of each property",
        }
    }

    fn row_cost_ns(&self) -> f64 {
        SECTIONS_NS
    }

    fn cost_ns(&self, estimate: &Estimate) -> f64 {
        cost::mask_ns(estimate)
    }

    fn describe(&self) -> String {
        format!("InSync: {}", self.text)
    }
}

/// The walk over one segment. It goes as deep as twins do, which loading limits.
struct Walk<'a> {
    segment: &'a SegmentView<'a>,
    /// Rows in which nothing was found to differ so far.
    in_sync: Mask,
}

impl Walk<'_> {
    /// Judges the properties below an object that `rows` desire, but for the keys in `left_out`.
    fn properties(
        &mut self,
        desired: PathId,
        reported: Option<PathId>,
        rows: &Mask,
        left_out: &[&str],
    ) {
        let catalog = self.segment.catalog();
        for (key, child) in catalog.children(Some(desired)) {
            let mut rows = rows.clone();
            self.segment.narrow_kinds(*child, KindSet::DEFINED, &mut rows);
            rows.and(&self.in_sync);
            if rows.is_empty() || left_out.contains(&&**key) {
                continue;
            }
            let reported = reported.and_then(|path| catalog.child(Some(path), key));
            self.property(*child, reported, rows);
        }
    }

    /// Judges one property in `rows`, which all desire it; acknowledgements count by their value.
    fn property(&mut self, desired: PathId, mut reported: Option<PathId>, mut rows: Mask) {
        while !rows.is_empty() {
            let acknowledged = reported.and_then(|path| self.acknowledged(path, &rows));
            let Some((value, acknowledged)) = acknowledged else {
                return self.plain_property(desired, reported, &rows);
            };
            rows.and_not(&acknowledged);
            self.plain_property(desired, reported, &rows);
            (reported, rows) = (Some(value), acknowledged);
        }
    }

    /// Judges one property in rows that report it plainly, or not at all.
    fn plain_property(&mut self, desired: PathId, reported: Option<PathId>, rows: &Mask) {
        self.leaf(desired, reported, rows);
        let mut objects = rows.clone();
        self.segment.narrow_kinds(desired, OBJECT, &mut objects);
        if objects.is_empty() {
            return;
        }
        self.empty_object(desired, reported, &objects);
        self.properties(desired, reported, &objects, &[]);
    }

    /// Judges the rows that desire no object: the cells must be equal.
    fn leaf(&mut self, desired: PathId, reported: Option<PathId>, rows: &Mask) {
        let mut leaves = rows.clone();
        self.segment.narrow_kinds(desired, LEAF, &mut leaves);
        if leaves.is_empty() {
            return;
        }
        let mut differ = leaves;
        if let Some(reported) = reported {
            let mut equal = differ.clone();
            // No row has two objects here, so none is handed back.
            let _ =
                self.segment.narrow_columns_equal((desired, reported), Equality::Equal, &mut equal);
            differ.and_not(&equal);
        }
        self.in_sync.and_not(&differ);
    }

    /// Judges the rows that desire an empty object: it asks for an object, whatever that holds.
    fn empty_object(&mut self, desired: PathId, reported: Option<PathId>, objects: &Mask) {
        let mut differ = objects.clone();
        for (_, child) in self.segment.catalog().children(Some(desired)) {
            if differ.is_empty() {
                return;
            }
            self.remove_defined(*child, &mut differ);
        }
        if let Some(reported) = reported {
            let mut found = differ.clone();
            self.segment.narrow_kinds(reported, OBJECT, &mut found);
            differ.and_not(&found);
        }
        self.in_sync.and_not(&differ);
    }

    /// The rows that hold an acknowledgement at `reported`, and the path of its value; none if no
    /// row does.
    fn acknowledged(&self, reported: PathId, rows: &Mask) -> Option<(PathId, Mask)> {
        let catalog = self.segment.catalog();
        let mut acknowledged = rows.clone();
        self.segment.narrow_kinds(reported, OBJECT, &mut acknowledged);
        for key in ACK_KEYS.iter().take(if planted(Fault::AckGuessed) { 1 } else { 3 }) {
            let path = catalog.child(Some(reported), key)?;
            self.segment.narrow_kinds(path, KindSet::DEFINED, &mut acknowledged);
        }
        for (key, child) in catalog.children(Some(reported)) {
            if acknowledged.is_empty() {
                return None;
            }
            if !ACK_KEYS.contains(&&**key) && &**key != ACK_EXTRA {
                self.remove_defined(*child, &mut acknowledged);
            }
        }
        let value = catalog.child(Some(reported), ACK_KEYS[0])?;
        (!acknowledged.is_empty()).then_some((value, acknowledged))
    }

    /// Removes the rows that have `path`.
    fn remove_defined(&self, path: PathId, rows: &mut Mask) {
        let mut defined = rows.clone();
        self.segment.narrow_kinds(path, KindSet::DEFINED, &mut defined);
        rows.and_not(&defined);
    }
}
