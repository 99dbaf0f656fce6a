//! Why a twin is no digital twin, or an update is refused: the codes and names of a hub.
//!
//! A hub documents the four codes of updates by name only; which fault has which is our reading:
//! the text is no JSON Patch (505), a value breaks the rules (506), the operation does not fit what
//! the twin holds (507), the path names nothing that can be set (508).

use crate::rules::{NAME_CHARS_MAX, VALUE_DEPTH_MAX};

/// Why a conversion or an update was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PnpError {
    /// The device twin holds what the conventions of Plug and Play do not allow.
    #[error(
        "'{property}' exists within the device twin and is not digital twin conformant property. \
         Please refer to aka.ms/dtpatch to update this to be conformant."
    )]
    NotConformant {
        /// Name of the property or component.
        property: String,
        /// JSON pointer to it in the digital twin.
        path: String,
        /// What is wrong with it.
        reason: Reason,
    },
    /// The update is no JSON Patch, or one with an operation other than add, replace and remove.
    #[error("the update is no JSON Patch of `add`, `replace` and `remove`: {0}")]
    JsonPatch(String),
    /// The value of an operation breaks the rules for values.
    #[error("operation {operation} at `{path}`: {reason}")]
    Payload {
        /// Place of the operation in the patch, from 0.
        operation: usize,
        /// Its path.
        path: String,
        /// What is wrong with the value.
        reason: Reason,
    },
    /// The operation does not fit what the twin holds.
    #[error("operation {operation} at `{path}`: {reason}")]
    Patch {
        /// Place of the operation in the patch, from 0.
        operation: usize,
        /// Its path.
        path: String,
        /// Why it does not fit.
        reason: Reason,
    },
    /// The path is not that of a component, a property, or a property of a component.
    #[error("operation {operation} at `{path}`: {reason}")]
    Path {
        /// Place of the operation in the patch, from 0.
        operation: usize,
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: Reason,
    },
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A name that the language of models does not allow.
    #[error("a name is a letter, then letters, digits and `_`, {NAME_CHARS_MAX} at most")]
    Name,
    /// An array, anywhere in a property.
    #[error("a property holds no array")]
    Array,
    /// A null, which could not be told from an absent property.
    #[error("a property is not null; `remove` takes it away")]
    Null,
    /// Objects nested too deep.
    #[error("objects of a writable property nest {VALUE_DEPTH_MAX} deep at most")]
    Depth,
    /// An object with `value` beside `ac` or `av` that is no acknowledgement.
    #[error("an acknowledgement is `value`, whole numbers `ac` and `av`, and perhaps a text `ad`")]
    Acknowledgement,
    /// A `__t` other than `"c"`.
    #[error("the mark of a component is `\"__t\": \"c\"`")]
    Mark,
    /// A component in one of desired and reported, a property in the other; or an update that
    /// takes one for the other.
    #[error("it is a component in one place and a property in the other")]
    ComponentOrProperty,
    /// A component given whole, without an empty `$metadata`.
    #[error("the value of a whole component holds `\"$metadata\": {{}}`")]
    NoMetadata,
    /// A section that is no object.
    #[error("a section is an object")]
    Section,
    /// The target of the operation is not there.
    #[error("there is no such component or property")]
    Absent,
    /// A path to the whole digital twin, or into a property.
    #[error("a path is `/component`, `/property` or `/component/property`")]
    PathShape,
}

impl PnpError {
    /// The hub's number of this error.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::NotConformant { .. } => 400_004,
            Self::JsonPatch(_) => 400_505,
            Self::Payload { .. } => 400_506,
            Self::Patch { .. } => 400_507,
            Self::Path { .. } => 400_508,
        }
    }

    /// The hub's name of this error.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotConformant { .. } => "ArgumentInvalid",
            Self::JsonPatch(_) => "InvalidDigitalTwinJsonPatch",
            Self::Payload { .. } => "InvalidDigitalTwinPayload",
            Self::Patch { .. } => "InvalidDigitalTwinPatch",
            Self::Path { .. } => "InvalidDigitalTwinPatchPath",
        }
    }

    /// JSON pointer to what is at fault; empty if that is the update as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::JsonPatch(_) => "",
            Self::NotConformant { path, .. }
            | Self::Payload { path, .. }
            | Self::Patch { path, .. }
            | Self::Path { path, .. } => path,
        }
    }

    /// What is wrong, but for what is no JSON Patch at all.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::JsonPatch(_) => None,
            Self::NotConformant { reason, .. }
            | Self::Payload { reason, .. }
            | Self::Patch { reason, .. }
            | Self::Path { reason, .. } => Some(*reason),
        }
    }

    /// The text as a hub's error body has it: `ErrorCode:<name>;<message>`.
    #[must_use]
    pub fn body_text(&self) -> String {
        format!("ErrorCode:{};{self}", self.name())
    }
}
