//! Makes a failing history smaller for as long as it fails: greedily, large pieces first.

use serde_json::{Map, Value};
use twindex_oracle::Request;

use super::{Guard, History, Step};
use crate::shrink::smaller_value;

/// The smallest history found for which `fails` holds; it must hold for `history`.
pub(super) fn shrink(history: &History, fails: &mut dyn FnMut(&History) -> bool) -> History {
    let mut best = history.clone();
    loop {
        let before = best.clone();
        drop_steps(&mut best, fails);
        drop_writes(&mut best, fails);
        plainer_writes(&mut best, fails);
        if best == before {
            return best;
        }
    }
}

/// Takes `candidate` if it fails too.
fn take(best: &mut History, candidate: History, fails: &mut dyn FnMut(&History) -> bool) -> bool {
    let is_better = candidate != *best && fails(&candidate);
    if is_better {
        *best = candidate;
    }
    is_better
}

/// Halves, quarters, and so on down to one step.
fn drop_steps(best: &mut History, fails: &mut dyn FnMut(&History) -> bool) {
    let mut n = best.steps.len();
    while n > 0 {
        let mut from = 0;
        while from < best.steps.len() {
            let mut candidate = best.clone();
            candidate.steps.drain(from..(from + n).min(best.steps.len()));
            if !take(best, candidate, fails) {
                from += n;
            }
        }
        n /= 2;
    }
}

/// Drops the writes of a batch and the documents of a load one by one.
fn drop_writes(best: &mut History, fails: &mut dyn FnMut(&History) -> bool) {
    for at in 0..best.steps.len() {
        let n = match &best.steps[at] {
            Step::Write(drafts) => drafts.len(),
            Step::Load(documents) => documents.len(),
            _ => 0,
        };
        for nth in (0..n).rev() {
            let mut candidate = best.clone();
            match &mut candidate.steps[at] {
                Step::Write(drafts) => drop(drafts.remove(nth)),
                Step::Load(documents) => drop(documents.remove(nth)),
                _ => {}
            }
            take(best, candidate, fails);
        }
    }
}

/// Drops guards, keys and elements of bodies.
fn plainer_writes(best: &mut History, fails: &mut dyn FnMut(&History) -> bool) {
    for at in 0..best.steps.len() {
        let n = if let Step::Write(drafts) = &best.steps[at] { drafts.len() } else { 0 };
        for nth in 0..n {
            let mut candidate = best.clone();
            if let Step::Write(drafts) = &mut candidate.steps[at] {
                drafts[nth].guard = Guard::None;
            }
            take(best, candidate, fails);
            let mut change = 0;
            while let Some(candidate) = with_smaller_body(best, (at, nth), change) {
                if !take(best, candidate, fails) {
                    change += 1;
                }
            }
        }
    }
}

/// The history with the body of one write smaller in the `change`th way.
fn with_smaller_body(
    history: &History,
    (at, nth): (usize, usize),
    change: usize,
) -> Option<History> {
    let mut candidate = history.clone();
    let Step::Write(drafts) = &mut candidate.steps[at] else { return None };
    match &mut drafts[nth].request {
        Request::Patch(body) | Request::Replace(body) | Request::Report(body) => {
            *body = smaller_value(body, change)?;
        }
        Request::Identify(fields) => *fields = smaller_object(fields, change)?,
        Request::Create { fields, tags, desired } => match change {
            0 => *fields = Map::new(),
            1 => *tags = None,
            2 => *desired = None,
            _ => return None,
        },
        Request::Delete => return None,
    }
    Some(candidate)
}

fn smaller_object(fields: &Map<String, Value>, change: usize) -> Option<Map<String, Value>> {
    smaller_value(&Value::Object(fields.clone()), change)?.as_object().cloned()
}
