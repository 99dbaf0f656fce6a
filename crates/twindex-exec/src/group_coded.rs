//! Grouping by codes: a pass over narrow columns for each segment, and a look at values only once
//! for each group.
//!
//! The keys of a row are joined to one code, and an argument of aggregates is joined to that, so
//! that counts by code are all there is to know: rows, sums, extremes, percentiles and distinct
//! values of a group come from how often each value occurs in it. Sums stay exact that way, which
//! summing codes and scaling the result would not: it is the doubles that are summed.

use twindex_index::coded::{CodeColumn, Coded, Meaning};
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::path::PathId;
use twindex_plan::logical::Groups;

use crate::aggregate::Partial;
use crate::group::GroupTable;
use crate::leaf::plain_path;

/// A table of counts is not worth clearing and reading for fewer rows than one in so many entries.
const ENTRIES_PER_ROW: usize = 4;

/// The paths of a grouped query all of whose keys and arguments are plain.
#[derive(Debug)]
pub(crate) struct CodedPaths {
    keys: Vec<PathId>,
    /// Distinct paths of arguments, each with the places of its states.
    arguments: Vec<(PathId, Vec<usize>)>,
}

impl CodedPaths {
    /// The paths; none where there is no key, or something other than a path.
    pub(crate) fn of(groups: &Groups) -> Option<Self> {
        let keys = groups.keys.iter().map(plain_path).collect::<Option<Vec<PathId>>>()?;
        if keys.is_empty() {
            return None;
        }
        let mut paths = Self { keys, arguments: Vec::new() };
        let arguments = groups.aggregates.iter().filter_map(|one| one.argument.as_ref());
        for (place, argument) in arguments.enumerate() {
            let path = plain_path(argument)?;
            match paths.arguments.iter_mut().find(|of| of.0 == path) {
                Some(of) => of.1.push(place),
                None => paths.arguments.push((path, vec![place])),
            }
        }
        Some(paths)
    }

    fn all(&self) -> impl Iterator<Item = PathId> {
        self.keys.iter().copied().chain(self.arguments.iter().map(|of| of.0))
    }
}

/// Columns of one segment, joined.
struct Columns<'a> {
    keys: Vec<Coded<'a>>,
    arguments: Vec<Argument<'a>>,
    /// Rows by group.
    counts: Vec<u32>,
}

/// What one argument is in the groups of a segment.
struct Argument<'a> {
    n_codes: usize,
    /// Numbers that ascend with their codes, and the first of these.
    numbers: (usize, Vec<f64>),
    /// The other cells, with their codes.
    cells: Vec<(usize, Cell<'a>)>,
    /// How often each code occurs in each group.
    pairs: Vec<u32>,
}

impl<'a> Argument<'a> {
    fn new(coded: &Coded<'a>, pairs: Vec<u32>) -> Self {
        let n_codes = coded.column().n_codes();
        let (first, numbers) = coded.ascending_numbers();
        let others = (0..first).chain(first + numbers.len()..n_codes);
        let cells = others.map(|code| (code, coded.found(code).cell)).collect();
        Self { n_codes, numbers: (first, numbers), cells, pairs }
    }

    /// Adds what it is in a group.
    fn add_to(&self, partial: &mut Partial, group: usize) {
        let counts = &self.pairs[group * self.n_codes..][..self.n_codes];
        let (first, numbers) = &self.numbers;
        partial.add_ascending(numbers, &counts[*first..][..numbers.len()]);
        self.cells.iter().for_each(|(code, cell)| partial.add_cell(cell, counts[*code]));
    }
}

/// The places of groups by the joined codes of their keys, which mostly mean the same in the next
/// segment.
#[derive(Debug)]
pub(crate) struct KnownPlaces {
    meanings: Vec<Meaning>,
    places: Vec<u32>,
}

/// Joined codes up to which places are remembered.
const KNOWN_MAX: usize = 4_096;
/// A code whose place is not known.
const NONE: u32 = u32::MAX;

impl KnownPlaces {
    /// No place yet; none where codes are too many, or what they mean is not told.
    fn new(columns: &Columns<'_>) -> Option<Self> {
        let n_codes = columns.counts.len();
        if n_codes > KNOWN_MAX {
            return None;
        }
        let meanings = columns.keys.iter().map(Coded::meaning).collect::<Option<_>>()?;
        Some(Self { meanings, places: vec![NONE; n_codes] })
    }
}

impl<'a> Columns<'a> {
    /// The columns over the rows of `mask`; none where they have no codes, or too many.
    fn of(paths: &CodedPaths, view: &SegmentView<'a>, mask: &Mask) -> Option<Self> {
        let entries_max = mask.count() as usize * ENTRIES_PER_ROW;
        let keys = paths.keys.iter().map(|path| view.coded(*path, mask));
        let keys = keys.collect::<Option<Vec<Coded<'a>>>>()?;
        let (first, others) = keys.split_first()?;
        let mut joined: Option<CodeColumn<'static>> = None;
        for other in others {
            let column = joined.as_ref().unwrap_or(first.column());
            joined = Some(column.join(other.column())?);
        }
        let groups = joined.as_ref().unwrap_or(first.column());
        let mut arguments = Vec::with_capacity(paths.arguments.len());
        let mut counts = None;
        for (path, _) in &paths.arguments {
            let argument = view.coded(*path, mask)?;
            let n_codes = argument.column().n_codes();
            let pairs = groups.join(argument.column())?;
            if pairs.n_codes() > entries_max {
                return None;
            }
            let pairs = pairs.histogram(mask);
            counts.get_or_insert_with(|| {
                pairs.chunks_exact(n_codes).map(|of_group| of_group.iter().sum()).collect()
            });
            arguments.push(Argument::new(&argument, pairs));
        }
        if counts.is_none() && groups.n_codes() > entries_max {
            return None;
        }
        let counts = counts.unwrap_or_else(|| groups.histogram(mask));
        Some(Self { keys, arguments, counts })
    }
}

impl GroupTable<'_> {
    /// Adds the rows of `mask` that have codes, and gives the others.
    pub(crate) fn add_coded(
        &mut self,
        paths: &CodedPaths,
        view: &SegmentView<'_>,
        mut mask: Mask,
    ) -> Mask {
        let changed = view.take_changed(paths.all(), &mut mask);
        let columns = Columns::of(paths, view, &mask);
        if let Some(columns) = &columns {
            self.add_columns(paths, columns);
            mask.clear();
        }
        changed.iter().for_each(|changed| mask.or(changed));
        mask
    }

    fn add_columns(&mut self, paths: &CodedPaths, columns: &Columns<'_>) {
        let fresh = KnownPlaces::new(columns);
        let is_same = |known: &KnownPlaces| {
            fresh.as_ref().is_some_and(|fresh| fresh.meanings == known.meanings)
        };
        let mut known = self.take_known().filter(is_same).or(fresh);
        let mut numbers = vec![0; columns.keys.len()];
        let groups = columns.counts.iter().enumerate().filter(|(_, n)| **n > 0);
        for (group, n_rows) in groups {
            let place = match &mut known {
                None => self.place_of_code(columns, group, &mut numbers),
                Some(known) if known.places[group] != NONE => known.places[group] as usize,
                Some(known) => {
                    let place = self.place_of_code(columns, group, &mut numbers);
                    // Rows have 32-bit ids, and there are no more groups than rows.
                    known.places[group] = place as u32;
                    place
                }
            };
            self.states().add_rows(place, u64::from(*n_rows));
            let partials = self.states().partials_of(place);
            for ((_, aggregates), argument) in paths.arguments.iter().zip(&columns.arguments) {
                aggregates.iter().for_each(|&at| argument.add_to(&mut partials[at], group));
            }
        }
        self.set_known(known);
    }

    /// The place of the group with a joined code.
    fn place_of_code(
        &mut self,
        columns: &Columns<'_>,
        mut code: usize,
        numbers: &mut [u32],
    ) -> usize {
        for (i, key) in columns.keys.iter().enumerate().rev() {
            let n_codes = key.column().n_codes();
            numbers[i] = self.states().number_of(i, &key.found(code % n_codes));
            code /= n_codes;
        }
        self.states().place(numbers)
    }
}
