//! What is told about a change of many twins, before and after.

use twindex_lang::diagnostic::Diagnostic;
use twindex_model::value::{KeyOrder, Value};

use super::change::Row;
use crate::error::{Error, ErrorKind};
use crate::snapshot::Snapshot;

/// What a change of many twins would do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DryRun {
    /// Twins that match.
    pub n_matched: u64,
    /// The first of them, ten at most.
    pub sample: Vec<SampleTwin>,
    /// Warnings about the statement.
    pub warnings: Vec<Diagnostic>,
    /// The version that was looked at.
    pub version: u64,
}

/// A twin that would be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SampleTwin {
    /// The device.
    pub device_id: String,
    /// The module, if it is a module's twin.
    pub module_id: Option<String>,
    /// What would be set, in the order of the text; empty for a deletion.
    pub changes: Vec<SampledChange>,
    /// Why no hub would take that. A section may still turn out too large when it is written.
    pub refused: Option<String>,
}

/// A property that would be set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SampledChange {
    /// Its path, as the language writes it.
    pub path: String,
    /// Its JSON text; `None` if it is not there.
    pub old: Option<String>,
    /// Its JSON text afterwards; `None` if it is removed.
    pub new: Option<String>,
}

/// How far a change of many twins has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateProgress {
    /// Twins dealt with by this run, failures too.
    pub n_done: u64,
    /// Twins that match, also those that an earlier run dealt with.
    pub n_matched: u64,
}

/// What a change of many twins did.
#[derive(Debug)]
#[non_exhaustive]
pub struct FleetReport {
    /// Twins that matched, also those that an earlier run dealt with.
    pub n_matched: u64,
    /// Twins written, or deleted. Modules deleted with their device are not counted.
    pub n_written: u64,
    /// Twins that had nothing to write: all that was to be removed was not there.
    pub n_unchanged: u64,
    /// Twins that were not written, in the order of the fleet, and why.
    pub failures: Vec<TwinFailure>,
    /// Set if it stopped early.
    pub stopped: Option<StoppedUpdate>,
    /// The twins as they were when they were matched. Kept readable as long as this report lives.
    pub snapshot: Snapshot,
}

/// A twin that was not written.
#[derive(Debug)]
#[non_exhaustive]
pub struct TwinFailure {
    /// The device.
    pub device_id: String,
    /// The module, if it is a module's twin.
    pub module_id: Option<String>,
    /// Why.
    pub error: Error,
}

impl TwinFailure {
    /// Whether the twin was left alone because somebody else had written or deleted it since it was
    /// matched: the same statement may succeed now.
    #[must_use]
    pub fn is_changed_meanwhile(&self) -> bool {
        matches!(self.error.kind(), ErrorKind::VersionMismatch | ErrorKind::NotFound)
    }
}

/// Why a change of many twins stopped early, and where it can go on.
#[derive(Debug)]
#[non_exhaustive]
pub struct StoppedUpdate {
    /// Why.
    pub error: Error,
    /// For [`crate::FleetUpdate::resume`]. Usable after a restart of the process.
    pub resume: String,
}

impl FleetReport {
    pub(super) fn new(snapshot: Snapshot, n_matched: u64) -> Self {
        let failures = Vec::new();
        Self { n_matched, n_written: 0, n_unchanged: 0, failures, stopped: None, snapshot }
    }

    /// Twins dealt with by this run, failures too.
    #[must_use]
    pub fn n_done(&self) -> u64 {
        self.n_written + self.n_unchanged + self.failures.len() as u64
    }

    pub(super) fn fail(&mut self, row: Row, error: Error) {
        let Row { device_id, module_id, .. } = row;
        self.failures.push(TwinFailure { device_id, module_id, error });
    }

    pub(super) fn stopped_by(mut self, error: Error, after: Option<String>) -> Self {
        self.stopped = after.map(|resume| StoppedUpdate { error, resume });
        self
    }
}

/// A value as JSON text.
pub(super) fn text_of(value: &Value) -> String {
    let mut out = String::new();
    value.write_json(&mut out, KeyOrder::AsMet);
    out
}
