//! Where the memory is: bytes by what they are for, in all and path by path.

use twindex_kernels::memory::{self, PoolStats};
use twindex_model::path::PathId;

use crate::index::Index;
use crate::lane::Lane;
use crate::lane::number::NumberForm;
use crate::lane::string::TextLane;

/// Bytes on the heap by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Dictionary codes.
    pub codes: usize,
    /// Numbers.
    pub numbers: usize,
    /// Stamps.
    pub times: usize,
    /// Raw text.
    pub raw: usize,
    /// Kind planes and sparse rows.
    pub kinds: usize,
    /// Postings: rows by value.
    pub postings: usize,
    /// Counts, zones and bounds of weights: caches, as postings are.
    pub derived: usize,
    /// Lane tables, live rows, layouts.
    pub tables: usize,
    /// Dictionaries, shared by the paths of a family.
    pub dictionaries: usize,
    /// The catalogue and the policies of its paths.
    pub catalog: usize,
    /// The tables of identities and the records beside them.
    pub identities: usize,
    /// Cells that writes overwrote and readers of older versions may ask for.
    pub undo: usize,
}

/// Lanes by form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneCounts {
    /// Sparse lanes.
    pub sparse: usize,
    /// Packed lanes: planes, with values for the rows that have the path alone.
    pub packed: usize,
    /// Dense lanes.
    pub dense: usize,
    /// Lanes with dictionary codes.
    pub codes: usize,
    /// Lanes with stamps.
    pub times: usize,
    /// Lanes with raw text.
    pub raw: usize,
    /// Lanes with framed numbers.
    pub framed: usize,
    /// Lanes with doubles.
    pub floats: usize,
}

/// What the index holds.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Bytes in all.
    pub bytes: Bytes,
    /// Lanes in all.
    pub lanes: LaneCounts,
    /// Those of the bytes that `$metadata` takes, on paths of its own and in the stamps of rows.
    pub metadata_bytes: usize,
    /// Those of the bytes in which nothing lies: room to grow, what was overwritten in arenas, and
    /// blocks that are larger than what they hold.
    pub slack_bytes: usize,
    /// Memory of lanes in the whole process, other engines' too; their own part is in the bytes.
    pub pool: PoolStats,
    /// Bytes and lanes of each path that has any, without what paths share: dictionaries, stamps.
    pub paths: Vec<(PathId, Bytes, LaneCounts)>,
}

impl Bytes {
    /// The sum of all.
    #[must_use]
    pub fn total(&self) -> usize {
        let Self { codes, numbers, times, raw, kinds, postings, derived, .. } = self;
        let lanes = codes + numbers + times + raw + kinds + postings + derived;
        lanes + self.tables + self.dictionaries + self.catalog + self.identities + self.undo
    }

    fn add(&mut self, other: &Self) {
        self.codes += other.codes;
        self.numbers += other.numbers;
        self.times += other.times;
        self.raw += other.raw;
        self.kinds += other.kinds;
        self.postings += other.postings;
        self.derived += other.derived;
        self.tables += other.tables;
    }
}

impl Stats {
    /// Bytes in all.
    #[must_use]
    pub fn bytes_total(&self) -> usize {
        self.bytes.total()
    }
}

impl LaneCounts {
    fn add(&mut self, other: &Self) {
        self.sparse += other.sparse;
        self.packed += other.packed;
        self.dense += other.dense;
        self.codes += other.codes;
        self.times += other.times;
        self.raw += other.raw;
        self.framed += other.framed;
        self.floats += other.floats;
    }
}

impl Index {
    /// Where the memory is.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut paths = vec![(Bytes::default(), LaneCounts::default()); self.catalog.n_paths()];
        let mut stats = Stats::default();
        for segment in self.stores.iter().flat_map(|store| &store.segments) {
            stats.bytes.tables += segment.table_bytes();
            stats.bytes.times += segment.stamps().bytes();
            stats.metadata_bytes += segment.stamps().bytes();
            stats.slack_bytes += segment.stamps().slack_bytes();
            for lane in segment.lanes() {
                let (bytes, lanes) = &mut paths[lane.path.0 as usize];
                bytes.add(&bytes_of(lane));
                stats.slack_bytes += slack_of(lane);
                lanes.add(&forms_of(lane));
            }
        }
        for (path, (bytes, lanes)) in self.catalog.paths().zip(paths) {
            stats.bytes.add(&bytes);
            stats.lanes.add(&lanes);
            if self.is_metadata(path) {
                stats.metadata_bytes += bytes.total();
            }
            if lanes.sparse + lanes.packed + lanes.dense > 0 {
                stats.paths.push((path, bytes, lanes));
            }
        }
        stats.bytes.dictionaries = self.texts.dictionary_bytes();
        stats.bytes.catalog = self.catalog.bytes() + self.texts.policy_bytes();
        let identities =
            self.stores.iter().map(|store| store.by_identity.bytes() + store.modules.bytes());
        stats.bytes.undo = self.undo_bytes();
        stats.bytes.identities = identities.sum::<usize>() + self.record_bytes();
        stats.bytes.derived += self.weight_bytes() + self.totals.bytes();
        stats.slack_bytes += self.texts.dictionary_slack_bytes()
            + self.stores.iter().map(|store| store.by_identity.slack_bytes()).sum::<usize>();
        stats.pool = memory::stats();
        stats
    }

    /// Whether a path is `$metadata` or lies below one.
    fn is_metadata(&self, path: PathId) -> bool {
        let mut step = Some(path);
        while let Some(path) = step {
            if self.catalog.key(path) == "$metadata" {
                return true;
            }
            step = self.catalog.parent(path);
        }
        false
    }
}

/// Bytes of a lane in which no value lies.
fn slack_of(lane: &Lane) -> usize {
    let numbers = lane.numbers.as_ref().map_or(0, |part| part.slack_bytes());
    let texts = [&lane.strings, &lane.arrays].into_iter().flatten().map(|part| match &**part {
        TextLane::Codes(part) => part.codes.slack_bytes(),
        TextLane::Times(times) => times.slack_bytes(),
        TextLane::Shared(places) => places.slack_bytes(),
        TextLane::Raw(raw) => raw.slack_bytes(),
    });
    numbers + texts.sum::<usize>()
}

fn bytes_of(lane: &Lane) -> Bytes {
    let mut bytes = Bytes { kinds: lane.kinds.bytes(), ..Bytes::default() };
    if let Some(part) = &lane.numbers {
        bytes.numbers += part.bytes();
        bytes.derived += part.derived_bytes();
    }
    for part in [&lane.strings, &lane.arrays].into_iter().flatten() {
        bytes.tables += size_of::<TextLane>();
        match &**part {
            TextLane::Codes(part) => {
                bytes.codes += part.codes.bytes();
                bytes.postings += part.posting_bytes();
                bytes.derived += part.count_bytes();
            }
            TextLane::Times(times) => bytes.times += times.bytes(),
            TextLane::Shared(places) => bytes.times += places.memory_bytes(),
            TextLane::Raw(raw) => bytes.raw += raw.bytes(),
        }
    }
    bytes
}

fn forms_of(lane: &Lane) -> LaneCounts {
    let mut lanes = LaneCounts::default();
    match (lane.kinds.is_sparse(), lane.kinds.is_dense()) {
        (true, _) => lanes.sparse += 1,
        (_, true) => lanes.dense += 1,
        _ => lanes.packed += 1,
    }
    match lane.numbers.as_ref().map(|part| &part.form) {
        Some(NumberForm::Framed(_)) => lanes.framed += 1,
        Some(NumberForm::Floats(_)) => lanes.floats += 1,
        None => (),
    }
    for part in [&lane.strings, &lane.arrays].into_iter().flatten() {
        match **part {
            TextLane::Codes(_) => lanes.codes += 1,
            TextLane::Times(_) | TextLane::Shared(_) => lanes.times += 1,
            TextLane::Raw(_) => lanes.raw += 1,
        }
    }
    lanes
}
