//! The operations of a hub, with the examples of its published facts.

use serde_json::{Value, json};
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::Ts;
use twindex_index::write::{Change, Create, Expect, Refusal, TwinName, When, Written};
use twindex_model::etag::Etag;
use twindex_model::json::read::Leaves;
use twindex_model::path::Collection;
use twindex_model::section::Section;
use twindex_model::write_code::WriteCode;

/// The time of the captured event: 2022-05-24T02:11:54.65Z.
const MAY_MS: i64 = 1_653_358_314_650;

pub(crate) const DEVICE: TwinName<'_> = TwinName { device_id: "d", module_id: None };
const MODULE: TwinName<'_> = TwinName { device_id: "d", module_id: Some("m") };

/// An index with a batch number that counts its writes.
pub(crate) struct Hub {
    pub(crate) index: Index,
    ts: u64,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { index: Index::new(IndexOptions::default()), ts: 0 }
    }

    /// Lets writes be of batch `ts`.
    pub(crate) fn at(&mut self, ts: Ts, writes: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.ts, ts.0 - 1);
        writes(self);
        self.ts = before;
    }

    /// With one fresh device.
    fn with_device() -> Self {
        let mut hub = Self::new();
        hub.create(DEVICE).unwrap();
        hub
    }

    pub(crate) fn write(
        &mut self,
        of: TwinName<'_>,
        change: &Change<'_>,
        (expect, now_ms): (&Expect<'_>, i64),
    ) -> Result<Written, Refusal> {
        self.ts += 1;
        let result = self.index.write(of, change, expect, &When { ts: Ts(self.ts), now_ms });
        assert_eq!(self.index.validate(), Ok(()));
        result
    }

    fn create(&mut self, of: TwinName<'_>) -> Result<Written, Refusal> {
        let create = Create { generation: self.ts + 1, ..Create::default() };
        self.write(of, &Change::Create(create), (&Expect::default(), 0))
    }

    fn merge(&mut self, body: &Value, at: (&Expect<'_>, i64)) -> Result<Written, Refusal> {
        let (tags, desired) = sections(body);
        self.write(DEVICE, &Change::Merge { tags: tags.as_ref(), desired: desired.as_ref() }, at)
    }

    fn replace(&mut self, body: &Value, at: (&Expect<'_>, i64)) -> Result<Written, Refusal> {
        let (tags, desired) = sections(body);
        self.write(DEVICE, &Change::Replace { tags: tags.as_ref(), desired: desired.as_ref() }, at)
    }

    fn report(&mut self, patch: &Value, at: (&Expect<'_>, i64)) -> Result<Written, Refusal> {
        self.write(DEVICE, &Change::Report(&leaves(patch)), at)
    }

    fn identify(&mut self, fields: &Value, now_ms: i64) -> Written {
        let change = Change::Identify { fields: &leaves(fields), authentication: None };
        self.write(DEVICE, &change, (&Expect::default(), now_ms)).unwrap()
    }

    pub(crate) fn twin(&self, of: TwinName<'_>) -> Option<Value> {
        let row = self.index.find(of.device_id, of.module_id)?;
        let mut text = String::new();
        self.index.segment(of.collection(), row.segment()).write_twin(row.place(), &mut text);
        Some(serde_json::from_str(&text).unwrap())
    }

    fn device(&self) -> Value {
        self.twin(DEVICE).unwrap()
    }

    fn counters(&self) -> [Value; 4] {
        let twin = self.device();
        let properties = &twin["properties"];
        [
            twin["version"].clone(),
            twin["etag"].clone(),
            properties["desired"]["$version"].clone(),
            properties["reported"]["$version"].clone(),
        ]
    }
}

pub(crate) fn leaves(value: &Value) -> Leaves {
    Leaves::read(value.to_string()).unwrap().leaves
}

fn sections(body: &Value) -> (Option<Leaves>, Option<Leaves>) {
    (body.get("tags").map(leaves), body.get("desired").map(leaves))
}

fn anytime(now_ms: i64) -> (&'static Expect<'static>, i64) {
    const NOTHING: &Expect<'static> =
        &Expect { etag: None, desired_version: None, reported_version: None };
    (NOTHING, now_ms)
}

#[test]
fn a_fresh_twin_is_the_captured_one() {
    let hub = Hub::with_device();
    let section = json!({"$metadata": {"$lastUpdated": "0001-01-01T00:00:00Z"}, "$version": 1});
    let expected = json!({
        "deviceId": "d", "etag": "AAAAAAAAAAE=", "deviceEtag": "MQ==", "status": "enabled",
        "statusUpdateTime": "0001-01-01T00:00:00Z", "connectionState": "Disconnected",
        "lastActivityTime": "0001-01-01T00:00:00Z", "cloudToDeviceMessageCount": 0,
        "authenticationType": "sas",
        "x509Thumbprint": {"primaryThumbprint": null, "secondaryThumbprint": null},
        "modelId": "", "capabilities": {"iotEdge": false}, "version": 2, "tags": {},
        "properties": {"desired": section, "reported": section},
    });
    assert_eq!(hub.device(), expected);
    let mut hub = hub;
    hub.create(MODULE).unwrap();
    let module = hub.twin(MODULE).unwrap();
    assert_eq!((&module["deviceId"], &module["moduleId"]), (&json!("d"), &json!("m")));
    assert_eq!((module.get("capabilities"), &module["version"]), (None, &json!(2)));
}

#[test]
fn what_a_twin_is_created_with_is_of_its_first_version() {
    let mut hub = Hub::new();
    let fields = leaves(&json!({"status": "disabled", "deviceScope": "s", "version": 9,
        "deviceId": "other", "modelId": null}));
    let (tags, desired) = sections(&json!({"tags": {"a": {"b": [1]}, "n": null},
        "desired": {"x": {"y": 1, "n": null}, "z": true}}));
    let create = Create {
        fields: Some(&fields),
        tags: tags.as_ref(),
        desired: desired.as_ref(),
        generation: 7,
        authentication: b"s3cret",
    };
    let written = hub.write(DEVICE, &Change::Create(create), anytime(MAY_MS)).unwrap();
    assert_eq!((written.version, written.desired_version, written.generation), (2, 1, 7));
    let twin = hub.device();
    assert_eq!((&twin["status"], &twin["deviceScope"]), (&json!("disabled"), &json!("s")));
    assert_eq!((&twin["modelId"], &twin["version"]), (&json!(""), &json!(2)));
    assert_eq!(twin["tags"], json!({"a": {"b": [1]}}));
    let mark = json!({"$lastUpdated": "2022-05-24T02:11:54.65Z", "$lastUpdatedVersion": 1});
    let mut metadata = mark.clone();
    metadata["x"] = mark.clone();
    metadata["x"]["y"] = mark.clone();
    metadata["z"] = mark;
    assert_eq!(
        twin["properties"]["desired"],
        json!({"x": {"y": 1}, "z": true, "$metadata": metadata, "$version": 1})
    );
    assert!(!twin.to_string().contains("s3cret"));
    let record = hub.index.record(Collection::Devices, written.row);
    assert_eq!((record.generation, &*record.authentication), (7, &b"s3cret"[..]));
}

#[test]
fn counters_add_up_as_in_the_dump_of_a_live_hub() {
    let mut hub = Hub::with_device();
    for n in 0..4 {
        hub.merge(&json!({"tags": {"n": n}}), anytime(0)).unwrap();
    }
    let written = hub.merge(&json!({"desired": {"a": {"b": 1}}}), anytime(1_684_751_894_350));
    let written = written.unwrap();
    // 7 = 2 + 1 + 4, and 6 = 1 + 1 + 4.
    assert_eq!(hub.counters(), [json!(7), json!("AAAAAAAAAAY="), json!(2), json!(1)]);
    assert_eq!((written.version, written.etag.as_str()), (7, "AAAAAAAAAAY="));
    assert_eq!((written.desired_version, written.reported_version), (2, 1));
    let mark = json!({"$lastUpdated": "2023-05-22T10:38:14.35Z", "$lastUpdatedVersion": 2});
    assert_eq!(hub.device()["properties"]["desired"]["$metadata"]["a"]["b"], mark);
    let metadata = &hub.device()["properties"]["desired"]["$metadata"];
    assert_eq!(metadata["$lastUpdated"], mark["$lastUpdated"]);
}

#[test]
fn tags_and_desired_together_count_once_as_in_the_captured_event() {
    let mut hub = Hub::with_device();
    for n in 0..4 {
        hub.merge(&json!({"desired": {"test": n}}), anytime(0)).unwrap();
    }
    let body = json!({"tags": {"myTag": "1"}, "desired": {"test": 1}});
    let written = hub.merge(&body, anytime(MAY_MS)).unwrap();
    assert_eq!((written.version, written.desired_version, written.reported_version), (7, 6, 1));
    let mark = json!({"$lastUpdated": "2022-05-24T02:11:54.65Z", "$lastUpdatedVersion": 6});
    let mut metadata = mark.clone();
    metadata["test"] = mark;
    let desired = json!({"test": 1, "$metadata": metadata, "$version": 6});
    assert_eq!(hub.device()["properties"]["desired"], desired);
    assert_eq!(hub.device()["tags"], json!({"myTag": "1"}));
}

#[test]
fn reports_move_neither_etag_nor_desired() {
    let mut hub = Hub::with_device();
    for n in 0..11 {
        hub.report(&json!({"t": n}), anytime(n)).unwrap();
    }
    assert_eq!(hub.counters(), [json!(13), json!("AAAAAAAAAAE="), json!(1), json!(12)]);
    let metadata = &hub.device()["properties"]["reported"]["$metadata"];
    let mark = json!({"$lastUpdated": "1970-01-01T00:00:00.01Z"});
    assert_eq!(*metadata, json!({"$lastUpdated": mark["$lastUpdated"], "t": mark}));
}

#[test]
fn objects_merge_null_removes_arrays_replace_and_all_is_dated() {
    let mut hub = Hub::with_device();
    let first = json!({"a": {"x": 1, "y": [1, {"z": 2}]}, "b": {"c": {"d": 1}}, "n": 1, "e": {}});
    hub.report(&first, anytime(0)).unwrap();
    let second = json!({"a": {"x": null, "gone": null}, "b": {"c": 5}, "n": {"m": {}},
        "f": {"g": null}, "e": {"gone": {"gone": null}}});
    hub.report(&second, anytime(1)).unwrap();
    let [old, new] = ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.001Z"];
    let metadata = json!({"$lastUpdated": new,
        "a": {"$lastUpdated": new, "y": {"$lastUpdated": old}},
        "b": {"$lastUpdated": new, "c": {"$lastUpdated": new}},
        "n": {"$lastUpdated": new, "m": {"$lastUpdated": new}},
        "e": {"$lastUpdated": new, "gone": {"$lastUpdated": new}},
        "f": {"$lastUpdated": new}});
    let reported = json!({"a": {"y": [1, {"z": 2}]}, "b": {"c": 5}, "n": {"m": {}}, "f": {},
        "e": {"gone": {}}, "$metadata": metadata, "$version": 3});
    assert_eq!(hub.device()["properties"]["reported"], reported);
    hub.report(&json!({"a": {"y": ["new"]}, "b": null, "f": null}), anytime(2)).unwrap();
    let reported = &hub.device()["properties"]["reported"];
    assert_eq!(reported["a"], json!({"y": ["new"]}));
    assert_eq!((reported.get("b"), reported["$metadata"].get("b")), (None, None));
}

#[test]
fn removing_what_is_not_there_counts_and_leaves_no_stamp() {
    let mut hub = Hub::with_device();
    hub.report(&json!({"a": {"x": 1}}), anytime(0)).unwrap();
    let metadata = hub.device()["properties"]["reported"]["$metadata"].clone();
    for patch in [json!({"a": {"y": null}, "z": null}), json!({"a": {}}), json!({})] {
        hub.report(&patch, anytime(5)).unwrap();
    }
    let reported = &hub.device()["properties"]["reported"];
    assert_eq!((&reported["$metadata"], &reported["$version"]), (&metadata, &json!(5)));
    assert_eq!(reported["a"], json!({"x": 1}));
}

#[test]
fn equal_values_still_count_and_move_the_stamp() {
    let mut hub = Hub::with_device();
    for ms in [0, 1_000] {
        hub.report(&json!({"a": [1]}), anytime(ms)).unwrap();
    }
    let reported = &hub.device()["properties"]["reported"];
    assert_eq!(reported["$version"], json!(3));
    assert_eq!(reported["$metadata"]["a"]["$lastUpdated"], json!("1970-01-01T00:00:01Z"));
}

#[test]
fn a_replaced_section_is_exactly_what_is_given_and_others_are_kept() {
    let mut hub = Hub::with_device();
    let body = json!({"tags": {"a": {"b": 1}, "c": 2}, "desired": {"a": {"b": 1}, "c": [2]}});
    hub.merge(&body, anytime(0)).unwrap();
    hub.report(&json!({"r": 1}), anytime(0)).unwrap();
    hub.replace(&json!({"tags": {"Test3": 3, "n": null}}), anytime(1)).unwrap();
    assert_eq!(hub.device()["tags"], json!({"Test3": 3}));
    assert_eq!(hub.device()["properties"]["desired"]["c"], json!([2]));
    hub.replace(&json!({"desired": {"c": {"d": "x"}}}), anytime(2)).unwrap();
    let mark = json!({"$lastUpdated": "1970-01-01T00:00:00.002Z", "$lastUpdatedVersion": 3});
    let mut metadata = mark.clone();
    metadata["c"] = mark.clone();
    metadata["c"]["d"] = mark;
    let desired = json!({"c": {"d": "x"}, "$metadata": metadata, "$version": 3});
    assert_eq!(hub.device()["properties"]["desired"], desired);
    assert_eq!(hub.device()["properties"]["reported"]["r"], json!(1));
    assert_eq!(hub.counters(), [json!(6), json!("AAAAAAAAAAQ="), json!(3), json!(2)]);
    hub.replace(&json!({"desired": {}, "tags": {}}), anytime(3)).unwrap();
    let mark = json!({"$lastUpdated": "1970-01-01T00:00:00.003Z", "$lastUpdatedVersion": 4});
    let desired = json!({"$metadata": mark, "$version": 4});
    assert_eq!(hub.device()["properties"]["desired"], desired);
    assert_eq!(hub.device()["tags"], json!({}));
}

#[test]
fn the_clock_of_a_twin_never_runs_backwards() {
    let mut hub = Hub::with_device();
    hub.report(&json!({"a": 1}), anytime(5_000)).unwrap();
    let written = hub.merge(&json!({"desired": {"b": 1}}), anytime(-7)).unwrap();
    assert_eq!(written.time_ms, 5_000);
    let desired = &hub.device()["properties"]["desired"];
    assert_eq!(desired["$metadata"]["b"]["$lastUpdated"], json!("1970-01-01T00:00:05Z"));
    for ms in [i64::MIN, i64::MAX, i64::MIN] {
        hub.report(&json!({"a": 1}), anytime(ms)).unwrap();
    }
    let reported = &hub.device()["properties"]["reported"];
    assert_eq!(reported["$metadata"]["$lastUpdated"], json!("9999-12-31T23:59:59.9999999Z"));
}

#[test]
fn what_is_expected_must_hold_or_nothing_changes() {
    let mut hub = Hub::with_device();
    hub.merge(&json!({"tags": {"a": 1}}), anytime(0)).unwrap();
    let before = hub.device();
    let etag = |etag| Expect { etag: Some(etag), ..Expect::default() };
    for stale in ["AAAAAAAAAAE=", "\"AAAAAAAAAAE=\"", "", "MQ=="] {
        let refused = hub.merge(&json!({"tags": {"a": 2}}), (&etag(stale), 0)).unwrap_err();
        assert_eq!(refused.code().hub_error(), (412_001, "PreconditionFailed"));
        let found = before["etag"].as_str().unwrap().to_owned();
        assert_eq!(refused, Refusal::EtagMismatch { expected: stale.to_owned(), found });
    }
    let versions = [
        (Expect { desired_version: Some(2), ..Expect::default() }, Section::Desired, 2),
        (Expect { reported_version: Some(0), ..Expect::default() }, Section::Reported, 0),
    ];
    for (expect, section, expected) in versions {
        let refused = hub.report(&json!({"a": 1}), (&expect, 0)).unwrap_err();
        assert_eq!(refused, Refusal::VersionMismatch { section, expected, found: 1 });
    }
    assert_eq!(hub.device(), before);
    for fresh in ["*", "\"*\"", "AAAAAAAAAAI=", "\"AAAAAAAAAAM=\""] {
        let fresh = if fresh.ends_with('I') { etag("AAAAAAAAAAI=") } else { etag(fresh) };
        let counter = hub.device()["etag"].as_str().unwrap().to_owned();
        let is_fresh = twindex_model::etag::matches(fresh.etag.unwrap(), &counter);
        assert_eq!(hub.merge(&json!({"tags": {"a": 2}}), (&fresh, 0)).is_ok(), is_fresh);
    }
    let expect = Expect { reported_version: Some(1), desired_version: Some(1), etag: None };
    assert!(hub.report(&json!({"a": 1}), (&expect, 0)).is_ok());
}

#[test]
fn identity_fields_move_counters_unless_the_connection_does_it() {
    let mut hub = Hub::with_device();
    let quiet = json!({"connectionState": "Connected", "lastActivityTime": "2024-01-01T00:00:00Z"});
    hub.identify(&quiet, 0);
    let twin = hub.device();
    assert_eq!(twin["connectionState"], json!("Connected"));
    assert_eq!(hub.counters(), [json!(2), json!("AAAAAAAAAAE="), json!(1), json!(1)]);
    assert_eq!(twin["deviceEtag"], json!("MQ=="));
    let written = hub.identify(
        &json!({"status": "disabled", "statusReason": "lost", "capabilities": {"iotEdge": true},
            "tags": {"x": 1}, "deviceId": "other"}),
        MAY_MS,
    );
    assert_eq!((written.version, written.etag.as_str()), (3, "AAAAAAAAAAI="));
    let twin = hub.device();
    assert_eq!((&twin["status"], &twin["statusReason"]), (&json!("disabled"), &json!("lost")));
    assert_eq!(twin["statusUpdateTime"], json!("2022-05-24T02:11:54.65Z"));
    assert_eq!((&twin["deviceEtag"], &twin["tags"]), (&json!("Mg=="), &json!({})));
    assert_eq!(twin["capabilities"], json!({"iotEdge": true}));
    hub.identify(&json!({"capabilities": null, "statusReason": null}), MAY_MS + 1);
    let twin = hub.device();
    assert_eq!(twin["capabilities"], json!({"iotEdge": false}));
    assert_eq!(twin.get("statusReason"), None);
    assert_eq!(twin["statusUpdateTime"], json!("2022-05-24T02:11:54.65Z"));
    let of_identity = Expect { etag: Some("Mw=="), ..Expect::default() };
    assert!(hub.merge(&json!({"tags": {}}), (&of_identity, 0)).is_err());
    let change = Change::Identify { fields: &leaves(&json!({})), authentication: Some(b"k") };
    let written = hub.write(DEVICE, &change, (&of_identity, 0)).unwrap();
    assert_eq!(written.version, 5);
    let record = hub.index.record(Collection::Devices, written.row);
    assert_eq!((record.generation, &*record.authentication), (1, &b"k"[..]));
}

#[test]
fn a_device_takes_its_modules_with_it_and_comes_back_as_another() {
    let mut hub = Hub::with_device();
    let of = |n: usize| format!("m{n}");
    for n in 0..50 {
        let module_id = of(n);
        let name = TwinName { device_id: "d", module_id: Some(&module_id) };
        assert_eq!(hub.create(name).unwrap().collection, Collection::Modules);
    }
    assert_eq!(hub.create(MODULE), Err(Refusal::TooManyModules));
    let module_id = of(7);
    let seventh = TwinName { device_id: "d", module_id: Some(&module_id) };
    hub.write(seventh, &Change::Delete, anytime(0)).unwrap();
    assert_eq!(hub.index.modules("d").len(), 49);
    hub.create(MODULE).unwrap();
    let other = TwinName { device_id: "e", module_id: None };
    hub.create(other).unwrap();
    hub.create(TwinName { device_id: "e", module_id: Some("m") }).unwrap();
    let written = hub.write(DEVICE, &Change::Delete, anytime(0)).unwrap();
    assert_eq!((written.generation, written.version), (1, 2));
    assert_eq!(hub.index.n_rows(Collection::Modules), 1);
    assert_eq!(hub.index.n_rows(Collection::Devices), 1);
    let not_found = Refusal::NotFound { collection: Collection::Devices };
    assert_eq!(hub.write(DEVICE, &Change::Delete, anytime(0)), Err(not_found.clone()));
    assert_eq!(hub.merge(&json!({"tags": {}}), anytime(0)), Err(not_found));
    let again = hub.create(DEVICE).unwrap();
    assert!(again.generation > 1);
    assert_eq!(&*hub.index.record(again.collection, again.row).authentication, b"");
}

#[test]
fn refusals_have_the_codes_of_a_hub() {
    let mut hub = Hub::with_device();
    let missing = TwinName { device_id: "x", module_id: None };
    let orphan = TwinName { device_id: "x", module_id: Some("m") };
    let report = leaves(&json!({}));
    let mut code = |of, change: &Change<'_>| hub.write(of, change, anytime(0)).unwrap_err().code();
    let create = Change::Create(Create::default());
    assert_eq!(code(DEVICE, &create), WriteCode::DeviceAlreadyExists);
    assert_eq!(code(orphan, &create), WriteCode::DeviceNotFound);
    assert_eq!(code(missing, &Change::Report(&report)), WriteCode::DeviceNotFound);
    assert_eq!(code(MODULE, &Change::Report(&report)), WriteCode::ModuleNotFound);
    let long = "x".repeat(129);
    for device_id in ["", "a b", "ä", "a/b", &long] {
        let of = TwinName { device_id, module_id: None };
        assert_eq!(code(of, &create), WriteCode::IdInvalid);
    }
    assert_eq!(
        code(TwinName { device_id: "d", module_id: Some("") }, &create),
        WriteCode::IdInvalid
    );
    hub.create(MODULE).unwrap();
    assert_eq!(hub.create(MODULE).unwrap_err().code(), WriteCode::ModuleAlreadyExists);
    for device_id in ["-:.+%_#*?!(),=@;$'", &long[1..]] {
        hub.create(TwinName { device_id, module_id: None }).unwrap();
    }
}

/// A section that weighs `weight`, of strings below `key`.
fn heavy(key: &str, weight: usize) -> Value {
    let text = |n: usize| json!("é\u{1}".repeat(n));
    let n = (weight - key.len()) / 1_001;
    let rest = weight - key.len() - n * 1_001 - 1;
    let mut inner: serde_json::Map<String, Value> =
        (0..n).map(|n| (char::from(b'A' + n as u8).to_string(), text(1_000))).collect();
    inner.insert("~".to_owned(), text(rest));
    json!({ key: inner })
}

#[test]
fn a_section_may_not_grow_past_its_limit() {
    for (name, weight_max) in [("tags", 8_192), ("desired", 32_768), ("reported", 32_768)] {
        let write = |hub: &mut Hub, entries: Value| match name {
            "reported" => hub.report(&entries, anytime(0)),
            name => hub.merge(&json!({ name: entries }), anytime(0)),
        };
        let mut hub = Hub::with_device();
        write(&mut hub, heavy("k", weight_max)).unwrap();
        let before = hub.device();
        let refused = write(&mut hub, json!({"n": 1})).unwrap_err();
        assert_eq!(refused.code(), WriteCode::SectionTooLarge);
        let weight = weight_max + 9;
        let message = format!("Twin properties size {weight} exceeds maximum {weight_max}");
        assert_eq!(refused.to_string(), message);
        assert!(write(&mut hub, json!({"k": {"~": null, "a": 1}, "gone": null})).is_ok());
        assert!(write(&mut hub, json!({"k": {"a": true}, "o": {"p": {}}})).is_ok());
        let mut hub = Hub::with_device();
        let whole = Change::Put(&leaves(&before));
        hub.write(DEVICE, &whole, anytime(0)).unwrap();
        assert!(write(&mut hub, json!({"n": null})).is_ok());
        assert!(write(&mut hub, json!({"n": false})).is_err());
        assert!(write(&mut hub, json!({"k": null, "n": 1})).is_ok());
    }
}

#[test]
fn a_refused_section_keeps_the_other_from_being_written() {
    let mut hub = Hub::with_device();
    let before = hub.device();
    let body = json!({"tags": {"a": 1}, "desired": heavy("k", 32_769)});
    assert!(hub.merge(&body, anytime(0)).is_err());
    assert!(hub.replace(&body, anytime(0)).is_err());
    assert_eq!(hub.device(), before);
    let (_, desired) = sections(&body);
    let create = Create { desired: desired.as_ref(), ..Create::default() };
    assert!(hub.write(MODULE, &Change::Create(create), anytime(0)).is_err());
    assert_eq!(hub.index.n_rows(Collection::Modules), 0);
}

#[test]
fn a_section_past_its_limit_may_shrink() {
    let mut hub = Hub::with_device();
    let mut twin = hub.device();
    twin["tags"] = heavy("k", 10_000);
    hub.write(DEVICE, &Change::Put(&leaves(&twin)), anytime(0)).unwrap();
    assert!(hub.merge(&json!({"tags": {"x": 1}}), anytime(0)).is_err());
    assert!(hub.merge(&json!({"tags": {"k": {"A": 1}}}), anytime(0)).is_ok());
    assert!(hub.replace(&json!({"tags": heavy("k", 10_000)}), anytime(0)).is_err());
    assert!(hub.replace(&json!({"tags": heavy("k", 8_999)}), anytime(0)).is_ok());
}

#[test]
fn what_a_loaded_twin_lacks_counts_as_in_a_fresh_one() {
    let mut hub = Hub::new();
    hub.write(DEVICE, &Change::Put(&leaves(&json!({"deviceId": "d"}))), anytime(0)).unwrap();
    hub.report(&json!({"a": {"b": 1}}), anytime(0)).unwrap();
    let written = hub.merge(&json!({"tags": {"t": 1}, "desired": {"x": 1}}), anytime(0)).unwrap();
    assert_eq!((written.version, written.etag), (4, Etag(2).text()));
    let twin = hub.device();
    assert_eq!(hub.counters(), [json!(4), json!("AAAAAAAAAAI="), json!(2), json!(2)]);
    assert_eq!(twin["properties"]["reported"]["a"], json!({"b": 1}));
    let odd = json!({"deviceId": "d", "etag": [1], "version": -1.5, "tags": 5,
        "properties": {"desired": [], "reported": {"$version": "x", "$metadata": 7, "a": 1}}});
    hub.write(DEVICE, &Change::Put(&leaves(&odd)), anytime(0)).unwrap();
    hub.merge(&json!({"tags": {"t": 1}, "desired": {"x": {"y": 1}}}), anytime(0)).unwrap();
    hub.report(&json!({"a": {"b": null}}), anytime(0)).unwrap();
    assert_eq!(hub.counters(), [json!(4), json!("AAAAAAAAAAE="), json!(2), json!(2)]);
    let stamp = json!({"$lastUpdated": "1970-01-01T00:00:00Z"});
    let metadata = json!({"$lastUpdated": stamp["$lastUpdated"], "a": stamp});
    let reported = json!({"$version": 2, "$metadata": metadata, "a": {}});
    assert_eq!(hub.device()["properties"]["reported"], reported);
    let other = leaves(&json!({"deviceId": "e"}));
    assert!(hub.write(DEVICE, &Change::Put(&other), anytime(0)).is_err());
}

#[test]
fn a_device_sees_its_own_parts_and_nothing_else() {
    let mut hub = Hub::with_device();
    let body = json!({"tags": {"secret": 1}, "desired": {"a": {"b": [1, "x"]}}});
    hub.merge(&body, anytime(0)).unwrap();
    hub.report(&json!({"r": {"tags": null}, "s": "t"}), anytime(0)).unwrap();
    let row = hub.index.find("d", None).unwrap();
    let mut text = String::new();
    hub.index.segment(Collection::Devices, 0).write_device_view(row.place(), &mut text);
    let expected =
        r#"{"desired":{"a":{"b":[1,"x"]},"$version":2},"reported":{"r":{},"s":"t","$version":2}}"#;
    assert_eq!(text, expected);
    hub.write(
        DEVICE,
        &Change::Put(&leaves(&json!({"deviceId": "d", "tags": {"x": 1}}))),
        anytime(0),
    )
    .unwrap();
    let mut text = String::new();
    hub.index.segment(Collection::Devices, 0).write_device_view(row.place(), &mut text);
    assert_eq!(text, r#"{"desired":{"$version":1},"reported":{"$version":1}}"#);
}
