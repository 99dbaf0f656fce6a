//! The edges campaign: whole segments, and what changes its form where a number is reached.
//!
//! Random fleets of a few hundred twins never fill a segment, widen a code or turn a list of rows
//! into bits. Here are 65,536 twins and some more, with values chosen so that the greatest row of a
//! segment, codes 256 and 65,536, the 4,096th row of a value and doubles at open ends all matter;
//! writes go to the rows at the edges, and what is right is told by a plain table.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use twindex::{
    IndexOptions, LoadOptions, NewTwin, Options, Query, Snapshot, TwinId, Twindex, Write,
};
use twindex_testkit::Dice;

/// Twins at first: one segment, and some of the next.
const N_TWINS: usize = 65_536 + 1_500;
/// Distinct values of a tag: one more than a byte tells apart.
const N_FEW: usize = 257;
/// Rows of a value at first: a few below those from which they are kept as bits.
const N_RARE: usize = 4_090;
/// Rows at which something ends or begins.
const EDGES: [usize; 10] = [0, 63, 64, 1_023, 1_024, 4_095, 65_472, 65_534, 65_535, 65_536];

/// What a campaign did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgesReport {
    /// Rounds of writes and questions.
    pub n_rounds: u64,
    /// Answers compared.
    pub n_answers: u64,
    /// Of those, answers of a version kept open.
    pub n_old: u64,
}

/// Writes and asks for `n_rounds` rounds.
///
/// # Errors
/// The first answer that is wrong.
pub fn run(n_rounds: u64, seed: u64) -> Result<EdgesReport, String> {
    let mut world = World::new(seed)?;
    let mut report = EdgesReport::default();
    world.ask_all(None, &mut report)?;
    while report.n_rounds < n_rounds {
        let old = (world.db.snapshot(), world.rows.clone());
        for _ in 0..3 {
            world.write()?;
        }
        world.ask_all(None, &mut report)?;
        world.ask_all(Some(&old), &mut report)?;
        world.db.check()?;
        report.n_rounds += 1;
    }
    Ok(report)
}

/// The tags of a twin.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// A whole number: a decimal code of up to three bytes.
    n: i64,
    /// A double that is no short decimal.
    x: f64,
    /// One of a few texts.
    few: usize,
    /// A text of its own.
    each: usize,
    is_rare: bool,
    /// A number that few twins have, some of them odd.
    odd: Option<f64>,
}

impl Row {
    fn first(nth: usize) -> Self {
        let whole = nth as f64;
        let odd = if nth.is_multiple_of(1_500) { whole / 7.0 } else { whole };
        Self {
            n: nth as i64,
            x: whole.sqrt(),
            few: nth % N_FEW,
            each: nth,
            is_rare: (65_536 - N_RARE..65_536).contains(&nth),
            odd: nth.is_multiple_of(15).then_some(odd),
        }
    }

    fn tags(&self) -> Value {
        let Self { n, x, few, each, is_rare, odd } = self;
        json!({"n": n, "x": x, "few": format!("f{few}"), "each": format!("e{each}"),
            "rare": if *is_rare { "yes" } else { "no" }, "odd": odd})
    }
}

/// The rows by the number in the name of their twin.
type Rows = BTreeMap<usize, Row>;

/// An engine, and what it must hold.
struct World {
    db: Twindex,
    rows: Rows,
    dice: Dice,
}

/// A condition, and the rows for which it is true.
type Condition = (String, Box<dyn Fn(&Row) -> bool>);

impl World {
    fn new(seed: u64) -> Result<Self, String> {
        // Texts stay codes however many they are.
        let index = IndexOptions { dictionary_values_min: 100_000, ..IndexOptions::default() };
        let db = Twindex::with_options(Options { index, ..Options::default() });
        let rows: Rows = (0..N_TWINS).map(|nth| (nth, Row::first(nth))).collect();
        let document = |(nth, row): (&usize, &Row)| {
            let mut tags = row.tags();
            if row.odd.is_none() {
                tags.as_object_mut().map(|tags| tags.remove("odd"));
            }
            format!("{}\n", json!({"deviceId": format!("d{nth}"), "tags": tags}))
        };
        let lines: String = rows.iter().map(document).collect();
        let report = db.load(lines.as_bytes(), &LoadOptions::default());
        let report = report.map_err(|error| error.to_string())?;
        if report.n_loaded != N_TWINS as u64 {
            return Err(format!("{} twins loaded, not {N_TWINS}", report.n_loaded));
        }
        Ok(Self { db, rows, dice: Dice::new(seed) })
    }

    /// A twin at an edge or anywhere.
    fn place(&mut self) -> usize {
        if self.dice.chance(60) { *self.dice.one_of(&EDGES) } else { self.dice.below(N_TWINS) }
    }

    /// A batch: some tags change, some twins go and come back, more of them are rare.
    fn write(&mut self) -> Result<(), String> {
        let mut writes = Vec::new();
        for _ in 0..12 {
            let nth = self.place();
            let write = self.write_one(nth).map_err(|error| error.to_string())?;
            writes.push(write);
        }
        let outcomes = self.db.write_all(writes);
        outcomes.into_iter().try_for_each(|outcome| match outcome {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        })
    }

    fn write_one(&mut self, nth: usize) -> Result<Write, twindex::Error> {
        let id = TwinId::device(&format!("d{nth}"))?;
        let Some(row) = self.rows.get_mut(&nth) else {
            let row = Row { odd: Some(0.5), ..Row::first(nth) };
            let new = NewTwin::new().with_tags(&row.tags().to_string())?;
            self.rows.insert(nth, row);
            return Ok(Write::create(id, new));
        };
        if self.dice.chance(15) {
            self.rows.remove(&nth);
            return Ok(Write::delete(id));
        }
        match self.dice.below(5) {
            0 => row.n = [-1, 65_535, 65_536, 1 << 33][self.dice.below(4)],
            1 => row.x = [0.0, 0.1 + 0.2, 65_535_f64.sqrt(), 1e300][self.dice.below(4)],
            2 => row.few = [0, 255, 256][self.dice.below(3)],
            3 => row.each = [0, 65_535, 65_536, 65_537][self.dice.below(4)],
            _ => row.odd = [None, Some(1.0), Some(1.0 / 3.0)][self.dice.below(3)],
        }
        row.is_rare |= self.dice.chance(70);
        Write::patch_twin(id, &json!({ "tags": row.tags() }).to_string())
    }

    /// Asks everything of the newest version, or of one that was kept.
    fn ask_all(
        &self,
        old: Option<&(Snapshot, Rows)>,
        report: &mut EdgesReport,
    ) -> Result<(), String> {
        let asked = Asked {
            db: &self.db,
            snapshot: old.map(|old| &old.0),
            rows: old.map_or(&self.rows, |old| &old.1),
        };
        let mut n_answers = asked.aggregates()?;
        for condition in conditions() {
            asked.condition(&condition)?;
            n_answers += 2;
        }
        report.n_answers += n_answers;
        report.n_old += if old.is_some() { n_answers } else { 0 };
        Ok(())
    }
}

/// One version, and what it must hold.
struct Asked<'a> {
    db: &'a Twindex,
    snapshot: Option<&'a Snapshot>,
    rows: &'a Rows,
}

impl Asked<'_> {
    fn rows_of(&self, text: &str) -> Result<Vec<Value>, String> {
        let query = self.db.query(text);
        let at = |query: Query<'_>| query.run().map(|page| page.values().collect());
        let rows = match self.snapshot {
            Some(snapshot) => at(query.at(snapshot)),
            None => at(query),
        };
        rows.map_err(|error| format!("{text}: {error}"))
    }

    fn compare(&self, text: &str, expected: &[Value]) -> Result<(), String> {
        let found = self.rows_of(text)?;
        if found == expected {
            return Ok(());
        }
        let differs = found.iter().zip(expected).position(|(found, expected)| found != expected);
        let nth = differs.unwrap_or(found.len().min(expected.len()));
        let (is, was) = (found.get(nth), expected.get(nth));
        Err(format!("{text}: row {nth} is {is:?}, not {was:?}; old: {}", self.snapshot.is_some()))
    }

    /// The rows of a condition, counted and one by one.
    fn condition(&self, (text, holds): &Condition) -> Result<(), String> {
        let held = || self.rows.iter().filter(|(_, row)| holds(row));
        let counted = format!("SELECT COUNT() AS n FROM devices WHERE {text}");
        self.compare(&counted, &[json!({"n": held().count()})])?;
        let listed = format!("SELECT deviceId AS id FROM devices WHERE {text}");
        let mut found: Vec<String> =
            self.rows_of(&listed)?.iter().map(|row| row["id"].to_string()).collect();
        let mut expected: Vec<String> = held().map(|(nth, _)| format!("\"d{nth}\"")).collect();
        found.sort_unstable();
        expected.sort_unstable();
        if found == expected {
            return Ok(());
        }
        let n_both = (found.len(), expected.len());
        Err(format!("{listed}: other twins, {n_both:?}; old: {}", self.snapshot.is_some()))
    }

    /// Groups, extremes and the first rows of an order; gives how many were asked.
    fn aggregates(&self) -> Result<u64, String> {
        let mut groups = BTreeMap::<String, u64>::new();
        self.rows.values().for_each(|row| *groups.entry(format!("f{}", row.few)).or_default() += 1);
        let groups: Vec<Value> =
            groups.into_iter().map(|(few, n)| json!({"few": few, "n": n})).collect();
        let grouped = "SELECT tags.few AS few, COUNT() AS n FROM devices GROUP BY tags.few";
        self.compare(&format!("{grouped} ORDER BY tags.few"), &groups)?;
        self.compare(grouped, &groups)?;
        let numbers = || self.rows.values().map(|row| row.n);
        let (least, most) = (numbers().min(), numbers().max());
        let sum: i64 = numbers().sum();
        let extremes = "SELECT MIN(tags.n) AS a, MAX(tags.n) AS b, SUM(tags.n) AS s, \
                        AVG(tags.n) AS m FROM devices";
        let mean = sum as f64 / self.rows.len() as f64;
        // A whole number is printed as one.
        let mean = if mean.fract() == 0.0 { json!(mean as i64) } else { json!(mean) };
        self.compare(extremes, &[json!({"a": least, "b": most, "s": sum, "m": mean})])?;
        let mut best: Vec<i64> = numbers().collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let best: Vec<Value> = best.iter().take(40).map(|n| json!({ "n": n })).collect();
        self.compare("SELECT TOP 40 tags.n AS n FROM devices ORDER BY tags.n DESC", &best)?;
        Ok(4 + self.first_rows()?)
    }

    /// First rows of orders in which zones tell much, little and wrongly; gives how many were asked.
    fn first_rows(&self) -> Result<u64, String> {
        let least = |n_rows: usize, text: &str, key: &dyn Fn(&Row) -> Option<f64>| {
            let mut keys: Vec<f64> = self.rows.values().filter_map(key).collect();
            keys.sort_unstable_by(f64::total_cmp);
            let print = |key: &f64| match key.fract() == 0.0 && key.abs() < 1e15 {
                true => json!({ "k": *key as i64 }),
                false => json!({ "k": key }),
            };
            let keys: Vec<Value> = keys.iter().take(n_rows).map(print).collect();
            self.compare(&format!("SELECT TOP {n_rows} {text}"), &keys)
        };
        let from = |text: &str| format!("{text} FROM devices WHERE");
        let all = from("tags.x AS k") + " IS_DEFINED(tags.x) ORDER BY tags.x";
        least(30, &all, &|row| Some(row.x))?;
        let some = from("tags.n AS k") + " tags.n >= 20000 AND tags.few != 'f1' ORDER BY tags.n";
        least(9, &some, &|row| (row.n >= 20_000 && row.few != 1).then_some(row.n as f64))?;
        // The matching rows are those that a sample of the greatest numbers would not show.
        let rare = from("tags.n AS k") + " tags.rare = 'yes' ORDER BY tags.n";
        least(3, &rare, &|row| row.is_rare.then_some(row.n as f64))?;
        let odd = from("tags.odd AS k") + " IS_DEFINED(tags.odd) ORDER BY tags.odd";
        least(20, &odd, &|row| row.odd)?;
        Ok(4)
    }
}

/// What is asked, with what is right.
fn conditions() -> Vec<Condition> {
    let mut all: Vec<Condition> = Vec::new();
    let mut add = |text: String, holds: Box<dyn Fn(&Row) -> bool>| all.push((text, holds));
    for at in [-1_i64, 0, 65_534, 65_535, 65_536] {
        add(format!("tags.n = {at}"), Box::new(move |row| row.n == at));
        add(format!("tags.n > {at}"), Box::new(move |row| row.n > at));
        add(format!("NOT tags.n >= {at}"), Box::new(move |row| row.n < at));
    }
    for at in [0.0, 0.1 + 0.2, 100.0, 65_535_f64.sqrt(), 1e300] {
        add(format!("tags.x < {at:?}"), Box::new(move |row| row.x < at));
        add(format!("tags.x <= {at:?}"), Box::new(move |row| row.x <= at));
        add(format!("tags.x > {at:?}"), Box::new(move |row| row.x > at));
    }
    for few in [0, 1, 255, 256] {
        add(format!("tags.few = 'f{few}'"), Box::new(move |row| row.few == few));
        let and_rare = format!("tags.few != 'f{few}' AND tags.rare = 'yes'");
        add(and_rare, Box::new(move |row| row.few != few && row.is_rare));
    }
    for each in [0, 255, 256, 65_534, 65_535, 65_536, 65_537] {
        add(format!("tags.each = 'e{each}'"), Box::new(move |row| row.each == each));
    }
    for is_rare in [true, false] {
        let text = if is_rare { "yes" } else { "no" };
        add(format!("tags.rare = '{text}'"), Box::new(move |row| row.is_rare == is_rare));
    }
    for odd in [1.0, 1.0 / 3.0, 1_500.0 / 7.0, 1_515.0] {
        add(format!("tags.odd = {odd:?}"), Box::new(move |row| row.odd == Some(odd)));
    }
    add("NOT IS_DEFINED(tags.odd)".to_owned(), Box::new(|row| row.odd.is_none()));
    all
}
