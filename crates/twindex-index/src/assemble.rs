//! Putting twins together again: the cells of a lane for some rows, then those of the next lane.
//!
//! A twin lies in a hundred lanes that have nothing to do with each other. Going through them row by
//! row would find out anew for each cell what its lane is like, and wait for one cache miss after the
//! other; some rows at a time share the one and overlap the other. Their texts grow side by side.
//! Keys come in the order the catalogue met them, escaped once per path.

mod gather;
mod layout;
mod ordered;
mod print;

use twindex_model::json::read::read_value;
use twindex_model::path::PathId;
use twindex_model::value::Value;

use crate::view::SegmentView;
use gather::{BLOCK, Found, Take, gather};
pub(crate) use layout::Layout;
pub use ordered::Below;
pub(crate) use ordered::ordered_below;
use print::{Begin, Printer};

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

/// Bytes of the text of a row for which there is room at first.
const WHOLE_BYTES: usize = 4_096;
/// The same for each column.
const COLUMN_BYTES: usize = 64;

fn write_rows(
    (view, layout): (&SegmentView<'_>, &Layout),
    rows: &[u16],
    out: &mut String,
    mut ended: impl FnMut(usize),
) {
    let stamps = view.segment().stamps();
    let row_bytes = WHOLE_BYTES.min(layout.entries.len() * COLUMN_BYTES);
    let mut printer = Printer::new((layout, stamps), rows.len(), row_bytes);
    // The text of one row is not copied if it is the first.
    let is_all = rows.len() == 1 && out.capacity() == 0;
    let mut n_left = rows.len();
    for rows in rows.chunks(BLOCK) {
        printer.begin(Begin::Object, rows);
        gather(view, (layout, layout.all()), rows, &mut printer);
        if is_all {
            *out = printer.into_object();
            return ended(out.len());
        }
        // For the rows to come as well: they are like these.
        out.reserve((printer.n_bytes(rows.len()) * n_left).div_ceil(rows.len()));
        n_left -= rows.len();
        for i in 0..rows.len() {
            printer.end_object(i, out);
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
    let entries = layout.range_of(path, segment);
    let Some(top) = layout.entries.get(entries.start) else { return false };
    let mut printer = Printer::new((layout, segment.stamps()), 1, COLUMN_BYTES);
    printer.begin(Begin::Value(top.depth), &[row]);
    gather(view, (layout, entries), &[row], &mut printer);
    printer.end_value(top.depth, out)
}

/// See [`SegmentView::paths_below`].
pub(crate) fn paths_below(
    view: &SegmentView<'_>,
    path: PathId,
    n_max: usize,
) -> Option<Vec<PathId>> {
    let segment = view.segment();
    let layout = segment.layout(&view.index().catalog);
    let below = layout.entries[layout.range_of(path, segment)].iter().skip(1);
    let path_of = |entry: &layout::Entry| segment.lanes()[entry.lane as usize].path;
    (below.len() <= n_max).then(|| below.map(path_of).collect())
}

/// The cells of one row.
#[derive(Default)]
struct Cells<'a>(Vec<(u32, Found<'a>)>);

impl<'a> Take<'a> for Cells<'a> {
    type Entry = u32;

    fn entry(&self, entry: u32) -> u32 {
        entry
    }

    fn pair(&self, _: u32) -> Option<u32> {
        None
    }

    fn take(&mut self, _: usize, entry: &u32, found: Found<'a>) {
        self.0.push((*entry, found));
    }
}

/// The whole value at a path, objects and arrays spelled out; `None` if undefined.
pub(crate) fn value(view: &SegmentView<'_>, path: PathId, row: u16) -> Option<Value> {
    let segment = view.segment();
    let layout = segment.layout(&view.index().catalog);
    let mut cells = Cells::default();
    gather(view, (layout, layout.range_of(path, segment)), &[row], &mut cells);
    let mut cells = cells.0.into_iter();
    let (first, found) = cells.next()?;
    let value_of_found = |found: &Found<'_>| match found {
        Found::Shared(place) => Value::String(segment.stamps().text(row, *place).to_string()),
        found => value_of(found),
    };
    if !matches!(found, Found::Object) {
        return Some(value_of_found(&found));
    }
    let depth_of = |entry: u32| layout.entries[entry as usize].depth;
    let top = depth_of(first);
    // Objects that are being filled, outermost first, each with its key.
    let mut open: Vec<(String, Vec<(String, Value)>)> = vec![(String::new(), Vec::new())];
    for (entry, found) in cells {
        close(&mut open, (depth_of(entry) - top) as usize);
        let lane = layout.entries[entry as usize].lane;
        let key = view.index().catalog.key(segment.lanes()[lane as usize].path).to_owned();
        if matches!(found, Found::Object) {
            open.push((key, Vec::new()));
        } else if let Some((_, entries)) = open.last_mut() {
            entries.push((key, value_of_found(&found)));
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
