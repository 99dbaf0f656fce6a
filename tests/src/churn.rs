//! The churn campaign: patches with ever-new keys and texts, then all of that removed. What is left
//! must take about the memory of an index that was loaded with the same twins, or something leaks.

use std::collections::VecDeque;
use std::sync::Arc;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use twindex_fleet::{Fleet, FleetOptions};
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Shared, Snapshot, Ts};
use twindex_index::stats::Bytes;
use twindex_index::write::{Change, Expect, TwinName, When};
use twindex_model::json::read::Leaves;
use twindex_model::json::reader::LeavesReader;
use twindex_model::patch::{read_reported_patch, read_twin_patch};
use twindex_model::path::Collection;

/// Patches in a batch.
const BATCH: u64 = 1_000;
/// Patches under one hold of the lock.
const SLICE: u64 = 50;
/// Microseconds of collecting after each slice.
const WORK: u32 = 500;
/// Undo above which versions are given up.
const UNDO_BYTES_MAX: usize = 256 << 20;
/// First time, in milliseconds since 1970.
const BEGIN_MS: i64 = 1_700_000_000_000;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Twins of the fleet.
    pub n_twins: u64,
    /// Patches, those that remove at the end apart.
    pub n_patches: u64,
    /// Decides what is patched.
    pub seed: u64,
}

/// An index that went through it.
pub struct Churned {
    /// The index.
    pub shared: Arc<Shared>,
    /// Bytes of the index when it was loaded.
    pub loaded: Bytes,
    /// The most bytes met, looked at every hundred batches.
    pub peak: usize,
    /// Bytes at the end.
    pub left: Bytes,
    /// Paths when it was loaded, at most, and at the end.
    pub n_paths: [usize; 3],
    /// The twins, as JSON.
    pub twins: Vec<String>,
}

/// Loads a fleet, churns it and removes what the churn left.
///
/// # Errors
/// What was refused, or how the index differs from itself.
pub fn run(size: Size, mut progress: impl FnMut(&str)) -> Result<Churned, String> {
    let fleet = Fleet::new(FleetOptions { twins: size.n_twins, seed: size.seed });
    let index = load(fleet.lines())?;
    let loaded = index.stats().bytes;
    let n_paths = index.catalog().paths().count();
    progress(&format!("loaded: {} bytes, {n_paths} paths", loaded.total()));
    let mut churn = Churn::new(Shared::new(index), &fleet, size.seed);
    for n in 0..size.n_patches {
        churn.patch(n)?;
        if n % (100 * BATCH) == 0 {
            churn.look();
            progress(&format!("{n} patches: {}", churn.describe()));
        }
    }
    churn.remove_all()?;
    churn.end_batch();
    churn.open.clear();
    churn.shared.prune(UNDO_BYTES_MAX);
    while !churn.shared.collect(WORK).is_done {}
    // Ids of paths wait for the version after the one that dropped them.
    churn.begin_batch();
    churn.end_batch();
    while !churn.shared.collect(WORK).is_done {}
    let index = churn.shared.read();
    index.validate()?;
    let left = index.stats().bytes;
    let n_paths = [n_paths, churn.n_paths_max, index.catalog().paths().count()];
    let twins = twins_of(&index);
    drop(index);
    Ok(Churned { shared: churn.shared, loaded, peak: churn.peak, left, n_paths, twins })
}

/// An index with twins given as JSON.
///
/// # Errors
/// The first that is none.
pub fn load(twins: impl Iterator<Item = String>) -> Result<Index, String> {
    let mut index = Index::new(IndexOptions::default());
    let (mut reader, mut leaves) = (LeavesReader::default(), Leaves::default());
    for twin in twins {
        reader.read_into(twin.as_bytes(), &mut leaves).map_err(|e| format!("{e:?}: {twin}"))?;
        index.put(&leaves).ok_or_else(|| format!("no twin: {twin}"))?;
    }
    Ok(index)
}

/// The twins of both collections, in row order.
#[must_use]
pub fn twins_of(index: &Index) -> Vec<String> {
    let mut twins = Vec::new();
    for collection in [Collection::Devices, Collection::Modules] {
        for view in index.segments(collection) {
            for row in view.live() {
                let mut twin = String::new();
                view.write_twin(row, &mut twin);
                twins.push(twin);
            }
        }
    }
    twins
}

/// A campaign in progress.
struct Churn {
    shared: Arc<Shared>,
    dice: ChaCha8Rng,
    devices: Vec<String>,
    /// Sessions that were made and not removed: device and number.
    sessions: VecDeque<(usize, u64)>,
    ts: Ts,
    n_written: u64,
    /// Readers of old versions, which come and go.
    open: VecDeque<Snapshot>,
    peak: usize,
    n_paths_max: usize,
}

impl Churn {
    fn new(shared: Arc<Shared>, fleet: &Fleet, seed: u64) -> Self {
        let ids = fleet.lines().filter_map(|line| device_id(&line));
        let mut churn = Self {
            devices: ids.collect(),
            shared,
            dice: ChaCha8Rng::seed_from_u64(seed),
            sessions: VecDeque::new(),
            ts: Ts(0),
            n_written: 0,
            open: VecDeque::new(),
            peak: 0,
            n_paths_max: 0,
        };
        churn.begin_batch();
        churn
    }

    fn begin_batch(&mut self) {
        self.ts = Ts(self.ts.0 + 1);
        self.shared.write().begin(self.ts);
    }

    fn end_batch(&mut self) {
        self.shared.publish(self.ts);
        self.shared.prune(UNDO_BYTES_MAX);
        match self.dice.random_range(0..8) {
            0 => self.open.push_back(self.shared.snapshot()),
            1 | 2 => _ = self.open.pop_front(),
            _ => (),
        }
    }

    /// One patch: a session that nobody had before, or a text that nobody had.
    fn patch(&mut self, n: u64) -> Result<(), String> {
        let device = self.dice.random_range(0..self.devices.len());
        match self.dice.random_range(0..10) {
            0..4 => {
                let session = format!(
                    r#"{{"sessions":{{"session-{n}":{{"state":"open {n}","port":{n},"tries":[{n}]}}}}}}"#
                );
                self.report(device, &session)?;
                self.sessions.push_back((device, n));
                if self.sessions.len() * 2 > self.devices.len() {
                    self.close_session()?;
                }
                Ok(())
            }
            4..7 => self.report(device, &format!(r#"{{"lastError":"error number {n} of all"}}"#)),
            7..9 => self.tag(device, &format!(r#"{{"tags":{{"note":"note {}"}}}}"#, n / 8)),
            _ => self.tag(device, &format!(r#"{{"tags":{{"owner":"owner {n}"}}}}"#)),
        }
    }

    fn close_session(&mut self) -> Result<(), String> {
        match self.sessions.pop_front() {
            Some((device, n)) => {
                self.report(device, &format!(r#"{{"sessions":{{"session-{n}":null}}}}"#))
            }
            None => Ok(()),
        }
    }

    /// Removes everything that the patches brought.
    fn remove_all(&mut self) -> Result<(), String> {
        for device in 0..self.devices.len() {
            self.report(device, r#"{"sessions":null,"lastError":null}"#)?;
            let owner = device % 10;
            let tags = format!(r#"{{"tags":{{"note":null,"owner":"owner {owner}"}}}}"#);
            self.tag(device, &tags)?;
        }
        Ok(())
    }

    fn report(&mut self, device: usize, patch: &str) -> Result<(), String> {
        let patch = read_reported_patch(patch.as_bytes()).map_err(|e| format!("{e}"))?;
        self.write(device, &Change::Report(&patch))
    }

    fn tag(&mut self, device: usize, patch: &str) -> Result<(), String> {
        let patch = read_twin_patch(patch.as_bytes()).map_err(|e| format!("{e}"))?;
        self.write(device, &Change::Merge { tags: patch.tags.as_ref(), desired: None })
    }

    fn write(&mut self, device: usize, change: &Change<'_>) -> Result<(), String> {
        let of = TwinName { device_id: &self.devices[device], module_id: None };
        let when = When { ts: self.ts, now_ms: BEGIN_MS + self.n_written as i64 };
        let written = self.shared.write().write(of, change, &Expect::default(), &when);
        written.map_err(|refusal| format!("{refusal:?}"))?;
        self.n_written += 1;
        if self.n_written.is_multiple_of(BATCH) {
            self.end_batch();
            self.begin_batch();
        }
        if self.n_written.is_multiple_of(SLICE) {
            self.shared.collect(WORK);
        }
        Ok(())
    }

    /// Looks at how much there is.
    fn look(&mut self) {
        let index = self.shared.read();
        self.peak = self.peak.max(index.stats().bytes_total());
        self.n_paths_max = self.n_paths_max.max(index.catalog().paths().count());
    }

    fn describe(&self) -> String {
        let index = self.shared.read();
        let bytes = index.stats().bytes;
        format!(
            "{} bytes, {} of them catalogue, {} dictionaries; {} paths, {} readers",
            bytes.total(),
            bytes.catalog,
            bytes.dictionaries,
            index.catalog().paths().count(),
            self.open.len(),
        )
    }
}

/// The id of a device; none of a module.
fn device_id(line: &str) -> Option<String> {
    let twin: serde_json::Value = serde_json::from_str(line).ok()?;
    match (twin.get("deviceId"), twin.get("moduleId")) {
        (Some(serde_json::Value::String(id)), None) => Some(id.clone()),
        _ => None,
    }
}
