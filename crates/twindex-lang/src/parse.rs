//! The doors: text in, tree or diagnostics out.

use crate::ast::{Query, Statement};
use crate::diagnostic::Diagnostic;
use crate::grammar::{ScopedStatement, condition_text, query_text, run, statement};
use crate::limits::Limits;
use crate::names::{resolve, resolve_condition, resolve_delete, resolve_update};

/// Parses a statement. One trailing `;` is allowed.
///
/// # Errors
/// What is wrong with the text, at least one; spans are bytes of `text`.
pub fn parse_statement(text: &str, limits: &Limits) -> Result<Statement, Vec<Diagnostic>> {
    let scoped = run(text, limits, statement).map_err(|diagnostic| vec![diagnostic])?;
    match scoped {
        ScopedStatement::Explain { analyze, of } => {
            let query = selection(resolve_statement(*of)?);
            Ok(Statement::Explain { analyze, query })
        }
        scoped => resolve_statement(scoped),
    }
}

fn resolve_statement(scoped: ScopedStatement) -> Result<Statement, Vec<Diagnostic>> {
    Ok(match scoped {
        ScopedStatement::Query(query) => Statement::Query(resolve(*query)?),
        ScopedStatement::Update(update) => Statement::Update(resolve_update(update)?),
        ScopedStatement::Delete(delete) => Statement::Delete(resolve_delete(delete)?),
        ScopedStatement::Explain { of, .. } => resolve_statement(*of)?,
    })
}

/// What is explained of a statement: the plan by which its twins are found.
fn selection(statement: Statement) -> Query {
    match statement {
        Statement::Query(query) | Statement::Explain { query, .. } => query,
        Statement::Update(update) => update.selection(),
        Statement::Delete(delete) => delete.selection(),
    }
}

/// Parses a query: a statement that begins with `SELECT`.
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
