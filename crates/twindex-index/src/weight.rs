//! What the sections of a twin weigh, and that none grows past its limit.
//!
//! A row keeps an upper bound for each section. A write adds all that it brings and takes nothing
//! off, which needs no look at the twin; only when the bound passes the limit is the section
//! weighed, cell by cell, and the write refused if it is too heavy and grew. Exact weights would
//! cost each write a look at every cell that it overwrites.

use twindex_kernels::prefetch;
use twindex_model::cell::Cell;
use twindex_model::json::read::{Event, Leaf, Leaves, read_value};
use twindex_model::kind::Kind;
use twindex_model::limits::{BOOL_WEIGHT, NUMBER_WEIGHT, section_weight_max, string_weight};
use twindex_model::path::{Collection, PathId, RowId};
use twindex_model::section::Section;
use twindex_model::value::Value;

use crate::catalog::shrink_vec;
use crate::index::Index;
use crate::write::Refusal;

/// A bound that is not known.
const UNKNOWN: u16 = u16::MAX;

/// Bounds of one segment by place; short at the end where none is known.
#[derive(Debug, Default)]
pub(crate) struct Weights {
    bounds: Vec<[u16; 3]>,
}

impl Weights {
    fn bound(&self, place: u16, section: Section) -> Option<u64> {
        let bound = self.bounds.get(usize::from(place))?[section as usize];
        (bound != UNKNOWN).then_some(u64::from(bound))
    }

    fn fetch(&self, place: u16) {
        prefetch(&self.bounds, place.into());
    }

    fn set(&mut self, place: u16, section: Section, bound: u64) {
        let place = usize::from(place);
        if place >= self.bounds.len() {
            self.bounds.resize(place + 1, [UNKNOWN; 3]);
        }
        self.bounds[place][section as usize] = u16::try_from(bound).unwrap_or(UNKNOWN);
    }

    fn forget(&mut self, place: u16) {
        if let Some(bounds) = self.bounds.get_mut(usize::from(place)) {
            *bounds = [UNKNOWN; 3];
        }
    }

    /// Gives back the room of rows at the end of which nothing is known.
    pub(crate) fn shrink(&mut self) {
        while self.bounds.pop_if(|bounds| *bounds == [UNKNOWN; 3]).is_some() {}
        shrink_vec(&mut self.bounds);
    }

    fn bytes(&self) -> usize {
        self.bounds.capacity() * size_of::<[u16; 3]>()
    }
}

/// Checks sections that are written as a whole, into a twin that had none.
pub(crate) fn check_whole(sections: &[(Section, Option<&Leaves>)]) -> Result<(), Refusal> {
    for (section, entries) in sections {
        let weight = entries.map_or(0, weight_of_entries);
        refuse(*section, weight, weight > section_weight_max(*section))?;
    }
    Ok(())
}

/// Refuses a section that would weigh too much.
pub(crate) fn refuse(section: Section, weight: u64, is_refused: bool) -> Result<(), Refusal> {
    let weight_max = section_weight_max(section);
    if is_refused { Err(Refusal::SectionTooLarge { section, weight, weight_max }) } else { Ok(()) }
}

/// What entries bring at most: their weight without those that are null.
pub(crate) fn gain_of_entries(entries: &Leaves) -> u64 {
    let gain = |event: &Event| match *event {
        Event::Leave | Event::Leaf { leaf: Leaf::Null, .. } => 0,
        Event::Enter { key } => u64::from(key.len),
        Event::Leaf { key, leaf } => u64::from(key.len) + gain_of_leaf(leaf),
    };
    entries.events.iter().map(gain).sum()
}

/// What a leaf brings at most.
pub(crate) fn gain_of_leaf(leaf: Leaf) -> u64 {
    match leaf {
        Leaf::Null => 0,
        Leaf::Bool(_) => BOOL_WEIGHT,
        Leaf::Number(_) => NUMBER_WEIGHT,
        // At least as many bytes as characters.
        Leaf::String(text) => u64::from(text.len),
        // A number takes a byte and a comma, and weighs eight.
        Leaf::Array(text) => u64::from(text.len) * NUMBER_WEIGHT / 2,
    }
}

/// The weight of entries, without those that are null.
pub(crate) fn weight_of_entries(entries: &Leaves) -> u64 {
    let weight = |event: &Event| match *event {
        Event::Leave | Event::Leaf { leaf: Leaf::Null, .. } => 0,
        Event::Enter { key } => u64::from(key.len),
        Event::Leaf { key, leaf } => u64::from(key.len) + weight_of_leaf(leaf, entries),
    };
    entries.events.iter().map(weight).sum()
}

fn weight_of_leaf(leaf: Leaf, leaves: &Leaves) -> u64 {
    match leaf {
        Leaf::Null => 0,
        Leaf::Bool(_) => BOOL_WEIGHT,
        Leaf::Number(_) => NUMBER_WEIGHT,
        Leaf::String(text) => string_weight(leaves.str(text)),
        Leaf::Array(text) => weight_of_array(leaves.str(text)),
    }
}

fn weight_of_cell(cell: &Cell<'_>) -> u64 {
    match cell {
        Cell::Undefined | Cell::Null | Cell::Object => 0,
        Cell::Bool(_) => BOOL_WEIGHT,
        Cell::Number(_) => NUMBER_WEIGHT,
        Cell::String(text) => string_weight(text),
        Cell::Array(text) => weight_of_array(text),
    }
}

/// The weight of an array, from its canonical text.
fn weight_of_array(text: &str) -> u64 {
    read_value(text).map_or(0, |value| weight_of_value(&value))
}

fn weight_of_value(value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => BOOL_WEIGHT,
        Value::Number(_) => NUMBER_WEIGHT,
        Value::String(text) => string_weight(text),
        Value::Array(items) => items.iter().map(weight_of_value).sum(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| key.len() as u64 + weight_of_value(value)).sum()
        }
    }
}

/// Cells of one twin.
struct Weigher<'a> {
    index: &'a Index,
    at: (Collection, RowId),
}

impl Weigher<'_> {
    fn cell(&self, path: PathId) -> Cell<'_> {
        self.index.cell_now(self.at, path)
    }

    /// The weight of all below an object, but `$metadata` and `$version` of a section.
    fn below(&self, object: PathId, section: Option<PathId>) -> u64 {
        let mut weight = 0;
        let mut objects = vec![object];
        while let Some(object) = objects.pop() {
            for (key, child) in self.index.catalog.children(Some(object)) {
                let is_own = Some(object) == section && matches!(&**key, "$metadata" | "$version");
                let cell = if is_own { Cell::Undefined } else { self.cell(*child) };
                match cell.kind() {
                    Kind::Undefined => continue,
                    Kind::Object => objects.push(*child),
                    _ => (),
                }
                weight += key.len() as u64 + weight_of_cell(&cell);
            }
        }
        weight
    }

    /// The weight of an entry that is there, with its key.
    fn entry(&self, path: PathId, key: &str) -> u64 {
        let cell = self.cell(path);
        match cell.kind() {
            Kind::Undefined => 0,
            Kind::Object => key.len() as u64 + self.below(path, None),
            _ => key.len() as u64 + weight_of_cell(&cell),
        }
    }

    /// By how much merging entries would make a section heavier.
    fn growth(&self, root: Option<PathId>, entries: &Leaves) -> i64 {
        // The objects merged into; `None` for one that is not there yet.
        let mut open = vec![root.filter(|root| self.cell(*root).kind() == Kind::Object)];
        let mut growth = 0;
        for event in &entries.events {
            let (Event::Enter { key } | Event::Leaf { key, .. }) = *event else {
                open.pop();
                continue;
            };
            let name = entries.str(key);
            let object = open.last().copied().flatten();
            let path = object.and_then(|object| self.index.catalog.child(Some(object), name));
            let is_object = path.filter(|path| self.cell(*path).kind() == Kind::Object);
            if let Event::Enter { .. } = event {
                open.push(is_object);
                if is_object.is_some() {
                    continue;
                }
            }
            growth -= path.map_or(0, |path| self.entry(path, name)) as i64;
            growth += match *event {
                Event::Leaf { leaf: Leaf::Null, .. } => 0,
                Event::Leaf { leaf, .. } => name.len() as u64 + weight_of_leaf(leaf, entries),
                _ => name.len() as u64,
            } as i64;
        }
        growth
    }
}

impl Index {
    /// Refuses entries that would make a section grow past its limit by merging.
    pub(crate) fn check_growth(
        &mut self,
        at: (Collection, RowId),
        (section, root): (Section, Option<PathId>),
        entries: &Leaves,
    ) -> Result<(), Refusal> {
        let weight_max = section_weight_max(section);
        let gain = gain_of_entries(entries);
        let bound = self.weights(at).and_then(|w| w.bound(at.1.place(), section));
        let bound = match bound.map(|bound| bound + gain) {
            Some(bound) if bound <= weight_max => bound,
            _ => {
                let weigher = Weigher { index: self, at };
                let weight = root.map_or(0, |root| weigher.below(root, Some(root)));
                if weight + gain <= weight_max {
                    weight + gain
                } else {
                    let growth = weigher.growth(root, entries);
                    let grown = weight.saturating_add_signed(growth);
                    refuse(section, grown, growth > 0 && grown > weight_max)?;
                    grown
                }
            }
        };
        self.set_bound(at, section, bound);
        Ok(())
    }

    /// Refuses entries that would make a section grow past its limit by replacing it.
    pub(crate) fn check_replacement(
        &mut self,
        at: (Collection, RowId),
        (section, root): (Section, Option<PathId>),
        entries: &Leaves,
    ) -> Result<(), Refusal> {
        let weight = weight_of_entries(entries);
        if weight > section_weight_max(section) {
            let weigher = Weigher { index: self, at };
            let old = root.map_or(0, |root| weigher.below(root, Some(root)));
            refuse(section, weight, weight > old)?;
        }
        self.set_bound(at, section, weight);
        Ok(())
    }

    /// Notes what the sections of a whole twin weigh at most.
    pub(crate) fn note_weights(&mut self, at: (Collection, RowId), bounds: [u64; 3]) {
        for (section, bound) in Section::ALL.into_iter().zip(bounds) {
            self.set_bound(at, section, bound);
        }
    }

    /// Forgets what the sections of a row weigh.
    pub(crate) fn forget_weights(&mut self, (collection, row): (Collection, RowId)) {
        let weights = &mut self.stores[collection as usize].weights;
        if let Some(weights) = weights.get_mut(row.segment()) {
            weights.forget(row.place());
        }
    }

    /// Asks for the bounds of a row.
    pub(crate) fn fetch_weights(&self, at: (Collection, RowId)) {
        self.weights(at).iter().for_each(|weights| weights.fetch(at.1.place()));
    }

    fn weights(&self, (collection, row): (Collection, RowId)) -> Option<&Weights> {
        self.store(collection).weights.get(row.segment())
    }

    fn set_bound(&mut self, (collection, row): (Collection, RowId), section: Section, bound: u64) {
        let weights = &mut self.stores[collection as usize].weights;
        if row.segment() >= weights.len() {
            weights.resize_with(row.segment() + 1, Weights::default);
        }
        weights[row.segment()].set(row.place(), section, bound);
    }

    /// Compares bounds with weights.
    pub(crate) fn validate_weights(&self, roots: [Option<PathId>; 3]) -> Result<(), String> {
        for collection in [Collection::Devices, Collection::Modules] {
            for (number, segment) in self.store(collection).segments.iter().enumerate() {
                for place in segment.live() {
                    let at = (collection, RowId::new(number, place));
                    self.validate_bounds(at, roots)?;
                }
            }
        }
        Ok(())
    }

    fn validate_bounds(
        &self,
        at: (Collection, RowId),
        roots: [Option<PathId>; 3],
    ) -> Result<(), String> {
        let weigher = Weigher { index: self, at };
        for (section, root) in Section::ALL.into_iter().zip(roots) {
            let bound = self.weights(at).and_then(|w| w.bound(at.1.place(), section));
            let weight = root.map_or(0, |root| weigher.below(root, Some(root)));
            if bound.is_some_and(|bound| weight > bound) {
                return Err(format!("{at:?} {section:?}: weighs {weight}, bound {bound:?}"));
            }
        }
        Ok(())
    }

    /// Bytes of all bounds.
    pub(crate) fn weight_bytes(&self) -> usize {
        self.stores.iter().flat_map(|store| &store.weights).map(Weights::bytes).sum()
    }
}
