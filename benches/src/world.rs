//! A loaded fleet of a size that fits the run.
//!
//! Criterion binaries are started by `cargo bench` to measure, and by `cargo test --benches` to see
//! that they still run. The second must take no time, so only `cargo bench` gets the large fleet.

use std::fmt;

use twindex::{Error, LoadOptions, TwinId, Twindex};
use twindex_fleet::{Fleet, FleetOptions};
use twindex_measure::World;

/// Seed of every fleet here.
const SEED: u64 = 1;
/// Twins when measuring, unless `TWINDEX_TWINS` says otherwise.
const TWINS_MEASURED: u64 = 1_000_000;
/// Twins when only trying.
const TWINS_TRIED: u64 = 3_000;
/// Twins generated and loaded at a time.
const CHUNK_TWINS: u64 = 16_384;

/// Number of twins of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl Size {
    /// The size that this run asks for.
    #[must_use]
    pub fn of_run() -> Self {
        if !Self::is_measured() {
            return Self(TWINS_TRIED);
        }
        let wanted = std::env::var("TWINDEX_TWINS").ok();
        Self(wanted.and_then(|text| text.parse().ok()).unwrap_or(TWINS_MEASURED))
    }

    /// Whether this run measures; else it only tries.
    #[must_use]
    pub fn is_measured() -> bool {
        let arguments: Vec<String> = std::env::args().collect();
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        has("--bench") && !has("--test") && !has("--list")
    }
}

/// `1M`, `250k`, `1500`.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n > 0 && n.is_multiple_of(1_000_000) => write!(f, "{}M", n / 1_000_000),
            n if n > 0 && n.is_multiple_of(1_000) => write!(f, "{}k", n / 1_000),
            n => write!(f, "{n}"),
        }
    }
}

/// Twins `from..to` of the fleet as JSON Lines.
#[must_use]
pub fn fleet_text(from: u64, to: u64) -> String {
    let fleet = Fleet::new(FleetOptions { twins: to, seed: SEED });
    let mut text = String::new();
    for number in from..to {
        fleet.twin_json(number, &mut text);
        text.push('\n');
    }
    text
}

/// Generates and loads a fleet.
///
/// # Errors
/// As loading does.
pub fn load(size: Size) -> Result<World, Error> {
    let db = World::empty();
    fill(&db, size)?;
    Ok(World::new(db, size.0))
}

/// Generates a fleet into `db`.
///
/// # Errors
/// As loading does.
pub fn fill(db: &Twindex, size: Size) -> Result<(), Error> {
    for from in (0..size.0).step_by(usize::try_from(CHUNK_TWINS).unwrap_or(usize::MAX)) {
        let text = fleet_text(from, (from + CHUNK_TWINS).min(size.0));
        db.load(text.as_bytes(), &LoadOptions::default())?;
    }
    Ok(())
}

/// The devices of a fleet, in the order of their rows.
///
/// # Panics
/// Where an id is none, as no generated one is.
#[must_use]
pub fn device_ids(db: &Twindex) -> Vec<TwinId> {
    let page = db.query("SELECT deviceId FROM devices").run().expect("a valid query");
    let ids = page.values().filter_map(|row| row["deviceId"].as_str().map(TwinId::device));
    ids.collect::<Result<_, _>>().expect("generated ids are ids")
}

#[cfg(test)]
mod tests {
    use super::{Size, fleet_text};

    #[test]
    fn sizes_are_short() {
        let texts = [Size(1_000_000), Size(250_000), Size(1_500), Size(0)].map(|n| n.to_string());
        assert_eq!(texts, ["1M", "250k", "1500", "0"]);
    }

    #[test]
    fn tests_get_a_small_fleet() {
        assert_eq!(Size::of_run(), Size(super::TWINS_TRIED));
    }

    #[test]
    fn text_is_a_line_a_twin() {
        assert_eq!(fleet_text(10, 13).lines().count(), 3);
    }
}
