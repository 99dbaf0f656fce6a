//! The logical plan: what a query asks, in the order of work of the language page.

use std::sync::Arc;

use twindex_lang::ast::Collection;
use twindex_lang::diagnostic::Diagnostic;

use crate::expr::Expr;

/// A bound query. It reads: rows of `collection` that pass `filter`, turned into `output`, sorted by
/// `order`, made distinct, then `offset` skipped and `limit` kept.
#[derive(Clone, Debug)]
pub struct LogicalPlan {
    /// Where rows come from.
    pub collection: Collection,
    /// Which rows.
    pub filter: Predicate,
    /// What becomes of them.
    pub output: Output,
    /// Sort keys, strongest first; over paths, or over slots when grouped. Empty: row order, or
    /// ascending group keys.
    pub order: Vec<OrderKey>,
    /// Whether only the first of equal rows stays.
    pub distinct: bool,
    /// Rows skipped.
    pub offset: u64,
    /// Rows kept at most; the smaller of TOP and LIMIT.
    pub limit: Option<u64>,
    /// Warnings; they never change rows.
    pub warnings: Vec<Diagnostic>,
}

/// What a query gives for each row or group.
#[derive(Clone, Debug)]
pub enum Output {
    /// Whole twins.
    Twins,
    /// One row for each twin.
    Rows(Vec<Column>),
    /// One row for each group.
    Groups(Groups),
}

/// A grouped query.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The keys, slots `0..keys.len()`. Empty: one group, even over no rows.
    pub keys: Vec<Expr>,
    /// The aggregates, slots from `keys.len()` on. Equal ones are one.
    pub aggregates: Vec<Aggregate>,
    /// Condition on slots.
    pub having: Option<Expr>,
    /// Columns over slots.
    pub columns: Vec<Column>,
}

/// One column of a row.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name, unique in the query.
    pub name: Arc<str>,
    /// Its value; left out of the row where undefined.
    pub expr: Expr,
}

/// One sort key.
#[derive(Clone, Debug)]
pub struct OrderKey {
    /// The value.
    pub expr: Expr,
    /// Whether the total order is turned round; undefined stays last.
    pub descending: bool,
}

/// One aggregate.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// What is computed.
    pub function: AggregateFunction,
    /// Over what; `None` for the count of rows.
    pub argument: Option<Expr>,
}

/// What an aggregate computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AggregateFunction {
    /// `COUNT()`: rows.
    CountRows,
    /// `COUNT(x)`: values that are defined and not null.
    Count,
    /// `COUNT(DISTINCT x)`.
    CountDistinct,
    /// `SUM(x)`.
    Sum,
    /// `AVG(x)`.
    Avg,
    /// `MIN(x)`.
    Min,
    /// `MAX(x)`.
    Max,
    /// `PERCENTILE(x, p)`, `0 ≤ p ≤ 1`.
    Percentile(f64),
    /// `STDDEV(x)`.
    Stddev,
}

/// A condition in negation normal form: only the rows where it is TRUE matter, so NOT has moved to
/// the leaves, where it asks for FALSE.
#[derive(Clone, Debug)]
pub enum Predicate {
    /// Every row.
    All,
    /// No row.
    Nothing,
    /// All of them; two or more, no `And` among them.
    And(Vec<Predicate>),
    /// Any of them; two or more, no `Or` among them.
    Or(Vec<Predicate>),
    /// Rows for which the expression is the Boolean wanted.
    Leaf {
        /// No `And`, `Or` or `Not` at its root.
        expr: Expr,
        /// The Boolean.
        wanted: bool,
    },
}
