//! Conditions that compute with numbers of several paths, `a + b > 5`: column by column.
//!
//! A column holds a number for each row, and NaN for what is undefined: cells are never NaN, and what
//! an operation gives that is not finite is undefined by law. So an operation is one loop over
//! columns, and a comparison is false of NaN by itself. Only where each side of a comparison is a
//! number or undefined does this hold; with a plain path on one side of `=`, which may be a text,
//! rows are judged one by one.

use std::cmp::Ordering;
use std::sync::Arc;

use twindex_index::filter::Estimate;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_lang::ast::{CompareOp, ProductOp, SumOp};
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_model::value::Value;
use twindex_plan::expr::Expr;

use crate::leaf::plain_path;
use crate::operator::{Operator, retain};
use crate::row::{RowView, is_truth};

/// Nanoseconds that a row takes for each path.
const COLUMN_NS: f64 = 3.0;
/// Rows from which on a segment is too much for one step.
const STEP_ROWS: u32 = 16_384;

/// Keeps the rows for which a comparison of computed numbers is true or false, as wanted.
#[derive(Debug)]
pub struct Computed {
    leaf: (Expr, bool),
    comparisons: Vec<Comparison>,
    /// The paths that it computes with, each once.
    paths: Vec<PathId>,
    text: Arc<str>,
}

/// `left op right`.
#[derive(Debug)]
struct Comparison {
    left: Formula,
    op: CompareOp,
    right: Formula,
}

/// What gives a number for each row, or none.
#[derive(Debug)]
enum Formula {
    Constant(f64),
    Path(PathId),
    Negate(Box<Self>),
    Chain(Box<Self>, Vec<(Operation, Self)>),
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// The numbers of some rows.
enum Numbers {
    All(f64),
    Each(Vec<f64>),
}

impl Computed {
    /// The operator for `leaf.0` to yield `leaf.1`, if that can be told from columns; `text` is what
    /// `EXPLAIN` shows.
    #[must_use]
    pub fn of(leaf: (&Expr, bool), text: &Arc<str>) -> Option<Self> {
        let comparisons = match leaf.0 {
            Expr::Compare(a, op, b) => vec![Comparison::of(a, *op, b)?],
            Expr::Between { value, low, high } => vec![
                Comparison::of(value, CompareOp::GreaterOrEqual, low)?,
                Comparison::of(value, CompareOp::LessOrEqual, high)?,
            ],
            _ => return None,
        };
        let mut paths = leaf.0.paths().into_iter().filter_map(|path| path.id).collect::<Vec<_>>();
        paths.sort_unstable();
        paths.dedup();
        let leaf = (leaf.0.clone(), leaf.1);
        Some(Self { leaf, comparisons, paths, text: Arc::clone(text) })
    }

    /// Clears rows that do not match, as far as columns tell: those that changed after the version of
    /// the view, which only a look at each of them could tell apart, all stay.
    pub(crate) fn narrow_quickly(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let changed = segment.take_changed(self.paths.iter().copied(), mask);
        self.narrow_unchanged(segment, mask);
        if let Some(changed) = changed {
            mask.or(&changed);
        }
    }

    /// Keeps the rows that match, none of which changed after the version of the view.
    fn narrow_unchanged(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        // Kleene AND: true where all are, false where one is.
        let mut refuted = Mask::empty();
        for comparison in &self.comparisons {
            let met = comparison.rows(segment, mask, self.leaf.1);
            if self.leaf.1 {
                *mask = met;
            } else {
                refuted.or(&met);
            }
        }
        if !self.leaf.1 {
            *mask = refuted;
        }
    }
}

impl Operator for Computed {
    fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let changed = segment.take_changed(self.paths.iter().copied(), mask);
        self.narrow_unchanged(segment, mask);
        if let Some(mut changed) = changed {
            retain(segment, &mut changed, |row| self.keeps(row));
            mask.or(&changed);
        }
    }

    fn keeps(&self, row: &RowView<'_>) -> bool {
        is_truth(&self.leaf.0, row, self.leaf.1)
    }

    fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        let n_numbers =
            |path: &PathId| segment.n_rows_of_kinds(*path, KindSet::of(&[Kind::Number]));
        // One comparison needs the numbers of all of its paths.
        let rows_max = match self.comparisons.len() {
            1 => self.paths.iter().map(n_numbers).min().unwrap_or(0),
            _ => segment.n_live(),
        };
        let bytes = segment.n_live().saturating_mul(2).saturating_mul(self.paths.len() as u32);
        Estimate { rows_max, is_exact: false, bytes, by: "columns" }
    }

    fn is_slow(&self, segment: &SegmentView<'_>) -> bool {
        segment.n_live() > STEP_ROWS
    }

    fn cost_ns(&self, estimate: &Estimate) -> f64 {
        f64::from(estimate.rows_max) * COLUMN_NS * self.paths.len() as f64
    }

    fn row_cost_ns(&self) -> f64 {
        crate::cost::ROW_NS
    }

    fn paths(&self, paths: &mut Vec<PathId>) -> bool {
        paths.extend(&self.paths);
        true
    }

    fn describe(&self) -> String {
        format!("Computed: {}", self.text)
    }
}

impl Comparison {
    fn of(a: &Expr, op: CompareOp, b: &Expr) -> Option<Self> {
        let is_order = !matches!(op, CompareOp::Equal | CompareOp::NotEqual);
        // What is no number has an order, but none with a number.
        let is_number = match (is_numeric(a), is_numeric(b)) {
            (true, true) => true,
            (true, false) | (false, true) => is_order,
            (false, false) => false,
        };
        if !is_number {
            return None;
        }
        Some(Self { left: Formula::of(a)?, op, right: Formula::of(b)? })
    }

    /// Those of some rows for which it is true, or false, as wanted.
    fn rows(&self, segment: &SegmentView<'_>, mask: &Mask, wanted: bool) -> Mask {
        let rows = (segment, mask);
        let (left, right) = (self.left.numbers(rows), self.right.numbers(rows));
        match (self.op, wanted) {
            (CompareOp::Equal, true) | (CompareOp::NotEqual, false) => {
                kept(mask, (left, right), |a, b| a == b)
            }
            (CompareOp::Equal, false) | (CompareOp::NotEqual, true) => {
                kept(mask, (left, right), |a, b| a.partial_cmp(&b).is_some_and(Ordering::is_ne))
            }
            (CompareOp::Less, true) | (CompareOp::GreaterOrEqual, false) => {
                kept(mask, (left, right), |a, b| a < b)
            }
            (CompareOp::LessOrEqual, true) | (CompareOp::Greater, false) => {
                kept(mask, (left, right), |a, b| a <= b)
            }
            (CompareOp::Greater, true) | (CompareOp::LessOrEqual, false) => {
                kept(mask, (left, right), |a, b| a > b)
            }
            (CompareOp::GreaterOrEqual, true) | (CompareOp::Less, false) => {
                kept(mask, (left, right), |a, b| a >= b)
            }
        }
    }
}

/// The rows of `mask` whose numbers, which stand in row order, pass.
fn kept(mask: &Mask, numbers: (Numbers, Numbers), pass: impl Fn(f64, f64) -> bool) -> Mask {
    match numbers {
        (Numbers::All(a), Numbers::All(b)) if pass(a, b) => mask.clone(),
        (Numbers::All(_), Numbers::All(_)) => Mask::empty(),
        (Numbers::Each(a), Numbers::All(b)) => kept_of(mask, a.iter().map(|a| pass(*a, b))),
        (Numbers::All(a), Numbers::Each(b)) => kept_of(mask, b.iter().map(|b| pass(a, *b))),
        (Numbers::Each(a), Numbers::Each(b)) => {
            kept_of(mask, a.iter().zip(&b).map(|(a, b)| pass(*a, *b)))
        }
    }
}

fn kept_of(mask: &Mask, mut passes: impl Iterator<Item = bool>) -> Mask {
    let mut kept = mask.clone();
    for word in kept.words_mut() {
        let mut left = *word;
        if left == u64::MAX {
            *word =
                (0..64).fold(0, |bits, bit| bits | u64::from(passes.next() == Some(true)) << bit);
            continue;
        }
        while left != 0 {
            let bit = left & left.wrapping_neg();
            left ^= bit;
            if passes.next() != Some(true) {
                *word ^= bit;
            }
        }
    }
    kept
}

/// Whether an expression yields a number or nothing for each row.
fn is_numeric(expr: &Expr) -> bool {
    match expr {
        Expr::Constant(Value::Number(_)) | Expr::Undefined => true,
        Expr::Path(path) => path.id.is_none(),
        Expr::Negate(_) | Expr::Plus(_) | Expr::Sum(..) | Expr::Product(..) => true,
        _ => false,
    }
}

impl Formula {
    fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Constant(Value::Number(number)) => Some(Self::Constant(*number)),
            Expr::Constant(_) | Expr::Undefined => Some(Self::Constant(f64::NAN)),
            Expr::Path(path) if path.id.is_none() => Some(Self::Constant(f64::NAN)),
            Expr::Path(_) => plain_path(expr).map(Self::Path),
            Expr::Plus(inner) => Self::of(inner),
            Expr::Negate(inner) => Some(Self::Negate(Box::new(Self::of(inner)?))),
            Expr::Sum(first, rest) => {
                Self::chain(first, rest.iter().map(|of| (of.0.into(), &of.1)))
            }
            Expr::Product(first, rest) => {
                Self::chain(first, rest.iter().map(|of| (of.0.into(), &of.1)))
            }
            _ => None,
        }
    }

    fn chain<'e>(first: &Expr, rest: impl Iterator<Item = (Operation, &'e Expr)>) -> Option<Self> {
        let rest: Option<Vec<_>> = rest.map(|(op, expr)| Some((op, Self::of(expr)?))).collect();
        Some(Self::Chain(Box::new(Self::of(first)?), rest?))
    }

    fn numbers(&self, rows: (&SegmentView<'_>, &Mask)) -> Numbers {
        match self {
            Self::Constant(number) => Numbers::All(*number),
            Self::Path(path) => Numbers::Each(rows.0.numbers(*path, rows.1)),
            Self::Negate(inner) => match inner.numbers(rows) {
                Numbers::All(number) => Numbers::All(-number),
                Numbers::Each(mut numbers) => {
                    numbers.iter_mut().for_each(|number| *number = -*number);
                    Numbers::Each(numbers)
                }
            },
            Self::Chain(first, rest) => {
                rest.iter().fold(first.numbers(rows), |left, (op, right)| {
                    op.of_columns(left, right.numbers(rows))
                })
            }
        }
    }
}

impl From<SumOp> for Operation {
    fn from(op: SumOp) -> Self {
        match op {
            SumOp::Add => Self::Add,
            SumOp::Subtract => Self::Subtract,
        }
    }
}

impl From<ProductOp> for Operation {
    fn from(op: ProductOp) -> Self {
        match op {
            ProductOp::Multiply => Self::Multiply,
            ProductOp::Divide => Self::Divide,
            ProductOp::Remainder => Self::Remainder,
        }
    }
}

impl Operation {
    fn of_columns(self, left: Numbers, right: Numbers) -> Numbers {
        match self {
            Self::Add => joined(left, right, |a, b| a + b),
            Self::Subtract => joined(left, right, |a, b| a - b),
            Self::Multiply => joined(left, right, |a, b| a * b),
            Self::Divide => joined(left, right, |a, b| a / b),
            Self::Remainder => joined(left, right, |a, b| a % b),
        }
    }
}

/// `of` of the numbers of each row, where that is finite.
fn joined(left: Numbers, right: Numbers, of: impl Fn(f64, f64) -> f64) -> Numbers {
    let finite = |a: f64, b: f64| {
        let result = of(a, b);
        if result.is_finite() { result } else { f64::NAN }
    };
    match (left, right) {
        (Numbers::All(a), Numbers::All(b)) => Numbers::All(finite(a, b)),
        (Numbers::Each(mut a), Numbers::All(b)) => {
            a.iter_mut().for_each(|a| *a = finite(*a, b));
            Numbers::Each(a)
        }
        (Numbers::All(a), Numbers::Each(mut b)) => {
            b.iter_mut().for_each(|b| *b = finite(a, *b));
            Numbers::Each(b)
        }
        (Numbers::Each(mut a), Numbers::Each(b)) => {
            a.iter_mut().zip(&b).for_each(|(a, b)| *a = finite(*a, *b));
            Numbers::Each(a)
        }
    }
}
