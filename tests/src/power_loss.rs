//! Power loss: a store is written, crashes anywhere, is opened, and must hold what was acknowledged.
//!
//! The store under test keeps a map: each frame sets some keys, a checkpoint writes the keys that
//! changed as parts. What is right is told by a plain list of maps, one for each frame. After a
//! crash the store must hold the map of some frame at or behind the last one that was synced, whole
//! and with nothing of later ones.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use twindex_store::checkpoint::manifest::Manifest;
use twindex_store::checkpoint::writer::CheckpointWriter;
use twindex_store::error::StoreError;
use twindex_store::header::StoreId;
use twindex_store::log::cut::cut;
use twindex_store::log::writer::LogWriter;
use twindex_store::memory::MemoryStorage;
use twindex_store::recover::{Found, open_or_create, replay};
use twindex_store::storage::Storage;
use twindex_testkit::{Calls, Dice, Fault, SimulatedStorage};

use crate::crashes::{let_calls_fail, take_turns};

/// Bytes after which a log file ends here.
const FILE_BYTES: u64 = 600;

/// What a campaign did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PowerLossReport {
    /// Images opened.
    pub n_images: u64,
    /// Of those, images of a crash during recovery.
    pub n_in_recovery: u64,
    /// Torn tails cut off.
    pub n_torn: u64,
    /// Images that held frames behind the last synced one.
    pub n_ahead: u64,
}

/// Crashes stores until `n_images` images were opened; a description of the first fault otherwise.
///
/// # Errors
/// What was wrong, with the seed.
pub fn power_loss(seed: u64, n_images: u64) -> Result<PowerLossReport, String> {
    take_turns(seed, |report: &PowerLossReport| report.n_images >= n_images, one_store)
}

/// The life of one store over several crashes.
fn one_store(dice: &mut Dice, report: &mut PowerLossReport) -> Result<(), String> {
    let mut image = MemoryStorage::default();
    let mut truth = Truth::default();
    for _ in 0..4 {
        let storage = SimulatedStorage::of(&image);
        if dice.chance(60) {
            let_calls_fail(&storage, dice, &ERRORS, 120);
        }
        // Whatever fails, the machine crashes after it.
        let _: Result<(), StoreError> = work(&storage, dice, &mut truth);
        image = storage.crash(dice);
        for _ in 0..3 {
            // Several images of one moment, each opened, some crashing in recovery.
            check(&storage.crash(dice), dice, &mut truth.clone(), report)?;
        }
        image = check(&image, dice, &mut truth, report)?;
    }
    Ok(())
}

const ERRORS: [std::io::ErrorKind; 4] = [
    std::io::ErrorKind::Other,
    std::io::ErrorKind::StorageFull,
    std::io::ErrorKind::Interrupted,
    std::io::ErrorKind::PermissionDenied,
];

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// What may be in the store.
#[derive(Clone, Debug, Default)]
struct Truth {
    /// The map after each frame, the empty one first.
    maps: Vec<Map>,
    /// Frames up to this one were synced.
    synced: usize,
}

/// A store open.
struct Opened {
    manifest: Manifest,
    log: LogWriter,
    map: Map,
    /// Number of the last frame.
    last: u64,
    is_torn: bool,
}

fn open(storage: &Arc<dyn Storage>) -> Result<Opened, StoreError> {
    let (manifest, log, frames) = match open_or_create(storage, StoreId([3; 16]))? {
        Found::New(manifest, log) => return Ok(fresh(manifest, log)),
        Found::Store(manifest) => {
            let mut frames = Vec::new();
            let log = replay::<StoreError>(storage, &manifest, |frame| {
                frames.push(frame.payload.to_vec());
                Ok(())
            })?;
            (manifest, log, frames)
        }
    };
    let mut map = Map::new();
    for (key, part) in &manifest.parts {
        map.insert(key.to_vec(), manifest.read_part(&**storage, part)?);
    }
    frames.iter().for_each(|payload| apply(&mut map, payload));
    let (log, torn) = log;
    let log = log.with_file_bytes(FILE_BYTES);
    let last = log.next_sequence() - 1;
    Ok(Opened { manifest, log, map, last, is_torn: torn.is_some() })
}

fn fresh(manifest: Manifest, log: LogWriter) -> Opened {
    let log = log.with_file_bytes(FILE_BYTES);
    Opened { manifest, log, map: Map::new(), last: 0, is_torn: false }
}

/// A payload is pairs of one byte for the key and a text up to a zero byte for the value.
fn apply(map: &mut Map, payload: &[u8]) {
    for pair in payload.split(|byte| *byte == 0).filter(|pair| !pair.is_empty()) {
        map.insert(pair[..1].to_vec(), pair[1..].to_vec());
    }
}

/// Appends, syncs and checkpoints until something fails or enough is done.
fn work(storage: &SimulatedStorage, dice: &mut Dice, truth: &mut Truth) -> Result<(), StoreError> {
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let mut opened = open(&shared)?;
    if truth.maps.is_empty() {
        truth.maps.push(Map::new());
    }
    // What recovery found counts from here on.
    truth.maps.truncate(opened.last as usize + 1);
    truth.synced = opened.last as usize;
    let mut changed: BTreeSet<Vec<u8>> = opened.map.keys().cloned().collect();
    // Frames of one length lie where frames of a life before did.
    let n_fixed = [None, Some(4), Some(90)][dice.below(3)];
    let mut lot = Lot { dice, n_fixed };
    for _ in 0..lot.dice.below(40) {
        append(&mut opened, &mut lot, truth, &mut changed)?;
        if lot.dice.chance(80) {
            match opened.log.sync() {
                Ok(()) => truth.synced = truth.maps.len() - 1,
                // A careless caller goes on: the log must refuse whatever comes now.
                Err(_) if lot.dice.chance(70) => {}
                Err(error) => return Err(error),
            }
        }
        if lot.dice.chance(10) {
            checkpoint(&shared, &mut opened, (&mut lot, truth), &mut changed)?;
        }
    }
    Ok(())
}

/// What decides about frames.
struct Lot<'a> {
    dice: &'a mut Dice,
    /// Bytes of the value that each frame sets, if all set one of this length.
    n_fixed: Option<usize>,
}

/// Appends a frame that sets some keys.
fn append(
    opened: &mut Opened,
    lot: &mut Lot<'_>,
    truth: &mut Truth,
    changed: &mut BTreeSet<Vec<u8>>,
) -> Result<(), StoreError> {
    let Lot { dice, n_fixed } = lot;
    let mut payload = Vec::new();
    for _ in 0..=n_fixed.map_or_else(|| dice.below(4), |_| 0) {
        let key = b'a' + dice.below(12) as u8;
        let n_bytes = n_fixed.unwrap_or_else(|| dice.below(60));
        let letter = b'A' + dice.below(26) as u8;
        payload.push(key);
        payload.extend(std::iter::repeat_n(letter, n_bytes));
        payload.push(0);
        changed.insert(vec![key]);
    }
    match opened.log.append(7, &payload) {
        Ok(_) => {}
        // No room: nothing was appended, and the next try may find some.
        Err(StoreError::Full { .. }) => return Ok(()),
        Err(StoreError::Poisoned) if dice.chance(50) => return Ok(()),
        Err(error) => return Err(error),
    }
    apply(&mut opened.map, &payload);
    truth.maps.push(opened.map.clone());
    Ok(())
}

/// Makes a checkpoint of what is synced, while further frames come.
fn checkpoint(
    storage: &Arc<dyn Storage>,
    opened: &mut Opened,
    (lot, truth): (&mut Lot<'_>, &mut Truth),
    changed: &mut BTreeSet<Vec<u8>>,
) -> Result<(), StoreError> {
    opened.log.sync()?;
    truth.synced = truth.maps.len() - 1;
    let replay_from = opened.log.next_sequence();
    let (before, map) = (opened.manifest.clone(), opened.map.clone());
    let written = std::mem::take(changed);
    let mut writer = CheckpointWriter::begin(&**storage, &before)?;
    for (key, value) in &map {
        if written.contains(key) || !writer.keep(key) {
            writer.write(key, value)?;
        }
        if lot.dice.chance(20) {
            append(opened, lot, truth, changed)?;
        }
    }
    opened.manifest = writer.finish(7, replay_from)?;
    cut(&**storage, replay_from)
}

/// Opens an image, perhaps after crashes on the way, and compares; gives the image as opened.
fn check(
    image: &MemoryStorage,
    dice: &mut Dice,
    truth: &mut Truth,
    report: &mut PowerLossReport,
) -> Result<MemoryStorage, String> {
    let mut image = image.to_copy();
    while dice.chance(35) {
        let storage = SimulatedStorage::of(&image);
        storage.fail(Calls::From(dice.below(40) as u64), Fault::Error(std::io::ErrorKind::Other));
        let shared: Arc<dyn Storage> = Arc::new(storage.clone());
        let _: Result<Opened, StoreError> = open(&shared);
        image = storage.crash(dice);
        report.n_images += 1;
        report.n_in_recovery += 1;
    }
    report.n_images += 1;
    let shared: Arc<dyn Storage> = Arc::new(image.clone());
    let opened = open(&shared).map_err(|error| format!("cannot be opened: {error:?}"))?;
    let last = opened.last as usize;
    let expected = truth.maps.get(last).cloned().or((last == 0).then(Map::new));
    if last < truth.synced {
        return Err(format!("frame {} was synced, the last found is {last}", truth.synced));
    }
    match expected {
        None => return Err(format!("frame {last} was never written")),
        Some(map) if map != opened.map => return Err(format!("frame {last} holds other values")),
        Some(_) => {}
    }
    report.n_torn += u64::from(opened.is_torn);
    report.n_ahead += u64::from(last > truth.synced);
    // From here on the store goes on with what was found.
    truth.maps.truncate(last + 1);
    truth.synced = last;
    Ok(image)
}
