//! The model campaign: the engine against the naive hub, over random histories of writes.
//!
//! After every batch the twins it touched are the naive ones to the last stamp; queries, of the
//! newest version and of versions kept open, whole and page by page, are those of the oracle.

use std::sync::Arc;

use serde_json::{Map, Value};
use twindex::{
    Error, LoadOptions, ManualClock, NewTwin, Options, Page, Query, RowKind, Snapshot, TwinId,
    Twindex, Write, Written,
};
use twindex_oracle::{Answer, Fault, Request};
use twindex_testkit::{
    Dice, HubSubject, HubWrite, ModelCampaign, ModelFailure, Shrinking, run_model,
};

use crate::pair::index_variants;

/// Rows of a page at most: small, so that few rows make many pages.
const PAGE_ROWS_MAX: usize = 5;

/// What authentication begins with: text that no twin and no row may ever hold.
const SECRET: &str = "never-to-be-seen";

/// Runs `n_histories` histories.
///
/// # Errors
/// The first difference, made small.
pub fn run(n_histories: u64, seed: u64) -> Result<ModelCampaign, Box<ModelFailure>> {
    run_with(n_histories, seed, Shrinking::Full)
}

/// The same, the first difference made small or as it was found.
///
/// # Errors
/// The first difference.
pub fn run_with(
    n_histories: u64,
    seed: u64,
    shrinking: Shrinking,
) -> Result<ModelCampaign, Box<ModelFailure>> {
    run_model(n_histories, seed, shrinking, &|seed| Box::new(Engine::new(seed)))
}

/// The engine as the campaign drives it.
struct Engine {
    db: Twindex,
    clock: Arc<ManualClock>,
    open: Vec<Snapshot>,
    dice: Dice,
}

impl Engine {
    fn new(seed: u64) -> Self {
        let clock = Arc::new(ManualClock::new(0));
        let mut dice = Dice::new(seed);
        let options = Options {
            clock: Arc::<ManualClock>::clone(&clock),
            index: dice.one_of(&index_variants()).clone(),
            threads: 1,
            ..Options::default()
        };
        Self { db: Twindex::with_options(options), clock, open: Vec::new(), dice }
    }

    /// Hands writes over in one of the ways there are.
    fn hand_over(&mut self, writes: Vec<Write>) -> Vec<Result<i64, Error>> {
        let outcomes: Vec<Result<Written, Error>> = match self.dice.below(4) {
            0 => writes.into_iter().map(|write| self.db.write(write)).collect(),
            1 => {
                let tickets: Vec<_> =
                    writes.into_iter().map(|write| self.db.submit(write)).collect();
                tickets.into_iter().map(|ticket| ticket.and_then(|ticket| ticket.wait())).collect()
            }
            _ => self.db.write_all(writes),
        };
        outcomes.into_iter().map(|outcome| outcome.map(|written| written.time_ms)).collect()
    }

    fn at<'a>(&self, query: Query<'a>, at: Option<usize>) -> Query<'a> {
        match at {
            Some(nth) => query.at(&self.open[nth]),
            None => query,
        }
    }

    /// The rows page by page.
    fn paged(&mut self, text: &str, at: Option<usize>) -> Result<Vec<String>, String> {
        let mut rows = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let n_max = 1 + self.dice.below(PAGE_ROWS_MAX);
            let mut query = self.at(self.db.query(text), at).page_size(n_max);
            if let Some(token) = token {
                query = query.after(token);
            }
            let page = query.run().map_err(|error| format!("a page: {error}"))?;
            rows.extend(page.rows().map(str::to_owned));
            match page.next() {
                Some(next) => token = Some(next.to_owned()),
                None => return Ok(rows),
            }
        }
    }

    fn compare_pages(&mut self, page: &Page, text: &str, at: Option<usize>) -> Result<(), String> {
        let whole: Vec<&str> = page.rows().collect();
        let paged = self.paged(text, at)?;
        if paged != whole {
            return Err(format!("pages give {paged:?}, the whole answer is {whole:?}"));
        }
        match whole.iter().find(|row| row.contains(SECRET)) {
            Some(row) => Err(format!("authentication is seen in {row}")),
            None => Ok(()),
        }
    }
}

impl HubSubject for Engine {
    fn set_clock(&mut self, now_ms: i64) {
        self.clock.set_ms(now_ms);
    }

    fn load(&mut self, documents: &[Value]) -> Result<(), String> {
        let lines: String = documents.iter().map(|document| format!("{document}\n")).collect();
        let report = self.db.load(lines.as_bytes(), &LoadOptions::default());
        let report = report.map_err(|error| error.to_string())?;
        report.bad.first().map_or(Ok(()), |bad| Err(bad.reason.clone()))
    }

    fn write(&mut self, writes: &[HubWrite]) -> Result<Vec<Result<i64, Fault>>, String> {
        let built: Vec<Result<Write, Error>> = writes.iter().map(to_write).collect();
        let ready = built.iter().filter_map(|write| write.as_ref().ok().cloned()).collect();
        let mut done = self.hand_over(ready).into_iter();
        let mut outcomes = Vec::new();
        for (built, write) in built.into_iter().zip(writes) {
            let outcome = match built {
                Ok(_) => done.next().ok_or("a write without outcome")?,
                Err(error) => Err(error),
            };
            outcomes.push(match outcome {
                Ok(at_ms) => Ok(at_ms),
                Err(error) => Err(fault(&error, write).ok_or_else(|| error.to_string())?),
            });
        }
        Ok(outcomes)
    }

    fn twin(&self, id: &twindex_oracle::TwinId) -> Option<Value> {
        let text = self.db.twin(&id.device_id, id.module_id.as_deref())?;
        serde_json::from_str(&text).ok()
    }

    fn open(&mut self) {
        self.open.push(self.db.snapshot());
    }

    fn close(&mut self, nth: usize) {
        self.open.remove(nth);
    }

    fn query(&mut self, text: &str, at: Option<usize>) -> Result<Answer, String> {
        let page = self.at(self.db.query(text), at).run().map_err(|error| error.to_string())?;
        let kind = match page.kind() {
            RowKind::Twin => twindex_oracle::RowKind::Twin,
            RowKind::Raw => twindex_oracle::RowKind::Raw,
            RowKind::DeviceJob => twindex_oracle::RowKind::DeviceJob,
        };
        // A difference among the engine's own ways must not pass as a refusal that both share.
        let rows = match self.compare_pages(&page, text, at) {
            Ok(()) => page.values().collect(),
            Err(difference) => vec![Value::String(difference)],
        };
        Ok(Answer { rows, kind })
    }

    fn check(&self) -> Result<(), String> {
        self.db.check()
    }
}

/// A write as the engine takes it.
fn to_write(write: &HubWrite) -> Result<Write, Error> {
    let HubWrite { id, request, condition } = write;
    let id = match &id.module_id {
        Some(module_id) => TwinId::module(&id.device_id, module_id)?,
        None => TwinId::device(&id.device_id)?,
    };
    let mut built = match request {
        Request::Create { fields, tags, desired } => {
            let mut new = NewTwin::new().with_authentication(SECRET.as_bytes());
            if !fields.is_empty() {
                new = new.with_identity(&text(fields))?;
            }
            if let Some(tags) = tags {
                new = new.with_tags(&tags.to_string())?;
            }
            if let Some(desired) = desired {
                new = new.with_desired(&desired.to_string())?;
            }
            Write::create(id, new)
        }
        Request::Delete => Write::delete(id),
        Request::Patch(body) => Write::patch_twin(id, &body.to_string())?,
        Request::Replace(body) => Write::replace_twin(id, &body.to_string())?,
        Request::Report(patch) => Write::report(id, &patch.to_string())?,
        Request::Identify(fields) => Write::identify(id, &text(fields))?,
    };
    if let Some(etag) = &condition.etag {
        built = built.if_etag(etag);
    }
    if let Some(version) = condition.desired_version {
        built = built.if_desired_version(version);
    }
    if let Some(version) = condition.reported_version {
        built = built.if_reported_version(version);
    }
    Ok(built)
}

fn text(fields: &Map<String, Value>) -> String {
    Value::Object(fields.clone()).to_string()
}

/// What the naive hub calls a refusal; `None` for an error that is no refusal.
fn fault(error: &Error, write: &HubWrite) -> Option<Fault> {
    let is_create = matches!(write.request, Request::Create { .. });
    Some(match error.code() {
        "T016" => Fault::TooLarge,
        "T020" | "T021" if is_create => Fault::NoDevice,
        "T020" | "T021" => Fault::NotFound,
        "T022" | "T023" => Fault::AlreadyExists,
        "T024" => Fault::EtagMismatch,
        "T025" => Fault::VersionMismatch,
        code if ("T001".."T018").contains(&code) => Fault::Invalid,
        _ => return None,
    })
}
