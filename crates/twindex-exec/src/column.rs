//! An expression over the rows of one segment, as small numbers that stand for its values.
//!
//! Grouping, sorting and distinct rows all work on these numbers and touch values only once each.
//! An expression of one path is evaluated once per distinct cell of the segment, and objects are
//! told apart by the columns below them; only a function of several paths, of objects, or of nearly
//! as many cells as rows, is evaluated row by row.

use std::ops::ControlFlow;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_model::value::Value;
use twindex_plan::env::Env as _;
use twindex_plan::eval::evaluate;
use twindex_plan::expr::Expr;

use crate::budget::heap_bytes_of;
use crate::error::ExecError;
use crate::key::Key;
use crate::leaf::{cell_path, plain_path};
use crate::segment::Segment;

const OBJECT: KindSet = KindSet::of(&[Kind::Object]);

/// Distinct cells up to which an expression is evaluated for each of them instead of each row.
const EVALUATED_MAX: usize = 4_096;

/// Paths below objects up to which these are told apart by columns.
const BELOW_MAX: usize = 64;

/// The values of one expression over the rows of a mask.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// For each row of the mask, in row order, the place of its value in `keys`.
    pub(crate) ids: Vec<u32>,
    /// The values, distinct; each is that of a row.
    pub(crate) keys: Vec<Key>,
}

impl Column {
    /// The values of `expr` over the rows of `mask`.
    ///
    /// # Errors
    /// As [`Segment::rows`].
    pub(crate) fn new(expr: &Expr, segment: &Segment<'_>, mask: &Mask) -> Result<Self, ExecError> {
        if let Some(path) = plain_path(expr) {
            return Self::of_path((expr, path), segment, mask);
        }
        if let Some(path) = cell_path(expr)
            && let Some(column) = Self::of_cells((expr, path), segment, mask)?
        {
            return Ok(column);
        }
        Self::of_rows(expr, segment, mask)
    }

    /// The cells at a path over the rows of `mask`, all objects as one empty one.
    pub(crate) fn of_cells_alone(path: PathId, segment: &SegmentView<'_>, mask: &Mask) -> Self {
        let mut ids = Vec::new();
        let cells = segment.group_ids(path, mask, &mut ids);
        let used = renumber(&mut ids, cells.len());
        let any_object = || Some(Value::Object(Vec::new()));
        let keys = used.into_iter().map(|id| Key::of_cell(&cells[id as usize], any_object));
        Self { ids, keys: keys.collect() }
    }

    /// The values at a path, which `expr` is: cells, and only objects otherwise.
    fn of_path(
        (expr, path): (&Expr, PathId),
        segment: &Segment<'_>,
        mask: &Mask,
    ) -> Result<Self, ExecError> {
        let is_object = |key: &Key| matches!(key, Key::Container(of) if of.is_object());
        let mut column = segment.step(|view| Self::of_cells_alone(path, view, mask))?;
        let Some(object) = column.keys.iter().position(is_object) else { return Ok(column) };
        let mut rows = mask.clone();
        segment.step(|view| view.narrow_kinds(path, OBJECT, &mut rows))?;
        let objects = match of_objects(path, segment, &rows)? {
            Some(objects) => objects,
            None => Self::of_rows(expr, segment, &rows)?,
        };
        column.split((object, objects));
        Ok(column)
    }

    /// Puts the values of `parts` in the place of one, whose rows are theirs.
    fn split(&mut self, (place, parts): (usize, Self)) {
        let n_before = self.keys.len();
        let number_of = |part: u32| match part {
            0 => place as u32,
            part => n_before as u32 + part - 1,
        };
        let rows = self.ids.iter_mut().filter(|id| **id as usize == place);
        rows.zip(parts.ids).for_each(|(id, part)| *id = number_of(part));
        let mut keys = parts.keys.into_iter();
        keys.next().into_iter().for_each(|first| self.keys[place] = first);
        self.keys.extend(keys);
    }

    /// The values by the distinct cells at a path, each evaluated at the first row that has it; none
    /// where cells do not suffice, or are nearly as many as rows.
    fn of_cells(
        (expr, path): (&Expr, PathId),
        segment: &Segment<'_>,
        mask: &Mask,
    ) -> Result<Option<Self>, ExecError> {
        let Some(mut ids) = segment.step(|view| cell_numbers(path, view, mask))? else {
            return Ok(None);
        };
        let of_firsts = Self::of_rows(expr, segment, &first_rows(mask, &ids))?;
        // A function of many cells may have few results.
        ids.iter_mut().for_each(|id| *id = of_firsts.ids[*id as usize]);
        Ok(Some(Self { ids, keys: of_firsts.keys }))
    }

    fn of_rows(expr: &Expr, segment: &Segment<'_>, mask: &Mask) -> Result<Self, ExecError> {
        let mut interner = Interner::default();
        let mut ids = Vec::with_capacity(mask.count() as usize);
        let (mut hold, mut kept) = (segment.budget.hold(), Ok(()));
        segment.rows(mask, |row| {
            ids.push(interner.id(Key::of_scalar(evaluate(expr, row))));
            kept = hold.keep_up(interner.bytes);
            flow(&kept)
        })?;
        kept?;
        Ok(Self { ids, keys: interner.keys })
    }

    /// Bytes on the heap of values, about.
    pub(crate) fn bytes_of(keys: &[Key]) -> usize {
        size_of_val(keys) + heap_bytes_of(keys.iter(), keys.len())
    }
}

/// The objects at a path, told apart by the cells below it: one is put together for each that
/// differs, not for each row. None where too many paths lie below.
fn of_objects(
    path: PathId,
    segment: &Segment<'_>,
    rows: &Mask,
) -> Result<Option<Column>, ExecError> {
    let Some(below) = segment.step(|view| view.paths_below(path, BELOW_MAX))? else {
        return Ok(None);
    };
    let (mut ids, mut n_objects) = (vec![0; rows.count() as usize], 1);
    let mut cells = Vec::new();
    for path in below {
        segment.stop.check()?;
        let n_cells = segment.step(|view| view.group_ids(path, rows, &mut cells).len())?;
        let (numbers, met) = number_pairs((&ids, n_objects), (&cells, n_cells));
        (ids, n_objects) = (numbers, met.len());
    }
    let mut keys = Vec::with_capacity(n_objects);
    let (mut hold, mut bytes, mut kept) = (segment.budget.hold(), 0, Ok(()));
    segment.rows(&first_rows(rows, &ids), |row| {
        let key = Key::of_value(row.object(path));
        bytes += size_of::<Key>() + key.heap_bytes();
        keys.push(key);
        kept = hold.keep_up(bytes);
        flow(&kept)
    })?;
    kept?;
    Ok(Some(Column { ids, keys }))
}

/// Whether rows are gone on with.
fn flow(kept: &Result<(), ExecError>) -> ControlFlow<()> {
    match kept {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// For each row of `mask` a number of its cell, in the order they are met; none if some are objects,
/// or too many to be worth telling apart first.
fn cell_numbers(path: PathId, segment: &SegmentView<'_>, mask: &Mask) -> Option<Vec<u32>> {
    if segment.n_rows_of_kinds(path, OBJECT) > 0 {
        return None;
    }
    let mut ids = Vec::new();
    let n_cells = segment.group_ids(path, mask, &mut ids).len();
    (renumber(&mut ids, n_cells).len() <= EVALUATED_MAX).then_some(ids)
}

/// The first row of `rows` for each of the numbers that they have, which begin at 0 and are given in
/// the order they are met.
fn first_rows(rows: &Mask, numbers: &[u32]) -> Mask {
    let (mut firsts, mut n_met) = (Mask::empty(), 0);
    for (row, number) in rows.iter().zip(numbers) {
        if *number == n_met {
            firsts.set(row);
            n_met += 1;
        }
    }
    firsts
}

/// Numbers the ids that occur, of which there are fewer than `n`, from 0 in the order they are met,
/// and gives what they were.
pub(crate) fn renumber(ids: &mut [u32], n: usize) -> Vec<u32> {
    let mut numbers = vec![u32::MAX; n];
    let mut met = Vec::new();
    for id in ids {
        let number = &mut numbers[*id as usize];
        if *number == u32::MAX {
            // There are no more ids than rows of a segment.
            *number = met.len() as u32;
            met.push(*id);
        }
        *id = *number;
    }
    met
}

/// Numbers values in the order they are met.
#[derive(Default)]
struct Interner {
    ids: HashMap<Key, u32, RandomState>,
    keys: Vec<Key>,
    /// On the heap, about.
    bytes: usize,
}

impl Interner {
    fn id(&mut self, key: Key) -> u32 {
        if let Some(&id) = self.ids.get(&key) {
            return id;
        }
        // A segment has 65,536 rows, and no more values.
        let id = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.bytes += 2 * (size_of::<Key>() + key.heap_bytes());
        self.keys.push(key.clone());
        self.ids.insert(key, id);
        id
    }
}

/// Product of places up to which combinations are numbered by a table instead of a hash map.
const TABLE_MAX: usize = 1 << 18;

/// The combinations of values that the rows of a mask have in several columns.
#[derive(Debug, Default)]
pub(crate) struct Combined {
    /// For each row of the mask, in row order, its combination.
    pub(crate) ids: Vec<u32>,
    /// For each combination, the place of its value in each column, one after another.
    places: Vec<u32>,
    n_columns: usize,
}

impl Combined {
    /// The combinations over one or more columns, each that of a row.
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self::of(columns.iter().map(|column| (&*column.ids, column.keys.len())))
    }

    /// The same of numbers by row, each below a bound.
    pub(crate) fn of<'c>(mut columns: impl Iterator<Item = (&'c [u32], usize)>) -> Self {
        let Some((ids, n_values)) = columns.next() else { return Self::default() };
        let places = (0..n_values as u32).collect();
        let mut combined = Self { ids: ids.to_vec(), places, n_columns: 1 };
        columns.for_each(|column| combined.extend(column));
        combined
    }

    /// Number of combinations.
    pub(crate) fn len(&self) -> usize {
        self.places.len().checked_div(self.n_columns).unwrap_or(0)
    }

    /// The place of combination `id` in each column.
    pub(crate) fn places(&self, id: usize) -> &[u32] {
        &self.places[id * self.n_columns..(id + 1) * self.n_columns]
    }

    fn extend(&mut self, (ids, n_values): (&[u32], usize)) {
        let (ids, met) = number_pairs((&self.ids, self.len()), (ids, n_values));
        let mut places = Vec::with_capacity(met.len() * (self.n_columns + 1));
        for pair in met {
            places.extend_from_slice(self.places(pair / n_values));
            places.push((pair % n_values) as u32);
        }
        self.n_columns += 1;
        self.ids = ids;
        self.places = places;
    }
}

/// Numbers for the pairs of two numbers that each row has, below `n_a` and `n_b`, in the order they
/// are met, and the pairs met: `a * n_b + b`.
fn number_pairs((a, n_a): (&[u32], usize), (b, n_b): (&[u32], usize)) -> (Vec<u32>, Vec<usize>) {
    let n_pairs = n_a.saturating_mul(n_b);
    let pairs = a.iter().zip(b).map(|(&a, &b)| a as usize * n_b + b as usize);
    if n_pairs <= TABLE_MAX { number_by_table(pairs, n_pairs) } else { number_by_hash(pairs) }
}

/// Numbers for pairs, all below `n_pairs`, in the order they are met, and the pairs met.
fn number_by_table(
    pairs: impl ExactSizeIterator<Item = usize>,
    n_pairs: usize,
) -> (Vec<u32>, Vec<usize>) {
    let mut numbers = vec![u32::MAX; n_pairs];
    let mut met = Vec::new();
    let number = |pair: usize| {
        let number = &mut numbers[pair];
        if *number == u32::MAX {
            *number = met.len() as u32;
            met.push(pair);
        }
        *number
    };
    (pairs.map(number).collect(), met)
}

/// The same for pairs of any size.
fn number_by_hash(pairs: impl ExactSizeIterator<Item = usize>) -> (Vec<u32>, Vec<usize>) {
    let mut numbers: HashMap<usize, u32, RandomState> = HashMap::default();
    let mut met = Vec::new();
    let number = |pair: usize| {
        *numbers.entry(pair).or_insert_with(|| {
            met.push(pair);
            met.len() as u32 - 1
        })
    };
    (pairs.map(number).collect(), met)
}

#[cfg(test)]
mod tests {
    use super::{Column, Combined, Key};

    fn column(ids: &[u32], n_keys: u32) -> Column {
        Column { ids: ids.to_vec(), keys: (0..n_keys).map(|n| Key::Number(f64::from(n))).collect() }
    }

    #[test]
    fn combines_in_the_order_met() {
        let columns = [column(&[2, 0, 2, 2], 3), column(&[1, 1, 1, 0], 2)];
        let combined = Combined::new(&columns);
        assert_eq!(combined.ids, [0, 1, 0, 2]);
        assert_eq!(combined.len(), 3);
        assert_eq!((combined.places(0), combined.places(2)), (&[2, 1][..], &[2, 0][..]));
    }

    #[test]
    fn many_values_take_the_map() {
        let ids: Vec<u32> = (0..5_000).map(|n| n * 13 % 5_000).collect();
        let columns = [column(&ids, 5_000), column(&ids, 5_000)];
        let combined = Combined::new(&columns);
        assert_eq!(combined.len(), 5_000);
        for (row, &id) in combined.ids.iter().enumerate() {
            assert_eq!(combined.places(id as usize), [ids[row], ids[row]]);
        }
    }
}
