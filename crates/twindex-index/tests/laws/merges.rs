//! Any history of writes leaves what a naive model of merging, metadata and versions says.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use serde_json::{Map, Value, json};
use twindex_index::snapshot::Ts;
use twindex_index::write::{Change, Create, Expect, When};
use twindex_model::path::Collection;

use crate::writes::{DEVICE, Hub, leaves};

type Entries = Map<String, Value>;

#[derive(Clone, Debug)]
enum Step {
    Merge(Option<Entries>, Option<Entries>),
    Replace(Option<Entries>, Option<Entries>),
    Report(Entries),
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-3i32..70_000).prop_map(|n| if n % 5 == 0 {
            json!(f64::from(n) + 0.25)
        } else {
            json!(n)
        }),
        prop::sample::select(vec!["", "on", "2024-01-01T00:00:00Z", "ü"]).prop_map(Value::from),
        prop::sample::select(vec!["[]", "[1,2]", r#"[{"a":[true]}]"#])
            .prop_map(|text| serde_json::from_str(text).unwrap()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| entries_of(inner).prop_map(Value::Object))
}

fn entries_of(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Entries> {
    let key = prop::sample::select(vec!["a", "b", "c", "version", "tags"]);
    prop::collection::vec((key.prop_map(str::to_owned), value), 0..4)
        .prop_map(|entries| entries.into_iter().collect())
}

fn step() -> impl Strategy<Value = Step> {
    let section = || prop::option::of(entries_of(value()));
    prop_oneof![
        3 => (section(), section()).prop_map(|(tags, desired)| Step::Merge(tags, desired)),
        1 => (section(), section()).prop_map(|(tags, desired)| Step::Replace(tags, desired)),
        4 => entries_of(value()).prop_map(Step::Report),
    ]
}

/// A section with its metadata.
#[derive(Clone, Default)]
struct Naive {
    values: Entries,
    metadata: Entries,
    version: u64,
}

/// Merges, and says whether anything was touched.
fn merge(values: &mut Entries, nodes: &mut Entries, patch: &Entries, mark: &Entries) -> bool {
    let mut is_touched = false;
    for (key, new) in patch {
        let inner = new.as_object();
        if new.is_null() {
            nodes.remove(key);
            is_touched |= values.remove(key).is_some();
            continue;
        }
        let is_new = inner.is_none() || !values.get(key).is_some_and(Value::is_object);
        if is_new {
            let empty = json!({});
            values.insert(key.clone(), if inner.is_some() { empty } else { new.clone() });
            nodes.insert(key.clone(), Value::Object(mark.clone()));
        }
        is_touched |= is_new;
        if let Some(inner) = inner {
            let below = values[key].as_object_mut().unwrap();
            is_touched |= merge(below, nodes[key].as_object_mut().unwrap(), inner, mark);
        }
    }
    if is_touched {
        nodes.extend(mark.clone());
    }
    is_touched
}

impl Naive {
    fn write(&mut self, patch: &Entries, is_replaced: bool, mark: &Entries) {
        if is_replaced {
            (self.values, self.metadata) = (Entries::new(), mark.clone());
        }
        merge(&mut self.values, &mut self.metadata, patch, mark);
    }

    fn to_value(&self) -> Value {
        let mut value = self.values.clone();
        value.insert("$metadata".to_owned(), Value::Object(self.metadata.clone()));
        value.insert("$version".to_owned(), json!(self.version));
        Value::Object(value)
    }
}

fn mark(ms: i64, version: Option<u64>) -> Entries {
    let mut mark = Entries::new();
    mark.insert("$lastUpdated".to_owned(), json!(format!("1970-01-01T00:00:{ms:02}Z")));
    if let Some(version) = version {
        mark.insert("$lastUpdatedVersion".to_owned(), json!(version));
    }
    mark
}

#[derive(Clone)]
struct Model {
    tags: Naive,
    desired: Naive,
    reported: Naive,
    version: u64,
}

impl Model {
    fn new() -> Self {
        let fresh = Naive { version: 1, ..Naive::default() };
        Self { tags: fresh.clone(), desired: fresh.clone(), reported: fresh, version: 2 }
    }

    fn service(&mut self, sections: [&Option<Entries>; 2], is_replaced: bool, second: i64) {
        if let Some(tags) = sections[0] {
            self.tags.write(tags, is_replaced, &Entries::new());
        }
        if let Some(desired) = sections[1] {
            self.desired.version += 1;
            let mark = mark(second, Some(self.desired.version));
            self.desired.write(desired, is_replaced, &mark);
        }
        self.version += u64::from(sections.iter().any(|section| section.is_some()));
    }
}

fn apply(hub: &mut Hub, model: &mut Model, step: &Step, second: i64) {
    let read = |section: &Option<Entries>| {
        section.as_ref().map(|entries| leaves(&Value::Object(entries.clone())))
    };
    let at = (&Expect::default(), second * 1_000);
    match step {
        Step::Merge(tags, desired) => {
            let read = (read(tags), read(desired));
            let change = Change::Merge { tags: read.0.as_ref(), desired: read.1.as_ref() };
            hub.write(DEVICE, &change, at).unwrap();
            model.service([tags, desired], false, second);
        }
        Step::Replace(tags, desired) => {
            let read = (read(tags), read(desired));
            let change = Change::Replace { tags: read.0.as_ref(), desired: read.1.as_ref() };
            hub.write(DEVICE, &change, at).unwrap();
            model.service([tags, desired], true, second);
        }
        Step::Report(patch) => {
            let read = leaves(&Value::Object(patch.clone()));
            hub.write(DEVICE, &Change::Report(&read), at).unwrap();
            model.reported.version += 1;
            model.version += 1;
            model.reported.write(patch, false, &mark(second, None));
        }
    }
}

fn assert_is(hub: &Hub, model: &Model) {
    let twin = hub.twin(DEVICE).unwrap();
    let mut properties =
        json!({"desired": model.desired.to_value(), "reported": model.reported.to_value()});
    // A fresh section was never written.
    for section in ["desired", "reported"] {
        if properties[section]["$metadata"] == json!({}) {
            properties[section]["$metadata"] = json!({"$lastUpdated": "0001-01-01T00:00:00Z"});
        }
    }
    assert_eq!(twin["properties"], properties);
    assert_eq!(twin["tags"], Value::Object(model.tags.values.clone()));
    assert_eq!(twin["version"], json!(model.version));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn histories_of_writes_leave_what_a_naive_model_says(
        steps in prop::collection::vec(step(), 0..24),
    ) {
        let (mut hub, mut model) = (Hub::new(), Model::new());
        hub.write(DEVICE, &Change::Create(Create::default()), (&Expect::default(), 0)).unwrap();
        for (second, step) in (1..).zip(&steps) {
            apply(&mut hub, &mut model, step, second);
            assert_is(&hub, &model);
        }
    }

    /// A batch that is taken back leaves the twin, its record and its modules as before.
    #[test]
    fn a_batch_that_is_taken_back_leaves_nothing(
        steps in prop::collection::vec(step(), 0..8), lost in prop::collection::vec(step(), 0..4),
        is_deleted in any::<bool>(),
    ) {
        let (mut hub, mut model) = (Hub::new(), Model::new());
        let at = (&Expect::default(), 0);
        let create = Create { generation: 3, authentication: b"key", ..Create::default() };
        hub.write(DEVICE, &Change::Create(create), at).unwrap();
        let module = twindex_index::write::TwinName { module_id: Some("m"), ..DEVICE };
        hub.write(module, &Change::Create(create), at).unwrap();
        for (second, step) in (1..).zip(&steps) {
            apply(&mut hub, &mut model, step, second);
        }
        let ts = Ts(1_000_000);
        let mut discarded = model.clone();
        for step in &lost {
            hub.at(ts, |hub| apply(hub, &mut discarded, step, 50));
        }
        if is_deleted {
            let when = When { ts, now_ms: 0 };
            hub.index.write(DEVICE, &Change::Delete, &Expect::default(), &when).unwrap();
            hub.index.write(DEVICE, &Change::Create(Create::default()), &Expect::default(), &when)
                .unwrap();
        }
        hub.index.roll_back(ts);
        assert_eq!(hub.index.validate(), Ok(()));
        assert_is(&hub, &model);
        assert_eq!(hub.index.modules("d").len(), 1);
        let row = hub.index.find("d", None).unwrap();
        let record = hub.index.record(Collection::Devices, row);
        assert_eq!((record.generation, &*record.authentication), (3, &b"key"[..]));
    }
}
