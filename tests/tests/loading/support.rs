//! Loading, and looking at what was loaded.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::ProptestConfig;
use serde_json::Value;
use twindex::{Error, LoadOptions, LoadReport, LoadWarning, OnBadInput, Twindex};

pub(crate) const FORGIVING: LoadOptions<'static> =
    LoadOptions { on_bad_input: OnBadInput::Skip, progress: None, cancel: None };

pub(crate) const STRICT: LoadOptions<'static> =
    LoadOptions { on_bad_input: OnBadInput::Stop, progress: None, cancel: None };

/// So many cases, unless `PROPTEST_CASES` says otherwise.
pub(crate) fn cases(n: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(n),
    }
}

/// Loads `input` and checks the engine.
pub(crate) fn load(db: &Twindex, input: impl AsRef<[u8]>) -> LoadReport {
    let report = db.load(input.as_ref(), &FORGIVING).unwrap();
    assert_eq!(db.check(), Ok(()));
    report
}

/// Loads `input` strictly and checks the engine, whatever comes of it.
pub(crate) fn load_strictly(db: &Twindex, input: impl AsRef<[u8]>) -> Result<LoadReport, Error> {
    let outcome = db.load(input.as_ref(), &STRICT);
    assert_eq!(db.check(), Ok(()));
    outcome
}

/// An engine with `input`, of which nothing is bad.
pub(crate) fn db_of(input: impl AsRef<[u8]>) -> Twindex {
    let db = Twindex::in_memory();
    let report = load(&db, input);
    assert_eq!(report.bad, []);
    db
}

/// The text of every twin, devices first, in row order.
pub(crate) fn texts_of(db: &Twindex) -> Vec<String> {
    let of = |collection: &str| {
        let page = db.query(format!("SELECT * FROM {collection}")).run().unwrap();
        page.rows().map(str::to_owned).collect::<Vec<_>>()
    };
    [of("devices"), of("devices.modules")].concat()
}

/// Every twin, devices first, in row order.
pub(crate) fn twins_of(db: &Twindex) -> Vec<Value> {
    texts_of(db).iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// Device and module of a twin. An empty `moduleId` says that there is no module.
pub(crate) fn identity(twin: &Value) -> (&str, Option<&str>) {
    let module_id = twin.get("moduleId").and_then(Value::as_str);
    (twin["deviceId"].as_str().unwrap(), module_id.filter(|id| !id.is_empty()))
}

/// Identities of every twin, devices first, in row order: `device` or `device/module`.
pub(crate) fn ids_of(db: &Twindex) -> Vec<String> {
    let id = |twin: &Value| match identity(twin) {
        (device_id, Some(module_id)) => format!("{device_id}/{module_id}"),
        (device_id, None) => device_id.to_owned(),
    };
    twins_of(db).iter().map(id).collect()
}

/// Checks that `db` holds `expected`, devices first, in this order.
pub(crate) fn assert_holds(db: &Twindex, expected: &[Value]) {
    let found = twins_of(db);
    for (found, expected) in found.iter().zip(expected) {
        assert!(twindex_oracle::equal(found, expected), "came out: {found}\nwent in: {expected}");
    }
    assert_eq!(found.len(), expected.len());
}

/// How often each kind of thing was forgiven.
pub(crate) fn forgiven(report: &LoadReport) -> Vec<(LoadWarning, u64)> {
    report.warnings.iter().map(|warnings| (warnings.kind, warnings.n)).collect()
}

pub(crate) fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(text: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(text.as_ref(), 1).unwrap()
}
