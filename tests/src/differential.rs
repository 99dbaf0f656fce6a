//! The differential campaign: engine against oracle, over random fleets, edits and queries.
//!
//! Every query is asked whole and page by page with changing page sizes, and explained; all pages
//! together must be the whole answer, and the whole answer the oracle's. Engines change from case to
//! case between the options of a service and ones so small that a handful of twins reaches every
//! form a lane can have.

use std::sync::Arc;

use serde_json::Value;
use twindex::{IndexOptions, LoadOptions, ManualClock, Options, Page, RowKind, Twindex};
use twindex_oracle::Answer;
use twindex_testkit::{
    Asked, Campaign, Dice, Edit, Failure, Reuse, Shrinking, Subject, run_campaign,
};

/// Rows of a page at most: small, so that few rows make many pages.
const PAGE_ROWS_MAX: usize = 5;

/// Compares until `n_pairs` pairs of fleet and query agreed.
///
/// # Errors
/// The first difference, made small.
pub fn run(n_pairs: u64, seed: u64) -> Result<Campaign, Box<Failure>> {
    run_with(n_pairs, seed, Shrinking::Full)
}

/// The same, the first difference made small or as it was found.
///
/// # Errors
/// The first difference.
pub fn run_with(n_pairs: u64, seed: u64, shrinking: Shrinking) -> Result<Campaign, Box<Failure>> {
    let mut n_started = 0;
    run_campaign(n_pairs, seed, shrinking, &mut || {
        n_started += 1;
        Box::new(Engine::new(n_started))
    })
}

/// The engine as a campaign drives it.
struct Engine {
    db: Twindex,
    clock: Arc<ManualClock>,
    dice: Dice,
}

impl Engine {
    fn new(number: u64) -> Self {
        let clock = Arc::new(ManualClock::new(0));
        let options = Options {
            clock: Arc::<ManualClock>::clone(&clock),
            index: index_options(number),
            threads: 1,
            ..Options::default()
        };
        Self { db: Twindex::with_options(options), clock, dice: Dice::new(number) }
    }

    fn put(&self, twins: &[Value]) -> Result<(), String> {
        let lines: String = twins.iter().map(|twin| format!("{twin}\n")).collect();
        let report = self.db.load(lines.as_bytes(), &LoadOptions::default());
        let report = report.map_err(|error| error.to_string())?;
        match report.bad.first() {
            Some(bad) => Err(bad.reason.clone()),
            None => Ok(()),
        }
    }

    /// The rows page by page.
    fn paged(&mut self, text: &str) -> Result<Vec<String>, String> {
        let mut rows = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let n_max = 1 + self.dice.below(PAGE_ROWS_MAX);
            let mut query = self.db.query(text).page_size(n_max);
            if let Some(token) = token {
                query = query.after(token);
            }
            let page = query.run().map_err(|error| format!("a page: {error}"))?;
            let n_rows = page.n_rows();
            if n_rows > n_max || (page.next().is_some() && n_rows < n_max) {
                return Err(format!("a page of {n_rows} rows where {n_max} were asked for"));
            }
            rows.extend(page.rows().map(str::to_owned));
            match page.next() {
                Some(next) => token = Some(next.to_owned()),
                None => return Ok(rows),
            }
        }
    }

    fn explain(&self, text: &str) -> Result<(), String> {
        let plan = self.db.query(text).explain().map_err(|error| error.to_string())?;
        let analyzed = self.db.query(text).explain_analyze().map_err(|error| error.to_string())?;
        let is_empty = plan.to_string().is_empty() || analyzed.to_string().is_empty();
        if is_empty || !analyzed.to_json().is_object() {
            return Err("an empty plan".to_owned());
        }
        Ok(())
    }

    /// What the paths beside the plain one gave, if it is not the same.
    fn second_opinion(&mut self, text: &str, page: &Page) -> Result<(), String> {
        if page.next().is_some() {
            return Err("a token after all rows".to_owned());
        }
        let whole: Vec<&str> = page.rows().collect();
        let paged = self.paged(text)?;
        if paged != whole {
            return Err(format!("pages give {paged:?}, the whole answer is {whole:?}"));
        }
        self.explain(text)
    }
}

impl Subject for Engine {
    fn load(&mut self, twins: &[Value]) -> Result<(), String> {
        self.put(twins)
    }

    fn apply(&mut self, edit: &Edit) -> Result<(), String> {
        match edit {
            Edit::Put(twin) => self.put(std::slice::from_ref(twin)),
            Edit::Delete { device_id, module_id } => {
                let was_there = self.db.remove(device_id, module_id.as_deref());
                was_there.then_some(()).ok_or_else(|| "no such twin".to_owned())
            }
        }
    }

    fn query(&mut self, asked: &Asked, now_ms: i64) -> Result<Answer, String> {
        self.clock.set_ms(now_ms);
        let page = self.db.query(&asked.text).run().map_err(|error| error.to_string())?;
        let kind = match page.kind() {
            RowKind::Twin => twindex_oracle::RowKind::Twin,
            RowKind::Raw => twindex_oracle::RowKind::Raw,
            RowKind::DeviceJob => twindex_oracle::RowKind::DeviceJob,
        };
        // A difference among the engine's own paths must not pass as a refusal that both share.
        let rows = match self.second_opinion(&asked.text, &page) {
            Ok(()) => page.values().collect(),
            Err(difference) => vec![Value::String(difference)],
        };
        Ok(Answer { rows, kind })
    }

    fn check(&self) -> Result<(), String> {
        self.db.check()
    }

    fn reuse(&self) -> Reuse {
        Reuse::First
    }
}

/// Options that change from engine to engine.
fn index_options(number: u64) -> IndexOptions {
    match number % 3 {
        0 => IndexOptions::default(),
        1 => IndexOptions {
            segment_rows_max: 2,
            sparse_rows_max: 1,
            exceptions_max: 1,
            dictionary_values_min: 1,
            posting_values_max: 2,
            count_values_max: 2,
        },
        _ => IndexOptions {
            segment_rows_max: 5,
            sparse_rows_max: 0,
            exceptions_max: 0,
            dictionary_values_min: 3,
            posting_values_max: 0,
            count_values_max: 0,
        },
    }
}
