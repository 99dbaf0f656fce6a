//! Rows as comma-separated values.
//!
//! A header, then a line a row; text bare, numbers and Booleans as JSON has them, objects and arrays
//! as JSON text, null and undefined empty. Quoting is the csv crate's. Whole twins have no column
//! list, so theirs is gathered from all of them before the first line is written: one column for
//! each root field that some twin has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::iter;
use std::sync::Arc;

use serde_json::value::RawValue;

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

/// Writes a plan, one record for each line of its tree.
pub(crate) fn write_plan(plan: &str, out: impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for record in iter::once("plan").chain(plan.lines()) {
        writer.write_record([record]).map_err(io_error)?;
    }
    writer.flush()
}

/// Writes rows of one statement.
#[derive(Debug)]
pub(crate) struct CsvRows<W: Write> {
    writer: csv::Writer<W>,
    columns: Columns,
}

#[derive(Debug)]
enum Columns {
    Named(Vec<Arc<str>>),
    /// Whole documents, kept until all their fields are known.
    Gathered(Vec<String>),
}

impl<W: Write> CsvRows<W> {
    /// Begins with the header, if the columns are known.
    pub(crate) fn begin(columns: Option<&[Arc<str>]>, out: W) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
        let columns = match columns {
            Some(names) => {
                let header = names.iter().map(|name| name.as_bytes());
                writer.write_record(header).map_err(io_error)?;
                Columns::Named(names.to_vec())
            }
            None => Columns::Gathered(Vec::new()),
        };
        Ok(Self { writer, columns })
    }

    /// Writes a row, the JSON text of an object.
    pub(crate) fn row(&mut self, row: &str) -> io::Result<()> {
        match &mut self.columns {
            Columns::Named(names) => write_row(&mut self.writer, names, row),
            Columns::Gathered(rows) => {
                rows.push(row.to_owned());
                Ok(())
            }
        }
    }

    /// Writes what was kept.
    pub(crate) fn end(mut self) -> io::Result<()> {
        if let Columns::Gathered(rows) = &self.columns {
            let names = root_fields(rows)?;
            self.writer.write_record(&names).map_err(io_error)?;
            for row in rows {
                write_row(&mut self.writer, &names, row)?;
            }
        }
        self.writer.flush()
    }
}

fn write_row<W: Write, S: AsRef<str>>(
    writer: &mut csv::Writer<W>,
    names: &[S],
    row: &str,
) -> io::Result<()> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(row)?;
    for name in names {
        let text = fields.get(name.as_ref()).map_or_else(String::new, |value| cell(value));
        writer.write_field(text).map_err(io_error)?;
    }
    writer.write_record(None::<&[u8]>).map_err(io_error)
}

/// The error of the writer below, or a broken pipe could not be told from others.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn cell(value: &RawValue) -> String {
    match value.get() {
        "null" => String::new(),
        text => serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned()),
    }
}

fn root_fields(rows: &[String]) -> io::Result<Vec<String>> {
    let mut met = BTreeSet::new();
    for row in rows {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(row)?;
        met.extend(fields.into_keys());
    }
    let known =
        ROOT_FIELDS.iter().filter(|name| met.contains(**name)).map(|name| (*name).to_owned());
    let others = met.iter().filter(|name| !ROOT_FIELDS.contains(&name.as_str())).cloned();
    Ok(known.chain(others).collect())
}

#[cfg(test)]
mod tests {
    use super::{Arc, CsvRows};

    fn write(columns: Option<&[&str]>, rows: &[&str]) -> String {
        let columns: Option<Vec<Arc<str>>> =
            columns.map(|names| names.iter().map(|name| Arc::from(*name)).collect());
        let mut out = Vec::new();
        let mut csv = CsvRows::begin(columns.as_deref(), &mut out).unwrap();
        rows.iter().for_each(|row| csv.row(row).unwrap());
        csv.end().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_are_quoted_where_needed() {
        let rows = [r#"{"a":"x,\"y\"","b":[1,2]}"#, r#"{"b":null}"#, r#"{"a":1e400,"b":true}"#];
        assert_eq!(
            write(Some(&["a", "b"]), &rows),
            "a,b\n\"x,\"\"y\"\"\",\"[1,2]\"\n,\n1e400,true\n"
        );
    }

    #[test]
    fn whole_twins_have_a_column_for_each_root_field() {
        let rows = [r#"{"zone":1,"deviceId":"d1"}"#, r#"{"tags":{"a":1},"deviceId":"d2"}"#];
        assert_eq!(write(None, &rows), "deviceId,tags,zone\nd1,,1\nd2,\"{\"\"a\"\":1}\",\n");
    }

    #[test]
    fn one_empty_column_is_no_empty_line() {
        assert_eq!(write(Some(&["a"]), &["{}"]), "a\n\"\"\n");
    }
}
