//! How long a query goes on after it was cancelled.
//!
//! Each class is cancelled at several parts of the time it takes, since work that cannot be cut is
//! mostly at one place: reading columns, merging what threads found, sorting, printing.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use twindex::{CancelToken, Error, ErrorKind, Page, Query};
use twindex_fleet::questions::Question;

use crate::bench::World;
use crate::output::{Figures, duration};

/// Parts of the time of a class after which it is cancelled.
const PARTS: u32 = 20;

/// What cancelling a class showed.
#[derive(Debug)]
pub(crate) struct Cancelled {
    name: &'static str,
    /// What an undisturbed run takes.
    whole: Duration,
    /// The longest time from cancelling to the return.
    longest: Duration,
    /// Runs that had ended before they saw it.
    n_ended: u32,
}

impl Cancelled {
    /// Cancels a class at every part of its time.
    pub(crate) fn measure(world: &World, question: &'static Question) -> anyhow::Result<Self> {
        let query = world.prepare(question)?;
        let begun = Instant::now();
        ended(query.run())?;
        let whole = begun.elapsed();
        let mut found = Self { name: question.name, whole, longest: Duration::ZERO, n_ended: 0 };
        for part in 0..PARTS {
            match late_by(&query, whole * part / PARTS)? {
                Some(late) => found.longest = found.longest.max(late),
                None => found.n_ended += 1,
            }
        }
        Ok(found)
    }

    /// Writes what was found as a table, the slowest to stop first.
    pub(crate) fn write(
        mut found: Vec<Self>,
        is_terminal: bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        found.sort_by_key(|class| std::cmp::Reverse(class.longest));
        let header = ["class", "whole run", "longest to stop", "ended before"];
        let mut figures = Figures::new(&header, is_terminal);
        for one in &found {
            let ended = format!("{} of {PARTS}", one.n_ended);
            figures.push([one.name.to_owned(), duration(one.whole), duration(one.longest), ended]);
        }
        figures.write(out)
    }
}

/// Whether a run came to its end: being refused the memory it needs is one, too.
fn ended(outcome: Result<Page, Error>) -> Result<(), Error> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::LimitExceeded => Err(error),
        _ => Ok(()),
    }
}

/// How long `query` goes on when it is cancelled after `delay`; `None` if it ended before.
fn late_by(query: &Query<'_>, delay: Duration) -> Result<Option<Duration>, Error> {
    let cancel = CancelToken::new();
    let query = query.clone().cancel_with(&cancel);
    let begun = Instant::now();
    let cancelled_at = AtomicU64::new(u64::MAX);
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(delay);
            cancelled_at.store(nanoseconds(begun), Ordering::Relaxed);
            cancel.cancel();
        });
        let outcome = query.run();
        (outcome, nanoseconds(begun))
    });
    match outcome {
        (Err(error), ended_at) if error.kind() == ErrorKind::Stopped => {
            let late = ended_at.saturating_sub(cancelled_at.load(Ordering::Relaxed));
            Ok(Some(Duration::from_nanos(late)))
        }
        (outcome, _) => ended(outcome).map(|()| None),
    }
}

fn nanoseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
