//! Rows whose cell at one path lies in a set: the leaf of every mask plan.

use smallvec::SmallVec;
use twindex_kernels::mask::{Mask, Words};
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::{Collection, PathId};

use crate::catalog::DEVICE_ID;
use crate::cell_set::{CellSet, NumberSet, TextSet};
use crate::lane::Lane;
use crate::lane::string::TextLane;
use crate::narrow::{TextTest, and_numbers, and_texts};
use crate::snapshot::SnapshotRead;
use crate::sorted_ids::is_range;
use crate::texts::TextKind;
use crate::view::SegmentView;
use crate::{as_of, estimate};

/// Kinds that are decided by the kind alone.
pub(crate) const VALUELESS: KindSet =
    KindSet::of(&[Kind::Undefined, Kind::Null, Kind::False, Kind::True, Kind::Object]);
/// Rows up to which asking each of them is cheaper than any pass over the lane.
const PROBED_ROWS_MAX: u32 = 32;

/// Devices listed up to which their identities are looked up.
pub(crate) const IDENTITIES_MAX: usize = 256;

/// A [`CellSet`] on a path, made ready for the lanes of one index: constants are looked up in the
/// dictionary once, tests are run once per distinct text and kept for the life of the filter.
#[derive(Debug)]
pub struct PathFilter {
    /// The path.
    pub path: PathId,
    /// The set; not to be changed once rows were narrowed.
    pub set: CellSet,
    pub(crate) strings: TextTest,
    pub(crate) arrays: TextTest,
}

/// What narrowing one segment will cost and keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Rows kept at most; exact where `is_exact`.
    pub rows_max: u32,
    /// Whether `rows_max` is the exact number of live rows kept.
    pub is_exact: bool,
    /// Bytes read by the mask path.
    pub bytes: u32,
    /// How the lane answers, for `EXPLAIN`: `posting`, `codes u8`, `range u16`, `text scan`, …
    pub by: &'static str,
}

impl PathFilter {
    /// A filter.
    #[must_use]
    pub fn new(path: PathId, set: CellSet) -> Self {
        let (strings, arrays) = (TextTest::new(&set.strings), TextTest::new(&set.arrays));
        Self { path, set, strings, arrays }
    }

    /// Bytes on the heap: what is listed, and what is known of dictionaries by now.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.set.heap_bytes() + self.strings.heap_bytes() + self.arrays.heap_bytes()
    }

    /// Clears every row of `mask` that is not in the set.
    pub fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        match segment.past_at(self.path) {
            None => self.narrow_now(segment, mask),
            Some(past) => {
                let now = |now: &SegmentView<'_>, mask: &mut Mask| self.narrow_now(now, mask);
                as_of::narrow(segment, past, mask, now, |cell| self.keeps(cell));
            }
        }
    }

    fn narrow_now(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let Some(lane) = segment.lane(self.path) else {
            if !self.set.kinds.contains(Kind::Undefined) {
                mask.clear();
            }
            return;
        };
        let n_asked = mask.count();
        if n_asked == 0 {
            return;
        }
        if n_asked <= PROBED_ROWS_MAX {
            self.probe(segment, mask);
            return;
        }
        if let Some(points) = self.devices_listed(segment) {
            self.keep_devices(points, segment, mask);
            return;
        }
        // A mask may hold rows without a twin, which are undefined; planes know live rows alone.
        if lane.kinds.is_dense()
            && !self.set.kinds.contains(Kind::Undefined)
            && let Some(planes) = self.planes(segment)
        {
            planes.narrow(mask);
            return;
        }
        self.narrow_lane(lane, segment, mask);
    }

    /// Whether narrowing runs a test for each row that is asked about, as a function of raw text
    /// does: too much for all rows of a segment in one step.
    #[must_use]
    pub fn tests_rows(&self, segment: &SegmentView<'_>) -> bool {
        let is_test =
            |set: &TextSet| matches!(set, TextSet::Match(_) | TextSet::Test(_) | TextSet::Time(_));
        let tests_raw = |kind: TextKind, set: &TextSet| {
            let part = || segment.lane(self.path).and_then(|lane| lane.text_part(kind));
            is_test(set) && matches!(part(), Some(TextLane::Raw(_)))
        };
        tests_raw(TextKind::Strings, &self.set.strings)
            || tests_raw(TextKind::Arrays, &self.set.arrays)
    }

    /// Runs tests for some texts of the dictionaries, at most `n_texts`, before masks are narrowed:
    /// true once there is nothing left to be done. A caller repeats it in steps that are as short
    /// as it likes; one that never calls it gets the same answers.
    #[must_use]
    pub fn prepare(&self, read: &SnapshotRead<'_>, n_texts: usize) -> bool {
        let index = read.index();
        let is_ready = |kind: TextKind, set: &TextSet, test: &TextTest| {
            if !index.texts.is_user(self.path, kind) {
                return true;
            }
            let dictionary = index.texts.dictionary(index.catalog().family(self.path), kind);
            dictionary.is_none_or(|dictionary| test.prepare(set, dictionary, n_texts))
        };
        is_ready(TextKind::Strings, &self.set.strings, &self.strings)
            && is_ready(TextKind::Arrays, &self.set.arrays, &self.arrays)
    }

    /// The same for one cell.
    #[must_use]
    pub fn keeps(&self, cell: &Cell<'_>) -> bool {
        self.set.contains(cell)
    }

    /// What [`PathFilter::narrow`] would do to the live rows of `segment`, from kept counts.
    #[must_use]
    pub fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        match segment.past_at(self.path) {
            None => estimate::estimate(self, segment),
            Some(past) => as_of::estimate(self, segment, past),
        }
    }

    /// Whether it is a condition on `deviceId`.
    #[must_use]
    pub fn is_of_identity(&self) -> bool {
        self.path == DEVICE_ID
    }

    /// Whether it asks for a range of `deviceId`, for which an order of the ids would do.
    #[must_use]
    pub fn is_identity_range(&self) -> bool {
        self.path == DEVICE_ID
            && is_range(&self.set.strings)
            && !self.set.kinds.contains(Kind::Undefined)
    }

    /// The ids listed, if the set lists devices by their identity and nothing else.
    pub(crate) fn devices_listed(&self, segment: &SegmentView<'_>) -> Option<&[Box<str>]> {
        self.devices_listed_in(segment.collection())
    }

    /// The same of a whole collection.
    pub(crate) fn devices_listed_in(&self, collection: Collection) -> Option<&[Box<str>]> {
        let is_identity = self.path == DEVICE_ID && collection == Collection::Devices;
        match &self.set.strings {
            TextSet::Points(points) if is_identity && points.len() <= IDENTITIES_MAX => {
                (!self.set.kinds.contains(Kind::Undefined)).then_some(points)
            }
            _ => None,
        }
    }

    /// Keeps the devices listed: a look-up each, and no text is read.
    fn keep_devices(&self, points: &[Box<str>], segment: &SegmentView<'_>, mask: &mut Mask) {
        let asked = std::mem::replace(mask, Mask::empty());
        for row in points.iter().filter_map(|id| segment.index().find(id, None)) {
            if row.segment() == segment.number() && asked.get(row.place()) {
                mask.set(row.place());
            }
        }
    }

    fn probe(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let words = mask.words_mut();
        crate::narrow::keep_slots(words, |row| self.keeps(&segment.cell(self.path, row as u16)));
    }

    /// The values of one kind alone are narrowed in place where slots are rows; else those of each
    /// kind apart, on their slots, and joined with the rows that are in by their kind.
    pub(crate) fn narrow_lane(&self, lane: &Lane, segment: &SegmentView<'_>, mask: &mut Mask) {
        let (whole, partial) = self.kinds_in(lane);
        match partial[..] {
            [] => lane.kinds.narrow(whole, mask.words_mut()),
            [kind] if whole.is_empty() && lane.kinds.is_dense() => {
                lane.kinds.narrow(KindSet::of(&[kind]), mask.words_mut());
                self.narrow_values(kind, lane, segment, mask.words_mut());
            }
            _ => {
                let asked = mask.clone();
                lane.kinds.narrow(whole, mask.words_mut());
                for kind in &partial {
                    let mut slots = lane.kinds.slots_of_kind(*kind, Some(asked.words()));
                    self.narrow_values(*kind, lane, segment, slots.words_mut());
                    mask.or(&lane.kinds.rows_of_slots(&slots));
                }
            }
        }
    }

    /// Kinds that are in whatever the value, and kinds of which some values are; kinds that do not
    /// occur are in neither, undefined apart.
    pub(crate) fn kinds_in(&self, lane: &Lane) -> (KindSet, SmallVec<[Kind; 3]>) {
        let present = lane.kinds.present().with(Kind::Undefined);
        let mut whole = self.set.kinds.intersection(VALUELESS).intersection(present);
        let mut partial = SmallVec::new();
        let parts = [
            (Kind::Number, extent_of_numbers(&self.set.numbers)),
            (Kind::String, extent_of_texts(&self.set.strings)),
            (Kind::Array, extent_of_texts(&self.set.arrays)),
        ];
        for (kind, extent) in parts.into_iter().filter(|(kind, _)| present.contains(*kind)) {
            match extent {
                Extent::Nothing => (),
                Extent::Everything => whole = whole.with(kind),
                Extent::Some => partial.push(kind),
            }
        }
        (whole, partial)
    }

    /// Narrows a mask of slots, all of which hold a value of `kind`.
    fn narrow_values(&self, kind: Kind, lane: &Lane, segment: &SegmentView<'_>, mask: &mut Words) {
        let scope = (segment.reading(), &segment.index().options);
        match kind {
            Kind::String => {
                let test = (&self.set.strings, &self.strings);
                and_texts((lane, TextKind::Strings), test, scope, mask);
            }
            Kind::Array => {
                let test = (&self.set.arrays, &self.arrays);
                and_texts((lane, TextKind::Arrays), test, scope, mask);
            }
            _ => match &lane.numbers {
                Some(numbers) => and_numbers(numbers, &self.set.numbers, mask),
                None => mask.fill(0),
            },
        }
    }
}

/// How much of a kind is in a set.
enum Extent {
    Nothing,
    Everything,
    Some,
}

fn extent_of_numbers(set: &NumberSet) -> Extent {
    match set {
        NumberSet::None => Extent::Nothing,
        NumberSet::All => Extent::Everything,
        _ => Extent::Some,
    }
}

fn extent_of_texts(set: &TextSet) -> Extent {
    match set {
        TextSet::None => Extent::Nothing,
        TextSet::All => Extent::Everything,
        _ => Extent::Some,
    }
}
