//! The fleets that are asked: the generated one, and the odd twins that corners need.

use std::sync::OnceLock;

use twindex::{LoadOptions, Options, Query, Twindex};
use twindex_fleet::corners::{ODD_CORNERS, odd_twin_json};
use twindex_fleet::questions::Question;

use crate::error::MeasureError;

/// Characters that the longest corner needs: 4,000 values of a list.
const QUERY_CHARS_MAX: usize = 1 << 20;
/// One of so many twins of the fleet is the number of odd twins, for each brings a path of its own.
const ODD_PART: u64 = 10;
/// Odd twins in the smallest fleet.
const ODD_TWINS_MIN: u64 = 100;
/// Odd twins loaded at a time.
const CHUNK_TWINS: u64 = 16_384;

/// Engines with their fleets.
#[derive(Debug)]
pub struct World {
    /// The generated fleet.
    pub db: Twindex,
    n_twins: u64,
    /// Loaded when the first question needs them.
    odd: OnceLock<Twindex>,
}

impl World {
    /// The world of a generated fleet of `n_twins` that is in `db`.
    #[must_use]
    pub fn new(db: Twindex, n_twins: u64) -> Self {
        Self { db, n_twins, odd: OnceLock::new() }
    }

    /// An engine without twins that takes the longest of the questions.
    #[must_use]
    pub fn empty() -> Twindex {
        Twindex::with_options(Options { query_chars_max: QUERY_CHARS_MAX, ..Options::default() })
    }

    /// The engine that `question` is asked of, and the number of its twins. The first question to
    /// odd twins generates and loads them.
    ///
    /// # Errors
    /// As loading does, and [`MeasureError::Refused`].
    pub fn of(&self, question: &Question) -> Result<(&Twindex, u64), MeasureError> {
        if !ODD_CORNERS.iter().any(|odd| odd.name == question.name) {
            return Ok((&self.db, self.n_twins));
        }
        let n_odd = (self.n_twins / ODD_PART).max(ODD_TWINS_MIN);
        if let Some(odd) = self.odd.get() {
            return Ok((odd, n_odd));
        }
        let odd = load_odd(n_odd)?;
        Ok((self.odd.get_or_init(|| odd), n_odd))
    }

    /// The query of a class, ready to be run; where it is a late page, the pages before it are read.
    ///
    /// # Errors
    /// As queries do, and [`MeasureError::TooFewPages`].
    pub fn prepare(&self, question: &Question) -> Result<Query<'_>, MeasureError> {
        let (db, n_twins) = self.of(question)?;
        let query = db.query(question.text(n_twins));
        let Some(rows) = question.page_rows else { return Ok(query) };
        let mut query = query.page_size(rows);
        for _ in 1..question.page_number(n_twins) {
            let token = query.run()?.next().map(str::to_owned);
            query = query.after(token.ok_or(MeasureError::TooFewPages)?);
        }
        Ok(query)
    }
}

fn load_odd(n_twins: u64) -> Result<Twindex, MeasureError> {
    let db = World::empty();
    let mut text = String::new();
    for from in (0..n_twins).step_by(usize::try_from(CHUNK_TWINS).unwrap_or(usize::MAX)) {
        text.clear();
        (from..n_twins.min(from + CHUNK_TWINS))
            .for_each(|number| odd_twin_json(number, n_twins, &mut text));
        let report = db.load(text.as_bytes(), &LoadOptions::default())?;
        if report.n_bad > 0 {
            return Err(MeasureError::Refused(report.n_bad));
        }
    }
    Ok(db)
}

#[cfg(test)]
mod tests {
    // A refusal ends a test.
    #![allow(clippy::unwrap_used)]

    use twindex_fleet::corners::{CORNERS, ODD_CORNERS};
    use twindex_fleet::questions::QUESTIONS;
    use twindex_fleet::{Fleet, FleetOptions};

    use super::{LoadOptions, World};
    use crate::{MeasureError, check};

    fn world(n_twins: u64) -> World {
        let db = World::empty();
        let fleet = Fleet::new(FleetOptions { twins: n_twins, seed: 1 });
        let lines: Vec<String> = fleet.lines().collect();
        db.load(lines.join("\n").as_bytes(), &LoadOptions::default()).unwrap();
        World::new(db, n_twins)
    }

    #[test]
    fn every_class_can_be_asked_of_a_small_fleet() {
        let world = world(1_000);
        for question in QUESTIONS.iter().chain(&CORNERS).chain(&ODD_CORNERS) {
            let query = world.prepare(question).unwrap();
            check(&query, question).unwrap();
        }
    }

    #[test]
    fn an_answer_to_another_question_is_wrong() {
        let world = world(100);
        let page = world.db.query("SELECT deviceId FROM devices");
        let wrong = QUESTIONS
            .iter()
            .filter(|question| matches!(check(&page, question), Err(MeasureError::WrongAnswer(_))));
        assert!(wrong.count() > QUESTIONS.len() / 2);
    }
}
