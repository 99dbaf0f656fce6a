//! An expression over the rows of one segment, as small numbers that stand for its values.
//!
//! Grouping, sorting and distinct rows all work on these numbers and touch values only once each.
//! An expression of one path is evaluated once per distinct cell of the segment; only one of
//! several paths, or of objects, is evaluated row by row.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_plan::eval::evaluate;
use twindex_plan::expr::Expr;

use crate::key::Key;
use crate::leaf::{cell_path, plain_path};
use crate::row::{CellView, RowView};

const OBJECT: KindSet = KindSet::of(&[Kind::Object]);

/// The values of one expression over the rows of a mask.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// For each row of the mask, in row order, the place of its value in `keys`.
    pub(crate) ids: Vec<u32>,
    /// The values. Places that no row has hold undefined; equal values may have two places.
    pub(crate) keys: Vec<Key>,
}

impl Column {
    /// The values of `expr` over the rows of `mask`.
    pub(crate) fn new(expr: &Expr, segment: &SegmentView<'_>, mask: &Mask) -> Self {
        match cell_path(expr) {
            Some(path) if segment.n_rows_of_kinds(path, OBJECT) == 0 => {
                Self::of_cells((expr, path), segment, mask)
            }
            _ => Self::of_rows(expr, segment, mask),
        }
    }

    fn of_cells(of: (&Expr, PathId), segment: &SegmentView<'_>, mask: &Mask) -> Self {
        let (expr, path) = of;
        let mut ids = Vec::new();
        let cells = segment.group_ids(path, mask, &mut ids);
        let mut is_used = vec![false; cells.len()];
        for &id in &ids {
            is_used[id as usize] = true;
        }
        let is_plain = plain_path(expr).is_some();
        let keys = cells.iter().zip(is_used).map(|(cell, is_used)| {
            if !is_used {
                Key::Undefined
            } else if is_plain {
                Key::of_cell(cell, || None)
            } else {
                Key::of_scalar(evaluate(expr, &CellView(cell)))
            }
        });
        let keys: Vec<Key> = keys.collect();
        let mut column = Self { ids, keys };
        if !is_plain {
            column.unify();
        }
        column
    }

    fn of_rows(expr: &Expr, segment: &SegmentView<'_>, mask: &Mask) -> Self {
        let mut interner = Interner::default();
        let ids = mask
            .iter()
            .map(|row| {
                let view = RowView { segment: *segment, row };
                interner.id(Key::of_scalar(evaluate(expr, &view)))
            })
            .collect();
        Self { ids, keys: interner.keys }
    }

    /// Gives equal values one place: a function of many cells may have few results.
    fn unify(&mut self) {
        let mut interner = Interner::default();
        let keys = std::mem::take(&mut self.keys);
        let places: Vec<u32> = keys.into_iter().map(|key| interner.id(key)).collect();
        for id in &mut self.ids {
            *id = places[*id as usize];
        }
        self.keys = interner.keys;
    }
}

/// Numbers values in the order they are met.
#[derive(Default)]
struct Interner {
    ids: HashMap<Key, u32, RandomState>,
    keys: Vec<Key>,
}

impl Interner {
    fn id(&mut self, key: Key) -> u32 {
        if let Some(&id) = self.ids.get(&key) {
            return id;
        }
        // A segment has 65,536 rows, and no more values.
        let id = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.keys.push(key.clone());
        self.ids.insert(key, id);
        id
    }
}

/// Product of places up to which combinations are counted in a table instead of a hash map.
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
    /// The combinations over one or more columns. They are numbered as rows first have them.
    pub(crate) fn new(columns: &[Column]) -> Self {
        let mut combined = Self::default();
        for column in columns {
            combined.extend(column);
        }
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

    /// The values of combination `id`.
    pub(crate) fn keys<'a>(&self, id: usize, columns: &'a [Column]) -> Vec<&'a Key> {
        self.places(id)
            .iter()
            .zip(columns)
            .map(|(&place, column)| &column.keys[place as usize])
            .collect()
    }

    fn extend(&mut self, column: &Column) {
        let is_first = self.n_columns == 0;
        let n_values = column.keys.len().max(1);
        let n_before = if is_first { 1 } else { self.len() };
        let before = |row: usize| if is_first { 0 } else { self.ids[row] as usize };
        let mut pairs = Pairs::new(n_before.saturating_mul(n_values));
        let ids = column
            .ids
            .iter()
            .enumerate()
            .map(|(row, &id)| pairs.id(before(row) * n_values + id as usize))
            .collect();
        let mut places = Vec::with_capacity(pairs.met.len() * (self.n_columns + 1));
        for pair in &pairs.met {
            if !is_first {
                places.extend_from_slice(self.places(pair / n_values));
            }
            places.push(u32::try_from(pair % n_values).unwrap_or(0));
        }
        self.n_columns += 1;
        self.ids = ids;
        self.places = places;
    }
}

/// Numbers pairs in the order they are met.
struct Pairs {
    met: Vec<usize>,
    table: Vec<u32>,
    map: HashMap<usize, u32, RandomState>,
}

impl Pairs {
    fn new(n_pairs: usize) -> Self {
        let n_table = if n_pairs <= TABLE_MAX { n_pairs } else { 0 };
        Self { met: Vec::new(), table: vec![u32::MAX; n_table], map: HashMap::default() }
    }

    fn id(&mut self, pair: usize) -> u32 {
        let next = u32::try_from(self.met.len()).unwrap_or(u32::MAX);
        let id = if self.table.is_empty() {
            self.map.entry(pair).or_insert(next)
        } else {
            &mut self.table[pair]
        };
        if *id == u32::MAX || *id == next {
            *id = next;
            self.met.push(pair);
        }
        *id
    }
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
