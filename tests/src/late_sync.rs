//! Power loss under [`Durability::Async`]: what is lost is the newest batches and no others, and
//! nothing that the engine called durable.
//!
//! Writes go on as fast as they can while the log's thread syncs behind them. Power fails between
//! two of them, at a moment of no choice but the dice's. The store that comes up must hold all
//! writes up to some version, not before the one that was durable when power failed, and none after.

use std::collections::BTreeMap;
use std::sync::Arc;

use twindex::storage::{MemoryStorage, Storage};
use twindex::{Durability, NewTwin, Options, StoreOptions, TwinId, Twindex, Write};
use twindex_testkit::{Dice, SimulatedStorage};

use crate::crashes::take_turns;

/// Devices that are written.
const DEVICES: usize = 5;

/// What a campaign did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LateSyncReport {
    /// Images opened.
    pub n_images: u64,
    /// Writes acknowledged.
    pub n_acknowledged: u64,
    /// Writes that were acknowledged and lost, as the mode allows.
    pub n_lost: u64,
}

/// Crashes engines until `n_images` images were opened.
///
/// # Errors
/// What was wrong, with the seed.
pub fn late_syncs(seed: u64, n_images: u64) -> Result<LateSyncReport, String> {
    take_turns(seed, |report: &LateSyncReport| report.n_images >= n_images, one_store)
}

/// Acknowledged writes: version, device and number.
type Told = Vec<(u64, usize, u64)>;

fn one_store(dice: &mut Dice, report: &mut LateSyncReport) -> Result<(), String> {
    let storage = SimulatedStorage::of(&MemoryStorage::default());
    let db = open(Arc::new(storage.clone()))?;
    let mut told = Told::new();
    for n in 0..20 + dice.below(200) as u64 {
        let device = dice.below(DEVICES);
        let written = db.write(write(&told, (device, n))?).map_err(|error| error.to_string())?;
        told.push((written.version, device, n));
        if dice.chance(2) {
            db.checkpoint().map_err(|error| error.to_string())?;
        }
        if dice.chance(10) {
            std::thread::yield_now();
        }
        if dice.chance(5) {
            // Read before the image is taken: more may be durable in it, never less.
            let durable = db.durable_version().unwrap_or(0);
            let image = storage.crash(dice);
            report.n_images += 1;
            report.n_lost += check(&image, &told, durable)?;
        }
    }
    report.n_acknowledged += told.len() as u64;
    // Closing makes all of it durable.
    drop(db);
    let newest = told.last().map_or(0, |last| last.0);
    check(&storage.crash(dice), &told, newest).map(|_| ())
}

fn open(storage: Arc<dyn Storage>) -> Result<Twindex, String> {
    let mut store = StoreOptions::default();
    store.durability = Durability::Async;
    store.log_file_bytes = 8_000;
    let options = Options { threads: 1, ..Options::default() };
    Twindex::open_storage(storage, options, store).map_err(|error| error.to_string())
}

fn write(told: &Told, (device, n): (usize, u64)) -> Result<Write, String> {
    let id = TwinId::device(&format!("d{device}")).map_err(|error| error.to_string())?;
    let is_there = told.iter().any(|(_, of, _)| *of == device);
    let write = if is_there {
        Write::report(id, &format!(r#"{{"n":{n}}}"#))
    } else {
        let new = NewTwin::new().with_tags(&format!(r#"{{"n":{n}}}"#));
        new.map(|new| Write::create(id, new))
    };
    write.map_err(|error| error.to_string())
}

/// Opens an image and compares it with what was told up to its version; gives the writes lost.
fn check(image: &MemoryStorage, told: &Told, durable: u64) -> Result<u64, String> {
    let db = open(Arc::new(image.clone()))?;
    db.check()?;
    let version = db.version();
    if version < durable {
        return Err(format!("version {version} was found, {durable} was durable"));
    }
    let kept = told.iter().filter(|(of, ..)| *of <= version);
    let newest: BTreeMap<usize, u64> = kept.map(|(_, device, n)| (*device, *n)).collect();
    for device in 0..DEVICES {
        let found = db.twin(&format!("d{device}"), None);
        let shows =
            |n: &u64| found.as_ref().is_some_and(|text| text.contains(&format!("\"n\":{n}")));
        match newest.get(&device) {
            Some(n) if !shows(n) => {
                return Err(format!("at version {version} d{device} is not at {n}: {found:?}"));
            }
            None if found.is_some() => return Err(format!("d{device} came too early")),
            _ => (),
        }
    }
    Ok(told.iter().filter(|(of, ..)| *of > version).count() as u64)
}
