//! A query about to be run, and running it: text → AST → plan → page.

use std::time::{Duration, Instant};

use roaring::RoaringBitmap;
use twindex_exec::catalog_view::IndexCatalog;
use twindex_exec::token::fingerprint;
use twindex_exec::{Budget, ExecError, Position, Request, Stop, Token};
use twindex_index::snapshot::{Snapshot as Version, Ts};
use twindex_lang::ast::{self, Collection, Select, Statement};
use twindex_lang::diagnostic::Diagnostic;
use twindex_lang::limits::Limits;
use twindex_lang::span::Span;
use twindex_plan::logical::LogicalPlan;

use crate::cancel::CancelToken;
use crate::engine::Inner;
use crate::error::Error;
use crate::page::{Answer, Page, Plan, RowKind};
use crate::snapshot::Snapshot;
use crate::update::{Change, dry_run};

/// How long a query without a deadline waits for a version that is not there yet. A version that
/// was acknowledged is there already, so only one that nobody has written is waited for in vain.
const PATIENCE: Duration = Duration::from_secs(1);

/// A query and how it is to be run. Running it again asks again.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    inner: &'a Inner,
    text: String,
    form: Form,
    page_rows_max: usize,
    after: Option<String>,
    timeout: Option<Duration>,
    cancel: Option<CancelToken>,
    at: Option<Snapshot>,
    at_least: Option<u64>,
    bytes_max: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Statement,
    Condition,
}

impl<'a> Query<'a> {
    pub(crate) fn statement(inner: &'a Inner, text: String) -> Self {
        Self::new(inner, text, Form::Statement)
    }

    pub(crate) fn condition(inner: &'a Inner, text: String) -> Self {
        Self::new(inner, text, Form::Condition)
    }

    fn new(inner: &'a Inner, text: String, form: Form) -> Self {
        Self {
            inner,
            text,
            form,
            page_rows_max: usize::MAX,
            after: None,
            timeout: None,
            cancel: None,
            at: None,
            at_least: None,
            bytes_max: None,
        }
    }

    /// Gives at most `rows` rows, at least one, and a token while rows remain. Without it one page
    /// holds all rows.
    #[must_use]
    pub fn page_size(mut self, rows: usize) -> Self {
        self.page_rows_max = rows.max(1);
        self
    }

    /// Goes on where the page that gave `token` ended. The page size may differ from page to page.
    #[must_use]
    pub fn after(mut self, token: impl Into<String>) -> Self {
        self.after = Some(token.into());
        self
    }

    /// Stops with [`Error::Run`] once `timeout` has passed.
    #[must_use]
    pub fn deadline(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Stops with [`Error::Run`] once `cancel` is cancelled.
    #[must_use]
    pub fn cancel_with(mut self, cancel: &CancelToken) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }

    /// Reads the twins as they were when `snapshot` was made, page after page too. Without it each
    /// page shows the newest version, yet no twin twice.
    #[must_use]
    pub fn at(mut self, snapshot: &Snapshot) -> Self {
        self.at = Some(snapshot.clone());
        self
    }

    /// Reads `version` or a newer one, waiting for it up to the deadline, or for a second if there
    /// is none.
    #[must_use]
    pub fn at_least_version(mut self, version: u64) -> Self {
        self.at_least = Some(version);
        self
    }

    /// Lets the query hold so many bytes while it runs, instead of
    /// [`Options::query_bytes_max`](crate::Options::query_bytes_max). Past it the query ends with
    /// [`ExecError::OverBudget`] and all is given back. What is held is looked at after each segment,
    /// so a query may pass the bound by what 65,536 rows bring for each thread.
    #[must_use]
    pub fn bytes_max(mut self, bytes: usize) -> Self {
        self.bytes_max = Some(bytes);
        self
    }

    /// Runs a query and gives its page.
    ///
    /// # Errors
    /// [`Error::Query`] when the text is refused (an `EXPLAIN` too: see [`Query::execute`]),
    /// [`Error::Token`] for a token that is damaged or another query's, [`Error::Run`].
    pub fn run(&self) -> Result<Page, Error> {
        let stop = self.stop();
        match self.parse()? {
            Statement::Query(query) => self.page(&query, stop),
            Statement::Explain { query: _, .. } => Err(Error::Query(vec![Diagnostic {
                code: "X003",
                message: "`EXPLAIN` gives a plan, not rows".to_owned(),
                span: Span::new(0, self.text.len()),
                expected: Some("a query".to_owned()),
                suggestion: Some("call `explain` or `execute`".to_owned()),
            }])),
            Statement::Update(_) => Err(self.changes("UPDATE", "update")),
            Statement::Delete(_) => Err(self.changes("DELETE", "delete")),
        }
    }

    /// The error of a statement that changes twins where one that reads is wanted.
    fn changes(&self, statement: &str, call: &str) -> Error {
        Error::Query(vec![Diagnostic {
            code: "X004",
            message: format!(
                "`{statement}` changes twins, which is asked for by a call of its own"
            ),
            span: Span::new(0, self.text.len()),
            expected: Some("a query".to_owned()),
            suggestion: Some(format!("call `{call}`, then `dry_run` or `run` of what it gives")),
        }])
    }

    /// The query that finds the twins of the statement.
    fn selection(&self) -> Result<ast::Query, Error> {
        Ok(match self.parse()? {
            Statement::Query(query) | Statement::Explain { query, .. } => query,
            Statement::Update(update) => update.selection(),
            Statement::Delete(delete) => delete.selection(),
        })
    }

    /// Runs any statement that changes nothing: a query, `EXPLAIN`, or a `DRY RUN`.
    ///
    /// # Errors
    /// As [`Query::run`].
    pub fn execute(&self) -> Result<Answer, Error> {
        let stop = self.stop();
        match self.parse()? {
            Statement::Query(query) => self.page(&query, stop).map(Answer::Page),
            Statement::Explain { analyze: false, query } => {
                self.plan(&query, stop).map(Answer::Plan)
            }
            Statement::Explain { analyze: true, query } => {
                self.analyze(&query, stop).map(Answer::Plan)
            }
            Statement::Update(update) if update.dry_run => {
                dry_run(self, Change::of_update(update)?).map(Answer::DryRun)
            }
            Statement::Delete(delete) if delete.dry_run => {
                dry_run(self, Change::of_delete(delete)).map(Answer::DryRun)
            }
            Statement::Update(_) => Err(self.changes("UPDATE", "update")),
            Statement::Delete(_) => Err(self.changes("DELETE", "delete")),
        }
    }

    /// One page of another query, read as this one would be.
    pub(crate) fn page_of(&self, query: &ast::Query, after: Option<String>) -> Result<Page, Error> {
        Self { after, ..self.clone() }.page(query, self.stop())
    }

    /// The plan of the query, which is not run.
    ///
    /// # Errors
    /// [`Error::Query`] when the text is refused.
    pub fn explain(&self) -> Result<Plan, Error> {
        let stop = self.stop();
        let query = self.selection()?;
        self.plan(&query, stop)
    }

    /// Runs the query and gives its plan with what happened: rows, time and bytes of each operator.
    ///
    /// # Errors
    /// [`Error::Query`] when the text is refused, [`Error::Run`].
    pub fn explain_analyze(&self) -> Result<Plan, Error> {
        let stop = self.stop();
        let query = self.selection()?;
        self.analyze(&query, stop)
    }

    /// The row ids of the twins that pass the WHERE clause, whatever else the query asks: ids of
    /// its collection, which stay with a twin for life. Sets of two queries on one collection can
    /// be combined.
    ///
    /// # Errors
    /// [`Error::Query`] when the text is refused, [`Error::Run`].
    pub fn ids(&self) -> Result<RoaringBitmap, Error> {
        self.ids_of(&self.selection()?)
    }

    /// The row ids of the twins that pass the WHERE clause of another query, read as this one.
    pub(crate) fn ids_of(&self, query: &ast::Query) -> Result<RoaringBitmap, Error> {
        let stop = self.stop();
        let version = self.version(query, &stop)?;
        let plan = self.bind(&version, query, (self.now_ms(), &stop))?;
        Ok(twindex_exec::select_ids(&version, &plan, &self.request(None, stop))?)
    }

    pub(crate) fn parse(&self) -> Result<Statement, Error> {
        let limits = Limits { query_chars_max: self.inner.options.query_chars_max };
        let parsed = match self.form {
            Form::Statement => twindex_lang::parse_statement(&self.text, &limits),
            Form::Condition => {
                twindex_lang::parse_condition(&self.text, &limits).map(Statement::Query)
            }
        };
        parsed.map_err(Error::Query)
    }

    /// The version that `query` reads: new enough for its text and for the caller.
    fn version(&self, query: &ast::Query, stop: &Stop) -> Result<Version, Error> {
        let shared = &self.inner.shared;
        let at_least = self.at_least.max(query.at_least).unwrap_or(0);
        if let Some(at) = &self.at {
            if !at.inner().is_of(shared) {
                return Err(ExecError::ForeignSnapshot.into());
            }
            let newest = at.version();
            return match newest < at_least {
                true => Err(ExecError::VersionNotReached { wanted: at_least, newest }.into()),
                false => Ok(at.inner().clone()),
            };
        }
        if !stop.wait_visible(shared, Ts(at_least), PATIENCE)? {
            let newest = shared.visible().0;
            return Err(ExecError::VersionNotReached { wanted: at_least, newest }.into());
        }
        Ok(shared.snapshot())
    }

    fn bind(
        &self,
        version: &Version,
        query: &ast::Query,
        (now_ms, stop): (i64, &Stop),
    ) -> Result<LogicalPlan, Error> {
        let read = stop.read(version)?;
        let plan = twindex_plan::bind(query, now_ms, &IndexCatalog(read.catalog()));
        drop(read);
        Ok(twindex_plan::optimize(plan.map_err(Error::Query)?))
    }

    fn page(&self, query: &ast::Query, stop: Stop) -> Result<Page, Error> {
        // Most answers are one page, without a token on either side.
        let fingerprint = || fingerprint(&query.to_string());
        let token = match &self.after {
            Some(text) => Some(Token::decode_for(text, fingerprint())?),
            None => None,
        };
        let now_ms = token.as_ref().map_or_else(|| self.now_ms(), |token| token.now_ms);
        let version = self.version(query, &stop)?;
        let mut plan = self.bind(&version, query, (now_ms, &stop))?;
        let warnings = std::mem::take(&mut plan.warnings);
        let request = self.request(token.map(|token| token.position), stop);
        let page = twindex_exec::execute(&version, &plan, &request)?;
        let token_of = |position| Token { fingerprint: fingerprint(), now_ms, position };
        let next = page.next.map(|position| token_of(position).encode());
        let kind = row_kind(query);
        let version = version.ts().0;
        Ok(Page { kind, columns: page.columns, rows: page.rows, warnings, next, version })
    }

    fn plan(&self, query: &ast::Query, stop: Stop) -> Result<Plan, Error> {
        let version = self.version(query, &stop)?;
        let mut plan = self.bind(&version, query, (self.now_ms(), &stop))?;
        let warnings = std::mem::take(&mut plan.warnings);
        let request = self.request(None, stop);
        let explanation = twindex_exec::explain::explain(&version, &plan, &request)?;
        Ok(Plan { explanation, warnings })
    }

    fn analyze(&self, query: &ast::Query, stop: Stop) -> Result<Plan, Error> {
        let version = self.version(query, &stop)?;
        let mut plan = self.bind(&version, query, (self.now_ms(), &stop))?;
        let warnings = std::mem::take(&mut plan.warnings);
        // A plan is of the whole query, whatever the size of a page.
        let request = Request { page_rows_max: usize::MAX, ..self.request(None, stop) };
        let explanation = twindex_exec::explain::analyze(&version, &plan, &request)?;
        Ok(Plan { explanation, warnings })
    }

    fn now_ms(&self) -> i64 {
        self.inner.options.clock.now_ms()
    }

    /// When to give up, from now.
    fn stop(&self) -> Stop {
        let mut stop = Stop::never();
        if let Some(deadline) = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout))
        {
            stop = stop.with_deadline(deadline);
        }
        if let Some(cancel) = &self.cancel {
            stop = stop.with_flag(cancel.flag());
        }
        stop
    }

    fn request(&self, after: Option<Position>, stop: Stop) -> Request<'_> {
        let pool = self.inner.pool();
        let bytes_max = self.bytes_max.unwrap_or(self.inner.options.query_bytes_max);
        let budget = Budget::of(bytes_max);
        Request { page_rows_max: self.page_rows_max, after, stop, pool, budget }
    }
}

fn row_kind(query: &ast::Query) -> RowKind {
    match (&query.select, query.collection) {
        (Select::Items(_), _) => RowKind::Raw,
        (Select::All(_), Collection::Jobs) => RowKind::DeviceJob,
        (Select::All(_), Collection::Devices | Collection::Modules) => RowKind::Twin,
    }
}
