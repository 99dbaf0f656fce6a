//! An engine beside the oracle, both given the same twins.

use std::sync::Arc;

use serde_json::Value;
use twindex::{Error, IndexOptions, LoadOptions, ManualClock, Options, Page, Twindex};
use twindex_lang::ast::Query;
use twindex_oracle::World;
use twindex_testkit::{Tolerances, answers_equal};

/// Thresholds to test with: those of a service, and some so small that a few twins reach every form
/// a lane can have.
#[must_use]
pub fn index_variants() -> Vec<IndexOptions> {
    let tiny = |segment_rows_max, sparse_rows_max, exceptions_max| IndexOptions {
        segment_rows_max,
        sparse_rows_max,
        exceptions_max,
        dictionary_values_min: 1,
        posting_values_max: 2,
        count_values_max: 2,
    };
    let raw = IndexOptions { posting_values_max: 0, count_values_max: 0, ..tiny(3, 0, 0) };
    vec![IndexOptions::default(), tiny(1, 0, 1), tiny(1, 1, 1), tiny(2, 1, 0), tiny(7, 0, 1), raw]
}

/// An engine with these thresholds, whose clock stands at `now_ms`.
#[must_use]
pub fn open(index: IndexOptions, now_ms: i64) -> Twindex {
    let clock = Arc::new(ManualClock::new(now_ms));
    Twindex::with_options(Options { index, clock, threads: 1, ..Options::default() })
}

/// Documents as JSON Lines.
#[must_use]
pub fn lines_of(documents: &[Value]) -> String {
    documents.iter().map(|document| format!("{document}\n")).collect()
}

/// The engine and what the oracle knows.
#[derive(Debug)]
pub struct Pair {
    /// The engine.
    pub db: Twindex,
    /// The same twins for the oracle.
    pub world: World,
}

impl Pair {
    /// Both with `twins`, whose identities differ.
    ///
    /// # Panics
    /// When the engine does not take them.
    #[must_use]
    pub fn new(index: IndexOptions, now_ms: i64, twins: &[Value]) -> Self {
        let db = open(index, now_ms);
        let report = db.load(lines_of(twins).as_bytes(), &LoadOptions::default());
        let report = report.expect("a slice can be read");
        assert_eq!((report.n_loaded, report.n_replaced), (twins.len() as u64, 0), "{report:?}");
        let (modules, devices) =
            twins.iter().cloned().partition(|twin| twin.get("moduleId").is_some());
        Self { db, world: World { devices, modules, now_ms } }
    }

    /// Runs a statement and lets the oracle judge the rows.
    ///
    /// # Errors
    /// The engine's refusal.
    ///
    /// # Panics
    /// When the two answer differently.
    pub fn ask(&self, statement: &str) -> Result<Page, Error> {
        let page = self.db.query(statement).run()?;
        let limits = twindex_lang::limits::Limits::default();
        let query = twindex_lang::parse_query(statement, &limits).map_err(Error::Query)?;
        self.judge(statement, &query, &page);
        Ok(page)
    }

    /// The same for a condition text.
    ///
    /// # Errors
    /// The engine's refusal.
    ///
    /// # Panics
    /// When the two answer differently.
    pub fn ask_condition(&self, condition: &str) -> Result<Page, Error> {
        let page = self.db.condition(condition).run()?;
        let limits = twindex_lang::limits::Limits::default();
        let query = twindex_lang::parse_condition(condition, &limits).map_err(Error::Query)?;
        self.judge(condition, &query, &page);
        Ok(page)
    }

    fn judge(&self, text: &str, query: &Query, page: &Page) {
        let rows: Vec<Value> = page.values().collect();
        let answer = twindex_oracle::answer(&self.world, query);
        let answer = answer.expect("what the engine accepts, the oracle does");
        let same = answers_equal(&rows, &answer.rows, &Tolerances::of(query, &self.world));
        assert_eq!(same, Ok(()), "{text}");
    }
}
