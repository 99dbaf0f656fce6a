//! Why a document was refused.
//!
//! `serde_json` keeps the kind of its errors to itself, yet a lone surrogate or an endless number
//! must be told from a typing mistake. [`ReadError::from_json`] goes by its messages, in this one
//! place, and the tests below notice when they change.

use crate::json::warning::LoadWarning;

/// Why a document was refused. Nothing of it was read.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages are the documentation
#[non_exhaustive]
pub enum ReadError {
    #[error("not JSON: {source}")]
    Syntax { source: serde_json::Error },
    #[error("not UTF-8: invalid byte at offset {at}")]
    NotUtf8 { at: usize },
    #[error("a string holds a lone surrogate, at line {line} column {column}")]
    LoneSurrogate { line: usize, column: usize },
    #[error("number is not finite, at line {line} column {column}")]
    NumberNotFinite { line: usize, column: usize },
    #[error("text after the end of the document, at line {line} column {column}")]
    TrailingText { line: usize, column: usize },
    #[error("not a JSON object")]
    NotAnObject,
    #[error("document of {bytes} bytes, at most {bytes_max} are read")]
    DocumentTooLarge { bytes: usize, bytes_max: usize },
    #[error("nested deeper than {depth_max} levels, at `{path}`")]
    DocumentTooDeep { path: String, depth_max: usize },
    #[error("not a twin: no `deviceId`")]
    DeviceIdMissing,
    #[error("not a twin: `{field}` is not a non-empty string")]
    IdNotText { field: &'static str },
    #[error("{warning}, at `{path}`")]
    Refused { warning: LoadWarning, path: String },
}

impl ReadError {
    /// Sorts an error of `serde_json`.
    pub(super) fn from_json(source: serde_json::Error) -> Self {
        let (line, column) = (source.line(), source.column());
        let message = source.to_string();
        if source.is_data() {
            Self::NotAnObject // the one shape that the visitors do not take
        } else if message.starts_with("lone leading surrogate")
            || message.starts_with("unexpected end of hex escape")
        {
            Self::LoneSurrogate { line, column }
        } else if message.starts_with("number out of range") {
            Self::NumberNotFinite { line, column }
        } else if message.starts_with("trailing characters") {
            Self::TrailingText { line, column }
        } else {
            Self::Syntax { source }
        }
    }
}
