//! Giving back what is no longer used: paths that no twin has, texts that no row has, lanes
//! without rows, and memory that grew for what is gone.
//!
//! The writer calls [`Index::collect`] between its writes, each time for a bounded piece of work. It
//! goes by what the writes noted (a path lost its last row, a dictionary has grown), so it is idle
//! while nothing goes. Only lanes are looked at in rounds, each after so many cells went. Doing it
//! at once with the write that makes something useless was rejected: what goes now often comes back
//! with the next patch, and a reader of an older version may still name it.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use twindex_model::path::PathId;

use crate::catalog::Family;
use crate::index::Index;
use crate::lane::cells::WriteScope;
use crate::lane::string::TextLane;
use crate::lane::tidy;
use crate::record::Records;
use crate::snapshot::Ts;
use crate::texts::{TextForm, TextKind};
use crate::weight::Weights;

/// Nanoseconds, about: dropping a path, and looking for its lane in a segment.
const PATH_NS: u64 = 800;
const LOOK_NS: u64 = 25;
/// Forgetting what was decided for texts.
const TEXTS_NS: u64 = 100;
/// Looking at a lane.
const LANE_NS: u64 = 50;
/// Writing a row of a lane anew.
const ROW_NS: u64 = 100;
/// Looking at a code, and writing it anew.
const CODE_NS: u64 = 2;
/// Finding lanes of the same rows in a segment.
const SHARE_NS: u64 = 100_000;
/// Lanes looked at in one step.
const LANES_A_STEP: usize = 32;
/// Cells that must go before all lanes are looked at.
const GONE_MIN: u64 = 1_024;
/// One of so many lanes may have lost its last cell before all are looked at.
const LANES_PART: u64 = 8;

/// Calls without writes after which everything is looked at, however little went before.
const QUIET_CALLS: u32 = 16;

/// What a call of [`Index::collect`] gave back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Paths dropped from the catalogue.
    pub n_paths: usize,
    /// Lanes dropped.
    pub n_lanes: usize,
    /// Texts dropped from dictionaries.
    pub n_texts: usize,
    /// Paths and texts known to be of no twin that are left: if they grow, more work is wanted.
    pub n_waiting: usize,
    /// Whether there is nothing left to be done before something else goes. Else it is worth calling
    /// again, also after a while without writes.
    pub is_done: bool,
}

/// How far the work has come.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    /// The dictionary that is looked through, and the next segment to be.
    pass: Option<Pass>,
    /// The next lane of a round.
    round: Option<Place>,
    /// Cells gone when the last round began.
    n_gone: u64,
    /// Cells gone and texts written when the last call looked, and calls since then.
    seen: (u64, u64),
    n_quiet: u32,
    /// The same when everything was looked at last, writes being at rest.
    at_rest: (u64, u64),
    /// Lanes in all, by the last round.
    n_lanes: u64,
    /// Raw text that is being made codes.
    from_raw: Option<FromRaw>,
}

/// A search for the codes in use of a dictionary.
#[derive(Clone, Copy, Debug)]
struct Pass {
    family: Family,
    kind: TextKind,
    generation: u32,
    next: Place,
}

/// A path whose raw texts are few enough for a dictionary.
#[derive(Clone, Copy, Debug)]
struct FromRaw {
    path: PathId,
    kind: TextKind,
    next: Place,
}

/// How far a walk over all segments has come.
#[derive(Clone, Copy, Debug)]
struct Place {
    store: usize,
    segment: usize,
    /// Lanes of the segment that are left, or more.
    n_lanes: usize,
}

impl Place {
    const FIRST: Self = Self::of_store(0);

    const fn of_store(store: usize) -> Self {
        Self { store, segment: 0, n_lanes: usize::MAX }
    }
}

/// Work that is left to a call, in nanoseconds or so.
#[derive(Debug)]
struct Work {
    left: u64,
    done: Collected,
}

impl Work {
    fn spend(&mut self, ns: u64) {
        self.left = self.left.saturating_sub(ns);
    }

    fn is_over(&self) -> bool {
        self.left == 0
    }
}

/// Gives memory that the process let go back to the system, as after a load. Takes milliseconds, and
/// no lock is needed.
pub fn trim_process() {
    twindex_kernels::memory::trim_process();
}

impl Index {
    /// Gives back some of what is no longer used, in about `work` microseconds; what cannot be
    /// parted (the codes of one dictionary written anew, the children of one path) may take longer.
    /// No reader has a version before `oldest` open, nor will.
    pub fn collect(&mut self, oldest: Ts, work: u32) -> Collected {
        let left = u64::from(work).saturating_mul(1_000).max(1);
        let mut work = Work { left, done: Collected::default() };
        self.look_for_rest();
        self.free_dropped(oldest);
        self.forget_gone_texts(&mut work);
        self.drop_idle_paths(oldest, &mut work);
        self.free_dropped(oldest);
        while !work.is_over() && self.pass(&mut work) {}
        while !work.is_over() && self.leave_raw(&mut work) {}
        while !work.is_over() && self.tidy(&mut work) {}
        let is_done = !work.is_over() && self.collector.at_rest == self.activity();
        Collected { is_done, n_waiting: self.catalog.n_waiting(), ..work.done }
    }

    /// Frees the ids of paths that no reader can name any more, and the tables by them.
    fn free_dropped(&mut self, oldest: Ts) {
        if self.catalog.free_dropped(oldest) {
            self.catalog.shrink();
            self.texts.shrink(self.catalog.n_paths(), self.catalog.n_families());
        }
    }

    /// Cells gone and texts written.
    fn activity(&self) -> (u64, u64) {
        (self.catalog.n_gone(), self.texts.n_written())
    }

    /// Once writes rest, makes due what went too little for it before.
    fn look_for_rest(&mut self) {
        let activity = self.activity();
        let is_quiet = activity == std::mem::replace(&mut self.collector.seen, activity);
        self.collector.n_quiet = if is_quiet { self.collector.n_quiet + 1 } else { 0 };
        if self.collector.n_quiet < QUIET_CALLS || self.collector.at_rest == activity {
            return;
        }
        self.collector.at_rest = activity;
        let catalog = &self.catalog;
        self.texts.find_rest(&self.options, |path, kind| catalog.n_rows_of_both(path, kind.kind()));
    }

    /// Lets the paths that lost their last text begin anew.
    fn forget_gone_texts(&mut self, work: &mut Work) {
        while !work.is_over()
            && let Some((path, kind, is_gone)) = self.catalog.next_gone_texts()
        {
            if is_gone {
                self.texts.forget(path, self.catalog.family(path), kind);
            }
            work.spend(TEXTS_NS);
        }
    }

    fn drop_idle_paths(&mut self, oldest: Ts, work: &mut Work) {
        while !work.is_over()
            && let Some(path) = self.catalog.next_idle(oldest)
        {
            work.done.n_lanes += self.drop_path(path);
            work.done.n_paths += 1;
            let n_segments: usize = self.stores.iter().map(|store| store.segments.len()).sum();
            work.spend(PATH_NS + n_segments as u64 * LOOK_NS);
        }
    }

    /// Drops a path that has nothing below it, with its lanes; gives their number.
    pub(crate) fn drop_path(&mut self, path: PathId) -> usize {
        let segments = self.stores.iter_mut().flat_map(|store| &mut store.segments);
        let n_lanes = segments.map(|segment| usize::from(segment.remove_lane(path))).sum();
        self.totals.forget(path);
        for kind in TextKind::ALL {
            self.texts.forget(path, self.catalog.family(path), kind);
        }
        if let Some(family) = self.catalog.drop_path(path) {
            self.texts.forget_family(family);
        }
        n_lanes
    }

    /// Goes on with the search for the codes in use of a dictionary; false if none is due.
    fn pass(&mut self, work: &mut Work) -> bool {
        let Some(mut pass) = self.collector.pass.take().or_else(|| self.begin_pass()) else {
            return false;
        };
        work.spend(LANE_NS);
        let dictionary = self.texts.dictionary(pass.family, pass.kind);
        if dictionary.is_none_or(|dictionary| dictionary.generation() != pass.generation) {
            return true;
        }
        match self.segment_at(&mut pass.next) {
            Some(()) => {
                self.note_in_use(&pass, work);
                pass.next.segment += 1;
                self.collector.pass = Some(pass);
            }
            None => self.end_pass(&pass, work),
        }
        true
    }

    fn begin_pass(&mut self) -> Option<Pass> {
        let (family, kind) = self.texts.next_due()?;
        let dictionary = self.texts.dictionary_mut(family, kind)?;
        dictionary.begin_pass();
        let generation = dictionary.generation();
        Some(Pass { family, kind, generation, next: Place::FIRST })
    }

    /// Moves a place that is past its collection to the next one; `None` past the last.
    fn segment_at(&self, place: &mut Place) -> Option<()> {
        while place.segment >= self.stores.get(place.store)?.segments.len() {
            *place = Place::of_store(place.store + 1);
        }
        Some(())
    }

    /// Notes the codes of the family's lanes in one segment.
    fn note_in_use(&mut self, pass: &Pass, work: &mut Work) {
        let Some(dictionary) = self.texts.dictionary_mut(pass.family, pass.kind) else { return };
        let segment = &self.stores[pass.next.store].segments[pass.next.segment];
        let lanes = self.catalog.paths_of(pass.family).filter_map(|path| segment.lane(path));
        for lane in lanes {
            if let Some(TextLane::Codes(part)) = lane.text_part(pass.kind) {
                let slots = lane.kinds.slots_of_kind(pass.kind.kind(), None);
                dictionary.note_in_use(slots.iter().map(|slot| part.codes.get(slot.into())));
                work.spend(u64::from(slots.count()) * CODE_NS);
            }
        }
    }

    /// Writes the codes of a family anew if most are of no row.
    fn end_pass(&mut self, pass: &Pass, work: &mut Work) {
        let of_kind = |path| self.catalog.n_rows_of_both(path, pass.kind.kind());
        let n_rows = self.catalog.paths_of(pass.family).map(of_kind).sum();
        let Some(dictionary) = self.texts.dictionary_mut(pass.family, pass.kind) else { return };
        let n_texts = dictionary.len();
        let (in_use, n_in_use) = dictionary.end_pass(n_rows);
        for path in self.catalog.paths_of(pass.family) {
            self.texts.note_left(path, pass.kind, (n_in_use, n_texts));
        }
        if n_in_use * 2 >= n_texts {
            return;
        }
        let codes = self.texts.renumber((pass.family, pass.kind), &in_use);
        for path in self.catalog.paths_of(pass.family) {
            self.totals.forget(path);
        }
        for segment in self.stores.iter_mut().flat_map(|store| &mut store.segments) {
            for path in self.catalog.paths_of(pass.family) {
                if let Some((lane, _)) = segment.lane_mut(path) {
                    work.spend(lane.renumber(pass.kind, &codes) as u64 * CODE_NS);
                }
            }
        }
        work.done.n_texts += n_texts - n_in_use;
    }

    /// Makes the raw text of one path codes if it has become few; false if there is none.
    fn leave_raw(&mut self, work: &mut Work) -> bool {
        let Some(mut from) = self.collector.from_raw.take().or_else(|| self.look_at_raw()) else {
            return self.texts.has_raw_due();
        };
        let is_codes = self.texts.form(from.path, from.kind) == TextForm::Codes;
        if !is_codes || self.segment_at(&mut from.next).is_none() {
            self.totals.forget(from.path);
            return true;
        }
        let segment = &mut self.stores[from.next.store].segments[from.next.segment];
        if let Some((lane, stamps)) = segment.lane_mut(from.path) {
            let mut scope = WriteScope {
                catalog: &self.catalog,
                texts: &mut self.texts,
                stamps,
                options: &self.options,
            };
            work.spend(u64::from(lane.leave_raw(from.kind, &mut scope)) * ROW_NS);
        }
        work.spend(LANE_NS);
        from.next.segment += 1;
        self.collector.from_raw = Some(from);
        self.settle();
        true
    }

    /// Looks at the next path with raw text whose values may have become few.
    fn look_at_raw(&mut self) -> Option<FromRaw> {
        let (path, kind) = self.texts.next_raw()?;
        if self.texts.form(path, kind) != TextForm::Raw {
            return None;
        }
        let n_rows = self.catalog.n_rows_of_both(path, kind.kind());
        // At most half of what makes a path leave its dictionary, lest it goes to and fro.
        let n_max = (n_rows / 40).max(self.options.dictionary_values_min as u64 / 2);
        if !self.has_few_texts((path, kind), n_max as usize) {
            return None;
        }
        self.texts.set_form(path, kind, TextForm::Codes);
        Some(FromRaw { path, kind, next: Place::FIRST })
    }

    fn has_few_texts(&self, (path, kind): (PathId, TextKind), n_max: usize) -> bool {
        let hasher = RandomState::default();
        let mut met: HashSet<u64, RandomState> = HashSet::default();
        let segments = self.stores.iter().flat_map(|store| &store.segments);
        for lane in segments.filter_map(|segment| segment.lane(path)) {
            let Some(TextLane::Raw(raw)) = lane.text_part(kind) else { continue };
            for slot in &lane.kinds.slots_of_kind(kind.kind(), None) {
                met.insert(hasher.hash_one(raw.bytes_at(slot.into())));
                if met.len() > n_max {
                    return false;
                }
            }
        }
        true
    }

    /// Goes on with a round over all lanes; false if none is due.
    fn tidy(&mut self, work: &mut Work) -> bool {
        let Some(mut place) = self.collector.round.take().or_else(|| self.begin_round()) else {
            return false;
        };
        let Some(()) = self.segment_at(&mut place) else {
            self.end_round();
            return true;
        };
        let n_lanes = self.stores[place.store].segments[place.segment].lanes().len();
        let end = place.n_lanes.min(n_lanes);
        place.n_lanes = end.saturating_sub(LANES_A_STEP);
        // Backwards, since the last lane takes the place of one that is dropped.
        for lane in (place.n_lanes..end).rev() {
            self.tidy_lane(place, lane, work);
        }
        work.spend((end - place.n_lanes) as u64 * LANE_NS + LANE_NS);
        if place.n_lanes == 0 {
            let segment = &mut self.stores[place.store].segments[place.segment];
            self.collector.n_lanes += segment.lanes().len() as u64;
            segment.shrink();
            work.spend(SHARE_NS);
            place = Place { segment: place.segment + 1, n_lanes: usize::MAX, ..place };
        }
        self.collector.round = Some(place);
        true
    }

    fn begin_round(&mut self) -> Option<Place> {
        let (n_gone, collector) = (self.catalog.n_gone(), &mut self.collector);
        let n_since = n_gone - collector.n_gone;
        let is_many = n_since > (collector.n_lanes / LANES_PART).max(GONE_MIN);
        let is_rest = n_since > 0 && collector.at_rest.0 == n_gone;
        if !is_many && !is_rest {
            return None;
        }
        collector.n_gone = n_gone;
        self.collector.n_lanes = 0;
        Some(Place::FIRST)
    }

    fn end_round(&mut self) {
        let catalog = &self.catalog;
        self.texts.find_due(&self.options, |family, kind| {
            let of_kind = |path| catalog.n_rows_of_both(path, kind.kind());
            catalog.paths_of(family).map(of_kind).sum()
        });
        self.catalog.shrink();
        self.texts.shrink(self.catalog.n_paths(), self.catalog.n_families());
        for store in &mut self.stores {
            store.by_identity.shrink((&store.segments, &self.texts));
            store.modules.shrink((&store.segments, &self.texts));
            store.weights.iter_mut().for_each(Weights::shrink);
            store.records.iter_mut().for_each(Records::shrink);
        }
        twindex_kernels::memory::trim();
    }

    /// Drops a lane without rows, and gives back memory of one that has lost most of them.
    fn tidy_lane(&mut self, place: Place, lane: usize, work: &mut Work) {
        let segment = &mut self.stores[place.store].segments[place.segment];
        let Some(lane) = segment.lanes().get(lane) else { return };
        if lane.kinds.n_defined() == 0 {
            // Readers of older versions may have rows there, and walk the lanes.
            if segment.undo().newest().is_none() {
                let path = lane.path;
                work.done.n_lanes += usize::from(segment.remove_lane(path));
            }
            return;
        }
        let Some((lane, stamps)) = segment.lane_mut(lane.path) else { return };
        let mut scope = WriteScope {
            catalog: &self.catalog,
            texts: &mut self.texts,
            stamps,
            options: &self.options,
        };
        work.spend(u64::from(tidy::tidy(lane, &mut scope)) * ROW_NS);
    }
}
