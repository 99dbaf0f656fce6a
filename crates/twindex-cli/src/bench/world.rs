//! The fleets that are asked: the generated one, and the odd twins that corners need.

use std::sync::OnceLock;

use anyhow::Context as _;
use twindex::{LoadOptions, Options, Twindex};
use twindex_fleet::corners::{ODD_CORNERS, odd_twin_json};
use twindex_fleet::questions::Question;

use crate::args::FleetArgs;
use crate::fleet::{Loaded, load_fleet};
use crate::resident::resident_bytes;

/// Characters that the longest corner needs: 4,000 values of a list.
const QUERY_CHARS_MAX: usize = 1 << 20;
/// One of so many twins of the fleet is the number of odd twins, for each brings a path of its own.
const ODD_PART: u64 = 10;
/// Odd twins loaded at a time.
const CHUNK_TWINS: u64 = 16_384;

/// Engines with their fleets.
#[derive(Debug)]
pub(crate) struct World {
    /// The generated fleet.
    pub(crate) db: Twindex,
    /// How it was loaded.
    pub(crate) loaded: Loaded,
    /// Resident after that and before anything else, where the system tells.
    pub(crate) resident: Option<u64>,
    /// Twins asked for.
    n_twins: u64,
    /// Loaded when the first question needs them.
    odd: OnceLock<Twindex>,
}

impl World {
    /// Loads the generated fleet.
    pub(crate) fn load(fleet: FleetArgs) -> anyhow::Result<Self> {
        let db = empty();
        let loaded = load_fleet(&db, fleet).context("cannot load the fleet")?;
        let (resident, n_twins) = (resident_bytes(), fleet.twins);
        Ok(Self { db, loaded, resident, n_twins, odd: OnceLock::new() })
    }

    /// The engine that a question is asked of, and the number of its twins.
    pub(crate) fn of(&self, question: &Question) -> anyhow::Result<(&Twindex, u64)> {
        if !ODD_CORNERS.iter().any(|odd| odd.name == question.name) {
            return Ok((&self.db, self.n_twins));
        }
        let n_odd = (self.n_twins / ODD_PART).max(100);
        if self.odd.get().is_none() {
            // Set once, from this thread.
            let _ = self.odd.set(load_odd(n_odd)?);
        }
        Ok((self.odd.get().context("odd twins are missing")?, n_odd))
    }
}

fn empty() -> Twindex {
    Twindex::with_options(Options { query_chars_max: QUERY_CHARS_MAX, ..Options::default() })
}

fn load_odd(n_twins: u64) -> anyhow::Result<Twindex> {
    let db = empty();
    let mut from = 0;
    while from < n_twins {
        let to = (from + CHUNK_TWINS).min(n_twins);
        let mut text = String::new();
        (from..to).for_each(|number| odd_twin_json(number, n_twins, &mut text));
        let report = db.load(text.as_bytes(), &LoadOptions::default())?;
        anyhow::ensure!(report.n_bad == 0, "odd twins were refused: {:?}", report.bad);
        from = to;
    }
    Ok(db)
}
