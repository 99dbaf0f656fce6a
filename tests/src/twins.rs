//! Twins as campaigns look at them: all there may be, and what may be in a store after a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use twindex::{IndexOptions, LoadOptions, ManualClock, Options, Twindex, Write};

/// Devices there may be.
pub(crate) const DEVICES: usize = 9;

/// Twins by id. The order of keys is no part of a twin.
pub(crate) type Twins = BTreeMap<String, serde_json::Value>;

/// What may be in a store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    /// Those of the writes that were acknowledged.
    pub(crate) acknowledged: Twins,
    /// What the write under way would leave.
    pub(crate) under_way: Option<Twins>,
    /// The version that was acknowledged last.
    pub(crate) version: u64,
}

/// A change of one twin.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Load(String),
    Write(Box<Write>),
}

/// Options under which a handful of twins meets every form of lane.
pub(crate) fn options() -> Options {
    Options {
        threads: 1,
        clock: Arc::new(ManualClock::new(1_700_000_000_000)),
        index: IndexOptions {
            segment_rows_max: 4,
            sparse_rows_max: 2,
            dictionary_values_min: 3,
            ..IndexOptions::default()
        },
        ..Options::default()
    }
}

/// Makes a change.
pub(crate) fn apply(db: &Twindex, step: &Step) -> Result<(), twindex::Error> {
    match step {
        Step::Load(document) => db.load(document.as_bytes(), &LoadOptions::default()).map(|_| ()),
        Step::Write(write) => db.write((**write).clone()).map(|_| ()),
    }
}

/// The devices there are, whatever their number.
pub(crate) fn twins_of(db: &Twindex) -> Twins {
    let names = (0..DEVICES).map(|n| format!("d{n}"));
    let twin = |name: String| {
        let text = db.twin(&name, None)?;
        Some((name, serde_json::from_str(&text).unwrap_or_default()))
    };
    names.filter_map(twin).collect()
}

/// Takes what a store holds for the truth, if it may hold it.
pub(crate) fn accept(truth: &mut Truth, found: Twins) -> Result<(), String> {
    if found != truth.acknowledged && truth.under_way.as_ref() != Some(&found) {
        let names: BTreeSet<_> = truth.acknowledged.keys().chain(found.keys()).collect();
        let differ = |name: &&&String| truth.acknowledged.get(**name) != found.get(**name);
        let pairs = names.iter().filter(differ);
        let pairs: Vec<_> =
            pairs.map(|name| (truth.acknowledged.get(*name), found.get(*name))).collect();
        return Err(format!("acknowledged and found differ: {pairs:#?}"));
    }
    *truth = Truth { acknowledged: found, under_way: None, ..*truth };
    Ok(())
}
