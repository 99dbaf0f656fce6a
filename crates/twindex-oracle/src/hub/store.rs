//! All twins of a hub, and its operations.

#[cfg(test)]
mod tests;

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
