//! A fleet: which twin stands at which number.
//!
//! Twins come in blocks of [`BLOCK`]: a gateway, its [`N_MODULES`] module twins, and other devices,
//! a good half of them the gateway's children. So devices and modules are interleaved, every
//! prefix of a fleet has both, and a child computes its parent's id from its own number. Twin i
//! depends on the seed and i alone: any of them, in any order, on any thread, and a longer fleet
//! begins with the shorter one.

use crate::device::write_device;
use crate::module::write_module;
use crate::world::World;

/// Twins in a block.
pub(crate) const BLOCK: u64 = 48;
/// Module twins of a gateway.
pub(crate) const N_MODULES: u64 = 3;

/// Which fleet to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetOptions {
    /// Number of twins, module twins included.
    pub twins: u64,
    /// Decides every byte.
    pub seed: u64,
}

/// A seeded fleet. Cheap to make; holds no twins.
pub struct Fleet {
    options: FleetOptions,
    world: World,
}

impl Fleet {
    /// The fleet that `options` describe.
    #[must_use]
    pub fn new(options: FleetOptions) -> Self {
        Self { options, world: World::new(options.seed) }
    }

    /// Number of twins.
    #[must_use]
    pub fn twins(&self) -> u64 {
        self.options.twins
    }

    /// Appends twin number `i` (from 0) to `out`: one JSON object without line breaks. Any `i` is
    /// fine, also one past [`Self::twins`].
    pub fn twin_json(&self, i: u64, out: &mut String) {
        match i % BLOCK {
            slot @ 1..=N_MODULES => write_module(&self.world, i, slot, out),
            _ => write_device(&self.world, i, out),
        }
    }

    /// The twins in order, each as one line of JSON without its line break.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        (0..self.options.twins).map(|i| {
            let mut line = String::with_capacity(LINE_BYTES);
            self.twin_json(i, &mut line);
            line
        })
    }
}

/// Room for most lines.
const LINE_BYTES: usize = 4096;
