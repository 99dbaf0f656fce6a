//! All twins of a hub, and its operations.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::checks::check_section;
use super::document::etag_of_number;
use super::identity::check_identity;
use super::request::{Condition, Fault, Request, TwinId};
use super::twin::{Manner, NaiveTwin, Sections};

/// The twins of a hub. A clone is a version of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hub {
    twins: BTreeMap<TwinId, NaiveTwin>,
    n_created: u64,
}

impl Hub {
    /// A hub without twins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a document that a hub printed as it is, in the place of the twin of that name. One
    /// that names no device is left out.
    pub fn load(&mut self, document: &Value) {
        if let Some(id) = TwinId::of_document(document) {
            let generation = match self.twins.get(&id) {
                Some(twin) => twin.generation,
                None => self.next_generation(),
            };
            self.twins.insert(id, NaiveTwin::of_document(document, generation));
        }
    }

    /// Does what is asked, at `now_ms`, or at the latest time in the twin if that is later.
    ///
    /// # Errors
    /// Every reason to refuse it; nothing has changed.
    pub fn apply(
        &mut self,
        id: &TwinId,
        request: &Request,
        condition: &Condition,
        now_ms: i64,
    ) -> Result<(), Vec<Fault>> {
        let sections = sections_of(request);
        let invalid = match &sections {
            Ok(sections) => check_content(request, sections).err(),
            Err(fault) => Some(*fault),
        };
        let sections = sections.unwrap_or_default();
        let faults = match (request, self.twins.get(id)) {
            (Request::Create { .. }, Some(_)) => vec![Fault::AlreadyExists],
            (Request::Create { .. }, None) => self.missing_device(id),
            (_, Some(twin)) => twin.check(condition),
            (_, None) => vec![Fault::NotFound],
        };
        let invalid = invalid.or_else(|| (!is_name(id)).then_some(Fault::Invalid));
        let faults: Vec<Fault> = faults.into_iter().chain(invalid).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        match request {
            Request::Create { fields, .. } => self.create(id, fields, &sections, now_ms),
            Request::Delete => {
                self.delete(id);
                Ok(())
            }
            request => self.change(id, request, &sections, now_ms),
        }
    }

    fn missing_device(&self, id: &TwinId) -> Vec<Fault> {
        let device = TwinId::of_device(id.device_id.clone());
        let is_missing = id.module_id.is_some() && !self.twins.contains_key(&device);
        is_missing.then_some(Fault::NoDevice).into_iter().collect()
    }

    /// A fresh twin; what it is created with is part of its first version.
    fn create(
        &mut self,
        id: &TwinId,
        fields: &Map<String, Value>,
        sections: &Sections,
        now_ms: i64,
    ) -> Result<(), Vec<Fault>> {
        let generation = self.next_generation();
        let empty = NaiveTwin::fresh(id, fields, generation);
        let mut twin = empty.clone();
        twin.desired.version -= u64::from(sections.desired.is_some());
        twin.write(Manner::Replace, sections, now_ms);
        if twin.outgrows(&empty) {
            return Err(vec![Fault::TooLarge]);
        }
        twin.version = empty.version;
        twin.etag = empty.etag;
        self.twins.insert(id.clone(), twin);
        Ok(())
    }

    fn delete(&mut self, id: &TwinId) {
        let is_gone = |other: &TwinId| match &id.module_id {
            Some(_) => other == id,
            None => other.device_id == id.device_id,
        };
        self.twins.retain(|other, _| !is_gone(other));
    }

    fn change(
        &mut self,
        id: &TwinId,
        request: &Request,
        sections: &Sections,
        now_ms: i64,
    ) -> Result<(), Vec<Fault>> {
        let before = self.twins.get(id).ok_or(vec![Fault::NotFound])?;
        let mut twin = before.clone();
        match request {
            Request::Patch(_) => twin.write(Manner::Merge, sections, now_ms),
            Request::Replace(_) => twin.write(Manner::Replace, sections, now_ms),
            Request::Report(Value::Object(patch)) => twin.report(patch, now_ms),
            Request::Identify(fields) => twin.identify(fields, now_ms),
            Request::Report(_) | Request::Create { .. } | Request::Delete => {}
        }
        if twin.outgrows(before) {
            return Err(vec![Fault::TooLarge]);
        }
        self.twins.insert(id.clone(), twin);
        Ok(())
    }

    fn next_generation(&mut self) -> u64 {
        self.n_created += 1;
        self.n_created
    }

    /// The document of a twin.
    #[must_use]
    pub fn document(&self, id: &TwinId) -> Option<Value> {
        self.twins.get(id).map(NaiveTwin::to_document)
    }

    /// Its twins' names, in no order that means anything.
    pub fn ids(&self) -> impl Iterator<Item = &TwinId> {
        self.twins.keys()
    }

    /// Which of the twins that ever had this name it is: a number for each.
    #[must_use]
    pub fn generation(&self, id: &TwinId) -> Option<u64> {
        self.twins.get(id).map(|twin| twin.generation)
    }

    /// The latest time in it, in milliseconds since 1970.
    #[must_use]
    pub fn last_ms(&self, id: &TwinId) -> Option<i64> {
        self.twins.get(id).map(|twin| twin.last_ms)
    }

    /// Its etag `n_later` changes from now, or before now.
    #[must_use]
    pub fn etag(&self, id: &TwinId, n_later: i64) -> Option<String> {
        let number = |twin: &NaiveTwin| twin.etag.wrapping_add_signed(n_later);
        self.twins.get(id).map(|twin| etag_of_number(number(twin)))
    }

    /// `$version` of its desired and of its reported properties.
    #[must_use]
    pub fn versions(&self, id: &TwinId) -> Option<[u64; 2]> {
        self.twins.get(id).map(|twin| [twin.desired.version, twin.reported.version])
    }
}

/// Whether devices and modules may be named so.
fn is_name(id: &TwinId) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-:.+%_#*?!(),=@;$'".contains(c);
    let is_fine = |name: &String| (1..=128).contains(&name.len()) && name.chars().all(is_allowed);
    is_fine(&id.device_id) && id.module_id.as_ref().is_none_or(is_fine)
}

/// The sections that a back end's request writes. Whatever else a body has is ignored.
///
/// # Errors
/// [`Fault::Invalid`] where an object should stand and none does.
fn sections_of(request: &Request) -> Result<Sections, Fault> {
    match request {
        Request::Create { tags, desired, .. } => {
            Ok(without_empty(sections(tags.as_ref(), desired.as_ref())?))
        }
        // Facts: jobs send empty sections along. That they are no writes is our reading.
        Request::Patch(body) => Ok(without_empty(sections_of_body(body)?)),
        Request::Replace(body) => sections_of_body(body),
        Request::Report(patch) => entries(patch).map(|_| Sections::default()),
        Request::Delete | Request::Identify(_) => Ok(Sections::default()),
    }
}

fn sections_of_body(body: &Value) -> Result<Sections, Fault> {
    let body = body.as_object().ok_or(Fault::Invalid)?;
    let properties = body.get("properties").map_or(Ok(None), section)?;
    let desired = properties.as_ref().and_then(|properties| properties.get("desired"));
    sections(body.get("tags"), desired)
}

fn sections(tags: Option<&Value>, desired: Option<&Value>) -> Result<Sections, Fault> {
    let mut sections = Sections {
        tags: tags.map_or(Ok(None), section)?,
        desired: desired.map_or(Ok(None), section)?,
    };
    // The hub's own, which clients that read the section send back. Facts say so of desired; that
    // it holds of tags is our reading.
    for entries in [&mut sections.tags, &mut sections.desired].into_iter().flatten() {
        entries.retain(|key, _| key != "$metadata" && key != "$version");
    }
    Ok(sections)
}

/// The entries of a section. Null is our reading of "none".
fn section(value: &Value) -> Result<Option<Map<String, Value>>, Fault> {
    if value.is_null() { Ok(None) } else { entries(value).map(Some) }
}

fn without_empty(sections: Sections) -> Sections {
    let is_full = |entries: &Map<String, Value>| !entries.is_empty();
    Sections { tags: sections.tags.filter(is_full), desired: sections.desired.filter(is_full) }
}

fn entries(value: &Value) -> Result<Map<String, Value>, Fault> {
    value.as_object().cloned().ok_or(Fault::Invalid)
}

/// Checks what would be written.
fn check_content(request: &Request, sections: &Sections) -> Result<(), Fault> {
    let written = [&sections.tags, &sections.desired];
    written.into_iter().flatten().try_for_each(check_section)?;
    match request {
        Request::Report(Value::Object(patch)) => check_section(patch),
        Request::Create { fields, .. } | Request::Identify(fields) => check_identity(fields),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MAY: i64 = 1_684_751_894_350;

    fn hub_with(id: &TwinId) -> Hub {
        let mut hub = Hub::new();
        let create = Request::Create { fields: Map::new(), tags: None, desired: None };
        hub.apply(id, &create, &Condition::default(), 0).unwrap();
        hub
    }

    #[test]
    fn a_fresh_twin_is_the_captured_one() {
        let id = TwinId::of_device("d");
        let document = hub_with(&id).document(&id).unwrap();
        let section = json!({"$metadata": {"$lastUpdated": "0001-01-01T00:00:00Z"}, "$version": 1});
        assert_eq!(document["etag"], json!("AAAAAAAAAAE="));
        assert_eq!(document["version"], json!(2));
        assert_eq!(document["properties"], json!({"desired": section, "reported": section}));
    }

    #[test]
    fn a_wrong_value_is_a_reason_whether_there_is_a_twin_or_not() {
        let fields = |fields: Value| Request::Identify(fields.as_object().cloned().unwrap());
        let (none, missing) = (Condition::default(), TwinId::of_device("missing"));
        let id = TwinId::of_device("d");
        let mut hub = hub_with(&id);
        for wrong in [
            json!({"status": "e"}),
            json!({"statusReason": "x".repeat(129)}),
            json!({"cloudToDeviceMessageCount": -1}),
            json!({"parentScopes": [1]}),
            json!({"capabilities": {"x": true}}),
            json!({"etag": "x"}),
        ] {
            let (of_missing, wrong) = (vec![Fault::NotFound, Fault::Invalid], fields(wrong));
            assert_eq!(hub.apply(&missing, &wrong, &none, 0), Err(of_missing), "{wrong:?}");
            assert_eq!(hub.apply(&id, &wrong, &none, 0), Err(vec![Fault::Invalid]), "{wrong:?}");
        }
        let right = fields(json!({"status": "disabled", "capabilities": {"iotEdge": null}}));
        assert_eq!(hub.apply(&missing, &right, &none, 0), Err(vec![Fault::NotFound]));
        assert_eq!(hub.apply(&id, &right, &none, 0), Ok(()));
    }

    #[test]
    fn versions_count_as_in_the_dump_of_a_live_hub() {
        let id = TwinId::of_device("edge");
        let mut hub = hub_with(&id);
        let none = Condition::default();
        for n in 0..4 {
            let tags = Request::Patch(json!({"tags": {"n": n}, "etag": "x", "deviceId": 1}));
            hub.apply(&id, &tags, &none, 0).unwrap();
        }
        let desired = Request::Patch(json!({"properties": {"desired": {"a": {"b": 1}}}}));
        hub.apply(&id, &desired, &none, MAY).unwrap();
        let document = hub.document(&id).unwrap();
        assert_eq!((&document["etag"], &document["version"]), (&json!("AAAAAAAAAAY="), &json!(7)));
        let node = json!({"$lastUpdated": "2023-05-22T10:38:14.35Z", "$lastUpdatedVersion": 2});
        let mut metadata = node.clone();
        metadata["a"] = node.clone();
        metadata["a"]["b"] = node;
        let desired = json!({"a": {"b": 1}, "$metadata": metadata, "$version": 2});
        assert_eq!(document["properties"]["desired"], desired);
    }

    #[test]
    fn objects_merge_null_removes_and_removals_are_dated() {
        let id = TwinId::of_device("d");
        let mut hub = hub_with(&id);
        let none = Condition::default();
        for (ms, patch) in [
            (0, json!({"a": {"x": 1, "y": [1, {"z": 2}]}, "b": {"c": {"d": 1}}, "n": 1})),
            (1, json!({"a": {"x": null, "gone": null}, "b": {"c": 5}, "n": {"m": {}}})),
        ] {
            hub.apply(&id, &Request::Report(patch), &none, ms).unwrap();
        }
        let at = |ms: u32| {
            let digits = if ms == 0 { String::new() } else { format!(".00{ms}") };
            json!({ "$lastUpdated": format!("1970-01-01T00:00:00{digits}Z") })
        };
        let node = |ms: u32, inner: Value| {
            let mut node = at(ms);
            node.as_object_mut().unwrap().extend(inner.as_object().unwrap().clone());
            node
        };
        let metadata = node(
            1,
            json!({"a": node(1, json!({"y": at(0)})), "b": node(1, json!({"c": at(1)})),
                "n": node(1, json!({"m": at(1)}))}),
        );
        let reported = json!({"a": {"y": [1, {"z": 2}]}, "b": {"c": 5}, "n": {"m": {}},
            "$metadata": metadata, "$version": 3});
        assert_eq!(hub.document(&id).unwrap()["properties"]["reported"], reported);
    }

    fn nested(depth: usize) -> Value {
        (0..depth).fold(json!({}), |inner, _| json!({ "level": inner }))
    }

    #[test]
    fn limits_hold_at_the_limit_and_one_past_it() {
        let id = TwinId::of_device("d");
        let none = Condition::default();
        let text = |n: usize| "x".repeat(n);
        let eight = |last: usize| json!({"a": text(4095), "b": text(4095 - last)});
        for (right, wrong) in [
            (nested(10), nested(11)),
            (json!({"a": text(4096)}), json!({"a": text(4097)})),
            (json!({text(1024): 1}), json!({text(1025): 1})),
            (json!({"a": 4_503_599_627_370_495_i64}), json!({"a": 4_503_599_627_370_496_i64})),
            (json!({"a": -4_503_599_627_370_496_i64}), json!({"a": -4_503_599_627_370_497_i64})),
            (json!({"a": [[1]]}), json!({"a": [null]})),
            (json!({"a": [{"b": 1}]}), json!({"a": [{"b": null}]})),
            (eight(0), {
                let mut more = eight(0);
                more["c"] = json!("");
                more
            }),
            (json!({"a-/()@": 1}), json!({"a.b": 1})),
            (json!({"ä": 1}), json!({"a b": 1})),
            (json!({"v": 1}), json!({"$v": 1})),
        ] {
            let mut hub = hub_with(&id);
            let before = hub.clone();
            let patch = |tags| Request::Patch(json!({ "tags": tags }));
            assert!(hub.apply(&id, &patch(wrong.clone()), &none, 0).is_err(), "{wrong}");
            assert_eq!(hub, before);
            assert_eq!(hub.apply(&id, &patch(right.clone()), &none, 0), Ok(()), "{right}");
        }
    }

    #[test]
    fn a_mismatch_changes_nothing_and_a_deleted_device_takes_its_modules() {
        let (id, module) = (
            TwinId::of_device("d"),
            TwinId { device_id: "d".to_owned(), module_id: Some("m".to_owned()) },
        );
        let mut hub = hub_with(&id);
        let none = Condition::default();
        let create = Request::Create { fields: Map::new(), tags: None, desired: None };
        hub.apply(&module, &create, &none, 0).unwrap();
        let before = hub.clone();
        let stale = [
            Condition { etag: Some("AAAAAAAAAAI=".to_owned()), ..none.clone() },
            Condition { desired_version: Some(2), ..none.clone() },
            Condition { reported_version: Some(0), ..none.clone() },
        ];
        for condition in stale {
            let report = Request::Report(json!({"a": 1}));
            assert!(hub.apply(&id, &report, &condition, 0).is_err());
            assert_eq!(hub, before);
        }
        hub.apply(&id, &Request::Delete, &none, 0).unwrap();
        assert_eq!(hub.ids().count(), 0);
        assert_eq!(hub.apply(&module, &create, &none, 0), Err(vec![Fault::NoDevice]));
    }
}
