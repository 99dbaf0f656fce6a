//! Cells of a path over all segments of a collection, by value: kept from the first question on.
//!
//! A count over ten million twins is then a look-up, where summing the counts of each segment would
//! take two cache misses a segment. They speak of the newest writes, as everything that is kept
//! does, and carry the number of the last batch that changed the path: a reader of that version or
//! a later one may use them, any other sums segments and old cells. Values are counted while they
//! are few, see [`IndexOptions::count_values_max`](crate::options::IndexOptions).
//!
//! Building them walks the counts of each segment, never a lane: those are built segment by segment
//! by the first question, so no reader holds the writer off for longer than for one segment. Totals
//! of every path from the start were rejected: most paths are never asked for, and each would cost
//! every write two more cache misses.

mod view;

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use twindex_model::path::{Collection, PathId};
use twindex_sync::RwLock;

use crate::dictionary::Dictionary;
use crate::index::Index;
use crate::lane::Lane;
use crate::lane::cells::Counted;
use crate::lane::number::NumberForm;
use crate::lane::string::TextLane;
use crate::snapshot::Ts;
use crate::texts::{TextKind, Texts};

pub use view::Totals;

/// Paths whose totals are kept; of more all are forgotten.
const PATHS_MAX: usize = 1_024;
/// Counts that are added up in one go: some tenths of a millisecond.
const ADDED_MAX: usize = 1 << 18;

/// The totals that were asked for, by path.
type ByPath = HashMap<PathId, Arc<PathTotals>, RandomState>;

/// The totals of an index, by collection.
#[derive(Debug, Default)]
pub(crate) struct TotalsTable([RwLock<ByPath>; 2]);

/// The totals of one path.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathTotals {
    /// No batch after it changed the path; perhaps an earlier one was the last to do so.
    changed: Ts,
    texts: [Kept<TextTotals>; 2],
    numbers: Kept<HashMap<u64, u32, RandomState>>,
}

/// Counts by value.
#[derive(Clone, Debug, Default)]
enum Kept<T> {
    /// Not asked for, or not to be had without reading lanes.
    #[default]
    Unknown,
    /// Values are too many.
    Uncounted,
    /// Counted.
    Counted(T),
}

/// Rows by code of one filling of a dictionary.
#[derive(Clone, Debug, Default)]
struct TextTotals {
    generation: u32,
    rows: Vec<u32>,
}

/// What a write to a counted cell needs beside the totals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writing {
    /// Codes, or numbers, from which on values are too many.
    pub(crate) values_max: usize,
    /// The fillings of the path's dictionaries.
    pub(crate) generations: [u32; 2],
}

impl Writing {
    /// A write to a lane.
    pub(crate) fn of(lane: &Lane, (texts, values_max): (&Texts, usize)) -> Self {
        let generation =
            |kind| texts.dictionary(lane.family, kind).map_or(0, Dictionary::generation);
        Self { values_max, generations: TextKind::ALL.map(generation) }
    }
}

impl TotalsTable {
    /// The totals of a path that is about to be written, if they are kept.
    #[inline]
    pub(crate) fn of(&mut self, collection: Collection, path: PathId) -> Option<&mut PathTotals> {
        let by_path = self.0[collection as usize].get_mut();
        if by_path.is_empty() {
            return None;
        }
        // Nobody reads while the index is written.
        by_path.get_mut(&path).map(Arc::make_mut)
    }

    /// Forgets the totals of a path, whose codes or id will mean something else.
    pub(crate) fn forget(&mut self, path: PathId) {
        self.0.iter_mut().for_each(|by_path| _ = by_path.get_mut().remove(&path));
    }

    fn get(&self, collection: Collection, path: PathId) -> Option<Arc<PathTotals>> {
        self.0[collection as usize].read().get(&path).cloned()
    }

    fn keep(
        &self,
        (collection, path): (Collection, PathId),
        totals: PathTotals,
    ) -> Arc<PathTotals> {
        let totals = Arc::new(totals);
        let mut by_path = self.0[collection as usize].write();
        if by_path.len() >= PATHS_MAX {
            by_path.clear();
        }
        by_path.insert(path, Arc::clone(&totals));
        totals
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let of = |by_path: &RwLock<ByPath>| {
            let by_path = by_path.read();
            let entry = size_of::<PathTotals>() + size_of::<(PathId, Arc<PathTotals>)>();
            by_path.values().map(|totals| totals.bytes()).sum::<usize>()
                + by_path.capacity() * entry
        };
        self.0.iter().map(of).sum()
    }
}

impl PathTotals {
    /// A cell that counts as `counted` is about to be written by batch `ts`.
    pub(crate) fn leave(&mut self, counted: Counted, ts: Ts) {
        self.changed = self.changed.max(ts);
        match counted {
            Counted::ByKind => (),
            Counted::Code(kind, code) => {
                let totals = &mut self.texts[kind as usize];
                if let Kept::Counted(texts) = totals {
                    match texts.rows.get_mut(code as usize) {
                        Some(n) if *n > 0 => *n -= 1,
                        _ => *totals = Kept::Uncounted,
                    }
                }
            }
            Counted::Text(kind) => self.texts[kind as usize].give_up(),
            Counted::Number(number) => {
                if let Kept::Counted(numbers) = &mut self.numbers
                    && let Some(n) = numbers.get_mut(&number.to_bits())
                {
                    *n -= 1;
                    if *n == 0 {
                        numbers.remove(&number.to_bits());
                    }
                }
            }
        }
    }

    /// A cell was written, which counts as `counted`.
    pub(crate) fn enter(&mut self, counted: Counted, writing: &Writing) {
        match counted {
            Counted::ByKind => (),
            Counted::Code(kind, code) => {
                let totals = &mut self.texts[kind as usize];
                let generation = writing.generations[kind as usize];
                if let Kept::Counted(texts) = totals
                    && !texts.add((code, generation), writing.values_max)
                {
                    *totals = Kept::Uncounted;
                }
            }
            Counted::Text(kind) => self.texts[kind as usize].give_up(),
            Counted::Number(number) => {
                if let Kept::Counted(numbers) = &mut self.numbers {
                    *numbers.entry(number.to_bits()).or_insert(0) += 1;
                    if numbers.len() > writing.values_max {
                        self.numbers = Kept::Uncounted;
                    }
                }
            }
        }
    }

    fn bytes(&self) -> usize {
        let of_texts = |kept: &Kept<TextTotals>| match kept {
            Kept::Counted(texts) => texts.rows.capacity() * 4,
            _ => 0,
        };
        let of_numbers = match &self.numbers {
            Kept::Counted(numbers) => numbers.capacity() * (size_of::<(u64, u32)>() + 1),
            _ => 0,
        };
        self.texts.iter().map(of_texts).sum::<usize>() + of_numbers
    }
}

impl<T> Kept<T> {
    fn give_up(&mut self) {
        *self = Self::Uncounted;
    }
}

impl TextTotals {
    /// One row more has a code of a filling; false if it cannot be counted.
    fn add(&mut self, (code, generation): (u32, u32), values_max: usize) -> bool {
        if self.generation != generation {
            if self.rows.iter().any(|n| *n > 0) {
                return false;
            }
            *self = Self { generation, rows: Vec::new() };
        }
        let code = code as usize;
        if code >= values_max {
            return false;
        }
        if code >= self.rows.len() {
            self.rows.resize(code + 1, 0);
        }
        self.rows[code] += 1;
        true
    }
}

impl Index {
    fn lanes_of(&self, (collection, path): (Collection, PathId)) -> impl Iterator<Item = &Lane> {
        self.store(collection).segments.iter().filter_map(move |segment| segment.lane(path))
    }

    /// Rows by code, from the counts of the segments; unknown where one has not counted yet.
    fn sum_texts(&self, at: (Collection, PathId), kind: TextKind) -> Kept<TextTotals> {
        let dictionary = self.texts.dictionary(self.catalog.family(at.1), kind);
        let generation = dictionary.map_or(0, Dictionary::generation);
        let mut rows: Vec<u32> = Vec::new();
        let mut n_added = 0;
        for lane in self.lanes_of(at) {
            let part = match lane.text_part(kind) {
                None => continue,
                Some(TextLane::Codes(part)) => part,
                Some(_) => return Kept::Uncounted,
            };
            match part.counts.get() {
                None => return Kept::Unknown,
                Some(None) => return Kept::Uncounted,
                Some(Some(counts)) => n_added += counts.add_to(&mut rows),
            }
            if n_added > ADDED_MAX {
                return Kept::Uncounted;
            }
        }
        Kept::Counted(TextTotals { generation, rows })
    }

    /// Rows by number, likewise.
    fn sum_numbers(&self, at: (Collection, PathId)) -> Kept<HashMap<u64, u32, RandomState>> {
        let mut rows: HashMap<u64, u32, RandomState> = HashMap::default();
        let mut add = |number: f64, n: u32| *rows.entry(number.to_bits()).or_insert(0) += n;
        for lane in self.lanes_of(at) {
            let Some(part) = &lane.numbers else { continue };
            let NumberForm::Framed(framed) = &part.form else { return Kept::Uncounted };
            if framed.codes.width() > 1 {
                return Kept::Uncounted;
            }
            let Some(counts) = part.counts.get() else { return Kept::Unknown };
            let in_frame = counts.iter().filter(|(code, _)| *code != framed.frame.n_codes());
            in_frame.for_each(|(code, n)| add(framed.frame.number(code), n));
            framed.exceptions.iter().for_each(|(_, number)| add(*number, 1));
        }
        match rows.len() <= self.options.count_values_max {
            true => Kept::Counted(rows),
            false => Kept::Uncounted,
        }
    }

    /// Holds the totals kept against the cells.
    ///
    /// # Errors
    /// The first difference, in words.
    pub(crate) fn validate_totals(&self) -> Result<(), String> {
        for collection in [Collection::Devices, Collection::Modules] {
            let by_path = self.totals.0[collection as usize].read();
            for (path, totals) in by_path.iter() {
                self.validate_path_totals((collection, *path), totals)
                    .map_err(|difference| format!("totals of {path:?}: {difference}"))?;
            }
        }
        Ok(())
    }

    fn validate_path_totals(
        &self,
        at: (Collection, PathId),
        totals: &PathTotals,
    ) -> Result<(), String> {
        let mut texts: [HashMap<u32, u32, RandomState>; 2] = Default::default();
        let mut numbers: HashMap<u64, u32, RandomState> = HashMap::default();
        for lane in self.lanes_of(at) {
            for row in lane.kinds.rows() {
                match lane.counted(row) {
                    Counted::Code(kind, code) => {
                        *texts[kind as usize].entry(code).or_insert(0) += 1;
                    }
                    Counted::Number(number) => *numbers.entry(number.to_bits()).or_insert(0) += 1,
                    Counted::ByKind | Counted::Text(_) => (),
                }
            }
        }
        for (kept, found) in totals.texts.iter().zip(texts) {
            let Kept::Counted(kept) = kept else { continue };
            let kept = (0..).zip(&kept.rows).filter(|(_, n)| **n > 0).map(|(code, n)| (code, *n));
            let kept: HashMap<u32, u32, RandomState> = kept.collect();
            if kept != found {
                return Err(format!("{kept:?} kept, {found:?} found"));
            }
        }
        match &totals.numbers {
            Kept::Counted(kept) if *kept != numbers => {
                Err(format!("{kept:?} kept, {numbers:?} found"))
            }
            _ => Ok(()),
        }
    }
}
