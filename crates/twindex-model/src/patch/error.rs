//! Why the text of a patch is refused, in the words that hubs publish.

use std::fmt;

use crate::json::error::ReadError;
use crate::json::read::{Event, Leaves};
use crate::limits::{INTEGER_MAX, INTEGER_MIN, KEY_BYTES_MAX, SECTION_DEPTH_MAX, STRING_BYTES_MAX};
use crate::write_code::WriteCode;

/// A patch that is refused. Nothing of it was written.
#[derive(Debug)]
pub struct PatchError {
    /// Where it was met: keys joined by dots, from the root of the text; empty for the text itself.
    pub path: String,
    /// The last of those keys.
    pub(crate) name: String,
    /// What is wrong.
    pub problem: PatchProblem,
}

/// What is wrong with a patch.
#[derive(Debug)]
#[non_exhaustive]
#[allow(missing_docs)] // the messages below are the documentation
pub enum PatchProblem {
    Unreadable(ReadError),
    DuplicateKey,
    TooDeep,
    IntegerOutOfBounds,
    StringTooLong { bytes: usize },
    KeyTooLong { start: String },
    KeyCharacter { key: String, character: char },
    NullInArray { key: Option<String> },
    SectionNotAnObject,
    FieldNotWritable,
    FieldType { expected: &'static str },
}

impl PatchError {
    /// The problem at an event of what was read.
    pub(crate) fn at(leaves: &Leaves, event: usize, problem: PatchProblem) -> Self {
        let name = match leaves.events.get(event) {
            Some(Event::Enter { key } | Event::Leaf { key, .. }) => leaves.str(*key).to_owned(),
            _ => String::new(),
        };
        Self { path: leaves.path_at(event), name, problem }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> WriteCode {
        match &self.problem {
            PatchProblem::Unreadable(error) => match error {
                ReadError::NotUtf8 { .. } => WriteCode::NotUtf8,
                ReadError::NotAnObject => WriteCode::NotAnObject,
                ReadError::NumberNotFinite { .. } => WriteCode::NumberNotFinite,
                ReadError::DocumentTooLarge { .. } | ReadError::DocumentTooDeep { .. } => {
                    WriteCode::TextTooLarge
                }
                _ => WriteCode::NotJson,
            },
            PatchProblem::DuplicateKey => WriteCode::DuplicateKey,
            PatchProblem::TooDeep => WriteCode::TooDeep,
            PatchProblem::IntegerOutOfBounds => WriteCode::IntegerOutOfBounds,
            PatchProblem::StringTooLong { .. } => WriteCode::StringTooLong,
            PatchProblem::KeyTooLong { .. } => WriteCode::KeyTooLong,
            PatchProblem::KeyCharacter { .. } => WriteCode::KeyCharacter,
            PatchProblem::NullInArray { .. } => WriteCode::NullInArray,
            PatchProblem::SectionNotAnObject => WriteCode::SectionNotAnObject,
            PatchProblem::FieldNotWritable => WriteCode::FieldNotWritable,
            PatchProblem::FieldType { .. } => WriteCode::FieldType,
        }
    }
}

/// The text alone, without the path: what a hub would answer.
impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Shown(&self.name);
        match &self.problem {
            PatchProblem::Unreadable(error) => write!(f, "{error}"),
            PatchProblem::DuplicateKey => write!(f, "Property {} stands twice", Shown(&self.path)),
            PatchProblem::TooDeep => {
                write!(f, "Nested depth of twin property exceeds {SECTION_DEPTH_MAX}")
            }
            PatchProblem::IntegerOutOfBounds => write!(
                f,
                "Property {name} has an out of bound value. Valid values are between \
                 {INTEGER_MIN} and {INTEGER_MAX}"
            ),
            PatchProblem::StringTooLong { bytes } => write!(
                f,
                "Value associated with property name {name} has length {bytes} that exceeds \
                 maximum length of {STRING_BYTES_MAX}"
            ),
            PatchProblem::KeyTooLong { start } => write!(
                f,
                "Length of property name {}.. exceeds maximum length of {KEY_BYTES_MAX}",
                Shown(start)
            ),
            PatchProblem::KeyCharacter { key, character } => write!(
                f,
                "Property name {} contains invalid character '{}'",
                Shown(key),
                Shown(character.encode_utf8(&mut [0; 4]))
            ),
            PatchProblem::NullInArray { key: None } => {
                f.write_str("Arrays cannot contain 'null' as value")
            }
            PatchProblem::NullInArray { key: Some(key) } => {
                write!(f, "Property {} of an object in an array cannot be 'null'", Shown(key))
            }
            PatchProblem::SectionNotAnObject => {
                f.write_str("Provided json is not a valid 'tags' or 'properties' object")
            }
            PatchProblem::FieldNotWritable => {
                write!(f, "Property {name} cannot be written with the identity")
            }
            PatchProblem::FieldType { expected } => {
                write!(f, "Property {name} has a value of unsupported type. Expected is {expected}")
            }
        }
    }
}

impl std::error::Error for PatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            PatchProblem::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ReadError> for PatchError {
    fn from(error: ReadError) -> Self {
        let path = match &error {
            ReadError::DocumentTooDeep { path, .. } => path.clone(),
            _ => String::new(),
        };
        Self { path, name: String::new(), problem: PatchProblem::Unreadable(error) }
    }
}

/// Text of a client with its control characters escaped and its length bounded.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        for char in chars.by_ref().take(128) {
            if char.is_control() {
                write!(f, "{}", char.escape_unicode())?;
            } else {
                write!(f, "{char}")?;
            }
        }
        if chars.next().is_some() { f.write_str("..") } else { Ok(()) }
    }
}
