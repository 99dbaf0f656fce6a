//! The stable codes of writes that are refused, and what a hub calls them.
//!
//! | code | refused because | hub |
//! |---|---|---|
//! | T001 | the text is not UTF-8 | 400012 DeserializationError |
//! | T002 | the text is not JSON, or goes on after the object | 400012 DeserializationError |
//! | T003 | the text is no object | 400004 ArgumentInvalid |
//! | T004 | the text is too long, or nests past any limit | 413001 MessageTooLarge |
//! | T005 | a number is not finite | 400004 ArgumentInvalid |
//! | T006 | a key stands twice in an object | 400004 ArgumentInvalid |
//! | T007 | objects or arrays nest too deep | 400004 ArgumentInvalid |
//! | T008 | an integer is out of bounds | 400004 ArgumentInvalid |
//! | T009 | a string is too long | 400004 ArgumentInvalid |
//! | T010 | a key is too long | 400004 ArgumentInvalid |
//! | T011 | a key has a character that keys may not have, `$` among them | 400004 ArgumentInvalid |
//! | T012 | an array holds null, or an object in an array does | 400004 ArgumentInvalid |
//! | T013 | a section is no object | 400004 ArgumentInvalid |
//! | T014 | a field is no identity field that can be written | 400004 ArgumentInvalid |
//! | T015 | an identity field has a value of the wrong type | 400004 ArgumentInvalid |
//! | T016 | a section would grow past its limit | 400004 ArgumentInvalid |
//! | T017 | a device id or module id is not one | 400004 ArgumentInvalid |
//! | T020 | there is no such device | 404001 DeviceNotFound |
//! | T021 | there is no such module | 404010 ModuleNotFound |
//! | T022 | there is such a device already | 409001 DeviceAlreadyExists |
//! | T023 | there is such a module already | 409301 ModuleAlreadyExistsOnDevice |
//! | T024 | the etag is another | 412001 PreconditionFailed |
//! | T025 | the `$version` is another | 412001 PreconditionFailed |
//! | T026 | the device has as many modules as it may have | 413003 TooManyModulesOnDevice |
//! | T027 | the collection is full | 403002 IotHubQuotaExceeded |

/// Why a write is refused, as a code that never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[allow(missing_docs)] // the table above is the documentation
pub enum WriteCode {
    NotUtf8,
    NotJson,
    NotAnObject,
    TextTooLarge,
    NumberNotFinite,
    DuplicateKey,
    TooDeep,
    IntegerOutOfBounds,
    StringTooLong,
    KeyTooLong,
    KeyCharacter,
    NullInArray,
    SectionNotAnObject,
    FieldNotWritable,
    FieldType,
    SectionTooLarge,
    IdInvalid,
    DeviceNotFound,
    ModuleNotFound,
    DeviceAlreadyExists,
    ModuleAlreadyExists,
    EtagMismatch,
    VersionMismatch,
    TooManyModules,
    CollectionFull,
}

impl WriteCode {
    /// Every code.
    pub const ALL: [Self; 25] = [
        Self::NotUtf8,
        Self::NotJson,
        Self::NotAnObject,
        Self::TextTooLarge,
        Self::NumberNotFinite,
        Self::DuplicateKey,
        Self::TooDeep,
        Self::IntegerOutOfBounds,
        Self::StringTooLong,
        Self::KeyTooLong,
        Self::KeyCharacter,
        Self::NullInArray,
        Self::SectionNotAnObject,
        Self::FieldNotWritable,
        Self::FieldType,
        Self::SectionTooLarge,
        Self::IdInvalid,
        Self::DeviceNotFound,
        Self::ModuleNotFound,
        Self::DeviceAlreadyExists,
        Self::ModuleAlreadyExists,
        Self::EtagMismatch,
        Self::VersionMismatch,
        Self::TooManyModules,
        Self::CollectionFull,
    ];

    /// The code: `T` and three digits.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotUtf8 => "T001",
            Self::NotJson => "T002",
            Self::NotAnObject => "T003",
            Self::TextTooLarge => "T004",
            Self::NumberNotFinite => "T005",
            Self::DuplicateKey => "T006",
            Self::TooDeep => "T007",
            Self::IntegerOutOfBounds => "T008",
            Self::StringTooLong => "T009",
            Self::KeyTooLong => "T010",
            Self::KeyCharacter => "T011",
            Self::NullInArray => "T012",
            Self::SectionNotAnObject => "T013",
            Self::FieldNotWritable => "T014",
            Self::FieldType => "T015",
            Self::SectionTooLarge => "T016",
            Self::IdInvalid => "T017",
            Self::DeviceNotFound => "T020",
            Self::ModuleNotFound => "T021",
            Self::DeviceAlreadyExists => "T022",
            Self::ModuleAlreadyExists => "T023",
            Self::EtagMismatch => "T024",
            Self::VersionMismatch => "T025",
            Self::TooManyModules => "T026",
            Self::CollectionFull => "T027",
        }
    }

    /// The error of a hub that says the same: its number and its name.
    #[must_use]
    pub const fn hub_error(self) -> (u32, &'static str) {
        match self {
            Self::NotUtf8 | Self::NotJson => (400_012, "DeserializationError"),
            Self::TextTooLarge => (413_001, "MessageTooLarge"),
            Self::DeviceNotFound => (404_001, "DeviceNotFound"),
            Self::ModuleNotFound => (404_010, "ModuleNotFound"),
            Self::DeviceAlreadyExists => (409_001, "DeviceAlreadyExists"),
            Self::ModuleAlreadyExists => (409_301, "ModuleAlreadyExistsOnDevice"),
            Self::EtagMismatch | Self::VersionMismatch => (412_001, "PreconditionFailed"),
            Self::TooManyModules => (413_003, "TooManyModulesOnDevice"),
            Self::CollectionFull => (403_002, "IotHubQuotaExceeded"),
            _ => (400_004, "ArgumentInvalid"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WriteCode;

    #[test]
    fn the_table_lists_each_code_once_with_its_hub_error() {
        let table = include_str!("write_code.rs");
        let rows: Vec<_> = table.lines().filter(|line| line.starts_with("//! | T")).collect();
        assert_eq!(rows.len(), WriteCode::ALL.len());
        for (row, code) in rows.iter().zip(WriteCode::ALL) {
            let (number, name) = code.hub_error();
            assert!(row.starts_with(&format!("//! | {} |", code.code())), "{row}: {code:?}");
            assert!(row.ends_with(&format!("| {number} {name} |")), "{row}: {code:?}");
        }
    }
}
