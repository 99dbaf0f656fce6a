//! Rows as a table for the eye.
//!
//! On a terminal a row is one line: what does not fit is cut and ends in `…`. Off a terminal
//! nothing is cut. Whole twins are shown in brief, by id, state and sections without `$`-keys,
//! since a table of complete documents shows nothing at all.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Row, Table, TableStyle, presets};
use serde_json::Value;
use serde_json::value::RawValue;
use twindex::RowKind;

use crate::output::printable::printable;

/// Longest cell handed to the layout on a terminal; no terminal shows more of one.
const CELL_CHARS_MAX: usize = 512;

const STYLE: TableStyle = presets::UTF8_FULL_CONDENSED;

/// Columns of a whole twin shown in brief, by JSON pointer.
const TWIN_COLUMNS: [(&str, &str); 7] = [
    ("deviceId", "/deviceId"),
    ("moduleId", "/moduleId"),
    ("status", "/status"),
    ("connectionState", "/connectionState"),
    ("tags", "/tags"),
    ("desired", "/properties/desired"),
    ("reported", "/properties/reported"),
];

/// Collects rows, then lays them out.
#[derive(Debug)]
pub(crate) struct RowTable {
    columns: Columns,
    is_terminal: bool,
    cells: Vec<Vec<Option<Shown>>>,
}

#[derive(Debug)]
enum Columns {
    Named(Vec<Arc<str>>),
    Twin,
}

/// A cell as it is shown.
#[derive(Debug)]
struct Shown {
    text: String,
    kind: CellKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CellKind {
    Number,
    Null,
    Other,
}

impl RowTable {
    /// An empty table; `columns` as a page has them, `is_terminal` whether long cells are cut.
    pub(crate) fn new(kind: RowKind, columns: Option<&[Arc<str>]>, is_terminal: bool) -> Self {
        let columns = match (kind, columns) {
            (RowKind::Raw, Some(names)) => Columns::Named(names.to_vec()),
            _ => Columns::Twin,
        };
        Self { columns, is_terminal, cells: Vec::new() }
    }

    /// Whether rows are whole documents shown in brief.
    pub(crate) fn is_brief(&self) -> bool {
        matches!(self.columns, Columns::Twin)
    }

    /// Adds a row, the JSON text of an object.
    pub(crate) fn push(&mut self, row: &str) -> serde_json::Result<()> {
        let cells = match &self.columns {
            Columns::Named(names) => {
                let fields: BTreeMap<String, &RawValue> = serde_json::from_str(row)?;
                names
                    .iter()
                    .map(|name| fields.get(&**name).map(|value| Shown::json(value.get())))
                    .collect()
            }
            Columns::Twin => brief_cells(&serde_json::from_str(row)?),
        };
        self.cells.push(cells);
        Ok(())
    }

    /// Lays the table out; nothing at all if it has neither rows nor columns.
    pub(crate) fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let names: Vec<&str> = match &self.columns {
            Columns::Named(names) => names.iter().map(|name| &**name).collect(),
            Columns::Twin => TWIN_COLUMNS.iter().map(|(name, _)| *name).collect(),
        };
        let shown: Vec<usize> = (0..names.len()).filter(|at| self.has_column(*at)).collect();
        let mut table = new_table(self.is_terminal);
        table.set_header(shown.iter().map(|at| printable(names[*at])));
        for cells in &self.cells {
            table.add_row(self.line(&shown, cells));
        }
        self.align(&mut table, &shown);
        writeln!(out, "{table}")
    }

    /// A named column is always shown; one of a brief twin only if some twin has it.
    fn has_column(&self, at: usize) -> bool {
        !self.is_brief() || at == 0 || self.cells.iter().any(|row| row[at].is_some())
    }

    fn line(&self, shown: &[usize], cells: &[Option<Shown>]) -> Row {
        let texts = shown.iter().map(|at| match &cells[*at] {
            Some(shown) if self.is_terminal => first_chars(&shown.text),
            Some(shown) => &shown.text,
            None => "",
        });
        let mut row = Row::from(texts.map(Cell::new).collect::<Vec<_>>());
        if self.is_terminal {
            row.max_height(1);
        }
        row
    }

    /// Columns of numbers and nulls stand to the right.
    fn align(&self, table: &mut Table, shown: &[usize]) {
        for (place, at) in shown.iter().enumerate() {
            let kinds = || self.cells.iter().filter_map(|row| Some(row[*at].as_ref()?.kind));
            let has_number = kinds().any(|kind| kind == CellKind::Number);
            let are_numbers = has_number && kinds().all(|kind| kind != CellKind::Other);
            if let Some(column) = table.column_mut(place).filter(|_| are_numbers) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
}

impl Shown {
    /// A JSON text: strings without quotes, the rest as written.
    fn json(text: &str) -> Self {
        let kind = match text.as_bytes() {
            [b'-' | b'0'..=b'9', ..] => CellKind::Number,
            b"null" => CellKind::Null,
            _ => CellKind::Other,
        };
        let text = match serde_json::from_str::<String>(text) {
            Ok(string) => printable(&string).into_owned(),
            Err(_) => printable(text).into_owned(),
        };
        Self { text, kind }
    }
}

/// A table of figures: named columns of text, the first to the left and the others to the right.
#[derive(Debug)]
pub(crate) struct Figures {
    table: Table,
    n_columns: usize,
}

impl Figures {
    /// An empty table of figures.
    pub(crate) fn new(header: &[&str], is_terminal: bool) -> Self {
        let mut table = new_table(is_terminal);
        table.set_header(header.iter().copied());
        Self { table, n_columns: header.len() }
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        self.table.add_row(cells.into_iter().collect::<Vec<_>>());
    }

    /// Lays the table out.
    pub(crate) fn write(mut self, out: &mut dyn Write) -> io::Result<()> {
        for at in 1..self.n_columns {
            if let Some(column) = self.table.column_mut(at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(out, "{}", self.table)
    }
}

fn new_table(is_terminal: bool) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    if is_terminal {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.force_no_tty();
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table
}

fn brief_cells(twin: &Value) -> Vec<Option<Shown>> {
    let cell = |pointer| {
        let value = twin.pointer(pointer)?;
        Some(match value {
            Value::String(text) => {
                Shown { text: printable(text).into_owned(), kind: CellKind::Other }
            }
            Value::Object(entries) => Shown { text: brief_object(entries), kind: CellKind::Other },
            other => Shown::json(&other.to_string()),
        })
    };
    TWIN_COLUMNS.iter().map(|(_, pointer)| cell(pointer)).collect()
}

/// An object without `$version` and `$metadata`, which are long and rarely what one looks for.
fn brief_object(entries: &serde_json::Map<String, Value>) -> String {
    let kept = entries.iter().filter(|(key, _)| !key.starts_with('$'));
    let kept: serde_json::Map<String, Value> =
        kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    printable(&Value::Object(kept).to_string()).into_owned()
}

fn first_chars(text: &str) -> &str {
    text.char_indices().nth(CELL_CHARS_MAX).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{Arc, RowKind, RowTable};

    fn draw(kind: RowKind, columns: Option<&[&str]>, rows: &[&str]) -> String {
        let columns: Option<Vec<Arc<str>>> =
            columns.map(|names| names.iter().map(|name| Arc::from(*name)).collect());
        let mut table = RowTable::new(kind, columns.as_deref(), false);
        for row in rows {
            table.push(row).unwrap();
        }
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_stand_to_the_right_and_missing_cells_are_empty() {
        let rows = [r#"{"site":"Aarhus","n":10}"#, r#"{"n":9}"#, r#"{"site":null,"n":1e30}"#];
        let expected = "\
┌────────┬──────┐
│ site   ┆    n │
╞════════╪══════╡
│ Aarhus ┆   10 │
│        ┆    9 │
│ null   ┆ 1e30 │
└────────┴──────┘
";
        assert_eq!(draw(RowKind::Raw, Some(&["site", "n"]), &rows), expected);
    }

    #[test]
    fn whole_twins_are_shown_in_brief() {
        let twin = r#"{"deviceId":"d1","etag":"x","properties":{"desired":{"a":1,"$version":3}}}"#;
        let expected = "\
┌──────────┬─────────┐
│ deviceId ┆ desired │
╞══════════╪═════════╡
│ d1       ┆ {\"a\":1} │
└──────────┴─────────┘
";
        assert_eq!(draw(RowKind::Twin, None, &[twin]), expected);
    }
}
