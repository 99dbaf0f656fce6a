//! The fleet that is asked, and how it came into memory.

use std::ops::Deref;

use anyhow::Context as _;

use crate::args::FleetArgs;
use crate::fleet::{Loaded, load_fleet};
use crate::resident::resident_bytes;

/// A world whose loading was watched.
#[derive(Debug)]
pub(crate) struct World {
    world: twindex_measure::World,
    /// How it was loaded.
    pub(crate) loaded: Loaded,
    /// Resident after that and before anything else, where the system tells.
    pub(crate) resident: Option<u64>,
}

impl World {
    /// Loads the generated fleet.
    pub(crate) fn load(fleet: FleetArgs) -> anyhow::Result<Self> {
        let db = twindex_measure::World::empty();
        let loaded = load_fleet(&db, fleet).context("cannot load the fleet")?;
        let (resident, n_twins) = (resident_bytes(), fleet.twins);
        Ok(Self { world: twindex_measure::World::new(db, n_twins), loaded, resident })
    }
}

impl Deref for World {
    type Target = twindex_measure::World;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}
