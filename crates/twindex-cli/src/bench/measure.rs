//! Running one class: check its answer once, then time it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use twindex::{Page, Query};
use twindex_fleet::questions::{Check, Question};

use crate::bench::World;

/// Runs at least, even if the time is up.
const RUNS_MIN: usize = 5;
/// Runs at most; more would not sharpen the median.
const RUNS_MAX: usize = 10_000;

/// The times of one class.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Rows handed over.
    pub(crate) n_rows: usize,
    /// Bytes of their text.
    pub(crate) n_bytes: u64,
    /// Number of runs.
    pub(crate) n_runs: usize,
    /// The shortest run.
    pub(crate) min: Duration,
    /// Half of the runs took no longer.
    pub(crate) median: Duration,
    /// 99 of 100 runs took no longer.
    pub(crate) p99: Duration,
}

/// Checks the answer to `question` and times it for `time`.
pub(crate) fn measure(
    world: &World,
    question: &Question,
    time: Duration,
) -> anyhow::Result<Measured> {
    let query = prepare(world, question)
        .and_then(|query| check(&query, question).map(|page| (query, page)))
        .with_context(|| format!("class `{}`", question.name));
    let (query, page) = query?;
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < RUNS_MIN || (start.elapsed() < time && times.len() < RUNS_MAX) {
        let start = Instant::now();
        black_box(query.run()?);
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    Ok(Measured {
        n_rows: page.n_rows(),
        n_bytes: page.rows().map(|row| row.len() as u64).sum(),
        n_runs: times.len(),
        min: at(0),
        median: at(50),
        p99: at(99),
    })
}

/// The query of a class, ready to be run; where it is a late page, the pages before it are read.
pub(super) fn prepare<'a>(world: &'a World, question: &Question) -> anyhow::Result<Query<'a>> {
    let (db, n_twins) = world.of(question)?;
    let query = db.query(question.text(n_twins));
    let Some(rows) = question.page_rows else { return Ok(query) };
    let mut query = query.page_size(rows);
    for _ in 1..question.page_number(n_twins) {
        let token = query.run()?.next().map(str::to_owned);
        query = query.after(token.context("the answer has too few pages")?);
    }
    Ok(query)
}

/// Runs the query once and looks at the answer.
fn check(query: &Query<'_>, question: &Question) -> anyhow::Result<Page> {
    let page = query.run()?;
    match question.check {
        Check::Rows(rows) => {
            let (found, wanted) = (page.n_rows(), rows);
            ensure!(found <= wanted && found > 0, "{found} rows, expected up to {wanted}");
        }
        Check::AtMost(rows) => {
            let found = page.n_rows();
            ensure!(found <= rows, "{found} rows, expected at most {rows}");
        }
        Check::CountsMatches => {
            let count = page.values().next().and_then(|row| row["n"].as_u64());
            let n_matches = query.ids()?.len();
            ensure!(count == Some(n_matches), "counted {count:?}, {n_matches} twins match");
        }
        Check::GroupsCountMatches => {
            let counted: u64 = page.values().filter_map(|row| row["n"].as_u64()).sum();
            let n_matches = query.ids()?.len();
            ensure!(counted == n_matches, "groups count {counted}, {n_matches} twins match");
        }
        Check::Descends(rows) => {
            let keys: Vec<f64> = page.values().filter_map(|row| row["key"].as_f64()).collect();
            ensure!(page.n_rows() <= rows && keys.len() == page.n_rows(), "keys are missing");
            ensure!(keys.is_sorted_by(|left, right| left >= right), "rows are not in order");
        }
    }
    ensure!(page.values().all(|row| row != Value::Null), "a row is no JSON");
    Ok(page)
}
