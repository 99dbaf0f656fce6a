//! Rows as JSON, JSON Lines or CSV.
//!
//! Rows come as the JSON text the engine printed and are handed on as they are: reading them into
//! values and printing those was rejected, for the text of numbers is a promise of the language.
//! For CSV a row is split into the texts of its fields, and only strings are read.

#[cfg(feature = "csv")]
use std::{borrow::Cow, collections::HashMap};

use std::io::{self, Write};

#[cfg(feature = "csv")]
use serde_json::value::RawValue;

/// How rows are written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowFormat {
    /// One line: a JSON array of all rows.
    Json,
    /// A line a row.
    JsonLines,
    /// A header with these names, and a record a row: strings bare, other values as JSON text,
    /// null and what a row lacks empty. Fields of a row without a column are left out.
    #[cfg(feature = "csv")]
    Csv(Vec<String>),
}

/// Why a row was not written.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages are the documentation
#[non_exhaustive]
pub enum RowError {
    #[error("cannot write: {0}")]
    Io(#[from] io::Error),
    #[error("row is not a JSON object: {0}")]
    NotAnObject(#[from] serde_json::Error),
}

/// Writes the rows of one answer.
pub struct RowWriter<W: Write> {
    form: Form<W>,
}

enum Form<W: Write> {
    /// The text that goes before the next row: the bracket, or a comma.
    Json(W, &'static str),
    JsonLines(W),
    #[cfg(feature = "csv")]
    Csv(Box<csv::Writer<W>>, Vec<String>),
}

impl<W: Write> RowWriter<W> {
    /// Begins an answer.
    ///
    /// # Errors
    /// [`RowError::Io`]: the header of CSV could not be written.
    pub fn new(out: W, format: RowFormat) -> Result<Self, RowError> {
        let form = match format {
            RowFormat::Json => Form::Json(out, "["),
            RowFormat::JsonLines => Form::JsonLines(out),
            #[cfg(feature = "csv")]
            RowFormat::Csv(columns) => {
                let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
                write_record(&mut writer, columns.iter().map(|name| name.as_str().into()))?;
                Form::Csv(Box::new(writer), columns)
            }
        };
        Ok(Self { form })
    }

    /// Writes one row: the text of a JSON object, without line breaks.
    ///
    /// # Errors
    /// [`RowError::NotAnObject`]: only CSV looks, and nothing was written of the row.
    pub fn write(&mut self, row: &str) -> Result<(), RowError> {
        match &mut self.form {
            Form::Json(out, before) => {
                out.write_all(before.as_bytes())?;
                *before = ",";
                out.write_all(row.as_bytes())?;
            }
            Form::JsonLines(out) => {
                out.write_all(row.as_bytes())?;
                out.write_all(b"\n")?;
            }
            #[cfg(feature = "csv")]
            Form::Csv(writer, columns) => {
                let fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(row)?;
                let texts = columns.iter().map(|name| fields.get(name.as_str()));
                write_record(writer, texts.map(|value| value.map_or("".into(), |v| bare(v))))?;
            }
        }
        Ok(())
    }

    /// Ends the answer and gives the output back, flushed.
    ///
    /// # Errors
    /// [`RowError::Io`].
    pub fn finish(self) -> Result<W, RowError> {
        let mut out = match self.form {
            Form::Json(mut out, before) => {
                out.write_all(if before == "[" { b"[]\n" } else { b"]\n" })?;
                out
            }
            Form::JsonLines(out) => out,
            #[cfg(feature = "csv")]
            Form::Csv(writer, _) => writer.into_inner().map_err(csv::IntoInnerError::into_error)?,
        };
        out.flush()?;
        Ok(out)
    }
}

/// A value as CSV has it.
#[cfg(feature = "csv")]
fn bare(value: &RawValue) -> Cow<'_, str> {
    match value.get() {
        "null" => Cow::Borrowed(""),
        text if text.starts_with('"') => {
            // It was cut from valid JSON, so it reads.
            serde_json::from_str(text).map_or(Cow::Borrowed(text), Cow::Owned)
        }
        text => Cow::Borrowed(text),
    }
}

#[cfg(feature = "csv")]
fn write_record<'a, W: Write>(
    writer: &mut csv::Writer<W>,
    texts: impl Iterator<Item = Cow<'a, str>>,
) -> io::Result<()> {
    for text in texts {
        writer.write_field(&*text)?;
    }
    writer.write_record(None::<&[u8]>)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{RowError, RowFormat, RowWriter};

    fn written(format: RowFormat, rows: &[&str]) -> String {
        let mut writer = RowWriter::new(Vec::new(), format).unwrap();
        for row in rows {
            writer.write(row).unwrap();
        }
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn json_is_one_array_on_one_line() {
        assert_eq!(written(RowFormat::Json, &[]), "[]\n");
        assert_eq!(written(RowFormat::Json, &[r#"{"a":1e22}"#, "{}"]), "[{\"a\":1e22},{}]\n");
    }

    #[test]
    fn json_lines_is_a_line_a_row() {
        assert_eq!(written(RowFormat::JsonLines, &[]), "");
        assert_eq!(written(RowFormat::JsonLines, &[r#"{"a":1}"#, "{}"]), "{\"a\":1}\n{}\n");
    }

    #[test]
    fn csv_has_bare_strings_and_json_values() {
        let columns = ["a", "b\"", "c"].map(String::from).to_vec();
        let rows = [
            r#"{"c":1.50,"a":"x,\"y\"\n\u00e9","b\"":true,"d":9}"#,
            r#"{"a":null,"b\"":[1,{"k":"v"}],"c":{"k":1}}"#,
            "{}",
        ];
        let text = written(RowFormat::Csv(columns), &rows);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let found: Vec<Vec<String>> = reader
            .records()
            .map(|record| record.unwrap().iter().map(String::from).collect())
            .collect();
        assert_eq!(
            found,
            [
                ["a", "b\"", "c"],
                ["x,\"y\"\né", "true", "1.50"],
                ["", "[1,{\"k\":\"v\"}]", "{\"k\":1}"],
                ["", "", ""],
            ]
        );
    }

    #[test]
    fn one_empty_column_is_still_a_record() {
        let text = written(RowFormat::Csv(vec!["a".into()]), &["{}", r#"{"a":1}"#]);
        assert_eq!(text, "a\n\"\"\n1\n");
    }

    #[test]
    fn csv_refuses_what_is_no_row() {
        let mut writer = RowWriter::new(Vec::new(), RowFormat::Csv(vec!["a".into()])).unwrap();
        assert!(matches!(writer.write("[1]"), Err(RowError::NotAnObject(_))));
        writer.write("{}").unwrap();
        assert_eq!(writer.finish().unwrap(), b"a\n\"\"\n");
    }
}
