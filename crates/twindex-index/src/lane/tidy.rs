//! Making a lane smaller that has lost most of what it held.

use twindex_model::cell::{Cell, Text};
use twindex_model::kind::Kind;

use crate::lane::cells::{Lane, Reading, WriteScope};
use crate::lane::kind::Reform;
use crate::lane::number::NumberForm;
use crate::lane::string::TextLane;
use crate::options::IndexOptions;

/// Makes a lane smaller if it takes several times the memory of one written anew: it is dense for
/// few rows, or has planes for so few that a list would do. Gives the number of rows written.
pub(crate) fn tidy(lane: &mut Lane, scope: &mut WriteScope<'_>) -> u32 {
    if let Some(end) = lane.kinds.cut_end() {
        lane.truncate(end);
    }
    let n_rows = lane.kinds.n_defined();
    if is_wasteful(lane, scope.options) {
        rebuild(lane, scope);
        return n_rows;
    }
    if let Reform::Scatter(rows) = lane.kinds.close_room() {
        lane.scatter(&rows);
    }
    lane.shrink();
    0
}

fn is_wasteful(lane: &Lane, options: &IndexOptions) -> bool {
    let kinds = &lane.kinds;
    let n_rows = kinds.n_defined() as usize;
    let is_few = !kinds.is_sparse() && n_rows * 2 <= options.sparse_rows_max;
    is_few || kinds.is_dense() && n_rows * 4 < kinds.n_slots()
}

/// Writes a lane anew: sparse, or packed if rows are many.
fn rebuild(lane: &mut Lane, scope: &mut WriteScope<'_>) {
    let sparse_rows_max = scope.options.sparse_rows_max;
    let options = IndexOptions { sparse_rows_max: usize::MAX, ..scope.options.clone() };
    let scope = &mut WriteScope {
        catalog: scope.catalog,
        texts: scope.texts,
        stamps: scope.stamps,
        options: &options,
    };
    let anew = Lane::new(lane.path, scope.catalog);
    let old = std::mem::replace(lane, anew);
    (lane.touched, lane.mark) = (old.touched, old.mark + 1);
    let mut copy = String::new();
    for row in old.kinds.rows() {
        let cell = old.cell(row, Reading { texts: scope.texts, stamps: scope.stamps });
        let kind = cell.kind();
        let cell = match cell {
            Cell::String(text) | Cell::Array(text) => {
                // Writing may change what the text is read from.
                copy.clear();
                copy.push_str(&text);
                let text = Text::Borrowed(copy.as_str());
                if kind == Kind::String { Cell::String(text) } else { Cell::Array(text) }
            }
            Cell::Undefined => Cell::Undefined,
            Cell::Null => Cell::Null,
            Cell::Bool(value) => Cell::Bool(value),
            Cell::Number(number) => Cell::Number(number),
            Cell::Object => Cell::Object,
        };
        lane.write(row, (&cell).into(), scope);
    }
    if lane.kinds.n_defined() as usize > sparse_rows_max {
        lane.kinds.pack();
    }
    lane.shrink();
}

impl Lane {
    /// Drops the slots at and past an end, which hold nothing.
    fn truncate(&mut self, end: usize) {
        match self.numbers.as_mut().map(|part| &mut part.form) {
            Some(NumberForm::Floats(numbers)) => numbers.truncate(end),
            Some(NumberForm::Framed(framed)) => framed.codes.truncate(end),
            None => (),
        }
        for part in [&mut self.strings, &mut self.arrays].into_iter().flatten() {
            match &mut **part {
                TextLane::Codes(part) => part.codes.truncate(end),
                TextLane::Raw(raw) => raw.truncate(end),
                TextLane::Times(times) => times.truncate(end),
                TextLane::Shared(places) => places.truncate(end),
            }
        }
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self) {
        self.kinds.shrink();
        if let Some(part) = &mut self.numbers {
            part.shrink();
        }
        for part in [&mut self.strings, &mut self.arrays].into_iter().flatten() {
            match &mut **part {
                TextLane::Codes(part) => part.codes.shrink(),
                TextLane::Raw(raw) => raw.tidy(),
                TextLane::Times(times) => times.shrink(),
                TextLane::Shared(places) => places.shrink_to_fit(),
            }
        }
    }
}
