//! Which twin a write or a subscription is about.

use std::fmt;
use std::sync::Arc;

use twindex_index::write::TwinName;
use twindex_model::limits::ID_CHARS_MAX;

use crate::error::Error;
use crate::write_error::WriteError;

/// The id of a device's twin or of a module's. Clones share the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TwinId {
    device_id: Arc<str>,
    module_id: Option<Arc<str>>,
}

impl TwinId {
    /// The twin of a device.
    ///
    /// # Errors
    /// [`WriteError::InvalidId`] unless the id has 1 to 128 characters, each an ASCII letter, a
    /// digit or one of ``- : . + % _ # * ? ! ( ) , = @ ; $ '``.
    pub fn device(device_id: &str) -> Result<Self, Error> {
        Ok(Self { device_id: checked("deviceId", device_id)?, module_id: None })
    }

    /// The twin of a module of a device.
    ///
    /// # Errors
    /// As [`TwinId::device`], for either id.
    pub fn module(device_id: &str, module_id: &str) -> Result<Self, Error> {
        let module_id = Some(checked("moduleId", module_id)?);
        Ok(Self { device_id: checked("deviceId", device_id)?, module_id })
    }

    /// The twin that a row names. Loading forgives ids that no hub would take, and such a twin can be
    /// changed and deleted like any other.
    pub(crate) fn of_row(device_id: &str, module_id: Option<&str>) -> Self {
        Self { device_id: device_id.into(), module_id: module_id.map(Into::into) }
    }

    /// The device.
    #[must_use]
    pub fn device_id(&self) -> &str {
        &self.device_id
    }

    /// The module, if it is a module's twin.
    #[must_use]
    pub fn module_id(&self) -> Option<&str> {
        self.module_id.as_deref()
    }

    /// The device's id, shared.
    pub(crate) fn shared_device_id(&self) -> &Arc<str> {
        &self.device_id
    }

    pub(crate) fn name(&self) -> TwinName<'_> {
        TwinName { device_id: &self.device_id, module_id: self.module_id() }
    }
}

/// `press-1`, or `press-1/camera` for a module.
impl fmt::Display for TwinId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.device_id)?;
        match &self.module_id {
            Some(module_id) => write!(f, "/{module_id}"),
            None => Ok(()),
        }
    }
}

fn checked(field: &'static str, id: &str) -> Result<Arc<str>, WriteError> {
    let is_allowed =
        |char: char| char.is_ascii_alphanumeric() || "-:.+%_#*?!(),=@;$'".contains(char);
    if id.is_empty() || id.len() > ID_CHARS_MAX || !id.chars().all(is_allowed) {
        // Not the whole of what may be very long.
        let id = id.chars().take(ID_CHARS_MAX).collect();
        return Err(WriteError::InvalidId { field, id });
    }
    Ok(id.into())
}

#[cfg(test)]
mod tests {
    use super::TwinId;

    #[test]
    fn ids_have_an_alphabet_and_a_length() {
        let full = "x".repeat(128);
        for id in ["a", "A-:.+%_#*?!(),=@;$'9", "$edgeAgent", &full] {
            assert_eq!(TwinId::device(id).unwrap().device_id(), id);
            assert_eq!(TwinId::module("d", id).unwrap().module_id(), Some(id));
        }
        let long = "x".repeat(129);
        for id in ["", "a b", "a/b", "\u{e9}", "a\n", "a\"b", &long] {
            assert_eq!(TwinId::device(id).unwrap_err().code(), "T017", "{id}");
            assert_eq!(TwinId::module("d", id).unwrap_err().code(), "T017", "{id}");
        }
    }

    #[test]
    fn modules_print_below_their_device() {
        assert_eq!(TwinId::device("d").unwrap().to_string(), "d");
        assert_eq!(TwinId::module("d", "m").unwrap().to_string(), "d/m");
    }
}
