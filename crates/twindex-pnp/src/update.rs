//! JSON Patch of a digital twin → merge patch of desired.
//!
//! RFC 6902 decides whether an operation applies: its target must be there as the digital twin
//! shows it, wished for or reported. Only desired is changed, though, so the patch is applied twice:
//! to all properties as they can be seen, and to those that are wished for. The one thing that is
//! more lenient than the RFC is that a property may be added to a component nobody has heard of
//! yet: a back end sets up devices before they first connect.
//!
//! The difference of desired before and after would miss a wish that is repeated, which must count
//! as a write, so what the patch touched is kept beside.

use std::collections::{BTreeMap, BTreeSet};

use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::{Map, Value, json};

use crate::error::{PnpError, Reason};
use crate::rules::{MARK, MARK_VALUE, METADATA, VALUE_DEPTH_MAX, check_value, is_name};
use crate::view::{Component, Member, Property};

/// The merge patch of `properties.desired` that carries out `patch`, a JSON Patch of the digital
/// twin of `twin`. Neither is changed; an empty patch gives an empty one.
///
/// A component or property is set by `add` and `replace` and cleared by `remove`. A component given
/// whole needs `"$metadata": {}` in its value, and its properties that are not in the value are
/// cleared.
///
/// # Errors
/// [`PnpError::NotConformant`] for the twin; [`PnpError::JsonPatch`], [`PnpError::Payload`],
/// [`PnpError::Patch`] or [`PnpError::Path`] for the first operation that is refused.
pub fn apply_json_patch(twin: &Value, patch: &Value) -> Result<Value, PnpError> {
    let patch: Patch = serde_json::from_value(patch.clone())
        .map_err(|error| PnpError::JsonPatch(error.to_string()))?;
    let mut update = Update::of(twin)?;
    let before = update.desired.clone();
    for (number, operation) in patch.iter().enumerate() {
        update.apply(operation).map_err(|refusal| refusal.at(number, operation))?;
    }
    Ok(update.merge_patch(&before))
}

/// A refusal before it is known where.
enum Refusal {
    Operation(&'static str),
    Payload(Reason),
    Patch(Reason),
    Path(Reason),
}

impl Refusal {
    fn at(self, operation: usize, refused: &PatchOperation) -> PnpError {
        let path = refused.path().to_string();
        match self {
            Self::Operation(name) => {
                PnpError::JsonPatch(format!("operation {operation} is a `{name}`"))
            }
            Self::Payload(reason) => PnpError::Payload { operation, path, reason },
            Self::Patch(reason) => PnpError::Patch { operation, path, reason },
            Self::Path(reason) => PnpError::Path { operation, path, reason },
        }
    }
}

/// What an operation is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    /// A component, or a property of the root.
    name: String,
    /// A property of the component.
    property: Option<String>,
}

/// The state of an update. Both documents have the form of a digital twin without synchronisation:
/// values, and in each component an empty `$metadata`.
struct Update {
    /// Everything that is wished for or reported.
    seen: Value,
    /// What is wished for.
    desired: Value,
    /// Whether what the device reports under a name is a component, which no wish can change.
    reported: BTreeMap<String, bool>,
    /// What the operations so far were about.
    touched: BTreeSet<Target>,
}

impl Update {
    fn of(twin: &Value) -> Result<Self, PnpError> {
        let (mut seen, mut desired) = (Map::new(), Map::new());
        let mut reported = BTreeMap::new();
        for (name, member) in Component::root(twin)?.members()? {
            if member.is_reported() {
                reported.insert(name.to_owned(), matches!(member, Member::Component(_)));
            }
            match member {
                Member::Property(property) => put(name, property, &mut seen, &mut desired),
                Member::Component(component) => {
                    let (mut seen_inner, mut desired_inner) = (marked(), marked());
                    for (name, member) in component.members()? {
                        if let Member::Property(property) = member {
                            put(name, property, &mut seen_inner, &mut desired_inner);
                        }
                    }
                    seen.insert(name.to_owned(), Value::Object(seen_inner));
                    if component.is_desired() {
                        desired.insert(name.to_owned(), Value::Object(desired_inner));
                    }
                }
            }
        }
        let (seen, desired) = (Value::Object(seen), Value::Object(desired));
        Ok(Self { seen, desired, reported, touched: BTreeSet::new() })
    }

    fn apply(&mut self, operation: &PatchOperation) -> Result<(), Refusal> {
        let value = match operation {
            PatchOperation::Add(AddOperation { value, .. })
            | PatchOperation::Replace(ReplaceOperation { value, .. }) => Some(value),
            PatchOperation::Remove(RemoveOperation { .. }) => None,
            PatchOperation::Move(_) => return Err(Refusal::Operation("move")),
            PatchOperation::Copy(_) => return Err(Refusal::Operation("copy")),
            PatchOperation::Test(_) => return Err(Refusal::Operation("test")),
        };
        let target = Target::read(operation).map_err(Refusal::Path)?;
        self.check(&target, value)?;
        if target.property.is_some() && matches!(operation, PatchOperation::Add(_)) {
            mark(&mut self.seen, &target.name);
        }
        json_patch::patch(&mut self.seen, std::slice::from_ref(operation))
            .map_err(|_| Refusal::Patch(Reason::Absent))?;
        match value {
            Some(value) => self.wish(&target, value),
            None => self.forget(&target),
        }
        self.touched.insert(target);
        Ok(())
    }

    /// Checks that the value has the form of what it is to replace.
    fn check(&self, target: &Target, value: Option<&Value>) -> Result<(), Refusal> {
        let there = self.seen.get(&target.name);
        let is_component = there.map(|there| there.get(METADATA).is_some());
        let is_component = is_component.or(self.reported.get(&target.name).copied());
        if target.property.is_some() && is_component == Some(false) {
            return Err(Refusal::Path(Reason::PathShape));
        }
        let Some(value) = value else { return Ok(()) };
        match value.as_object().filter(|fields| fields.contains_key(METADATA)) {
            Some(_) if target.property.is_some() => Err(Refusal::Payload(Reason::Name)),
            Some(_) if is_component == Some(false) => {
                Err(Refusal::Patch(Reason::ComponentOrProperty))
            }
            Some(fields) => check_component(fields).map_err(Refusal::Payload),
            None if target.property.is_none() && is_component == Some(true) => {
                Err(Refusal::Payload(Reason::NoMetadata))
            }
            None => check_value(value, VALUE_DEPTH_MAX).map_err(Refusal::Payload),
        }
    }

    fn wish(&mut self, target: &Target, value: &Value) {
        let name = target.name.as_str();
        match &target.property {
            None => self.desired[name] = value.clone(),
            Some(property) => {
                mark(&mut self.desired, name);
                self.desired[name][property] = value.clone();
            }
        }
    }

    /// Clears a wish, and a component's last one together with the component.
    fn forget(&mut self, target: &Target) {
        let Some(desired) = self.desired.as_object_mut() else { return };
        if let Some(property) = &target.property {
            let component = desired.get_mut(&target.name).and_then(Value::as_object_mut);
            let Some(component) = component else { return };
            component.remove(property);
            if component.len() > 1 {
                return;
            }
        }
        desired.remove(&target.name);
    }

    fn merge_patch(&self, before: &Value) -> Value {
        let mut patch = Map::new();
        for target @ Target { name, property } in &self.touched {
            if property.is_some() && self.touched.contains(&target.whole()) {
                continue;
            }
            let (old, new) = (before.get(name), self.desired.get(name));
            match (property, new) {
                (Some(property), Some(new)) => {
                    let old = old.and_then(|old| old.get(property));
                    let change = assignment(old, new.get(property));
                    let component = patch.entry(name).or_insert_with(|| json!({}));
                    component[MARK] = json!(MARK_VALUE);
                    component[property] = change;
                }
                _ => {
                    patch.insert(name.clone(), marked_as_in_device_twins(assignment(old, new)));
                }
            }
        }
        Value::Object(patch)
    }
}

impl Target {
    fn read(operation: &PatchOperation) -> Result<Self, Reason> {
        let mut tokens = operation.path().tokens().map(|token| token.decoded().into_owned());
        let (Some(name), property, None) = (tokens.next(), tokens.next(), tokens.next()) else {
            return Err(Reason::PathShape);
        };
        if !is_name(&name) || property.as_deref().is_some_and(|property| !is_name(property)) {
            return Err(Reason::Name);
        }
        Ok(Self { name, property })
    }

    fn whole(&self) -> Self {
        Self { name: self.name.clone(), property: None }
    }
}

/// Checks a component given whole.
fn check_component(fields: &Map<String, Value>) -> Result<(), Reason> {
    for (name, value) in fields {
        match value.as_object() {
            Some(metadata) if name == METADATA && metadata.is_empty() => {}
            _ if name == METADATA => return Err(Reason::NoMetadata),
            _ if !is_name(name) => return Err(Reason::Name),
            _ => check_value(value, VALUE_DEPTH_MAX)?,
        }
    }
    Ok(())
}

/// Adds a property to what is seen and, if it is wished for, to what is.
fn put(
    name: &str,
    property: Property<'_>,
    seen: &mut Map<String, Value>,
    desired: &mut Map<String, Value>,
) {
    if let Some(value) = property.desired {
        desired.insert(name.to_owned(), value.clone());
    }
    let value = property.desired.or(property.reported.map(|reported| reported.value));
    if let Some(value) = value {
        seen.insert(name.to_owned(), value.clone());
    }
}

/// The mark of a component in a digital twin, as the start of one.
fn marked() -> Map<String, Value> {
    Map::from_iter([(METADATA.to_owned(), json!({}))])
}

/// Makes sure that there is something under `name`: a component, if it is new.
fn mark(values: &mut Value, name: &str) {
    if let Some(values) = values.as_object_mut() {
        values.entry(name).or_insert_with(|| Value::Object(marked()));
    }
}

/// The merge patch that makes `new` of `old`, and names all of `new`. The depth of the recursion is
/// that of `new`, which was checked.
fn assignment(old: Option<&Value>, new: Option<&Value>) -> Value {
    let (old, new) = match (old, new) {
        (_, None) => return Value::Null,
        (Some(Value::Object(old)), Some(Value::Object(new))) => (old, new),
        (_, Some(new)) => return new.clone(),
    };
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    let gone = gone.map(|key| (key.clone(), Value::Null));
    let kept = new.iter().map(|(key, value)| (key.clone(), assignment(old.get(key), Some(value))));
    Value::Object(gone.chain(kept).collect())
}

/// Turns the mark of a component from that of digital twins into that of device twins.
fn marked_as_in_device_twins(assignment: Value) -> Value {
    let Value::Object(mut fields) = assignment else { return assignment };
    let Some(metadata) = fields.remove(METADATA) else { return Value::Object(fields) };
    let mark = if metadata.is_null() { Value::Null } else { json!(MARK_VALUE) };
    let mut marked = Map::from_iter([(MARK.to_owned(), mark)]);
    marked.append(&mut fields);
    Value::Object(marked)
}
