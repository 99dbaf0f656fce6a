//! Rows of one statement in the format asked for.
//!
//! JSON rows are handed on as the engine printed them, never parsed: the text of numbers stays what
//! it is. A statement is `begin`, any number of pages, `end`.

use std::io::{self, Write};

use twindex::Page;

use crate::args::Format;
use crate::output::csv::CsvRows;
use crate::output::table::RowTable;

/// Writes the rows of one statement.
pub(crate) enum RowsWriter<'a> {
    /// An array; whether a row was written into it.
    Json(&'a mut dyn Write, bool),
    /// A line a row.
    Jsonl(&'a mut dyn Write),
    /// Comma-separated values.
    Csv(Box<CsvRows<&'a mut dyn Write>>),
    /// Columns for the eye.
    Table(&'a mut dyn Write, RowTable),
}

/// Whether the rows were shown whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Everything.
    Whole,
    /// A table showed whole twins in brief.
    Brief,
}

impl<'a> RowsWriter<'a> {
    /// Begins the rows of a statement whose first page is `first`. `is_terminal` says whether a
    /// table is cut to the width of the terminal.
    pub(crate) fn begin(
        format: Format,
        first: &Page,
        out: &'a mut dyn Write,
        is_terminal: bool,
    ) -> io::Result<Self> {
        Ok(match format {
            Format::Json => {
                out.write_all(b"[")?;
                Self::Json(out, false)
            }
            Format::Jsonl => Self::Jsonl(out),
            Format::Csv => Self::Csv(Box::new(CsvRows::begin(first.columns(), out)?)),
            Format::Table => {
                Self::Table(out, RowTable::new(first.kind(), first.columns(), is_terminal))
            }
        })
    }

    /// Writes the rows of a page.
    pub(crate) fn page(&mut self, page: &Page) -> io::Result<()> {
        page.rows().try_for_each(|row| self.row(row))
    }

    fn row(&mut self, row: &str) -> io::Result<()> {
        match self {
            Self::Json(out, has_rows) => {
                if std::mem::replace(has_rows, true) {
                    out.write_all(b",")?;
                }
                out.write_all(row.as_bytes())
            }
            Self::Jsonl(out) => writeln!(out, "{row}"),
            Self::Csv(rows) => rows.row(row),
            Self::Table(_, table) => Ok(table.push(row)?),
        }
    }

    /// Ends the rows.
    pub(crate) fn end(self) -> io::Result<Shown> {
        match self {
            Self::Json(out, _) => out.write_all(b"]\n")?,
            Self::Jsonl(_) => {}
            Self::Csv(rows) => rows.end()?,
            Self::Table(out, table) => {
                let shown = if table.is_brief() { Shown::Brief } else { Shown::Whole };
                table.write(out)?;
                return Ok(shown);
            }
        }
        Ok(Shown::Whole)
    }
}
