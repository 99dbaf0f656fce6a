//! The twin's own fields: the only keys whose letter case does not matter.
//!
//! Kept here, and not in `model`, because it is a rule of the language: a document keeps whatever
//! spelling it has, a query finds `Properties.Desired` all the same.

/// The fields at the root of a twin, as they are spelled.
pub const TWIN_FIELDS: [&str; 21] = [
    "deviceId",
    "moduleId",
    "etag",
    "deviceEtag",
    "status",
    "statusReason",
    "statusUpdateTime",
    "connectionState",
    "lastActivityTime",
    "cloudToDeviceMessageCount",
    "authenticationType",
    "x509Thumbprint",
    "modelId",
    "version",
    "capabilities",
    "configurations",
    "deviceScope",
    "parentScopes",
    "attributes",
    "tags",
    "properties",
];

/// The fields below `properties`, as they are spelled.
pub const PROPERTIES_FIELDS: [&str; 2] = ["desired", "reported"];

/// The field at the root of a twin that `name` means in any letter case; `id` means `deviceId`.
#[must_use]
pub fn twin_field(name: &str) -> Option<&'static str> {
    if name.eq_ignore_ascii_case("id") {
        return Some("deviceId");
    }
    TWIN_FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(name))
}

/// The field below `properties` that `name` means in any letter case.
#[must_use]
pub fn properties_field(name: &str) -> Option<&'static str> {
    PROPERTIES_FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::{properties_field, twin_field};

    #[test]
    fn fields_ignore_letter_case() {
        assert_eq!(twin_field("DEVICEID"), Some("deviceId"));
        assert_eq!(twin_field("Id"), Some("deviceId"));
        assert_eq!(twin_field("X509THUMBPRINT"), Some("x509Thumbprint"));
        assert_eq!(twin_field("tag"), None);
        assert_eq!(properties_field("Reported"), Some("reported"));
        assert_eq!(properties_field("tags"), None);
    }
}
