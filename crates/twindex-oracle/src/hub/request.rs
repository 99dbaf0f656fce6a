//! What a hub is asked to do, and why it may refuse.

use std::fmt;

use serde_json::{Map, Value};

/// Whose twin it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TwinId {
    /// The device.
    pub device_id: String,
    /// The module of it, for a module's twin.
    pub module_id: Option<String>,
}

impl TwinId {
    /// The twin of a device.
    #[must_use]
    pub fn of_device(device_id: impl Into<String>) -> Self {
        Self { device_id: device_id.into(), module_id: None }
    }

    /// Whose twin a document says it is; nobody's if it names no device.
    #[must_use]
    pub fn of_document(document: &Value) -> Option<Self> {
        let id = |field: &str| document.get(field).and_then(Value::as_str).map(str::to_owned);
        Some(Self { device_id: id("deviceId")?, module_id: id("moduleId") })
    }
}

impl fmt::Display for TwinId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.device_id)?;
        self.module_id.iter().try_for_each(|module_id| write!(f, "/{module_id:?}"))
    }
}

/// One operation on one twin. Bodies are shaped as a hub's front takes them.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A new device, or a new module of a device that is there.
    Create {
        /// Fields of the root that differ from those of a fresh twin.
        fields: Map<String, Value>,
        /// The first tags.
        tags: Option<Value>,
        /// The first desired properties.
        desired: Option<Value>,
    },
    /// The end of a twin; a device takes its modules with it.
    Delete,
    /// A back end's partial update: `{"tags": …, "properties": {"desired": …}}`.
    Patch(Value),
    /// A back end's replacement of the sections that the body has, in the same form.
    Replace(Value),
    /// A device's partial update of its reported properties.
    Report(Value),
    /// Fields of the root that are the identity's.
    Identify(Map<String, Value>),
}

/// What must hold of a twin before it is changed. The default asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Its `etag`, or `*`.
    pub etag: Option<String>,
    /// `$version` of its desired properties.
    pub desired_version: Option<u64>,
    /// `$version` of its reported properties.
    pub reported_version: Option<u64>,
}

/// A reason to refuse a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// There is no such twin.
    NotFound,
    /// There is such a twin already.
    AlreadyExists,
    /// A module is to be created on a device that is not there.
    NoDevice,
    /// It has another `etag`.
    EtagMismatch,
    /// A section has another `$version`.
    VersionMismatch,
    /// The body may not stand in a write: forbidden keys, values or shapes.
    Invalid,
    /// A section would outgrow its limit.
    TooLarge,
}
