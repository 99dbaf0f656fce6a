//! Makes a failing case smaller for as long as it fails.
//!
//! Greedy: try what would be left without a piece, keep it if it still fails, go on until no piece
//! can go. Large pieces first, so that most of a fleet goes in a few tries.

mod query;
mod value;

pub(crate) use value::smaller as smaller_value;

use crate::case::{Asked, Case, Edit, Reuse, Round, Rows};

/// Whether a failing case is made smaller, which takes many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shrinking {
    /// As far as it goes, for somebody to read.
    Full,
    /// Not at all: that there is one was all that was asked.
    None,
}

/// The smallest case found for which `fails` holds; it must hold for `case`.
///
/// A query that shrinks is spelled plainly; one that fails only in its own spelling keeps it.
#[must_use]
pub fn shrink(case: &Case, fails: &mut dyn FnMut(&Case) -> bool) -> Case {
    let mut shrinker = Shrinker { best: case.clone(), fails };
    shrinker.rounds();
    loop {
        let before = shrinker.best.clone();
        shrinker.rounds();
        shrinker.twins();
        shrinker.queries();
        shrinker.values();
        if shrinker.best == before {
            return before;
        }
    }
}

struct Shrinker<'a> {
    best: Case,
    fails: &'a mut dyn FnMut(&Case) -> bool,
}

impl Shrinker<'_> {
    /// Takes `case` if it fails too.
    fn try_case(&mut self, case: Case) -> bool {
        let is_better = case != self.best && (self.fails)(&case);
        if is_better {
            self.best = case;
        }
        is_better
    }

    /// Drops queries and edits; best of all, every edit by loading what they lead to.
    fn rounds(&mut self) {
        for at in (0..self.best.rounds.len()).rev() {
            for nth in (0..self.best.rounds[at].queries.len()).rev() {
                let mut case = self.best.clone();
                case.rounds[at].queries.remove(nth);
                self.try_case(case);
            }
        }
        let mut case = self.best.clone();
        case.rounds.retain(|round| !round.edits.is_empty() || !round.queries.is_empty());
        self.try_case(case);
        let case = without_edits(&self.best);
        self.try_case(case);
        for at in (0..self.best.rounds.len()).rev() {
            for nth in (0..self.best.rounds[at].edits.len()).rev() {
                let mut case = self.best.clone();
                case.rounds[at].edits.remove(nth);
                self.try_case(case);
            }
        }
    }

    /// Drops twins: halves, quarters, and so on down to one.
    fn twins(&mut self) {
        let mut step = self.best.twins.len();
        while step > 0 {
            let mut from = 0;
            while from < self.best.twins.len() {
                let mut case = self.best.clone();
                let to = (from + step).min(case.twins.len());
                case.twins.drain(from..to);
                if !self.try_case(case) {
                    from += step;
                }
            }
            step /= 2;
        }
    }

    /// Makes queries smaller, one change at a time.
    fn queries(&mut self) {
        for at in 0..self.best.rounds.len() {
            for nth in 0..self.best.rounds[at].queries.len() {
                while self.smaller_query(at, nth) {}
            }
        }
    }

    fn smaller_query(&mut self, at: usize, nth: usize) -> bool {
        let candidates = query::smaller(&self.best.rounds[at].queries[nth].query);
        candidates.into_iter().any(|query| {
            let mut case = self.best.clone();
            case.rounds[at].queries[nth] = Asked::plain(query);
            self.try_case(case)
        })
    }

    /// Drops keys and elements of twins, and makes values plainer.
    fn values(&mut self) {
        for at in 0..self.best.twins.len() {
            let mut nth = 0;
            while let Some(twin) = value::smaller(&self.best.twins[at], nth) {
                let mut case = self.best.clone();
                case.twins[at] = twin;
                if !self.try_case(case) {
                    nth += 1;
                }
            }
        }
        self.values_of_edits();
    }

    fn values_of_edits(&mut self) {
        for at in 0..self.best.rounds.len() {
            for edit in 0..self.best.rounds[at].edits.len() {
                let mut nth = 0;
                while let Edit::Put(twin) = &self.best.rounds[at].edits[edit]
                    && let Some(twin) = value::smaller(twin, nth)
                {
                    let mut case = self.best.clone();
                    case.rounds[at].edits[edit] = Edit::Put(twin);
                    if !self.try_case(case) {
                        nth += 1;
                    }
                }
            }
        }
    }
}

/// The case with its last fleet loaded at once, and all queries asked of that.
fn without_edits(case: &Case) -> Case {
    let mut rows = Rows::new(&case.twins, Reuse::Never);
    for edit in case.rounds.iter().flat_map(|round| &round.edits) {
        rows.apply(edit);
    }
    let twins = rows.twins().into_iter().cloned().collect();
    let queries = case.rounds.iter().flat_map(|round| round.queries.clone()).collect();
    Case { twins, rounds: vec![Round { edits: Vec::new(), queries }], ..case.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A failure that needs one twin with a certain value and one operator of the query.
    #[test]
    fn little_is_left_of_a_large_case() {
        let has = |case: &Case| {
            let twin_text = case.report();
            let has_query = |asked: &Asked| asked.text.contains("LIKE");
            twin_text.contains("\"iotEdge\":true")
                && case.rounds.iter().flat_map(|round| &round.queries).any(has_query)
        };
        let plain = |mut case: Case| {
            for asked in case.rounds.iter_mut().flat_map(|round| &mut round.queries) {
                *asked = Asked::plain(asked.query.clone());
            }
            case
        };
        let case = (0..5000).map(|seed| plain(Case::generate(seed))).find(has).unwrap();
        let mut n_tries = 0;
        let small = shrink(&case, &mut |case| {
            n_tries += 1;
            has(case)
        });
        assert_eq!(small.n_queries(), 1, "{}", small.report());
        assert!(small.twins.len() <= 1, "{}", small.report());
        assert!(small.report().len() < 400, "{}", small.report());
        assert!(n_tries < 20_000, "{n_tries}");
    }
}
