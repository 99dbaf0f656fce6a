//! The differential campaign: engine and oracle over one case after the other.

use serde_json::Value;
use twindex_oracle::{Answer, World, answer};

use crate::case::{Asked, Case, Edit, Reuse, Rows};
use crate::compare::{Tolerances, answers_equal};
use crate::dice::Dice;
use crate::shrink::{Shrinking, shrink};

/// The engine under test.
pub trait Subject {
    /// Loads twins into the empty engine, in order.
    ///
    /// # Errors
    /// Why it could not, in words.
    fn load(&mut self, twins: &[Value]) -> Result<(), String>;

    /// Changes the twins.
    ///
    /// # Errors
    /// Why it could not, in words.
    fn apply(&mut self, edit: &Edit) -> Result<(), String>;

    /// All rows of a query.
    ///
    /// # Errors
    /// Why it was refused, in words.
    fn query(&mut self, asked: &Asked, now_ms: i64) -> Result<Answer, String>;

    /// Whether the engine is sound inside: what it derived agrees with what it holds.
    ///
    /// # Errors
    /// What does not agree, in words.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Which row a new twin takes.
    fn reuse(&self) -> Reuse;
}

/// What a campaign did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Campaign {
    /// Fleets made.
    pub n_cases: u64,
    /// Pairs of fleet and query compared.
    pub n_pairs: u64,
    /// Of these, queries that both refused.
    pub n_refused: u64,
    /// Of these, queries with at least one row.
    pub n_with_rows: u64,
}

/// A case on which engine and oracle differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The case, as small as it got.
    pub case: Case,
    /// How they differ on it.
    pub difference: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.difference, self.case.report())
    }
}

/// Compares until `n_pairs` pairs of fleet and query agreed.
///
/// # Errors
/// The first difference, on a case that was made small if asked for. `start` is called for every case and many
/// times for shrinking, and gives an empty engine.
pub fn run_campaign(
    n_pairs: u64,
    seed: u64,
    shrinking: Shrinking,
    start: &mut dyn FnMut() -> Box<dyn Subject>,
) -> Result<Campaign, Box<Failure>> {
    let mut seeds = Dice::new(seed);
    let mut campaign = Campaign::default();
    while campaign.n_pairs < n_pairs {
        let case = Case::generate(seeds.seed());
        if let Err(difference) = run_case(&case, &mut *start(), &mut campaign) {
            if shrinking == Shrinking::None {
                return Err(Box::new(Failure { case, difference }));
            }
            let mut fails =
                |case: &Case| run_case(case, &mut *start(), &mut Campaign::default()).is_err();
            let case = shrink(&case, &mut fails);
            let small = run_case(&case, &mut *start(), &mut Campaign::default());
            let difference = small.err().unwrap_or(difference);
            return Err(Box::new(Failure { case, difference }));
        }
        campaign.n_cases += 1;
    }
    Ok(campaign)
}

/// Runs one case.
fn run_case(case: &Case, subject: &mut dyn Subject, campaign: &mut Campaign) -> Result<(), String> {
    let mut rows = Rows::new(&case.twins, subject.reuse());
    subject.load(&case.twins).map_err(|reason| format!("loading: {reason}"))?;
    for round in &case.rounds {
        for edit in &round.edits {
            rows.apply(edit);
            subject.apply(edit).map_err(|reason| format!("editing: {reason}"))?;
        }
        subject.check().map_err(|reason| format!("checking: {reason}"))?;
        let world = rows.to_world(case.now_ms);
        for asked in &round.queries {
            let found = subject.query(asked, case.now_ms);
            campaign
                .compare(&world, asked, found)
                .map_err(|difference| format!("{difference}\non {}", asked.text))?;
        }
    }
    Ok(())
}

impl Campaign {
    fn compare(
        &mut self,
        world: &World,
        asked: &Asked,
        found: Result<Answer, String>,
    ) -> Result<(), String> {
        self.n_pairs += 1;
        match (found, answer(world, &asked.query)) {
            (Ok(found), Ok(expected)) => {
                self.n_with_rows += u64::from(!expected.rows.is_empty());
                if found.kind != expected.kind {
                    return Err(format!("kind {:?}, not {:?}", found.kind, expected.kind));
                }
                let tolerances = Tolerances::of(&asked.query, world);
                answers_equal(&found.rows, &expected.rows, &tolerances)
            }
            (Err(_), Err(_)) => {
                self.n_refused += 1;
                Ok(())
            }
            (Err(reason), Ok(_)) => Err(format!("refused by the engine alone: {reason}")),
            (Ok(_), Err(refusal)) => Err(format!("refused by the oracle alone: {refusal}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The oracle in an engine's coat, with a fault to be found.
    struct Mirror {
        rows: Rows,
        world: World,
        fault: fn(&Asked, &mut Answer),
    }

    impl Subject for Mirror {
        fn load(&mut self, twins: &[Value]) -> Result<(), String> {
            self.rows = Rows::new(twins, self.reuse());
            self.world = self.rows.to_world(0);
            Ok(())
        }

        fn apply(&mut self, edit: &Edit) -> Result<(), String> {
            self.rows.apply(edit);
            self.world = self.rows.to_world(0);
            Ok(())
        }

        fn query(&mut self, asked: &Asked, now_ms: i64) -> Result<Answer, String> {
            self.world.now_ms = now_ms;
            let found = answer(&self.world, &asked.query);
            let mut found = found.map_err(|refusal| refusal.to_string())?;
            (self.fault)(asked, &mut found);
            Ok(found)
        }

        fn reuse(&self) -> Reuse {
            Reuse::LastFreed
        }
    }

    fn run(n_pairs: u64, fault: fn(&Asked, &mut Answer)) -> Result<Campaign, Box<Failure>> {
        let rows = Rows::new(&[], Reuse::LastFreed);
        let start = || Mirror { rows: rows.clone(), world: World::default(), fault };
        run_campaign(n_pairs, 7, Shrinking::Full, &mut || Box::new(start()))
    }

    #[test]
    fn an_engine_without_fault_passes() {
        let campaign = run(3000, |_, _| {}).unwrap();
        assert!(campaign.n_pairs >= 3000);
        assert!(campaign.n_refused * 10 < campaign.n_pairs, "{campaign:?}");
        assert!(campaign.n_with_rows * 5 > campaign.n_pairs * 2, "{campaign:?}");
    }

    #[test]
    fn a_lost_row_is_found_and_made_small() {
        let failure = run(3000, |asked, found| {
            if !asked.query.order_by.is_empty() && found.rows.len() > 1 {
                found.rows.pop();
            }
        });
        let failure = failure.unwrap_err();
        assert_eq!(failure.case.n_queries(), 1, "{failure}");
        assert_eq!(failure.case.twins.len(), 2, "{failure}");
        assert!(failure.to_string().len() < 600, "{failure}");
    }
}
