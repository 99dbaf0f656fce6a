//! Who catches the planted faults: the campaigns of this package, small first, and the tests of the
//! crates.
//!
//! Each runs in a process of its own, since a fault is chosen once for a process, and some of them
//! make it panic, hang or abort, which is to be caught too.

mod table;

use twindex_planted::Fault;
use twindex_testkit::Shrinking;

use crate::{differential, edges, engine_crash, model, power_loss, swaps, walks};

pub use table::{Caught, TABLE, Table};

/// A campaign as the command runs it.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// Its name.
    pub name: &'static str,
    /// What its size counts.
    pub unit: &'static str,
    /// The sizes it is tried with, one after the other.
    pub sizes: [u64; 3],
    /// Runs it; an error is what it found.
    pub run: fn(u64) -> Result<(), String>,
}

/// All of them, those that catch most first.
pub const CAMPAIGNS: [Campaign; 7] = [
    Campaign {
        name: "differential",
        unit: "pairs",
        sizes: [300, 5_000, 100_000],
        run: |n| {
            let found = differential::run_with(n, 1, Shrinking::None);
            found.map(drop).map_err(|failure| failure.difference)
        },
    },
    Campaign {
        name: "model",
        unit: "histories",
        sizes: [30, 300, 2_500],
        run: |n| {
            let found = model::run_with(n, 1, Shrinking::None);
            found.map(drop).map_err(|failure| failure.difference)
        },
    },
    Campaign {
        name: "edges",
        unit: "rounds",
        sizes: [1, 2, 4],
        run: |n| edges::run(n, 1).map(drop),
    },
    Campaign {
        name: "power loss",
        unit: "images",
        sizes: [1_000, 20_000, 20_000],
        run: |n| power_loss::power_loss(1, n).map(drop),
    },
    Campaign {
        name: "engine crash",
        unit: "images",
        sizes: [100, 1_000, 4_000],
        run: |n| engine_crash::engine_crashes(1, n).map(drop),
    },
    Campaign {
        name: "walks",
        unit: "walks",
        sizes: [6, 30, 150],
        run: |n| walks::run(n, 1).map(drop),
    },
    Campaign {
        name: "swaps",
        unit: "seconds",
        sizes: [1, 5, 20],
        run: |n| swaps::run(std::time::Duration::from_secs(n), 1).map(drop),
    },
];

/// The campaign of a name.
#[must_use]
pub fn campaign(name: &str) -> Option<&'static Campaign> {
    CAMPAIGNS.iter().find(|campaign| campaign.name == name)
}

/// Packages whose tests are tried too, the campaigns among them left out.
pub const PACKAGES: [&str; 10] = [
    "twindex-kernels",
    "twindex-model",
    "twindex-lang",
    "twindex-plan",
    "twindex-index",
    "twindex-exec",
    "twindex-store",
    "twindex-io",
    "twindex",
    "twindex-tests",
];

/// Tests of this package that are campaigns, or look at no engine.
pub const NO_CATCHERS: [&str; 8] =
    ["differential", "model", "edges", "power_loss", "walks", "swaps", "tidy", "planted"];

/// One try to catch a fault.
#[derive(Clone, Copy, Debug)]
pub enum Attempt {
    /// A campaign of a size.
    Campaign(&'static Campaign, u64),
    /// The tests of a package.
    Tests(&'static str),
}

/// How a fault is tried to be caught, until it is: by what is near it and costs little, then by the
/// tests of its crate, at last by everything there is at the size of CI.
#[must_use]
pub fn attempts(fault: Fault) -> Vec<Attempt> {
    let near: &[&str] = match fault.place() {
        "store" => &["power loss", "engine crash"],
        "twindex" => &["engine crash", "swaps", "model"],
        "index" | "model" => &["differential", "model", "edges", "engine crash"],
        _ => &["differential", "edges"],
    };
    let near = |nth: usize| {
        let campaigns = near.iter().filter_map(|name| campaign(name));
        campaigns.map(move |campaign| Attempt::Campaign(campaign, campaign.sizes[nth]))
    };
    let any = |nth: usize| CAMPAIGNS.iter().map(move |of| Attempt::Campaign(of, of.sizes[nth]));
    let is_own = |package: &&&str| match fault.place() {
        "twindex" => **package == "twindex",
        place => package.strip_prefix("twindex-") == Some(place),
    };
    let own = PACKAGES.iter().filter(is_own).map(|package| Attempt::Tests(package));
    let others = PACKAGES.iter().filter(|package| !is_own(package));
    let others = others.map(|package| Attempt::Tests(package));
    near(0).chain(own).chain(near(1)).chain(any(1)).chain(others).chain(any(2)).collect()
}
