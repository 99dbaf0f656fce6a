//! Twindex: questions to a fleet of device twins, answered exactly and at once.
//!
//! Open an engine, load twins, ask:
//!
//! ```
//! use twindex::{LoadOptions, Twindex};
//!
//! let db = Twindex::in_memory();
//! let twins = br#"{"deviceId":"d1","tags":{"site":"A"}}
//! {"deviceId":"d2","tags":{"site":"B"}}"#;
//! db.load(&twins[..], &LoadOptions::default())?;
//!
//! let page = db.query("SELECT deviceId FROM devices WHERE tags.site = 'B'").run()?;
//! assert_eq!(page.rows().collect::<Vec<_>>(), [r#"{"deviceId":"d2"}"#]);
//! # Ok::<(), twindex::Error>(())
//! ```
//!
//! Twins change by [`Write`]s, each refused with nothing changed or done and then seen by every query
//! that begins after the answer. Wait for it, await it, or be called back; follow what others do by
//! the change feed:
//!
//! ```
//! use twindex::{NewTwin, TwinId, Twindex, Write};
//!
//! let db = Twindex::in_memory();
//! let press = TwinId::device("press-1")?;
//! let created = db.write(Write::create(press.clone(), NewTwin::new()))?;
//! let mut feed = db.feed().of_twin(&press).after(created.version).subscribe();
//!
//! let ticket = db.submit(Write::report(press, r#"{"temperature":71.5}"#)?)?;
//! let written = ticket.wait()?; // or `.await`, or `.on_done(…)`
//! assert_eq!(db.condition("properties.reported.temperature > 70").ids()?.len(), 1);
//! assert_eq!(feed.try_next().unwrap().unwrap().version(), written.version);
//! # Ok::<(), twindex::Error>(())
//! ```
//!
//! [`Twindex`] is a cheap handle: clone it, send it to other threads. It owns its threads, never
//! touches rayon's global pool, prints nothing, and reads the clock only through [`Clock`].

mod cancel;
mod clock;
mod digital_twin;
mod durable;
mod engine;
mod error;
mod feed;
mod load;
mod memory;
mod options;
mod page;
mod query;
mod reading;
mod sequencer;
mod snapshot;
mod submit;
mod ticket;
mod twin_id;
mod update;
mod write;
mod write_error;
mod writer;

pub use cancel::CancelToken;
pub use clock::{Clock, ManualClock, SystemClock};
pub use digital_twin::{DigitalTwinChange, DigitalTwinFollower};
pub use durable::{
    Access, CheckpointReport, CompactReport, CopyOptions, CopyProgress, CopyReport, Durability,
    OnOpening, OpenProgress, Recovery, StoreOptions,
};
pub use engine::Twindex;
pub use error::{Error, ErrorKind};
pub use feed::{Change, ChangeKind, EventProperties, Lagged, OpType, Subscribe, Subscription};
pub use load::{
    BadDocument, LoadError, LoadOptions, LoadProgress, LoadReport, LoadWarnings, OnBadInput, Place,
};
pub use memory::{Memory, MemoryPart, PathMemory};
pub use options::Options;
pub use page::{Answer, Page, Plan, RowKind};
pub use query::Query;
pub use reading::Identity;
pub use snapshot::Snapshot;
pub use ticket::Ticket;
pub use twin_id::TwinId;
pub use twindex_exec::{ExecError, TokenError};
pub use twindex_index::options::IndexOptions;
pub use twindex_index::stats::Stats;
pub use twindex_index::write::Refusal;
pub use twindex_lang::diagnostic::Diagnostic;
pub use twindex_lang::span::Span;
pub use twindex_model::cell::InlineText;
pub use twindex_model::json::warning::LoadWarning;
pub use twindex_model::patch::{PatchError, PatchProblem};
pub use twindex_model::path::{Collection, RowId};
pub use twindex_model::section::Section;
pub use twindex_model::write_code::WriteCode;
pub use twindex_store::error::StoreError;
pub use twindex_store::files::StoreFiles;
pub use twindex_store::log::reader::Torn;
pub use update::{
    DryRun, FleetReport, FleetUpdate, SampleTwin, SampledChange, StoppedUpdate, TwinFailure,
    UpdateProgress,
};
pub use write::{NewTwin, Write, Written};
pub use write_error::WriteError;

/// What Plug and Play refuses.
pub mod pnp {
    pub use twindex_pnp::{PnpError, Reason};
}

/// Where a store keeps its files: to be implemented by whoever wants them elsewhere.
pub mod storage {
    pub use twindex_store::directory::{Directory, IfMissing};
    pub use twindex_store::memory::MemoryStorage;
    pub use twindex_store::storage::{Storage, StoredFile};
}

/// Splitting scripts into statements and telling what they do, for shells.
pub mod script {
    pub use crate::update::is_change;
    pub use twindex_lang::split::{StatementText, is_unfinished, split_statements};
}
