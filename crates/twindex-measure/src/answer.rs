//! Looking at the answer of a class before it is timed.

use serde_json::Value;
use twindex::{Page, Query};
use twindex_fleet::questions::{Check, Question};

use crate::error::MeasureError;

/// Runs `query` once and looks at the answer as `question` says.
///
/// # Errors
/// [`MeasureError::WrongAnswer`], and what the engine gives.
pub fn check(query: &Query<'_>, question: &Question) -> Result<Page, MeasureError> {
    let page = query.run()?;
    let found = page.n_rows();
    let counted = || page.values().filter_map(|row| row["n"].as_u64()).sum::<u64>();
    let wrong = match question.check {
        Check::Rows(rows) => {
            (!(1..=rows).contains(&found)).then(|| format!("{found} rows, expected 1 to {rows}"))
        }
        Check::AtMost(rows) => {
            (found > rows).then(|| format!("{found} rows, expected at most {rows}"))
        }
        Check::CountsMatches | Check::GroupsCountMatches => {
            let (counted, n_matches) = (counted(), query.ids()?.len());
            (counted != n_matches).then(|| format!("counted {counted}, {n_matches} twins match"))
        }
        Check::Descends(rows) => descends(&page, rows),
    };
    let no_json = || page.values().any(|row| row == Value::Null).then(|| "a row is no JSON".into());
    match wrong.or_else(no_json) {
        Some(what) => Err(MeasureError::WrongAnswer(what)),
        None => Ok(page),
    }
}

fn descends(page: &Page, rows: usize) -> Option<String> {
    let keys: Vec<f64> = page.values().filter_map(|row| row["key"].as_f64()).collect();
    if page.n_rows() > rows || keys.len() != page.n_rows() {
        return Some(format!("{} rows of {rows} and {} keys", page.n_rows(), keys.len()));
    }
    (!keys.is_sorted_by(|left, right| left >= right)).then(|| "rows are not in order".to_owned())
}
