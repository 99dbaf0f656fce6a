//! A store that is small and has everything: each form of lane and of its parts, dictionaries of
//! strings and of arrays, modules, identity records, a checkpoint, and a log of several files with
//! frames after it.
//!
//! Damage is tried on it at every byte, fuzzing begins with its files, and a copy of it in each
//! released format is kept and opened for ever.

use std::collections::BTreeMap;
use std::sync::Arc;

use twindex::storage::{MemoryStorage, Storage};
use twindex::{
    Access, CopyOptions, Error, IndexOptions, LoadOptions, ManualClock, NewTwin, Options,
    StoreOptions, TwinId, Twindex, Write,
};

/// Devices that are loaded. The rows of one segment and some of the next.
const DEVICES: u32 = 44;

/// All that a store says.
pub type Answers = Vec<String>;

/// Answers by version, from that of the checkpoint to the last.
pub type History = BTreeMap<u64, Answers>;

/// Options under which few twins meet every form of lane.
#[must_use]
pub fn options() -> Options {
    let index = IndexOptions {
        segment_rows_max: 40,
        sparse_rows_max: 4,
        exceptions_max: 3,
        dictionary_values_min: 6,
        posting_values_max: 4,
        count_values_max: 8,
    };
    let clock = Arc::new(ManualClock::new(1_700_000_000_000));
    Options { threads: 1, clock, index, ..Options::default() }
}

/// Opens a store as [`small_store`] was written. The engine makes no checkpoint by itself.
///
/// # Errors
/// As [`Twindex::open_storage`].
pub fn open(storage: &MemoryStorage) -> Result<Twindex, Error> {
    open_in(Arc::new(storage.clone()))
}

/// The same in storage of any kind.
///
/// # Errors
/// As [`Twindex::open_storage`].
pub fn open_in(storage: Arc<dyn Storage>) -> Result<Twindex, Error> {
    let mut store = StoreOptions::default();
    store.log_file_bytes = 1_500;
    store.checkpoint_log_bytes = u64::MAX;
    Twindex::open_storage(storage, options(), store)
}

/// A backup of a store.
///
/// # Errors
/// As [`Twindex::backup_storage`].
pub fn backup_of(store: &MemoryStorage) -> Result<MemoryStorage, Error> {
    let backup = MemoryStorage::default();
    open(store)?.backup_storage(Arc::new(backup.clone()), &CopyOptions::default())?;
    Ok(backup)
}

/// Opens a backup to be read.
///
/// # Errors
/// As [`Twindex::open_storage`].
pub fn open_backup(backup: &MemoryStorage) -> Result<Twindex, Error> {
    let mut store = StoreOptions::default();
    store.access = Access::ReadOnly;
    Twindex::open_storage(Arc::new(backup.clone()), options(), store)
}

/// Writes the store, and what it said at each version from its checkpoint on.
///
/// # Errors
/// Whatever an engine refuses; nothing, unless it has a defect.
pub fn small_store(storage: Arc<dyn Storage>) -> Result<History, Error> {
    let db = open_in(storage)?;
    for n in 0..DEVICES {
        db.load(document(n).as_bytes(), &LoadOptions::default())?;
    }
    for n in 0..3 {
        let module = format!(r#"{{"deviceId":"d1","moduleId":"m{n}","tags":{{"slot":{n}}}}}"#);
        db.load(module.as_bytes(), &LoadOptions::default())?;
    }
    for write in written()? {
        db.write(write)?;
    }
    db.checkpoint()?;
    let mut history = History::from([(db.version(), answers(&db)?)]);
    for write in logged()? {
        let done = db.write(write)?;
        history.insert(done.version, answers(&db)?);
    }
    Ok(history)
}

/// A device whose paths are each stored in another way.
fn document(n: u32) -> String {
    let mut tags = vec![
        format!(r#""site":"s{}""#, n % 3),
        format!(r#""serial":"{:08x}""#, n.wrapping_mul(2_654_435_761)),
        format!(r#""two":{}"#, n * 1_000),
        format!(r#""four":{}"#, u64::from(n) * 70_000_000),
        format!(r#""tenth":{}.{}"#, n % 20, n % 10),
        format!(r#""double":{}"#, f64::from(n).sqrt()),
        format!(r#""kinds":["a",{n}]"#),
        format!(r#""few":[{}]"#, n % 3),
        format!(r#""seen":"2024-03-01T00:{:02}:{:02}Z""#, n / 60, n % 60),
        format!(r#""flag":{}"#, n.is_multiple_of(2)),
    ];
    tags.push(match n % 5 {
        0 => r#""mixed":null"#.to_owned(),
        1 => format!(r#""mixed":{n}"#),
        2 => format!(r#""mixed":"t{}""#, n % 4),
        3 => r#""mixed":{"in":true}"#.to_owned(),
        _ => r#""mixed":[]"#.to_owned(),
    });
    if n % 3 == 1 {
        tags.push(format!(r#""some":{n}"#)); // a minority: packed
    }
    if n % 19 == 5 {
        tags.push(format!(r#""rare":"r{n}""#)); // sparse
    }
    if n % 8 == 3 {
        tags.push(format!(r#""odd":{}e300"#, n + 1)); // numbers of no frame
    }
    format!(r#"{{"deviceId":"d{n}","tags":{{{}}}}}"#, tags.join(","))
}

fn reported(name: &str, n: u32) -> Result<Write, Error> {
    Write::report(TwinId::device(name)?, &format!(r#"{{"n":{n},"o":{{"t":"text {n}"}}}}"#))
}

/// Writes before the checkpoint: stamps that lanes share, records, rows that are free again.
fn written() -> Result<Vec<Write>, Error> {
    let created = NewTwin::new().with_tags(r#"{"site":"s9"}"#)?.with_authentication(b"key");
    let module = TwinId::module("d2", "m")?;
    Ok(vec![
        reported("d0", 1)?,
        reported("d3", 2)?,
        reported("d41", 3)?,
        Write::create(TwinId::device("new")?, created),
        Write::create(module, NewTwin::new().with_authentication(&[0, 255, 7])),
        Write::delete(TwinId::device("d7")?),
    ])
}

/// Writes after it: new paths and twins, changed rows, a twin that goes.
fn logged() -> Result<Vec<Write>, Error> {
    let desired = |name: &str, text: &str| {
        let text = format!(r#"{{"properties":{{"desired":{text}}}}}"#);
        Write::patch_twin(TwinId::device(name)?, &text)
    };
    Ok(vec![
        reported("d0", 4)?,
        desired("d5", r#"{"late":{"path":[1,2.5,"x"]},"when":"2024-05-01T10:00:00.5Z"}"#)?,
        Write::create(TwinId::device("last")?, NewTwin::new().with_authentication(b"other")),
        Write::patch_twin(TwinId::device("d1")?, r#"{"tags":{"site":null,"mixed":"now text"}}"#)?,
        Write::delete(TwinId::device("d9")?),
        reported("last", 5)?,
        desired("d41", r#"{"late":{"path":null,"b":true}}"#)?,
        Write::delete(TwinId::module("d1", "m1")?),
        reported("d43", 6)?,
        reported("d0", 7)?,
    ])
}

/// All that a store says: its version, every twin with its record, and some questions that go
/// through the lanes in other ways.
///
/// # Errors
/// As [`twindex::Query::run`].
pub fn answers(db: &Twindex) -> Result<Answers, Error> {
    let mut answers = vec![format!("version {}", db.version())];
    for question in QUESTIONS {
        let page = db.query(*question).page_size(1_000).run()?;
        answers.extend(page.rows().map(str::to_owned));
    }
    let names = (0..DEVICES).map(|n| format!("d{n}")).chain(["new".into(), "last".into()]);
    for name in names {
        let id = TwinId::device(&name)?;
        answers.push(format!("{:?} {:?}", db.identity(&id), db.device_view(&id)));
    }
    Ok(answers)
}

const QUESTIONS: &[&str] = &[
    "SELECT * FROM devices",
    "SELECT * FROM devices.modules",
    "SELECT deviceId FROM devices WHERE tags.mixed = 't2' OR tags.serial LIKE '%a%'",
    "SELECT deviceId FROM devices WHERE tags.two > 20000 AND tags.tenth < 12.5",
    "SELECT deviceId FROM devices WHERE tags.seen > '2024-03-01T00:00:30Z'",
    "SELECT deviceId FROM devices WHERE tags.double >= 3 AND IS_DEFINED(tags.some)",
    "SELECT tags.site, COUNT() AS n FROM devices GROUP BY tags.site",
    "SELECT MAX(tags.four) AS four, SUM(tags.odd) AS odd FROM devices",
    "SELECT deviceId FROM devices WHERE properties.reported.$metadata.n.$lastUpdated != null",
];
