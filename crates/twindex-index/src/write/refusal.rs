//! Why a write is refused.

use twindex_model::limits::MODULES_MAX;
use twindex_model::path::Collection;
use twindex_model::section::Section;
use twindex_model::write_code::WriteCode;

/// Why a write is refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // the messages are the documentation
pub enum Refusal {
    #[error("no such {}", noun(*collection))]
    NotFound { collection: Collection },
    #[error("such a {} exists already", noun(*collection))]
    AlreadyExists { collection: Collection },
    #[error("the module's device does not exist")]
    NoDevice,
    #[error("etag is `{found}`, expected `{expected}`")]
    EtagMismatch { expected: String, found: String },
    #[error("`{}.$version` is {found}, expected {expected}", section.path())]
    VersionMismatch { section: Section, expected: u64, found: u64 },
    #[error("Twin properties size {weight} exceeds maximum {weight_max}")]
    SectionTooLarge { section: Section, weight: u64, weight_max: u64 },
    #[error("the device has {MODULES_MAX} modules, which is the maximum")]
    TooManyModules,
    #[error("`{field}` is not an id: 1 to 128 ASCII letters, digits and -:.+%_#*?!(),=@;$'")]
    IdInvalid { field: &'static str },
    #[error("the collection of {}s is full", noun(*collection))]
    CollectionFull { collection: Collection },
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> WriteCode {
        match self {
            Self::NotFound { collection: Collection::Devices } | Self::NoDevice => {
                WriteCode::DeviceNotFound
            }
            Self::NotFound { collection: Collection::Modules } => WriteCode::ModuleNotFound,
            Self::AlreadyExists { collection: Collection::Devices } => {
                WriteCode::DeviceAlreadyExists
            }
            Self::AlreadyExists { collection: Collection::Modules } => {
                WriteCode::ModuleAlreadyExists
            }
            Self::EtagMismatch { .. } => WriteCode::EtagMismatch,
            Self::VersionMismatch { .. } => WriteCode::VersionMismatch,
            Self::SectionTooLarge { .. } => WriteCode::SectionTooLarge,
            Self::TooManyModules => WriteCode::TooManyModules,
            Self::IdInvalid { .. } => WriteCode::IdInvalid,
            Self::CollectionFull { .. } => WriteCode::CollectionFull,
        }
    }

    /// Where in the twin it was met: keys joined by dots, empty for the twin itself.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self {
            Self::VersionMismatch { section: Section::Desired, .. } => {
                "properties.desired.$version"
            }
            Self::VersionMismatch { section: Section::Reported, .. } => {
                "properties.reported.$version"
            }
            Self::SectionTooLarge { section, .. } => section.path(),
            Self::IdInvalid { field } => field,
            Self::EtagMismatch { .. } => "etag",
            _ => "",
        }
    }
}

fn noun(collection: Collection) -> &'static str {
    match collection {
        Collection::Devices => "device",
        Collection::Modules => "module",
    }
}
