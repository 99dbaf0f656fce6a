//! Running one class: check its answer once, run it for a while, then time it.
//!
//! Some of what answers a class is built by those who ask, once it pays: an order of ten million ids is
//! there after a second or two. Times are of what a service sees that was asked before.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use twindex::ErrorKind;
use twindex_fleet::questions::Question;
use twindex_measure::{MeasureError, World, check};

/// Runs at least, even if the time is up.
const RUNS_MIN: usize = 5;
/// Runs at most; more would not sharpen the median.
const RUNS_MAX: usize = 10_000;

/// How long a class is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spans {
    /// Before it is timed, after its answer was checked.
    pub(crate) warm_up: Duration,
    /// While it is timed.
    pub(crate) timed: Duration,
}

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

/// Checks the answer to `question` and times it. `None` if it may not hold the memory that
/// it needs: that is an answer too, and no reason to leave the other classes out.
pub(crate) fn measure(
    world: &World,
    question: &Question,
    spans: Spans,
) -> anyhow::Result<Option<Measured>> {
    let checked =
        world.prepare(question).and_then(|query| check(&query, question).map(|page| (query, page)));
    let (query, page) = match checked {
        Err(MeasureError::Engine(error)) if error.kind() == ErrorKind::LimitExceeded => {
            return Ok(None);
        }
        checked => checked.with_context(|| format!("class `{}`", question.name))?,
    };
    let start = Instant::now();
    while start.elapsed() < spans.warm_up {
        black_box(query.run()?);
    }
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < RUNS_MIN || (start.elapsed() < spans.timed && times.len() < RUNS_MAX) {
        let start = Instant::now();
        black_box(query.run()?);
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    Ok(Some(Measured {
        n_rows: page.n_rows(),
        n_bytes: page.rows().map(|row| row.len() as u64).sum(),
        n_runs: times.len(),
        min: at(0),
        median: at(50),
        p99: at(99),
    }))
}

#[cfg(test)]
mod tests {
    // A refusal ends a test.
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use twindex::{LoadOptions, Options, Twindex};
    use twindex_fleet::questions::QUESTIONS;
    use twindex_fleet::{Fleet, FleetOptions};

    use super::{Spans, World, measure};

    #[test]
    fn a_class_over_its_budget_is_no_reason_to_end() {
        let fleet = Fleet::new(FleetOptions { twins: 1_000, seed: 1 });
        let lines: Vec<String> = fleet.lines().collect();
        let db = Twindex::with_options(Options { query_bytes_max: 2_000, ..Options::default() });
        db.load(lines.join("\n").as_bytes(), &LoadOptions::default()).unwrap();
        let world = World::new(db, 1_000);
        let measured = |name: &str| {
            let question = QUESTIONS.iter().find(|question| question.name == name).unwrap();
            let spans = Spans { warm_up: Duration::ZERO, timed: Duration::ZERO };
            measure(&world, question, spans).unwrap()
        };
        assert!(measured("group/two-paths").is_none());
        assert!(measured("count/equal").is_some_and(|counted| counted.n_runs > 0));
    }
}
