//! The doors: text in, tree or diagnostics out.

use crate::ast::{Query, Statement};
use crate::diagnostic::Diagnostic;
use crate::grammar::{ScopedStatement, condition_text, query_text, run, statement};
use crate::limits::Limits;
use crate::names::{resolve, resolve_condition};

/// Parses a statement. One trailing `;` is allowed.
///
/// # Errors
/// What is wrong with the text, at least one; spans are bytes of `text`.
pub fn parse_statement(text: &str, limits: &Limits) -> Result<Statement, Vec<Diagnostic>> {
    Ok(match run(text, limits, statement).map_err(|diagnostic| vec![diagnostic])? {
        ScopedStatement::Query(query) => Statement::Query(resolve(query)?),
        ScopedStatement::Explain { analyze, query } => {
            Statement::Explain { analyze, query: resolve(query)? }
        }
    })
}

/// Parses a query: a statement that is no `EXPLAIN`.
///
/// # Errors
/// What is wrong with the text, at least one; spans are bytes of `text`.
pub fn parse_query(text: &str, limits: &Limits) -> Result<Query, Vec<Diagnostic>> {
    let scoped = run(text, limits, query_text).map_err(|diagnostic| vec![diagnostic])?;
    resolve(scoped)
}

/// Parses a condition text: what a hub takes for jobs and configurations.
///
/// A `WHERE` body, `*`, or `FROM devices[.modules] WHERE …`. It means `SELECT * FROM devices
/// WHERE …`; a body whose paths begin with `devices.jobs.` is about jobs.
///
/// # Errors
/// What is wrong with the text, at least one; spans are bytes of `text`.
pub fn parse_condition(text: &str, limits: &Limits) -> Result<Query, Vec<Diagnostic>> {
    let scoped = run(text, limits, condition_text).map_err(|diagnostic| vec![diagnostic])?;
    resolve_condition(scoped)
}
