//! What a query hands over.

use std::sync::Arc;

use twindex_exec::explain::Explanation;
use twindex_lang::diagnostic::Diagnostic;

use crate::update::DryRun;

/// What a statement gives.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The rows of a query.
    Page(Page),
    /// The plan of `EXPLAIN`.
    Plan(Plan),
    /// What an `UPDATE` or a `DELETE` that says `DRY RUN` would do.
    DryRun(DryRun),
}

/// What the rows of a page are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// Whole twins.
    Twin,
    /// Rows of columns.
    Raw,
    /// Jobs.
    DeviceJob,
}

/// Rows of a query, at most as many as were asked for.
#[derive(Clone, Debug)]
pub struct Page {
    pub(crate) kind: RowKind,
    pub(crate) columns: Option<Arc<[Arc<str>]>>,
    pub(crate) rows: twindex_exec::page::Rows,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) next: Option<String>,
    pub(crate) version: u64,
}

impl Page {
    /// What the rows are.
    #[must_use]
    pub fn kind(&self) -> RowKind {
        self.kind
    }

    /// The names of the columns in the order of the select list; `None` for whole documents. A row
    /// lacks the columns that are undefined in it.
    #[must_use]
    pub fn columns(&self) -> Option<&[Arc<str>]> {
        self.columns.as_deref()
    }

    /// The JSON text of each row, an object.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rows.iter()
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Each row as a JSON value.
    pub fn values(&self) -> impl ExactSizeIterator<Item = serde_json::Value> {
        // The engine printed the text, so it is JSON.
        self.rows.iter().map(|row| serde_json::from_str(row).unwrap_or_default())
    }

    /// Warnings about the query; they never change rows.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The version of the twins that the rows are of.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The continuation token; `None` when no row is left.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }
}

/// How a query is, or was, answered. `Display` gives the tree.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) explanation: Explanation,
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Plan {
    /// The plan as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.explanation.to_json()
    }

    /// Warnings about the query.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.explanation.fmt(f)
    }
}
