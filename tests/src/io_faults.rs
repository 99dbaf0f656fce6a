//! Failing I/O under an engine: each call that a workload makes to its storage fails once, and from
//! then on, in every way there is, by countdown until the workload passes.
//!
//! Whatever fails: no acknowledged write is lost, none that was refused is seen, reads go on, a
//! store that opened can be opened again, and one that does not says so. A failure other than a full
//! disk poisons the store until it is opened anew; a full disk refuses, and once there is room the
//! very same engine writes on.
//!
//! The power-loss campaigns draw such faults by lot, in the middle of crashes; this one leaves none
//! out.

use std::io;
use std::sync::Arc;

use twindex::storage::{MemoryStorage, Storage};
use twindex::{ErrorKind, NewTwin, StoreOptions, TwinId, Twindex, Write};
use twindex_testkit::{Calls, Dice, Fault, SimulatedStorage};

use crate::twins::{Step, Truth, accept, apply, options, twins_of};

/// Bytes after which a log file ends here, so that the workload begins several.
const LOG_FILE_BYTES: u64 = 700;

/// What a call may do instead of its work.
const FAULTS: [Fault; 7] = [
    Fault::Error(io::ErrorKind::Other),
    Fault::Error(io::ErrorKind::StorageFull),
    Fault::Error(io::ErrorKind::Interrupted),
    Fault::Half(io::ErrorKind::Other),
    Fault::Half(io::ErrorKind::StorageFull),
    Fault::Half(io::ErrorKind::Interrupted),
    Fault::Full,
];

/// What a campaign did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoFaultReport {
    /// Workloads run, each with one fault.
    pub n_runs: u64,
    /// Calls to storage that the longest workload made.
    pub n_calls_max: u64,
    /// Writes that were refused.
    pub n_refused: u64,
    /// Of those, writes refused for want of room.
    pub n_no_room: u64,
    /// Stores poisoned.
    pub n_poisoned: u64,
    /// Times that a store did not open while calls failed.
    pub n_unopened: u64,
    /// Stores opened after it, each compared with what was acknowledged.
    pub n_reopened: u64,
}

/// Lets every `every`th call of the workload fail, in every way.
///
/// # Errors
/// What was wrong, with the fault and the number of the call.
pub fn io_faults(every: u64) -> Result<IoFaultReport, String> {
    let mut report = IoFaultReport::default();
    let modes = FAULTS.into_iter().flat_map(|fault| [(true, fault), (false, fault)]);
    for (mode, (is_once, fault)) in (0..).zip(modes) {
        let mut call = mode % every;
        loop {
            let calls = if is_once { Calls::One(call) } else { Calls::From(call) };
            let run = Run::new((calls, fault), &mut report).whole();
            if !run.map_err(|error| format!("{fault:?} at {calls:?}: {error}"))? {
                break;
            }
            call += every;
        }
    }
    Ok(report)
}

/// One thing that the workload does.
#[derive(Clone, Debug)]
enum Deed {
    Open,
    Do(Step),
    Checkpoint,
    Close,
}

/// One workload with one fault.
struct Run<'a> {
    storage: SimulatedStorage,
    calls: Calls,
    fault: Fault,
    db: Option<Twindex>,
    /// Does the same in memory, to tell what a write that was not acknowledged would leave.
    shadow: Twindex,
    truth: Truth,
    report: &'a mut IoFaultReport,
}

impl<'a> Run<'a> {
    fn new((calls, fault): (Calls, Fault), report: &'a mut IoFaultReport) -> Self {
        let storage = SimulatedStorage::default();
        storage.fail(calls, fault);
        let shadow = Twindex::with_options(options());
        Self { storage, calls, fault, db: None, shadow, truth: Truth::default(), report }
    }

    /// Runs it, lets all calls succeed again, and looks at what is left. False if the workload was
    /// over before the call that was to fail.
    fn whole(mut self) -> Result<bool, String> {
        self.report.n_runs += 1;
        for deed in workload()? {
            if !self.do_deed(&deed).map_err(|error| format!("{deed:?}: {error}"))? {
                break;
            }
        }
        let (Calls::One(call) | Calls::From(call)) = self.calls;
        let n_calls = self.storage.n_calls();
        self.report.n_calls_max = self.report.n_calls_max.max(n_calls);
        self.storage.mend();
        self.go_on_with_room()?;
        self.db = None;
        let mut dice = Dice::new(call);
        let images = [self.storage.kill(), self.storage.crash(&mut dice)];
        images.iter().try_for_each(|image| self.look_at(image))?;
        Ok(n_calls > call)
    }

    /// Whether the calls to come fail as well.
    fn fails_on(&self) -> bool {
        matches!(self.calls, Calls::From(_)) && self.fault != Fault::Full
    }

    /// False if there is no use in going on.
    fn do_deed(&mut self, deed: &Deed) -> Result<bool, String> {
        match deed {
            Deed::Open => return self.open(),
            Deed::Do(step) => return self.write(step),
            Deed::Checkpoint => {
                let Some(db) = &self.db else { return Ok(true) };
                let made = db.checkpoint();
                sound(db)?;
                match made {
                    Err(error) if self.fault == Fault::Full => is(&error, ErrorKind::NoRoom)?,
                    // After one that left open which checkpoint counts none is made.
                    Err(_) if !self.fails_on() => {
                        db.checkpoint()
                            .map_or_else(|error| is(&error, ErrorKind::Poisoned), |_| Ok(()))?;
                    }
                    _ => {}
                }
            }
            Deed::Close => self.db = None,
        }
        Ok(true)
    }

    fn open(&mut self) -> Result<bool, String> {
        let mut opened = open(&self.storage);
        if let Err(error) = &opened {
            self.report.n_unopened += 1;
            if !matches!(error.kind(), ErrorKind::Io | ErrorKind::NoRoom) {
                return Err(format!("a failing call is taken for something else: {error:?}"));
            }
            if matches!(self.calls, Calls::From(_)) {
                return Ok(false);
            }
            opened = open(&self.storage);
        }
        let db = opened.map_err(|error| format!("is not opened: {error:?}"))?;
        accept(&mut self.truth, twins_of(&db))?;
        self.shadow = Twindex::with_options(options());
        for document in self.truth.acknowledged.values() {
            let step = Step::Load(document.to_string());
            apply(&self.shadow, &step).map_err(|error| error.to_string())?;
        }
        self.db = Some(db);
        Ok(true)
    }

    fn write(&mut self, step: &Step) -> Result<bool, String> {
        let Some(db) = &self.db else { return Ok(true) };
        let mut done = apply(db, step);
        if let Err(error) = &done {
            self.report.n_refused += 1;
            self.report.n_no_room += u64::from(error.kind() == ErrorKind::NoRoom);
            let is_soon_over = matches!(self.calls, Calls::One(_));
            if error.kind() == ErrorKind::NoRoom && is_soon_over {
                expect("a refused write changes nothing", &twins_of(db), &self.truth.acknowledged)?;
                done = apply(db, step);
            }
        }
        sound(db)?;
        let left = twins_of(db);
        match done {
            Ok(()) => {
                let done = apply(&self.shadow, step);
                done.map_err(|error| format!("only the store did it: {error}"))?;
                expect("the store does what memory does", &left, &twins_of(&self.shadow))?;
                self.truth = Truth { acknowledged: left, under_way: None, version: db.version() };
                Ok(true)
            }
            Err(error) => {
                expect("a refused write changes nothing", &left, &self.truth.acknowledged)?;
                match error.kind() {
                    ErrorKind::NoRoom => Ok(true),
                    // A write that came before was lost with the store that was poisoned.
                    kind @ (ErrorKind::NotFound | ErrorKind::AlreadyExists) => {
                        match apply(&self.shadow, step) {
                            Ok(()) => Err(format!("only the store refuses it: {error:?}")),
                            Err(error) => is(&error, kind).map(|()| true),
                        }
                    }
                    _ if self.fault == Fault::Full => Err(format!("no room, and not so: {error}")),
                    ErrorKind::Io | ErrorKind::Poisoned => self.poisoned(step),
                    _ => Err(format!("a failing call is taken for something else: {error:?}")),
                }
            }
        }
    }

    /// After a failure that leaves open what is on the disk: nothing is written until the store is
    /// opened again.
    fn poisoned(&mut self, step: &Step) -> Result<bool, String> {
        self.report.n_poisoned += 1;
        if let Some(db) = &self.db {
            match apply(db, step) {
                Ok(()) => return Err("a poisoned store takes a write".to_owned()),
                Err(error) => is(&error, ErrorKind::Poisoned)?,
            }
        }
        if apply(&self.shadow, step).is_ok() {
            self.truth.under_way = Some(twins_of(&self.shadow));
        }
        self.db = None;
        if self.fails_on() { Ok(false) } else { self.open() }
    }

    /// A disk that has room again: the engine that was refused writes on, and makes a checkpoint.
    fn go_on_with_room(&mut self) -> Result<(), String> {
        if self.fault != Fault::Full || self.db.is_none() {
            return Ok(());
        }
        let step = report("d1", 999)?;
        if !self.write(&step)? || self.truth.under_way.is_some() {
            return Err("there is room again, and nothing is written".to_owned());
        }
        let has_done = self.truth.acknowledged == twins_of(&self.shadow);
        let checkpoint = self.db.as_ref().map_or(Ok(()), |db| db.checkpoint().map(|_| ()));
        match checkpoint {
            Ok(()) if has_done => Ok(()),
            outcome => Err(format!("there is room again: {outcome:?}")),
        }
    }

    /// Opens what a machine might come up with, and writes to it.
    fn look_at(&mut self, image: &MemoryStorage) -> Result<(), String> {
        self.report.n_reopened += 1;
        let mut truth = self.truth.clone();
        let db = open(image).map_err(|error| format!("is not opened again: {error:?}"))?;
        sound(&db)?;
        accept(&mut truth, twins_of(&db))?;
        let created = apply(&db, &create("d8")?);
        created.map_err(|error| format!("the store takes no writes: {error:?}"))
    }
}

/// Both ways of making a store, all that changes twins, files of a log that follow each other, a
/// checkpoint that replaces one, and a store that is opened again.
fn workload() -> Result<Vec<Deed>, String> {
    let load = |name: &str| {
        Step::Load(format!(r#"{{"deviceId":"{name}","tags":{{"site":"Aarhus","l":[1,"x"]}}}}"#))
    };
    let id = |name: &str| TwinId::device(name).map_err(|error| error.to_string());
    let delete = Step::Write(Box::new(Write::delete(id("d1")?)));
    let steps = [create("d0")?, create("d1")?, load("d2"), report("d0", 1)?, report("d2", 2)?];
    let mut deeds = vec![Deed::Open];
    deeds.extend(steps.into_iter().map(Deed::Do));
    deeds.push(Deed::Checkpoint);
    let steps = [report("d1", 3)?, delete, report("d0", 4)?, create("d1")?, report("d2", 5)?];
    deeds.extend(steps.into_iter().map(Deed::Do));
    deeds.extend([Deed::Close, Deed::Open, Deed::Do(report("d0", 6)?), Deed::Checkpoint]);
    deeds.extend([Deed::Do(report("d1", 7)?), Deed::Close, Deed::Open, Deed::Do(load("d3"))]);
    Ok(deeds)
}

fn create(name: &str) -> Result<Step, String> {
    let id = TwinId::device(name).map_err(|error| error.to_string())?;
    Ok(Step::Write(Box::new(Write::create(id, NewTwin::new()))))
}

fn report(name: &str, value: u32) -> Result<Step, String> {
    let id = TwinId::device(name).map_err(|error| error.to_string())?;
    let text = format!(r#"{{"n":{value},"t":"text {value}","o":{{"k{value}":[{value}]}}}}"#);
    let write = Write::report(id, &text).map_err(|error| error.to_string())?;
    Ok(Step::Write(Box::new(write)))
}

fn open(storage: &(impl Storage + Clone + 'static)) -> Result<Twindex, twindex::Error> {
    let mut store = StoreOptions::default();
    store.log_file_bytes = LOG_FILE_BYTES;
    store.checkpoint_log_bytes = u64::MAX;
    Twindex::open_storage(Arc::new(storage.clone()), options(), store)
}

fn sound(db: &Twindex) -> Result<(), String> {
    db.check().map_err(|fault| format!("is not sound: {fault}"))
}

fn is(error: &twindex::Error, kind: ErrorKind) -> Result<(), String> {
    if error.kind() == kind { Ok(()) } else { Err(format!("is not {kind:?}: {error:?}")) }
}

fn expect<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:#?}, not {expected:#?}")) }
}
