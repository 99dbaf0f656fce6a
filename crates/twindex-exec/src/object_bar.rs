//! The first objects of a segment in their order, without putting any together.
//!
//! Objects are ordered entry by entry in the order of their keys, so they are ordered by the columns
//! below them, one after the other. The first column says which rows surely are among the first,
//! which surely are not, and which are level with the last of those; only the last are asked for the
//! next column. Two or three columns mostly leave about as many rows as are wanted, and objects are
//! made of these alone. To rank all distinct objects was rejected: where they hold a number that
//! differs, such as a position, there are as many as rows.

use std::cmp::Ordering;

use twindex_index::view::{Below, SegmentView};
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_model::value::Value;

use crate::error::ExecError;
use crate::key::{Direction, Key};
use crate::path_key::first_of;
use crate::segment::Segment;

/// Paths below objects up to which their order is asked of columns.
const BELOW_MAX: usize = 1_024;
/// Columns that are looked at for one segment; what is level then stays.
const LOOKS_MAX: usize = 512;
/// Distinct arrays of a column up to which they are read as values.
const ARRAYS_MAX: usize = 1_024;
/// Rows level with each other that are not worth another column.
const LEVEL_ROWS: u32 = if cfg!(test) { 1 } else { 32 };

/// Which of some objects come first.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) direction: Direction,
    /// How many are wanted, one or more.
    pub(crate) n_rows: usize,
    /// Whether rows with equal objects are in the order of their ids.
    pub(crate) ties: Ties,
}

/// What decides between equal objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ties {
    /// The row id.
    ById,
    /// Something else.
    Unknown,
}

/// What an object has at one of its keys, in the order of objects that were level before it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    /// Nothing, nor at any later key: what is a prefix of another comes first.
    End,
    /// A value, an object as an empty one.
    Value(Key),
    /// Nothing, so a later key comes in its place.
    Later,
}

/// Some rows whose cells at `path` are objects: those that may be among the first.
///
/// # Errors
/// As [`Segment::step`].
pub(crate) fn first_objects(
    segment: &Segment<'_>,
    (path, objects): (PathId, Mask),
    wanted: &Wanted,
) -> Result<Mask, ExecError> {
    let Some(below) = segment.step(|view| view.ordered_below(path, BELOW_MAX))? else {
        return Ok(objects);
    };
    let mut walk =
        Walk { below, kept: Mask::empty(), open: objects, n_wanted: wanted.n_rows, n_looks: 0 };
    // Whether the open rows, which are level so far, have an object at each place.
    let mut is_object: Vec<bool> = Vec::with_capacity(walk.below.len());
    for place in 0..walk.below.len() {
        if walk.open.count() <= LEVEL_ROWS || walk.open.count() as usize <= walk.n_wanted {
            return Ok(walk.rows());
        }
        let has_parent = walk.below[place].parent.is_none_or(|parent| is_object[parent]);
        let has_objects = match has_parent {
            true => walk.look(segment, place, wanted.direction)?,
            false => Some(false),
        };
        let Some(has_objects) = has_objects else { return Ok(walk.rows()) };
        is_object.push(has_objects);
    }
    if wanted.ties == Ties::ById {
        let n_wanted = walk.n_wanted;
        let mut first = Mask::empty();
        walk.open.iter().take(n_wanted).for_each(|row| first.set(row));
        walk.open = first;
    }
    Ok(walk.rows())
}

/// Where the walk through the columns is.
struct Walk {
    below: Vec<Below>,
    /// Rows that are among the first.
    kept: Mask,
    /// Rows that are level with the last of the first.
    open: Mask,
    /// Rows wanted of the open ones.
    n_wanted: usize,
    n_looks: usize,
}

impl Walk {
    /// What is left.
    fn rows(mut self) -> Mask {
        self.kept.or(&self.open);
        self.kept
    }

    /// Decides between the open rows by a column. Whether those that stay open hold objects there;
    /// `None` if nothing was decided.
    fn look(
        &mut self,
        segment: &Segment<'_>,
        place: usize,
        direction: Direction,
    ) -> Result<Option<bool>, ExecError> {
        let path = self.below[place].path;
        segment.stop.check()?;
        let Some(later) = self.with_later(segment, place)? else { return Ok(None) };
        let mut ids = Vec::new();
        let made = segment.step(|view| {
            let cells = view.group_ids(path, &self.open, &mut ids);
            entries(&cells, &ids)
        })?;
        let Some(mut entries) = made else { return Ok(None) };
        // What has no value is told by what comes later.
        let (end, late) = (entries.len() as u32, entries.len() as u32 + 1);
        entries.push(Entry::End);
        entries.push(Entry::Later);
        for (row, id) in self.open.iter().zip(&mut ids) {
            if matches!(entries[*id as usize], Entry::End) {
                *id = if later.get(row) { late } else { end };
            }
        }
        Ok(self.decide(&entries, &ids, direction))
    }

    /// Keeps what comes before the entry of the last row wanted, and drops what comes after it.
    fn decide(&mut self, entries: &[Entry], ids: &[u32], direction: Direction) -> Option<bool> {
        let cmp = |a: &Entry, b: &Entry| match direction {
            Direction::Ascending => a.cmp(b),
            Direction::Descending => b.cmp(a),
        };
        let mut counts = vec![0; entries.len()];
        ids.iter().for_each(|id| counts[*id as usize] += 1);
        let met = entries.iter().zip(counts).filter(|(_, n_rows)| *n_rows > 0).collect();
        let last = first_of(met, self.n_wanted, |a, b| cmp(a, b))?;
        let sides: Vec<Ordering> = entries.iter().map(|entry| cmp(entry, last)).collect();
        let (mut open, mut n_kept) = (Mask::empty(), 0);
        for (row, id) in self.open.iter().zip(ids) {
            match sides[*id as usize] {
                Ordering::Less => {
                    self.kept.set(row);
                    n_kept += 1;
                }
                Ordering::Equal => open.set(row),
                Ordering::Greater => (),
            }
        }
        self.open = open;
        self.n_wanted -= n_kept;
        Some(matches!(last, Entry::Value(key) if key.is_object()))
    }

    /// The open rows that have nothing at a place, but something at a later one of the same object;
    /// none after too many looks.
    fn with_later(
        &mut self,
        segment: &Segment<'_>,
        place: usize,
    ) -> Result<Option<Mask>, ExecError> {
        const DEFINED: KindSet = KindSet::of(&[Kind::Undefined]).complement();
        let Below { path, parent } = self.below[place];
        let mut rest = self.open.clone();
        let undefined = DEFINED.complement();
        segment.step(|view| view.narrow_kinds(path, undefined, &mut rest))?;
        self.n_looks += 1;
        let mut later = Mask::empty();
        let siblings = self.below[place + 1..].iter().filter(|below| below.parent == parent);
        for sibling in siblings {
            if rest.is_empty() {
                break;
            }
            self.n_looks += 1;
            let mut found = rest.clone();
            segment.step(|view| view.narrow_kinds(sibling.path, DEFINED, &mut found))?;
            rest.and_not(&found);
            later.or(&found);
        }
        Ok((self.n_looks <= LOOKS_MAX).then_some(later))
    }
}

/// The entries of cells that occur among `ids`, those without a value or a row as an end; none if
/// too many of them are arrays.
fn entries(cells: &[Cell<'_>], ids: &[u32]) -> Option<Vec<Entry>> {
    let mut is_met = vec![false; cells.len()];
    ids.iter().for_each(|id| is_met[*id as usize] = true);
    let met = || cells.iter().zip(&is_met).map(|(cell, is_met)| is_met.then_some(cell));
    let n_arrays = met().flatten().filter(|cell| matches!(cell, Cell::Array(_))).count();
    let entry = |cell: Option<&Cell<'_>>| match cell {
        None | Some(Cell::Undefined) => Entry::End,
        Some(cell) => Entry::Value(Key::of_cell(cell, || Some(Value::Object(Vec::new())))),
    };
    (n_arrays <= ARRAYS_MAX).then(|| met().map(entry).collect())
}

/// Rows of `mask` by what they hold at a path.
#[derive(Debug)]
pub(crate) struct Kinds {
    pub(crate) objects: Mask,
    /// Neither objects nor undefined.
    pub(crate) others: Mask,
}

impl Kinds {
    /// The kinds of rows; none if there is no object.
    pub(crate) fn new(path: PathId, view: &SegmentView<'_>, mask: &Mask) -> Option<Self> {
        const OBJECT: KindSet = KindSet::of(&[Kind::Object]);
        const OTHER: KindSet = KindSet::of(&[Kind::Object, Kind::Undefined]).complement();
        if view.n_rows_of_kinds(path, OBJECT) == 0 {
            return None;
        }
        let (mut objects, mut others) = (mask.clone(), mask.clone());
        view.narrow_kinds(path, OBJECT, &mut objects);
        view.narrow_kinds(path, OTHER, &mut others);
        (!objects.is_empty()).then_some(Self { objects, others })
    }
}
