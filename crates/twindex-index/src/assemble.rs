//! Putting twins together again: gather all cells of some rows first, format after.
//!
//! Gathering touches a hundred lanes that have nothing to do with each other, so the loads overlap;
//! formatting between them would wait for one cache miss after the other (measured: three times
//! slower). Rows of a segment are gathered some at a time, lane by lane. Keys come in the order the
//! catalogue met them, escaped once per path.

mod gather;
mod layout;
mod print;

use twindex_model::json::read::read_value;
use twindex_model::path::PathId;
use twindex_model::value::Value;

use crate::view::SegmentView;
use gather::{BLOCK, Block, Found};
pub(crate) use layout::Layout;
use print::Printer;

/// Appends the JSON text of a whole twin.
pub(crate) fn write_twin(view: &SegmentView<'_>, row: u16, out: &mut String) {
    write_twins(view, &[row], out, |_| ());
}

/// Appends the JSON texts of whole twins, one after the other; says where each ends.
pub(crate) fn write_twins(
    view: &SegmentView<'_>,
    rows: &[u16],
    out: &mut String,
    ended: impl FnMut(usize),
) {
    let layout = view.segment().layout(&view.index().catalog);
    write_rows((view, layout), rows, out, ended);
}

/// Appends an object of columns for each row; says where each ends.
pub(crate) fn write_columns<'c>(
    view: &SegmentView<'_>,
    (columns, rows): (impl Iterator<Item = (&'c str, PathId)>, &[u16]),
    out: &mut String,
    ended: impl FnMut(usize),
) {
    let segment = view.segment();
    let layout = Layout::of_columns(columns, segment, segment.layout(&view.index().catalog));
    write_rows((view, &layout), rows, out, ended);
}

fn write_rows(
    (view, layout): (&SegmentView<'_>, &Layout),
    rows: &[u16],
    out: &mut String,
    mut ended: impl FnMut(usize),
) {
    let stamps = view.segment().stamps();
    let mut block = Block::default();
    for rows in rows.chunks(BLOCK) {
        block.gather(view, (layout, layout.all()), rows);
        for (i, row) in rows.iter().enumerate() {
            out.push('{');
            Printer::new(layout, stamps.of_row(*row)).write_entries(block.cells(i), 0, out);
            out.push('}');
            ended(out.len());
        }
    }
}

/// Appends the JSON text of the value at a path; false, and nothing appended, if undefined.
pub(crate) fn write_value(
    view: &SegmentView<'_>,
    path: PathId,
    row: u16,
    out: &mut String,
) -> bool {
    let segment = view.segment();
    let layout = segment.layout(&view.index().catalog);
    let mut block = Block::default();
    block.gather(view, (layout, layout.range_of(path, segment)), &[row]);
    let mut cells = block.cells(0);
    let Some(first) = cells.next() else { return false };
    let mut printer = Printer::new(layout, segment.stamps().of_row(row));
    printer.write(&first.found, out);
    if matches!(first.found, Found::Object) {
        printer.write_entries(cells, layout.entries[first.entry as usize].depth + 1, out);
        out.push('}');
    }
    true
}

/// The whole value at a path, objects and arrays spelled out; `None` if undefined.
pub(crate) fn value(view: &SegmentView<'_>, path: PathId, row: u16) -> Option<Value> {
    let segment = view.segment();
    let layout = segment.layout(&view.index().catalog);
    let mut block = Block::default();
    block.gather(view, (layout, layout.range_of(path, segment)), &[row]);
    let mut cells = block.cells(0);
    let first = cells.next()?;
    let value_of_found = |found: &Found<'_>| match found {
        Found::Shared(place) => Value::String(segment.stamps().text(row, *place).to_string()),
        found => value_of(found),
    };
    if !matches!(first.found, Found::Object) {
        return Some(value_of_found(&first.found));
    }
    let depth_of = |entry: u32| layout.entries[entry as usize].depth;
    let top = depth_of(first.entry);
    // Objects that are being filled, outermost first, each with its key.
    let mut open: Vec<(String, Vec<(String, Value)>)> = vec![(String::new(), Vec::new())];
    for cell in cells {
        close(&mut open, (depth_of(cell.entry) - top) as usize);
        let lane = layout.entries[cell.entry as usize].lane;
        let key = view.index().catalog.key(segment.lanes()[lane as usize].path).to_owned();
        if matches!(cell.found, Found::Object) {
            open.push((key, Vec::new()));
        } else if let Some((_, entries)) = open.last_mut() {
            entries.push((key, value_of_found(&cell.found)));
        }
    }
    close(&mut open, 1);
    open.pop().map(|(_, entries)| Value::Object(entries))
}

/// Ends the innermost objects until `depth` are open.
fn close(open: &mut Vec<(String, Vec<(String, Value)>)>, depth: usize) {
    while open.len() > depth.max(1)
        && let Some((key, entries)) = open.pop()
        && let Some((_, outer)) = open.last_mut()
    {
        outer.push((key, Value::Object(entries)));
    }
}

/// The value of a cell that is no object and no shared stamp.
fn value_of(found: &Found<'_>) -> Value {
    match found {
        Found::Null | Found::Shared(_) => Value::Null,
        Found::False => Value::Bool(false),
        Found::True => Value::Bool(true),
        Found::Number(number) => Value::Number(*number),
        Found::String(text) => Value::String((*text).to_owned()),
        Found::Stamp(stamp) => Value::String(stamp.text().to_string()),
        // Canonical text is JSON.
        Found::Array(text) => read_value(text).unwrap_or(Value::Null),
        Found::Object => Value::Object(Vec::new()),
    }
}
