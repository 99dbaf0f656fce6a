//! One twin and what changes it.

use serde_json::{Map, Value};

use super::checks::{PROPERTIES_WEIGHT_MAX, TAGS_WEIGHT_MAX, weight};
use super::request::{Condition, Fault};
use super::section::{Section, Stamp};
use crate::time;

/// The sections that a back end's body has.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    pub(super) tags: Option<Map<String, Value>>,
    pub(super) desired: Option<Map<String, Value>>,
}

/// Whether a write merges or replaces.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    Merge,
    Replace,
}

/// A twin, its parts apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NaiveTwin {
    /// Fields of the root but those below.
    pub(super) fields: Map<String, Value>,
    pub(super) tags: Section,
    pub(super) desired: Section,
    pub(super) reported: Section,
    /// The root's `version`.
    pub(super) version: u64,
    /// The number that `etag` spells.
    pub(super) etag: u64,
    /// The number that `deviceEtag` spells.
    pub(super) identity_etag: u64,
    /// The latest time in it: its clock never runs backwards.
    pub(super) last_ms: i64,
    /// Which twin of the name it is.
    pub(super) generation: u64,
}

impl NaiveTwin {
    /// Whether `condition` holds of it.
    pub(super) fn check(&self, condition: &Condition) -> Vec<Fault> {
        let etag = self.etag_text();
        let differs = |asked: Option<u64>, is: u64| asked.is_some_and(|asked| asked != is);
        let mut faults = Vec::new();
        if condition.etag.as_ref().is_some_and(|asked| *asked != etag && asked != "*") {
            faults.push(Fault::EtagMismatch);
        }
        if differs(condition.desired_version, self.desired.version)
            || differs(condition.reported_version, self.reported.version)
        {
            faults.push(Fault::VersionMismatch);
        }
        faults
    }

    /// A back end's write. It counts once whichever sections it has; one without any is no write.
    pub(super) fn write(&mut self, manner: Manner, sections: &Sections, now_ms: i64) {
        self.last_ms = self.last_ms.max(now_ms);
        let time = time::stamp(self.last_ms);
        if let Some(tags) = &sections.tags {
            put(&mut self.tags, manner, tags, &Stamp { time: time.clone(), version: None });
        }
        if let Some(desired) = &sections.desired {
            self.desired.version += 1;
            let version = Some(self.desired.version);
            put(&mut self.desired, manner, desired, &Stamp { time, version });
        }
        if sections.tags.is_some() || sections.desired.is_some() {
            self.version += 1;
            self.etag += 1;
        }
    }

    /// The device's write, which does not move the etag.
    pub(super) fn report(&mut self, patch: &Map<String, Value>, now_ms: i64) {
        self.last_ms = self.last_ms.max(now_ms);
        self.version += 1;
        self.reported.version += 1;
        self.reported.merge(patch, &Stamp { time: time::stamp(self.last_ms), version: None });
    }

    /// Sets fields of the identity. The facts have no capture of what this moves; ours is that it
    /// is a write as any other, which the identity's own etag counts too.
    pub(super) fn identify(&mut self, fields: &Map<String, Value>, now_ms: i64) {
        // What the connection does by itself is no write of anybody's.
        let is_write = |field: &String| field != "connectionState" && field != "lastActivityTime";
        if fields.keys().any(is_write) {
            self.version += 1;
            self.etag += 1;
            self.identity_etag += 1;
        }
        if fields.get("status").is_some_and(|status| self.fields.get("status") != Some(status)) {
            let time = Value::String(time::stamp(self.last_ms.max(now_ms)));
            self.fields.insert("statusUpdateTime".to_owned(), time);
        }
        for (field, value) in fields {
            self.fields.insert(field.clone(), value.clone());
        }
    }

    /// Whether one of its sections is past its limit and larger than it was in `before`.
    pub(super) fn outgrows(&self, before: &Self) -> bool {
        let sections = [
            (&self.tags, &before.tags, TAGS_WEIGHT_MAX),
            (&self.desired, &before.desired, PROPERTIES_WEIGHT_MAX),
            (&self.reported, &before.reported, PROPERTIES_WEIGHT_MAX),
        ];
        sections.into_iter().any(|(now, before, most)| {
            let weight_now = weight(&now.values);
            weight_now > most && weight_now > weight(&before.values)
        })
    }
}

fn put(section: &mut Section, manner: Manner, values: &Map<String, Value>, stamp: &Stamp) {
    match manner {
        Manner::Merge => section.merge(values, stamp),
        Manner::Replace => section.replace(values, stamp),
    }
}
