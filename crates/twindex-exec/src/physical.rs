//! From predicate to operators.
//!
//! Each leaf goes to the cheapest operator that can decide it: cells of one path, two columns, or
//! an expression over whole rows. What needs whole rows and stands in the outermost AND is kept
//! apart, above the masks: a page that stops early then evaluates it only for the rows it looks at.

use std::sync::Arc;

use twindex_index::cell_set::CellSet;
use twindex_index::filter::PathFilter;
use twindex_index::snapshot::SnapshotRead;
use twindex_index::view::{Equality, SegmentView};
use twindex_kernels::mask::Mask;
use twindex_lang::ast::CompareOp;
use twindex_model::cell::Cell;
use twindex_model::path::{Collection, PathId};
use twindex_plan::expr::Expr;
use twindex_plan::logical::Predicate;

use crate::cell_algebra::{intersection, union};
use crate::leaf::{Wanted, cell_path, cell_set, plain_path};
use crate::operator::{Metering, Node, Preparation};
use crate::ops::{
    And, ComparePaths, Computed, Everything, InSync, Nothing, Or, PathCells, RowPredicate,
};
use crate::row::{CellView, RowView, is_truth};

/// Changed rows up to which a count is put right row by row.
const CORRECTED_ROWS_MAX: usize = 512;

/// The condition of a query as operators.
#[derive(Debug)]
pub struct Filter {
    masks: Node,
    rows: Option<Node>,
}

impl Filter {
    /// The operators of `predicate`.
    #[must_use]
    pub fn new(predicate: &Predicate, metering: Metering) -> Self {
        let builder = Builder { metering };
        let parts = match predicate {
            Predicate::And(parts) => builder.merged(parts, Join::And),
            other => vec![builder.part(other)],
        };
        let (rows, masks) = parts
            .into_iter()
            .map(|part| builder.finish(part))
            .partition(|node: &Node| node.operator().is_row_by_row());
        Self {
            masks: builder.all_of(masks),
            rows: Some(rows)
                .filter(|rows: &Vec<Node>| !rows.is_empty())
                .map(|rows| builder.all_of(rows)),
        }
    }

    /// Whether it counts what its operators do.
    pub(crate) fn is_metered(&self) -> bool {
        self.masks.measured().is_some()
    }

    /// The operators that narrow masks.
    #[must_use]
    pub fn masks(&self) -> &Node {
        &self.masks
    }

    /// What is decided row by row among the rows that the masks leave.
    #[must_use]
    pub fn rows(&self) -> Option<&Node> {
        self.rows.as_ref()
    }

    /// The rows that match if [`Filter::keeps_candidate`] says so.
    #[must_use]
    pub fn candidates(&self, segment: &SegmentView<'_>) -> Mask {
        let mut mask = segment.live().clone();
        let has_planes = self.masks.term(segment).is_some_and(|term| term.write(&mut mask));
        if !has_planes {
            self.masks.narrow(segment, &mut mask);
        }
        mask
    }

    /// The rest of the condition, for a row of [`Filter::candidates`].
    #[must_use]
    pub fn keeps_candidate(&self, row: &RowView<'_>) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.keeps(row))
    }

    /// The single-row path of the whole condition, for a live row.
    #[must_use]
    pub fn keeps(&self, row: &RowView<'_>) -> bool {
        self.masks.keeps(row) && self.keeps_candidate(row)
    }

    /// Gets ready for the twins of a collection by looking at some texts of dictionaries; true once
    /// it is.
    #[must_use]
    pub fn prepare(
        &self,
        read: &SnapshotRead<'_>,
        (collection, n_texts): (Collection, usize),
    ) -> bool {
        let step = Preparation { collection, rows_max: read.n_rows(collection), n_texts };
        self.masks.operator().prepare(read, &step)
    }

    /// Bytes on the heap that grow with what the condition lists, and with the dictionaries that it
    /// is ready for.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let nodes = [Some(&self.masks), self.rows.as_ref()].into_iter().flatten();
        nodes.map(|node| node.operator().heap_bytes()).sum()
    }

    /// Number of twins of a whole collection that match, where totals know it.
    #[must_use]
    pub fn total(&self, read: &SnapshotRead<'_>, collection: Collection) -> Option<u64> {
        let total = self.masks.operator().total(read, collection);
        total.filter(|n_rows| self.rows.is_none() || *n_rows == 0)
    }

    /// A condition on `deviceId` that every row that matches meets.
    pub(crate) fn identities(&self) -> Option<&PathFilter> {
        self.masks.operator().identities()
    }

    /// Number of rows that match, where kept counts know it.
    #[must_use]
    pub fn exact_count(&self, segment: &SegmentView<'_>) -> Option<u32> {
        if self.rows.is_some() {
            return None;
        }
        let estimate = self.masks.estimate(segment);
        estimate.is_exact.then_some(estimate.rows_max)
    }

    /// Number of rows that match, for a filter without [row steps](Filter::has_row_steps).
    #[must_use]
    pub fn count(&self, segment: &SegmentView<'_>) -> u32 {
        // A chain is no matter of kept counts; a single path often is.
        let is_chain = !self.masks.operator().children().is_empty();
        if !is_chain && let Some(n_rows) = self.exact_count(segment) {
            return n_rows;
        }
        self.count_planes(segment).unwrap_or_else(|| self.candidates(segment).count())
    }

    /// The same where planes alone decide. Rows that changed after the version of the view are put
    /// right one by one.
    fn count_planes(&self, segment: &SegmentView<'_>) -> Option<u32> {
        if !segment.has_past() {
            return self.masks.term(segment)?.count(segment.n_live());
        }
        let mut paths = Vec::new();
        if !self.masks.operator().paths(&mut paths) {
            return None;
        }
        let changed = segment.changed_rows(&paths, CORRECTED_ROWS_MAX)?;
        let now = segment.newest();
        let n_rows = self.masks.term(&now)?.count(now.n_live())?;
        let kept_in = |view: &SegmentView<'_>| {
            let kept = |row: &&u16| {
                view.live().get(**row) && self.masks.keeps(&RowView { segment: *view, row: **row })
            };
            changed.iter().filter(kept).count() as u32
        };
        Some(n_rows + kept_in(segment) - kept_in(&now))
    }

    /// Whether narrowing masks of a whole segment is too much for one step.
    #[must_use]
    pub fn is_slow(&self, segment: &SegmentView<'_>) -> bool {
        self.masks.operator().is_slow(segment)
    }

    /// Whether anything is decided row by row.
    #[must_use]
    pub fn has_row_steps(&self) -> bool {
        self.rows.is_some() || self.masks.operator().has_row_steps()
    }

    /// Whether kept counts say that no row of `segment` matches, so that it need not be read.
    #[must_use]
    pub fn is_nothing(&self, segment: &SegmentView<'_>) -> bool {
        self.masks.estimate(segment).rows_max == 0
    }

    /// Whether every live row matches.
    #[must_use]
    pub fn is_everything(&self, segment: &SegmentView<'_>) -> bool {
        self.exact_count(segment) == Some(segment.n_live())
    }

    /// Nanoseconds that finding the rows of `segment` would take, and how many there are at most.
    #[must_use]
    pub fn cost_ns(&self, segment: &SegmentView<'_>) -> (f64, u32) {
        let estimate = self.masks.estimate(segment);
        let masks_ns = self.masks.operator().cost_ns(&estimate);
        let rows_ns = self
            .rows
            .as_ref()
            .map_or(0.0, |rows| f64::from(estimate.rows_max) * rows.operator().row_cost_ns());
        (masks_ns + rows_ns, estimate.rows_max)
    }
}

/// A part of a condition before it becomes a node: leaves of one path can still be merged.
enum Part {
    Cells(PathId, CellSet, String),
    Node(Node),
}

/// How parts are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    And,
    Or,
}

struct Builder {
    metering: Metering,
}

impl Builder {
    fn part(&self, predicate: &Predicate) -> Part {
        match predicate {
            Predicate::All => self.node(Everything),
            Predicate::Nothing => self.node(Nothing),
            Predicate::And(parts) => {
                let parts = self.merged(parts, Join::And);
                self.joined(parts, Join::And)
            }
            Predicate::Or(parts) => {
                let parts = self.merged(parts, Join::Or);
                self.joined(parts, Join::Or)
            }
            Predicate::Leaf { expr, wanted } => self.leaf(expr, *wanted),
        }
    }

    fn leaf(&self, expr: &Expr, wanted: bool) -> Part {
        let text = match (self.metering, wanted) {
            (Metering::Off, _) => String::new(),
            (_, true) => format!("{expr}"),
            (_, false) => format!("NOT ({expr})"),
        };
        if expr.is_constant() {
            let is_true = is_truth(expr, &CellView(&Cell::Undefined), wanted);
            return if is_true { self.node(Everything) } else { self.node(Nothing) };
        }
        if let Some(path) = cell_path(expr) {
            return Part::Cells(path, cell_set(expr, Wanted::of(wanted)), text);
        }
        let text = shared(text);
        if let Some((paths, equality)) = columns_compared(expr, wanted) {
            return self.node(ComparePaths::new(paths, equality, text));
        }
        if let Some(operator) = Computed::of((expr, wanted), &text) {
            return self.node(operator);
        }
        match InSync::of(expr, wanted, &text) {
            Some(operator) => self.node(operator),
            None => self.node(RowPredicate::new((expr.clone(), wanted), text)),
        }
    }

    fn node(&self, operator: impl crate::operator::Operator + 'static) -> Part {
        Part::Node(Node::new(operator, self.metering))
    }

    /// The parts of a chain, leaves of one path made one where that has a closed form.
    fn merged(&self, predicates: &[Predicate], join: Join) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::with_capacity(predicates.len());
        // The leaves of each path, and before which of `parts` the first of them stands.
        let mut leaves: Vec<(usize, PathId, Vec<Leaf>)> = Vec::new();
        let mut places = hashbrown::HashMap::new();
        for predicate in predicates {
            match self.part(predicate) {
                Part::Cells(path, set, text) => {
                    let place = *places.entry(path).or_insert_with(|| {
                        leaves.push((parts.len(), path, Vec::new()));
                        leaves.len() - 1
                    });
                    leaves[place].2.push((set, text));
                }
                part => parts.push(part),
            }
        }
        let cells_of = |(_, path, leaves): (usize, PathId, Vec<Leaf>)| {
            let cells = merged_leaves(leaves, join).into_iter();
            cells.map(move |(set, text)| Part::Cells(path, set, text))
        };
        let mut all = Vec::with_capacity(parts.len() + leaves.len());
        let mut leaves = leaves.into_iter().peekable();
        for (place, part) in parts.into_iter().enumerate() {
            while let Some(leaves) = leaves.next_if(|leaves| leaves.0 == place) {
                all.extend(cells_of(leaves));
            }
            all.push(part);
        }
        all.extend(leaves.flat_map(cells_of));
        all
    }

    fn joined(&self, mut parts: Vec<Part>, join: Join) -> Part {
        if parts.len() == 1
            && let Some(part) = parts.pop()
        {
            return part;
        }
        let nodes = parts.into_iter().map(|part| self.finish(part)).collect();
        match join {
            Join::And => self.node(And::new(nodes)),
            Join::Or => self.node(Or::new(nodes)),
        }
    }

    fn finish(&self, part: Part) -> Node {
        match part {
            Part::Node(node) => node,
            Part::Cells(path, set, text) => {
                Node::new(PathCells::new(path, set, shared(text)), self.metering)
            }
        }
    }

    fn all_of(&self, mut nodes: Vec<Node>) -> Node {
        match nodes.len() {
            0 => Node::new(Everything, self.metering),
            1 => nodes.remove(0),
            _ => Node::new(And::new(nodes), self.metering),
        }
    }
}

/// A text to be shared; an empty one takes no memory.
fn shared(text: String) -> Arc<str> {
    if text.is_empty() { Arc::default() } else { text.into() }
}

/// A condition on one path, and its text: an empty one where nobody will ask for it.
type Leaf = (CellSet, String);

/// Leaves of one path, neighbours made one where that has a closed form, then those that came of it:
/// a chain of a thousand values is not written anew for each of them.
fn merged_leaves(mut leaves: Vec<Leaf>, join: Join) -> Vec<Leaf> {
    let word = if join == Join::And { "AND" } else { "OR" };
    loop {
        let n_before = leaves.len();
        let mut merged: Vec<Leaf> = Vec::with_capacity(n_before.div_ceil(2));
        let mut rest = leaves.into_iter();
        while let Some((set, text)) = rest.next() {
            let Some((next_set, next_text)) = rest.next() else {
                merged.push((set, text));
                break;
            };
            match joined_sets(&set, &next_set, join) {
                Some(both) if text.is_empty() => merged.push((both, text)),
                Some(both) => merged.push((both, format!("{text} {word} {next_text}"))),
                None => merged.extend([(set, text), (next_set, next_text)]),
            }
        }
        leaves = merged;
        if leaves.len() == n_before {
            return leaves;
        }
    }
}

fn joined_sets(a: &CellSet, b: &CellSet, join: Join) -> Option<CellSet> {
    match join {
        Join::And => intersection(a, b),
        Join::Or => union(a, b),
    }
}

/// The two plain paths that a leaf holds against each other, and what their cells must be.
fn columns_compared(expr: &Expr, wanted: bool) -> Option<((PathId, PathId), Equality)> {
    let Expr::Compare(a, op, b) = expr else {
        return None;
    };
    let paths = (plain_path(a)?, plain_path(b)?);
    let is_equality = match op {
        CompareOp::Equal => wanted,
        CompareOp::NotEqual => !wanted,
        _ => return None,
    };
    let equality = if is_equality { Equality::Equal } else { Equality::Unequal };
    Some((paths, equality))
}
