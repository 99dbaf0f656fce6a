//! Totals as a reader of a version sees them.

use std::ops::ControlFlow;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use twindex_model::cell::{Cell, Text};
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::{Collection, PathId};

use twindex_planted::{Fault, planted};

use super::{Kept, PathTotals};
use crate::catalog::DEVICE_ID;
use crate::cell_set::{NumberSet, TextSet};
use crate::dictionary::Dictionary;
use crate::filter::{IDENTITIES_MAX, PathFilter, VALUELESS};
use crate::index::Index;
use crate::snapshot::SnapshotRead;
use crate::texts::TextKind;

/// Kinds whose cells have an order that only their values tell.
const UNORDERED: KindSet = KindSet::of(&[Kind::Array, Kind::Object]);

/// The cells of one path over all twins of a collection, at the version of a reader.
#[derive(Debug)]
pub struct Totals<'a> {
    totals: Arc<PathTotals>,
    index: &'a Index,
    at: (Collection, PathId),
    n_live: u64,
}

impl SnapshotRead<'_> {
    /// The totals of `path`; `None` where it was written after the version read, by an unpublished
    /// batch too.
    #[must_use]
    pub fn totals(&self, collection: Collection, path: PathId) -> Option<Totals<'_>> {
        let index = self.index();
        let at = (collection, path);
        let totals = index.totals.get(collection, path).unwrap_or_else(|| {
            let changed = index.catalog.now();
            index.totals.keep(at, PathTotals { changed, ..PathTotals::default() })
        });
        let n_live = self.n_rows(collection);
        let is_known = totals.changed <= self.ts() || planted(Fault::TotalsOfNow);
        is_known.then_some(Totals { totals, index, at, n_live })
    }

    /// How many twins of `collection` have a cell in the filter's set; `None` where totals do not
    /// know.
    #[must_use]
    pub fn count(&self, collection: Collection, filter: &PathFilter) -> Option<u64> {
        if let Some(ids) = identities_listed(collection, filter) {
            return Some(ids.iter().filter(|id| self.find(id, None).is_some()).count() as u64);
        }
        self.totals(collection, filter.path)?.count(filter)
    }
}

/// The ids listed, if the filter lists devices and nothing else.
fn identities_listed(collection: Collection, filter: &PathFilter) -> Option<&[Box<str>]> {
    match &filter.set.strings {
        TextSet::Points(points) if filter.path == DEVICE_ID && points.len() <= IDENTITIES_MAX => {
            let is_alone = !filter.set.kinds.contains(Kind::Undefined);
            (is_alone && collection == Collection::Devices).then_some(points)
        }
        _ => None,
    }
}

impl<'a> Totals<'a> {
    /// Live twins of the collection.
    #[must_use]
    pub fn n_live(&self) -> u64 {
        self.n_live
    }

    /// Twins whose cell is of one of `kinds`.
    #[must_use]
    pub fn n_rows_of_kinds(&self, kinds: KindSet) -> u64 {
        let n_defined = |kinds: KindSet| -> u64 {
            kinds.without(Kind::Undefined).iter().map(|kind| self.n_rows(kind)).sum()
        };
        let n_undefined = match kinds.contains(Kind::Undefined) {
            true => self.n_live - n_defined(KindSet::DEFINED),
            false => 0,
        };
        n_undefined + n_defined(kinds)
    }

    /// Twins whose cell is of a kind that is defined.
    fn n_rows(&self, kind: Kind) -> u64 {
        u64::from(self.index.catalog.n_rows(self.at.0, self.at.1, kind))
    }

    /// Twins whose cell equals `cell`, which must not be an object; `None` where values are not
    /// counted.
    #[must_use]
    pub fn count_of(&mut self, cell: &Cell<'_>) -> Option<u64> {
        if self.n_rows_of_kinds(KindSet::of(&[cell.kind()])) == 0 {
            return Some(0);
        }
        match cell {
            Cell::Object => None,
            Cell::Number(number) => {
                let numbers = self.numbers()?;
                Some(u64::from(numbers.get(&number.to_bits()).copied().unwrap_or(0)))
            }
            Cell::String(text) => self.count_texts(TextKind::Strings, &[&**text]),
            Cell::Array(text) => self.count_texts(TextKind::Arrays, &[&**text]),
            other => Some(self.n_rows_of_kinds(KindSet::of(&[other.kind()]))),
        }
    }

    /// Hands over the distinct cells with the number of twins that have each, undefined and object
    /// among them, in no order; false, and nothing handed over, where values are not counted.
    pub fn for_each(&mut self, mut take: impl FnMut(Cell<'a>, u64)) -> bool {
        let is_known = |totals: &mut Self, kind: Kind| match kind {
            Kind::Number => totals.numbers().is_some(),
            Kind::String => totals.texts(TextKind::Strings).is_some(),
            Kind::Array => totals.texts(TextKind::Arrays).is_some(),
            _ => true,
        };
        let met: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| self.n_rows_of_kinds(KindSet::of(&[*kind])) > 0)
            .collect();
        if !met.iter().all(|kind| is_known(self, *kind)) {
            return false;
        }
        for kind in met {
            let n_rows = self.n_rows_of_kinds(KindSet::of(&[kind]));
            match kind {
                Kind::Undefined => take(Cell::Undefined, n_rows),
                Kind::Null => take(Cell::Null, n_rows),
                Kind::False => take(Cell::Bool(false), n_rows),
                Kind::True => take(Cell::Bool(true), n_rows),
                Kind::Object => take(Cell::Object, n_rows),
                Kind::Number => {
                    for (bits, n) in self.numbers().into_iter().flatten() {
                        take(Cell::Number(f64::from_bits(*bits)), u64::from(*n));
                    }
                }
                Kind::String => self.each_text(TextKind::Strings, |text, n| {
                    take(Cell::String(Text::Borrowed(text)), n);
                }),
                Kind::Array => self.each_text(TextKind::Arrays, |text, n| {
                    take(Cell::Array(Text::Borrowed(text)), n);
                }),
            }
        }
        true
    }

    /// Hands over the same, least first as ORDER BY has it, until `take` breaks; false, and nothing
    /// handed over, where values are not counted, or their order is not known: that of very many
    /// texts, of arrays and of objects.
    pub fn for_each_in_order(
        &mut self,
        mut take: impl FnMut(&Cell<'a>, u64) -> ControlFlow<()>,
    ) -> bool {
        if self.n_rows_of_kinds(UNORDERED) > 0 {
            return false;
        }
        let (n_numbers, n_texts) = (self.n_rows(Kind::Number), self.n_rows(Kind::String));
        let mut numbers = Vec::new();
        if n_numbers > 0 {
            let Some(known) = self.numbers() else { return false };
            numbers.extend(known.iter().map(|(bits, n)| (f64::from_bits(*bits), u64::from(*n))));
            numbers.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        }
        let (mut dictionary, mut order) = (None, [].as_slice());
        if n_texts > 0 {
            dictionary = self.dictionary(TextKind::Strings);
            let Some(codes) = dictionary.and_then(Dictionary::order) else { return false };
            order = codes;
        }
        let n_valueless = [Kind::Null, Kind::False, Kind::True].map(|kind| self.n_rows(kind));
        let n_undefined = self.n_rows_of_kinds(KindSet::of(&[Kind::Undefined]));
        let by_code: &[u32] = if n_texts == 0 {
            &[]
        } else if let Some(rows) = self.texts(TextKind::Strings) {
            rows
        } else {
            return false;
        };
        let texts = dictionary.into_iter().flat_map(|dictionary| {
            order.iter().map(move |code| {
                let n_rows = by_code.get(*code as usize).copied().unwrap_or(0);
                (Cell::String(Text::Borrowed(dictionary.text(*code))), u64::from(n_rows))
            })
        });
        let valueless = [Cell::Null, Cell::Bool(false), Cell::Bool(true)].into_iter();
        let _ = valueless
            .zip(n_valueless)
            .chain(numbers.into_iter().map(|(number, n)| (Cell::Number(number), n)))
            .chain(texts)
            .chain([(Cell::Undefined, n_undefined)])
            .filter(|(_, n_rows)| *n_rows > 0)
            .try_for_each(|(cell, n_rows)| take(&cell, n_rows));
        true
    }

    fn each_text(&mut self, kind: TextKind, mut take: impl FnMut(&'a str, u64)) {
        let Some(dictionary) = self.dictionary(kind) else { return };
        for (code, n) in self.texts(kind).into_iter().flatten().enumerate() {
            if *n > 0 {
                take(dictionary.text(code as u32), u64::from(*n));
            }
        }
    }

    /// Twins whose cell is in the filter's set; `None` where values are not counted.
    #[must_use]
    pub fn count(&mut self, filter: &PathFilter) -> Option<u64> {
        let set = &filter.set;
        let mut n_rows = self.n_rows_of_kinds(set.kinds.intersection(VALUELESS));
        if self.n_rows(Kind::Number) > 0 {
            n_rows += self.count_numbers(&set.numbers)?;
        }
        if self.n_rows(Kind::String) > 0 {
            n_rows += self.count_text_set(TextKind::Strings, filter)?;
        }
        if self.n_rows(Kind::Array) > 0 {
            n_rows += self.count_text_set(TextKind::Arrays, filter)?;
        }
        Some(n_rows)
    }

    fn count_numbers(&mut self, set: &NumberSet) -> Option<u64> {
        let listed = |numbers: &HashMap<u64, u32, RandomState>, points: &[f64]| -> u64 {
            let of = |point: &f64| numbers.get(&point.to_bits()).copied().unwrap_or(0);
            points.iter().map(|point| u64::from(of(point))).sum()
        };
        let n_numbers = self.n_rows(Kind::Number);
        Some(match set {
            NumberSet::None => 0,
            NumberSet::All => n_numbers,
            NumberSet::Points(points) => listed(self.numbers()?, points),
            NumberSet::NotPoints(points) => n_numbers - listed(self.numbers()?, points),
            set => {
                let numbers = self.numbers()?.iter();
                let is_in = |of: &(&u64, &u32)| set.contains(f64::from_bits(*of.0));
                numbers.filter(is_in).map(|(_, n)| u64::from(*n)).sum()
            }
        })
    }

    fn count_text_set(&mut self, kind: TextKind, filter: &PathFilter) -> Option<u64> {
        let (set, test) = match kind {
            TextKind::Strings => (&filter.set.strings, &filter.strings),
            TextKind::Arrays => (&filter.set.arrays, &filter.arrays),
        };
        let n_texts = self.n_rows(kind.kind());
        Some(match set {
            TextSet::None => 0,
            TextSet::All => n_texts,
            TextSet::Points(points) => self.count_texts(kind, points)?,
            TextSet::NotPoints(points) => n_texts - self.count_texts(kind, points)?,
            set => {
                let rows = self.texts(kind)?.len();
                let wanted = test.wanted(set, self.dictionary(kind)?);
                let rows = &self.texts(kind)?[..rows];
                let codes = (0..).zip(rows).filter(|(_, n)| **n > 0);
                let kept = codes.filter(|(code, _)| wanted.codes.contains(*code));
                kept.map(|(_, n)| u64::from(*n)).sum()
            }
        })
    }

    /// Twins with one of some distinct texts.
    fn count_texts(&mut self, kind: TextKind, texts: &[impl AsRef<str>]) -> Option<u64> {
        let dictionary = self.dictionary(kind)?;
        let rows = self.texts(kind)?;
        let codes = texts.iter().filter_map(|text| dictionary.code(text.as_ref()));
        Some(codes.map(|code| rows.get(code as usize).map_or(0, |n| u64::from(*n))).sum())
    }

    fn dictionary(&self, kind: TextKind) -> Option<&'a Dictionary> {
        self.index.texts.dictionary(self.index.catalog.family(self.at.1), kind)
    }

    /// Twins by code.
    fn texts(&mut self, kind: TextKind) -> Option<&[u32]> {
        if matches!(self.totals.texts[kind as usize], Kept::Unknown) {
            let mut totals = (*self.totals).clone();
            totals.texts[kind as usize] = self.index.sum_texts(self.at, kind);
            self.totals = self.index.totals.keep(self.at, totals);
        }
        let generation = self.dictionary(kind)?.generation();
        match &self.totals.texts[kind as usize] {
            Kept::Counted(texts) if texts.generation == generation => Some(&texts.rows),
            _ => None,
        }
    }

    /// Twins by the bits of their number.
    fn numbers(&mut self) -> Option<&HashMap<u64, u32, RandomState>> {
        if matches!(self.totals.numbers, Kept::Unknown) {
            let mut totals = (*self.totals).clone();
            totals.numbers = self.index.sum_numbers(self.at);
            self.totals = self.index.totals.keep(self.at, totals);
        }
        match &self.totals.numbers {
            Kept::Counted(numbers) => Some(numbers),
            _ => None,
        }
    }
}
