//! A change as the message that a hub sends to its event routes: operation, properties and body.

use twindex_model::json::read::{Leaf, Leaves};
use twindex_model::section::Section;
use twindex_model::value::write_json_string;

use crate::feed::change::{Body, Change};
use crate::feed::json::{NEVER, Stamp, time_text, write_entries, write_metadata};
use crate::twin_id::TwinId;
use crate::write::Written;

/// What a hub calls an operation in the property `opType` of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)] // `name` is the documentation
pub enum OpType {
    UpdateTwin,
    ReplaceTwin,
    CreateDeviceIdentity,
    DeleteDeviceIdentity,
    CreateModuleIdentity,
    DeleteModuleIdentity,
    DeviceConnected,
    DeviceDisconnected,
    ModuleConnected,
    ModuleDisconnected,
}

impl OpType {
    /// The value of `opType`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UpdateTwin => "updateTwin",
            Self::ReplaceTwin => "replaceTwin",
            Self::CreateDeviceIdentity => "createDeviceIdentity",
            Self::DeleteDeviceIdentity => "deleteDeviceIdentity",
            Self::CreateModuleIdentity => "createModuleIdentity",
            Self::DeleteModuleIdentity => "deleteModuleIdentity",
            Self::DeviceConnected => "deviceConnected",
            Self::DeviceDisconnected => "deviceDisconnected",
            Self::ModuleConnected => "moduleConnected",
            Self::ModuleDisconnected => "moduleDisconnected",
        }
    }

    /// The value of `iothub-message-source`: the route that gets it.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::UpdateTwin | Self::ReplaceTwin => "twinChangeEvents",
            Self::CreateDeviceIdentity
            | Self::DeleteDeviceIdentity
            | Self::CreateModuleIdentity
            | Self::DeleteModuleIdentity => "deviceLifecycleEvents",
            Self::DeviceConnected
            | Self::DeviceDisconnected
            | Self::ModuleConnected
            | Self::ModuleDisconnected => "deviceConnectionStateEvents",
        }
    }

    /// The value of `iothub-message-schema`.
    #[must_use]
    pub const fn schema(self) -> &'static str {
        match self {
            Self::UpdateTwin | Self::ReplaceTwin => "twinChangeNotification",
            Self::CreateDeviceIdentity
            | Self::DeleteDeviceIdentity
            | Self::CreateModuleIdentity
            | Self::DeleteModuleIdentity => "deviceLifecycleNotification",
            Self::DeviceConnected
            | Self::DeviceDisconnected
            | Self::ModuleConnected
            | Self::ModuleDisconnected => "deviceConnectionStateNotification",
        }
    }
}

/// The properties of a message that tell of a change, but for those that the hub itself has to say:
/// its name, the time of queueing, the correlation id.
pub type EventProperties = Vec<(&'static str, String)>;

impl Change {
    /// What a hub calls the change. `None` for one it sends no message of: identity fields other
    /// than `connectionState`.
    #[must_use]
    pub fn op_type(&self) -> Option<OpType> {
        let is_module = self.twin().module_id().is_some();
        Some(match self.body() {
            Body::Updated { .. } | Body::Reported(_) => OpType::UpdateTwin,
            Body::Replaced { .. } => OpType::ReplaceTwin,
            Body::Created { .. } if is_module => OpType::CreateModuleIdentity,
            Body::Created { .. } => OpType::CreateDeviceIdentity,
            Body::Deleted { .. } if is_module => OpType::DeleteModuleIdentity,
            Body::Deleted { .. } => OpType::DeleteDeviceIdentity,
            Body::Identity(fields) => match (connection_state(fields)?, is_module) {
                ("Connected", false) => OpType::DeviceConnected,
                ("Connected", true) => OpType::ModuleConnected,
                (_, false) => OpType::DeviceDisconnected,
                (_, true) => OpType::ModuleDisconnected,
            },
        })
    }

    /// The body of the message, as JSON text: of an update what changed and the metadata of it, of
    /// a replacement the twin in full, of a creation or deletion the twin without tags. Old values
    /// are never in it. `None` where [`Change::op_type`] is.
    #[must_use]
    pub fn event_body(&self) -> Option<String> {
        let body = match self.body() {
            Body::Deleted { event } | Body::Replaced { event, .. } => event.to_string(),
            Body::Updated { .. } | Body::Reported(_) => self.update_body(),
            Body::Created { desired, .. } => self.created_body(desired.as_ref()),
            Body::Identity(fields) => {
                connection_state(fields)?;
                format!("{{\"sequenceNumber\":\"{:064X}\"}}", self.version())
            }
        };
        Some(body)
    }

    /// The properties of the message, of the system and of the application.
    #[must_use]
    pub fn event_properties(&self) -> Option<EventProperties> {
        let op_type = self.op_type()?;
        let device_id = self.twin().device_id().to_owned();
        let mut properties = vec![
            ("content-type", "application/json".to_owned()),
            ("content-encoding", "utf-8".to_owned()),
            ("iothub-connection-device-id", device_id.clone()),
            ("iothub-message-source", op_type.source().to_owned()),
            ("iothub-message-schema", op_type.schema().to_owned()),
            ("deviceId", device_id),
            ("opType", op_type.name().to_owned()),
            ("operationTimestamp", time_text(self.written().time_ms)),
        ];
        if let Some(module_id) = self.twin().module_id() {
            properties.push(("iothub-connection-module-id", module_id.to_owned()));
            properties.push(("moduleId", module_id.to_owned()));
        }
        Some(properties)
    }

    fn update_body(&self) -> String {
        let written = self.written();
        let time = time_text(written.time_ms);
        let (tags, desired, reported) = match self.body() {
            Body::Updated { tags, desired } => (tags.as_ref(), desired.as_ref(), None),
            Body::Reported(patch) => (None, None, Some(patch)),
            _ => (None, None, None),
        };
        let mut out = format!("{{\"version\":{}", written.root_version);
        if let Some(tags) = tags {
            out.push_str(",\"tags\":{");
            write_entries(tags, &mut out);
            out.push('}');
        }
        if desired.is_some() || reported.is_some() {
            out.push_str(",\"properties\":{");
            for (section, leaves) in [(Section::Desired, desired), (Section::Reported, reported)] {
                if let Some(leaves) = leaves {
                    write_section(section, leaves, (written, &time), &mut out);
                }
            }
            out.push('}');
        }
        out.push('}');
        out
    }

    fn created_body(&self, desired: Option<&Leaves>) -> String {
        let written = self.written();
        let mut out = event_head(self.twin(), written);
        out.push_str(",\"properties\":{");
        let none = Leaves::default();
        let time = match desired {
            Some(_) => time_text(written.time_ms),
            None => NEVER.to_owned(),
        };
        write_section(Section::Desired, desired.unwrap_or(&none), (written, &time), &mut out);
        out.push(',');
        write_section(Section::Reported, &none, (written, NEVER), &mut out);
        out.push_str("}}");
        out
    }
}

/// The begin of a body that tells of a whole twin.
fn event_head(twin: &TwinId, written: &Written) -> String {
    let mut out = String::from("{\"deviceId\":");
    write_json_string(&mut out, twin.device_id());
    if let Some(module_id) = twin.module_id() {
        out.push_str(",\"moduleId\":");
        write_json_string(&mut out, module_id);
    }
    out.push_str(",\"etag\":");
    write_json_string(&mut out, written.etag.as_str());
    out.push_str(",\"version\":");
    out.push_str(&written.root_version.to_string());
    out
}

/// Appends `"desired":{…}` or `"reported":{…}` with the metadata of the entries and the `$version`.
fn write_section(
    section: Section,
    leaves: &Leaves,
    (written, time): (&Written, &str),
    out: &mut String,
) {
    let (name, version, of_metadata) = match section {
        Section::Reported => ("reported", written.reported_version, None),
        _ => ("desired", written.desired_version, Some(written.desired_version)),
    };
    out.push('"');
    out.push_str(name);
    out.push_str("\":{");
    write_entries(leaves, out);
    if !leaves.events.is_empty() {
        out.push(',');
    }
    out.push_str("\"$metadata\":");
    // What was never written has no version that wrote it.
    let of_metadata = of_metadata.filter(|_| time != NEVER);
    write_metadata(leaves, Stamp { time, version: of_metadata }, out);
    out.push_str(",\"$version\":");
    out.push_str(&version.to_string());
    out.push('}');
}

/// The connection state among identity fields.
fn connection_state(fields: &Leaves) -> Option<&str> {
    match fields.root_leaf("connectionState")? {
        Leaf::String(text) => Some(fields.str(text)),
        _ => None,
    }
}
