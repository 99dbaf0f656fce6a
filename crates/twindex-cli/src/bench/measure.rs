//! Running one class: check its answer once, then time it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use twindex_fleet::questions::Question;
use twindex_measure::check;

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
    let (query, page) = world
        .prepare(question)
        .and_then(|query| check(&query, question).map(|page| (query, page)))
        .with_context(|| format!("class `{}`", question.name))?;
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
