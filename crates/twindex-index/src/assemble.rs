//! Putting twins together again: gather all cells of a row first, format after.
//!
//! Gathering touches a hundred lanes that have nothing to do with each other, so the loads overlap;
//! formatting between them would wait for one cache miss after the other (measured: three times
//! slower). Keys come in the order the catalogue met them, escaped once per path.

use smallvec::SmallVec;
use twindex_model::cell::Cell;
use twindex_model::json::read::read_value;
use twindex_model::kind::Kind;
use twindex_model::number::write_number;
use twindex_model::path::PathId;
use twindex_model::value::{Value, write_json_string};

use crate::catalog::Catalog;
use crate::lane::Lane;
use crate::lane::row_stamps::RowStamps;
use crate::lane::string::{TextLane, place_at};
use crate::past::Then;
use crate::view::SegmentView;

/// The lanes of a segment in the order of the document: parents first, siblings as they were met.
#[derive(Debug)]
pub(crate) struct Layout {
    entries: Vec<Entry>,
    /// Place in `entries` by place in the segment's lanes.
    places: Vec<u32>,
}

/// One lane in its place.
#[derive(Clone, Copy, Debug)]
struct Entry {
    lane: u32,
    /// Keys above this one.
    depth: u32,
    /// Where the entries below this one end; all are undefined where this one is.
    end: u32,
}

impl Layout {
    /// The layout of all lanes. Each lane's parent has a lane too: objects are written first.
    pub(crate) fn new(lanes: &[Lane], catalog: &Catalog) -> Self {
        let above = |lane: &u32| catalog.parent(lanes[*lane as usize].path);
        let mut by_parent: Vec<u32> = (0..lanes.len() as u32).collect();
        by_parent.sort_unstable_by_key(|lane| {
            (above(lane), catalog.ordinal(lanes[*lane as usize].path))
        });
        let children = |parent: Option<PathId>| {
            let from = by_parent.partition_point(|lane| above(lane) < parent);
            let n = by_parent[from..].partition_point(|lane| above(lane) == parent);
            from..from + n
        };
        let mut entries: Vec<Entry> = Vec::with_capacity(lanes.len());
        let mut places = vec![0; lanes.len()];
        // Children still to come, and the entry they belong to.
        let mut open = vec![(children(None), None)];
        while let Some((siblings, parent)) = open.last_mut() {
            let Some(at) = siblings.next() else {
                if let Some(parent) = parent {
                    let end = entries.len() as u32;
                    entries[*parent as usize].end = end;
                }
                open.pop();
                continue;
            };
            let (lane, place) = (by_parent[at], entries.len() as u32);
            places[lane as usize] = place;
            entries.push(Entry { lane, depth: open.len() as u32 - 1, end: place + 1 });
            open.push((children(Some(lanes[lane as usize].path)), Some(place)));
        }
        Self { entries, places }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.places.capacity() * 4
    }
}

/// A cell with the path it stands at and the number of keys above it.
#[derive(Clone, Debug)]
struct Gathered<'a> {
    path: PathId,
    depth: u32,
    found: Found<'a>,
}

/// What a path holds.
#[derive(Clone, Debug)]
enum Found<'a> {
    /// A cell.
    Cell(Cell<'a>),
    /// One of the stamps that the lanes of the row share, by its place among them.
    Stamp(u8),
}

impl Gathered<'_> {
    fn is_object(&self) -> bool {
        matches!(self.found, Found::Cell(Cell::Object))
    }
}

/// The defined cells of a row in the order of the document: all of them, or those at `path` and
/// below.
fn gather<'a>(view: &SegmentView<'a>, path: Option<PathId>, row: u16) -> Vec<Gathered<'a>> {
    let (segment, index) = (view.segment(), view.index());
    let layout = segment.layout(&index.catalog);
    let lanes = segment.lanes();
    let (mut at, end) = match path {
        None => (0, layout.entries.len()),
        Some(path) => {
            let Some(place) = segment.lane_place(path) else { return Vec::new() };
            let at = layout.places[place] as usize;
            (at, layout.entries[at].end as usize)
        }
    };
    let past = view.past_of_row(row);
    let mut gathered = Vec::with_capacity((end - at).min(512));
    while at < end {
        let entry = layout.entries[at];
        let lane = &lanes[entry.lane as usize];
        let found =
            match past.as_ref().map_or(Then::Lane, |past| past.then(lane.path, segment.undo())) {
                Then::Lane => find(view, lane, row),
                Then::Record(record) => Some(Found::Cell(view.old_cell(record))),
                Then::Nowhere => None,
            };
        let Some(found) = found.filter(|found| !matches!(found, Found::Cell(Cell::Undefined)))
        else {
            at = entry.end as usize;
            continue;
        };
        gathered.push(Gathered { path: lane.path, depth: entry.depth, found });
        at += 1;
    }
    gathered
}

/// What a row has in a lane; `None` if nothing.
#[inline]
fn find<'a>(view: &SegmentView<'a>, lane: &'a Lane, row: u16) -> Option<Found<'a>> {
    let (slot, kind) = lane.kinds.find(row)?;
    Some(match (kind, lane.strings.as_deref()) {
        (Kind::String, Some(TextLane::Shared(places))) => Found::Stamp(place_at(places, slot)),
        _ => Found::Cell(lane.cell_at((row, slot), kind, view.reading())),
    })
}

/// Appends the JSON text of a whole twin.
pub(crate) fn write_twin(view: &SegmentView<'_>, row: u16, out: &mut String) {
    let cells = gather(view, None, row);
    out.push('{');
    Printer::new(view, row).write_entries(&cells, 0, out);
    out.push('}');
}

/// Appends the JSON text of the value at a path; false, and nothing appended, if undefined.
pub(crate) fn write_value(
    view: &SegmentView<'_>,
    path: PathId,
    row: u16,
    out: &mut String,
) -> bool {
    let cells = gather(view, Some(path), row);
    let Some((first, below)) = cells.split_first() else {
        return false;
    };
    let mut printer = Printer::new(view, row);
    printer.write(&first.found, out);
    if first.is_object() {
        printer.write_entries(below, first.depth + 1, out);
        out.push('}');
    }
    true
}

/// Prints the cells of one row.
struct Printer<'a> {
    catalog: &'a Catalog,
    stamps: &'a RowStamps,
    row: u16,
    /// Where each of the row's shared stamps was printed first: the others are copies of it.
    printed: SmallVec<[Option<(usize, usize)>; 16]>,
}

impl<'a> Printer<'a> {
    fn new(view: &SegmentView<'a>, row: u16) -> Self {
        let stamps = view.segment().stamps();
        let printed = SmallVec::from_elem(None, stamps.n_places(row));
        Self { catalog: &view.index().catalog, stamps, row, printed }
    }

    /// Appends the entries of one object, whose own braces the caller writes.
    fn write_entries(&mut self, cells: &[Gathered<'_>], depth: u32, out: &mut String) {
        let mut innermost = depth;
        let mut is_first = true;
        for gathered in cells {
            while innermost > gathered.depth {
                out.push('}');
                innermost -= 1;
                is_first = false;
            }
            if !is_first {
                out.push(',');
            }
            out.push_str(self.catalog.fragment(gathered.path));
            self.write(&gathered.found, out);
            is_first = gathered.is_object();
            innermost += u32::from(is_first);
        }
        for _ in depth..innermost {
            out.push('}');
        }
    }

    fn write(&mut self, found: &Found<'_>, out: &mut String) {
        let place = match found {
            Found::Cell(cell) => return write_cell(cell, out),
            Found::Stamp(place) => *place,
        };
        match self.printed.get_mut(usize::from(place)) {
            Some(Some((from, to))) => out.extend_from_within(*from..*to),
            printed => {
                let from = out.len();
                write_string(&self.stamps.text(self.row, place), out);
                if let Some(printed) = printed {
                    *printed = Some((from, out.len()));
                }
            }
        }
    }
}

/// Appends the text of a cell; of an object only the opening brace.
fn write_cell(cell: &Cell<'_>, out: &mut String) {
    match cell {
        Cell::Undefined => (),
        Cell::Null => out.push_str("null"),
        Cell::Bool(true) => out.push_str("true"),
        Cell::Bool(false) => out.push_str("false"),
        Cell::Number(number) => write_number(out, *number),
        Cell::String(text) => write_string(text, out),
        Cell::Array(text) => out.push_str(text),
        Cell::Object => out.push('{'),
    }
}

/// Appends a JSON string; most need no escape.
fn write_string(text: &str, out: &mut String) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        write_json_string(out, text);
    }
}

/// The whole value at a path, objects and arrays spelled out; `None` if undefined.
pub(crate) fn value(view: &SegmentView<'_>, path: PathId, row: u16) -> Option<Value> {
    let cells = gather(view, Some(path), row);
    let (first, below) = cells.split_first()?;
    let stamps = view.segment().stamps();
    let value_of_found = |found: &Found<'_>| match found {
        Found::Cell(cell) => value_of(cell),
        Found::Stamp(place) => Value::String(stamps.text(row, *place).to_string()),
    };
    if !first.is_object() {
        return Some(value_of_found(&first.found));
    }
    // Objects that are being filled, outermost first, each with its key.
    let mut open: Vec<(String, Vec<(String, Value)>)> = vec![(String::new(), Vec::new())];
    for gathered in below {
        close(&mut open, (gathered.depth - first.depth) as usize);
        let key = view.index().catalog.key(gathered.path).to_owned();
        if gathered.is_object() {
            open.push((key, Vec::new()));
        } else if let Some((_, entries)) = open.last_mut() {
            entries.push((key, value_of_found(&gathered.found)));
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

/// The value of a cell that is no object.
fn value_of(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Undefined | Cell::Null => Value::Null,
        Cell::Bool(value) => Value::Bool(*value),
        Cell::Number(number) => Value::Number(*number),
        Cell::String(text) => Value::String(text.to_string()),
        // Canonical text is JSON.
        Cell::Array(text) => read_value(text).unwrap_or(Value::Null),
        Cell::Object => Value::Object(Vec::new()),
    }
}
