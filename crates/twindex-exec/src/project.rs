//! Rows as JSON text, written straight from lanes.
//!
//! Whole twins and columns that are plain paths are gathered from lanes for some rows at once;
//! only columns that are computed go row by row.

use twindex_index::view::SegmentView;
use twindex_model::number::write_number;
use twindex_model::path::{PathId, RowId};
use twindex_model::value::{KeyOrder, write_json_string};
use twindex_plan::env::{Env, Scalar};
use twindex_plan::eval::evaluate;
use twindex_plan::expr::Expr;
use twindex_plan::logical::Column;

use crate::leaf::plain_path;
use crate::row::RowView;
use crate::rows::Rows;

/// Nanoseconds that printing a twin is taken to cost.
pub(crate) const TWIN_NS: f64 = 2_000.0;
/// Nanoseconds that printing one value is taken to cost.
pub(crate) const VALUE_NS: f64 = 30.0;

/// What is printed for a row.
#[derive(Debug)]
pub(crate) enum Projection<'a> {
    /// The whole twin.
    Twin,
    /// An object of columns.
    Columns(Vec<Printed<'a>>),
}

/// A column with its name ready for printing.
#[derive(Debug)]
pub(crate) struct Printed<'a> {
    /// `"name":`.
    head: String,
    expr: &'a Expr,
    path: Option<PathId>,
}

impl<'a> Projection<'a> {
    pub(crate) fn of_columns(columns: &'a [Column]) -> Self {
        Self::Columns(columns.iter().map(Printed::new).collect())
    }

    /// Nanoseconds that one row is taken to cost.
    pub(crate) fn row_ns(&self) -> f64 {
        match self {
            Self::Twin => TWIN_NS,
            Self::Columns(columns) => VALUE_NS * (1 + columns.len()) as f64,
        }
    }

    /// Appends the texts of some rows of a segment.
    pub(crate) fn write(&self, segment: &SegmentView<'_>, ids: &[RowId], rows: &mut Rows) {
        let places: Vec<u16> = ids.iter().map(|id| id.place()).collect();
        rows.extend_with(|out, ends| match self {
            Self::Twin => segment.write_twins(&places, out, |end| ends.push(end)),
            Self::Columns(columns) => match plain_columns(columns) {
                Some(columns) => {
                    segment.write_columns(columns, &places, out, |end| ends.push(end));
                }
                None => {
                    for row in places {
                        write_row(columns, &RowView { segment: *segment, row }, out);
                        ends.push(out.len());
                    }
                }
            },
        });
    }

    /// Appends the text of a row in an environment other than a row, or so that rows are equal
    /// exactly when their texts are: containers are printed with sorted keys.
    pub(crate) fn write_canonical<E: Env>(&self, env: &E, out: &mut String) {
        let Self::Columns(columns) = self else {
            return;
        };
        write_object(columns, out, |column, out| write_scalar(&evaluate(column.expr, env), out));
    }
}

impl<'a> Printed<'a> {
    fn new(column: &'a Column) -> Self {
        let mut head = String::new();
        write_json_string(&mut head, &column.name);
        head.push(':');
        Self { head, expr: &column.expr, path: plain_path(&column.expr) }
    }
}

/// Names and paths of the columns, if each is a path.
fn plain_columns<'c>(
    columns: &'c [Printed<'_>],
) -> Option<impl Iterator<Item = (&'c str, PathId)>> {
    let plain = |column: &'c Printed<'_>| Some((&*column.head, column.path?));
    let is_plain = columns.iter().all(|column| column.path.is_some());
    is_plain.then(|| columns.iter().filter_map(plain))
}

/// Appends the text of one row of columns.
fn write_row(columns: &[Printed<'_>], row: &RowView<'_>, out: &mut String) {
    write_object(columns, out, |column, out| match column.path {
        Some(path) => row.segment.write_value(path, row.row, out),
        None => write_scalar(&evaluate(column.expr, row), out),
    });
}

/// Appends an object of the columns for which `write` appends something.
fn write_object(
    columns: &[Printed<'_>],
    out: &mut String,
    mut write: impl FnMut(&Printed<'_>, &mut String) -> bool,
) {
    out.push('{');
    let mut is_first = true;
    for column in columns {
        let len = out.len();
        if !is_first {
            out.push(',');
        }
        out.push_str(&column.head);
        if write(column, out) {
            is_first = false;
        } else {
            out.truncate(len);
        }
    }
    out.push('}');
}

/// Appends a value; false, and nothing appended, if undefined.
fn write_scalar(scalar: &Scalar<'_>, out: &mut String) -> bool {
    match scalar {
        Scalar::Undefined => return false,
        Scalar::Null => out.push_str("null"),
        Scalar::Bool(true) => out.push_str("true"),
        Scalar::Bool(false) => out.push_str("false"),
        Scalar::Number(number) => write_number(out, *number),
        Scalar::Text(text) => write_json_string(out, text),
        Scalar::String(text) => write_json_string(out, text),
        Scalar::Container(value) => value.write_json(out, KeyOrder::Sorted),
    }
    true
}
