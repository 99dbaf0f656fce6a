//! Histories of a hub: operations, old versions kept open, and questions asked of them.
//!
//! The model campaign runs one after the other on an engine and on the naive hub of the oracle,
//! which must not differ in anything that can be seen.

mod generate;
mod patch;
mod run;
mod shrink;

use serde_json::Value;
use twindex_oracle::{Request, TwinId};

pub use run::{HubSubject, HubWrite, ModelCampaign, ModelFailure, run_model};

use crate::case::Asked;

/// What happens to a hub, from empty.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The seed it came from.
    pub seed: u64,
    /// What the clock shows first, in milliseconds since 1970.
    pub now_ms: i64,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The clock is set, perhaps back.
    Clock(i64),
    /// Twins arrive as documents that a hub printed.
    Load(Vec<Value>),
    /// Writes, handed over together.
    Write(Vec<Draft>),
    /// The newest version is kept open.
    Open,
    /// One of the open versions is closed, counted from the oldest; none if it is not there.
    Close(usize),
    /// A question, of the newest version or of an open one; of the newest if it is not there.
    Ask {
        /// The question.
        asked: Box<Asked>,
        /// Which of the open versions.
        at: Option<usize>,
    },
}

/// A write whose condition is not spelled out yet, for it depends on what the twin is by then.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Whose twin.
    pub id: TwinId,
    /// What to do.
    pub request: Request,
    /// On which condition.
    pub guard: Guard,
}

/// What a write asks of the twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    None,
    /// Any etag at all.
    AnyEtag,
    /// The etag that it has, or one so many changes away.
    Etag(i64),
    /// `$version` of desired as it is, or so many off.
    Desired(i64),
    /// `$version` of reported as it is, or so many off.
    Reported(i64),
}

impl History {
    /// The history of a seed: the same one on every machine.
    #[must_use]
    pub fn generate(seed: u64) -> Self {
        generate::generate(seed)
    }

    /// All that is needed to see it again, a line each step.
    #[must_use]
    pub fn report(&self) -> String {
        let mut lines = vec![format!("seed {}, clock {} ms", self.seed, self.now_ms)];
        for step in &self.steps {
            match step {
                Step::Clock(now_ms) => lines.push(format!("clock {now_ms} ms")),
                Step::Load(documents) => {
                    lines.extend(documents.iter().map(|document| format!("load {document}")));
                }
                Step::Write(drafts) => {
                    lines.push(format!("batch of {}", drafts.len()));
                    lines.extend(drafts.iter().map(Draft::report));
                }
                Step::Open => lines.push("open".to_owned()),
                Step::Close(nth) => lines.push(format!("close {nth}")),
                Step::Ask { asked, at } => lines.push(format!("ask at {at:?}: {}", asked.text)),
            }
        }
        lines.join("\n")
    }
}

impl Draft {
    fn report(&self) -> String {
        let of_object = |fields: &serde_json::Map<String, Value>| Value::Object(fields.clone());
        let of_option = |section: &Option<Value>| section.clone().unwrap_or_default();
        let what = match &self.request {
            Request::Create { fields, tags, desired } => format!(
                "create {} tags {} desired {}",
                of_object(fields),
                of_option(tags),
                of_option(desired)
            ),
            Request::Delete => "delete".to_owned(),
            Request::Patch(body) => format!("patch {body}"),
            Request::Replace(body) => format!("replace {body}"),
            Request::Report(patch) => format!("report {patch}"),
            Request::Identify(fields) => format!("identify {}", of_object(fields)),
        };
        format!("  {} if {:?}: {what}", self.id, self.guard)
    }
}
