//! One accepted change of one twin.

use std::fmt;

use twindex_model::json::read::{Event, Leaves};
use twindex_model::section::Section;

use crate::feed::json::write_entries;
use crate::twin_id::TwinId;
use crate::write::{Op, Written};

/// What was done to a twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// It is gone; a device took its modules with it.
    Deleted,
    /// A patch was merged into tags and desired, or into reported.
    Updated,
    /// Tags, desired or both were replaced as a whole.
    Replaced,
    /// Identity fields changed.
    Identity,
}

/// An accepted change of a twin, shared by all who read it.
pub struct Change {
    twin: TwinId,
    body: Body,
    written: Written,
}

/// What a change holds of what was written: all but authentication, which is nobody's to read.
pub(super) enum Body {
    Created {
        desired: Option<Leaves>,
        tags: Option<Leaves>,
    },
    /// The body of the event, made when the twin was still there.
    Deleted {
        event: Box<str>,
    },
    Updated {
        tags: Option<Leaves>,
        desired: Option<Leaves>,
    },
    /// With the body of the event, made of the twin as it was then.
    Replaced {
        tags: Option<Leaves>,
        desired: Option<Leaves>,
        event: Box<str>,
    },
    Reported(Leaves),
    Identity(Leaves),
}

impl Change {
    /// The change that `op` made. `event` is the body of the event of a deletion or a replacement.
    pub(crate) fn new(twin: TwinId, op: Op, written: Written, event: Option<Box<str>>) -> Self {
        let event = event.unwrap_or_default();
        let body = match op {
            Op::Create { tags, desired, .. } => Body::Created { desired, tags },
            Op::Delete => Body::Deleted { event },
            Op::Merge { tags, desired } => Body::Updated { tags, desired },
            Op::Replace { tags, desired } => Body::Replaced { tags, desired, event },
            Op::Report(patch) => Body::Reported(patch),
            Op::Identify { fields, .. } => Body::Identity(fields),
        };
        Self { twin, body, written }
    }

    /// Its place among all changes: later ones have greater numbers, which have gaps. A version
    /// for [`crate::Subscribe::after`].
    #[must_use]
    pub fn version(&self) -> u64 {
        self.written.version
    }

    /// The twin.
    #[must_use]
    pub fn twin(&self) -> &TwinId {
        &self.twin
    }

    /// What was done to it.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        match &self.body {
            Body::Created { .. } => ChangeKind::Created,
            Body::Deleted { .. } => ChangeKind::Deleted,
            Body::Updated { .. } | Body::Reported(_) => ChangeKind::Updated,
            Body::Replaced { .. } => ChangeKind::Replaced,
            Body::Identity(_) => ChangeKind::Identity,
        }
    }

    /// What was written, as the one who wrote was told: versions, etag, generation, time.
    #[must_use]
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// The sections that were written.
    pub fn sections(&self) -> impl Iterator<Item = Section> {
        Section::ALL.into_iter().filter(|section| self.leaves(*section).is_some())
    }

    /// What was written to a section, as JSON text: the merge patch of an update, the whole of the
    /// section when it was replaced or created. `None` if it was not written.
    #[must_use]
    pub fn patch(&self, section: Section) -> Option<String> {
        self.leaves(section).map(object_text)
    }

    /// The identity fields that were written, as JSON text. `None` for any other change.
    #[must_use]
    pub fn identity(&self) -> Option<String> {
        match &self.body {
            Body::Identity(fields) => Some(object_text(fields)),
            _ => None,
        }
    }

    /// What a device that is connected is told of a change of its desired properties: what was
    /// written, and the `$version`. Made of nothing else, so tags cannot leak. `None` if desired
    /// was not written.
    #[must_use]
    pub fn desired_notification(&self) -> Option<String> {
        let desired = self.leaves(Section::Desired)?;
        let mut out = String::from("{");
        write_entries(desired, &mut out);
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str("\"$version\":");
        out.push_str(&self.written.desired_version.to_string());
        out.push('}');
        Some(out)
    }

    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    /// Roughly what it takes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let event = match &self.body {
            Body::Deleted { event } | Body::Replaced { event, .. } => event.len(),
            _ => 0,
        };
        let sections = Section::ALL.map(|section| self.leaves(section).map_or(0, leaves_bytes));
        let identity = match &self.body {
            Body::Identity(fields) => leaves_bytes(fields),
            _ => 0,
        };
        size_of::<Self>() + event + sections.iter().sum::<usize>() + identity
    }

    fn leaves(&self, section: Section) -> Option<&Leaves> {
        match (&self.body, section) {
            (Body::Reported(patch), Section::Reported) => Some(patch),
            (
                Body::Created { tags, .. }
                | Body::Updated { tags, .. }
                | Body::Replaced { tags, .. },
                Section::Tags,
            ) => tags.as_ref(),
            (
                Body::Created { desired, .. }
                | Body::Updated { desired, .. }
                | Body::Replaced { desired, .. },
                Section::Desired,
            ) => desired.as_ref(),
            _ => None,
        }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("twin", &self.twin)
            .field("kind", &self.kind())
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

fn object_text(leaves: &Leaves) -> String {
    let mut out = String::from("{");
    write_entries(leaves, &mut out);
    out.push('}');
    out
}

fn leaves_bytes(leaves: &Leaves) -> usize {
    leaves.events.capacity() * size_of::<Event>() + leaves.text.capacity()
}
