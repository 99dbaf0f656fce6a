//! A loaded fleet of a size that fits the run.
//!
//! Criterion binaries are started by `cargo bench` to measure, and by `cargo test --benches` to see
//! that they still run. The second must take no time, so only `cargo bench` gets the large fleet.

use std::fmt;

use twindex::{Error, LoadOptions, Options, Page, Twindex};
use twindex_fleet::corners::odd_twin_json;
use twindex_fleet::questions::{Check, Question};
use twindex_fleet::{Fleet, FleetOptions};

/// Seed of every fleet here.
const SEED: u64 = 1;
/// Twins when measuring, unless `TWINDEX_TWINS` says otherwise.
const TWINS_MEASURED: u64 = 1_000_000;
/// Twins when only trying.
const TWINS_TRIED: u64 = 3_000;
/// Twins generated and loaded at a time.
const CHUNK_TWINS: u64 = 16_384;

/// Number of twins of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl Size {
    /// The size that this run asks for.
    #[must_use]
    pub fn of_run() -> Self {
        let arguments: Vec<String> = std::env::args().collect();
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        if !has("--bench") || has("--test") || has("--list") {
            return Self(TWINS_TRIED);
        }
        let wanted = std::env::var("TWINDEX_TWINS").ok();
        Self(wanted.and_then(|text| text.parse().ok()).unwrap_or(TWINS_MEASURED))
    }
}

/// `1M`, `250k`, `1500`.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n > 0 && n.is_multiple_of(1_000_000) => write!(f, "{}M", n / 1_000_000),
            n if n > 0 && n.is_multiple_of(1_000) => write!(f, "{}k", n / 1_000),
            n => write!(f, "{n}"),
        }
    }
}

/// Twins `from..to` of the fleet as JSON Lines.
#[must_use]
pub fn fleet_text(from: u64, to: u64) -> String {
    let fleet = Fleet::new(FleetOptions { twins: to, seed: SEED });
    let mut text = String::new();
    for number in from..to {
        fleet.twin_json(number, &mut text);
        text.push('\n');
    }
    text
}

/// An engine with a fleet in it.
#[derive(Debug)]
pub struct World {
    /// The engine.
    pub db: Twindex,
    /// Number of twins in it.
    pub size: Size,
}

impl World {
    /// Generates and loads a fleet.
    ///
    /// # Errors
    /// As loading does.
    pub fn load(size: Size) -> Result<Self, Error> {
        let db = empty();
        for from in (0..size.0).step_by(usize::try_from(CHUNK_TWINS).unwrap_or(usize::MAX)) {
            let text = fleet_text(from, (from + CHUNK_TWINS).min(size.0));
            db.load(text.as_bytes(), &LoadOptions::default())?;
        }
        Ok(Self { db, size })
    }

    /// Loads the odd twins of corners: a tenth of `size`, since each brings a path of its own.
    ///
    /// # Errors
    /// As loading does.
    pub fn load_odd(size: Size) -> Result<Self, Error> {
        let size = Size((size.0 / 10).max(100));
        let db = empty();
        let mut text = String::new();
        for number in 0..size.0 {
            odd_twin_json(number, size.0, &mut text);
            if (number + 1).is_multiple_of(CHUNK_TWINS) || number + 1 == size.0 {
                db.load(text.as_bytes(), &LoadOptions::default())?;
                text.clear();
            }
        }
        Ok(Self { db, size })
    }

    /// The token before the page that `question` wants; `None` for a first page.
    ///
    /// # Errors
    /// As queries do.
    pub fn token(&self, question: &Question) -> Result<Option<String>, Error> {
        let query = self.db.query(question.text(self.size.0));
        let query = query.page_size(question.page_rows.unwrap_or(usize::MAX));
        let mut token: Option<String> = None;
        for _ in 1..question.page_number(self.size.0) {
            let page = match &token {
                Some(token) => query.clone().after(token).run()?,
                None => query.run()?,
            };
            token = page.next().map(str::to_owned);
        }
        Ok(token)
    }

    /// Asserts that `page` is an answer to `question`.
    ///
    /// # Panics
    /// When it is none: a bench that times a wrong answer is worth nothing.
    pub fn assert_answers(&self, question: &Question, page: &Page) {
        let name = question.name;
        let n_matches = || self.db.query(question.text(self.size.0)).ids().map(|ids| ids.len());
        let counted = || page.values().filter_map(|row| row["n"].as_u64()).sum::<u64>();
        match question.check {
            Check::Rows(rows) => assert!((1..=rows).contains(&page.n_rows()), "{name}"),
            Check::AtMost(rows) => assert!(page.n_rows() <= rows, "{name}"),
            Check::Descends(rows) => assert!((1..=rows).contains(&page.n_rows()), "{name}"),
            Check::CountsMatches | Check::GroupsCountMatches => {
                assert_eq!(Some(counted()), n_matches().ok(), "{name}");
            }
        }
    }
}

/// An engine that takes the longest of the questions.
fn empty() -> Twindex {
    Twindex::with_options(Options { query_chars_max: 1 << 20, ..Options::default() })
}

#[cfg(test)]
mod tests {
    use super::{Size, fleet_text};

    #[test]
    fn sizes_are_short() {
        let texts = [Size(1_000_000), Size(250_000), Size(1_500), Size(0)].map(|n| n.to_string());
        assert_eq!(texts, ["1M", "250k", "1500", "0"]);
    }

    #[test]
    fn tests_get_a_small_fleet() {
        assert_eq!(Size::of_run(), Size(super::TWINS_TRIED));
    }

    #[test]
    fn text_is_a_line_a_twin() {
        assert_eq!(fleet_text(10, 13).lines().count(), 3);
    }
}
