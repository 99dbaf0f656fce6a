//! A write, built and checked on its caller's thread: what is to be done to which twin, and under
//! which conditions.
//!
//! The text of a patch is parsed here, once, so that the one thread that applies writes only ever
//! sees what is well formed, and what is not never queues.

use twindex_index::write::{Change as IndexChange, Create, Expect};
use twindex_model::cell::InlineText;
use twindex_model::json::read::Leaves;
use twindex_model::patch::{
    PatchError, TwinPatch, read_identity, read_reported_patch, read_twin_patch,
    read_twin_replacement,
};

use crate::error::Error;
use crate::twin_id::TwinId;
use crate::write_error::WriteError;

/// One operation on one twin, for [`crate::Twindex::write`] and its kin.
///
/// ```
/// # fn main() -> Result<(), twindex::Error> {
/// use twindex::{NewTwin, Twindex, TwinId, Write};
///
/// let db = Twindex::in_memory();
/// let press = TwinId::device("press-1")?;
/// db.write(Write::create(press.clone(), NewTwin::new().with_tags(r#"{"site":"Aarhus"}"#)?))?;
/// let written = db.write(Write::report(press.clone(), r#"{"temperature":71.5}"#)?)?;
/// assert_eq!(written.reported_version, 2);
///
/// // Only if nobody wrote tags or desired in between.
/// let patch = Write::patch_twin(press, r#"{"tags":{"line":2}}"#)?;
/// db.write(patch.if_etag(written.etag.as_str()))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a write does nothing until it is submitted"]
pub struct Write {
    pub(crate) twin: TwinId,
    pub(crate) op: Op,
    conditions: Conditions,
}

/// What must hold of a twin for a write to be done.
#[derive(Clone, Debug, Default)]
struct Conditions {
    etag: Option<Box<str>>,
    desired_version: Option<u64>,
    reported_version: Option<u64>,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Create {
        fields: Option<Leaves>,
        tags: Option<Leaves>,
        desired: Option<Leaves>,
        authentication: Box<[u8]>,
    },
    Delete,
    Merge {
        tags: Option<Leaves>,
        desired: Option<Leaves>,
    },
    Replace {
        tags: Option<Leaves>,
        desired: Option<Leaves>,
    },
    Report(Leaves),
    Identify {
        fields: Leaves,
        authentication: Option<Box<[u8]>>,
    },
}

/// What a twin begins with: see [`Write::create`].
#[derive(Clone, Debug, Default)]
#[must_use = "a new twin does nothing until it is written"]
pub struct NewTwin {
    fields: Option<Leaves>,
    tags: Option<Leaves>,
    desired: Option<Leaves>,
    authentication: Box<[u8]>,
}

impl NewTwin {
    /// An empty twin.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with tags, a JSON object.
    ///
    /// # Errors
    /// [`WriteError::InvalidPatch`].
    pub fn with_tags(mut self, json: &str) -> Result<Self, Error> {
        self.tags = read_section("{\"tags\":", json, "}")?.tags;
        Ok(self)
    }

    /// The same with desired properties, a JSON object.
    ///
    /// # Errors
    /// [`WriteError::InvalidPatch`].
    pub fn with_desired(mut self, json: &str) -> Result<Self, Error> {
        self.desired = read_section("{\"properties\":{\"desired\":", json, "}}")?.desired;
        Ok(self)
    }

    /// The same with identity fields, a JSON object: see [`Write::identify`].
    ///
    /// # Errors
    /// [`WriteError::InvalidPatch`].
    pub fn with_identity(mut self, json: &str) -> Result<Self, Error> {
        self.fields = Some(read_identity(json.as_bytes()).map_err(WriteError::from)?);
        Ok(self)
    }

    /// The same with authentication: bytes that the engine keeps beside the twin and never looks
    /// into, prints or lets a query see.
    pub fn with_authentication(mut self, authentication: &[u8]) -> Self {
        self.authentication = authentication.into();
        self
    }
}

impl Write {
    /// Creates a twin. A module's needs its device. Refused if there is one; a twin of the same
    /// name as one that was deleted is a new one, of another generation.
    pub fn create(twin: TwinId, new: NewTwin) -> Self {
        let NewTwin { fields, tags, desired, authentication } = new;
        Self::new(twin, Op::Create { fields, tags, desired, authentication })
    }

    /// Deletes a twin. A device takes its modules with it.
    pub fn delete(twin: TwinId) -> Self {
        Self::new(twin, Op::Delete)
    }

    /// Merges `{"tags":{…},"properties":{"desired":{…}}}` into a twin: objects are merged, null
    /// removes, all else replaces. Other fields are passed over, as they come from clients that
    /// send back what they read.
    ///
    /// # Errors
    /// [`WriteError::InvalidPatch`].
    pub fn patch_twin(twin: TwinId, json: &str) -> Result<Self, Error> {
        let TwinPatch { tags, desired } =
            read_twin_patch(json.as_bytes()).map_err(WriteError::from)?;
        Ok(Self::new(twin, Op::Merge { tags, desired }))
    }

    /// Replaces the tags, the desired properties or both, as the same form of text has them. A
    /// section that is not in it is kept.
    ///
    /// # Errors
    /// [`WriteError::InvalidPatch`].
    pub fn replace_twin(twin: TwinId, json: &str) -> Result<Self, Error> {
        let TwinPatch { tags, desired } =
            read_twin_replacement(json.as_bytes()).map_err(WriteError::from)?;
        Ok(Self::new(twin, Op::Replace { tags, desired }))
    }

    /// Merges what a device reports into its reported properties. The text is the section itself:
    /// `{"temperature":71.5}`.
    ///
    /// # Errors
    /// [`WriteError::InvalidPatch`].
    pub fn report(twin: TwinId, json: &str) -> Result<Self, Error> {
        let patch = read_reported_patch(json.as_bytes()).map_err(WriteError::from)?;
        Ok(Self::new(twin, Op::Report(patch)))
    }

    /// Writes identity fields: `status`, `statusReason`, `connectionState`, `lastActivityTime`,
    /// `cloudToDeviceMessageCount`, `authenticationType`, `x509Thumbprint`, `modelId`,
    /// `capabilities`, `deviceScope`, `parentScopes`. `connectionState` and `lastActivityTime` move
    /// neither version nor etag. A `$version` does not guard them, an etag does.
    ///
    /// # Errors
    /// [`WriteError::InvalidPatch`].
    pub fn identify(twin: TwinId, json: &str) -> Result<Self, Error> {
        let fields = read_identity(json.as_bytes()).map_err(WriteError::from)?;
        Ok(Self::new(twin, Op::Identify { fields, authentication: None }))
    }

    /// The same with new authentication: see [`NewTwin::with_authentication`].
    ///
    /// # Errors
    /// [`WriteError::InvalidPatch`].
    pub fn identify_with(twin: TwinId, json: &str, authentication: &[u8]) -> Result<Self, Error> {
        let fields = read_identity(json.as_bytes()).map_err(WriteError::from)?;
        let authentication = Some(authentication.into());
        Ok(Self::new(twin, Op::Identify { fields, authentication }))
    }

    /// Only if the twin has this etag (`If-Match`): quoted or not; `*` is any.
    pub fn if_etag(mut self, etag: &str) -> Self {
        self.conditions.etag = Some(etag.into());
        self
    }

    /// Only if the `$version` of desired is this.
    pub fn if_desired_version(mut self, version: u64) -> Self {
        self.conditions.desired_version = Some(version);
        self
    }

    /// Only if the `$version` of reported is this.
    pub fn if_reported_version(mut self, version: u64) -> Self {
        self.conditions.reported_version = Some(version);
        self
    }

    /// The twin it is about.
    #[must_use]
    pub fn twin(&self) -> &TwinId {
        &self.twin
    }

    fn new(twin: TwinId, op: Op) -> Self {
        Self { twin, op, conditions: Conditions::default() }
    }

    /// The conditions, for the index.
    pub(crate) fn expect(&self) -> Expect<'_> {
        Expect {
            etag: self.conditions.etag.as_deref(),
            desired_version: self.conditions.desired_version,
            reported_version: self.conditions.reported_version,
        }
    }
}

impl Op {
    /// The operation, for the index. A twin that is created is of `generation`.
    pub(crate) fn change(&self, generation: u64) -> IndexChange<'_> {
        match self {
            Self::Create { fields, tags, desired, authentication } => IndexChange::Create(Create {
                fields: fields.as_ref(),
                tags: tags.as_ref(),
                desired: desired.as_ref(),
                generation,
                authentication,
            }),
            Self::Delete => IndexChange::Delete,
            Self::Merge { tags, desired } => {
                IndexChange::Merge { tags: tags.as_ref(), desired: desired.as_ref() }
            }
            Self::Replace { tags, desired } => {
                IndexChange::Replace { tags: tags.as_ref(), desired: desired.as_ref() }
            }
            Self::Report(patch) => IndexChange::Report(patch),
            Self::Identify { fields, authentication } => {
                IndexChange::Identify { fields, authentication: authentication.as_deref() }
            }
        }
    }
}

/// What an accepted write made of its twin. Of a deleted twin, what it was last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Place among all changes, for queries `AT LEAST VERSION` and for [`crate::Subscribe::after`].
    pub version: u64,
    /// `version` of the twin, which counts writes to its sections.
    pub root_version: u64,
    /// `etag` of the twin.
    pub etag: InlineText,
    /// `$version` of desired.
    pub desired_version: u64,
    /// `$version` of reported.
    pub reported_version: u64,
    /// Which of the twins that had this name one after the other.
    pub generation: u64,
    /// The time that `$metadata` has for it, in ms since 1970.
    pub time_ms: i64,
}

/// Reads one section as part of a twin.
fn read_section(before: &str, json: &str, after: &str) -> Result<TwinPatch, WriteError> {
    // By itself first: what closes the section early would else be a twin again.
    Leaves::read(json).map_err(PatchError::from)?;
    Ok(read_twin_patch(format!("{before}{json}{after}").as_bytes())?)
}
