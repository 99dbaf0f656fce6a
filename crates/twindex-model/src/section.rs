//! The three parts of a twin that hold properties.

/// A part of a twin that holds properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// `tags`: the back end's own.
    Tags,
    /// `properties.desired`: what the back end wants of the device.
    Desired,
    /// `properties.reported`: what the device says of itself.
    Reported,
}

impl Section {
    /// Every section.
    pub const ALL: [Self; 3] = [Self::Tags, Self::Desired, Self::Reported];

    /// The section's path from the root of a twin.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Desired => "properties.desired",
            Self::Reported => "properties.reported",
        }
    }
}
