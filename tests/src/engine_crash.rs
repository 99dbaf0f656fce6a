//! Power loss under an engine: whatever was acknowledged is in the twins that a store gives back,
//! whole, and nothing is there that was never written.
//!
//! The store's own campaign ([`crate::power_loss`]) tears frames and parts; this one looks at twins.
//! After each acknowledged write all of them are noted as they are. A store opened from an image of
//! a crash must hold those of the last note, or, where a write was under way, those it would have
//! left.

use std::sync::Arc;

use twindex::storage::{MemoryStorage, Storage};
use twindex::{Collection, ErrorKind, NewTwin, StoreOptions, TwinId, Twindex, Write};
use twindex_testkit::{Calls, Dice, Fault, SimulatedStorage};

use crate::crashes::{let_calls_fail, take_turns};
use crate::twins::{DEVICES, Step, Truth, accept, apply, options, twins_of};

/// What calls may fail with.
const ERRORS: [std::io::ErrorKind; 3] =
    [std::io::ErrorKind::Other, std::io::ErrorKind::StorageFull, std::io::ErrorKind::Interrupted];

/// What a campaign did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineCrashReport {
    /// Images opened.
    pub n_images: u64,
    /// Of those, images of a crash during recovery.
    pub n_in_recovery: u64,
    /// Writes acknowledged.
    pub n_acknowledged: u64,
    /// Checkpoints made.
    pub n_checkpoints: u64,
    /// Images that held a write nobody was told of.
    pub n_ahead: u64,
}

/// Crashes engines until `n_images` images were opened.
///
/// # Errors
/// What was wrong, with the seed.
pub fn engine_crashes(seed: u64, n_images: u64) -> Result<EngineCrashReport, String> {
    take_turns(seed, |report: &EngineCrashReport| report.n_images >= n_images, one_store)
}

fn one_store(dice: &mut Dice, report: &mut EngineCrashReport) -> Result<(), String> {
    let mut image = MemoryStorage::default();
    let mut truth = Truth::default();
    for _ in 0..3 {
        let storage = SimulatedStorage::of(&image);
        if dice.chance(50) {
            let_calls_fail(&storage, dice, &ERRORS, 200);
        }
        work(&storage, dice, &mut truth, report)?;
        for _ in 0..4 {
            check(&storage.crash(dice), dice, &mut truth.clone(), report)?;
        }
        image = check(&storage.crash(dice), dice, &mut truth, report)?;
    }
    Ok(())
}

fn open(storage: Arc<dyn Storage>) -> Result<Twindex, twindex::Error> {
    let mut store = StoreOptions::default();
    store.log_file_bytes = 4_000;
    Twindex::open_storage(storage, options(), store)
}

/// Writes until something fails or enough is done.
fn work(
    storage: &SimulatedStorage,
    dice: &mut Dice,
    truth: &mut Truth,
    report: &mut EngineCrashReport,
) -> Result<(), String> {
    // A store that does not open says so; that it opens without faults is looked at elsewhere.
    let Ok(db) = open(Arc::new(storage.clone())) else { return Ok(()) };
    accept(truth, twins_of(&db))?;
    // Does the same in memory, to tell what a write that was not acknowledged would leave.
    let shadow = Twindex::with_options(options());
    for document in truth.acknowledged.values() {
        apply(&shadow, &Step::Load(document.to_string())).map_err(|error| error.to_string())?;
    }
    for _ in 0..dice.below(25) {
        if dice.chance(8) {
            report.n_checkpoints += u64::from(db.checkpoint().is_ok());
            continue;
        }
        let Ok(step) = step(&db, dice) else { continue };
        let done = apply(&db, &step);
        let left = twins_of(&db);
        db.check().map_err(|fault| format!("is not sound after {step:?}: {fault}"))?;
        match done {
            Ok(()) => {
                report.n_acknowledged += 1;
                apply(&shadow, &step).map_err(|error| format!("only the store did it: {error}"))?;
                if twins_of(&shadow) != left {
                    return Err(format!("the store and memory differ after {step:?}"));
                }
                *truth = Truth { acknowledged: left, under_way: None, version: db.version() };
            }
            Err(_) if left != truth.acknowledged => {
                return Err("a write that was refused changed a twin".to_owned());
            }
            Err(error) if error.kind() == ErrorKind::NoRoom => {}
            Err(_) => {
                // The log may hold it all the same.
                if apply(&shadow, &step).is_ok() {
                    truth.under_way = Some(twins_of(&shadow));
                }
                break;
            }
        }
    }
    Ok(())
}

/// A change drawn by lot.
fn step(db: &Twindex, dice: &mut Dice) -> Result<Step, twindex::Error> {
    let name = format!("d{}", dice.below(DEVICES));
    let id = TwinId::device(&name)?;
    let (key, value) = (dice.below(4), dice.below(1_000));
    if db.twin(&name, None).is_none() {
        if dice.chance(30) {
            let tags = format!(r#"{{"loaded":{value},"list":[{key},"x"]}}"#);
            return Ok(Step::Load(format!(r#"{{"deviceId":"{name}","tags":{tags}}}"#)));
        }
        return Ok(Step::Write(Box::new(Write::create(id, NewTwin::new()))));
    }
    let write = match dice.below(7) {
        0 => Write::delete(id),
        1 => Write::patch_twin(id, &format!(r#"{{"tags":{{"k{key}":null}}}}"#))?,
        2 | 3 => {
            let desired = format!(r#"{{"k{key}":{{"v":"{value}"}}}}"#);
            Write::patch_twin(id, &format!(r#"{{"properties":{{"desired":{desired}}}}}"#))?
        }
        _ => Write::report(id, &format!(r#"{{"k{key}":{value},"s":"text {value}"}}"#))?,
    };
    Ok(Step::Write(Box::new(write)))
}

/// Opens an image, perhaps after crashes on the way, and compares; gives the image as opened.
fn check(
    image: &MemoryStorage,
    dice: &mut Dice,
    truth: &mut Truth,
    report: &mut EngineCrashReport,
) -> Result<MemoryStorage, String> {
    let mut image = image.to_copy();
    while dice.chance(30) {
        let storage = SimulatedStorage::of(&image);
        storage.fail(Calls::From(dice.below(60) as u64), Fault::Error(std::io::ErrorKind::Other));
        drop(open(Arc::new(storage.clone())));
        image = storage.crash(dice);
        report.n_images += 1;
        report.n_in_recovery += 1;
    }
    report.n_images += 1;
    let db = open(Arc::new(image.clone())).map_err(|error| format!("is not opened: {error:?}"))?;
    db.check().map_err(|fault| format!("is not sound: {fault}"))?;
    let found = twins_of(&db);
    if db.n_twins(Collection::Devices) != found.len() as u64 {
        return Err("there are twins that nobody made".to_owned());
    }
    if db.version() < truth.version {
        return Err(format!("version {} comes again after {}", db.version(), truth.version));
    }
    report.n_ahead += u64::from(found != truth.acknowledged);
    accept(truth, found)?;
    Ok(image)
}
