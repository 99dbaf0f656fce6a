//! Rows as JSON text, written straight from lanes.

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

/// Nanoseconds that printing a twin is taken to cost.
pub(crate) const TWIN_NS: f64 = 5_000.0;
/// Nanoseconds that printing one value is taken to cost.
pub(crate) const VALUE_NS: f64 = 80.0;

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

    /// Appends the text of one row of a segment.
    pub(crate) fn write(&self, segment: &SegmentView<'_>, id: RowId, out: &mut String) {
        let view = RowView { segment: *segment, row: id.place() };
        match self {
            Self::Twin => segment.write_twin(view.row, out),
            Self::Columns(columns) => write_object(columns, out, |column, out| match column.path {
                Some(path) => segment.write_value(path, view.row, out),
                None => write_scalar(&evaluate(column.expr, &view), out),
            }),
        }
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
