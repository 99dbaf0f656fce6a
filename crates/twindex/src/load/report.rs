//! What a load did, and why it stopped.

use std::time::Duration;

use twindex_model::json::warning::{LoadWarning, Warnings};

pub use twindex_io::document::Place;
use twindex_store::error::StoreError;

/// Bad documents whose reasons a report keeps; the others are only counted.
const BAD_DOCUMENTS_KEPT: usize = 100;

/// How far a load has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadProgress {
    /// Twins loaded.
    pub n_twins: u64,
    /// Bytes of their JSON text.
    pub n_bytes: u64,
}

/// What a load did.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    /// Twins that were loaded, replacing ones included.
    pub n_loaded: u64,
    /// Twins that replaced one of the same identity.
    pub n_replaced: u64,
    /// Documents that were skipped.
    pub n_bad: u64,
    /// The first hundred of them.
    pub bad: Vec<BadDocument>,
    /// What was forgiven, one entry a kind.
    pub warnings: Vec<LoadWarnings>,
    /// Bytes of JSON text, after unpacking.
    pub n_bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// A document that was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadDocument {
    /// Where it stands in the input.
    pub place: Place,
    /// Why it was skipped.
    pub reason: String,
}

/// All warnings of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadWarnings {
    /// What was forgiven. Its `Display` says it in plain words.
    pub kind: LoadWarning,
    /// How often.
    pub n: u64,
    /// The document where it was met first.
    pub place: Place,
    /// Where in that document.
    pub path: String,
}

/// Why a load stopped.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages are the documentation
#[non_exhaustive]
pub enum LoadError {
    #[error("cannot open `{path}`")]
    Open { path: String, source: std::io::Error },
    #[error(transparent)]
    Read { source: twindex_io::document::InputError },
    #[error("the batch could not be logged: {source}")]
    Store { source: StoreError },
    #[error("{place}: {reason}")]
    BadDocument { place: Place, reason: String },
    #[error("a load cannot begin inside a strict load, for each would wait for the other")]
    WithinLoad,
    #[error("the store is open read-only")]
    ReadOnly,
    #[error("the load was cancelled")]
    Cancelled,
}

impl LoadReport {
    pub(super) fn add_bad(&mut self, place: Place, reason: String) {
        self.n_bad += 1;
        if self.bad.len() < BAD_DOCUMENTS_KEPT {
            self.bad.push(BadDocument { place, reason });
        }
    }

    pub(super) fn add_warnings(&mut self, warnings: &Warnings, place: Place) {
        for warning in warnings.iter() {
            match self.warnings.iter_mut().find(|known| known.kind == warning.kind) {
                Some(known) => known.n += warning.n,
                None => self.warnings.push(LoadWarnings {
                    kind: warning.kind,
                    n: warning.n,
                    place,
                    path: warning.path.clone(),
                }),
            }
        }
    }
}
