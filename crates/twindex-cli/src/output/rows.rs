//! Rows of one statement in the format asked for.
//!
//! JSON, JSON Lines and CSV are written by `twindex-io`, which hands the engine's text on; tables
//! are drawn here. Whole twins have no column list, so for CSV theirs is gathered from all of them
//! before the first line is written: one column for each root field that some twin has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::json;
use serde_json::value::RawValue;
use twindex::Page;
use twindex_io::row::{RowError, RowFormat, RowWriter};

use crate::args::Format;
use crate::output::table::RowTable;

/// Root fields in the order a hub prints them; others follow in order of their text.
const ROOT_FIELDS: [&str; 21] = [
    "deviceId",
    "moduleId",
    "etag",
    "deviceEtag",
    "status",
    "statusReason",
    "statusUpdateTime",
    "connectionState",
    "lastActivityTime",
    "cloudToDeviceMessageCount",
    "authenticationType",
    "x509Thumbprint",
    "modelId",
    "version",
    "capabilities",
    "configurations",
    "deviceScope",
    "parentScopes",
    "attributes",
    "tags",
    "properties",
];

/// Writes the rows of one statement.
pub(crate) enum RowsWriter<'a> {
    /// As they come.
    Stream(RowWriter<&'a mut dyn Write>),
    /// Whole twins for CSV, kept until all their fields are known.
    Gathered(&'a mut dyn Write, Vec<String>),
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
        let columns = first.columns();
        let format = match (format, columns) {
            (Format::Json, _) => RowFormat::Json,
            (Format::Jsonl, _) => RowFormat::JsonLines,
            (Format::Csv, Some(names)) => {
                RowFormat::Csv(names.iter().map(|name| name.to_string()).collect())
            }
            (Format::Csv, None) => return Ok(Self::Gathered(out, Vec::new())),
            (Format::Table, _) => {
                return Ok(Self::Table(out, RowTable::new(first.kind(), columns, is_terminal)));
            }
        };
        Ok(Self::Stream(RowWriter::new(out, format).map_err(io_error)?))
    }

    /// Writes the rows of a page.
    pub(crate) fn page(&mut self, page: &Page) -> io::Result<()> {
        page.rows().try_for_each(|row| match self {
            Self::Stream(writer) => writer.write(row).map_err(io_error),
            Self::Gathered(_, rows) => {
                rows.push(row.to_owned());
                Ok(())
            }
            Self::Table(_, table) => Ok(table.push(row)?),
        })
    }

    /// Ends the rows.
    pub(crate) fn end(self) -> io::Result<Shown> {
        match self {
            Self::Stream(writer) => drop(writer.finish().map_err(io_error)?),
            Self::Gathered(out, rows) => write_gathered(out, &rows)?,
            Self::Table(out, table) => {
                let shown = if table.is_brief() { Shown::Brief } else { Shown::Whole };
                table.write(out)?;
                return Ok(shown);
            }
        }
        Ok(Shown::Whole)
    }
}

/// Writes a plan: its tree for the eye, one object for JSON, a record a line for CSV.
pub(crate) fn write_plan(
    plan: &twindex::Plan,
    format: Format,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Table => writeln!(out, "{}", plan.to_string().trim_end()),
        Format::Json | Format::Jsonl => writeln!(out, "{}", plan.to_json()),
        Format::Csv => {
            let tree = plan.to_string();
            let rows = tree.lines().map(|line| json!({ "plan": line }).to_string());
            write_csv(out, vec!["plan".to_owned()], rows)
        }
    }
}

fn write_gathered(out: &mut dyn Write, rows: &[String]) -> io::Result<()> {
    // Without a row there is no column either, and so no header.
    if rows.is_empty() { Ok(()) } else { write_csv(out, root_fields(rows)?, rows.iter()) }
}

fn write_csv(
    out: &mut dyn Write,
    columns: Vec<String>,
    rows: impl Iterator<Item = impl AsRef<str>>,
) -> io::Result<()> {
    let mut writer = RowWriter::new(out, RowFormat::Csv(columns)).map_err(io_error)?;
    for row in rows {
        writer.write(row.as_ref()).map_err(io_error)?;
    }
    writer.finish().map(drop).map_err(io_error)
}

fn root_fields(rows: &[String]) -> io::Result<Vec<String>> {
    let mut met = BTreeSet::new();
    for row in rows {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(row)?;
        met.extend(fields.into_keys());
    }
    let is_known = |name: &str| ROOT_FIELDS.contains(&name);
    let known = ROOT_FIELDS.iter().filter(|name| met.contains(**name));
    let others = met.iter().filter(|name| !is_known(name));
    Ok(known.map(|name| (*name).to_owned()).chain(others.cloned()).collect())
}

fn io_error(error: RowError) -> io::Error {
    match error {
        RowError::Io(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::write_gathered;

    #[test]
    fn whole_twins_have_a_column_for_each_root_field() {
        let rows = [r#"{"zone":1,"deviceId":"d1"}"#, r#"{"tags":{"a":1},"deviceId":"d2"}"#];
        let mut out = Vec::new();
        write_gathered(&mut out, &rows.map(str::to_owned)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "deviceId,tags,zone\nd1,,1\nd2,\"{\"\"a\"\":1}\",\n");
        let mut out = Vec::new();
        write_gathered(&mut out, &[]).unwrap();
        assert!(out.is_empty());
    }
}
